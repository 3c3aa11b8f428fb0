"""Data of the IT department's board: figures with their day and basis, nothing about single papers.

A number that is not known is None, never 0; the basis of a figure is given with it.
"""

from __future__ import annotations

from datetime import date
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from schemas.batches import BatchState
from schemas.documents import Level
from schemas.quotas import Basis, QuotaReport, QuotaRow, RateBounds

Era = Literal["before", "after", "both"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class Point(_Record):
    """A rate on a day, with the counts it was made of; `rate` is None if its denominator is zero."""

    day: date
    rate: RateBounds | None
    digitised: int
    inventory: int | None
    basis: Basis | None


class CatchUp(_Record):
    """The work left until a target, spread over the remaining days: `per_month` papers until `until`."""

    start: date
    until: date
    rate: float
    target: float
    missing: int
    per_month: float


class Pace(_Record):
    """Results digitised a week: mean of whole weeks since a day; slowest and fastest twentieth of four in a row."""

    weeks: int
    since: date
    per_week: float
    low: float
    high: float


class Forecast(_Record):
    """What is left of a stock, and what it takes. Days and paces are None where nothing tells them.

    Attributes:
        pace: what was done; None before eight whole weeks.
        left: results in force that are not digitised.
        all_by_early, all_by_late: the day on which none is left at the fast and at the slow pace; None: no end in sight.
        target, due: the share due, and its day.
        left_target: results that the target still asks for.
        required_per_week: what reaches it by that day.
        pages_per_result: mean pages of a result digitised in the last year.
        required_pages_per_day: pages that this asks for on each of five working days a week.
        keeps_up: whether the pace reaches the target: yes even when slow, no even when fast, or perhaps.
    """

    pace: Pace | None
    left: int
    all_by_early: date | None
    all_by_late: date | None
    target: float | None
    due: date
    left_target: int | None
    required_per_week: float | None
    pages_per_result: float | None
    required_pages_per_day: float | None
    keeps_up: Literal["yes", "perhaps", "no"] | None


class UnitLine(_Record):
    """One unit's row today, with what its own pace leads to.

    `era`: whether the unit stood before the district level ended, after, or both; None unknown.
    """

    row: QuotaRow
    era: Era | None
    forecast: Forecast | None = None


class LevelPanel(_Record):
    """One level: its row today, its line over the years, the line that was required, what would catch up.

    `required` holds (31 December of a year, target); `before_end` and `since_end` are papers digitised up to the last
    day of the district level and since.
    """

    level: Level
    row: QuotaRow
    points: tuple[Point, ...]
    required: tuple[tuple[date, float], ...]
    catch_up: CatchUp | None
    forecast: Forecast | None
    units: tuple[UnitLine, ...]
    before_end: int
    since_end: int


class QueueLine(_Record):
    """One batch of the queue. Hours are None while no speed was measured; `files_left` counts files not started.

    `planned`: when a batch that was never opened is to run (ISO 8601, or a cron line); its files are not known yet.
    `closing_failed_at`: when the run ended that left the batch `closing`; None otherwise.
    """

    batch: str
    state: BatchState
    files: int
    files_left: int
    files_aside: int
    pages_done: int
    pages_per_hour: float | None
    pages_timed: int
    minutes_timed: float
    hours_left: float | None
    since: str | None
    last_sign: str | None
    planned: str | None = None
    closing_failed_at: str | None = None


class Disk(_Record):
    """Free bytes of the home's disk; `days_left` from the fall of free bytes between two samples, None while unknown."""

    day: date
    free: int
    total: int
    kept_free: int
    since: date | None
    per_day: int | None
    days_left: float | None


class MachineRead(_Record):
    """Papers accepted without a person's decision, of all papers."""

    accepted_untouched: int
    papers: int


class Fixity(_Record):
    """The last fixity check on record; `damaged` counts objects that are not intact now."""

    at: str
    outcome: str
    objects: int = 0
    damaged: int = 0


class Board(_Record):
    """The whole board. `as_of` is the day of the figures, `known_to` the last moment on record."""

    as_of: date
    known_to: str | None
    district_end: date | None
    quota: QuotaReport
    panels: tuple[LevelPanel, ...]
    queue: tuple[QueueLine, ...]
    finished: int
    disk: Disk | None
    machine_read: MachineRead
    fixity: Fixity | None


class RunFacts(NamedTuple):
    """The latest run of a batch: pages read in it, and the last sign of life (ISO 8601)."""

    id: str
    state: str
    host: str
    started_at: str
    ended_at: str | None
    pages: int
    last_page: str | None
