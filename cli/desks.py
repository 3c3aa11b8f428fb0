"""`sohoa desks import|list|withdraw|template`: one-stop desks, what they have, and III.3-5 of KH 5283."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

import typer

from cli.catalogue import database_of
from cli.days import day_of, moment_of
from cli.fact_files import (
    Dated,
    Document,
    Reason,
    RowNumber,
    Signer,
    TableFile,
    TemplateFile,
    backing_of,
    import_table,
    withdraw_row,
    write_empty,
)
from cli.fact_lists import History, KnownAt, list_facts
from cli.options import AsJson, command
from cli.shapes import print_json
from cli.tables import print_table
from cli.wording import words
from configs.indicators import load_indicator_rules
from configs.settings import Settings
from quality.desks import desk_report
from quality.inventory import read_desks
from schemas.indicators import Bounds, CertificateSeen, DeskIndicator, DeskReport, DeskSeen
from schemas.masking import mask
from schemas.numerals import day_text, number_text, share_text
from schemas.wording import say, text
from storage.catalogue import facts, figures
from workspace.figuring import unit_register

AsOf = Annotated[str | None, typer.Option("--as-of", metavar="DATE", help=words("desks.as_of"))]


@command
def import_(
    settings: Settings,
    table: TableFile,
    document: Document = "",
    dated: Dated = None,
    signer: Signer = "",
    as_json: AsJson = False,
) -> int:
    """Import desks, exemptions and certificates; a row of the same day takes the place of an earlier one."""
    backing = backing_of(document, dated, signer)
    read = partial(read_desks, backing=backing)
    return import_table(settings, facts.DESKS, table, read, backing, as_json=as_json)


@command
def list_(
    settings: Settings,
    as_of: AsOf = None,
    history: History = False,
    known_at: KnownAt = None,
    as_json: AsJson = False,
) -> int:
    """Desks on a day, certificates that end, and the indicators; or every row ever imported."""
    if history:
        return list_facts(settings, facts.DESKS, history=True, known_at=known_at, as_json=as_json)
    day, moment = day_of(as_of), moment_of(known_at) if known_at else None
    with database_of(settings) as database:
        held = figures.standing(facts.history(database, facts.DESKS, moment))
    report = desk_report(held, day, moment, register=unit_register(), rules=load_indicator_rules())
    if as_json:
        print_json(_shape(report))
    else:
        _print(report, settings.lang)
    return 0


@command
def withdraw(settings: Settings, row: RowNumber, reason: Reason, as_json: AsJson = False) -> int:
    """Withdraw a row that was wrong altogether."""
    return withdraw_row(settings, facts.DESKS, row, reason, as_json=as_json)


@command
def template(settings: Settings, out: TemplateFile) -> int:
    """Write an XLSX template to fill in."""
    return write_empty(settings, facts.DESKS, out)


def _shape(report: DeskReport) -> dict[str, Any]:
    shape = report.model_dump(mode="json")
    for row in (*shape["desks"], *shape["certificates"]):
        row |= {key: mask(value) for key, value in row.items() if key in _SAID and value}
    return shape


_SAID = ("desk", "certificate", "exemption")  # words of people, which may hold an identifier


def _print(report: DeskReport, lang: str) -> None:
    day = day_text(report.as_of, lang)
    if not report.desks:
        sys.stdout.write(text("desks.none", lang, day=day) + "\n")
    else:
        heads = [say("column", name, lang) for name in ("level", "unit", "desk", "running", "scanners")]
        heads += [text("desks.certificates", lang), say("column", "state", lang), say("column", "id", lang)]
        rows = [_desk_cells(desk, lang) for desk in report.desks]
        print_table(heads, rows, numbers={4, 7}, title=text("desks.title", lang, day=day))
    lines = [_certificate_line(each, lang) for each in report.certificates if each.state != "valid"]
    if report.later:
        lines.append(text("desks.later", lang, count=report.later))
    if report.orphans:
        numbers = ", ".join(map(str, report.orphans))
        lines.append(text("desks.orphans", lang, numbers=numbers))
    sys.stdout.write("".join(f"• {line}\n" for line in lines))
    _print_indicators(report.indicators, lang)


def _desk_cells(desk: DeskSeen, lang: str) -> list[str]:
    running = text("desks.unknown", lang)
    if desk.running is not None:
        running = text("desks.yes" if desk.running else "desks.no", lang)
    if desk.running and desk.running_since:
        running = text("desks.yes_since", lang, day=day_text(desk.running_since, lang))
    standing = text(f"desks.standing_{desk.standing}", lang)
    if desk.exemption and desk.standing == "exempt":
        standing = f"{standing}: {mask(desk.exemption)}"
    valid = text("desks.unknown", lang)
    if desk.certificates:
        valid = text("desks.valid_of", lang, valid=desk.certificates_valid, count=desk.certificates)
    scanners = text("desks.unknown", lang) if desk.scanners is None else number_text(desk.scanners, lang)
    level = text(f"level.{desk.level}", lang)
    return [level, desk.unit, mask(desk.desk), running, scanners, valid, standing, str(desk.id)]


def _certificate_line(seen: CertificateSeen, lang: str) -> str:
    told = seen.model_dump(exclude={"until", "state", "days", "desk", "certificate"})
    told |= {"desk": mask(seen.desk), "certificate": mask(seen.certificate), "days": abs(seen.days)}
    return text(f"desks.certificate_{seen.state}", lang, until=day_text(seen.until, lang), **told)


def _print_indicators(indicators: Sequence[DeskIndicator], lang: str) -> None:
    columns = ("ref", "level", "running", "denominator", "exempt", "unknown", "rate", "target", "target_due")
    heads = [say("desk_column", name, lang) for name in columns]
    rows, notes = [], []
    for each in indicators:
        level = text(f"level.{each.level}", lang)
        counts = [each.running, each.denominator, each.exempt, each.unknown]
        target = _target(each.target, each.target_period, lang)
        due = share_text(each.target_due, lang) if each.target_due is not None else "–"
        cells = [number_text(count, lang) for count in counts]
        rows.append([each.ref or "–", level, *cells, _rate(each, lang), target, due])
        notes += [f"{level}: {note}" for note in _notes(each, lang)]
    sys.stdout.write("\n")
    print_table(heads, rows, numbers={2, 3, 4, 5}, title=text("desks.indicators", lang))
    sys.stdout.write("".join(f"• {note}\n" for note in notes))
    sys.stdout.write(text("desks.definition", lang) + "\n")


def _rate(indicator: DeskIndicator, lang: str) -> str:
    if indicator.rate is None:
        return text(f"desks.reason_{indicator.reason}", lang)
    return bounds_text(indicator.rate, lang)


def bounds_text(rate: Bounds, lang: str) -> str:
    """A rate, or its two bounds."""
    low, high = share_text(rate.low, lang), share_text(rate.high, lang)
    return low if low == high else f"{low} – {high}"


def _target(share: float | None, period: int | None, lang: str) -> str:
    if share is None:
        return "–"
    return text("desks.target", lang, share=share_text(share, lang), year=str(period))


def _notes(indicator: DeskIndicator, lang: str) -> list[str]:
    """What a reader of the figures must know: units not heard of, exemptions without effect, equipment."""
    named = ("units_without_rows", "exempt_without_effect", "without_scanner", "without_valid_certificate")
    notes = [
        text(f"desks.note_{name}", lang, count=count)
        for name in named
        if (count := getattr(indicator, name)) and (indicator.desks or name == "units_without_rows")
    ]
    if indicator.desks:
        notes.append(text("desks.note_scanners", lang, count=indicator.scanners, desks=indicator.desks))
    return notes
