"""Documents, their versions, their codes and events: written in one transaction, after everything else is safe."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, or_, select, update

from schemas.digests import Digests
from schemas.documents import Document, Route, ValidityState, Verdict
from schemas.events import Event
from schemas.findings import Finding
from schemas.quotas import PaperRow
from storage.catalogue import codes
from storage.catalogue import schema as t
from storage.catalogue.batches import FileRow, finish_file, now
from storage.catalogue.codes import CodeParts
from storage.catalogue.database import Database


class NewVersion(NamedTuple):
    """All that is written of one document version. `parts` is None when the paper may not have a code (yet)."""

    document: Document
    digests: Digests
    version: int
    verdict: Verdict
    pdfa_key: str | None
    pdfa_sha256: str | None
    sidecar_key: str
    parts: CodeParts | None
    events: tuple[Event, ...]


class DocumentRow(NamedTuple):
    """A stored document at its current version."""

    document: Document
    file: str
    batch: str
    version: int
    digests: Digests
    verdict: Verdict
    code: str | None
    pdfa_key: str | None
    pdfa_sha256: str | None
    sidecar_key: str
    linked_to: str | None
    created_at: str


class Committed(NamedTuple):
    """What the transaction decided: the document as stored (route and findings may have changed) and its code."""

    document: Document
    code: str | None
    new_code: bool
    linked_to: str | None


def commit(
    database: Database,
    batch: str,
    run: str,
    operator: str,
    versions: Sequence[NewVersion],
    file: FileRow,
    code_event: Callable[[str, str], Event],
) -> list[Committed]:
    """Write a file's documents, their codes, its events and its fate: all of it, or nothing.

    A run killed before this leaves no row and no code; after it, the file is done.
    """
    done = []
    with database.write() as connection:
        for version in versions:
            done.append(_commit_document(connection, batch, run, operator, version, file.name, code_event))
        finish_file(connection, batch, file)
    return done


def _commit_document(
    connection: Connection,
    batch: str,
    run: str,
    operator: str,
    new: NewVersion,
    file: str,
    code_event: Callable[[str, str], Event],
) -> Committed:
    document, at = new.document, now()
    known = connection.execute(select(t.document).where(t.document.c.id == document.id)).first()
    if known is None:
        connection.execute(
            insert(t.document).values(
                id=document.id,
                sha256=document.sha256,
                pages=list(document.pages),
                batch=batch,
                file=file,
                version=new.version,
                created_at=at,
            )
        )
    outcome = _settle_code(connection, new, batch, operator, at)
    findings = (*document.findings, *outcome.findings)
    differs = any(finding.rule in {"code_part_differs", "running_number_exhausted"} for finding in outcome.findings)
    route = Route.REVIEW if differs and document.route is Route.ACCEPTED else document.route
    document = document.model_copy(update={"findings": findings, "route": route})
    values = _version_values(new, document, at)
    connection.execute(insert(t.document_version).values(values))
    connection.execute(
        update(t.document)
        .where(t.document.c.id == document.id)
        .values(version=new.version, linked_to=outcome.linked_to)
    )
    events = [*new.events]
    if outcome.new and outcome.code:
        events.append(code_event(document.id, outcome.code))
    record_events(connection, run, events)
    return Committed(document, outcome.code, outcome.new, outcome.linked_to)


def _settle_code(connection: Connection, new: NewVersion, batch: str, operator: str, at: str) -> codes.Issued:
    if new.document.route is Route.ACCEPTED and new.parts is not None:
        return codes.issue(connection, new.document.id, new.parts, batch=batch, operator=operator, at=at)
    held = codes.code_of(connection, new.document.id)
    return codes.Issued(held, findings=codes.differences(connection, new.document.id, new.parts))


def _version_values(new: NewVersion, document: Document, at: str) -> dict[str, Any]:
    return {
        "document_id": document.id,
        "version": new.version,
        "reading": new.digests.reading,
        "understanding": new.digests.understanding,
        "rendition": new.digests.rendition,
        "data": document.model_dump(mode="json", exclude_defaults=True),
        "kind": document.kind,
        "result_type": document.result_type.value if document.result_type else None,
        "level": document.level,
        "unit": document.unit,
        "route": document.route,
        "verdict": new.verdict,
        "pdfa_key": new.pdfa_key,
        "pdfa_sha256": new.pdfa_sha256,
        "sidecar_key": new.sidecar_key,
        "created_at": at,
    }


def record_events(connection: Connection, run: str, events: Sequence[Event]) -> None:
    """Write events inside the caller's transaction; they are exported to the store when the run ends."""
    for sequence, event in enumerate(events):
        connection.execute(
            insert(t.event).values(
                id=event.id,
                sequence=sequence,
                type=event.type,
                at=event.at,
                subject=event.subject,
                batch=event.batch,
                run=run,
                data=event.model_dump(mode="json"),
                exported=False,
            )
        )


