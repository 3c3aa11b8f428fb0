"""The Parquet tables of a batch, written as a whole from one snapshot of the catalogue."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection, select

from schemas.documents import Document
from schemas.findings import Finding
from schemas.sidecars import PageFacts
from schemas.tables import DATE_COLUMNS, FIELD_COLUMNS, TABLES
from storage.catalogue import batches, lookups
from storage.catalogue import schema as t
from storage.catalogue.batches import FileRow
from storage.catalogue.chunks import in_chunks
from storage.catalogue.database import Database
from storage.catalogue.lookups import DocumentRow
from storage.objects import ObjectStore, keys, sha256_of

_CONTENT_TYPE = "application/vnd.apache.parquet"


def write_batch_tables(database: Database, store: ObjectStore, batch: str) -> dict[str, str]:
    """Write `documents`, `pages`, `findings` and `files` of a batch. Returns the key of every table.

    Raises:
        UsageError: there is no batch of that name.
        StoreError: a table could not be stored.
    """
    written = {}
    for name, table in batch_tables(database, batch).items():
        out = io.BytesIO()
        pq.write_table(table, out, compression="zstd")
        data = out.getvalue()
        key = keys.derived(batch, f"{name}.parquet")
        store.put(key, data, sha256=sha256_of(data), content_type=_CONTENT_TYPE)
        written[name] = key
    return written


def batch_tables(database: Database, batch: str) -> dict[str, pa.Table]:
    """The tables of a batch in memory, under their schemas.

    Raises:
        UsageError: there is no batch of that name.
    """
    with database.read() as connection:
        row = batches.stored_row(connection, batch)
        files = batches.rows_of_files(connection, batch)
        documents = lookups.rows_of_batch(connection, batch)
        shas = sorted({file.sha256 for file in files if file.sha256})
        originals = _originals(connection, shas)
        facts = _facts(connection, shas)
    rows: dict[str, Iterable[dict[str, Any]]] = {
        "documents": (_document(document) for document in documents),
        "pages": _pages(batch, files, documents, facts),
        "findings": _findings(batch, batches.load(row.findings), files, documents),
        "files": (_file(batch, file, originals.get(file.sha256 or "")) for file in files),
    }
    return {name: pa.Table.from_pylist(list(rows[name]), schema=schema) for name, schema in TABLES.items()}


def _originals(connection: Connection, shas: Sequence[str]) -> dict[str, Any]:
    found = {}
    for chunk in in_chunks(shas):
        query = select(t.original).where(t.original.c.sha256.in_(chunk))
        found.update({row.sha256: row for row in connection.execute(query)})
    return found


def _facts(connection: Connection, shas: Sequence[str]) -> dict[str, dict[int, PageFacts]]:
    found: dict[str, dict[int, PageFacts]] = {}
    column = t.page_reading.c
    for chunk in in_chunks(shas):
        query = select(column.sha256, column.page, column.facts).where(column.sha256.in_(chunk))
        # If a page was read under several digests, the last reading counts.
        for row in connection.execute(query.order_by(column.sha256, column.page, column.at)):
            found.setdefault(row.sha256, {})[row.page] = PageFacts.model_validate(row.facts)
    return found


def _document(row: DocumentRow) -> dict[str, Any]:
    document = row.document
    return {
        "batch": row.batch,
        "file": row.file,
        "document_id": document.id,
        "version": row.version,
        "sha256": document.sha256,
        "pages": document.pages,
        "page_count": len(document.pages),
        "kind": document.kind,
        "kind_confidence": document.kind_confidence,
        "result_type": document.result_type.value if document.result_type else None,
        "result_type_confidence": document.result_type.confidence if document.result_type else None,
        "procedure": document.procedure.value if document.procedure else None,
        "role": document.role.value,
        "dossier": document.dossier,
        "level": document.level,
        "unit": document.unit,
        **_named_fields(document),
        "validity": document.validity.state.value,
        "validity_basis": document.validity.basis,
        "validity_source": document.validity.source,
        "valid_until": _date(document.validity.until),
        "route": document.route.value,
        "verdict": row.verdict.value,
        "code": row.code,
        "linked_to": row.linked_to,
        "original_key": keys.original(document.sha256),
        "pdfa_key": row.pdfa_key,
        "pdfa_sha256": row.pdfa_sha256,
        "sidecar_key": row.sidecar_key,
        "created_at": datetime.fromisoformat(row.created_at),
        "reading_digest": row.digests.reading,
        "understanding_digest": row.digests.understanding,
        "rendition_digest": row.digests.rendition,
        "fields": [_field(name, document) for name in sorted(document.fields)],
    }


def _named_fields(document: Document) -> dict[str, Any]:
    values = {name: document.value(name) for name in FIELD_COLUMNS}
    return {name: _date(value) if name in DATE_COLUMNS else value for name, value in values.items()}


def _field(name: str, document: Document) -> dict[str, Any]:
    held = document.fields[name]
    return {
        "name": name,
        "value": held.value,
        "raw": held.raw,
        "confidence": held.confidence,
        "source": held.source,
        "page": held.page,
        "box": list(held.box) if held.box else None,
    }


def _pages(
    batch: str,
    files: Sequence[FileRow],
    documents: Sequence[DocumentRow],
    facts: dict[str, dict[int, PageFacts]],
) -> Iterator[dict[str, Any]]:
    """Pages of the batch's files; pages of a duplicate are listed with the file it repeats."""
    owner = {(row.document.sha256, page): row.document.id for row in documents for page in row.document.pages}
    for file in files:
        if not file.sha256 or file.duplicate_of:
            continue
        for page, fact in sorted(facts.get(file.sha256, {}).items()):
            measured = fact.measures.model_dump(mode="json", exclude={"dpi"})
            reading = fact.model_dump(
                mode="json", include={"state", "width", "height", "rotation", "confidence"}
            )
            yield {
                "batch": batch,
                "file": file.name,
                "sha256": file.sha256,
                "page": page,
                "document_id": owner.get((file.sha256, page)),
                **reading,
                "dpi": fact.true_dpi,
                "words": fact.words,
                "source": fact.source,
                **measured,
            }


def _findings(
    batch: str, own: Sequence[Finding], files: Sequence[FileRow], documents: Sequence[DocumentRow]
) -> Iterator[dict[str, Any]]:
    for note in own:
        yield _finding(batch, note.file, None, note)
    for file in files:
        for note in file.findings:
            yield _finding(batch, file.name, None, note)
    for row in documents:
        for note in row.document.findings:
            yield _finding(batch, row.file, row.document.id, note)


def _finding(batch: str, file: str | None, document_id: str | None, note: Finding) -> dict[str, Any]:
    return {
        "batch": batch,
        "file": file,
        "document_id": document_id,
        "page": note.page,
        "rule": note.rule,
        "severity": note.severity.value,
        "transient": note.transient,
        "params": json.dumps(note.params, ensure_ascii=False, sort_keys=True),
    }


def _file(batch: str, file: FileRow, original: Any | None) -> dict[str, Any]:
    return {
        "batch": batch,
        "file": file.name,
        "position": file.position,
        "sha256": file.sha256,
        "status": file.status.value,
        "size": original.size if original else None,
        "format": original.format if original else None,
        "received_at": datetime.fromisoformat(original.received_at) if original else None,
        "pages": file.pages,
        "accounted": file.accounted,
        "duplicate_of": file.duplicate_of,
        "attempts": file.attempts,
    }


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
