"""Arithmetic of the board: lines over the years and batch speeds. Pure and deterministic.

May import schemas. Reads no clock: days and moments arrive as arguments.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from schemas.batches import BatchState, FileCounts
from schemas.board import CatchUp, Disk, Era, Point, QueueLine, RunFacts
from schemas.quotas import QuotaReport, QuotaRow
from schemas.rules import Target, Unit

FIRST_YEAR: Final = (
    2021  # the plan's first target (KH 5283/KH-UBND III.1); earlier days have no required line
)
_MONTH_DAYS: Final = 365.25 / 12
_LEAST_PAGES: Final = 5  # minimum for a speed estimate
_LEAST_MINUTES: Final = 1.0


def district_end(units: Sequence[Unit]) -> date | None:
    """Last day of the district level by the dated lists of units; None if it still exists."""
    ends = [unit.effective_to for unit in units if unit.level == "huyen"]
    return max((end for end in ends if end), default=None) if ends and None not in ends else None


def era_of(level: str, unit: str | None, units: Sequence[Unit], end: date | None) -> Era | None:
    """Period in which a unit of that name existed, relative to the end of the district level."""
    named = [entry for entry in units if entry.level == level and entry.name == unit]
    if end is None or not named:
        return "before" if level == "huyen" and end else None
    before = any(entry.effective_from is None or entry.effective_from <= end for entry in named)
    after = any(entry.effective_to is None or entry.effective_to > end for entry in named)
    return "both" if before and after else "before" if before else "after"


def era_of_row(row: QuotaRow, units: Sequence[Unit], end: date | None) -> Era | None:
    """The same for a row: by its unit's own days where the lists hold it, else by its name."""
    if row.unit_code is None or end is None:
        return era_of(row.level, row.unit, units, end)
    if row.ended_on is not None:
        return "before"
    return "after" if row.valid_from is not None and row.valid_from > end else "both"


def days_of(as_of: date, end: date | None) -> list[date]:
    """Days plotted on the line of a level: ends of years, the last day of the district level, and the day itself."""
    days = {date(year, 12, 31) for year in range(FIRST_YEAR, as_of.year)} | {as_of}
    if end is not None and end < as_of:
        days.add(end)
    return sorted(days)


def point(report: QuotaReport, level: str) -> Point | None:
    """A level's total in one report."""
    row = total(report, level)
    if row is None:
        return None
    return Point(
        day=report.as_of, rate=row.rate, digitised=row.digitised, inventory=row.inventory, basis=row.basis
    )


def total(report: QuotaReport, level: str) -> QuotaRow | None:
    """A level's own row."""
    return next(
        (
            row
            for row in report.rows
            if (row.level, row.unit, row.sector, row.result_type) == (level, None, None, None)
        ),
        None,
    )


def required_line(targets: Sequence[Target], level: str, reading: str, year: int) -> list[tuple[date, float]]:
    """Targets of a whole level by their days, up to the end of a year."""
    shares = {
        row.day: row.share
        for row in sorted(targets, key=lambda row: (row.decided, row.effective_from or date.min))
        if (row.level, row.unit, row.sector, row.result_type) == (level, None, None, None)
        and row.reading == reading
        and row.period <= year
    }
    return sorted(shares.items())


def catch_up(row: QuotaRow, as_of: date) -> CatchUp | None:
    """Remaining papers ÷ remaining months of the year; None if the target is reached or unknown."""
    if row.rate is None or row.inventory is None or row.target is None or row.rate.low >= row.target:
        return None
    until = date(as_of.year, 12, 31)
    missing = round((row.target - row.rate.low) * (row.denominator or row.inventory))
    months = max((until - as_of).days, 1) / _MONTH_DAYS
    return CatchUp(
        start=as_of,
        until=until,
        rate=row.rate.low,
        target=row.target,
        missing=missing,
        per_month=missing / months if months > 1 else float(missing),
    )


def queue_line(
    batch: str, state: BatchState, files: FileCounts, pages_done: int, run: RunFacts | None
) -> QueueLine:
    """Queue line of a batch; the speed is that of its latest run, from its start to the last page begun."""
    minutes = _minutes(run)
    timed = run.pages if run else 0
    speed = timed / minutes * 60 if timed >= _LEAST_PAGES and minutes >= _LEAST_MINUTES else None
    ended = files.read + files.set_aside
    left = None
    if speed and ended and pages_done:
        left = files.not_started * (pages_done / ended) / speed
    return QueueLine(
        batch=batch,
        state=state,
        files=files.in_,
        files_left=files.not_started,
        files_aside=files.set_aside,
        pages_done=pages_done,
        pages_per_hour=speed,
        pages_timed=timed,
        minutes_timed=minutes,
        hours_left=left,
        since=run.started_at if run else None,
        last_sign=(run.last_page or run.started_at) if run else None,
        closing_failed_at=run.ended_at if run and state is BatchState.CLOSING else None,
    )


def _minutes(run: RunFacts | None) -> float:
    if run is None or run.last_page is None:
        return 0.0
    took = datetime.fromisoformat(run.last_page) - datetime.fromisoformat(run.started_at)
    return max(took / timedelta(minutes=1), 0.0)


def disk(samples: Sequence[tuple[date, int, int]], kept_free: int, window_days: int) -> Disk | None:
    """Days until only `kept_free` bytes are left, at the mean fall of free bytes over the window.

    Args:
        samples: (day, free, total), oldest first.
        kept_free: bytes below which no batch is run.
        window_days: how far back samples are looked at.
    """
    if not samples:
        return None
    day, free, size = samples[-1]
    recent = [row for row in samples if (day - row[0]).days <= window_days]
    first = recent[0]
    days = (day - first[0]).days
    fall = round((first[1] - free) / days) if days else None
    left = max(free - kept_free, 0) / fall if fall and fall > 0 else None
    return Disk(
        day=day,
        free=free,
        total=size,
        kept_free=kept_free,
        since=first[0] if days else None,
        per_day=fall,
        days_left=left,
    )
