"""Clerks' registers and their matches with the scans of a batch: append-only, each with its event."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, insert, select

from schemas.events import Event
from schemas.registers import Matched, Register
from storage.catalogue import chains
from storage.catalogue import schema as t
from storage.catalogue.database import Database
from storage.catalogue.events import chain_of, now, record_events


def current(database: Database, batch: str) -> Register | None:
    """The register in force for a batch; None if none was imported."""
    known = versions(database, batch)
    return known[-1] if known else None


def versions(database: Database, batch: str) -> list[Register]:
    """Every version of a batch's register, oldest first."""
    query = select(t.register).where(t.register.c.batch == batch).order_by(t.register.c.version)
    with database.read() as connection:
        return [Register.model_validate(dict(row)) for row in connection.execute(query).mappings()]


def digests(database: Database, batch: str) -> set[str]:
    """SHA-256 of every file that was imported as a register of a batch."""
    query = select(t.register.c.sha256).where(t.register.c.batch == batch)
    with database.read() as connection:
        return set(connection.execute(query).scalars())


def add(database: Database, register: Register, run: str, event: Event) -> None:
    """Enter a new version, with its event, in one transaction."""
    with database.write() as connection:
        connection.execute(insert(t.register).values(**register.model_dump(mode="json"), event=event.id))
        record_events(connection, run, [event])
        column = t.register.c
        version = (column.batch == register.batch, column.version == register.version)
        chains.note(connection, chain_of(register.batch), t.register, *version)


def matched(database: Database, batch: str) -> Matched | None:
    """The last outcome of matching; None before the first."""
    with database.read() as connection:
        row = _last(connection, batch)
    return None if row is None else Matched.model_validate(row.data)


def add_match(
    database: Database, batch: str, outcome: Matched, operator: str, run: str, event: Event
) -> None:
    """Enter an outcome of matching, with its event, in one transaction."""
    with database.write() as connection:
        highest = select(func.max(t.register_match.c.sequence)).where(t.register_match.c.batch == batch)
        sequence = (connection.execute(highest).scalar() or 0) + 1
        row = {"batch": batch, "sequence": sequence, "version": outcome.version, "operator": operator}
        made = {"at": now(), "data": outcome.model_dump(mode="json"), "event": event.id}
        connection.execute(insert(t.register_match).values(**row, **made))
        record_events(connection, run, [event])
        column = t.register_match.c
        chains.note(
            connection,
            chain_of(batch),
            t.register_match,
            column.batch == batch,
            column.sequence == sequence,
        )


def _last(connection: Connection, batch: str) -> Any:
    query = select(t.register_match.c.data).where(t.register_match.c.batch == batch)
    return connection.execute(query.order_by(t.register_match.c.sequence.desc()).limit(1)).first()
