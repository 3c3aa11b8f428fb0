"""`sohoa inventory import|list|export|withdraw|template`: how many results in force a unit holds."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.catalogue import database_of
from cli.days import day_of, moment_of
from cli.fact_files import (
    Dated,
    Document,
    Effective,
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
from cli.fact_lists import History, KnownAt, columns_of, fact_cells, print_facts
from cli.options import AsJson, command, named_path
from cli.wording import words
from configs.settings import Settings
from engines.private_files import whole_file
from quality.inventory import read_inventory
from quality.pending import write_pending
from schemas.errors import UsageError
from schemas.facts import Fact
from schemas.quotas import InventoryRow
from schemas.wording import say, text
from storage.catalogue import facts, figures
from workspace.private_csv import harmless, private_csv, write_rows

AsOf = Annotated[str | None, typer.Option("--as-of", metavar="DATE", help=words("facts.as_of"))]


@command
def import_(
    settings: Settings,
    table: TableFile,
    document: Document = "",
    dated: Dated = None,
    signer: Signer = "",
    effective: Effective = None,
    as_json: AsJson = False,
) -> int:
    """Import an inventory; it supersedes earlier rows of the same unit, kind and year, which are kept."""
    backing = backing_of(document, dated, signer, effective)
    return import_table(settings, facts.INVENTORY, table, read_inventory, backing, as_json=as_json)


@command
def list_(
    settings: Settings,
    history: History = False,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    as_json: AsJson = False,
) -> int:
    """Inventory rows in force, or every row ever imported."""
    moment = moment_of(known_at) if known_at else None
    shown = _chosen(settings, history=history, day=day_of(as_of) if as_of else None, moment=moment)
    print_facts("inventory", shown, settings.lang, known_at=moment, as_json=as_json)
    return 0


@command
def export(
    settings: Settings,
    out: Annotated[
        Path, typer.Argument(parser=named_path, metavar="OUT.xlsx|csv", help=words("inventory.export_out"))
    ],
    history: History = False,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> int:
    """Write what `list` shows as a table; the columns that `import` knows are read back."""
    if out.suffix.lower() not in {".xlsx", ".csv"}:
        raise UsageError(f"not a table: {out}", remedy="pending_suffix", path=out)
    if out.exists():
        raise UsageError(f"{out} is there already", remedy="review_workbook_there", path=out)
    moment = moment_of(known_at) if known_at else None
    shown = _chosen(settings, history=history, day=day_of(as_of) if as_of else None, moment=moment)
    lang = settings.lang
    heads = [say("column", column, lang) for column in columns_of("inventory")]
    rows = fact_cells("inventory", shown, lang)
    if out.suffix.lower() == ".csv":
        with private_csv(out) as stream:
            write_rows(stream, heads, rows)
    else:
        guarded = [[harmless(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
        with whole_file(out) as stream:
            write_pending(stream, [(text("facts.title_inventory", lang), heads, guarded)])
    sys.stdout.write(text("inventory.exported", lang, count=len(rows), path=out) + "\n")
    return 0


@command
def withdraw(settings: Settings, row: RowNumber, reason: Reason, as_json: AsJson = False) -> int:
    """Withdraw an inventory row that was wrong altogether; what it superseded does not come back."""
    return withdraw_row(settings, facts.INVENTORY, row, reason, as_json=as_json)


@command
def template(settings: Settings, out: TemplateFile) -> int:
    """Write an XLSX template to fill in."""
    return write_empty(settings, facts.INVENTORY, out)


def _chosen(
    settings: Settings, *, history: bool, day: date | None, moment: str | None
) -> list[Fact[InventoryRow]]:
    with database_of(settings) as database:
        held: list[Fact[Any]] = facts.history(database, facts.INVENTORY, moment)
    shown = held if history else figures.true_on(held, day)
    return sorted(
        shown, key=lambda fact: (fact.row.level, fact.row.unit, fact.row.kind, fact.row.year, fact.id)
    )