def events_to_export(database: Database, batch: str) -> list[tuple[str, dict[str, Any]]]:
    """Events of a batch that no object holds yet, with their runs, in order."""
    query = (
        select(t.event.c.run, t.event.c.data)
        .where(t.event.c.batch == batch, t.event.c.exported.is_(False))
        .order_by(t.event.c.at, t.event.c.sequence)
    )
    with database.read() as connection:
        return [(row.run, row.data) for row in connection.execute(query)]


def mark_exported(database: Database, ids: Sequence[str]) -> None:
    """The store holds these events now."""
    with database.write() as connection:
        for start in range(0, len(ids), 500):
            chunk = list(ids[start : start + 500])
            connection.execute(update(t.event).where(t.event.c.id.in_(chunk)).values(exported=True))


def events_of(database: Database, subjects: Sequence[str]) -> list[Event]:
    """Every event about these subjects, in order."""
    query = select(t.event.c.data).where(t.event.c.subject.in_(list(subjects)))
    with database.read() as connection:
        rows = connection.execute(query.order_by(t.event.c.at, t.event.c.sequence)).scalars()
        return [Event.model_validate(row) for row in rows]


def new_event_id() -> str:
    """A fresh event id."""
    return uuid.uuid4().hex


def _joined() -> Any:
    current = (t.document_version.c.document_id == t.document.c.id) & (
        t.document_version.c.version == t.document.c.version
    )
    issued = (t.code.c.document_id == t.document.c.id) & (t.code.c.state == "issued")
    return (
        select(
            t.document.c.file,
            t.document.c.batch,
            t.document.c.linked_to,
            t.document.c.created_at,
            t.document_version,
            t.code.c.printed,
            t.code.c.issued_at,
        )
        .join(t.document_version, current)
        .outerjoin(t.code, issued)
    )


def _row(row: Any) -> DocumentRow:
    return DocumentRow(
        document=Document.model_validate(row.data),
        file=row.file,
        batch=row.batch,
        version=row.version,
        digests=Digests(reading=row.reading, understanding=row.understanding, rendition=row.rendition),
        verdict=Verdict(row.verdict),
        code=row.printed,
        pdfa_key=row.pdfa_key,
        pdfa_sha256=row.pdfa_sha256,
        sidecar_key=row.sidecar_key,
        linked_to=row.linked_to,
        created_at=row.created_at,
    )


def of_batch(database: Database, batch: str) -> list[DocumentRow]:
    """Documents of a batch at their current versions, in the order of their files and pages."""
    order = (
        select(t.batch_file.c.position)
        .where(t.batch_file.c.batch == t.document.c.batch, t.batch_file.c.name == t.document.c.file)
        .scalar_subquery()
    )
    query = _joined().where(t.document.c.batch == batch).order_by(order, t.document.c.created_at, t.document.c.id)
    with database.read() as connection:
        rows = [_row(row) for row in connection.execute(query)]
    return rows


def of_original(database: Database, sha256: str) -> list[DocumentRow]:
    """Documents made from one original, in page order."""
    with database.read() as connection:
        rows = [_row(row) for row in connection.execute(_joined().where(t.document.c.sha256 == sha256))]
    return sorted(rows, key=lambda row: row.document.pages)


def find(database: Database, wanted: str) -> list[DocumentRow]:
    """Documents with this id, code, original SHA-256, or PDF/A SHA-256."""
    query = _joined().where(
        or_(
            t.document.c.id == wanted,
            t.document.c.sha256 == wanted,
            t.document_version.c.pdfa_sha256 == wanted,
            t.code.c.printed == wanted,
        )
    )
    with database.read() as connection:
        return [_row(row) for row in connection.execute(query)]


def papers(database: Database) -> Iterator[PaperRow]:
    """Every document as the quota sees it."""
    with database.read() as connection:
        rows = connection.execute(_joined().order_by(t.document.c.id)).all()
    for row in rows:
        document = Document.model_validate(row.data)
        yield PaperRow(
            document_id=document.id,
            level=document.level,
            unit=document.unit,
            kind=document.kind,
            result_type=row.result_type,
            role=document.role,
            route=document.route,
            code=row.printed,
            owner=document.value("owner_id"),
            number=document.value("number"),
            issue_date=_date(document.value("issue_date")),
            digitised_on=_date(row.issued_at[:10]) if row.issued_at else None,
            stored=row.pdfa_key is not None,
            validity=ValidityState(document.validity.state),
            valid_until=_date(document.validity.until),
            linked_to=row.linked_to,
        )


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def all_findings(rows: Sequence[DocumentRow]) -> list[Finding]:
    """Findings of stored documents, each with its file."""
    return [
        finding.model_copy(update={"file": row.file}) for row in rows for finding in row.document.findings
    ]
