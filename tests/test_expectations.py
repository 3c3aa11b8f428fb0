"""Expectations of a batch: what they notice, what they pass over; a broken check is not called bad data."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.loader import load_expectations
from quality.document_table import Yardstick, code_agrees, code_shape, shape_of, tidy
from quality.expectations import validate
from schemas.codes import parse_result_code
from schemas.documents import Choice, Document, Field, Route, Validity, ValidityState, Verdict
from schemas.expectations import DocumentFacts, Expectation, in_force
from schemas.findings import Severity
from schemas.kinds import Kind
from schemas.reports import ExpectationReport, ExpectationResult
from schemas.rules import Thresholds
from schemas.wording import section

BIRTH = Kind(
    id="birth_certificate",
    title="Giấy khai sinh",
    document_type="Giấy khai sinh",
    titles=("giấy khai sinh",),
    result_codes=("KQ.G15.000031",),
)
DAY = date(2026, 11, 23)
BY = Yardstick(kinds={BIRTH.id: BIRTH}, thresholds=Thresholds(), page_counts={"a" * 64: 4})
BROKEN = Expectation(
    key="broken",
    severity=Severity.ERROR,
    expectation="ExpectColumnValuesToNotBeNull",
    columns=("no_such_column",),
)
SUITE = in_force(load_expectations(), DAY)


class Stored(NamedTuple):
    """A stored document, in the shape of the catalogue's rows."""

    document: Document
    file: str = "001.pdf"
    verdict: Verdict = Verdict.VALID
    code: str | None = "056190001234.KQ.G15.000031.123/2021.01"
    pdfa_key: str | None = "pdfa/ab/abc.pdf"
    linked_to: str | None = None
    created_at: str = f"{DAY}T08:00:00+07:00"


def document(
    name: str = "d1",
    /,
    *,
    fields: dict[str, str | None] | None = None,
    without: str | None = None,
    **changes: object,
) -> Document:
    """An accepted birth certificate; the field `without` is not on it."""
    values: dict[str, str | None] = {
        "number": "123/2021",
        "issue_date": "2021-03-02",
        "agency": "Ủy ban nhân dân xã Diên An",
        "owner_id": "056190001234",
        **(fields or {}),
    }
    values.pop(without or "", None)
    facts: dict[str, object] = {
        "id": name,
        "sha256": "a" * 64,
        "pages": (1,),
        "kind": BIRTH.id,
        "kind_confidence": 0.9,
        "result_type": Choice(value="KQ.G15.000031"),
        "fields": {key: Field(value=value, confidence=0.9) for key, value in values.items()},
        "validity": Validity(state=ValidityState.IN_FORCE),
        "level": "xa",
        "unit": "22366",
        "route": Route.ACCEPTED,
    }
    return Document.model_validate({**facts, **changes})


def one(stored: Stored) -> DocumentFacts:
    """The row of a batch of one."""
    return tidy([stored], BY)[0]


def only(*keys: str) -> list[Expectation]:
    """A part of the suite."""
    return [expectation for expectation in SUITE if expectation.key in keys]


def outcome(stored: Stored, key: str) -> str:
    """How one expectation ends on a batch of one."""
    return validate("một", [one(stored)], only(key)).report.results[0].outcome


def matches(key: str, shape: str) -> bool:
    """Whether a shape meets the pattern of an expectation."""
    return re.search(only(key)[0].arguments["regex"], shape) is not None


def result(report: ExpectationReport, key: str) -> ExpectationResult:
    """One result by its key."""
    return next(each for each in report.results if each.key == key)


def test_a_good_batch_meets_every_expectation() -> None:
    twin = Stored(document("d2", pages=(2,), fields={"number": "124/2021"}))
    twin = twin._replace(code="056190001234.KQ.G15.000031.124/2021.01")
    report = validate("lô 1", tidy([Stored(document()), twin], BY), SUITE).report
    assert report.failed == ()
    assert report.broken == ()
    assert [each.key for each in report.results] == list(section("expectation"))
    assert result(report, "code_unique").checked == 2


def test_an_empty_batch_is_validated_too() -> None:
    report = validate("lô rỗng", [], SUITE).report
    assert (report.documents, report.failed, report.broken) == (0, (), ())
    assert report.tally == {"met": 0, "failed": 0, "idle": len(SUITE), "broken": 0}


