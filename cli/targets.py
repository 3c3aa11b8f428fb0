"""`sohoa targets import|list|withdraw|template`: targets and milestones of levels, units and sectors, by a decision."""

from __future__ import annotations

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
from cli.fact_lists import History, KnownAt, list_facts
from cli.options import AsJson, command
from configs.settings import Settings
from quality.inventory import read_targets
from schemas.errors import UsageError
from storage.catalogue import facts


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
    """Import targets; each stands beside the plan's own, and before them where it is of the same day."""
    if not document.strip() or not dated:
        raise UsageError("a target needs the decision behind it", remedy="target_document")
    backing = backing_of(document, dated, signer, effective)
    return import_table(settings, facts.TARGETS, table, read_targets, backing, as_json=as_json)


@command
def list_(
    settings: Settings, history: History = False, known_at: KnownAt = None, as_json: AsJson = False
) -> int:
    """Targets in force that were handed in, or every row that was imported."""
    return list_facts(settings, facts.TARGETS, history=history, known_at=known_at, as_json=as_json)


@command
def withdraw(settings: Settings, row: RowNumber, reason: Reason, as_json: AsJson = False) -> int:
    """Withdraw a target that was wrong: the plan's own stands again."""
    return withdraw_row(settings, facts.TARGETS, row, reason, as_json=as_json)


@command
def template(settings: Settings, out: TemplateFile) -> int:
    """Write an XLSX template to fill in."""
    return write_empty(settings, facts.TARGETS, out)
