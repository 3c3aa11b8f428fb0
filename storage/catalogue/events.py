"""Events in the catalogue: written with what they describe, in one transaction, and entered in the chain of their batch.

The lasting copy is the chain's objects in the store (`storage.outbox`); an event is `exported` once they hold it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from schemas.events import Event
from storage.catalogue import chains
from storage.catalogue import schema as t
from storage.catalogue.chunks import in_chunks
from storage.catalogue.database import Database
from storage.objects.keys import batch_key


def now() -> str:
    """The current time as the catalogue stores it: ISO 8601, UTC, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def new_event_id() -> str:
    """A fresh event id."""
    return uuid.uuid4().hex


def record_events(connection: Connection, run: str, events: Sequence[Event]) -> None:
    """Write events inside the caller's transaction; their chain is sealed with it."""
    if not events:
        return
    highest = connection.execute(select(func.max(t.event.c.sequence)).where(t.event.c.run == run)).scalar()
    first = 0 if highest is None else highest + 1
    rows: list[dict[str, Any]] = [
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
    for row in rows:
        entry = {"event": row["data"], "run": run, "sequence": row["sequence"]}
        chains.add(connection, chain_of(row["batch"]), entry, urgent=True)


def chain_of(batch: str | None) -> str:
    """The chain of a batch; entries without a batch go into the house chain."""
    return batch_key(batch) if batch else chains.HOUSE


def anchor(database: Database, batch: str) -> None:
    """Enter the head of a closed batch's chain in the house chain, unless it is there already.

    With the house chain, truncation of a batch's chain can be detected.
    """
    with database.write() as connection:
        chain = chain_of(batch)
        chains.seal_rest(connection)
        head = chains.heads(connection).get(chain)
        if head is not None:
            entry = {"anchor": {"chain": chain, "batch": batch, "seq": head[0], "sha256": head[1]}}
            chains.add(connection, chains.HOUSE, entry, urgent=True)


def record(database: Database, run: str, events: Sequence[Event]) -> None:
    """Write standalone events (a batch started, ended …)."""
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


def recorded(connection: Connection, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Events as the catalogue holds them, by id; events whose columns contradict their data are left out."""
    found: dict[str, dict[str, Any]] = {}
    for chunk in in_chunks(ids):
        query = select(t.event).where(t.event.c.id.in_(chunk))
        for row in connection.execute(query):
            columns = {"id": row.id, "type": row.type, "at": row.at, "subject": row.subject}
            if all(row.data.get(name) == value for name, value in columns.items()):
                found[row.id] = row.data
    return found


def events_of(database: Database, subjects: Sequence[str]) -> list[Event]:
    """Every event about these subjects (document ids, SHA-256s, batch names), in order."""
    query = select(t.event.c.data).where(t.event.c.subject.in_(list(subjects)))
    with database.read() as connection:
        rows = connection.execute(query.order_by(t.event.c.at, t.event.c.run, t.event.c.sequence)).scalars()
        return [Event.model_validate(row) for row in rows]
