"""What the commands about facts share: a table read, refused or entered with its origin and its event."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.catalogue import database_of
from cli.days import day_of
from cli.options import named_path
from cli.shapes import print_json
from cli.wording import words
from configs.loader import load_kinds
from configs.settings import Settings
from quality.fact_rows import KindResolver, UnitResolver
from quality.inventory import Imported, describe
from quality.inventory_template import write_template
from schemas.clock import today
from schemas.errors import UsageError
from schemas.facts import Backing, Entered, Origin, Row
from schemas.reports import RowProblem
from schemas.wording import text
from storage import outbox
from storage.catalogue import facts
from storage.catalogue.database import Database
from storage.catalogue.events import new_event_id
from storage.catalogue.facts import FactTable
from storage.objects import open_store
from workspace.board import write_board
from workspace.entering import enter_table, facts_event, resolvers
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


def backing_of(document: str, dated: str | None, signer: str, effective: str | None = None) -> Backing:
    """The paper behind a table, as the options of an import name it.

    Raises:
        UsageError: a day cannot be read.
    """
    return Backing(
        document=document.strip(),
        document_date=day_of(dated) if dated else None,
        signer=signer.strip(),
        effective_on=day_of(effective) if effective else None,
    )


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
    found = read(path, *resolvers(settings))
    _refuse(found.problems, settings.lang)
    rows = found.rows
    with _evidenced(settings) as database:
        done = enter_table(database, table, found, backing, file=path.name, operator=operator_name(settings))
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
        event = facts_event(table, "withdrawn", origin, row=number, reason=reason.strip())
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


def _told(table: FactTable[Any], rows: int, done: Entered, lang: str) -> str:
    lines = [text(f"facts.imported_{table.name}", lang, count=rows)]
    lines.append(text("facts.entered", lang, **done.model_dump()))
    return "\n".join(lines) + "\n"


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
