"""Papers whose term is over, for a person to review; what was decided is an event. No object is ever touched here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from configs.loader import load_retention_terms
from quality.retention import review
from schemas.batches import BatchSheet
from schemas.clock import VIETNAM, today
from schemas.errors import UsageError
from schemas.events import Event, EventType
from schemas.facts import Backing
from schemas.retention import KeptPaper, RetentionDecision, RetentionReview
from schemas.review import in_force, sheet_said
from schemas.version import TOOL
from storage.catalogue import batches, documents, paper_facts
from storage.catalogue.database import Database
from storage.catalogue.decisions import of_documents
from storage.catalogue.documents import DocumentRow
from storage.catalogue.events import record
from storage.catalogue.provenance import new_event
from workspace.holding import held
from workspace.opening import Workspace

KEPT, HANDED_OVER = "kept", "handed over"


def due_on(database: Database, day: date) -> RetentionReview:
    """Papers due for review on a day, as decided by then."""
    return review(kept_papers(database, day), load_retention_terms(), day)


def kept_papers(database: Database, day: date) -> Iterator[KeptPaper]:
    """Every stored paper with its term, and what was decided of it by a day; replaced ones left out."""
    holds, decided = held(database), decisions(database, day)
    for batch in batches.batches(database):
        rows = documents.of_batch(database, batch.name)
        said = of_documents(database, [row.document.id for row in rows])
        for row in rows:
            name = row.document.id
            sheet = sheet_said(batch.sheet, in_force(said.get(name, ())))
            yield _paper(row, sheet, name in holds, decided.get(name))


def decisions(database: Database, day: date | None = None) -> dict[str, RetentionDecision]:
    """The last decision of each paper by the end of a day (None: of all)."""
    found = paper_facts.last_of(database, EventType.RETENTION, until=day)
    return {document: _decision(event) for document, event in found.items()}


def decide(
    workspace: Workspace,
    identifiers: Sequence[str],
    *,
    keep_until: date | None,
    handed_to: str,
    reason: str,
    backing: Backing,
) -> list[str]:
    """Record what was decided of papers, all or none. Returns their ids.

    Raises:
        UsageError: neither or both outcomes, no reason, no paper behind it, a day that is past, an unknown paper, or one
            under hold that would be handed over.
    """
    _require(keep_until, handed_to, reason, backing)
    rows = {row.document.id: row for row in (_row(workspace, each) for each in identifiers)}
    held_back = sorted(rows.keys() & held(workspace.database).keys())
    if handed_to.strip() and held_back:
        raise UsageError("under hold", remedy="retention_held", value=", ".join(held_back))
    told = {name: value for name, value in backing.model_dump(mode="json").items() if value}
    outcome = {"to": handed_to.strip()} if handed_to.strip() else {"keep_until": f"{keep_until}"}
    events = [
        new_event(
            EventType.RETENTION,
            name,
            HANDED_OVER if handed_to.strip() else KEPT,
            batch=None,
            agent=workspace.operator,
            tool=TOOL,
            detail={**outcome, "reason": reason.strip(), **told},
        )
        for name in rows
    ]
    record(workspace.database, workspace.run_id, events)
    workspace.send()
    return list(rows)


def _require(keep_until: date | None, handed_to: str, reason: str, backing: Backing) -> None:
    if (keep_until is None) == (not handed_to.strip()):
        raise UsageError("one outcome", remedy="retention_outcome")
    if not reason.strip() or not backing.document:
        raise UsageError("no reason, or no paper", remedy="retention_reason")
    if keep_until is not None and keep_until <= today():
        raise UsageError(f"{keep_until} is past", remedy="retention_past", value=keep_until.isoformat())


def _row(workspace: Workspace, identifier: str) -> DocumentRow:
    return documents.find_one(workspace.database, identifier.strip())


def _paper(
    row: DocumentRow, sheet: BatchSheet | None, is_held: bool, decision: RetentionDecision | None
) -> KeptPaper:
    fields = row.document.fields
    issued = fields["issue_date"].value if "issue_date" in fields else None
    number = fields["number"].value if "number" in fields else None
    parts = (sheet.fonds, sheet.box, sheet.file) if sheet else ()
    return KeptPaper(
        document=row.document.id,
        batch=row.batch,
        file=row.file,
        place=" / ".join(part for part in parts if part),
        code=row.code_shown,
        kind=row.document.kind,
        number=number or "",
        term=(sheet.retention or "").strip() if sheet else "",
        last_year=sheet.years[1] if sheet and sheet.years else None,
        issued=date.fromisoformat(issued) if issued else None,
        held=is_held,
        decision=decision,
    )


def _decision(event: Event) -> RetentionDecision:
    told = event.detail
    until, dated = told.get("keep_until"), told.get("document_date")
    return RetentionDecision(
        at=datetime.fromisoformat(event.at).astimezone(VIETNAM).isoformat(timespec="seconds"),
        operator=event.agent,
        keep_until=date.fromisoformat(str(until)) if until else None,
        handed_to=str(told.get("to") or ""),
        reason=str(told.get("reason") or ""),
        document=str(told.get("document") or ""),
        document_date=date.fromisoformat(str(dated)) if dated else None,
        signer=str(told.get("signer") or ""),
    )
