"""Frozen figures worked out again from their own rows, and what changed between two sets. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import pyarrow as pa

from quality.paper_groups import PaperGroups
from quality.quota_terms import Terms
from quality.quotas import VALIDITY_UNKNOWN, Told, worked_out
from quality.unit_register import UnitRegister
from schemas.frozen import Change, Changed, FrozenTerms, Manifest
from schemas.quotas import ElsewhereRow, InventoryRow, PaperGroup, PaperRow, QuotaReport
from schemas.rules import Merger, Target, Unit

Row = Mapping[str, Any]

_ENDED: Final[dict[str, Change]] = {
    "expired": "expired",
    "revoked": "revoked",
    "superseded": "superseded",
    "code_voided": "voided",
    VALIDITY_UNKNOWN: "validity",
}
PAPER: Final = tuple(name for name in PaperRow.model_fields if name != "papers")
# What an explanation says beyond its paper; the row that a paper stands in, apart from the unit that issued it.
_FLAGS: Final = ("counted", "unknown_validity", "covered", "flow")
JUDGED: Final = (*_FLAGS, "reason")
PLACED: Final = {"level": "row_level", "unit": "row_unit", "unit_code": "row_unit_code"}
COLUMNS: Final = (*PAPER, *PLACED.values(), *JUDGED)
# Columns by which two sets are compared.
COMPARED: Final = ("document_id", "kind", "code", *PLACED.values(), "counted", "reason")


class Tables(NamedTuple):
    """Rows of a set by file, as plain values; those of papers in columns, some thousands at a time, sorted by document."""

    papers: Iterable[pa.Table]
    inventory: Iterable[Row]
    elsewhere: Iterable[Row]
    targets: Iterable[Row]
    units: Iterable[Row]
    mergers: Iterable[Row]


def judged(
    papers: Iterable[pa.Table],
    groups: PaperGroups,
    tell: Callable[[Iterable[PaperGroup]], Iterator[Told]],
) -> Iterator[pa.Table]:
    """Papers with the reasons why they are in or out, under `COLUMNS`; one is judged for all of its group."""
    names = {**{column: name for name, column in PLACED.items()}, **{name: name for name in JUDGED}}
    told: dict[str, list[Any]] = {column: [] for column in names}
    for table in papers:
        known, number = len(groups.counts), pa.array(groups.enter(table))
        for each in tell(groups.groups(known)):
            for column, name in names.items():
                told[column].append(getattr(each, name))
        for column, values in told.items():
            flag = column in _FLAGS
            held = pa.array(values, pa.bool_() if flag else pa.string())
            table = table.append_column(column, (held if flag else held.dictionary_encode()).take(number))
        yield table


def recomputed(manifest: Manifest, tables: Tables) -> QuotaReport:
    """The report worked out again from the set's own rows and terms; nothing else is asked."""
    terms = _terms(
        manifest.terms,
        UnitRegister(
            [Unit.model_validate(row) for row in tables.units],
            [Merger.model_validate(row) for row in tables.mergers],
        ),
    )
    elsewhere = [ElsewhereRow.model_validate(row) for row in tables.elsewhere]
    groups = PaperGroups(manifest.as_of, terms, elsewhere)
    for table in tables.papers:
        groups.enter(table)
    worked = worked_out(
        groups.named,
        [InventoryRow.model_validate(row) for row in tables.inventory],
        elsewhere,
        [Target.model_validate(row) for row in tables.targets],
        manifest.as_of,
        manifest.as_of,
        manifest.reading,
        kinds_without_code=manifest.terms.kinds_without_code,
        left_out=manifest.terms.left_out,
        terms=terms,
        explain=False,
        groups=groups.groups(),
    )
    frozen = {"live": manifest.report.live, "known_at": manifest.report.known_at}
    return worked.report.model_copy(update=frozen)


def frozen_terms(terms: Terms, kinds_without_code: Iterable[str], left_out: Mapping[str, str]) -> FrozenTerms:
    """Terms as a manifest holds them."""
    return FrozenTerms(
        series=terms.series,
        cut_off=terms.cut_off,
        base_year=terms.base_year,
        sector_kinds=tuple(sorted(terms.sector_kinds)),
        until_revoked=tuple(sorted(terms.until_revoked)),
        revocations_asked=terms.revocations_asked,
        kind_codes={kind: tuple(sorted(codes)) for kind, codes in terms.kind_codes.items()},
        kind_sectors={kind: tuple(sorted(sectors)) for kind, sectors in terms.kind_sectors.items()},
        handovers=tuple(terms.handovers),
        kinds_without_code=tuple(sorted(kinds_without_code)),
        left_out=dict(left_out),
        steps=None if terms.steps is None else tuple(sorted(terms.steps)),
    )


