"""Documents, their versions, codes and events: written in one transaction, after everything else is stored.

Reading is in `lookups`, whose names are re-exported here; events are in `events`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, insert, select, update

from schemas.batches import FileStatus
from schemas.digests import Digests
from schemas.documents import Document, Route, Verdict
from schemas.errors import CatalogueError
from schemas.events import Event, EventType
from schemas.findings import finding
from schemas.routing import after_code, checked_before_code
from storage.catalogue import chains, codes
from storage.catalogue import schema as t
from storage.catalogue.batches import FileRow, dump, finish_file
from storage.catalogue.codes import CodeParts, parts_of
from storage.catalogue.database import Database
from storage.catalogue.events import (
    chain_of,
    events_of,
    events_to_export,
    new_event_id,
    now,
    record_events,
)
from storage.catalogue.figures_papers import papers
from storage.catalogue.lookups import (
    CodeRow,
    DocumentRow,
    all_findings,
    codes_of,
    find,
    find_one,
    of_batch,
    of_ids,
    of_original,
    versions_of,
)
from storage.catalogue.provenance import new_event

__all__ = [
    "CodeParts",
    "CodeRow",
    "Committed",
    "DocumentRow",
    "NewVersion",
    "all_findings",
    "codes_of",
    "commit",
    "commit_next",
    "commit_within",
    "enter_void",
    "events_of",
    "events_to_export",
    "find",
    "find_one",
    "new_event_id",
    "of_batch",
    "of_ids",
    "of_original",
    "papers",
    "parts_of",
    "record_events",
    "versions_of",
    "void_code",
]

_TOOL = "sohoa.catalogue"


class NewVersion(NamedTuple):
    """Everything written for one document version. `parts` is None if the paper may not have a code (yet)."""

    document: Document
    digests: Digests
    version: int
    verdict: Verdict
    pdfa_key: str | None
    pdfa_sha256: str | None
    sidecar_key: str
    parts: CodeParts | None
    events: tuple[Event, ...]
    sidecar_sha256: str | None = None


class Committed(NamedTuple):
    """Result of the transaction: the document as stored (route, findings may have changed), its code.

    `new` is False when another run had already stored the same version.
    """

    document: Document
    code: str | None
    new_code: bool
    linked_to: str | None
    new: bool = True


class _Context(NamedTuple):
    """Values shared by all documents of one commit."""

    batch: str
    run: str
    operator: str
    file: str
    code_event: Callable[[str, str], Event]
    at: str


def commit(
    database: Database,
    batch: str,
    run: str,
    operator: str,
    versions: Sequence[NewVersion],
    file: FileRow,
    code_event: Callable[[str, str], Event],
    events: Sequence[Event] = (),
) -> list[Committed]:
    """Write a file's documents, their codes, its events and its status, atomically.

    `events` are those of the file itself (ingestion, set aside); versions carry their own.

    A run killed before this leaves no row and no code; after it, the file is done. Where another batch stored
    the same bytes meanwhile, its documents stand and this file is linked to them.

    Raises:
        CatalogueError: a version of other digests was stored meanwhile; nothing was written.
    """
    context = _Context(batch, run, operator, file.name, code_event, now())
    with database.write() as connection:
        record_events(connection, run, events)
        done = [_commit_document(connection, context, version) for version in versions]
        finish_file(connection, batch, _as_duplicate(connection, batch, file))
    return done


def commit_next(
    connection: Connection,
    batch: str,
    run: str,
    operator: str,
    new: NewVersion,
    code_event: Callable[[str, str], Event],
) -> Committed:
    """Write the version that follows a document's present one, inside the caller's transaction.

    Raises:
        CatalogueError: the document is not there, or has another version by now.
    """
    query = select(t.document.c.version, t.document.c.file).where(t.document.c.id == new.document.id)
    known = connection.execute(query).first()
    if known is None or new.version != known.version + 1:
        held = known.version if known else 0
        raise CatalogueError(
            f"document {new.document.id} has version {held} by now, not {new.version - 1}",
            remedy="version_taken",
            id=new.document.id,
        )
    return _commit_document(connection, _Context(batch, run, operator, known.file, code_event, now()), new)


def commit_within(
    connection: Connection,
    batch: str,
    run: str,
    operator: str,
    file: str,
    versions: Sequence[NewVersion],
    code_event: Callable[[str, str], Event],
) -> list[Committed]:
    """Write documents of one file inside the caller's transaction, with their codes and events."""
    context = _Context(batch, run, operator, file, code_event, now())
    return [_commit_document(connection, context, version) for version in versions]


