"""`sohoa quota`: rate against target, and every paper in and out."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.catalogue import database_of
from cli.days import day_of, moment_of
from cli.fact_lists import KnownAt
from cli.options import AsJson, command
from cli.shapes import print_json
from cli.tables import print_table
from cli.wording import words
from configs.loader import load_kinds
from configs.settings import Settings
from quality.quota_notes import grouped, sentence, shape
from schemas.clock import today
from schemas.errors import UsageError
from schemas.numerals import day_text, moment_text, number_text, share_text
from schemas.quotas import QuotaReport, QuotaRow, RateBounds, Series
from schemas.wording import text
from storage.objects import open_store
from workspace import freezing, quota_explain
from workspace.figuring import figures_of, ledger_of, terms_of

_MOST_PLACES: Final = 6  # named in one note
_SERIES: Final[dict[str, Series]] = {"kh5283": "kh5283", "merged": "merged"}
# Columns that are shown only where one row has something in them.
_SELDOM: Final = ("flow", "uncoded", "excess", "sector_db", "signed", "delivered", "not_intact")


@command
def quota(
    settings: Settings,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help=words("command.quota_as_of"))
    ] = None,
    known_at: KnownAt = None,
    reading: Annotated[str, typer.Option("--reading", help=words("command.quota_reading"))] = "A",
    series: Annotated[
        str, typer.Option("--series", metavar="kh5283|merged", help=words("command.quota_series"))
    ] = "kh5283",
    explain: Annotated[
        Path | None,
        typer.Option("--explain", metavar="CSV|PARQUET", help=words("command.quota_explain")),
    ] = None,
    frozen: Annotated[
        str | None, typer.Option("--frozen", metavar="ID", help=words("command.quota_frozen"))
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Rate against target, by level and unit."""
    if frozen is not None:
        if (as_of, known_at, explain, reading, series) != (None, None, None, "A", "kh5283"):
            raise UsageError("--frozen stands alone", remedy="frozen_alone")
        return _frozen(settings, frozen, as_json=as_json)
    day, moment = day_of(as_of), moment_of(known_at) if known_at else None
    chosen = series_of(series)
    terms_of(day, reading)  # an unknown reading is refused before anything is counted
    with database_of(settings) as database:
        worked = figures_of(
            ledger_of(database, moment),
            day,
            today(),
            reading=reading,
            series=chosen,
            explain=explain is not None,
        )
    if explain is not None:
        quota_explain.write(explain, worked, {kind.id: kind.title for kind in load_kinds()}, settings.lang)
    if as_json:
        print_json(shape(worked.report, settings.lang) | {"frozen": None})
    else:
        _print_quota(worked.report, settings.lang)
    return 0


def series_of(given: str) -> Series:
    """The series of that name.

    Raises:
        UsageError: there is none.
    """
    if given not in _SERIES:
        raise UsageError(f"no series {given}", remedy="series_unknown", value=given, known=", ".join(_SERIES))
    return _SERIES[given]


def _frozen(settings: Settings, name: str, *, as_json: bool) -> int:
    """Show a frozen set as it was frozen."""
    with database_of(settings) as database:
        found = freezing.set_named(database, name)
    manifest = freezing.manifest_of(open_store(settings.store, settings.home), found)
    if as_json:
        print_json(shape(manifest.report, settings.lang) | {"frozen": found.id})
    else:
        _print_quota(manifest.report, settings.lang)
        sys.stdout.write(text("quota.frozen", settings.lang, id=found.id) + "\n")
    return 0


def _print_quota(report: QuotaReport, lang: str) -> None:
    title = text("quota.title", lang, date=day_text(report.as_of, lang))
    if report.known_at is not None:
        known = moment_text(datetime.fromisoformat(report.known_at), lang, seconds=True)
        title += text("quota.known_at", lang, moment=known)
    if not report.rows:
        sys.stdout.write(f"{title}\n{text('quota.none', lang)}\n")
        return
    seldom = [key for key in _SELDOM if any(getattr(row, key) for row in report.rows)]
    keys = [
        "level",
        "unit",
        "digitised",
        "covered",
        *seldom,
        "unknown_validity",
        "elsewhere",
        "inventory",
        "basis",
        "rate",
        "rate_with_elsewhere",
        "target",
    ]
    print_table(
        [text(f"head.{key}", lang) for key in keys],
        [_quota_cells(row, seldom, lang) for row in report.rows],
        numbers={at for at, key in enumerate(keys) if key not in {"level", "unit", "basis"}},
        title=title,
    )
    for note in grouped(report.notes):
        said = sentence(note.code, note.params, lang)
        places = [unit or text(f"level.{level}", lang) for level, unit in note.places if level]
        if not places:
            sys.stdout.write(f"* {said}\n")
            continue
        named = ", ".join(places[:_MOST_PLACES])
        if len(places) > _MOST_PLACES:
            named += " " + text(
                "quota.more_places", lang, count=number_text(len(places) - _MOST_PLACES, lang)
            )
        sys.stdout.write(f"* {named}: {said}\n")
    if report.live:
        sys.stdout.write(text("quota.live", lang) + "\n")
    sys.stdout.write(text(f"quota.series_{report.series}", lang) + "\n")
    sys.stdout.write(text("quota.reading", lang, reading=report.reading) + "\n")


def _quota_cells(row: QuotaRow, seldom: Sequence[str], lang: str) -> list[str]:
    unit = row.unit or text("quota.unresolved" if row.level == "unresolved" else "quota.total", lang)
    part = row.sector or row.result_type
    return [
        text(f"level.{row.level}", lang),
        f"{unit}: {part}" if part else unit,
        number_text(row.digitised, lang),
        number_text(row.covered, lang),
        *(number_text(getattr(row, key) or 0, lang) for key in seldom),
        number_text(row.unknown_validity, lang),
        number_text(row.elsewhere, lang),
        "–" if row.inventory is None else number_text(row.inventory, lang),
        text(f"basis.{row.basis}", lang) if row.basis else "–",
        text("quota.no_inventory", lang) if row.inventory is None else _rate(row.rate, lang),
        _rate(row.rate_with_elsewhere, lang),
        share_text(row.target, lang) if row.target is not None else text("quota.no_target", lang),
    ]


def _rate(rate: RateBounds | None, lang: str) -> str:
    if rate is None:
        return "–"
    if rate.low == rate.high:
        return share_text(rate.low, lang)
    return f"{share_text(rate.low, lang)} – {share_text(rate.high, lang)}"
