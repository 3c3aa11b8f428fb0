"""Schedules: when a batch runs, its priority, requests by people. Authoritative; Prefect's deployments follow it."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import delete, insert, select, update

from schemas.batches import ScheduleState, Wish
from schemas.errors import UsageError
from storage.catalogue import schema as t
from storage.catalogue.database import Database
from storage.catalogue.events import now


class Schedule(NamedTuple):
    """One scheduled batch.

    Attributes:
        batch: its name; one schedule a batch.
        path: its folder.
        at: once, at this moment (ISO 8601 with offset); None where `cron` says when.
        cron: again and again, five fields, in Việt Nam's time.
        priority: 1 runs before 2 before 3.
        state: where it stands.
        wish: what a person asked of the batch while it ran.
        expected_end: when the run is expected to end (ISO 8601); None while unknown.
        note: in words for people, why it failed or waits.
        seen: fingerprint of a watched folder when it was last taken; None for others.
        operator: who scheduled it.
        updated_at: when the row last changed.
    """

    batch: str
    path: str
    at: str | None
    cron: str | None
    priority: int
    state: ScheduleState
    wish: Wish | None
    expected_end: str | None
    note: str
    seen: str | None
    operator: str
    updated_at: str


def put(
    database: Database,
    batch: str,
    path: str,
    operator: str,
    *,
    at: str | None = None,
    cron: str | None = None,
    priority: int = 2,
    state: ScheduleState = ScheduleState.PLANNED,
    seen: str | None = None,
) -> None:
    """Schedule a batch, in place of an older schedule of it."""
    values: dict[str, Any] = {
        "path": path,
        "at": at,
        "cron": cron,
        "priority": priority,
        "state": state,
        "wish": None,
        "expected_end": None,
        "note": "",
        "seen": seen,
        "operator": operator,
        "updated_at": now(),
    }
    with database.write() as connection:
        known = connection.execute(select(t.schedule.c.state).where(t.schedule.c.batch == batch)).first()
        if known is None:
            connection.execute(insert(t.schedule).values(batch=batch, created_at=now(), **values))
            return
        if known.state == ScheduleState.RUNNING:
            values["state"] = ScheduleState.RUNNING
        connection.execute(update(t.schedule).where(t.schedule.c.batch == batch).values(values))


def every(database: Database) -> list[Schedule]:
    """All schedules, the most urgent first."""
    columns = [t.schedule.c[name] for name in Schedule._fields]
    query = select(*columns).order_by(t.schedule.c.priority, t.schedule.c.at, t.schedule.c.batch)
    with database.read() as connection:
        rows = connection.execute(query).all()
    return [
        Schedule(*row)._replace(state=ScheduleState(row.state), wish=Wish(row.wish) if row.wish else None)
        for row in rows
    ]


def find(database: Database, batch: str) -> Schedule | None:
    """One batch's schedule, or None."""
    return next((schedule for schedule in every(database) if schedule.batch == batch), None)


def scheduled(database: Database, batch: str) -> Schedule:
    """One batch's schedule.

    Raises:
        UsageError: it is not scheduled.
    """
    row = find(database, batch)
    if row is None:
        raise UsageError(f"{batch} is not scheduled", remedy="not_scheduled", batch=batch)
    return row


def change(database: Database, batch: str, **values: Any) -> bool:
    """Change a schedule's columns. Returns True if there is one."""
    with database.write() as connection:
        where = t.schedule.c.batch == batch
        done = connection.execute(update(t.schedule).where(where).values(**values, updated_at=now()))
        return bool(done.rowcount)


def remove(database: Database, batch: str) -> None:
    """Take a batch off the schedule; its work and records stay.

    Raises:
        UsageError: it is not scheduled.
    """
    with database.write() as connection:
        done = connection.execute(delete(t.schedule).where(t.schedule.c.batch == batch))
        if not done.rowcount:
            raise UsageError(f"{batch} is not scheduled", remedy="not_scheduled", batch=batch)
