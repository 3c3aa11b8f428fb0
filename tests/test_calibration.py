"""The statistics of calibration: reliability, thresholds and their bounds, on values counted by hand."""

from __future__ import annotations

import math
import random
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.calibration import write_rows
from configs.loader import load_calibration, load_own_thresholds, load_rulebook, load_thresholds
from configs.rows import csv_rows
from extractors.image_quality import image_findings
from quality.calibration import auroc, bins, calibrate, calibration_error, derive, needed_for, upper_bound
from quality.reliability import curve
from quality.threshold_file import threshold_lines, with_lines
from schemas.calibration import (
    ALWAYS_ASK,
    FLOOR,
    TARGET,
    CalibrationRow,
    Checked,
    Grade,
    grade_of,
    machine_values,
    threshold_of,
)
from schemas.clock import today
from schemas.documents import Document, Field, Source
from schemas.errors import ConfigurationError
from schemas.findings import finding
from schemas.reading import ImageMeasures
from schemas.routing import lacks
from schemas.rules import ImageRule, Thresholds
from tests.reviewed_batch import RULES


def value(confidence: float, right: bool = True, field: str = "number", grade: Grade = Grade.GOOD) -> Checked:
    return Checked(field, grade, confidence, right)


def values(right: int, wrong: int, confidence: float) -> list[Checked]:
    return [value(confidence)] * right + [value(confidence, False)] * wrong


def row(field: str, **changes: object) -> CalibrationRow:
    shape = {
        "field": field,
        "grade": "all",
        "n": 200,
        "right": 199,
        "threshold": 0.8,
        "bound": 0.0149,
        "accepted": 1.0,
    }
    return CalibrationRow.model_validate({**shape, **changes})


checked = st.lists(
    st.builds(value, st.integers(0, 1000).map(lambda part: part / 1000), st.booleans()),
    min_size=1,
    max_size=120,
)


def test_the_bound_of_no_error_is_the_rule_of_three() -> None:
    assert upper_bound(0, 1) == pytest.approx(0.95)
    assert upper_bound(0, 100) == pytest.approx(1 - 0.05 ** (1 / 100))
    assert upper_bound(0, 600) == pytest.approx(0.004981, abs=1e-6)


def test_the_bound_is_the_quantile_of_the_beta_distribution() -> None:
    stats = pytest.importorskip("scipy.stats")
    for wrong, n in ((0, 10), (1, 10), (5, 50), (2, 902), (399, 400)):
        assert upper_bound(wrong, n) == pytest.approx(stats.beta.ppf(0.95, wrong + 1, n - wrong), rel=1e-9)
    assert upper_bound(7, 7) == upper_bound(0, 0) == 1.0


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n - 1), st.just(n))))
@settings(max_examples=60, deadline=None)
def test_at_the_bound_as_few_errors_as_seen_have_a_chance_of_one_in_twenty(of: tuple[int, int]) -> None:
    wrong, n = of
    bound = upper_bound(wrong, n)
    chance = math.fsum(math.comb(n, k) * bound**k * (1 - bound) ** (n - k) for k in range(wrong + 1))
    assert chance == pytest.approx(0.05, rel=1e-6)
    assert wrong / n < bound <= 1


def test_half_a_percent_takes_598_values_that_are_all_right() -> None:
    assert needed_for() == 598
    assert upper_bound(0, 598) <= TARGET < upper_bound(0, 597)


def test_bins_hold_equal_numbers_and_part_no_confidence() -> None:
    found = bins([value(at / 100) for at in range(100)])
    assert [each.n for each in found] == [10] * 10
    assert found[0].confidence == pytest.approx(0.045)
    assert [each.n for each in bins(values(30, 10, 0.5) + values(10, 0, 0.9))] == [40, 10]
    assert bins([]) == ()


def test_the_calibration_error_is_the_distance_of_confidence_from_truth() -> None:
    # 0.5 said and 0.75 right; 0.9 said and all right: (40 * 0.25 + 10 * 0.1) / 50.
    assert calibration_error(bins(values(30, 10, 0.5) + values(10, 0, 0.9))) == pytest.approx(0.22)
    assert calibration_error(bins(values(80, 20, 0.8))) == pytest.approx(0)
    assert calibration_error(()) is None


