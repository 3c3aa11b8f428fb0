"""Runs one scheduled batch until it or the night ends, and writes the outcome into its schedule."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from flows.batch import Silent
from flows.digitizing import digitize_batch
from schemas.batches import BatchState, ScheduleState, Wish
from schemas.clock import VIETNAM
from schemas.errors import BatchHeld
from schemas.night_window import Window, parse_window
from storage.catalogue import batches, schedules
from storage.catalogue.database import Database
from workspace.locks import wait_for

Clock = Callable[[], datetime]
_ENOUGH_FILES = 5
_QUERY_SECONDS = 1.0  # seconds between catalogue queries
_log = structlog.get_logger(__name__)


def now_in_vietnam() -> datetime:
    """Current time in Việt Nam."""
    return datetime.now(VIETNAM)


def expected_end(started: datetime, now: datetime, done: int, left: int, *, enough: int) -> datetime | None:
    """Estimated end of the work at the pace so far; None until `enough` files are done."""
    if done < enough:
        return None
    return now + (now - started) / done * left


class Watch:
    """Decides before every file if the run goes on; warns early if the night will be too short."""

    def __init__(
        self, database: Database, batch: str, window: Window | None, clock: Clock = now_in_vietnam
    ) -> None:
        self._database, self._batch, self._window, self._clock = database, batch, window, clock
        self._started = clock()
        self._asked = -_QUERY_SECONDS
        self._answer: BatchState | None = None
        self._begun: int | None = None
        self._lock = threading.Lock()  # several files are worked on at once
        self.warned = False

    def __call__(self) -> BatchState | None:
        """`paused` or `cancelled` if the run must end before the next file, else None."""
        if self._window and not self._window.open_at(self._clock()):
            return BatchState.PAUSED
        with self._lock:
            if time.monotonic() - self._asked >= _QUERY_SECONDS:
                self._answer = self._requested_state()
                self._asked = time.monotonic()
            return self._answer

    def _requested_state(self) -> BatchState | None:
        row = schedules.find(self._database, self._batch)
        if row is not None and row.wish is not None:
            return BatchState.PAUSED if row.wish is Wish.PAUSE else BatchState.CANCELLED
        self._warn_if_too_short(row)
        return None

    def _warn_if_too_short(self, row: schedules.Schedule | None) -> None:
        counted = batches.counts(self._database, self._batch)[0]
        left = counted.not_started
        done = counted.in_ - left
        if self._begun is None:
            self._begun = done
        now = self._clock()
        end = expected_end(self._started, now, done - self._begun, left, enough=_ENOUGH_FILES)
        if end is None or row is None:
            return
        schedules.change(self._database, self._batch, expected_end=end.isoformat(timespec="seconds"))
        if self._window and end > self._window.closes_after(now) and not self.warned:
            self.warned = True
            _log.warning(
                "night_too_short",
                batch=self._batch,
                expected_end=end.isoformat(timespec="minutes"),
                left=left,
            )


def run_scheduled(settings: Any, batch: str, *, clock: Clock = now_in_vietnam) -> ScheduleState | None:
    """Run a batch by its schedule.

    Returns:
        The schedule's new state; None if the batch is no longer scheduled.

    Raises:
        Exception: the batch could not be run; its schedule says why.
    """
    window = parse_window(settings.night) if settings.night else None
    database = Database(settings.catalogue_url)
    try:
        with wait_for(settings.home, "turn"):  # two batches at once would compete for the cores
            row = schedules.find(database, batch)
            if row is None:
                return None
            if row.state in {ScheduleState.PAUSED, ScheduleState.CANCELLED}:
                return row.state
            if window and not window.open_at(clock()):
                return _ended(database, row, ScheduleState.WINDOW)
            schedules.change(
                database, batch, state=ScheduleState.RUNNING, wish=None, note="", expected_end=None
            )
            watch = Watch(database, batch, window, clock)
            try:
                _, shown = digitize_batch(settings, Path(row.path), Silent(), halt=watch)
            except BatchHeld:
                # It is being run by hand; it is resumed once that run ends.
                _ended(database, row, ScheduleState.DUE)
                raise
            except Exception as error:
                # Left as running it would be started again for ever, and nobody would be told.
                _ended(database, row, ScheduleState.FAILED, note=f"{type(error).__name__}: {error}")
                raise
            return _ended(database, row, _state_after(database, row, BatchState(shown["state"])))
    finally:
        database.close()


def _state_after(database: Database, row: schedules.Schedule, state: BatchState) -> ScheduleState:
    if state is BatchState.CANCELLED:
        return ScheduleState.CANCELLED
    if state is BatchState.PAUSED:
        fresh = schedules.find(database, row.batch)
        return ScheduleState.PAUSED if fresh and fresh.wish is Wish.PAUSE else ScheduleState.WINDOW
    return ScheduleState.PLANNED if row.cron else ScheduleState.DONE


def _ended(
    database: Database, row: schedules.Schedule, state: ScheduleState, *, note: str = ""
) -> ScheduleState:
    schedules.change(database, row.batch, state=state, wish=None, note=note)
    return state
