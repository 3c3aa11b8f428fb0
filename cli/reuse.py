"""`sohoa reuse import|list|withdraw|template`: dossiers by period, III.9-11 of KH 5283, group 4 of QĐ 766's index."""

from __future__ import annotations

import sys
from functools import partial
from typing import Annotated

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
from quality.confirmed_reuse import confirmed_report
from quality.inventory import read_reuse
from quality.reuse import NOT_APPLICABLE, reuse_report
from schemas.confirmed_reuse import ConfirmedReport
from schemas.errors import UsageError
from schemas.facts import Fact
from schemas.indicators import SHARES, IndexFigure, Periods, ReuseReport, ReuseRow, Share, UnitReuse
from schemas.numerals import day_text, number_text, share_text
from schemas.wording import say, text
from storage.catalogue import facts, figures
from workspace.figuring import unit_register

From = Annotated[str | None, typer.Option("--from", metavar="DATE", help=words("reuse.from"))]
To = Annotated[str | None, typer.Option("--to", metavar="DATE", help=words("reuse.to"))]


@command
def import_(
    settings: Settings,
    table: TableFile,
    document: Document = "",
    dated: Dated = None,
    signer: Signer = "",
    as_json: AsJson = False,
) -> int:
    """Import counts of dossiers; a row of the same unit and period takes an earlier one's place, which is kept."""
    backing = backing_of(document, dated, signer)
    held = Periods((fact.id, fact.row) for fact in _standing(settings, None))
    read = partial(read_reuse, held=held)
    return import_table(settings, facts.REUSE, table, read, backing, as_json=as_json)


@command
def list_(
    settings: Settings,
    first: From = None,
    last: To = None,
    history: History = False,
    known_at: KnownAt = None,
    as_json: AsJson = False,
) -> int:
    """Shares of the periods that lie between two days, or every row ever imported."""
    if history:
        return list_facts(settings, facts.REUSE, history=True, known_at=known_at, as_json=as_json)
    moment = moment_of(known_at) if known_at else None
    begins, ends = day_of(first) if first else None, day_of(last) if last else None
    if begins is not None and ends is not None and ends < begins:
        raise UsageError("--to is before --from", remedy="span_backwards", first=first, last=last)
    with database_of(settings) as database:
        held = figures.standing(facts.history(database, facts.REUSE, moment))
        confirmed = figures.standing(facts.history(database, facts.CONFIRMED, moment))
    report = reuse_report(held, begins, ends, moment, register=unit_register(), rules=load_indicator_rules())
    report = report.model_copy(update={"confirmed": confirmed_report(confirmed, held, begins, ends)})
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        _print(report, settings.lang)
    return 0


@command
def withdraw(settings: Settings, row: RowNumber, reason: Reason, as_json: AsJson = False) -> int:
    """Withdraw a row that was wrong altogether: its period may be handed in anew, also in parts."""
    return withdraw_row(settings, facts.REUSE, row, reason, as_json=as_json)


@command
def template(settings: Settings, out: TemplateFile) -> int:
    """Write an XLSX template to fill in."""
    return write_empty(settings, facts.REUSE, out)


def _standing(settings: Settings, moment: str | None) -> list[Fact[ReuseRow]]:
    with database_of(settings) as database:
        return figures.standing(facts.history(database, facts.REUSE, moment))


def _print(report: ReuseReport, lang: str) -> None:
    if not report.counted:
        sys.stdout.write(text("reuse.none", lang) + "\n")
    else:
        heads = [say("column", "level", lang), say("column", "unit", lang)]
        heads += [text(f"reuse.share_{measure}", lang) for measure in SHARES]
        rows = [_unit_cells(unit, lang) for unit in report.units]
        print_table(heads, rows, numbers=set(range(2, len(heads))), title=_title(report, lang))
    _print_shares(report, lang)
    _print_index(report, lang)
    _print_confirmed(report.confirmed, lang)
    for level, count in report.units_without_rows.items():
        note = text("desks.note_units_without_rows", lang, count=count)
        sys.stdout.write(f"• {text(f'level.{level}', lang)}: {note}\n")
    for key, numbers in (("cut", report.cut), ("outside", report.outside)):
        if numbers:
            sys.stdout.write(f"• {text(f'reuse.{key}', lang, numbers=', '.join(map(str, numbers)))}\n")
    sys.stdout.write(text("reuse.definition", lang) + "\n")


