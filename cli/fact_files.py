"""What the commands about facts share: a table read, refused or entered with its origin and its event."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.catalogue import database_of
from cli.options import named_path
from cli.shapes import print_json
from cli.wording import words
from configs.loader import load_kinds, load_rulebook
from configs.settings import Settings
from extractors.units import resolve
from quality.fact_rows import KindResolver, UnitResolver
from quality.inventory import Imported, describe
from quality.inventory_template import write_template
from schemas.batches import BatchSheet
from schemas.clock import today
from schemas.documents import Level
from schemas.errors import UsageError
from schemas.events import Event, EventType
from schemas.facts import Backing, Entered, Origin, Row
from schemas.reports import RowProblem
from schemas.text import fold
from schemas.version import TOOL
from schemas.wording import text
from storage import outbox
from storage.catalogue import facts
from storage.catalogue.database import Database
from storage.catalogue.events import new_event_id
from storage.catalogue.facts import FactTable
from storage.catalogue.provenance import new_event
from storage.objects import open_store
from workspace.board import write_board
from workspace.figuring import unit_register
from workspace.opening import operator_name

TableFile = Annotated[
    Path, typer.Argument(parser=named_path, metavar="FILE", help=words("facts.import_table"))
]
Document = Annotated[str, typer.Option("--document", metavar="NUMBER", help=words("facts.document"))]
Dated = Annotated[str | None, typer.Option("--dated", metavar="DATE", help=words("facts.dated"))]
Signer = Annotated[str, typer.Option("--signer", metavar="NAME", help=words("facts.signer"))]
Effective = Annotated[str | None, typer.Option("--effective", metavar="DATE", help=words("facts.effective"))]
RowNumber = Annotated[int, typer.Argument(metavar="ID", help=words("facts.withdraw_row"))]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help=words("facts.withdraw_reason"))]
TemplateFile = Annotated[Path, typer.Argument(parser=named_path, metavar="OUT.xlsx")]

Reader = Callable[[Path, UnitResolver, KindResolver], Imported[Row]]


def import_table(
    settings: Settings,
    table: FactTable[Row],
    path: Path,
    read: Reader[Row],
    backing: Backing,
    *,
    as_json: bool,
) -> int:
    """Read a table and enter its rows, all or none; the board is rewritten, so that it shows what `quota` says.

    Raises:
        UsageError: a row cannot be taken; every one is named with its remedy.
    """
    found = read(path, *_resolvers(settings))
    _refuse(found.problems, settings.lang)
    rows = found.rows
    if backing.effective_on is not None:
        rows = tuple(_from_day(row, backing.effective_on) for row in rows)
    origin = Origin(
        **backing.model_dump(exclude={"effective_on"}),
        file=path.name,
        sha256=found.sha256,
        operator=operator_name(settings),
    )
    with _evidenced(settings) as database:
        done = facts.enter(
            database,
            table,
            rows,
            origin,
            lambda outcome: _event(table, "imported", origin, rows=len(rows), **outcome.model_dump()),
            new_event_id(),
        )
        write_board(database, settings, today(), today())
    if as_json:
        print_json({"file": path.name, "sha256": found.sha256, "rows": len(rows), **done.model_dump()})
    else:
        sys.stdout.write(_told(table, len(rows), done, settings.lang))
    return 0


def withdraw_row(
    settings: Settings, table: FactTable[Row], number: int, reason: str, *, as_json: bool
) -> int:
    """Withdraw a row from now on, with its reason.

    Raises:
        UsageError: there is no such row in force, or no reason was given.
    """
    origin = Origin(operator=operator_name(settings))
    with _evidenced(settings) as database:
        event = _event(table, "withdrawn", origin, row=number, reason=reason.strip())
        gone = facts.withdraw(
            database, table, number, reason=reason, origin=origin, event=event, run=new_event_id()
        )
        write_board(database, settings, today(), today())
    if as_json:
        print_json({"withdrawn": gone.id, "reason": reason.strip()})
    else:
        sys.stdout.write(text("facts.withdrawn", settings.lang, number=gone.id) + "\n")
    return 0


def write_empty(settings: Settings, table: FactTable[Any], out: Path) -> int:
    """Write an XLSX template to fill in.

    Raises:
        UsageError: there is a file of that name.
    """
    if out.exists():
        raise UsageError(f"{out} is there already", remedy="review_workbook_there", path=out)
    kinds = [kind.title for kind in load_kinds() if kind.in_inventory]
    write_template(out, table.name, kinds=kinds, lang=settings.lang)
    sys.stdout.write(text("facts.template", settings.lang, path=out) + "\n")
    return 0


def _from_day(row: Row, day: date) -> Row:
    """A row that names no day of its own, from which it is true, with that of the paper behind it."""
    return (
        row if getattr(row, "effective_on", day) is not None else row.model_copy(update={"effective_on": day})
    )


def _told(table: FactTable[Any], rows: int, done: Entered, lang: str) -> str:
    lines = [text(f"facts.imported_{table.name}", lang, count=rows)]
    lines.append(text("facts.entered", lang, **done.model_dump()))
    return "\n".join(lines) + "\n"


def _event(table: FactTable[Any], outcome: str, origin: Origin, **detail: str | int) -> Event:
    told = origin.model_dump(mode="json", exclude={"operator", "known_at", "event"})
    return new_event(
        EventType.FACTS,
        table.name,
        outcome,
        batch=None,
        agent=origin.operator,
        tool=TOOL,
        detail={**{name: value for name, value in told.items() if value}, **detail},
    )


@contextmanager
def _evidenced(settings: Settings) -> Iterator[Database]:
    """Open the catalogue, in sync with its store; new entries are recorded in the house chain and stored at the end."""
    store = open_store(settings.store, settings.home)
    with database_of(settings) as database:
        outbox.require_current(database, store)
        yield database
        outbox.send_all(database, store)


def _refuse(problems: Sequence[RowProblem], lang: str) -> None:
    """Name every problem and exit with a usage error; nothing is imported if one row is bad."""
    if not problems:
        return
    lines = [text("facts.refused", lang, count=len(problems))]
    lines += ["  • " + " → ".join(describe(problem, lang)) for problem in problems]
    raise UsageError("\n".join(lines), remedy="verbatim")


def _resolvers(settings: Settings) -> tuple[UnitResolver, KindResolver]:
    """Resolvers of units and kinds in a table, with the same lists and names as for papers."""
    book = load_rulebook(
        lists_dir=settings.lists, own_thresholds=settings.calibration, engine=settings.engine
    )

    register = unit_register()

    def unit_of(name: str, level: Level | None, day: date | None) -> tuple[Level, str] | None:
        made = register.find(name, level, day) if day is not None else None
        if made is not None and day is not None:
            return made.level, register.label(made, day)
        # Agencies, and units of other provinces.
        placed = resolve(name, day, BatchSheet(owning_unit=name), book)
        if placed.unit is None or placed.level is None or (level is not None and placed.level != level):
            return None
        return placed.level, placed.unit

    def kind_of(name: str) -> str | None:
        folded = fold(name)
        return next((kind.id for kind in book.kinds if folded in {kind.id, fold(kind.title)}), None)

    return unit_of, kind_of
