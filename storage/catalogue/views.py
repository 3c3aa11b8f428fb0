"""The data of `sohoa batch show`, from one snapshot; messages for people are rendered elsewhere."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select

from schemas.findings import Finding
from storage.catalogue import batches, lookups
from storage.catalogue import schema as t
from storage.catalogue.database import Database
from storage.objects import keys


def show(database: Database, name: str) -> dict[str, Any]:
    """A batch in the shape of `contract/batch-show.schema.json`, except that `findings` are `Finding` models.

    Raises:
        UsageError: there is no batch of that name.
    """
    with database.read() as connection:
        batch = batches.stored_row(connection, name)
        files, pages = batches.count(connection, name)
        file_rows = batches.rows_of_files(connection, name)
        documents = lookups.rows_of_batch(connection, name)
        replaced = lookups.rows_of_batch(connection, name, replaced=True)
        passes = _passes(connection, name)
    findings: list[Finding] = [*batches.load(batch.findings)]
    for row in file_rows:
        findings.extend(note.model_copy(update={"file": row.name}) for note in row.findings)
    findings.extend(lookups.all_findings(documents))
    return {
        "batch": name,
        "state": str(batch.state),
        "files": files.model_dump(by_alias=True),
        "pages": pages.model_copy(update={"ocr_passes": passes}).model_dump(by_alias=True),
        "documents": [_document(row) for row in documents],
        "replaced": [
            {
                "id": row.document.id,
                "file": row.file,
                "pages": list(row.document.pages),
                "replaced_by": list(row.replaced_by),
            }
            for row in replaced
        ],
        "findings": findings,
    }


def _passes(connection: Connection, batch: str) -> int:
    query = select(func.count()).select_from(t.page_pass).where(t.page_pass.c.batch == batch)
    return connection.execute(query).scalar_one()


def _document(row: lookups.DocumentRow) -> dict[str, Any]:
    return {
        "id": row.document.id,
        "sha256": row.document.sha256,
        "file": row.file,
        "pages": list(row.document.pages),
        "role": str(row.document.role),
        "dossier": row.document.dossier,
        "kind": row.document.kind,
        "code": row.code_shown,
        "route": str(row.document.route),
        "verdict": str(row.verdict),
        "original": keys.original(row.document.sha256),
        "pdfa": row.pdfa_key,
    }
