"""`sohoa handovers import|list|withdraw|template`: stock that one unit handed over to another, by minutes."""

from __future__ import annotations

from cli.catalogue import database_of
from cli.days import moment_of
from cli.fact_files import (
    Reason,
    RowNumber,
    TableFile,
    TemplateFile,
    import_table,
    withdraw_row,
    write_empty,
)
from cli.fact_lists import History, KnownAt, print_facts
from cli.options import AsJson, command
from configs.settings import Settings
from quality.inventory import read_handovers
from schemas.facts import Backing
from storage.catalogue import facts, figures


@command
def import_(settings: Settings, table: TableFile, as_json: AsJson = False) -> int:
    """Import hand-overs; each moves stock from its day on."""
    return import_table(settings, facts.HANDOVERS, table, read_handovers, Backing(), as_json=as_json)


@command
def list_(
    settings: Settings, history: History = False, known_at: KnownAt = None, as_json: AsJson = False
) -> int:
    """Hand-overs in force, or every row that was imported."""
    moment = moment_of(known_at) if known_at else None
    with database_of(settings) as database:
        held = facts.history(database, facts.HANDOVERS, moment)
    shown = held if history else figures.standing(held)
    print_facts("handover", shown, settings.lang, known_at=moment, as_json=as_json)
    return 0


@command
def withdraw(settings: Settings, row: RowNumber, reason: Reason, as_json: AsJson = False) -> int:
    """Withdraw a hand-over that was wrong: the stock is where it was."""
    return withdraw_row(settings, facts.HANDOVERS, row, reason, as_json=as_json)


@command
def template(settings: Settings, out: TemplateFile) -> int:
    """Write an XLSX template to fill in."""
    return write_empty(settings, facts.HANDOVERS, out)
