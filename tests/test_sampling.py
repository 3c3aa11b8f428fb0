"""The tables of ISO 2859-1 as DOMAIN.md §2.6 has them, draws, and intervals."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from configs.acceptance import load_acceptance
from quality.sampling import class_plans, drawn, interval, letter_of, list_digest, plan_of, results
from schemas.lots import ClassPlan, DrawnPaper, Item, Judged, LevelName, Lot

TABLES = load_acceptance(date(2026, 11, 30))
LEVELS: tuple[LevelName, ...] = ("I", "II", "III")
LETTERS = """
2 8 A A B; 9 15 A B C; 16 25 B C D; 26 50 C D E; 51 90 C E F; 91 150 D F G; 151 280 E G H; 281 500 F H J;
501 1200 G J K; 1201 3200 H K L; 3201 10000 J L M; 10001 35000 K M N; 35001 150000 L N P; 150001 500000 M P Q;
500001 9000000 N Q R
"""
AQLS = (0.25, 0.40, 0.65, 1.0, 1.5, 2.5, 4.0)
PLANS = """
A 2 ↓ ↓ ↓ ↓ ↓ ↓ ↓; B 3 ↓ ↓ ↓ ↓ ↓ ↓ 0; C 5 ↓ ↓ ↓ ↓ ↓ 0 ↑; D 8 ↓ ↓ ↓ ↓ 0 ↑ ↓; E 13 ↓ ↓ ↓ 0 ↑ ↓ 1; F 20 ↓ ↓ 0 ↑ ↓ 1 2;
G 32 ↓ 0 ↑ ↓ 1 2 3; H 50 0 ↑ ↓ 1 2 3 5; J 80 ↑ ↓ 1 2 3 5 7; K 125 ↓ 1 2 3 5 7 10; L 200 1 2 3 5 7 10 14;
M 315 2 3 5 7 10 14 21; N 500 3 5 7 10 14 21 ↑; P 800 5 7 10 14 21 ↑ ↑; Q 1250 7 10 14 21 ↑ ↑ ↑; R 2000 10 14 21 ↑ ↑ ↑ ↑
"""
WORDS = {"↓": "down", "↑": "up"}


@pytest.mark.parametrize("row", [row.split() for row in LETTERS.split(";")])
def test_letters_are_those_of_the_table_at_both_ends_of_every_lot_size(row: list[str]) -> None:
    first, last, *letters = row
    for size in (int(first), int(last)):
        assert [letter_of(size, level, TABLES.letters) for level in LEVELS] == letters


def test_plans_are_those_of_the_table_cell_by_cell() -> None:
    held = {(row.letter, row.aql): (row.n, row.accept) for row in TABLES.plans}
    told = {
        (letter, aql): (int(n), WORDS.get(cell) or int(cell))
        for letter, n, *cells in (row.split() for row in PLANS.split(";"))
        for aql, cell in zip(AQLS, cells, strict=True)
    }
    assert held == told
    assert {row.mark for row in TABLES.plans} == {"M-hi"}


@pytest.mark.parametrize(
    ("letter", "aql", "plan"),
    [
        ("A", 0.25, ("H", 50, 0)),
        ("D", 1.0, ("E", 13, 0)),
        ("D", 2.5, ("C", 5, 0)),
        ("G", 1.0, ("H", 50, 1)),
        ("F", 1.0, ("E", 13, 0)),
        ("R", 4.0, ("M", 315, 21)),
        ("J", 1.0, ("J", 80, 2)),
    ],
)
def test_arrows_lead_to_the_next_plan_below_or_above(
    letter: str, aql: float, plan: tuple[str, int, int]
) -> None:
    found = plan_of(letter, aql, TABLES.plans)
    assert (found.letter, found.n, found.accept) == plan


@given(size=st.integers(1, 2_000_000), level=st.sampled_from(LEVELS))
def test_every_lot_has_a_plan_in_every_class_and_no_more_papers_than_it_holds(
    size: int, level: LevelName
) -> None:
    found = {each.name: each for each in class_plans(size, "iso2859", level, TABLES)}
    assert found.keys() == {"critical", "minor", "owner"}
    assert all(1 <= each.n <= size and each.accept >= 0 for each in found.values())
    assert (found["owner"].n, found["owner"].accept) == (max(each.n for each in found.values()), 0)


@given(size=st.integers(1, 100_000))
def test_the_offices_plan_is_thirty_in_a_hundred_rounded_up(size: int) -> None:
    plans = class_plans(size, "office30", "II", TABLES)
    assert {each.n for each in plans} == {-(-size * 3 // 10)}


@given(ids=st.sets(st.text(min_size=1), max_size=30), seed=st.integers(0, 10**9))
def test_a_draw_hangs_on_the_seed_and_the_list_and_not_on_its_order(ids: set[str], seed: int) -> None:
    names = sorted(ids)
    assert drawn(names, seed) == drawn(reversed(names), seed)
    assert sorted(drawn(names, seed)) == names
    assert list_digest(names) == list_digest(reversed(names))


def test_every_paper_is_drawn_about_equally_often() -> None:
    names = [f"{number:032x}" for number in range(10)]
    first = [drawn(names, seed)[0] for seed in range(5000)]
    counts = [first.count(name) for name in names]
    assert stats.chisquare(counts).pvalue > 0.001


@pytest.mark.parametrize(
    ("wrong", "n", "low", "high"),
    [
        (0, 598, 0.0, 0.004997),
        (1, 20, 0.001265, 0.248733),
        (5, 100, 0.016432, 0.112835),
        (3, 3, 0.368403, 1.0),
    ],
)
def test_intervals_are_those_of_the_books(wrong: int, n: int, low: float, high: float) -> None:
    assert interval(wrong, n) == pytest.approx((low, high), abs=2e-6)


@given(n=st.integers(1, 400), data=st.data())
def test_intervals_are_quantiles_of_beta_and_hold_the_share(n: int, data: st.DataObject) -> None:
    wrong = data.draw(st.integers(0, n))
    low, high = interval(wrong, n)
    assert 0 <= low <= wrong / n <= high <= 1
    if 0 < wrong < n:
        expected = (
            stats.beta.ppf(0.025, wrong, n - wrong + 1),
            stats.beta.ppf(0.975, wrong + 1, n - wrong),
        )
        assert (low, high) == pytest.approx(expected, rel=1e-6, abs=1e-9)
    elif wrong == 0:
        assert high == pytest.approx(1 - 0.05 ** (1 / n))


def test_two_errors_of_one_class_on_one_paper_are_one_nonconforming_paper() -> None:
    items = (Item(target="number", group="critical"), Item(target="issue_date", group="critical"))
    papers = tuple(
        DrawnPaper(document_id=name, place=place, batch="lô", file="a", items=items)
        for place, name in enumerate("ab", start=1)
    )
    lot = Lot(plan="iso2859", seed=1, digest="", size=2, classes=(ClassPlan(name="critical", n=2, accept=1),))
    judged = [
        Judged(document_id="a", target="number", right=False),
        Judged(document_id="a", target="issue_date", right=False),
        Judged(document_id="b", target="number", right=True),
    ]
    (half,) = results(lot, papers, judged)
    assert (half.inspected, half.wrong, half.passes) == (1, 1, False)
    (whole,) = results(lot, papers, [*judged, Judged(document_id="b", target="issue_date", right=True)])
    assert (whole.inspected, whole.wrong, whole.passes) == (2, 1, True)
