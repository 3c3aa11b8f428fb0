"""Papers that a person may see, counted: by batch and route, of some units and batches or of all."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import func, select

from schemas.documents import Route
from storage.catalogue import schema as t
from storage.catalogue.chunks import in_chunks
from storage.catalogue.codes import ISSUED
from storage.catalogue.database import Database


class Seen(NamedTuple):
    """Papers of one batch that take one route, and how many of them have a code."""

    batch: str
    route: Route
    papers: int
    coded: int


def unaccepted(database: Database, among: Collection[str] | None = None) -> dict[str, int]:
    """Version of every current paper that is not accepted, by id; of these alone, where they are given."""
    version, document = t.document_version, t.document
    current = (version.c.document_id == document.c.id) & (version.c.version == document.c.version)
    query = (
        select(document.c.id, document.c.version)
        .join(version, current)
        .where(document.c.replaced_by.is_(None), version.c.route != Route.ACCEPTED)
    )
    with database.read() as connection:
        if among is None:
            return {row.id: row.version for row in connection.execute(query)}
        return {
            row.id: row.version
            for chunk in in_chunks(sorted(among))
            for row in connection.execute(query.where(document.c.id.in_(chunk)))
        }


def kinds(database: Database, batch: str) -> list[str]:
    """Kinds of the papers of a batch, the most frequent first."""
    version, document = t.document_version, t.document
    current = (version.c.document_id == document.c.id) & (version.c.version == document.c.version)
    query = (
        select(version.c.kind)
        .join(document, current)
        .where(document.c.batch == batch, version.c.kind.is_not(None))
        .group_by(version.c.kind)
        .order_by(func.count().desc(), version.c.kind)
    )
    with database.read() as connection:
        return [str(row.kind) for row in connection.execute(query)]


def count(
    database: Database, units: Collection[str] | None = None, batches: Collection[str] | None = None
) -> list[Seen]:
    """Papers by batch and route; of these units and batches alone, where they are given."""
    version, document = t.document_version, t.document
    current = (version.c.document_id == document.c.id) & (version.c.version == document.c.version)
    issued = (t.code.c.document_id == document.c.id) & (t.code.c.state == ISSUED)
    query = (
        select(
            document.c.batch,
            version.c.route,
            func.count().label("papers"),
            func.count(t.code.c.id).label("coded"),
        )
        .join(version, current)
        .outerjoin(t.code, issued)
        .where(document.c.replaced_by.is_(None))
        .group_by(document.c.batch, version.c.route)
        .order_by(document.c.batch, version.c.route)
    )
    if units is not None:
        query = query.where(version.c.unit.in_(sorted(units)))
    if batches is not None:
        query = query.where(document.c.batch.in_(sorted(batches)))
    with database.read() as connection:
        return [Seen(row.batch, Route(row.route), row.papers, row.coded) for row in connection.execute(query)]
