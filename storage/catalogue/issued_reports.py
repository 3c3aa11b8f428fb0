"""Reports of batches as they were issued: each an event of the batch's chain; the files lie in the store."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from schemas.events import EventType
from schemas.reports import IssuedReport
from storage.catalogue import schema as t
from storage.catalogue.database import Database


def all_of(database: Database) -> list[IssuedReport]:
    """Every report of every batch, the oldest first."""
    return _issued(database)


def of_batch(database: Database, batch: str) -> list[IssuedReport]:
    """Every report of a batch, the oldest first."""
    return _issued(database, t.event.c.batch == batch)


def of_file(database: Database, sha256: str) -> IssuedReport | None:
    """The report that has a file of this digest."""
    return next((report for report in _issued(database) if report.sha256 == sha256), None)


def of_fingerprint(database: Database, fingerprint: str) -> IssuedReport | None:
    """The last report that was issued with a fingerprint."""
    found = [report for report in _issued(database) if report.fingerprint == fingerprint]
    return found[-1] if found else None


def _issued(database: Database, *where: ColumnElement[bool]) -> list[IssuedReport]:
    event = t.event.c
    query = select(event.at, event.data).where(event.type == EventType.REPORT, *where)
    query = query.order_by(event.at, event.id)
    with database.read() as connection:
        rows = connection.execute(query).all()
    return [
        IssuedReport(batch=row.data["batch"], at=row.at, by=row.data["agent"], **row.data["detail"])
        for row in rows
    ]
