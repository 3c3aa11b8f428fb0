"""Chunks of the runs that several machines work on. Bookkeeping of work in flight: no facts, and a rebuild has none."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Row, delete, insert, select, update

from schemas.machines import ChunkState, ChunkWork
from storage.catalogue import claims
from storage.catalogue import schema as t
from storage.catalogue.claims import Holder
from storage.catalogue.database import Database, Fence

_AT_ONCE: Final = 16


class ChunkRow(NamedTuple):
    """One chunk. `worker` is the machine that took it last, `note` what it said of it."""

    run: str
    number: int
    batch: str
    state: ChunkState
    work: ChunkWork
    attempts: int
    worker: str | None
    note: str | None


def enter(database: Database, run: str, batch: str, chunks: Sequence[ChunkWork]) -> None:
    """Enter a run's chunks, numbered from 1; those that earlier runs of the batch left are forgotten.

    Whoever still works on one of those can commit nothing more.
    """
    column = t.work_chunk.c
    with database.read() as connection:
        query = select(column.run, column.number).where(column.batch == batch, column.run != run)
        old = [claims.chunk_claim(*row) for row in connection.execute(query)]
    if old:
        claims.revoke(database, old)
    rows = [
        {
            "run": run,
            "number": number,
            "batch": batch,
            "state": ChunkState.WAITING,
            "work": work.model_dump(mode="json", exclude_defaults=True),
            "attempts": 0,
        }
        for number, work in enumerate(chunks, start=1)
    ]
    with database.write(of=batch) as connection:
        connection.execute(delete(t.work_chunk).where(column.batch == batch, column.run != run))
        connection.execute(insert(t.work_chunk), rows)


def states(database: Database, run: str) -> dict[int, ChunkState]:
    """States of a run's chunks by number."""
    column = t.work_chunk.c
    query = select(column.number, column.state).where(column.run == run).order_by(column.number)
    with database.read() as connection:
        return {row.number: ChunkState(row.state) for row in connection.execute(query)}


def state_of(database: Database, run: str, number: int) -> ChunkState | None:
    """The state of one chunk; None if it is no more."""
    column = t.work_chunk.c
    query = select(column.state).where(column.run == run, column.number == number)
    with database.read() as connection:
        state = connection.execute(query).scalar()
    return None if state is None else ChunkState(state)


def take_next(
    database: Database, run: str, holder: Holder, seconds: float, passed: Collection[int] = ()
) -> tuple[ChunkRow, Fence] | None:
    """Claim a run's next chunk that may be begun, other than those `passed`; None if there is none."""
    for chunk in _waiting(database, run):
        if chunk.number in passed or not _ready(database, chunk):
            continue
        taken = claims.take(database, claims.chunk_claim(run, chunk.number), holder, seconds)
        if isinstance(taken, Holder):
            continue
        if begun := _begin(database, chunk, holder):
            return begun, taken
        claims.give_up(database, taken)
    return None


def _waiting(database: Database, run: str) -> Iterator[ChunkRow]:
    """Chunks that wait, by number; a few are read at a time, since most takers get one of the first."""
    column, last = t.work_chunk.c, 0
    while True:
        query = select(t.work_chunk).where(
            column.run == run, column.state == ChunkState.WAITING, column.number > last
        )
        with database.read() as connection:
            some = [_chunk(row) for row in connection.execute(query.order_by(column.number).limit(_AT_ONCE))]
        yield from some
        if len(some) < _AT_ONCE:
            return
        last = some[-1].number


def _ready(database: Database, chunk: ChunkRow) -> bool:
    """True if the chunks that come before are done."""
    if not chunk.work.after:
        return True
    known = states(database, chunk.run)
    return all(known[number] is ChunkState.DONE for number in chunk.work.after)


def _begin(database: Database, chunk: ChunkRow, holder: Holder) -> ChunkRow | None:
    attempts = chunk.attempts + 1
    values = {"state": ChunkState.RUNNING, "attempts": attempts, "worker": holder.host, "note": None}
    where = (t.work_chunk.c.run == chunk.run, t.work_chunk.c.number == chunk.number)
    with database.write(of=f"{chunk.run} {chunk.number}") as connection:
        query = update(t.work_chunk).where(*where, t.work_chunk.c.state == ChunkState.WAITING)
        if connection.execute(query.values(**values)).rowcount == 0:
            return None  # another has done it meanwhile, or the run was stopped
    return chunk._replace(state=ChunkState.RUNNING, attempts=attempts, worker=holder.host)


def end(database: Database, run: str, number: int, state: ChunkState, note: str | None = None) -> None:
    """A chunk that was running is in another state now."""
    where = (t.work_chunk.c.run == run, t.work_chunk.c.number == number)
    with database.write(of=f"{run} {number}") as connection:
        query = update(t.work_chunk).where(*where, t.work_chunk.c.state == ChunkState.RUNNING)
        connection.execute(query.values(state=state, note=note))


def remark(database: Database, run: str, note: str) -> None:
    """Say something of the chunks that wait: why this machine does not take them."""
    column = t.work_chunk.c
    with database.write(of=run) as connection:
        waiting = update(t.work_chunk).where(column.run == run, column.state == ChunkState.WAITING)
        connection.execute(waiting.values(note=note[:300]))


def remarks(database: Database, run: str) -> set[str]:
    """What workers said of a run's chunks."""
    column = t.work_chunk.c
    with database.read() as connection:
        query = select(column.note).where(column.run == run, column.note.is_not(None)).distinct()
        return set(connection.execute(query).scalars())


def stop(database: Database, run: str) -> None:
    """No chunk of a run is begun any more; those that are running end with the file in hand."""
    column = t.work_chunk.c
    open_states = [ChunkState.WAITING, ChunkState.RUNNING]
    with database.write(of=run) as connection:
        query = update(t.work_chunk).where(column.run == run, column.state.in_(open_states))
        connection.execute(query.values(state=ChunkState.STOPPED))


def end_all(database: Database, run: str) -> None:
    """The run is over: whoever still works on a chunk of it can commit nothing more. Its chunks stay, to be looked at."""
    stop(database, run)
    with database.write(of=run) as connection:
        connection.execute(delete(t.claim).where(t.claim.c.name.startswith(claims.chunk_claim(run, 0)[:-1])))


def put_back_dead(database: Database, run: str, most_attempts: int) -> list[int]:
    """Put chunks back whose worker died: they are running and nobody's claim of them runs. Returns their numbers.

    A chunk that has been given out too often is `left`.
    """
    column = t.work_chunk.c
    with database.read() as connection:
        held = claims.live_on(connection)
        query = select(column.number, column.attempts).where(
            column.run == run, column.state == ChunkState.RUNNING
        )
        dead = [row for row in connection.execute(query) if claims.chunk_claim(run, row.number) not in held]
    for row in dead:
        claims.revoke(database, [claims.chunk_claim(run, row.number)])
        state = ChunkState.WAITING if row.attempts < most_attempts else ChunkState.LEFT
        end(database, run, row.number, state)
    return [row.number for row in dead]


def _chunk(row: Row[tuple[object, ...]]) -> ChunkRow:
    return ChunkRow(
        row.run,
        row.number,
        row.batch,
        ChunkState(row.state),
        ChunkWork.model_validate(row.work),
        row.attempts,
        row.worker,
        row.note,
    )
