"""Frozen figures: an immutable set of all that a figure was made of, checked, stored, anchored in the house chain."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from configs.loader import ROOT, load_kinds, load_mergers, load_units
from quality.frozen_figures import (
    COLUMNS,
    COMPARED,
    PAPER,
    Tables,
    changes,
    frozen_terms,
    judged,
    recomputed,
)
from quality.paper_groups import PaperGroups
from schemas.errors import StoreError, UsageError
from schemas.events import Event, EventType
from schemas.facts import Fact
from schemas.frozen import Changed, FrozenFile, FrozenName, FrozenSet, Manifest
from schemas.quotas import Series
from schemas.rules import Target
from schemas.version import TOOL, VERSION
from storage import frozen_sets
from storage.catalogue import deliveries, events, facts, figures
from storage.catalogue.database import Database
from storage.catalogue.provenance import new_event
from storage.objects import ObjectStore
from workspace.counting import columns_on, left_out_kinds
from workspace.figuring import figures_from, ledger_of, terms_for

_SUBJECT: Final = "figures"
_FEWEST_LETTERS: Final = 4


class Asked(NamedTuple):
    """What is to be frozen."""

    day: date
    known_at: str | None
    reading: str
    series: Series
    note: str
    operator: str


class Altered(NamedTuple):
    """Something wrong with a set: an object that is not what was frozen, or a report its rows do not give."""

    set: str
    rule: str
    subject: str


def freeze(database: Database, store: ObjectStore, asked: Asked, today: date) -> tuple[str, Manifest]:
    """Freeze the figures of a day, as known at a moment (now unless one is given). Returns the set's id and manifest.

    Papers are streamed into the store; the report is worked out again from what was stored before the set is anchored.

    Raises:
        UsageError: there is no such reading, or a paper changed meanwhile.
    """
    known_at = asked.known_at or events.now()
    ledger = ledger_of(database, known_at)
    terms = terms_for(ledger, asked.day, asked.reading, asked.series)
    groups = PaperGroups(asked.day, terms, ledger.elsewhere)
    work = partial(figures_from, ledger, asked.day, today, asked.reading, terms)
    columns = columns_on(database, asked.day, known_at, ledger.revocations)
    papers = judged(columns, groups, work((), ()).tell)
    with _room() as room:
        files = [frozen_sets.put_papers(store, room, COLUMNS, papers)]
        for name, rows in _short_tables(database, asked.day, known_at, ledger.targets):
            files.append(frozen_sets.put_rows(store, room, name, rows))
        report = work(groups.groups(), groups.named).report
        files.append(
            frozen_sets.put_rows(store, room, "rows", [_plain(row, {"notes"}) for row in report.rows])
        )
        notes = [_plain(note, {"params"}) | {"params": str(note.params)} for note in report.notes]
        files.append(frozen_sets.put_rows(store, room, "notes", notes))
        manifest = Manifest(
            as_of=asked.day,
            known_at=known_at,
            reading=asked.reading,
            series=asked.series,
            note=asked.note,
            operator=asked.operator,
            made_at=events.now(),
            version=VERSION,
            rules=_rules(),
            terms=frozen_terms(
                terms, [kind.id for kind in load_kinds() if not kind.result_codes], left_out_kinds()
            ),
            files=tuple(files),
            report=report,
        )
        if recomputed(manifest, _tables(store, manifest, room)) != report:
            raise UsageError("a paper changed while its figures were frozen", remedy="freeze_moved")
    made = frozen_sets.put_manifest(store, manifest)
    events.record(database, events.new_event_id(), [_event(made, manifest)])
    return made, manifest


def _short_tables(
    database: Database, day: date, known_at: str, targets: Sequence[Target]
) -> Iterator[tuple[FrozenName, Sequence[dict[str, Any]]]]:
    yield "inventory", _facts(figures.true_on(facts.history(database, facts.INVENTORY, known_at), day))
    yield "elsewhere", _facts(figures.standing(facts.history(database, facts.ELSEWHERE, known_at)))
    yield "revocations", _facts(figures.revocations(database, known_at))
    yield "deliveries", _facts(deliveries.deliveries(database, known_at))
    yield "targets", [_plain(row) for row in targets]
    yield "units", [_plain(row) for row in load_units()]
    yield "mergers", [_plain(row) for row in load_mergers()]


def _facts(held: Iterable[Fact[Any]]) -> list[dict[str, Any]]:
    """Rows with who handed them in, when, and by which paper."""
    return [{"row": _plain(fact.row), "origin": _plain(fact.origin)} for fact in held]


def _plain(row: Any, without: set[str] | None = None) -> dict[str, Any]:
    plain: dict[str, Any] = row.model_dump(mode="json", exclude=without)
    return plain


def _rules() -> dict[str, str]:
    """Digests of the dated rules and lists."""
    paths = [path for path in sorted(ROOT.rglob("*")) if path.suffix in {".csv", ".toml"}]
    return {str(path.relative_to(ROOT)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def _event(name: str, manifest: Manifest) -> Event:
    said = manifest.model_dump(mode="json", include={"as_of", "known_at", "reading", "series", "note"})
    papers = next(file.rows for file in manifest.files if file.name == "papers")
    return new_event(
        EventType.FROZEN,
        _SUBJECT,
        "frozen",
        batch=None,
        agent=manifest.operator,
        tool=TOOL,
        detail={**said, "manifest": name, "made_at": manifest.made_at, "papers": papers},
    )


def sets(database: Database) -> list[FrozenSet]:
    """Every set ever frozen, oldest first, from the events that anchor them."""
    held = [each for each in events.events_of(database, [_SUBJECT]) if each.type is EventType.FROZEN]
    return [
        FrozenSet.model_validate({**event.detail, "id": event.detail["manifest"], "operator": event.agent})
        for event in held
    ]


def set_named(database: Database, name: str) -> FrozenSet:
    """The set whose id begins with these letters.

    Raises:
        UsageError: none does, or several do.
    """
    given = name.strip().lower()
    found = [each for each in sets(database) if each.id.startswith(given)]
    if len(found) != 1 or len(given) < _FEWEST_LETTERS:
        raise UsageError(f"no frozen set {name}", remedy="frozen_absent", value=name)
    return found[0]


def verified(store: ObjectStore, frozen: FrozenSet) -> list[Altered]:
    """Hash every object of a set again and work its report out from its rows alone; what is wrong."""
    try:
        manifest = frozen_sets.manifest_of(store, frozen.id)
    except StoreError as error:
        return [Altered(frozen.id, error.remedy or "object_damaged", "manifest")]
    found = []
    with _room() as room:
        for file in manifest.files:
            try:
                frozen_sets.fetch(store, file, room)
            except StoreError as error:
                found.append(Altered(frozen.id, error.remedy or "object_damaged", file.name))
        if found:
            return found
        again = recomputed(manifest, _tables(store, manifest, room))
    if again == manifest.report:
        return []
    pairs = zip(again.rows, manifest.report.rows, strict=False)
    row = next((old for new, old in pairs if new != old), None)
    where = f"{row.level} {row.unit or ''}".strip() if row else "notes"
    return [Altered(frozen.id, "frozen_differs", where)]


def manifest_of(store: ObjectStore, frozen: FrozenSet) -> Manifest:
    """A set's manifest."""
    return frozen_sets.manifest_of(store, frozen.id)


def changed(store: ObjectStore, before: FrozenSet, after: FrozenSet) -> Iterator[Changed]:
    """What changed between two sets, and why, one paper after the other."""
    with _room() as room:
        sides = [
            _tables(store, frozen_sets.manifest_of(store, each.id), room, COMPARED)
            for each in (before, after)
        ]
        yield from changes(*sides)


def _tables(store: ObjectStore, manifest: Manifest, room: Path, columns: Sequence[str] = PAPER) -> Tables:
    """A set's tables; of the papers these columns."""

    def path(name: str) -> Path:
        file: FrozenFile = next(each for each in manifest.files if each.name == name)
        return frozen_sets.fetch(store, file, room)

    def rows(name: str) -> Iterator[dict[str, Any]]:
        return frozen_sets.rows_in(path(name))

    def held(name: str) -> Iterator[dict[str, Any]]:
        return (fact["row"] for fact in rows(name))

    return Tables(
        frozen_sets.tables_in(path("papers"), columns),
        held("inventory"),
        held("elsewhere"),
        rows("targets"),
        rows("units"),
        rows("mergers"),
    )


@contextmanager
def _room() -> Iterator[Path]:
    """A private folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="sohoa-frozen-") as folder:
        yield Path(folder)