def _title(report: ReuseReport, lang: str) -> str:
    if report.first is None and report.last is None:
        return text("reuse.title_all", lang)
    days = [day_text(day, lang) if day else "…" for day in (report.first, report.last)]
    return text("reuse.title", lang, first=days[0], last=days[1])


def _unit_cells(unit: UnitReuse, lang: str) -> list[str]:
    name = text("reuse.level_sum", lang) if unit.unit is None else unit.unit
    return [text(f"level.{unit.level}", lang), name, *(_of(share, lang) for share in unit.shares.values())]


def _of(share: Share, lang: str) -> str:
    """A sum over a sum with its percent, or that there is none."""
    if share.numerator is None or share.denominator is None:
        return text("reuse.no_figure", lang)
    counts = f"{number_text(share.numerator, lang)}/{number_text(share.denominator, lang)}"
    rate = text("reuse.no_figure", lang) if share.rate is None else share_text(share.rate, lang)
    return f"{counts} ({rate})"


def _print_shares(report: ReuseReport, lang: str) -> None:
    rows, notes = [], []
    for share in report.shares:
        name = text(f"reuse.share_{share.measure}", lang)
        target = "–"
        if share.target is not None:
            shown = share_text(share.target, lang)
            target = text("desks.target", lang, share=shown, year=str(share.target_period))
        rows.append([share.ref or "–", name, _of(share, lang), target])
        if share.left_out:
            notes.append(f"{name}: {text('reuse.left_out', lang, count=share.left_out)}")
    heads = [say("desk_column", "ref", lang), text("reuse.share", lang), text("reuse.figure", lang)]
    heads.append(say("desk_column", "target", lang))
    sys.stdout.write("\n")
    print_table(heads, rows, numbers={2}, title=text("reuse.shares", lang))
    sys.stdout.write("".join(f"• {note}\n" for note in notes))


def _print_confirmed(confirmed: ConfirmedReport, lang: str) -> None:
    """Dossiers that desks confirmed through the API, apart from the imported counts."""
    if not confirmed.dossiers:
        return
    rows = [
        [
            text(f"level.{unit.level or 'unresolved'}", lang),
            unit.unit or text("reuse.unit_unknown", lang),
            unit.month,
            *(str(count) for count in (unit.dossiers, unit.components, unit.counted_by_import)),
        ]
        for unit in confirmed.units
    ]
    heads = [say("column", "level", lang), say("column", "unit", lang)]
    heads += [
        text(f"reuse.confirmed_{name}", lang)
        for name in ("month", "dossiers", "components", "counted_by_import")
    ]
    sys.stdout.write("\n")
    print_table(heads, rows, numbers={3, 4, 5}, title=text("reuse.confirmed_title", lang))
    said = confirmed.model_dump(include={"dossiers", "counted_by_import", "beside_imports"})
    sys.stdout.write(f"• {text('reuse.confirmed_total', lang, **said)}\n")


def _print_index(report: ReuseReport, lang: str) -> None:
    rows = []
    for figure in report.index:
        counts = "–"
        if figure.numerator is not None and figure.denominator is not None:
            counts = f"{number_text(figure.numerator, lang)}/{number_text(figure.denominator, lang)}"
        name = text(f"reuse.index_{figure.id.replace('.', '_')}", lang)
        rows.append([figure.id, name, counts, _percent(figure, lang), _points(figure, lang)])
    heads = ["766", text("reuse.share", lang), text("reuse.counts", lang), "%", text("reuse.points", lang)]
    sys.stdout.write("\n")
    print_table(heads, rows, numbers={2, 3}, title=text("reuse.index", lang))


def _percent(figure: IndexFigure, lang: str) -> str:
    if figure.value is None:
        return text("reuse.no_figure", lang)
    return figure.value if figure.value == NOT_APPLICABLE else _decimal(figure.value, lang)


def _points(figure: IndexFigure, lang: str) -> str:
    if figure.points is None:
        return text(f"reuse.points_{figure.points_reason}", lang)
    most = number_text(figure.maximum or 0, lang, 2)
    return f"{_decimal(figure.points, lang)} / {most}"


def _decimal(written: str, lang: str) -> str:
    return written.replace(".", ",") if lang == "vi" else written
