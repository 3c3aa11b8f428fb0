"""How fast results are digitised, and when all of them will be: an honest range out of what was done, or nothing. Pure.

May import schemas. The pace of a level is counted in whole weeks. The range is that of four weeks in a row: the slowest and
the fastest twentieth of them, so that a holiday or one good week is no promise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final, Literal

from schemas.board import Forecast, Pace
from schemas.quotas import QuotaRow

LEAST_WEEKS: Final = 8  # fewer say nothing
_MOST_WEEKS: Final = 52
_IN_A_ROW: Final = 4
_TWENTIETH: Final = 0.05
_WORKING_DAYS: Final = 5
_SUNDAY: Final = 6
_FARTHEST: Final = 100 * 366  # days; beyond any plan


def pace_of(coded: Mapping[date, int], as_of: date) -> Pace | None:
    """Results a week, over the last year at most; None before eight whole weeks have passed since the first one.

    Args:
        coded: results that got their first code, by day.
        as_of: the last day that counts.
    """
    monday = as_of - timedelta(days=as_of.weekday())
    if as_of.weekday() == _SUNDAY:
        monday += timedelta(days=7)
    began = min((day for day, count in coded.items() if count and day <= as_of), default=None)
    if began is None:
        return None
    weeks = min((monday - (began - timedelta(days=began.weekday()))).days // 7, _MOST_WEEKS)
    if weeks < LEAST_WEEKS:
        return None
    first = monday - timedelta(weeks=weeks)
    done = [0] * weeks
    for day, count in coded.items():
        if first <= day < monday:
            done[(day - first).days // 7] += count
    windows = sorted(sum(done[at : at + _IN_A_ROW]) / _IN_A_ROW for at in range(weeks - _IN_A_ROW + 1))
    return Pace(
        weeks=weeks,
        since=first,
        per_week=sum(done) / weeks,
        low=windows[math.floor(_TWENTIETH * (len(windows) - 1))],
        high=windows[math.ceil((1 - _TWENTIETH) * (len(windows) - 1))],
    )


def forecast(
    row: QuotaRow, pace: Pace | None, as_of: date, pages_per_result: float | None
) -> Forecast | None:
    """What is left of a row's stock, and what it takes; None where no inventory says how much there is.

    Args:
        row: a level's or unit's row as of the day.
        pace: of the same; None where too little was done to tell.
        as_of: the day.
        pages_per_result: mean pages of a result; None while unknown.
    """
    if row.denominator is None or row.numerator is None:
        return None
    left = max(0, row.denominator - row.numerator.low)
    # A milestone comes before the year's end; on the last day of the year its own target is still asked for.
    share, due = row.next_target, row.next_target_day
    if share is None or due is None:
        share, due = row.target, date(as_of.year, 12, 31)
    wanted = None if share is None else math.ceil(share * row.denominator - 1e-9)
    left_target = None if wanted is None else max(0, wanted - row.numerator.low)
    weeks = max(1.0, (due - as_of).days / 7)
    required = None if left_target is None else left_target / weeks
    pages = (
        required / _WORKING_DAYS * pages_per_result
        if required is not None and pages_per_result is not None
        else None
    )
    return Forecast(
        pace=pace,
        left=left,
        all_by_early=_day(as_of, left, pace.high if pace else 0.0),
        all_by_late=_day(as_of, left, pace.low if pace else 0.0),
        target=share,
        due=due,
        left_target=left_target,
        required_per_week=required,
        pages_per_result=pages_per_result,
        required_pages_per_day=pages,
        keeps_up=None if pace is None or required is None else _keeps_up(pace, required),
    )


def _keeps_up(pace: Pace, required: float) -> Literal["yes", "perhaps", "no"]:
    return "yes" if pace.low >= required else "no" if pace.high < required else "perhaps"


def _day(as_of: date, left: int, per_week: float) -> date | None:
    """The day on which nothing is left at a pace; None if it is never, or beyond any plan."""
    if not left:
        return as_of
    days = math.ceil(left / per_week * 7) if per_week > 0 else None
    return as_of + timedelta(days=days) if days is not None and days < _FARTHEST else None
