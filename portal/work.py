"""What the page asks of the pipeline, by the functions that the command line uses: start, pause, move, try again."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from flows.nights import wishes
from flows.nights.asked import check_cron, is_serving, moment_of, priority_of
from pipeline.inbox import open_inbox
from portal import one_run
from portal.house import House
from portal.visits import Visit
from schemas.batches import BatchState, ScheduleState
from schemas.errors import UsageError
from schemas.events import EventType
from schemas.masking import mask
from storage.catalogue import batches, schedules
from storage.catalogue.batches import BatchRow
from storage.catalogue.schedules import Schedule
from storage.objects.keys import batch_key
from workspace.claiming import held_by

_AT_WORK: Final = frozenset({BatchState.RUNNING, BatchState.CLOSING})
_WAITS: Final = frozenset({ScheduleState.DUE, ScheduleState.RUNNING, ScheduleState.WINDOW})


class Work(NamedTuple):
    """Where a batch's work stands, and what may be asked of it.

    Attributes:
        schedule: its schedule, if it has one.
        held: a run is at work on it now.
        lost: its schedule says that it runs, and nothing does: it was cut off.
        serving: `sohoa serve` works here, which runs what is planned.
        note: why it failed, identifiers hidden.
        acts: what may be asked of it now.
    """

    schedule: Schedule | None
    held: bool
    lost: bool
    serving: bool
    note: str
    acts: tuple[str, ...]

    @property
    def moves(self) -> bool:
        """True if what the page shows will change by itself."""
        return self.held or (self.schedule is not None and self.schedule.state in _WAITS and not self.lost)


def is_mine(visit: Visit, name: str) -> bool:
    """True if the person sees all of a batch, whatever papers are in it."""
    scope = visit.scope
    return scope.units is None and (scope.batches is None or name in scope.batches)


def planned(house: House, known: set[str]) -> list[BatchRow]:
    """Batches that are on the schedule and were never run."""
    return [
        BatchRow(row.batch, row.path, BatchState.PLANNED, 0, 0, (), None)
        for row in schedules.every(house.database)
        if row.batch not in known
    ]


def work_of(house: House, batch: BatchRow) -> Work:
    """Where a batch's work stands."""
    row = schedules.find(house.database, batch.name)
    held = held_by(house.database, house.settings.home, batch.name)
    serving = is_serving(house.settings.home)
    lost = row is not None and row.state is ScheduleState.RUNNING and not held and not serving
    note = mask(row.note) if row else ""
    return Work(row, held, lost, serving, note, _acts(house, batch, row, held=held))


def _acts(house: House, batch: BatchRow, row: Schedule | None, *, held: bool) -> tuple[str, ...]:
    runs = held and batch.state in _AT_WORK
    acts = []
    if not runs or (row is not None and row.wish is not None):
        acts.append("start")
    if row is not None and row.wish is None and row.state in {*_WAITS, ScheduleState.PLANNED}:
        acts.append("pause")
    if row is not None and row.state not in {ScheduleState.CANCELLED, ScheduleState.DONE}:
        acts.append("cancel")
    if not held and batch.state not in {BatchState.PLANNED}:
        files, _ = batches.counts(house.database, batch.name)
        if files.set_aside or any(
            each.status == "partial" for each in batches.failed(house.database, batch.name)
        ):
            acts.append("retry")
    return tuple(acts)


def start(house: House, batch: BatchRow, by: str) -> None:
    """Have a batch run as soon as it is its turn: by `sohoa serve` where one works, else in a process of its own."""
    home, name = house.settings.home, batch.name
    if schedules.find(house.database, name) is None:
        folder = open_inbox(Path(batch.path)).root
        schedules.put(house.database, name, str(folder), by, state=ScheduleState.DUE)
    else:
        row = wishes.resume(house.database, name)
        if row.state is ScheduleState.RUNNING and not held_by(house.database, home, name):  # it was cut off
            schedules.change(house.database, name, state=ScheduleState.DUE)
    if not is_serving(home) and not held_by(house.database, home, name):
        log = one_run.log_of(home, batch_key(name))
        one_run.start(house.settings, name, log=log, by=by, temporary=house.workspace.run.tmp.parent)


def ask(visit: Visit, batch: BatchRow, act: str) -> None:
    """Do what a person asks, and record it.

    Raises:
        UsageError: it cannot be asked of this batch.
        BatchHeld: files are to be tried again while a run is at work.
    """
    house, by, name = visit.house, visit.person.name, batch.name
    if act == "start":
        start(house, batch, by)
    elif act == "pause":
        wishes.pause(house.database, name)
    elif act == "cancel":
        wishes.cancel(house.database, name, by)
    elif act == "retry":
        with house.workspace_of(visit.person).hold_one(name):
            batches.requeue(house.database, name, None)
        start(house, batch, by)
    elif act == "priority":
        schedules.scheduled(house.database, name)
        schedules.change(house.database, name, priority=priority_of(visit.form.get("priority", "")))
    else:
        _plan(visit, batch)
    house.record(EventType.SCHEDULE, name, act, by=by)


def _plan(visit: Visit, batch: BatchRow) -> None:
    """Run it once at a moment, or again and again."""
    at, cron = visit.form.get("at", "").strip(), visit.form.get("cron", "").strip()
    if bool(at) == bool(cron):
        raise UsageError("one of the two", remedy="schedule_web_when")
    moment = moment_of(at).isoformat(timespec="seconds") if at else None
    if cron:
        check_cron(cron)
    database, row = visit.house.database, schedules.find(visit.house.database, batch.name)
    folder = open_inbox(Path(batch.path)).root
    schedules.put(
        database,
        batch.name,
        str(folder),
        visit.person.name,
        at=moment,
        cron=cron or None,
        priority=row.priority if row else 2,
        seen=row.seen if row else None,
    )
