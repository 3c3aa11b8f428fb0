"""What was looked up through the API: a row each in the catalogue, append-only, and one event an hour and system.

An event and an object of the chain for each look-up would make thousands of tiny objects a day. So a row is committed
before its answer is given, its copy waits in the outbox, and the event that ends the hour seals the copies of that hour;
any other event of the house chain seals them sooner.
"""

from __future__ import annotations

from collections import Counter
from typing import Final, Literal, NamedTuple

from sqlalchemy import Connection, func, insert, select

from schemas.events import EventType
from schemas.version import TOOL
from storage.catalogue import chains
from storage.catalogue import schema as t
from storage.catalogue.database import Database
from storage.catalogue.events import new_event_id, now, record_events
from storage.catalogue.provenance import new_event

SUBJECT: Final = "look-ups"
AskedBy = Literal["owner_id", "code", "number", "pdfa"]
_HOUR: Final = len("2026-03-01T08")


class LookupRecord(NamedTuple):
    """A look-up, or the fetching of a paper that one had answered.

    Attributes:
        asked_hash: keyed hash of what was asked for; of a fetched paper the id of the look-up.
        purpose: in the caller's words, identifiers in it masked.
        answered: ids of the papers in the answer.
    """

    id: str
    at: str
    key_id: str
    system: str
    asked_by: AskedBy
    asked_hash: str
    purpose: str
    dossier: str | None
    answered: tuple[str, ...]


def enter(database: Database, record: LookupRecord) -> LookupRecord:
    """Enter a look-up, as of this moment."""
    with database.write() as connection:
        made = record._replace(at=now())
        connection.execute(insert(t.lookup).values(**{**made._asdict(), "answered": [*made.answered]}))
        chains.note(connection, chains.HOUSE, t.lookup, t.lookup.c.id == made.id)
    return made


def end_hours(database: Database, *, all_of_them: bool = False) -> bool:
    """Write the events of hours that are over, or of all that was looked up. True if there was one."""
    with database.write() as connection:
        return _end_hours(connection, "9999" if all_of_them else now()[:_HOUR])


def find(database: Database, lookup_id: str) -> LookupRecord | None:
    """One record."""
    query = select(t.lookup).where(t.lookup.c.id == lookup_id)
    with database.read() as connection:
        row = connection.execute(query).mappings().first()
    return _record(dict(row)) if row is not None else None


def all_of(database: Database) -> list[LookupRecord]:
    """Every record, the oldest first."""
    query = select(t.lookup).order_by(t.lookup.c.at, t.lookup.c.id)
    with database.read() as connection:
        return [_record(dict(row)) for row in connection.execute(query).mappings()]


def _record(row: dict[str, object]) -> LookupRecord:
    answered = row["answered"]
    assert isinstance(answered, list)
    return LookupRecord(**{**row, "answered": tuple(answered)})  # type: ignore[arg-type]


def _end_hours(connection: Connection, before: str) -> bool:
    """Events of the look-ups since the last one, of hours before the given one."""
    told = select(func.max(t.event.c.at)).where(
        t.event.c.subject == SUBJECT, t.event.c.type == EventType.LOOKUP
    )
    since = connection.execute(told).scalar() or ""
    # An event bears the moment of the last look-up that it counts.
    rows = connection.execute(
        select(t.lookup.c.at, t.lookup.c.key_id, t.lookup.c.system, t.lookup.c.asked_by)
        .where(t.lookup.c.at > since, t.lookup.c.at < before)
        .order_by(t.lookup.c.at)
    ).all()
    if not rows:
        return False
    last = rows[-1].at
    counts = Counter((row.at[:_HOUR], row.key_id, row.system, row.asked_by == "pdfa") for row in rows)
    events = []
    for hour, key_id, system in dict.fromkeys((row.at[:_HOUR], row.key_id, row.system) for row in rows):
        detail = {
            "hour": f"{hour}Z",
            "key": key_id,
            "lookups": counts[hour, key_id, system, False],
            "fetched": counts[hour, key_id, system, True],
        }
        events.append(
            new_event(
                EventType.LOOKUP,
                SUBJECT,
                "recorded",
                batch=None,
                agent=system,
                tool=TOOL,
                at=last,
                detail=detail,
            )
        )
    record_events(connection, new_event_id(), events)
    return True
