"""Finding stored documents: of a batch, of an original, by id, code or digest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, func, or_, select

from schemas.digests import Digests
from schemas.documents import Document, Verdict
from schemas.errors import UsageError
from schemas.findings import Finding
from storage.catalogue import schema as t
from storage.catalogue.chunks import in_chunks
from storage.catalogue.codes import ISSUED
from storage.catalogue.database import Database

_CURRENT = t.document.c.replaced_by.is_(None)


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
    sidecar_sha256: str | None = None
    code_waits: bool = False
    replaces: tuple[str, ...] = ()
    replaced_by: tuple[str, ...] = ()

    @property
    def code_shown(self) -> str | None:
        """The code once the event that issued it is stored; before that it must not be relied on."""
        return None if self.code_waits else self.code


class CodeRow(NamedTuple):
    """A code as it stands: `state` is `issued` or `void`."""

    printed: str
    document_id: str
    state: str
    issued_at: str
    issued_by: str
    void_reason: str | None
    voided_at: str | None
    voided_by: str | None
    successor: str | None


def of_batch(database: Database, batch: str) -> list[DocumentRow]:
    """Documents of a batch at their current versions, in the order of their files and pages; no replaced ones."""
    with database.read() as connection:
        return rows_of_batch(connection, batch)


def rows_of_batch(connection: Connection, batch: str, *, replaced: bool = False) -> list[DocumentRow]:
    """The same, on a connection whose snapshot other queries share; or those that others replaced."""
    file = (t.batch_file.c.batch == t.document.c.batch) & (t.batch_file.c.name == t.document.c.file)
    query = _joined().add_columns(t.batch_file.c.position).outerjoin(t.batch_file, file)
    chosen = t.document.c.replaced_by.is_not(None) if replaced else _CURRENT
    rows = connection.execute(query.where(t.document.c.batch == batch, chosen)).all()
    ordered = sorted(
        rows, key=lambda row: (row.position is None, row.position or 0, row.file, _first_page(row))
    )
    return [_row(row) for row in ordered]


def of_original(database: Database, sha256: str) -> list[DocumentRow]:
    """Documents made from one original, in page order; no replaced ones."""
    query = _joined().where(t.document.c.sha256 == sha256, _CURRENT)
    with database.read() as connection:
        rows = [_row(row) for row in connection.execute(query)]
    return sorted(rows, key=lambda row: row.document.pages)


def find(database: Database, identifier: str) -> list[DocumentRow]:
    """Documents with this id, code (voided ones too), original's SHA-256, or PDF/A's SHA-256.

    Documents that others replaced are found only where no current one is.
    """
    holders = select(t.code.c.document_id).where(t.code.c.printed == identifier)
    query = _joined().where(
        or_(
            t.document.c.id == identifier,
            t.document.c.sha256 == identifier,
            t.document_version.c.pdfa_sha256 == identifier,
            t.document.c.id.in_(holders),
        )
    )
    with database.read() as connection:
        found = [_row(row) for row in connection.execute(query)]
    rows = [row for row in found if not row.replaced_by] or found
    return sorted(rows, key=lambda row: (row.document.sha256, row.document.pages))


def of_ids(database: Database, ids: Sequence[str]) -> dict[str, DocumentRow]:
    """Documents by id, those that others replaced left out."""
    found: dict[str, DocumentRow] = {}
    for chunk in in_chunks(ids):
        with database.read() as connection:
            rows = connection.execute(_joined().where(t.document.c.id.in_(chunk), _CURRENT)).all()
        found |= {row.document.id: row for row in map(_row, rows)}
    return found


def papers_in_files(database: Database, batch: str, files: Sequence[str]) -> dict[str, int]:
    """How many papers each of these files of a batch holds, those that others replaced left out."""
    found: dict[str, int] = {}
    for chunk in in_chunks(dict.fromkeys(files)):
        query = select(t.document.c.file, func.count()).where(
            t.document.c.batch == batch, t.document.c.file.in_(chunk), _CURRENT
        )
        with database.read() as connection:
            rows = connection.execute(query.group_by(t.document.c.file)).all()
        found |= {row[0]: row[1] for row in rows}
    return found


def find_one(database: Database, identifier: str) -> DocumentRow:
    """The one document that `find` knows by this identifier.

    Raises:
        UsageError: there is none, or several.
    """
    rows = find(database, identifier)
    if not rows:
        raise UsageError(f"no document {identifier}", remedy="document_absent", value=identifier)
    if len(rows) > 1:
        ids = ", ".join(row.document.id for row in rows)
        raise UsageError(f"{len(rows)} documents", remedy="document_ambiguous", ids=ids)
    return rows[0]


def rows_where(connection: Connection, condition: ColumnElement[bool]) -> list[DocumentRow]:
    """Documents that meet a condition, on a connection whose snapshot other queries share."""
    return [_row(row) for row in connection.execute(_joined().where(condition))]


def codes_of(database: Database, document_id: str) -> list[CodeRow]:
    """Every code a document ever had, oldest first."""
    query = select(*(t.code.c[name] for name in CodeRow._fields)).where(t.code.c.document_id == document_id)
    with database.read() as connection:
        return [CodeRow(*row) for row in connection.execute(query.order_by(t.code.c.id))]


def versions_of(database: Database, document_id: str) -> list[tuple[int, str, str, Verdict]]:
    """Every version of a document: number, when it was stored, its sidecar's key, its verdict."""
    column = t.document_version.c
    query = select(column.version, column.created_at, column.sidecar_key, column.verdict)
    with database.read() as connection:
        rows = connection.execute(
            query.where(column.document_id == document_id).order_by(column.version)
        ).all()
    return [(row.version, row.created_at, row.sidecar_key, Verdict(row.verdict)) for row in rows]


def all_findings(rows: Sequence[DocumentRow]) -> list[Finding]:
    """Findings of stored documents, with their files."""
    return [
        finding.model_copy(update={"file": row.file}) for row in rows for finding in row.document.findings
    ]


def _joined() -> Select[Any]:
    current = (t.document_version.c.document_id == t.document.c.id) & (
        t.document_version.c.version == t.document.c.version
    )
    issued = (t.code.c.document_id == t.document.c.id) & (t.code.c.state == ISSUED)
    return (
        select(
            t.document.c.file,
            t.document.c.batch,
            t.document.c.linked_to,
            t.document.c.replaces,
            t.document.c.replaced_by,
            t.document.c.created_at,
            t.document_version,
            t.code.c.printed,
            t.code.c.issued_at,
            t.event.c.exported.label("code_stored"),
        )
        .join(t.document_version, current)
        .outerjoin(t.code, issued)
        .outerjoin(t.event, t.event.c.id == t.code.c.event)
    )


def _first_page(row: Row[Any]) -> list[int]:
    return list(row.data.get("pages", ()))


def _row(row: Row[Any]) -> DocumentRow:
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
        sidecar_sha256=row.sidecar_sha256,
        code_waits=row.code_stored is False,
        replaces=tuple((row.replaces or "").split()),
        replaced_by=tuple((row.replaced_by or "").split()),
    )