def void_code(
    database: Database,
    printed: str,
    *,
    reason: str,
    operator: str,
    successor: str | None = None,
    run: str = "manual",
) -> str:
    """Permanently void a wrongly issued code, with its event. Returns the document it was issued to.

    Raises:
        CodeError: no such code in force, no reason, or a successor that was never issued.
    """
    with database.write() as connection:
        return enter_void(connection, printed, reason=reason, operator=operator, successor=successor, run=run)


def enter_void(
    connection: Connection,
    printed: str,
    *,
    reason: str,
    operator: str,
    successor: str | None,
    run: str,
    second_operator: str | None = None,
) -> str:
    """The same inside the caller's transaction; `second_operator` agreed to it."""
    at = now()
    batch = connection.execute(select(t.code.c.batch).where(t.code.c.printed == printed)).scalar()
    document_id = codes.void(
        connection, printed, reason=reason, successor=successor, operator=operator, at=at
    )
    detail: dict[str, str | int | float | None] = {
        "code": printed,
        "reason": reason.strip(),
        "successor": successor,
    }
    if second_operator:
        detail["second_operator"] = second_operator
    event = new_event(
        EventType.CODE_VOIDED,
        document_id,
        "void",
        batch=batch,
        agent=operator,
        tool=_TOOL,
        at=at,
        detail=detail,
    )
    record_events(connection, run, [event])
    chains.note(connection, chain_of(batch), t.code, t.code.c.printed == printed)
    return document_id


def _commit_document(connection: Connection, context: _Context, new: NewVersion) -> Committed:
    known = connection.execute(select(t.document).where(t.document.c.id == new.document.id)).first()
    if known is None:
        _insert_document(connection, context, new)
    elif new.version <= known.version:
        return _stored_meanwhile(connection, new, known)
    document = checked_before_code(new.document, new.verdict, has_rendition=new.pdfa_key is not None)
    outcome = _settle_code(connection, context, new._replace(document=document))
    document = after_code(document, outcome.findings, refused=outcome.refused)
    linked_to = outcome.linked_to
    if (
        linked_to is None
        and outcome.code is None
        and known is not None
        and document.route is not Route.ACCEPTED
    ):
        linked_to = known.linked_to  # a poorer reading does not undo a link
    connection.execute(insert(t.document_version).values(_version_values(new, document, context.at)))
    connection.execute(
        update(t.document)
        .where(t.document.c.id == document.id)
        .values(version=new.version, linked_to=linked_to)
    )
    events = _outcome_events(context, new, document, outcome)
    record_events(connection, context.run, [*new.events, *events])
    _note_document(connection, context, document.id, new.version, events)
    return Committed(document, outcome.code, outcome.new, linked_to)


def _note_document(
    connection: Connection, context: _Context, document_id: str, version: int, events: Sequence[Event]
) -> None:
    """Link a new code to its event, and add the current rows to the batch's chain."""
    for event in events:
        if event.type is EventType.CODE_ISSUED:
            issued = (t.code.c.document_id == document_id, t.code.c.state == codes.ISSUED)
            connection.execute(update(t.code).where(*issued).values(event=event.id))
    chain = chain_of(context.batch)
    made = (t.document_version.c.document_id == document_id, t.document_version.c.version == version)
    sha256 = select(t.document.c.sha256).where(t.document.c.id == document_id).scalar_subquery()
    chains.note(connection, chain, t.original, t.original.c.sha256 == sha256)
    chains.note(connection, chain, t.document, t.document.c.id == document_id)
    chains.note(connection, chain, t.document_version, *made)
    chains.note(connection, chain, t.code, t.code.c.document_id == document_id)


