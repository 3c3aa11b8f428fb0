"""`sohoa elsewhere import|list|withdraw|template`: results that were digitised before Sohoa, or beside it."""

from __future__ import annotations

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
from configs.settings import Settings
from quality.inventory import read_elsewhere
from storage.catalogue import facts


@command
def import_(
    settings: Settings,
    table: TableFile,
    document: Document = "",
    dated: Dated = None,
    signer: Signer = "",
    as_json: AsJson = False,
) -> int:
    """Import results digitised elsewhere; a corrected row supersedes the earlier one and does not add to it."""
    backing = backing_of(document, dated, signer)
    return import_table(settings, facts.ELSEWHERE, table, read_elsewhere, backing, as_json=as_json)


@command
def list_(
    settings: Settings, history: History = False, known_at: KnownAt = None, as_json: AsJson = False
) -> int:
    """Results digitised elsewhere that count, or every row ever imported."""
    return list_facts(settings, facts.ELSEWHERE, history=history, known_at=known_at, as_json=as_json)


@command
def withdraw(settings: Settings, row: RowNumber, reason: Reason, as_json: AsJson = False) -> int:
    """Withdraw a row: from now on it counts no longer; what was known before stays known."""
    return withdraw_row(settings, facts.ELSEWHERE, row, reason, as_json=as_json)


@command
def template(settings: Settings, out: TemplateFile) -> int:
    """Write an XLSX template to fill in."""
    return write_empty(settings, facts.ELSEWHERE, out)
