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


def receive(database: Database, sha256: str, size: int, kind: str) -> OriginalRow:
    """Enter an original on its first arrival; later arrivals keep the first moment."""
    with database.write() as connection:
        row = connection.execute(select(t.original).where(t.original.c.sha256 == sha256)).first()
        if row is None:
            received = now()
            connection.execute(
                insert(t.original).values(sha256=sha256, size=size, format=kind, received_at=received)
            )
            return OriginalRow(sha256, size, kind, received, None)
    return _original(row)


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
    """Remember an original's pages."""
    dumped = pages.model_dump(mode="json", exclude_defaults=True)
    with database.write() as connection:
        connection.execute(update(t.original).where(t.original.c.sha256 == sha256).values(page_list=dumped))
