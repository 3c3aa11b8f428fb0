"""Originals as they were received, and their pages once listed."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, insert, select, update

from schemas.reading import PageList
from storage.catalogue import schema as t
from storage.catalogue.database import Database
from storage.catalogue.events import now


class OriginalRow(NamedTuple):
    """An original: when it was first received, and its pages once listed."""

    sha256: str
    size: int
    format: str
    received_at: str
    page_list: PageList | None


def receive(
    database: Database,
    sha256: str,
    size: int,
    kind: str,
    *,
    at: str | None = None,
    pages: PageList | None = None,
) -> OriginalRow:
    """Enter an original on its first arrival, with its pages where they are listed; later arrivals keep the first moment.

    `at` is the moment of a first arrival, now unless given; `pages` are kept if none were known.
    """
    known = find(database, sha256)
    if known is not None and (pages is None or known.page_list is not None):
        return known
    with database.write(of=sha256) as connection:
        known = row_of(connection, sha256)
        if known is None:
            known = OriginalRow(sha256, size, kind, at or now(), None)
            values = known._asdict() | {"page_list": None}
            connection.execute(insert(t.original).values(values))
        if pages is not None and known.page_list is None:
            known = known._replace(page_list=pages)
            _put_pages(connection, sha256, pages)
    return known


def find(database: Database, sha256: str) -> OriginalRow | None:
    """An original as it was received, or None."""
    with database.read() as connection:
        return row_of(connection, sha256)


def row_of(connection: Connection, sha256: str) -> OriginalRow | None:
    """The same, on a connection whose snapshot other queries share."""
    row = connection.execute(select(t.original).where(t.original.c.sha256 == sha256)).first()
    return None if row is None else _original(row)


def _original(row: Row[Any]) -> OriginalRow:
    listed = PageList.model_validate(row.page_list) if row.page_list else None
    return OriginalRow(row.sha256, row.size, row.format, row.received_at, listed)


def keep_page_list(database: Database, sha256: str, pages: PageList) -> None:
    """Remember an original's pages, in place of those that were known."""
    with database.write(of=sha256) as connection:
        _put_pages(connection, sha256, pages)


def _put_pages(connection: Connection, sha256: str, pages: PageList) -> None:
    dumped = pages.model_dump(mode="json", exclude_defaults=True)
    connection.execute(update(t.original).where(t.original.c.sha256 == sha256).values(page_list=dumped))
