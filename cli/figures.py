"""`sohoa figures freeze|list|diff|verify`: figures that nobody can change afterwards, and what changed between two."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from cli.catalogue import database_of
from cli.days import day_of, moment_of
from cli.fact_lists import KnownAt
from cli.options import AsJson, command, named_path
from cli.quota import series_of
from cli.shapes import print_json
from cli.tables import print_table
from cli.wording import words
from configs.loader import load_kinds
from configs.settings import Settings
from schemas.clock import today
from schemas.errors import UsageError
from schemas.frozen import Changed, FrozenSet
from schemas.masking import mask_code
from schemas.numerals import day_text, moment_text, number_text
from schemas.wording import say, text
from storage import outbox
from storage.catalogue.database import Database
from storage.objects import ObjectStore, open_store
from workspace import freezing
from workspace.figuring import terms_of
from workspace.opening import operator_name
from workspace.private_csv import private_csv, write_rows

_SHORT: Final = 12
Name = Annotated[str, typer.Argument(metavar="ID", help=words("figures.id"))]
_Key = tuple[str, str, str | None, str | None]


@command
def freeze(
    settings: Settings,
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help=words("command.quota_as_of"))],
    known_at: KnownAt = None,
    reading: Annotated[str, typer.Option("--reading", help=words("command.quota_reading"))] = "A",
    series: Annotated[
        str, typer.Option("--series", metavar="kh5283|merged", help=words("command.quota_series"))
    ] = "kh5283",
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help=words("figures.note"))] = "",
    as_json: AsJson = False,
) -> int:
    """Freeze the figures of a day with all that they were made of."""
    day, moment = day_of(as_of), moment_of(known_at) if known_at else None
    terms_of(day, reading)  # an unknown reading is refused before anything is stored
    asked = freezing.Asked(day, moment, reading, series_of(series), note.strip(), operator_name(settings))
    with _kept(settings) as (database, store):
        outbox.require_current(database, store)
        name, manifest = freezing.freeze(database, store, asked, today())
        outbox.send_all(database, store)
    papers = next(file.rows for file in manifest.files if file.name == "papers")
    if as_json:
        files = [file.model_dump() for file in manifest.files]
        shown = manifest.model_dump(mode="json", include={"as_of", "known_at", "reading", "series", "note"})
        print_json({"id": name, **shown, "papers": papers, "files": files})
    else:
        said = {"day": day_text(day, settings.lang), "papers": number_text(papers, settings.lang)}
        sys.stdout.write(text("figures.frozen", settings.lang, id=name, **said) + "\n")
    return 0


@command
def list_(settings: Settings, as_json: AsJson = False) -> int:
    """Every set of figures ever frozen."""
    with database_of(settings) as database:
        held = freezing.sets(database)
    if as_json:
        print_json([each.model_dump(mode="json") for each in held])
        return 0
    lang = settings.lang
    heads = ("id", "as_of", "known_at", "reading", "series", "papers", "operator", "note")
    rows = [_cells(each, lang) for each in held]
    print_table([text(f"figures.head_{key}", lang) for key in heads], rows, numbers={5})
    return 0


@command
def verify(
    settings: Settings,
    name: Annotated[str | None, typer.Argument(metavar="[ID]", help=words("figures.verify_id"))] = None,
    as_json: AsJson = False,
) -> int:
    """Hash every object of the sets again and work their reports out from their own rows."""
    with _kept(settings) as (database, store):
        held = [freezing.set_named(database, name)] if name else freezing.sets(database)
        found = [each for one in held for each in freezing.verified(store, one)]
    if as_json:
        print_json({"sets": len(held), "altered": [each._asdict() for each in found]})
    else:
        for each in found:
            line = text("figures.altered", settings.lang, id=each.set[:_SHORT], subject=each.subject)
            sys.stdout.write(line + "\n")
        sys.stdout.write(text("figures.verified", settings.lang, sets=len(held), altered=len(found)) + "\n")
    return 1 if found else 0


@command
def diff(
    settings: Settings,
    before: Name,
    after: Name,
    out: Annotated[
        Path | None,
        typer.Option("--out", parser=named_path, metavar="CSV", help=words("figures.diff_out")),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """What changed between two sets, and why: by unit and kind, and each paper."""
    if out is not None and out.exists():
        raise UsageError(f"{out} is there already", remedy="review_workbook_there", path=out)
    sums: Counter[_Key] = Counter()
    told: list[Changed] = []
    with _kept(settings) as (database, store):
        one, other = (freezing.set_named(database, each) for each in (before, after))
        for change in freezing.changed(store, one, other):
            sums[change.change, change.level, change.unit, change.kind] += change.papers
            if (as_json or out) and change.document_id:
                told.append(change)
    totals: Counter[str] = Counter()
    for key, papers in sums.items():
        totals[key[0]] += papers
    if out is not None:
        _write(out, told, settings.lang)
    rows = sorted(sums.items(), key=str)
    if as_json:
        shown = [
            dict(zip(("change", "level", "unit", "kind"), key, strict=True), papers=n) for key, n in rows
        ]
        papers_shown = [_masked(change) for change in told]
        print_json(
            {"before": one.id, "after": other.id, "totals": totals, "rows": shown, "papers": papers_shown}
        )
    else:
        _print(rows, totals, settings.lang)
    return 0


def _print(rows: Sequence[tuple[_Key, int]], totals: Counter[str], lang: str) -> None:
    if not rows:
        sys.stdout.write(text("figures.same", lang) + "\n")
        return
    titles = {kind.id: kind.title for kind in load_kinds()} | {"*": text("quota.all_kinds", lang)}
    heads = [text(f"figures.head_{key}", lang) for key in ("change", "level", "unit", "kind", "difference")]
    cells = [
        [
            say("figures_change", change, lang),
            text(f"level.{level}", lang),
            unit or "",
            titles.get(kind or "", kind or ""),
            _signed(papers, lang),
        ]
        for (change, level, unit, kind), papers in rows
    ]
    print_table(heads, cells, numbers={4})
    for change, papers in sorted(totals.items()):
        sys.stdout.write(f"* {say('figures_change', change, lang)}: {_signed(papers, lang)}\n")


def _signed(papers: int, lang: str) -> str:
    return f"{'+' if papers > 0 else '−' if papers < 0 else ''}{number_text(abs(papers), lang)}"


def _write(out: Path, told: Sequence[Changed], lang: str) -> None:
    """Papers that changed, readable by their owner alone, codes masked."""
    keys = ("change", "level", "unit", "kind", "difference", "document_id", "code")
    with private_csv(out) as stream:
        rows = (
            [
                say("figures_change", each.change, lang),
                text(f"level.{each.level}", lang),
                each.unit,
                each.kind,
                each.papers,
                each.document_id,
                mask_code(each.code) if each.code else None,
            ]
            for each in told
        )
        write_rows(stream, [text(f"figures.head_{key}", lang) for key in keys], rows)


def _masked(change: Changed) -> dict[str, Any]:
    return change.model_dump() | {"code": mask_code(change.code) if change.code else None}


def _cells(frozen: FrozenSet, lang: str) -> list[str]:
    return [
        frozen.id[:_SHORT],
        day_text(frozen.as_of, lang),
        moment_text(datetime.fromisoformat(frozen.known_at), lang, seconds=True),
        frozen.reading,
        frozen.series,
        number_text(frozen.papers, lang),
        frozen.operator,
        frozen.note,
    ]


@contextmanager
def _kept(settings: Settings) -> Iterator[tuple[Database, ObjectStore]]:
    with database_of(settings) as database:
        yield database, open_store(settings.store, settings.home)