def _insert_document(connection: Connection, context: _Context, new: NewVersion) -> None:
    connection.execute(
        insert(t.document).values(
            id=new.document.id,
            sha256=new.document.sha256,
            pages=list(new.document.pages),
            batch=context.batch,
            file=context.file,
            version=new.version,
            created_at=context.at,
        )
    )


def _stored_meanwhile(connection: Connection, new: NewVersion, known: Row[Any]) -> Committed:
    """Two runs met over the same bytes: equal digests make equal documents, and the first one stands."""
    row = connection.execute(
        select(t.document_version).filter_by(document_id=known.id, version=known.version)
    ).one()
    if (row.reading, row.understanding, row.rendition) != tuple(new.digests.model_dump().values()):
        raise CatalogueError(
            f"document {known.id} has version {known.version} already, made with other rules",
            remedy="version_taken",
            id=known.id,
        )
    code = codes.code_of(connection, known.id)
    return Committed(Document.model_validate(row.data), code, False, known.linked_to, new=False)


def _as_duplicate(connection: Connection, batch: str, file: FileRow) -> FileRow:
    """A file whose bytes are those of another file's documents is linked to it, whichever was read last."""
    if file.duplicate_of is not None or file.status is FileStatus.SET_ASIDE:
        return file
    query = select(t.document.c.batch, t.document.c.file).where(t.document.c.sha256 == file.sha256)
    owners = {(row.batch, row.file) for row in connection.execute(query)}
    if not owners or (batch, file.name) in owners:
        return file
    origin = "/".join(min(owners))
    note = finding("duplicate_file", of=origin)
    return file._replace(duplicate_of=origin, findings=(*file.findings, note))


def _settle_code(connection: Connection, context: _Context, new: NewVersion) -> codes.Issued:
    if new.document.route is Route.ACCEPTED and new.parts is not None:
        return codes.issue(
            connection,
            new.document.id,
            new.parts,
            batch=context.batch,
            operator=context.operator,
            at=context.at,
        )
    held = codes.code_of(connection, new.document.id)
    notes = codes.differences(connection, new.document)
    return codes.Issued(held, findings=notes, refused=bool(notes))


def _outcome_events(
    context: _Context, new: NewVersion, after: Document, outcome: codes.Issued
) -> list[Event]:
    """Events for results that no sidecar holds: a code, a link, a paper sent to review after all.

    With them, sidecars and events contain everything the catalogue knows about a document.
    """
    events = []
    if outcome.new and outcome.code:
        events.append(context.code_event(after.id, outcome.code))
    added = dump(after.findings[len(new.document.findings) :])
    if outcome.linked_to is not None:
        detail = {"to": outcome.linked_to, "findings": json.dumps(added, ensure_ascii=False)}
        events.append(_event(context, EventType.LINKED, new, "linked", detail))
    elif added or after.route != new.document.route:
        detail = {"findings": json.dumps(added, ensure_ascii=False)}
        events.append(_event(context, EventType.VALIDATION, new, after.route, detail))
    return events


def _event(
    context: _Context, kind: EventType, new: NewVersion, outcome: str, detail: dict[str, str]
) -> Event:
    return new_event(
        kind,
        new.document.id,
        outcome,
        batch=context.batch,
        agent=context.operator,
        tool=_TOOL,
        at=context.at,
        detail={"version": new.version, **detail},
    )


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
        "sidecar_sha256": new.sidecar_sha256,
        "created_at": at,
    }
