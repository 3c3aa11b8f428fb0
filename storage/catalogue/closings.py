"""Closing a batch in the catalogue: `closing` with its end state noted, then the end state itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import exists, or_, select, update

from schemas.batches import BatchState
from schemas.events import Event
from schemas.findings import Finding
from storage.catalogue import schema as t
from storage.catalogue.batches import dump, note_batch
from storage.catalogue.database import Database
from storage.catalogue.events import now, record_events
from storage.catalogue.runs import note_run


def begin_closing(
    database: Database,
    batch: str,
    ending: BatchState,
    *,
    run: str,
    findings: Sequence[Finding] | None = None,
    events: Sequence[Event] = (),
) -> None:
    """Record that a batch is being closed and which state the closing leads to, with its events."""
    values: dict[str, Any] = {"state": BatchState.CLOSING, "ending": ending, "updated_at": now()}
    if findings is not None:
        values["findings"] = dump(findings)
    with database.write() as connection:
        record_events(connection, run, events)
        connection.execute(update(t.batch).where(t.batch.c.name == batch).values(values))
        note_batch(connection, batch)


def cancel(database: Database, batch: str, event: Event, *, run: str = "manual") -> None:
    """Record that an idle batch was abandoned, with its event; the next run writes its outputs."""
    values = {"state": BatchState.CANCELLED, "ending": None, "updated_at": now()}
    with database.write() as connection:
        record_events(connection, run, [event])
        connection.execute(update(t.batch).where(t.batch.c.name == batch).values(values))
        note_batch(connection, batch)


def end_closing(database: Database, batch: str, run: str) -> BatchState:
    """Give a closed batch its end state and end the run that closed it, together. Returns the state."""
    at = now()
    with database.write() as connection:
        row = connection.execute(select(t.batch.c.ending).where(t.batch.c.name == batch)).one()
        state = BatchState(row.ending or BatchState.FAILED)
        connection.execute(
            update(t.batch).where(t.batch.c.name == batch).values(state=state, ending=None, updated_at=at)
        )
        # A later closing by the same process, such as a review's, leaves the run's end as it was.
        mine = (t.run.c.id == run, t.run.c.batch == batch, t.run.c.ended_at.is_(None))
        connection.execute(update(t.run).where(*mine).values(state=str(state), ended_at=at))
        note_run(connection, run)
        note_batch(connection, batch)
    return state


def unclosed(database: Database) -> list[str]:
    """Batches whose closing did not end, or whose events are not all stored, while no run of theirs goes on."""
    waiting = exists().where(t.event.c.batch == t.batch.c.name, t.event.c.exported.is_(False))
    at_rest = t.batch.c.state.not_in([BatchState.PLANNED, BatchState.RUNNING])
    query = select(t.batch.c.name).where(or_(t.batch.c.state == BatchState.CLOSING, at_rest & waiting))
    with database.read() as connection:
        return list(connection.execute(query.order_by(t.batch.c.name)).scalars())
