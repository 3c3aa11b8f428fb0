"""The quota's two sides: cells capped alone, stock and flow, what ended, what has no code, readings and parts."""

from __future__ import annotations

from datetime import date

import pytest

from configs.loader import load_targets
from quality.quota_notes import sentence, shape
from quality.quota_terms import Terms
from quality.quotas import compute
from schemas.errors import UsageError
from schemas.numerals import share_text
from tests.test_quota import AS_OF, TODAY, answer, other, paper, row, stock, target
from workspace.figuring import terms_of


def test_an_excess_in_one_cell_hides_no_gap_in_another() -> None:
    papers = [paper(f"a{n}") for n in range(20)]
    report = answer(papers, [stock(10), stock(10, unit="22375")])
    total = row(report, None)
    assert total.rate is not None
    assert (total.rate.low, total.excess, total.covered) == (0.5, 10, 20)
    by_kind = answer(papers, [stock(15), stock(10, kind="marriage_certificate")])
    found = row(by_kind)
    assert found.rate is not None
    assert (found.rate.low, found.excess) == (0.6, 5)
    told = {
        (note.unit, note.params.get("excess")) for note in by_kind.notes if note.code == "more_than_inventory"
    }
    assert told == {("22366", 5), (None, 5)}


def test_every_reservation_of_the_text_is_in_the_json_in_the_language_asked_for() -> None:
    report = answer([], [stock(10)], [other(count=500, evidence="biên bản 12")])
    for lang in ("vi", "en"):
        found = next(each for each in shape(report, lang)["rows"] if each["unit"] == "22366")
        assert found["rate_with_elsewhere"] == {"low": 1.0, "high": 1.0}
        params = {"excess": 490}
        assert {
            "rule": "more_than_inventory",
            "text": sentence("more_than_inventory", params, lang),
        } in found["notes"]


def test_a_row_is_recomputed_from_its_own_numbers() -> None:
    papers = [paper("a"), paper("b", kind="marriage_certificate"), paper("c", validity="unknown")]
    found = row(answer(papers, [stock(4)]))
    assert (found.digitised, found.covered, found.uncovered, found.covered_unknown) == (2, 1, 1, 1)
    assert found.numerator is not None and found.denominator == 4 and found.rate is not None
    assert (found.rate.low, found.rate.high) == (found.numerator.low / 4, found.numerator.high / 4)


def test_what_was_issued_after_the_cut_off_is_flow_and_in_no_rate() -> None:
    terms = Terms(cut_off=date(2021, 6, 16))
    old = [paper(f"a{n}", issue_date=date(2021, 6, 16)) for n in range(2)]
    new = [paper(f"b{n}", issue_date=date(2021, 6, 17)) for n in range(6)]
    report, reasons = compute([*old, *new], [stock(10)], [], [], AS_OF, TODAY, terms=terms)
    found = row(report)
    assert found.rate is not None
    assert (found.rate.low, found.digitised, found.flow) == (0.2, 8, 6)
    assert (report.cut_off, sum(line.flow for line in reasons)) == (date(2021, 6, 16), 6)
    assert "cut_off" in {note.code for note in report.notes}


def test_a_result_that_ended_after_it_was_counted_leaves_both_sides() -> None:
    """40 of 100 expired, all 60 in force digitised: 100 %, not 60."""
    gone = [paper(f"a{n}", valid_until=date(2024, 5, 1)) for n in range(4)]
    kept = [paper(f"b{n}") for n in range(6)]
    report = answer([*gone, *kept], [stock(10)])
    found = row(report)
    assert found.rate is not None
    assert (found.rate.low, found.inventory, found.denominator, found.ended_since) == (1.0, 10, 6, 4)
    assert ("ended_since", {"papers": 4}) in [(note.code, note.params) for note in report.notes]
    before = row(answer([paper("a", valid_until=date(2023, 12, 30)), *kept], [stock(10)]))
    assert before.denominator == 10  # it had ended before the inventory of 31/12/2023, which never held it


