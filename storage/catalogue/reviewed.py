"""Papers that a person decided about, as the machine first read them: what calibration compares."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import and_, func, select

from schemas.documents import Document
from schemas.review import Decision, in_force
from storage.catalogue import decisions
from storage.catalogue import schema as t
from storage.catalogue.chunks import in_chunks
from storage.catalogue.database import Database


class Reviewed(NamedTuple):
    """A paper's first version, and the decisions in force about it by target."""

    document: Document
    decided: dict[str, Decision]


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
