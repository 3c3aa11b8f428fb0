"""Facts about papers that are events alone: legal holds and decisions on retention. The last event of a paper stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from sqlalchemy import select

from schemas.clock import VIETNAM
from schemas.events import Event, EventType
from storage.catalogue import schema as t
from storage.catalogue.database import Database
from storage.objects import keys


def last_of(database: Database, kind: EventType, until: date | None = None) -> dict[str, Event]:
    """The last event of a kind about each paper, by the end of a day in Việt Nam; such events belong to no batch."""
    query = select(t.event.c.data).where(t.event.c.batch.is_(None), t.event.c.type == kind)
    if until is not None:
        end = datetime.combine(until, time.max, VIETNAM).astimezone(UTC)
        query = query.where(t.event.c.at <= end.isoformat(timespec="milliseconds"))
    with database.read() as connection:
        rows = connection.execute(query.order_by(t.event.c.at, t.event.c.run, t.event.c.sequence)).scalars()
        return {event.subject: event for event in map(Event.model_validate, rows)}


def last_of_papers(database: Database, kind: EventType, papers: Sequence[str]) -> dict[str, Event]:
    """The last event of a kind about each of some papers."""
    column = t.event.c
    query = select(column.data).where(column.subject.in_(papers), column.type == kind, column.batch.is_(None))
    with database.read() as connection:
        rows = connection.execute(query.order_by(column.at, column.run, column.sequence)).scalars()
        return {event.subject: event for event in map(Event.model_validate, rows)}


def objects_of(database: Database, document_id: str) -> tuple[str, ...]:
    """Every object that is kept of a paper: its original, those of replaced pages, PDF/A and sidecars of all versions."""
    column = t.document_version.c
    versions = select(column.pdfa_key, column.sidecar_key).where(column.document_id == document_id)
    own = (
        select(t.original.c.sha256, t.original.c.edits)
        .join(t.document, t.document.c.sha256 == t.original.c.sha256)
        .where(t.document.c.id == document_id)
    )
    found: dict[str, None] = {}
    with database.read() as connection:
        for row in connection.execute(own):
            replaced = [edit.partition(":")[0] for edit in (row.edits or {}).values()]
            found |= {keys.original(sha256): None for sha256 in (row.sha256, *replaced) if sha256}
        for row in connection.execute(versions.order_by(column.version)):
            found |= {key: None for key in (row.pdfa_key, row.sidecar_key) if key}
    return tuple(found)
