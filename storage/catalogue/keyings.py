"""Papers with a value that two people key apart: those that were keyed twice, and those that wait for it."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import or_, select

from schemas.documents import Document, Route
from schemas.review import CONFIRMED, Decision, keyed_second
from storage.catalogue import decisions
from storage.catalogue import schema as t
from storage.catalogue.chunks import in_chunks
from storage.catalogue.database import Database


class KeyedPaper(NamedTuple):
    """A paper as it is now, its batch and file, and every decision about it."""

    document: Document
    batch: str
    file: str
    history: tuple[Decision, ...]


def keyed_papers(database: Database, batch: str | None = None) -> list[KeyedPaper]:
    """Papers, of one batch or of all, with a part of a code keyed blind, or answered and not accepted yet.

    The others cannot wait for a second keying, and are not read. In the order of batches and files.
    """
    version, document, decision = t.document_version, t.document, t.decision
    current = (version.c.document_id == document.c.id) & (version.c.version == document.c.version)
    answered = (
        select(document.c.id)
        .join(version, current)
        .join(decision, decision.c.document_id == document.c.id)
        .where(
            document.c.replaced_by.is_(None),
            or_(
                decision.c.target.in_([keyed_second(field) for field in CONFIRMED]),
                decision.c.target.in_(CONFIRMED) & (version.c.route != Route.ACCEPTED),
            ),
        )
        .distinct()
    )
    if batch is not None:
        answered = answered.where(document.c.batch == batch)
    with database.read() as connection:
        ids = sorted(connection.execute(answered).scalars())
        shown = select(version.c.data, document.c.id, document.c.batch, document.c.file).join(
            document, current
        )
        rows = [
            row
            for chunk in in_chunks(ids)
            for row in connection.execute(shown.where(document.c.id.in_(chunk)))
        ]
    held = decisions.of_documents(database, ids)
    found = [
        KeyedPaper(Document.model_validate(row.data), row.batch, row.file, tuple(held[row.id]))
        for row in rows
    ]
    return sorted(found, key=lambda each: (each.batch, each.file, each.document.pages))
