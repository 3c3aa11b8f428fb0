"""Runs of batches: who started one where, and how it ended."""

from __future__ import annotations

import os
import socket
from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection, insert, select, update

from schemas.batches import BatchState
from schemas.digests import Digests
from storage.catalogue import chains, claims
from storage.catalogue import schema as t
from storage.catalogue.batches import note_batch
from storage.catalogue.database import Database
from storage.catalogue.events import chain_of, now


def note_run(connection: Connection, run_id: str) -> None:
    """Enter a run's row as it stands now in the chain of its batch."""
    batch = connection.execute(select(t.run.c.batch).where(t.run.c.id == run_id)).scalar()
    if batch is not None:
        chains.note(connection, chain_of(batch), t.run, t.run.c.id == run_id)


def start_run(database: Database, run_id: str, batch: str, operator: str, digests: Digests) -> None:
    """Enter a run."""
    with database.write() as connection:
        connection.execute(
            insert(t.run).values(
                id=run_id,
                batch=batch,
                state="running",
                operator=operator,
                digests=digests.model_dump(),
                host=socket.gethostname()[:255],
                pid=os.getpid(),
                started_at=now(),
            )
        )
        note_run(connection, run_id)


class OpenRun(NamedTuple):
    """A run that has not ended: its batch, the person responsible, and its rules."""

    batch: str
    operator: str
    digests: Digests


def open_run(database: Database, run_id: str) -> OpenRun | None:
    """A run, while it is open."""
    query = select(t.run).where(t.run.c.id == run_id, t.run.c.ended_at.is_(None))
    with database.read() as connection:
        row = connection.execute(query).first()
    return None if row is None else OpenRun(row.batch, row.operator, Digests.model_validate(row.digests))


def abandon_run(database: Database, run_id: str) -> None:
    """End a run that did not come to the end of its closing; does nothing to one that did.

    A batch that was running is `failed` then; one that was being closed stays so.
    """
    with database.write() as connection:
        query = select(t.run).where(t.run.c.id == run_id, t.run.c.ended_at.is_(None))
        row = connection.execute(query).first()
        if row is not None:
            _abandon(connection, row.id, row.batch, str(BatchState.FAILED))


def _abandon(connection: Connection, run_id: str, batch: str, state: str) -> None:
    connection.execute(update(t.run).where(t.run.c.id == run_id).values(state=state, ended_at=now()))
    note_run(connection, run_id)
    running = (t.batch.c.name == batch, t.batch.c.state == BatchState.RUNNING)
    connection.execute(update(t.batch).where(*running).values(state=BatchState.FAILED, updated_at=now()))
    note_batch(connection, batch)


def last_run(database: Database, batch: str) -> tuple[str, str | None, str] | None:
    """Start, end (None while running) and operator of a batch's latest run; None if never run."""
    query = select(t.run.c.started_at, t.run.c.ended_at, t.run.c.operator).where(t.run.c.batch == batch)
    with database.read() as connection:
        row = connection.execute(query.order_by(t.run.c.started_at.desc(), t.run.c.id)).first()
    return None if row is None else (row.started_at, row.ended_at, row.operator)


def operators(database: Database, names: Collection[str]) -> set[str]:
    """Everybody who ran one of these batches."""
    query = select(t.run.c.operator).where(t.run.c.batch.in_(list(names))).distinct()
    with database.read() as connection:
        return {name for name in connection.execute(query).scalars() if name}


def close_dead_runs(database: Database, live: Collection[str]) -> list[str]:
    """End runs that were killed. Returns the batches they left.

    A batch that was running is `failed` then; one that was being closed stays so, and the next run closes it.
    `live` are the ids of the runs of this machine that still hold their lock. Where machines share the catalogue, a run
    of any of them is dead once its claim of the batch has run out or has passed to another.
    """
    unfinished = [t.run.c.state == "running"]
    if not database.shared:
        unfinished.append(t.run.c.host == socket.gethostname()[:255])
    query = select(t.run.c.id, t.run.c.batch).where(*unfinished)
    with database.read() as connection:
        open_runs = connection.execute(query).all()
    if all(row.id in live for row in open_runs):
        return []
    with database.write() as connection:
        rows = connection.execute(query).all()
        holding = {holder.run for holder in claims.live_on(connection).values()}
        dead = [row for row in rows if row.id not in live and row.id not in holding]
        for row in dead:
            _abandon(connection, row.id, row.batch, "killed")
    return sorted({row.batch for row in dead})