def test_the_auroc_counts_pairs_and_ties_by_half() -> None:
    # Right 0.9 and 0.5, wrong 0.5 and 0.1: of four pairs three are won and one is a tie.
    of = [value(0.9), value(0.5), value(0.5, False), value(0.1, False)]
    assert auroc(of) == pytest.approx(3.5 / 4)
    assert auroc(values(5, 5, 0.5)) == pytest.approx(0.5)
    assert auroc(values(9, 0, 0.5)) is None and auroc(values(0, 9, 0.5)) is None and auroc([]) is None


def test_the_threshold_is_the_lowest_confidence_that_keeps_to_the_target() -> None:
    of = values(399, 1, 0.9) + values(1, 1, 0.8) + values(500, 0, 0.7) + values(0, 50, 0.6)
    found = derive(of)
    assert found is not None
    # Two of 902 are wrong from 0.7 on, 0.22 %; at 0.6 it would be 52 of 952.
    assert (found.threshold, found.accepted, found.wrong) == (0.7, 902, 2)
    assert found.bound == pytest.approx(upper_bound(2, 902))


def test_values_between_two_thousandths_fall_to_the_lower_one() -> None:
    found = derive([value(0.7809), value(0.7801, False)])
    assert found is None
    found = derive([value(0.7819), value(0.7801, False)])
    assert found is not None and (found.threshold, found.accepted) == (0.781, 1)


def test_all_wrong_gives_no_threshold_and_all_right_the_lowest_one_seen() -> None:
    assert derive(values(0, 20, 0.99)) is None
    assert derive([]) is None
    found = derive([value(0.8), value(0.95)])
    assert found is not None and (found.threshold, found.wrong) == (0.8, 0)
    assert found.bound == pytest.approx(1 - 0.05**0.5)  # two values prove very little, and it says so


def test_nothing_below_the_floor_is_accepted_however_right_it_was() -> None:
    found = derive(values(50, 0, 0.1) + values(50, 0, 0.7))
    assert found is not None and (found.threshold, found.accepted) == (0.7, 50)
    assert derive(values(50, 0, FLOOR - 0.01)) is None


@given(checked)
@settings(max_examples=150, deadline=None)
def test_what_a_threshold_lets_in_is_counted_as_it_decides(of: list[Checked]) -> None:
    found = derive(of)
    above = {at: [each for each in of if each.confidence >= at] for at in {each.confidence for each in of}}
    keeping = [
        at
        for at, each in above.items()
        if at >= FLOOR and sum(not one.right for one in each) <= TARGET * len(each)
    ]
    if found is None:
        assert keeping == []
        return
    let_in = [each for each in of if each.confidence >= found.threshold]
    assert found.threshold == min(keeping)
    assert (found.accepted, found.wrong) == (len(let_in), sum(not each.right for each in let_in))
    assert found.wrong <= TARGET * found.accepted and found.threshold >= FLOOR


@given(checked, st.randoms())
@settings(max_examples=60, deadline=None)
def test_figures_do_not_depend_on_the_order_of_values(of: list[Checked], chance: random.Random) -> None:
    mixed = list(of)
    chance.shuffle(mixed)
    assert calibrate(mixed) == calibrate(of)
    assert sum(each.n for each in bins(of)) == len(of)
    assert sum(each.right for each in bins(of)) == sum(each.right for each in of)


@given(checked)
@settings(max_examples=60, deadline=None)
def test_the_auroc_of_turned_confidences_is_the_rest_to_one(of: list[Checked]) -> None:
    told = auroc(of)
    turned = auroc([value(1 - each.confidence, each.right) for each in of])
    assert (told is None and turned is None) or told == pytest.approx(1 - (turned or 0.0))


def test_rows_are_by_field_and_grade_and_name_what_was_seen_only() -> None:
    of = [*values(9, 1, 0.9), value(0.8, grade=Grade.POOR), value(0.7, field="kind", grade=Grade.BITONAL)]
    rows = calibrate(of, engine="line_net", papers=3, seed=7)
    assert [(each.field, each.grade, each.n, each.right) for each in rows] == [
        ("kind", Grade.ALL, 1, 1),
        ("kind", Grade.BITONAL, 1, 1),
        ("number", Grade.ALL, 11, 10),
        ("number", Grade.GOOD, 10, 9),
        ("number", Grade.POOR, 1, 1),
    ]
    assert {(each.engine, each.papers, each.seed) for each in rows} == {("line_net", 3, 7)}
    assert rows[2].threshold is None and rows[2].bound is None and rows[2].accepted == 0


