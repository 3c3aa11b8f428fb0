"""Progress data: runs and their pages, free disk by day, the last fixity check. For the board and the alerts."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, exists, func, insert, select

from schemas.board import Fixity, MachineRead, RunFacts
from schemas.clock import VIETNAM
from schemas.documents import Route
from schemas.events import EventType
from storage.catalogue import schema as t
from storage.catalogue.database import Database
from storage.catalogue.fixity import INTACT, SUPERSEDED


class DiskSample(NamedTuple):
    """Free and total bytes of a machine's disk on a day."""

    day: date
    free: int
    total: int


class Coded(NamedTuple):
    """Results of a unit that got their first code on a day, and their pages; the unit as it was called at their issue."""

    day: date
    level: str
    unit: str | None
    results: int
    pages: int


def coded_by_day(database: Database, since: date) -> list[Coded]:
    """Results by the day of their first code and by unit, from a day on; voided codes count as work done."""
    code, version = t.code.c, t.document_version.c
    first = (
        select(
            code.document_id,
            func.min(code.issued_at).label("at"),
            func.min(code.result_type).label("result_type"),
        )
        .group_by(code.document_id)
        .subquery()
    )
    # Moments are kept in UTC; whole hours are enough to tell the day in Vietnam.
    hour = func.substr(first.c.at, 1, 13)
    query = (
        select(
            hour,
            version.level,
            version.unit,
            func.count(),
            func.sum(func.json_array_length(t.document.c.pages)),
        )
        .select_from(first)
        .join(t.document, t.document.c.id == first.c.document_id)
        .join(
            t.document_version,
            (version.document_id == t.document.c.id) & (version.version == t.document.c.version),
        )
        .where(
            version.level.is_not(None),
            first.c.result_type.like("KQ.%"),
            first.c.at >= (since - timedelta(days=1)).isoformat(),
        )
        .group_by(hour, version.level, version.unit)
    )
    with database.read() as connection:
        rows = connection.execute(query).all()
    return [
        Coded(
            datetime.fromisoformat(f"{at}:00:00+00:00").astimezone(VIETNAM).date(),
            level,
            unit,
            results,
            int(pages or 0),
        )
        for at, level, unit, results, pages in rows
    ]


def latest_runs(database: Database) -> dict[str, RunFacts]:
    """The latest run of every batch, with the pages whose reading it started."""
    runs, passes = t.run.c, t.page_pass.c
    counted = (
        select(passes.run, func.count().label("pages"), func.max(passes.at).label("last"))
        .group_by(passes.run)
        .subquery()
    )
    query = (
        select(t.run, func.coalesce(counted.c.pages, 0).label("pages"), counted.c.last)
        .outerjoin(counted, counted.c.run == runs.id)
        .order_by(runs.started_at, runs.id)
    )
    with database.read() as connection:
        return {
            row.batch: RunFacts(
                row.id, row.state, row.host, row.started_at, row.ended_at, row.pages, row.last
            )
            for row in connection.execute(query)
        }


def last_moment(database: Database) -> str | None:
    """Time of the last write about a batch, a file or an event."""
    columns = (
        t.batch.c.updated_at,
        t.batch_file.c.updated_at,
        t.event.c.at,
        t.page_pass.c.at,
        t.run.c.ended_at,
    )
    with database.read() as connection:
        found = [connection.execute(select(func.max(column))).scalar() for column in columns]
    return max((at for at in found if at), default=None)


def machine_read(database: Database) -> MachineRead:
    """Papers accepted without a decision of a person, of all papers (links to another paper left out)."""
    own = t.document.c.linked_to.is_(None) & t.document.c.replaced_by.is_(None)
    latest = (
        t.document_version.c.document_id == t.document.c.id,
        t.document_version.c.version == t.document.c.version,
    )
    touched = exists().where(t.decision.c.document_id == t.document.c.id)
    accepted = select(func.count()).select_from(t.document).join(t.document_version, latest[0] & latest[1])
    with database.read() as connection:
        papers = connection.execute(select(func.count()).select_from(t.document).where(own)).scalar_one()
        alone = connection.execute(
            accepted.where(own, t.document_version.c.route == Route.ACCEPTED, ~touched)
        ).scalar_one()
    return MachineRead(accepted_untouched=alone, papers=papers)


def last_fixity(database: Database) -> Fixity | None:
    """The last fixity check on record, or None."""
    query = (
        select(t.event.c.at, t.event.c.data)
        .where(t.event.c.type == EventType.FIXITY_CHECK)
        .order_by(t.event.c.at.desc(), t.event.c.id)
    )
    with database.read() as connection:
        row = connection.execute(query).first()
        bad = select(func.count()).where(t.fixity.c.state.not_in((INTACT, SUPERSEDED)))
        damaged = connection.execute(bad).scalar_one()
    if row is None:
        return None
    objects = row.data.get("detail", {}).get("objects", 0)
    return Fixity(at=row.at, outcome=row.data["outcome"], objects=objects, damaged=damaged)


def note_disk(database: Database, host: str, sample: DiskSample) -> None:
    """Store a day's sample of a machine, replacing an earlier one of the same day."""
    key = {"host": host, "day": sample.day.isoformat()}
    with database.write() as connection:
        connection.execute(delete(t.disk_sample).filter_by(**key))
        connection.execute(insert(t.disk_sample).values(**key, free=sample.free, total=sample.total))


def disk_samples(database: Database, host: str) -> list[DiskSample]:
    """Samples of a machine, oldest first."""
    query = select(t.disk_sample).where(t.disk_sample.c.host == host).order_by(t.disk_sample.c.day)
    with database.read() as connection:
        return [
            DiskSample(date.fromisoformat(row.day), row.free, row.total) for row in connection.execute(query)
        ]
