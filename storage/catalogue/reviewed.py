"""Papers that a person decided about, as the machine first read them: what calibration compares; and what was put back."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import and_, func, select

from schemas.documents import Document
from schemas.events import EventType
from schemas.review import Decision, in_force
from storage.catalogue import decisions
from storage.catalogue import schema as t
from storage.catalogue.chunks import in_chunks
from storage.catalogue.database import Database

# Outcome of the event of a value that was taken out of a carpet.
ODD: Final = "odd"


class Reviewed(NamedTuple):
    """A paper's first version, and the decisions in force about it by target."""

    document: Document
    decided: dict[str, Decision]


class PutBack(NamedTuple):
    """A value that a person took out of a carpet because its picture says something else: the paper is asked alone."""

    document_id: str
    target: str
    shown: str


def put_back(database: Database) -> set[PutBack]:
    """Every value that was taken out of a carpet, by the digest of what was shown."""
    query = select(t.event.c.subject, t.event.c.data).where(t.event.c.type == EventType.SKIPPED)
    with database.read() as connection:
        return {
            PutBack(row.subject, str(row.data["detail"].get("target")), str(row.data["detail"].get("shown")))
            for row in connection.execute(query)
            if row.data["outcome"] == ODD
        }


def reviewed(database: Database) -> list[Reviewed]:
    """Every paper with a decision, in the order of ids; papers that others replaced are included."""
    with database.read() as connection:
        ids = sorted(connection.execute(select(t.decision.c.document_id).distinct()).scalars())
    by_document = decisions.of_documents(database, ids)
    column = t.document_version.c
    first = (
        select(column.document_id, func.min(column.version).label("version"))
        .group_by(column.document_id)
        .subquery()
    )
    same = and_(column.document_id == first.c.document_id, column.version == first.c.version)
    found = []
    with database.read() as connection:
        for chunk in in_chunks(ids):
            query = select(column.data).join(first, same).where(column.document_id.in_(chunk))
            found += [Document.model_validate(data) for data in connection.execute(query).scalars()]
    return [
        Reviewed(document, in_force(by_document[document.id]))
        for document in sorted(found, key=lambda paper: paper.id)
    ]
