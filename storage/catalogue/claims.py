"""Claims: who holds a batch or a chunk of its work, until when, under which fencing token.

A claim is a row. Taking it anew raises its token, and a transaction that was fenced by an older token is refused
(`Database.fence`): a holder that slept past its lease cannot write over its successor. All times are of the database's
clock, so that machines may disagree about theirs. Only a catalogue that machines can share (PostgreSQL) has claims; an
SQLite file is held by file locks, which end with their holder.
"""

from __future__ import annotations

import os
import socket
from typing import NamedTuple

from sqlalchemy import BigInteger, Connection, cast, func, insert, select, update

from storage.catalogue import schema as t
from storage.catalogue.database import Database, Fence


class Holder(NamedTuple):
    """Who asks for a claim, or has it. `home` identifies a home on its machine; of one home only one process asks.

    `since` is in milliseconds since the epoch.
    """

    run: str
    home: str
    who: str
    host: str
    pid: int
    since: int = 0


def batch_claim(batch: str) -> str:
    """The name of a batch's claim."""
    return f"batch:{batch}"


def chunk_claim(run: str, number: int) -> str:
    """The name of the claim of one chunk of a run."""
    return f"chunk:{run}:{number}"


def holder_here(run: str, home: str, who: str) -> Holder:
    """A holder in this process."""
    return Holder(run, home, who[:200], socket.gethostname()[:255], os.getpid())


def take(database: Database, name: str, holder: Holder, seconds: float) -> Fence | Holder:
    """Take a claim for so long. Returns its fence, or the one who holds it.

    A claim of the same home is taken over at once: its former holder has died, or it would hold the file lock that the
    caller took before.
    """
    column = t.claim.c
    with database.write(of=name) as connection:
        now = _now(connection)
        values = {**holder._asdict(), "since": now, "until": now + round(seconds * 1000)}
        row = connection.execute(select(t.claim).where(column.name == name).with_for_update()).first()
        if row is None:
            connection.execute(insert(t.claim).values(name=name, token=1, **values))
            return Fence(name, 1)
        if row.until > now and row.home != holder.home:
            return _holder(row)
        token = row.token + 1
        connection.execute(update(t.claim).where(column.name == name).values(token=token, **values))
        return Fence(name, token)


def renew(database: Database, fence: Fence, seconds: float) -> bool:
    """Hold a claim for so long from now, also one that has run out but that nobody took. False if somebody did."""
    column = t.claim.c
    with database.write(of=fence.name) as connection:
        until = _now(connection) + round(seconds * 1000)
        own = (column.name == fence.name) & (column.token == fence.token)
        return connection.execute(update(t.claim).where(own).values(until=until)).rowcount == 1


def give_up(database: Database, fence: Fence) -> None:
    """End a claim; its row keeps the token, so that the next one is higher."""
    column = t.claim.c
    with database.write(of=fence.name) as connection:
        own = (column.name == fence.name) & (column.token == fence.token)
        connection.execute(update(t.claim).where(own).values(until=0))


def revoke(database: Database, names: list[str]) -> None:
    """Refuse all further commits of whoever holds these."""
    column = t.claim.c
    with database.write(of="claims") as connection:
        chosen = update(t.claim).where(column.name.in_(names))
        connection.execute(chosen.values(token=column.token + 1, until=0))


def live_on(connection: Connection) -> dict[str, Holder]:
    """Claims that run, by name; on a connection whose snapshot other queries share."""
    if connection.dialect.name != "postgresql":
        return {}
    rows = connection.execute(select(t.claim).where(t.claim.c.until > _now(connection)))
    return {row.name: _holder(row) for row in rows}


def holds(database: Database, name: str) -> Holder | None:
    """Who holds a claim now; None if nobody does."""
    with database.read() as connection:
        return live_on(connection).get(name)


def _holder(row: object) -> Holder:
    return Holder(*(getattr(row, name) for name in Holder._fields))


def _now(connection: Connection) -> int:
    clock = cast(func.extract("epoch", func.clock_timestamp()) * 1000, BigInteger)
    return int(connection.execute(select(clock)).scalar_one())