def test_failures_name_their_documents() -> None:
    rows = tidy(
        [
            Stored(document("good")),
            Stored(document("late", pages=(2,), fields={"issue_date": "2031-01-01"}), code=None),
            Stored(document("same", pages=(1, 9)), verdict=Verdict.INVALID),
        ],
        BY,
    )
    report = validate("lô 2", rows, SUITE).report
    assert {each.key: each.documents for each in report.failed} == {
        "first_page_unique": ("good", "same"),
        "pages_accounted": ("good", "same"),
        "date_not_future": ("late",),
        "code_issued": ("late",),
        "code_unique": ("good", "same"),
        "verdict_not_invalid": ("same",),
    }
    assert result(report, "pages_accounted").unexpected == 2


def test_a_check_that_breaks_is_not_called_bad_data() -> None:
    wanted = [*only("pages_accounted"), BROKEN]
    report = validate("lô 3", [one(Stored(document()))], wanted).report
    assert result(report, "pages_accounted").success
    broken = result(report, "broken")
    assert broken.broken
    assert not broken.success
    assert "no_such_column" in broken.detail
    assert report.failed == ()


def test_a_low_confidence_is_only_information() -> None:
    row = replace(one(Stored(document())), kind_confidence=0.2, page_confidence=0.1)
    report = validate("lô 4", [row], SUITE).report
    assert {(each.key, each.severity) for each in report.failed} == {
        ("kind_confidence", "info"),
        ("page_confidence", "info"),
    }


@pytest.mark.parametrize(
    ("stored", "key", "expected"),
    [
        (Stored(document()), "mandatory_complete", "met"),
        (Stored(document(fields={"number": None})), "mandatory_complete", "failed"),
        (Stored(document(fields={"owner_id": None})), "mandatory_complete", "failed"),
        (
            Stored(document(fields={"owner_id": None, "owner_name": "Nguyễn Văn A"})),
            "mandatory_complete",
            "failed",
        ),
        (
            Stored(
                document(
                    fields={"owner_name": "Nguyễn Văn A", "birth_date": "1990-05-04"}, without="owner_id"
                )
            ),
            "mandatory_complete",
            "met",
        ),
        (Stored(document(kind="unheard_of")), "kind_known", "failed"),
        (Stored(document(route=Route.REVIEW)), "mandatory_complete", "idle"),
        (Stored(document(route=Route.REVIEW), pdfa_key=None), "stored", "idle"),
        (Stored(document(), pdfa_key=None), "stored", "failed"),
        (Stored(document(), linked_to="d0"), "stored", "idle"),
        (Stored(document(fields={"issue_date": "1021-03-02"})), "date_plausible", "failed"),
        (Stored(document(fields={"issue_date": "2021-02-30"})), "date_real", "failed"),
        (Stored(document(fields={"issue_date": None})), "date_real", "idle"),
        (Stored(document(fields={"expiry_date": "2020-01-01"})), "expiry_after_issue", "failed"),
        (Stored(document(unit=None)), "unit_resolved", "failed"),
        (Stored(document(level=None)), "level_known", "failed"),
        (Stored(document(), verdict=Verdict.NOT_CHECKED), "verdict_not_invalid", "idle"),
        (Stored(document(), code=None, linked_to="d0"), "code_issued", "idle"),
        (Stored(document(fields={"owner_id": "0100109107"})), "tax_code_right", "failed"),
        (Stored(document()), "tax_code_right", "idle"),
        (Stored(document(), code="rubbish"), "code_wellformed", "failed"),
        (Stored(document(fields={"number": "125/2021"})), "code_agrees", "failed"),
        (Stored(document(pages=())), "pages_accounted", "failed"),
        (Stored(document(pages=())), "first_page_unique", "idle"),
        (Stored(document(), verdict=Verdict.INVALID), "verdict_not_invalid", "failed"),
        (Stored(document(route=Route.REVIEW), code=None), "code_issued", "idle"),
        (Stored(document(pages=(5,))), "pages_accounted", "failed"),
    ],
)
def test_each_expectation_holds_fails_or_does_not_concern_a_document(
    stored: Stored, key: str, expected: str
) -> None:
    assert outcome(stored, key) == expected


def test_what_a_person_entered_needs_no_confidence() -> None:
    doubtful = {"number": Field(value="123/2021", confidence=0.1)}
    entered = {"number": Field(value="123/2021", confidence=0.1, source="operator")}
    assert one(Stored(document().model_copy(update={"fields": doubtful}))).confidence_enough is False
    assert one(Stored(document().model_copy(update={"fields": entered}))).confidence_enough is True


