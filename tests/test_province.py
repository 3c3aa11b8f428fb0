"""A province from 2021 to 2026, small enough to reckon by hand. Terms are those of the shipped rules (reading A).

Stock (results in force at the end of 2021, all issued before 16/6/2021, kind: births) and papers digitised:

| unit (code) | stock | digitised |
|---|---|---|
| Xã Diên An (22693), whole into Xã Diên Khánh 1/7/2025 | 50 | 10 in 3/2022, 5 of them valid to 31/12/2023 |
| Thị trấn Diên Khánh (22651), whole into Xã Diên Khánh | 30 | 20 in 3/2023, and 15 more in 3/2024: 35, five too many |
| Xã Cam Tân (22435), in part into three communes | 40 | 8 in 3/2022 |
| Xã Ninh Phước (22579), ended 31/12/2024, no successor named | 10 | 4 in 3/2022 |
| Xã Ninh Phước (22870), former Ninh Thuận, from 1/7/2025 | 100 (2025) | 50 in 9/2025 |
| Xã Ninh Sơn (22531) of Ninh Hòa, whole into Xã Bắc Ninh Hòa | 20 | 2 in 3/2022 |
| Huyện Diên Khánh (574) | 60 | 12 in 3/2022 |
| Xã Diên Khánh (22651 from 1/7/2025) hands in 100 for 2025 | 100 | – |

Besides, 7 papers of Xã Diên An issued in 2022 and digitised in 3/2022: flow, in no rate.

Level xã of series KH 5283 (numerator / denominator):
* 31/12/2021: 0 / 150 (50 + 30 + 40 + 10 + 20).
* 31/12/2022: 10 + 8 + 4 + 2 = 24 / 150.
* 31/12/2023: + 20 = 44 / 150; the five are in force on their last day.
* 1/1/2024: the five left both sides: 39 / 145.
* 31/12/2024: Diên Khánh has 35 of 30: 30 count, 5 are too many: 5 + 30 + 8 + 4 + 2 = 49 / 145.
* 30/6/2025: the same, whoever handed in what for the end of 2025.
* 1/7/2025: Xã Diên Khánh's own 100 takes the place of 50 + 30; the five that ended in 2023 were no part of a stock of
  2025: 5 + 35 = 40 of 100, nothing too many; 40 + 8 + 4 + 2 = 54 / 170.
* 31/12/2025 and 24/11/2026: the same; the merged series adds Ninh Phước's 50 / 100: 104 / 270.
Level huyện: 12 / 60 throughout from 3/2022; from 1/7/2025 without target.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from quality.quotas import Worked, worked_out
from schemas.facts import Origin
from schemas.quotas import ElsewhereRow, HandoverRow, InventoryRow, PaperRow, QuotaRow, Series
from schemas.rules import Target
from storage.catalogue import facts
from storage.catalogue.database import Database
from storage.catalogue.figures import true_on
from tests.test_quota import paper, stock
from workspace.figuring import ledger_of, terms_of

TODAY = date(2026, 11, 24)
OLD = date(2015, 5, 5)


def papers(unit: str, count: int, day: date, **changes: object) -> list[PaperRow]:
    """Papers of a unit, digitised on a day."""
    facts = {"unit": unit, "digitised_on": day, "issue_date": OLD, **changes}
    return [paper(f"{unit}-{day}-{sorted(changes)}-{number}", **facts) for number in range(count)]


PAPERS = [
    *papers("Xã Diên An", 5, date(2022, 3, 1)),
    *papers("Xã Diên An", 5, date(2022, 3, 1), valid_until=date(2023, 12, 31)),
    *papers("Xã Diên An", 7, date(2022, 3, 1), issue_date=date(2022, 1, 5)),
    *papers("Thị trấn Diên Khánh", 20, date(2023, 3, 1)),
    *papers("Thị trấn Diên Khánh", 15, date(2024, 3, 1)),
    *papers("Xã Cam Tân", 8, date(2022, 3, 1)),
    *papers("Xã Ninh Phước", 4, date(2022, 3, 1)),
    *papers("Xã Ninh Sơn", 2, date(2022, 3, 1)),
    # Its papers bear the new commune's name, but no day of issue after the cut-off can be stock: by Phước Dân, of old.
    *papers("Thị trấn Phước Dân", 50, date(2025, 9, 1)),
    *papers("Huyện Diên Khánh", 12, date(2022, 3, 1), level="huyen"),
]


def counted(unit: str, count: int, year: int = 2021, **changes: object) -> InventoryRow:
    """An inventory of births."""
    return stock(count, unit=unit, year=year, **changes)


INVENTORY = [
    counted("Xã Diên An", 50),
    counted("Thị trấn Diên Khánh", 30),
    counted("Xã Cam Tân", 40),
    counted("Xã Ninh Phước", 10),
    counted("Xã Ninh Sơn", 20),
    counted("Huyện Diên Khánh", 60, level="huyen"),
    counted("Xã Diên Khánh", 100, 2025),
    counted("Xã Ninh Phước", 100, 2025),
]
TARGETS = [
    Target.model_validate({"level": level, "period": year, "share": share})
    for level in ("huyen", "xa")
    for year, share in ((2021, 0.15), (2022, 0.35), (2023, 0.55), (2024, 0.75), (2025, 0.95), (2026, 1))
]


def figures(day: date, series: Series = "kh5283", handovers: tuple[HandoverRow, ...] = ()) -> Worked:
    """The whole province as of a day."""
    terms = terms_of(day, "A", series)
    terms = type(terms)(**{**vars(terms), "handovers": handovers})
    return worked_out(PAPERS, INVENTORY, [], TARGETS, day, TODAY, terms=terms)


def row(worked: Worked, unit: str | None = None, level: str = "xa") -> QuotaRow:
    """A row of the report."""
    (found,) = [each for each in worked.report.rows if (each.level, each.unit) == (level, unit)]
    return found


@pytest.mark.parametrize(
    ("day", "numerator", "denominator"),
    [
        (date(2021, 12, 31), 0, 150),
        (date(2022, 12, 31), 24, 150),
        (date(2023, 12, 31), 44, 150),
        (date(2024, 1, 1), 39, 145),
        (date(2024, 12, 31), 49, 145),
        (date(2025, 6, 30), 49, 145),
        (date(2025, 7, 1), 54, 170),
        (date(2025, 12, 31), 54, 170),
        (TODAY, 54, 170),
    ],
)
def test_the_province_is_as_reckoned_by_hand_on_nine_days(
    day: date, numerator: int, denominator: int
) -> None:
    total = row(figures(day))
    assert total.numerator is not None and total.rate is not None
    assert (total.numerator.low, total.denominator) == (numerator, denominator)
    assert total.rate.low == pytest.approx(numerator / denominator)
    assert total.flow == (7 if day.year > 2021 else 0)
    assert total.digitised == total.covered + total.uncovered + total.flow
    assert total.covered - total.excess == numerator


def test_former_ninh_thuan_stands_apart_in_one_series_and_is_in_the_other() -> None:
    apart, merged = figures(TODAY), figures(TODAY, "merged")
    total = row(merged)
    assert total.numerator is not None and (total.numerator.low, total.denominator) == (104, 270)
    assert row(merged, "Xã Ninh Phước").unit_code == "22870"
    assert "Xã Ninh Phước" not in {each.unit for each in apart.report.rows}
    assert ("other_series", {"papers": 50}) in [(note.code, note.params) for note in apart.report.notes]
    assert sum(each.reason == "other_series" for each in apart.explanations) == 50


def test_communes_merged_whole_stand_with_the_new_one_and_those_in_part_await_minutes() -> None:
    worked = figures(TODAY)
    units = {each.unit for each in worked.report.rows if each.level == "xa"}
    assert units == {None, "Xã Diên Khánh", "Xã Cam Tân", "Xã Ninh Phước, Thị xã Ninh Hòa", "Xã Bắc Ninh Hoà"}
    waiting = row(worked, "Xã Cam Tân")
    assert (waiting.ended_on, waiting.target, waiting.target_due) == (date(2025, 6, 30), None, None)
    told = {(note.unit, note.code) for note in worked.report.notes}
    assert {("Xã Cam Tân", "unit_ended"), ("Xã Ninh Phước, Thị xã Ninh Hòa", "change_unverified")} <= told


def test_districts_keep_their_figure_and_lose_their_target_when_they_end() -> None:
    before, after = row(figures(date(2025, 6, 30)), None, "huyen"), row(figures(TODAY), None, "huyen")
    assert before.rate == after.rate and before.rate is not None and before.rate.low == 0.2
    assert (before.target, before.target_due) == (0.95, 0.75)
    assert (after.target, after.target_due, after.ended_on) == (None, None, date(2025, 6, 30))


def test_minutes_move_stock_and_with_all_of_a_kind_its_papers() -> None:
    facts = {"from_level": "xa", "from_unit": "Xã Cam Tân", "to_level": "xa", "kind": "birth_certificate"}
    first = HandoverRow.model_validate(
        {**facts, "to_unit": "Xã Cam Lâm", "count": 15, "day": date(2025, 9, 1), "minutes": "BB 1"}
    )
    rest = first.model_copy(update={"count": 25, "to_unit": "Xã Cam Hiệp", "day": date(2025, 10, 1)})
    part = figures(TODAY, handovers=(first,))
    assert (row(part, "Xã Cam Lâm").inventory, row(part, "Xã Cam Tân").inventory) == (15, 25)
    assert row(part, "Xã Cam Tân").covered == 8
    whole = figures(TODAY, handovers=(rest, first))
    assert (row(whole, "Xã Cam Hiệp").inventory, row(whole, "Xã Cam Hiệp").covered) == (25, 8)
    for worked in (part, whole):
        assert (row(worked).inventory, row(worked).covered) == (170, 59 - 5)
    assert row(figures(date(2025, 8, 31), handovers=(first,)), "Xã Cam Tân").inventory == 40


def test_no_one_is_behind_a_year_that_has_just_begun() -> None:
    early = row(figures(date(2024, 1, 10)))
    assert (early.target, early.target_due, early.target_due_year) == (0.75, 0.55, 2023)
    last = row(figures(date(2024, 12, 31)))
    assert (last.target_due, last.target_due_year) == (0.75, 2024)


# What was known when. Stock of Xã Diên An: counted as 50, revised to 60, again to 40. Of Xã Cam Tân 6 results were said
# to be digitised elsewhere, later only 3. What units counted for 2025 was handed in after its end. By hand, level xa:
# * denominator: 150, 160, 140 at the three moments; 5 less once the five have ended. From 1/7/2025, while nobody has
#   handed in 2025, Xã Diên Khánh holds what was counted of the two it came of, each with its own bound: the town's five too
#   many stay so, 49 of 145, 155, 135. From the fourth moment on its own 100 is known, and those days are 54 of 170.
# * with what is elsewhere: nothing, then 6 more from 1/5/2022 on, then 3 more.
KNOWN = ("2022-01-10T00:00:00.000+00:00", "2023-02-01T00:00:00.000+00:00", "2024-06-01T00:00:00.000+00:00")
LATE = "2026-02-01T00:00:00.000+00:00"
DAYS = {
    date(2021, 12, 31): (0, 150),
    date(2022, 12, 31): (24, 150),
    date(2023, 12, 31): (44, 150),
    date(2024, 1, 1): (39, 145),
    date(2024, 12, 31): (49, 145),
    date(2025, 6, 30): (49, 145),
    date(2025, 7, 1): (49, 145),
    date(2025, 12, 31): (49, 145),
    TODAY: (49, 145),
}


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A catalogue into which the tables came one after another."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('province')}/catalogue.db")

    def elsewhere(count: int) -> ElsewhereRow:
        return ElsewhereRow(
            level="xa",
            unit="Xã Cam Tân",
            kind="birth_certificate",
            digitised_on=date(2022, 5, 1),
            count=count,
            evidence="Báo cáo",
        )

    first = [row for row in INVENTORY if row.year == 2021]
    steps: list[tuple[str, list[tuple[Any, list[Any]]]]] = [
        (KNOWN[0], [(facts.INVENTORY, first)]),
        (KNOWN[1], [(facts.INVENTORY, [counted("Xã Diên An", 60)]), (facts.ELSEWHERE, [elsewhere(6)])]),
        (KNOWN[2], [(facts.INVENTORY, [counted("Xã Diên An", 40)]), (facts.ELSEWHERE, [elsewhere(3)])]),
        (LATE, [(facts.INVENTORY, [row for row in INVENTORY if row.year == 2025])]),
    ]
    with pytest.MonkeyPatch.context() as patch:
        for moment, tables in steps:
            patch.setattr(facts, "now", lambda moment=moment: moment)
            for table, rows in tables:
                facts.enter(database, table, rows, Origin(operator="chị Lan"))
    yield database
    database.close()


def known(database: Database, day: date, moment: str) -> QuotaRow:
    """The communes' total as of a day, of what was known at a moment."""
    ledger = ledger_of(database, moment)
    inventory = [fact.row for fact in true_on(ledger.inventory, day)]
    terms = terms_of(day, "A", "kh5283")
    return row(worked_out(PAPERS, inventory, ledger.elsewhere, TARGETS, day, TODAY, terms=terms))


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize(
    ("moment", "revised", "elsewhere"), [(KNOWN[0], 0, 0), (KNOWN[1], 10, 6), (KNOWN[2], -10, 3)]
)
def test_every_day_is_as_reckoned_by_hand_at_three_moments_of_knowledge(
    handed_in: Database, day: date, moment: str, revised: int, elsewhere: int
) -> None:
    total, (numerator, denominator) = known(handed_in, day, moment), DAYS[day]
    assert total.numerator is not None and total.rate_with_elsewhere is not None
    assert (total.numerator.low, total.denominator) == (numerator, denominator + revised)
    beside = elsewhere if day.year > 2021 else 0
    assert total.rate_with_elsewhere.low == pytest.approx((numerator + beside) / (denominator + revised))


def test_what_is_handed_in_for_2025_changes_no_day_before_it_and_no_earlier_knowledge(
    handed_in: Database,
) -> None:
    for day in DAYS:
        before, after = (known(handed_in, day, moment) for moment in (KNOWN[2], LATE))
        same = before.model_copy(update={"notes": ()}) == after.model_copy(update={"notes": ()})
        assert same is (day < date(2025, 7, 1)), day
    late = known(handed_in, TODAY, LATE)
    assert late.numerator is not None and (late.numerator.low, late.denominator) == (54, 170)