def _terms(frozen: FrozenTerms, register: UnitRegister) -> Terms:
    return Terms(
        register=register,
        series=frozen.series,
        cut_off=frozen.cut_off,
        base_year=frozen.base_year,
        sector_kinds=frozen.sector_kinds,
        until_revoked=frozen.until_revoked,
        revocations_asked=frozen.revocations_asked,
        kind_codes={kind: frozenset(codes) for kind, codes in frozen.kind_codes.items()},
        kind_sectors={kind: frozenset(sectors) for kind, sectors in frozen.kind_sectors.items()},
        handovers=frozen.handovers,
        steps=frozen.steps,
    )


def changes(before: Tables, after: Tables) -> Iterator[Changed]:
    """What changed from one set to another: papers first, then inventories, results elsewhere and targets.

    The signed papers of all changes of papers add up to the difference of what is digitised.
    """
    for old, new in _paired(_rows(before.papers), _rows(after.papers)):
        yield from _of_paper(old, new)
    yield from _of_counts("inventory", before.inventory, after.inventory)
    yield from _of_counts("elsewhere", before.elsewhere, after.elsewhere)
    olds, news = _shares(before.targets), _shares(after.targets)
    for key in sorted({*olds, *news}, key=str):
        if olds[key] != news[key]:
            level, unit = key[:2]
            yield Changed(change="target", level=level, unit=unit, kind=None, papers=news[key] - olds[key])


def _rows(papers: Iterable[pa.Table]) -> Iterator[Row]:
    for table in papers:
        yield from table.select(COMPARED).to_pylist()


def _paired(before: Iterable[Row], after: Iterable[Row]) -> Iterator[tuple[Row | None, Row | None]]:
    """Rows of one document side by side; both sides are sorted by document."""
    olds, news = iter(before), iter(after)
    old, new = next(olds, None), next(news, None)
    while old is not None or new is not None:
        if new is None or (old is not None and old["document_id"] < new["document_id"]):
            yield old, None
            old = next(olds, None)
        elif old is None or new["document_id"] < old["document_id"]:
            yield None, new
            new = next(news, None)
        else:
            yield old, new
            old, new = next(olds, None), next(news, None)


def _of_paper(old: Row | None, new: Row | None) -> Iterator[Changed]:
    was, is_ = bool(old and old["counted"]), bool(new and new["counted"])
    if new is not None and is_ and not was:
        yield _changed(new, _ENDED.get(old["reason"], "digitised") if old else "digitised", 1)
    elif old is not None and was and not is_:
        yield _changed(old, _ENDED.get(new["reason"], "other") if new else "other", -1)
    elif old is not None and new is not None and was and is_ and _row_of(old) != _row_of(new):
        yield _changed(old, "unit_moved", -1)
        yield _changed(new, "unit_moved", 1)


def _row_of(row: Row) -> tuple[str, str | None]:
    return row["row_level"], row["row_unit_code"] or row["row_unit"]


def _changed(row: Row, change: Change, papers: int) -> Changed:
    return Changed(
        change=change,
        level=row["row_level"],
        unit=row["row_unit"],
        kind=row["kind"],
        papers=papers,
        document_id=row["document_id"],
        code=row["code"],
    )


def _of_counts(change: Change, before: Iterable[Row], after: Iterable[Row]) -> Iterator[Changed]:
    sums: Counter[tuple[str, str, str]] = Counter()
    for sign, rows in ((-1, before), (1, after)):
        # Of an inventory the last year stands; a new year's row changes it like a corrected one.
        latest: dict[Any, Row] = {}
        for at, row in enumerate(rows):
            key = (row["level"], row["unit"], row["kind"])
            name = key if change == "inventory" else (*key, at)
            if change != "inventory" or name not in latest or latest[name]["year"] <= row["year"]:
                latest[name] = row
        for row in latest.values():
            sums[row["level"], row["unit"], row["kind"]] += sign * row["count"]
    for (level, unit, kind), count in sorted(sums.items()):
        if count:
            yield Changed(change=change, level=level, unit=unit, kind=kind, papers=count)


def _shares(targets: Iterable[Row]) -> Counter[tuple[Any, ...]]:
    names = ("level", "unit", "sector", "result_type", "period", "due", "reading")
    return Counter({tuple(row.get(name) for name in names): round(row["share"] * 10_000) for row in targets})