@pytest.mark.parametrize(
    ("bits", "rules", "grade"),
    [
        (24, (), Grade.GOOD),
        (8, ("page_separator",), Grade.GOOD),
        (1, (), Grade.BITONAL),
        (1, ("image_bitonal",), Grade.BITONAL),
        (1, ("image_bitonal", "image_blurred"), Grade.POOR),
        (24, ("image_low_resolution",), Grade.POOR),
    ],
)
def test_the_grade_of_a_picture_follows_its_findings(bits: int, rules: tuple[str, ...], grade: Grade) -> None:
    notes = [finding(rule, page=1) for rule in rules]
    assert grade_of(ImageMeasures(bits=bits), notes) is grade


def test_every_rule_about_pictures_makes_a_page_poor_or_bitonal() -> None:
    def broken(rule: ImageRule) -> ImageMeasures:
        step = {"<": -0.01, ">": 1, "==": 0, "<=": 0, ">=": 0}[rule.operation]
        return ImageMeasures.model_validate({rule.property: max(0, rule.value + step)})

    for rule in RULES.image:
        if rule.holds_on(today()):
            measures = broken(rule)
            notes = image_findings(measures, RULES.image, 1, today())
            assert grade_of(measures, notes) is not Grade.GOOD, rule.rule


def test_each_field_is_decided_by_its_own_threshold_or_by_the_common_one() -> None:
    told = {
        name: threshold_of(name)
        for name in ("kind", "number", "agency", "owner_id", "owner_name", "birth_date")
    }
    assert list(told.values()) == ["kind", "number", "agency", "owner", "owner", "field"]
    assert set(told.values()) <= set(Thresholds.model_fields)


def test_only_values_that_their_confidence_lets_in_are_checked() -> None:
    kind = RULES.book.kind("birth_certificate")
    document = Document(
        id="d",
        sha256="0" * 64,
        pages=(2, 3),
        kind="birth_certificate",
        kind_confidence=0.9,
        fields={
            "number": Field(value="12/2021", confidence=0.8, page=2),
            "agency": Field(value="Ủy ban nhân dân xã Diên An", confidence=None, source="text_layer"),
            "issue_date": Field(value="2021-05-12", confidence=0.7, page=2),  # written by hand
            "owner_id": Field(value=None, raw="?", confidence=0.0),
            "owner_name": Field(value="Nguyễn Văn A", confidence=1.0, source="operator"),
            "sex": Field(value="Nam", confidence=0.9),  # nothing that acceptance asks for
        },
        findings=(finding("field_written", page=2, field="issue_date"),),
    )
    found = machine_values(document, kind)
    assert {name: (read.confidence, read.page) for name, read in found.items()} == {
        "kind": (0.9, 2),
        "number": (0.8, 2),
        "agency": (1.0, 2),
    }


def test_derived_lines_replace_their_own_and_leave_all_others() -> None:
    before = "# why\nkind = 0.6\nwritten = 0.97  # of the reader of figures\nnumber = 0.78\n"
    rows = [row("number"), row("owner", threshold=None, bound=None), row("kind", grade="good")]
    after = with_lines(before, threshold_lines(rows))
    assert tomllib.loads(after) == {"kind": 0.6, "written": 0.97, "number": 0.8, "owner": ALWAYS_ASK}
    assert after.startswith(
        "# why\nkind = 0.6\nwritten = 0.97  # of the reader of figures\nnumber = 0.8  # n 200"
    )
    assert "always asked" in after and "bound 1.49 %" in after
    assert with_lines(after, threshold_lines(rows)) == after


