"""Papers refused for a mark of secrecy and released by a named person: one immutable event per release."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import select, update

from schemas.batches import FileStatus
from schemas.events import Event, EventType
from schemas.findings import Finding
from storage.catalogue import chains
from storage.catalogue import schema as t
from storage.catalogue.batches import load
from storage.catalogue.database import Database
from storage.catalogue.events import chain_of, now, record_events


class Refused(NamedTuple):
    """A set-aside file: its batch, name, digest and the reasons."""

    batch: str
    name: str
    sha256: str
    findings: tuple[Finding, ...]


def refused(database: Database, prefix: str) -> list[Refused]:
    """Set-aside files whose SHA-256 begins with a prefix."""
    column = t.batch_file.c
    query = (
        select(column.batch, column.name, column.sha256, column.findings)
        .where(column.sha256.startswith(prefix.lower(), autoescape=True))
        .where(column.status == FileStatus.SET_ASIDE)
        .order_by(column.batch, column.position)
    )
    with database.read() as connection:
        return [
            Refused(row.batch, row.name, row.sha256, load(row.findings)) for row in connection.execute(query)
        ]


def release(database: Database, run: str, sha256: str, event: Callable[[str], Event]) -> list[str]:
    """Release a paper: record the event in every batch that holds it, and queue its files again.

    Returns:
        Names of the batches.
    """
    column = t.batch_file.c
    held = (column.sha256 == sha256) & (column.status == FileStatus.SET_ASIDE)
    with database.write() as connection:
        batches = sorted(set(connection.execute(select(column.batch).where(held)).scalars()))
        record_events(connection, run, [event(batch) for batch in batches])
        connection.execute(
            update(t.batch_file).where(held).values(done_with=None, attempts=0, updated_at=now())
        )
        for batch in batches:
            chains.note(connection, chain_of(batch), t.batch_file, held, column.batch == batch)
    return batches


def is_released(database: Database, sha256: str) -> bool:
    """True if a person released these bytes."""
    query = select(t.event.c.id).where(t.event.c.subject == sha256, t.event.c.type == EventType.RELEASED)
    with database.read() as connection:
        return connection.execute(query.limit(1)).first() is not None
