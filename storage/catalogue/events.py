"""Events in the catalogue: written with what they tell of, in one transaction; exported to the store later.

The object `events/<batch>/<run>.jsonl` is the lasting copy. It is rewritten whole from here, so a run that
was killed before its export is exported by the next one.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from schemas.events import Event
from storage.catalogue import schema as t
from storage.catalogue.database import Database


def now() -> str:
    """The present moment as the catalogue writes it: ISO 8601, UTC, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def new_event_id() -> str:
    """A fresh event id."""
    return uuid.uuid4().hex


def record_events(connection: Connection, run: str, events: Sequence[Event]) -> None:
    """Write events inside the caller's transaction; they are exported to the store when the run ends."""
    if not events:
        return
    highest = connection.execute(select(func.max(t.event.c.sequence)).where(t.event.c.run == run)).scalar()
    first = 0 if highest is None else highest + 1
    rows = [
        {
            "id": event.id,
            "sequence": first + offset,
            "type": event.type,
            "at": event.at,
            "subject": event.subject,
            "batch": event.batch,
            "run": run,
            "data": event.model_dump(mode="json"),
            "exported": False,
        }
        for offset, event in enumerate(events)
    ]
    connection.execute(insert(t.event), rows)


def record(database: Database, run: str, events: Sequence[Event]) -> None:
    """Write events that stand for themselves (a batch started, ended …)."""
    with database.write() as connection:
        record_events(connection, run, events)


def events_to_export(database: Database, batch: str) -> list[tuple[str, dict[str, Any]]]:
    """Events of a batch that no object holds yet, with their runs, in order."""
    query = (
        select(t.event.c.run, t.event.c.data)
        .where(t.event.c.batch == batch, t.event.c.exported.is_(False))
        .order_by(t.event.c.at, t.event.c.run, t.event.c.sequence)
    )
    with database.read() as connection:
        return [(row.run, row.data) for row in connection.execute(query)]


def events_of_run(database: Database, batch: str, run: str) -> list[Event]:
    """Every event of one run of a batch, exported or not, in order."""
    query = (
        select(t.event.c.data)
        .where(t.event.c.batch == batch, t.event.c.run == run)
        .order_by(t.event.c.sequence)
    )
    with database.read() as connection:
        return [Event.model_validate(row) for row in connection.execute(query).scalars()]


def mark_exported(database: Database, ids: Sequence[str]) -> None:
    """The store holds these events now."""
    with database.write() as connection:
        for start in range(0, len(ids), 500):
            chunk = list(ids[start : start + 500])
            connection.execute(update(t.event).where(t.event.c.id.in_(chunk)).values(exported=True))


def events_of(database: Database, subjects: Sequence[str]) -> list[Event]:
    """Every event about these subjects (document ids, SHA-256s, batch names), in order."""
    query = select(t.event.c.data).where(t.event.c.subject.in_(list(subjects)))
    with database.read() as connection:
        rows = connection.execute(query.order_by(t.event.c.at, t.event.c.run, t.event.c.sequence)).scalars()
        return [Event.model_validate(row) for row in rows]