@pytest.mark.parametrize(
    "number",
    ["5283/KH-UBND", "61/2018/NĐ-CP", "123/2021", "CN 719597", "12a/QĐ-SGDĐT", "37H8001234", "01/GPXD"],
)
def test_numbers_as_printed_are_wellformed(number: str) -> None:
    assert matches("number_wellformed", shape_of(number))


@pytest.mark.parametrize("number", ["", "/KH-UBND", "QĐ-UBND", "12 / QĐ", "12//QĐ", "12/QĐ-", "số 12…"])
def test_half_read_numbers_are_not(number: str) -> None:
    assert not matches("number_wellformed", shape_of(number))


@pytest.mark.parametrize(
    ("owner", "shaped", "right"),
    [
        ("056190001234", True, None),
        ("225123456", True, None),
        ("B1234567", True, None),
        ("0100109106", True, True),
        ("0100109107", True, False),
        ("12", False, None),
    ],
)
def test_owner_numbers_are_held_against_their_grammar_and_check_digit(
    owner: str, shaped: bool, right: bool | None
) -> None:
    row = one(Stored(document(fields={"owner_id": owner})))
    assert row.owner_shape is not None
    assert matches("owner_wellformed", row.owner_shape) is shaped
    assert row.tax_code_right is right


@pytest.mark.parametrize(
    ("code", "shaped"),
    [
        ("056190001234.KQ.G15.000031.123/2021.01", True),
        (".KQ.G15.000031.12/QĐ-UBND.01", True),
        ("0100109106-001.KQ.A01.000031.CN 719597.99", True),
        ("056190001234.KQ.X15.000031.123/2021.01", False),
        ("05619.KQ.G15.000031.123/2021.01", False),
        ("056190001234.KQ.G15.000031.123/2021", False),
    ],
)
def test_codes_are_held_against_the_grammar_they_are_issued_by(code: str, shaped: bool) -> None:
    assert (parse_result_code(code) is not None) is shaped
    assert matches("code_wellformed", code_shape(code)) is shaped


@given(
    st.from_regex(r"\A[0-9-]{0,13}\.?KQ\.[A-M][0-9]{1,3}\.[0-9]{5,7}\.[0-9A-ZĐa-z/ .-]{0,12}\.[0-9]{1,3}\Z")
)
def test_the_pattern_of_codes_and_their_grammar_never_differ(code: str) -> None:
    assert matches("code_wellformed", code_shape(code)) is (parse_result_code(code) is not None)


def test_a_code_without_owner_agrees_with_a_paper_without_one() -> None:
    paper = document(fields={"owner_id": None})
    assert code_agrees(".KQ.G15.000031.123/2021.01", paper)
    assert not code_agrees("056190001234.KQ.G15.000031.123/2021.01", paper)


def test_no_column_carries_an_owner_a_number_or_a_code() -> None:
    fields = {"number": "Lê Văn Tám", "issue_date": "ngày Lê Văn Tám sinh", "owner_name": "Lê Văn Tám"}
    for row in (
        one(Stored(document())),
        one(Stored(document(fields=dict(fields)), code="mã của Lê Văn Tám")),
    ):
        text = str(vars(row))
        assert not [secret for secret in ("056190001234", "123/2021", "Tám", "LÊ") if secret in text]


def test_every_expectation_has_a_title_in_both_languages() -> None:
    keys = [expectation.key for expectation in load_expectations()]
    for part in ("expectation", "expectation_rule"):
        assert list(section(part, "vi")) == list(section(part, "en")) == keys


def test_only_the_expectations_in_force_on_a_day_are_held() -> None:
    before = {expectation.key for expectation in in_force(load_expectations(), date(2022, 1, 1))}
    assert "stored" in before and "code_issued" not in before
    assert "code_issued" in {expectation.key for expectation in SUITE}


def test_importing_the_module_does_not_import_great_expectations() -> None:
    heavy = "{'great_expectations', 'pandas'}"
    code = f"import sys, quality.expectations; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_validation_opens_no_connection_and_leaves_nothing_behind(tmp_path: Path) -> None:
    code = """
import socket
def refuse(*args, **kwargs): raise SystemExit("a connection was opened")
socket.socket.connect = refuse
socket.getaddrinfo = refuse
from configs.loader import load_expectations
from quality.expectations import validate
assert not validate("x", [], load_expectations()).report.broken
"""
    here = {**os.environ, "TMPDIR": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, env=here)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert list(tmp_path.iterdir()) == []
