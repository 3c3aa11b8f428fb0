"""`sohoa handovers import|list|withdraw|template`: stock that one unit handed over to another, by minutes."""

from __future__ import annotations

from cli.fact_files import (
    Reason,
    RowNumber,
    TableFile,
    TemplateFile,
    import_table,
    withdraw_row,
    write_empty,
)
from cli.fact_lists import History, KnownAt, list_facts
from cli.options import AsJson, command
from configs.settings import Settings
from quality.inventory import read_handovers
from schemas.facts import Backing
from storage.catalogue import facts


@command
def import_(settings: Settings, table: TableFile, as_json: AsJson = False) -> int:
    """Import hand-overs; each moves stock from its day on."""
    return import_table(settings, facts.HANDOVERS, table, read_handovers, Backing(), as_json=as_json)


@command
def list_(
    settings: Settings, history: History = False, known_at: KnownAt = None, as_json: AsJson = False
) -> int:
    """Hand-overs in force, or every row that was imported."""
    return list_facts(settings, facts.HANDOVERS, history=history, known_at=known_at, as_json=as_json)


@command
def withdraw(settings: Settings, row: RowNumber, reason: Reason, as_json: AsJson = False) -> int:
    """Withdraw a hand-over that was wrong: the stock is where it was."""
    return withdraw_row(settings, facts.HANDOVERS, row, reason, as_json=as_json)


@command
def template(settings: Settings, out: TemplateFile) -> int:
    """Write an XLSX template to fill in."""
    return write_empty(settings, facts.HANDOVERS, out)
