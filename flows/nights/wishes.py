"""Requested state of a scheduled batch (pause, resume, cancel); checked between files."""

from __future__ import annotations

from schemas.batches import BatchState, ScheduleState, Wish
from schemas.events import EventType
from schemas.version import TOOL
from storage.catalogue import batches, closings, schedules
from storage.catalogue.database import Database
from storage.catalogue.provenance import new_event
from storage.catalogue.schedules import Schedule


def pause(database: Database, batch: str) -> Schedule:
    """Pause a batch until it is resumed."""
    return _ask(database, batch, Wish.PAUSE, ScheduleState.PAUSED)


def cancel(database: Database, batch: str, operator: str) -> Schedule:
    """Cancel a batch. Finished files are kept; the next run rewrites its report."""
    row = _ask(database, batch, Wish.CANCEL, ScheduleState.CANCELLED)
    if row.state is ScheduleState.CANCELLED and batches.exists(database, batch):
        ended = new_event(
            EventType.BATCH_ENDED,
            batch[:255],
            str(BatchState.CANCELLED),
            batch=batch,
            agent=operator,
            tool=TOOL,
        )
        closings.cancel(database, batch, ended)
    return row


def resume(database: Database, batch: str) -> Schedule:
    """Queue a batch to run as soon as possible, even if it failed, was cancelled or is done."""
    row = schedules.scheduled(database, batch)
    if row.state is ScheduleState.RUNNING:
        schedules.change(database, batch, wish=None)
    else:
        schedules.change(database, batch, state=ScheduleState.DUE, wish=None, note="")
    return schedules.scheduled(database, batch)


def _ask(database: Database, batch: str, wish: Wish, state: ScheduleState) -> Schedule:
    row = schedules.scheduled(database, batch)
    if row.state is ScheduleState.RUNNING:
        schedules.change(database, batch, wish=wish)
    else:
        schedules.change(database, batch, state=state, wish=None)
    return schedules.scheduled(database, batch)
