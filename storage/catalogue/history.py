"""All catalogue data of one paper, from one snapshot, for its trace. Reads only; interprets nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, exists, select

from schemas.batches import BatchSheet
from schemas.digests import Digests
from schemas.documents import Document, Verdict
from schemas.events import Event
from schemas.review import Decision
from schemas.sidecars import PageFacts
from storage.catalogue import originals
from storage.catalogue import schema as t
from storage.catalogue.batches import FileRow, load
from storage.catalogue.chunks import in_chunks
from storage.catalogue.database import Database
from storage.catalogue.lookups import CodeRow, DocumentRow, rows_where


class StoredVersion(NamedTuple):
    """One version as it was committed."""

    document: Document
    version: int
    digests: Digests
    verdict: Verdict
    pdfa_key: str | None
    pdfa_sha256: str | None
    sidecar_key: str
    created_at: str
    sidecar_sha256: str | None = None


class KeptReading(NamedTuple):
    """One reading in the ledger: its page, under which digest, when it ended, how it went."""

    page: int
    digest: str
    at: str
    facts: PageFacts


class PaperHistory(NamedTuple):
    """One document with everything related to it. `linked_from` are the ids of its duplicates."""

    row: DocumentRow
    sheet: BatchSheet | None
    linked_from: tuple[str, ...]
    versions: tuple[StoredVersion, ...]
    codes: tuple[CodeRow, ...]
    decisions: tuple[Decision, ...]


class History(NamedTuple):
    """Result of one query.

    Attributes:
        found_by: `document`, `code`, `pdfa` or `original`.
        sha256: of the original.
        original: as received; None where nothing is kept of it (a secret paper).
        arrivals: files with these bytes and their batches, in order of entry.
        papers: documents, in page order.
        readings: kept readings of the original's pages, by page and moment.
        passes: whole-page readings started, by (page, digest).
        events: of papers, original and lots for acceptance, and starts and ends of their runs, with their runs, in order.
    """

    found_by: str
    sha256: str
    original: originals.OriginalRow | None
    arrivals: tuple[tuple[str, FileRow], ...]
    papers: tuple[PaperHistory, ...]
    readings: tuple[KeptReading, ...]
    passes: dict[tuple[int, str], int]
    events: tuple[tuple[str, Event], ...]


def history(database: Database, identifier: str) -> History | None:
    """All data about a document id, a code (voided ones too), or the SHA-256 of a PDF/A or an original; else None."""
    with database.read() as connection:
        found_by, rows = _found(connection, identifier)
        sha256 = rows[0].document.sha256 if rows else identifier
        arrivals = _arrivals(connection, sha256)
        if not rows and not arrivals:
            return None
        return History(
            found_by=found_by,
            sha256=sha256,
            original=originals.row_of(connection, sha256),
            arrivals=arrivals,
            papers=tuple(_paper(connection, row) for row in rows),
            readings=_readings(connection, sha256),
            passes=_passes(connection, sha256),
            events=_events(connection, sha256, rows),
        )


def _found(connection: Connection, identifier: str) -> tuple[str, list[DocumentRow]]:
    """The most specific match wins: one paper before all the papers of an original."""
    versions = select(t.document_version.c.document_id).where(t.document_version.c.pdfa_sha256 == identifier)
    holders = select(t.code.c.document_id).where(t.code.c.printed == identifier)
    for found_by, condition in (
        ("document", t.document.c.id == identifier),
        ("code", t.document.c.id.in_(holders)),
        ("pdfa", t.document.c.id.in_(versions)),
        ("original", t.document.c.sha256 == identifier),
    ):
        if rows := rows_where(connection, condition):
            return found_by, sorted(rows, key=lambda row: row.document.pages)
    return "original", []


def _arrivals(connection: Connection, sha256: str) -> tuple[tuple[str, FileRow], ...]:
    column = t.batch_file.c
    query = (
        select(column.batch, *(column[name] for name in FileRow._fields))
        .join(t.batch, t.batch.c.name == column.batch)
        .where(column.sha256 == sha256)
        .order_by(t.batch.c.created_at, column.batch, column.position, column.name)
    )
    found = []
    for batch, *rest in connection.execute(query):
        row = FileRow(*rest)
        found.append((batch, row._replace(findings=load(rest[FileRow._fields.index("findings")]))))
    return tuple(found)


def _paper(connection: Connection, row: DocumentRow) -> PaperHistory:
    paper = row.document.id
    decisions = select(t.decision).where(t.decision.c.document_id == paper).order_by(t.decision.c.id)
    waits = exists().where(t.event.c.id == t.code.c.event, t.event.c.exported.is_(False))
    codes = select(*(t.code.c[name] for name in CodeRow._fields)).where(t.code.c.document_id == paper, ~waits)
    copies = select(t.document.c.id).where(t.document.c.linked_to == paper).order_by(t.document.c.id)
    sheet = connection.execute(select(t.batch.c.sheet).where(t.batch.c.name == row.batch)).scalar()
    return PaperHistory(
        row=row,
        sheet=BatchSheet.model_validate(sheet).of_file(row.file) if sheet else None,
        linked_from=tuple(connection.execute(copies).scalars()),
        versions=_versions(connection, paper),
        codes=tuple(CodeRow(*code) for code in connection.execute(codes.order_by(t.code.c.id))),
        decisions=tuple(
            Decision.model_validate(decision._mapping) for decision in connection.execute(decisions)
        ),
    )


def _versions(connection: Connection, paper: str) -> tuple[StoredVersion, ...]:
    query = select(t.document_version).where(t.document_version.c.document_id == paper)
    return tuple(
        StoredVersion(
            document=Document.model_validate(row.data),
            version=row.version,
            digests=Digests(reading=row.reading, understanding=row.understanding, rendition=row.rendition),
            verdict=Verdict(row.verdict),
            pdfa_key=row.pdfa_key,
            pdfa_sha256=row.pdfa_sha256,
            sidecar_key=row.sidecar_key,
            created_at=row.created_at,
            sidecar_sha256=row.sidecar_sha256,
        )
        for row in connection.execute(query.order_by(t.document_version.c.version))
    )


def _readings(connection: Connection, sha256: str) -> tuple[KeptReading, ...]:
    column = t.page_reading.c
    query = select(column.page, column.digest, column.at, column.facts).where(column.sha256 == sha256)
    rows = connection.execute(query.order_by(column.page, column.at, column.digest))
    return tuple(
        KeptReading(row.page, row.digest, row.at, PageFacts.model_validate(row.facts)) for row in rows
    )


def _passes(connection: Connection, sha256: str) -> dict[tuple[int, str], int]:
    query = select(t.page_pass.c.page, t.page_pass.c.digest).where(t.page_pass.c.sha256 == sha256)
    return dict(Counter((row.page, row.digest) for row in connection.execute(query)))


def _lots(connection: Connection, documents: Sequence[str]) -> list[str]:
    """Subjects of the events of every lot for acceptance that holds one of these papers."""
    column = t.lot_paper.c
    query = select(column.lot).where(column.document_id.in_(documents)).distinct().order_by(column.lot)
    return [f"lot {number}" for number in connection.execute(query).scalars()]


def _events(
    connection: Connection, sha256: str, rows: Sequence[DocumentRow]
) -> tuple[tuple[str, Event], ...]:
    subjects = [sha256, *(row.document.id for row in rows)]
    own: list[Any] = []
    for chunk in in_chunks(subjects):
        own += connection.execute(
            select(t.event.c.run, t.event.c.batch).where(t.event.c.subject.in_(chunk))
        ).all()
    runs = sorted({row.run for row in own})
    batches = {row.batch[:255] for row in own if row.batch}
    found: dict[str, Any] = {}
    held = [*subjects, *_lots(connection, subjects)]
    for keys, extra in ((held, None), (sorted(batches), runs)):
        for chunk in in_chunks(keys):
            query = select(t.event).where(t.event.c.subject.in_(chunk))
            if extra is not None:
                query = query.where(t.event.c.run.in_(extra))
            found |= {row.id: row for row in connection.execute(query)}
    ordered = sorted(found.values(), key=lambda row: (row.at, row.run, row.sequence))
    return tuple((row.run, Event.model_validate(row.data)) for row in ordered)
