"""`sohoa inventory import|template`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.catalogue import database_of
from cli.options import command, named_path
from cli.wording import words
from configs.loader import load_kinds, load_rulebook
from configs.settings import Settings
from extractors.units import resolve
from quality.inventory import describe, read_elsewhere, read_inventory
from quality.inventory_template import write_template
from schemas.batches import BatchSheet
from schemas.clock import today
from schemas.errors import UsageError
from schemas.text import fold
from schemas.wording import text
from storage import outbox
from storage.catalogue import figures
from storage.catalogue.database import Database
from storage.objects import open_store
from workspace.board import write_board
from workspace.figuring import unit_register


@command
def import_(
    settings: Settings,
    table: Annotated[
        Path, typer.Argument(parser=named_path, metavar="FILE", help=words("inventory.import_table"))
    ],
    elsewhere: Annotated[bool, typer.Option("--elsewhere", help=words("inventory.import_elsewhere"))] = False,
) -> int:
    """Import inventory, or results digitised elsewhere."""
    unit_of, kind_of = _resolvers(settings)
    if elsewhere:
        results = read_elsewhere(table, unit_of, kind_of)
        _refuse(results.problems, settings.lang)
        with _evidenced(settings) as database:
            count = figures.add_elsewhere(database, results.rows)
    else:
        counted = read_inventory(table, unit_of, kind_of)
        _refuse(counted.problems, settings.lang)
        with _evidenced(settings) as database:
            figures.put_inventory(database, counted.rows)
            count = len(counted.rows)
    with database_of(settings) as database:
        write_board(database, settings, today(), today())  # the board shows what `quota` says
    key = "inventory.elsewhere" if elsewhere else "inventory.imported"
    sys.stdout.write(text(key, settings.lang, count=count) + "\n")
    return 0


@contextmanager
def _evidenced(settings: Settings) -> Iterator[Database]:
    """Open the catalogue, in sync with its store; new entries are recorded in the house chain and stored at the end."""
    store = open_store(settings.store, settings.home)
    with database_of(settings) as database:
        outbox.require_current(database, store)
        yield database
        outbox.send_all(database, store)


def _refuse(problems: Sequence[Any], lang: str) -> None:
    """Print every problem and exit with a usage error; nothing is imported if one row is bad."""
    if not problems:
        return

    lines = [text("inventory.refused", lang, count=len(problems))]
    lines += ["  • " + " → ".join(describe(problem, lang)) for problem in problems]
    raise UsageError("\n".join(lines), remedy="verbatim")


def _resolvers(settings: Settings) -> tuple[Any, Any]:
    """Resolvers of units and kinds in a table, with the same lists and names as for papers."""
    book = load_rulebook(
        lists_dir=settings.lists, own_thresholds=settings.calibration, engine=settings.engine
    )

    register = unit_register()

    def unit_of(name: str, level: Any, day: Any) -> Any:
        made = register.find(name, level, day or today())
        if made is not None:
            return made.level, register.label(made, day or today())
        placed = resolve(name, day, BatchSheet(owning_unit=name), book)  # agencies, units of other provinces
        if placed.unit is None or (level is not None and placed.level != level):
            return None
        return placed.level, placed.unit

    def kind_of(name: str) -> str | None:
        folded = fold(name)
        return next((kind.id for kind in book.kinds if folded in {kind.id, fold(kind.title)}), None)

    return unit_of, kind_of


@command
def template(
    settings: Settings,
    out: Annotated[Path, typer.Argument(parser=named_path, metavar="OUT.xlsx")],
    elsewhere: Annotated[
        bool, typer.Option("--elsewhere", help=words("inventory.template_elsewhere"))
    ] = False,
) -> int:
    """Write an XLSX template to fill in."""
    if out.exists():
        raise UsageError(f"{out} is there already", remedy="review_workbook_there", path=out)
    kinds = [kind.title for kind in load_kinds() if kind.in_inventory]
    write_template(out, "elsewhere" if elsewhere else "inventory", kinds=kinds, lang=settings.lang)
    sys.stdout.write(text("inventory.template", settings.lang, path=out) + "\n")
    return 0
