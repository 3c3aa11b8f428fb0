"""Leases of papers in review: who has a paper in hand, until when. No facts; a rebuild has none."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import delete, insert, select, update

from storage.catalogue import schema as t
from storage.catalogue.chunks import in_chunks
from storage.catalogue.database import Database


class Lease(NamedTuple):
    """Who has a paper in hand, and the millisecond at which that ends."""

    owner: str
    until: int


def take(database: Database, document_id: str, owner: str, at: int, lasting: int) -> Lease:
    """Take or renew the lease of a paper; returns that of another person where there is one, and takes nothing then."""
    column = t.review_lease.c
    with database.write() as connection:
        row = connection.execute(select(t.review_lease).where(column.document_id == document_id)).first()
        if row is not None and row.owner != owner and row.until > at:
            return Lease(row.owner, row.until)
        if row is None:
            values = {"document_id": document_id, "owner": owner, "until": at + lasting}
            connection.execute(insert(t.review_lease).values(**values))
        else:
            change = update(t.review_lease).where(column.document_id == document_id)
            connection.execute(change.values(owner=owner, until=at + lasting))
    return Lease(owner, at + lasting)


def take_free(database: Database, ids: Collection[str], owner: str, at: int, lasting: int) -> frozenset[str]:
    """Take or renew the leases of papers that no other person has in hand; returns those that are the person's now."""
    column = t.review_lease.c
    with database.write() as connection:
        own = set(ids)
        for chunk in in_chunks(sorted(own)):
            others = select(column.document_id).where(
                column.document_id.in_(chunk), column.owner != owner, column.until > at
            )
            own -= set(connection.execute(others).scalars())
        for chunk in in_chunks(sorted(own)):
            connection.execute(delete(t.review_lease).where(column.document_id.in_(chunk)))
            rows = [{"document_id": each, "owner": owner, "until": at + lasting} for each in chunk]
            connection.execute(insert(t.review_lease), rows)
    return frozenset(own)


def give_up_all(database: Database, ids: Collection[str], owner: str, until: int | None = None) -> None:
    """End a person's leases of these papers; those of others stay, and those that were renewed beyond `until`."""
    column = t.review_lease.c
    with database.write() as connection:
        for chunk in in_chunks(sorted(ids)):
            own = column.document_id.in_(chunk) & (column.owner == owner)
            if until is not None:
                own &= column.until <= until
            connection.execute(delete(t.review_lease).where(own))


def give_up(database: Database, document_id: str, owner: str, until: int | None = None) -> None:
    """End a person's lease of a paper; that of another stays.

    Args:
        database: the catalogue.
        document_id: the paper.
        owner: the person.
        until: end of the lease as a page that was closed knew it; one that was renewed since, by the page that was
            opened in its place, stays.
    """
    column = t.review_lease.c
    own = (column.document_id == document_id) & (column.owner == owner)
    if until is not None:
        own &= column.until <= until
    with database.write() as connection:
        connection.execute(delete(t.review_lease).where(own))


def held(database: Database, at: int) -> dict[str, Lease]:
    """Leases that run, by document."""
    query = select(t.review_lease).where(t.review_lease.c.until > at)
    with database.read() as connection:
        return {row.document_id: Lease(row.owner, row.until) for row in connection.execute(query)}