def test_an_engines_lines_go_into_its_own_table() -> None:
    before = "number = 0.78\n\n[tesserocr]\nnumber = 0.9\n\n[line_net]\nnumber = 0.5\nkind = 0.6\n"
    after = with_lines(before, threshold_lines([row("number"), row("owner")]), "line_net")
    assert tomllib.loads(after) == {
        "number": 0.78,
        "tesserocr": {"number": 0.9},
        "line_net": {"number": 0.8, "kind": 0.6, "owner": 0.8},
    }
    new = with_lines("number = 0.78\n", threshold_lines([row("owner")]), "line_net")
    assert tomllib.loads(new) == {"number": 0.78, "line_net": {"owner": 0.8}}
    assert with_lines(after, threshold_lines([row("number"), row("owner")]), "line_net") == after


def test_a_field_that_is_always_asked_is_let_in_by_a_person_only() -> None:
    always = Thresholds.model_validate(dict.fromkeys(Thresholds.model_fields, ALWAYS_ASK))
    book = RULES.book.model_copy(update={"thresholds": always})
    given = {"number": "12/2021", "issue_date": "2021-05-12", "agency": "Sở Y tế", "owner_id": "056221001234"}

    def paper(source: Source) -> Document:
        fields = {name: Field(value=value, confidence=1.0, source=source) for name, value in given.items()}
        kind = {"kind": "birth_certificate", "kind_confidence": 1.0}
        return Document(id="d", sha256="0" * 64, pages=(1,), fields=fields, **kind)

    assert lacks(paper("ocr"), book) == ("number", "issue_date", "agency", "owner_id")
    assert lacks(paper("operator"), book) == ()


def test_a_table_that_was_written_is_read_back_as_it_was(tmp_path: Path) -> None:
    rows = calibrate([*values(99, 1, 0.9), *values(3, 0, 0.95)], engine="line_net", papers=4, seed=1)
    write_rows(rows, tmp_path / "calibration.csv")
    assert csv_rows(CalibrationRow, tmp_path / "calibration.csv") == rows


def test_every_shipped_threshold_of_a_calibrated_engine_is_the_one_its_table_derives() -> None:
    whole = [each for each in load_calibration() if each.grade is Grade.ALL]
    engines = {each.engine for each in whole}
    assert "line_net" in engines
    for engine in engines:
        rows = {each.field: each for each in whole if each.engine == engine}
        assert set(rows) == {"kind", "field", "number", "issue_date", "agency", "owner"}
        thresholds = load_thresholds(engine=engine).model_dump()
        for field, each in rows.items():
            assert thresholds[field] == (ALWAYS_ASK if each.threshold is None else each.threshold)
            assert each.papers and each.seed is not None
            assert each.threshold is None or each.wrong <= TARGET * round(each.accepted * each.n)


def test_each_engine_has_its_own_thresholds_and_another_one_the_common_ones(tmp_path: Path) -> None:
    (tmp_path / "thresholds.toml").write_text(
        "number = 0.7\nkind = 0.5\n[line_net]\nnumber = 0.9\n", encoding="utf-8"
    )
    found = {engine: load_thresholds(tmp_path, engine) for engine in ("line_net", "tesserocr")}
    assert {engine: (each.number, each.kind) for engine, each in found.items()} == {
        "line_net": (0.9, 0.5),
        "tesserocr": (0.7, 0.5),
    }
    assert load_rulebook(engine="line_net").thresholds == load_thresholds(engine="line_net")


def test_a_home_overrides_the_thresholds_it_names_and_no_other(tmp_path: Path) -> None:
    own = tmp_path / "calibration.toml"
    assert load_own_thresholds(own) == load_thresholds() == load_own_thresholds(None)
    own.write_text("number = 0.91\n", encoding="utf-8")
    assert load_own_thresholds(own) == load_thresholds().model_copy(update={"number": 0.91})
    own.write_text("numbr = 0.91\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="numbr"):
        load_own_thresholds(own)


def test_a_curve_is_the_same_bytes_for_the_same_values_and_survives_the_extremes() -> None:
    for of in ([value(1.0)], [value(0.0, False)], values(0, 30, 0.5), values(300, 1, 0.99)):
        drawn = curve(of, "vi", "Thử <nghiệm>")
        assert drawn == curve(of, "vi", "Thử <nghiệm>")
        assert "Thử &lt;nghiệm&gt;" in drawn and "nan" not in drawn and drawn.count("<circle") >= 1
    assert "Không độ tin nào đủ chắc" in curve(values(0, 30, 0.5), "vi", "x")
    assert curve([], "vi", "x").startswith("<svg")
