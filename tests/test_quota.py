"""The quota: who counts, which bounds, which inventory, which target, and that every paper is explained."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path

import jsonschema
import pytest

from quality.quota_notes import grouped, sentence, shape
from quality.quotas import compute, counting_reason
from schemas.documents import ValidityState
from schemas.quotas import ElsewhereRow, InventoryRow, PaperRow, QuotaNote, QuotaReport, QuotaRow
from schemas.rules import Target
from schemas.wording import say, section

AS_OF = date(2024, 12, 31)
TODAY = date(2026, 11, 23)
CONTRACT = Path(__file__).parent / "contract" / "quota.schema.json"


def paper(name: str = "d1", /, **changes: object) -> PaperRow:
    """A paper that counts, unless changed."""
    facts: dict[str, object] = {
        "document_id": name,
        "level": "xa",
        "unit": "22366",
        "kind": "birth_certificate",
        "result_type": "KQ.G15.000031",
        "role": "result",
        "route": "accepted",
        "code": f"056190001234.KQ.G15.000031.{name}.01",
        "owner": "056190001234",
        "number": name,
        "issue_date": date(2010, 5, 4),
        "digitised_on": date(2024, 3, 1),
        "stored": True,
        "validity": ValidityState.IN_FORCE,
    }
    return PaperRow.model_validate({**facts, **changes})


def stock(count: int = 10, **changes: object) -> InventoryRow:
    """An inventory of birth certificates of the same commune."""
    facts = {"level": "xa", "unit": "22366", "kind": "birth_certificate", "year": 2023, "basis": "counted"}
    return InventoryRow.model_validate({**facts, "count": count, **changes})


def other(**changes: object) -> ElsewhereRow:
    """A result that another system digitised."""
    facts = {"level": "xa", "unit": "22366", "kind": "birth_certificate", "digitised_on": date(2022, 1, 1)}
    return ElsewhereRow.model_validate({**facts, **changes})


def target(share: float, period: int, **changes: object) -> Target:
    """A target of the commune level."""
    return Target.model_validate({"level": "xa", "period": period, "share": share, **changes})


def answer(
    papers: list[PaperRow],
    inventory: list[InventoryRow] | None = None,
    elsewhere: list[ElsewhereRow] | None = None,
    targets: list[Target] | None = None,
    as_of: date = AS_OF,
) -> QuotaReport:
    """The report alone."""
    return compute(papers, inventory or [], elsewhere or [], targets or [], as_of, TODAY)[0]


def row(report: QuotaReport, unit: str | None = "22366", level: str = "xa") -> QuotaRow:
    """The row of a unit."""
    return next(row for row in report.rows if (row.level, row.unit) == (level, unit))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "counted"),
        ({"linked_to": "d0"}, "duplicate"),
        ({"role": "component"}, "not_a_result"),
        ({"role": "processing_result"}, "not_a_result"),
        ({"route": "review"}, "not_accepted"),
        ({"route": "partial"}, "not_accepted"),
        ({"code_voided": True}, "code_voided"),
        ({"code": None}, "no_code"),
        ({"code": None, "kind": "decision"}, "awaiting_code"),
        ({"stored": False}, "not_stored"),
        ({"digitised_on": date(2025, 1, 1)}, "digitised_later"),
        ({"digitised_on": None}, "digitised_later"),
        ({"superseded_on": AS_OF}, "superseded"),
        ({"superseded_on": date(2025, 1, 1)}, "counted"),
        ({"issue_date": date(2025, 1, 1)}, "issued_later"),
        ({"issue_date": None}, "counted"),
        ({"validity": "expired"}, "expired"),
        ({"validity": "unknown"}, "validity_unknown"),
        ({"validity": "unknown", "valid_until": date(2024, 12, 30)}, "expired"),
        ({"valid_until": AS_OF}, "counted"),
        ({"valid_until": date(2024, 12, 30)}, "expired"),
        ({"validity": "expired", "valid_until": date(2025, 6, 30)}, "counted"),
        ({"validity": "expired", "valid_until": date(2025, 6, 30), "validity_source": "operator"}, "expired"),
        ({"unit": "22738"}, "other_series"),
        ({"returned": ((AS_OF, None),)}, "lot_rejected"),
        ({"returned": ((date(2024, 1, 1), AS_OF),)}, "counted"),
    ],
)
def test_each_paper_is_in_or_out_for_one_stated_reason(changes: dict[str, object], reason: str) -> None:
    assert (
        counting_reason(paper(**changes), AS_OF, kinds_without_code={"decision"}, out_of_series={"22738"})
        == reason
    )
    assert say("quota_reason", reason) != reason


def test_a_figure_of_a_past_day_stays_when_a_paper_expires_later() -> None:
    before = answer([paper(valid_until=date(2025, 6, 30))], [stock()])
    after = answer([paper(valid_until=date(2025, 6, 30), validity="expired")], [stock()])
    assert before == after


def test_unknown_validity_stands_beside_the_figure_and_widens_the_rate() -> None:
    found = row(answer([paper("a"), paper("b", validity="unknown")], [stock(10)]))
    assert (found.digitised, found.unknown_validity) == (1, 1)
    assert found.rate is not None
    assert (found.rate.low, found.rate.high) == (0.1, 0.2)


def test_no_inventory_means_no_rate() -> None:
    report = answer([paper()])
    assert row(report).rate is None
    assert row(report).inventory is None
    assert row(report, None).rate is None
    assert {note.code for note in report.notes} == {"inventory_missing"}


def test_an_inventory_of_zero_gives_no_rate_either() -> None:
    found = row(answer([], [stock(0)]))
    assert (found.inventory, found.rate) == (0, None)


def test_a_unit_without_inventory_does_not_lift_the_rate_of_its_level() -> None:
    report = answer([paper("a"), *(paper(f"b{n}", unit="22375") for n in range(5))], [stock(10)])
    total = row(report, None)
    assert total.digitised == 6
    assert total.inventory == 10
    assert total.rate is not None
    assert total.rate.high == 0.1
    assert ("papers_without_inventory", None, {"papers": 5}) in [
        (note.code, note.unit, note.params) for note in report.notes
    ]


def test_a_kind_without_inventory_does_not_lift_the_rate_of_its_unit() -> None:
    report = answer([paper("a"), paper("b", kind="marriage_certificate")], [stock(10)])
    assert row(report).digitised == 2
    assert row(report).rate is not None
    assert row(report).rate.high == 0.1  # type: ignore[union-attr]


def test_an_inventory_of_the_whole_unit_covers_every_kind_and_is_not_added_to_its_parts() -> None:
    whole = [stock(20, kind="*"), stock(10)]
    found = row(answer([paper("a"), paper("b", kind="marriage_certificate")], whole))
    assert found.inventory == 20
    assert found.rate is not None
    assert found.rate.low == 0.1


def test_a_later_inventory_by_kind_replaces_an_older_one_of_the_whole_unit() -> None:
    assert row(answer([], [stock(20, kind="*", year=2021), stock(10)])).inventory == 10


def test_the_latest_inventory_up_to_the_day_is_used_and_its_age_is_told() -> None:
    rows = [stock(8, year=2021), stock(10, year=2023), stock(99, year=2025)]
    report = answer([], rows)
    assert row(report).inventory == 10
    assert ("inventory_older", {"year": 2023}) in [(note.code, note.params) for note in report.notes]


def test_a_mixed_sum_shows_its_weakest_basis() -> None:
    rows = [
        stock(5),
        stock(5, kind="marriage_certificate", basis="register"),
        stock(1, unit="22375", basis="estimated"),
    ]
    report = answer([], rows)
    assert row(report).basis == "register"
    assert row(report, None).basis == "estimated"


def test_a_rate_above_one_is_capped_and_said() -> None:
    report = answer([paper("a"), paper("b"), paper("c", validity="unknown")], [stock(2)])
    found = row(report)
    assert found.rate is not None
    assert (found.rate.low, found.rate.high) == (1.0, 1.0)
    assert "more_than_inventory" in {note.code for note in report.notes}


def test_level_totals_are_sums_over_sums_not_means_of_rates() -> None:
    papers = [paper("a"), *(paper(f"b{n}", unit="22375") for n in range(2))]
    report = answer(papers, [stock(100), stock(2, unit="22375")])
    total = row(report, None)
    assert total.rate is not None
    assert total.rate.low == pytest.approx(3 / 102)


def test_results_digitised_elsewhere_have_their_own_column_and_rate() -> None:
    found = row(answer([paper("a")], [stock(10)], [other(count=4, evidence="biên bản 12")]))
    assert (found.digitised, found.elsewhere) == (1, 4)
    assert found.rate is not None
    assert found.rate_with_elsewhere is not None
    assert (found.rate.low, found.rate_with_elsewhere.low) == (0.1, 0.5)


def test_a_paper_digitised_here_and_elsewhere_counts_once() -> None:
    twin = other(owner="056190001234", result_type="KQ.G15.000031", number=" D1 ")
    ours = paper("d1")
    assert row(answer([ours], [stock()], [twin, twin])).elsewhere == 0
    assert row(answer([], [stock()], [twin, twin.model_copy(update={"evidence": "khác"})])).elsewhere == 1


def test_a_paper_that_we_know_to_be_expired_is_not_saved_by_its_twin_elsewhere() -> None:
    twin = other(owner="056190001234", result_type="KQ.G15.000031", number="d1")
    assert row(answer([paper("d1", validity="expired")], [stock()], [twin])).elsewhere == 0


def test_papers_without_an_owner_are_told_apart_by_unit() -> None:
    rows = [other(result_type="KQ.H32.000001", number="12/QĐ-UBND", unit=unit) for unit in ("22366", "22375")]
    assert row(answer([], [stock()], rows), None).elsewhere == 2


def test_what_was_digitised_elsewhere_after_the_day_is_not_counted_yet() -> None:
    assert row(answer([], [stock()], [other(count=3, digitised_on=date(2025, 1, 1))])).elsewhere == 0


def test_what_was_digitised_elsewhere_on_the_day_itself_is_counted() -> None:
    assert row(answer([], [stock()], [other(count=3, digitised_on=AS_OF)])).elsewhere == 3


def test_the_target_is_that_of_the_year_and_the_chosen_reading() -> None:
    targets = [target(0.55, 2023), target(0.75, 2024), target(0.2592, 2024, reading="B"), target(0.95, 2025)]
    assert row(answer([paper()], targets=targets)).target == 0.75
    report, _ = compute([paper()], [], [], targets, AS_OF, TODAY, "B")
    assert (report.reading, row(report).target) == ("B", 0.2592)


def test_a_unit_target_comes_before_that_of_its_level() -> None:
    targets = [target(0.75, 2024), target(0.5, 2024, unit="22366")]
    report = answer([paper(), paper("x", unit="22375")], targets=targets)
    assert (row(report).target, row(report, "22375").target, row(report, None).target) == (0.5, 0.75, 0.75)


def test_a_target_is_carried_forward_and_said_so() -> None:
    report = answer([paper()], targets=[target(0.55, 2023)])
    assert row(report).target == 0.55
    assert ("target_carried", {"year": 2023}) in [(note.code, note.params) for note in report.notes]


def test_a_target_for_one_sector_or_result_type_is_not_the_units() -> None:
    targets = [target(0.9, 2024, sector="G15-TP07"), target(0.8, 2024, result_type="KQ.G15.000031")]
    assert row(answer([paper()], targets=targets)).target is None


def test_a_target_not_in_force_on_the_day_is_not_used() -> None:
    targets = [target(0.15, 2021, effective_from=date(2021, 6, 16))]
    assert answer([], targets=targets, as_of=date(2021, 6, 15)).rows == ()
    assert row(answer([], targets=targets, as_of=date(2021, 6, 16)), None).target == 0.15


def test_papers_without_a_unit_stay_visible_in_a_row_of_their_own() -> None:
    report = answer([paper(unit=None), paper("b", level=None, route="review")], [stock()])
    found = row(report, None, "unresolved")
    assert (found.digitised, found.rate, found.target) == (1, None, None)
    assert row(report, None).digitised == 0
    assert "unresolved" not in {row.level for row in answer([paper()]).rows}


def test_live_says_that_the_day_is_not_over() -> None:
    assert answer([]).live is False
    assert answer([], as_of=TODAY).live is True


def test_units_of_another_series_leave_every_column() -> None:
    papers = [paper("a"), paper("b", unit="22738")]
    report, explanations = compute(
        papers,
        [stock(), stock(unit="22738")],
        [other(unit="22738", count=9)],
        [],
        AS_OF,
        TODAY,
        out_of_series={"22738"},
    )
    assert {row.unit for row in report.rows} == {None, "22366"}
    assert (row(report, None).inventory, row(report, None).elsewhere) == (10, 0)
    assert Counter(line.reason for line in explanations) == {"counted": 1, "other_series": 1}


def test_every_note_has_a_sentence_in_both_languages() -> None:
    papers = [paper("a"), paper("b"), paper("c", unit=None), paper("d", unit="22375")]
    report = answer(papers, [stock(1, year=2021)], targets=[target(0.15, 2021)])
    assert {note.code for note in report.notes} <= set(section("quota_note"))
    for note in report.notes:
        for lang in ("vi", "en"):
            assert "{" not in sentence(note.code, note.params, lang)


def test_the_report_keeps_the_contract() -> None:
    report = answer(
        [paper("a"), paper("b", unit=None), paper("c", validity="unknown")],
        [stock()],
        [other(count=2)],
        [target(0.75, 2024)],
    )
    jsonschema.validate(shape(report, "vi"), json.loads(CONTRACT.read_text()))


def test_notes_that_say_the_same_are_said_once() -> None:
    notes = [
        QuotaNote(code="inventory_missing", level="xa", params={"papers": 3}),
        QuotaNote(code="inventory_missing", level="xa", unit="Xã A", params={"papers": 1}),
        QuotaNote(code="inventory_older", level="xa", unit="Xã C", params={"year": 2023}),
        QuotaNote(code="inventory_missing", level="huyen", unit="Huyện B", params={"papers": 2}),
        QuotaNote(code="inventory_older", level="xa", unit="Xã D", params={"year": 2024}),
        QuotaNote(code="more_than_inventory", level="xa", unit="Xã C", params={"papers": 9, "inventory": 5}),
        QuotaNote(code="more_than_inventory", level="xa", unit="Xã D", params={"papers": 9, "inventory": 5}),
    ]
    told = [(each.code, [unit for _, unit in each.places], each.params) for each in grouped(notes)]
    assert told == [
        ("inventory_missing", [None], {"papers": 3}),
        ("inventory_missing", ["Xã A", "Huyện B"], {"papers": 3}),
        ("inventory_older", ["Xã C"], {"year": 2023}),
        ("inventory_older", ["Xã D"], {"year": 2024}),
        ("more_than_inventory", ["Xã C"], {"papers": 9, "inventory": 5}),
        ("more_than_inventory", ["Xã D"], {"papers": 9, "inventory": 5}),
    ]
