"""Pace and forecast: what was done tells a range, and nothing is promised out of too little."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.forecast import LEAST_WEEKS, forecast, pace_of
from schemas.quotas import CountBounds, QuotaRow, RateBounds

MONDAY = date(2026, 3, 2)


def weekly(*counts: int, first: date = MONDAY) -> dict[date, int]:
    """Results of whole weeks, all done on their Wednesdays."""
    return {first + timedelta(weeks=at, days=2): count for at, count in enumerate(counts)}


def row(done: int, stock: int | None, target: float | None = 0.95) -> QuotaRow:
    share = None if not stock else done / stock
    return QuotaRow(
        level="xa",
        unit=None,
        digitised=done,
        unknown_validity=0,
        elsewhere=0,
        inventory=stock,
        numerator=None if stock is None else CountBounds(low=done, high=done),
        denominator=stock,
        basis=None if stock is None else "counted",
        rate=None if share is None else RateBounds(low=share, high=share),
        rate_with_elsewhere=None,
        target=target,
    )


def test_fewer_than_eight_whole_weeks_say_nothing() -> None:
    seven = weekly(*[10] * 7)
    assert pace_of(seven, MONDAY + timedelta(weeks=7) - timedelta(days=1)) is None
    assert pace_of({}, MONDAY) is None
    told = pace_of(weekly(*[10] * 8), MONDAY + timedelta(weeks=8))
    assert told is not None and (told.weeks, told.per_week, told.low, told.high) == (8, 10.0, 10.0, 10.0)


def test_a_week_that_is_not_over_does_not_slow_the_pace() -> None:
    done = weekly(*[10] * 8)
    wednesday = MONDAY + timedelta(weeks=8, days=2)
    told = pace_of({**done, wednesday: 1}, wednesday)
    assert told is not None and told.per_week == 10.0
    sunday = MONDAY + timedelta(weeks=9) - timedelta(days=1)
    over = pace_of({**done, wednesday: 1}, sunday)
    assert over is not None and over.weeks == 9 and over.low < 10.0


def test_one_good_week_and_one_holiday_widen_the_range_and_leave_the_mean() -> None:
    told = pace_of(weekly(10, 10, 10, 0, 10, 10, 10, 90, 10, 10, 10, 10), MONDAY + timedelta(weeks=12))
    assert told is not None
    assert told.per_week == pytest.approx(190 / 12)
    assert told.low == 7.5 and told.high == 30.0


def test_what_is_left_the_days_and_the_pages_follow_by_hand() -> None:
    """1.000 in force, 400 done, 950 asked for by 31/12; 10 a week; 26 weeks from 2/7 to 31/12; 3 pages a result."""
    day = date(2026, 7, 2)
    pace = pace_of(weekly(*[10] * 17), day)
    told = forecast(row(400, 1000), pace, day, 3.0)
    assert told is not None
    assert (told.left, told.left_target, told.due) == (600, 550, date(2026, 12, 31))
    assert told.required_per_week == pytest.approx(550 / 26)
    assert told.required_pages_per_day == pytest.approx(550 / 26 / 5 * 3)
    assert told.keeps_up == "no"
    assert told.all_by_early == told.all_by_late == day + timedelta(days=420)


def test_on_the_tenth_of_january_the_whole_year_is_there_to_reach_its_target() -> None:
    told = forecast(row(750, 1000), None, date(2026, 1, 10), None)
    assert told is not None and told.required_per_week == pytest.approx(200 / (355 / 7))
    assert (told.keeps_up, told.all_by_early, told.required_pages_per_day) == (None, None, None)


def test_without_an_inventory_nothing_is_forecast_and_a_stock_that_is_done_is_done() -> None:
    assert forecast(row(5, None), None, MONDAY, None) is None
    told = forecast(row(100, 100), None, MONDAY, None)
    assert told is not None and (told.left, told.left_target, told.all_by_late) == (0, 0, MONDAY)


@given(st.dictionaries(st.dates(date(2024, 1, 1), date(2026, 6, 1)), st.integers(0, 500), max_size=200))
def test_the_range_holds_the_mean_of_four_weeks_and_needs_eight(coded: Mapping[date, int]) -> None:
    told = pace_of(coded, date(2026, 6, 30))
    if told is not None:
        assert told.weeks >= LEAST_WEEKS
        assert 0 <= told.low <= told.high
        assert told.per_week <= sum(coded.values())
