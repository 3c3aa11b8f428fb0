"""`sohoa quota`: rate against target, and every paper in and out."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.catalogue import database_of
from cli.days import day_of, moment_of
from cli.fact_lists import KnownAt
from cli.options import AsJson, command
from cli.private_csv import private_csv, write_rows
from cli.shapes import print_json
from cli.tables import print_table
from cli.wording import words
from configs.loader import load_kinds, load_targets
from configs.settings import Settings
from quality.quota_notes import grouped
from quality.quotas import compute
from schemas.clock import today
from schemas.errors import UsageError
from schemas.masking import mask_code
from schemas.numerals import day_text, moment_text, number_text, share_text
from schemas.quotas import Explanation, QuotaReport, QuotaRow, RateBounds
from schemas.wording import say, text
from storage.catalogue import figures
from workspace.counting import left_out_kinds, papers_as_of

_MOST_PLACES: Final = 6  # named in one note


@command
def quota(
    settings: Settings,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help=words("command.quota_as_of"))
    ] = None,
    known_at: KnownAt = None,
    reading: Annotated[str, typer.Option("--reading", help=words("command.quota_reading"))] = "A",
    explain: Annotated[
        Path | None,
        typer.Option("--explain", metavar="CSV", help=words("command.quota_explain")),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Rate against target, by level and unit."""
    day, moment = day_of(as_of), moment_of(known_at) if known_at else None
    targets = load_targets()
    known = sorted({target.reading for target in targets})
    if reading not in known:
        raise UsageError(
            f"no reading {reading}", remedy="reading_unknown", value=reading, known=", ".join(known)
        )
    with database_of(settings) as database:
        report, reasons = compute(
            papers_as_of(database, day, moment),
            figures.inventory(database, moment, day),
            figures.elsewhere(database, moment),
            targets,
            day,
            today(),
            reading,
            kinds_without_code=[kind.id for kind in load_kinds() if not kind.result_codes],
            left_out=left_out_kinds(),
            explain=explain is not None,
        )
    report = report.model_copy(update={"known_at": moment})
    if explain is not None:
        _write_reasons(explain, reasons, settings.lang)
    if as_json:
        shape = report.model_dump(mode="json", exclude={"notes"})
        print_json(shape)
    else:
        _print_quota(report, settings.lang)
    return 0


def _write_reasons(path: Path, reasons: list[Explanation], lang: str) -> None:
    """Every paper in and out with its reason; identifiers in codes masked."""
    keys = ("document_id", "level", "unit", "kind", "code", "counted", "unknown_validity", "reason")
    rows = []
    for row in reasons:
        cells = row.model_dump()
        cells["code"] = mask_code(cells["code"]) if cells["code"] else None
        cells["reason"] = say("quota_reason", cells["reason"], lang)
        rows.append([cells[key] for key in keys])
    with private_csv(path) as out:
        write_rows(out, [text(f"head.{key}", lang) for key in keys], rows)


def _print_quota(report: QuotaReport, lang: str) -> None:
    title = text("quota.title", lang, date=day_text(report.as_of, lang))
    if report.known_at is not None:
        known = moment_text(datetime.fromisoformat(report.known_at), lang, seconds=True)
        title += text("quota.known_at", lang, moment=known)
    if not report.rows:
        sys.stdout.write(f"{title}\n{text('quota.none', lang)}\n")
        return
    keys = (
        "level",
        "unit",
        "digitised",
        "unknown_validity",
        "elsewhere",
        "inventory",
        "basis",
        "rate",
        "rate_with_elsewhere",
        "target",
    )
    print_table(
        [text(f"head.{key}", lang) for key in keys],
        [_quota_cells(row, lang) for row in report.rows],
        numbers={2, 3, 4, 5, 7, 8, 9},
        title=title,
    )
    for note in grouped(report.notes):
        places = [unit or text(f"level.{level}", lang) for level, unit in note.places]
        named = ", ".join(places[:_MOST_PLACES])
        if len(places) > _MOST_PLACES:
            named += " " + text(
                "quota.more_places", lang, count=number_text(len(places) - _MOST_PLACES, lang)
            )
        sys.stdout.write(f"* {named}: {say('quota_note', note.code, lang, **note.params)}\n")
    if report.live:
        sys.stdout.write(text("quota.live", lang) + "\n")
    sys.stdout.write(text("quota.reading", lang, reading=report.reading) + "\n")


def _quota_cells(row: QuotaRow, lang: str) -> list[str]:
    unit = row.unit or text("quota.unresolved" if row.level == "unresolved" else "quota.total", lang)
    return [
        text(f"level.{row.level}", lang),
        unit,
        number_text(row.digitised, lang),
        number_text(row.unknown_validity, lang),
        number_text(row.elsewhere, lang),
        text("quota.no_inventory", lang) if row.inventory is None else number_text(row.inventory, lang),
        text(f"basis.{row.basis}", lang) if row.basis else "–",
        _rate(row.rate, lang),
        _rate(row.rate_with_elsewhere, lang),
        share_text(row.target, lang) if row.target is not None else text("quota.no_target", lang),
    ]


def _rate(rate: RateBounds | None, lang: str) -> str:
    if rate is None:
        return "–"
    if rate.low == rate.high:
        return share_text(rate.low, lang)
    return f"{share_text(rate.low, lang)} – {share_text(rate.high, lang)}"
