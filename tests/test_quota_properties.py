"""Quota arithmetic under any papers: bounds, sums, monotony, explanations that reconcile, recomputation."""

from __future__ import annotations

import random
from datetime import date

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.quota_terms import Terms
from quality.quotas import compute, worked_out
from schemas.documents import Level, ValidityState
from schemas.quotas import ElsewhereRow, Explanation, InventoryRow, PaperRow, QuotaReport

AS_OF, TODAY = date(2024, 6, 30), date(2026, 1, 1)
UNITS: list[tuple[Level, str]] = [("tinh", "56"), ("huyen", "568"), ("xa", "22366"), ("xa", "22375")]
PLACES: list[tuple[Level | None, str | None]] = [*UNITS, (None, None), ("xa", None)]
KINDS = ["birth_certificate", "decision"]
days = st.dates(date(2021, 1, 1), date(2026, 1, 1))


@st.composite
def papers(draw: st.DrawFn, number: int = 0) -> PaperRow:
    """Any paper; most of the four conditions usually hold, so that figures are not all zero."""
    level, unit = draw(st.sampled_from(PLACES))
    return PaperRow(
        document_id=f"d{draw(st.integers(0, 10**6))}-{number}",
        level=level,
        unit=unit,
        kind=draw(st.sampled_from([*KINDS, None])),
        result_type="KQ.G15.000031",
        role=draw(st.sampled_from(["result"] * 4 + ["component"])),
        route=draw(st.sampled_from(["accepted"] * 4 + ["review", "rescan", "partial"])),
        code=draw(st.sampled_from(["a-code"] * 3 + [None])),
        code_voided=draw(st.sampled_from([False] * 4 + [True])),
        owner=draw(st.sampled_from(["056190001234", "", None])),
        number=str(draw(st.integers(1, 5))),
        issue_date=draw(st.none() | days),
        digitised_on=draw(st.none() | days),
        stored=draw(st.sampled_from([True] * 4 + [False])),
        validity=draw(st.sampled_from(ValidityState)),
        valid_until=draw(st.none() | days),
        superseded_on=draw(st.sampled_from([None] * 4 + [date(2022, 5, 1)])),
        linked_to=draw(st.sampled_from([None] * 4 + ["d0"])),
    )


@st.composite
def inventories(draw: st.DrawFn) -> InventoryRow:
    """Any inventory row, of whole units too."""
    level, unit = draw(st.sampled_from(UNITS))
    return InventoryRow(
        level=level,
        unit=unit,
        kind=draw(st.sampled_from([*KINDS, "*"])),
        year=draw(st.integers(2020, 2026)),
        count=draw(st.integers(0, 6)),
        basis=draw(st.sampled_from(["counted", "register", "estimated"])),
    )


@st.composite
def others(draw: st.DrawFn) -> ElsewhereRow:
    """Any result digitised elsewhere."""
    level, unit = draw(st.sampled_from(UNITS))
    single = draw(st.booleans())
    return ElsewhereRow(
        level=level,
        unit=unit,
        kind=draw(st.sampled_from(KINDS)),
        digitised_on=draw(days),
        count=1 if single else draw(st.integers(0, 5)),
        owner="056190001234" if single else None,
        result_type="KQ.G15.000031" if single else None,
        number=str(draw(st.integers(1, 5))) if single else None,
    )


worlds = st.tuples(
    # A catalogue holds each paper once.
    st.lists(papers(), max_size=25, unique_by=lambda paper: paper.document_id),
    st.lists(inventories(), max_size=8),
    st.lists(others(), max_size=8),
)
World = tuple[list[PaperRow], list[InventoryRow], list[ElsewhereRow]]


def report_of(world: World) -> QuotaReport:
    """The report of a world."""
    return compute(*world, [], AS_OF, TODAY)[0]


@given(worlds)
def test_rates_lie_between_nought_and_one_and_low_is_never_above_high(world: World) -> None:
    for row in report_of(world).rows:
        for bounds in (row.rate, row.rate_with_elsewhere):
            assert bounds is None or 0 <= bounds.low <= bounds.high <= 1
        if row.rate is not None and row.rate_with_elsewhere is not None:
            assert row.rate.low <= row.rate_with_elsewhere.low
            assert row.rate.high <= row.rate_with_elsewhere.high


@given(worlds)
def test_without_an_inventory_there_is_no_rate_and_with_one_there_is(world: World) -> None:
    for row in report_of(world).rows:
        assert (row.rate is None) == (not row.inventory)
        assert (row.rate_with_elsewhere is None) == (not row.inventory)
        assert (row.basis is None) == (row.inventory is None)


@given(worlds)
def test_a_level_total_is_the_sum_of_its_units(world: World) -> None:
    rows = report_of(world).rows
    for total in (row for row in rows if row.unit is None and row.level != "unresolved"):
        units = [row for row in rows if row.level == total.level and row.unit is not None]
        assert total.digitised == sum(row.digitised for row in units)
        assert total.unknown_validity == sum(row.unknown_validity for row in units)
        assert total.elsewhere == sum(row.elsewhere for row in units)
        assert (total.inventory or 0) == sum(row.inventory or 0 for row in units)