def test_kinds_that_no_code_exists_for_stay_in_the_denominator_and_a_second_rate_leaves_them_out() -> None:
    papers = [
        *(paper(f"a{n}") for n in range(10)),
        paper("d", kind="decision", code=None, digitised_on=None, stored_on=date(2024, 5, 1)),
        paper("e", kind="decision", code=None, digitised_on=None, stored_on=date(2025, 5, 1)),
    ]
    stocks = [stock(10), stock(90, kind="decision")]
    report, _ = compute(papers, stocks, [], [], AS_OF, TODAY, kinds_without_code={"decision"})
    found = row(report)
    assert found.rate is not None and found.rate_without_uncodable is not None
    assert (found.rate.low, found.rate_without_uncodable.low, found.uncoded) == (0.1, 1.0, 1)
    whole, _ = compute(papers, [stock(100, kind="*")], [], [], AS_OF, TODAY, kinds_without_code={"decision"})
    assert row(whole).rate_without_uncodable is None  # what part of it has codes is not known


def test_sector_databases_damage_and_revocations_have_their_own_numbers() -> None:
    terms = Terms(
        sector_kinds={"birth_certificate"}, until_revoked={"birth_certificate"}, revocations_asked=False
    )
    papers = [paper("a"), paper("b", kind="marriage_certificate"), paper("c", intact=False)]
    report, _ = compute(papers, [stock()], [], [], AS_OF, TODAY, terms=terms)
    found = row(report)
    assert (found.digitised, found.sector_db, found.not_intact) == (2, 1, 1)
    assert ("revocations_not_asked", {"papers": 1}) in [(note.code, note.params) for note in report.notes]


def test_a_result_elsewhere_counts_until_its_last_day() -> None:
    single = other(owner="056190001234", result_type="KQ.G15.000031", number="d1", valid_until=AS_OF)
    assert row(answer([], [stock()], [single])).elsewhere == 1
    assert row(answer([], [stock()], [single], as_of=date(2025, 1, 1))).elsewhere == 0


def test_reading_c_keeps_the_inventory_of_2021_whatever_comes_later() -> None:
    rows = [stock(20, year=2021), stock(10, year=2023)]
    papers = [paper("a"), paper("b", valid_until=date(2023, 1, 1))]
    fixed, _ = compute(papers, rows, [], [], AS_OF, TODAY, "C", terms=Terms(base_year=2021))
    assert (row(fixed).inventory, row(fixed).denominator) == (20, 20)
    assert row(answer(papers, rows)).denominator == 10


def test_an_unknown_reading_is_refused_and_b_goes_on_after_2025() -> None:
    with pytest.raises(UsageError):
        terms_of(AS_OF, "Z")
    assert terms_of(AS_OF, "C").base_year == 2021
    shares = {row.period: row.share for row in load_targets() if (row.level, row.reading) == ("tinh", "B")}
    assert shares[2026] == pytest.approx(0.62208 * 1.2) and max(shares.values()) == 1


def test_a_target_of_a_sector_or_a_result_type_has_a_row_of_its_own() -> None:
    terms = Terms(
        kind_codes={"birth_certificate": frozenset({"KQ.G15.000031"})},
        kind_sectors={"marriage_certificate": frozenset({"Hộ tịch"})},
    )
    targets = [
        target(0.9, 2024, sector="Hộ tịch"),
        target(0.8, 2024, result_type="KQ.G15.000031", unit="22366"),
        target(0.5, 2024),
    ]
    papers = [paper("a"), paper("b", kind="marriage_certificate")]
    stocks = [stock(10), stock(4, kind="marriage_certificate")]
    report, _ = compute(papers, stocks, [], targets, AS_OF, TODAY, terms=terms)
    found = {
        (each.unit, each.sector, each.result_type): (
            each.target,
            each.numerator and each.numerator.low,
            each.inventory,
        )
        for each in report.rows
    }
    assert found[None, None, None] == (0.5, 2, 14)
    assert found["22366", "Hộ tịch", None] == (0.9, 1, 4)
    assert found["22366", None, "KQ.G15.000031"] == (0.8, 1, 10)


def test_a_hundred_percent_is_said_of_what_is_complete_alone() -> None:
    assert share_text(0.99996, "vi") == "99,99 %"
    assert (share_text(1, "vi"), share_text(0.0416, "vi", 1)) == ("100,00 %", "4,2 %")
