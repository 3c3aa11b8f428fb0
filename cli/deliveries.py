"""`sohoa deliveries import|list|withdraw|template`: papers signed digitally, and received by the owner's national store."""

from __future__ import annotations

import sys

from cli.catalogue import database_of
from cli.days import moment_of
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
from cli.fact_lists import History, KnownAt, fact_json, print_facts
from cli.options import AsJson, command
from cli.shapes import print_json
from configs.settings import Settings
from quality.inventory import read_deliveries
from schemas.wording import text
from storage.catalogue import deliveries, facts, figures


@command
def import_(
    settings: Settings,
    table: TableFile,
    document: Document = "",
    dated: Dated = None,
    signer: Signer = "",
    as_json: AsJson = False,
) -> int:
    """Import papers signed, or received by the national store; the figures count them in columns of their own."""
    backing = backing_of(document, dated, signer)
    return import_table(settings, facts.DELIVERIES, table, read_deliveries, backing, as_json=as_json)


@command
def list_(
    settings: Settings, history: History = False, known_at: KnownAt = None, as_json: AsJson = False
) -> int:
    """Rows in force, or every one ever imported, and the stored paper that each names."""
    moment = moment_of(known_at) if known_at else None
    with database_of(settings) as database:
        held = facts.history(database, facts.DELIVERIES, moment)
        shown = held if history else figures.standing(held)
        found = deliveries.found(database, [fact.row for fact in shown])
    if as_json:
        rows = [{**fact_json(fact), "document_id": name} for fact, name in zip(shown, found, strict=True)]
        print_json({"known_at": moment, "rows": rows})
        return 0
    print_facts("delivery", shown, settings.lang, known_at=moment, as_json=False)
    for fact, name in zip(shown, found, strict=True):
        match = "one" if name else "none"
        line = text(f"facts.match_{match}", settings.lang, number=fact.id, documents=name or "")
        sys.stdout.write(line + "\n")
    return 0


@command
def withdraw(settings: Settings, row: RowNumber, reason: Reason, as_json: AsJson = False) -> int:
    """Withdraw a row that was wrong: from now on its paper counts as signed, or received, no longer."""
    return withdraw_row(settings, facts.DELIVERIES, row, reason, as_json=as_json)


@command
def template(settings: Settings, out: TemplateFile) -> int:
    """Write an XLSX template to fill in."""
    return write_empty(settings, facts.DELIVERIES, out)