@given(worlds)
def test_no_row_can_be_more_complete_than_its_cells_allow(world: World) -> None:
    """A second implementation in pandas: cut cell by cell, then add up."""
    papers, stocks, elsewhere = world
    terms = Terms(cut_off=date(2022, 6, 30))
    worked = worked_out(papers, stocks, elsewhere, [], AS_OF, TODAY, terms=terms)
    if not worked.stock:
        return
    stock = pd.DataFrame(
        [(row.level, row.unit, used.kind, used.stock.results, used.stock.year) for row, used in worked.stock],
        columns=["level", "unit", "kind", "stock", "year"],
    )
    whole = set(stock.loc[stock.kind == "*", ["level", "unit"]].itertuples(index=False, name=None))
    facts = {paper.document_id: paper for paper in papers}
    lines = pd.DataFrame(
        [line.model_dump() for line in worked.explanations], columns=list(Explanation.model_fields)
    )
    lines["kind"] = [
        "*" if (level, unit) in whole else kind
        for level, unit, kind in zip(lines.level, lines.unit, lines.kind, strict=True)
    ]
    lines["gone"] = [
        min(
            (day for day in (facts[name].valid_until, facts[name].superseded_on) if day and day <= AS_OF),
            default=None,
        )
        if reason in {"expired", "superseded"}
        and not (facts[name].issue_date or date.min) > date(2022, 6, 30)
        else None
        for name, reason in zip(lines.document_id, lines.reason, strict=True)
    ]
    merged = stock.merge(
        lines[lines.covered & lines.counted]
        .groupby(["level", "unit", "kind"])
        .size()
        .rename("covered")
        .reset_index(),
        how="left",
        on=["level", "unit", "kind"],
    ).fillna({"covered": 0})
    for at, cell in merged.iterrows():
        gone = lines[(lines.level == cell.level) & (lines.unit == cell.unit) & (lines.kind == cell.kind)].gone
        left = sum(day is not None and day > date(cell.year, 12, 31) for day in gone)
        merged.loc[at, "most"] = max(0, cell.stock - left)
    merged["low"] = merged[["covered", "most"]].min(axis=1)
    sums = merged.groupby("level")[["low", "most"]].sum()
    for row in worked.report.rows:
        if row.unit is None and row.level in sums.index:
            low, most = sums.loc[row.level]
            assert row.numerator is not None
            assert (row.numerator.low, row.denominator) == (low, most)


@given(worlds)
def test_the_explanations_reconcile_with_the_rows_exactly(world: World) -> None:
    report, lines = compute(*world, [], AS_OF, TODAY)
    assert sorted(line.document_id for line in lines) == sorted(paper.document_id for paper in world[0])
    for row in report.rows:
        if row.unit is None and row.level != "unresolved":
            mine = [line for line in lines if line.level == row.level]
        else:
            mine = [line for line in lines if (line.level, line.unit) == (row.level, row.unit)]
        assert row.digitised == sum(line.counted for line in mine)
        assert row.unknown_validity == sum(line.unknown_validity for line in mine)
    assert not any(line.counted and line.unknown_validity for line in lines)


@given(worlds, papers(number=1))
def test_one_more_paper_in_force_never_lowers_a_count_or_a_rate(world: World, extra: PaperRow) -> None:
    extra = extra.model_copy(update={"valid_until": None, "superseded_on": None})
    before = {(row.level, row.unit): row for row in report_of(world).rows}
    after = {(row.level, row.unit): row for row in report_of(([*world[0], extra], *world[1:])).rows}
    for key, row in before.items():
        assert after[key].digitised >= row.digitised
        assert after[key].unknown_validity >= row.unknown_validity
        assert after[key].inventory == row.inventory
        if row.rate is not None:
            now = after[key].rate
            assert now is not None
            assert now.low >= row.rate.low
            assert now.high >= row.rate.high


@settings(max_examples=50)
@given(worlds, st.randoms(use_true_random=False))
def test_the_same_facts_in_another_order_give_the_same_answer(world: World, order: random.Random) -> None:
    stored = order.sample(world[0], len(world[0]))
    stock = order.sample(world[1], len(world[1]))
    elsewhere = order.sample(world[2], len(world[2]))
    first = compute(*world, [], AS_OF, TODAY)
    assert compute(stored, stock, elsewhere, [], AS_OF, TODAY) == first


@given(worlds)
def test_papers_stored_after_the_day_do_not_change_it(world: World) -> None:
    late = [
        paper.model_copy(update={"digitised_on": TODAY, "document_id": f"late-{paper.document_id}"})
        for paper in world[0]
        if paper.unit
    ]
    known = {(row.level, row.unit): row for row in report_of(world).rows}
    for row in report_of(([*world[0], *late], *world[1:])).rows:
        assert known[row.level, row.unit] == row
