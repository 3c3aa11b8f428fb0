"""Expectations of a batch: what they notice, what they pass over; a broken check is not called bad data."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from quality.document_table import (
    Row,
    Yardstick,
    code_agrees,
    number_wellformed,
    owner_wellformed,
    tidy,
)
from quality.expectations import Check, checks, run, validate
from schemas.documents import Choice, Document, Field, Route, Validity, ValidityState, Verdict
from schemas.reports import ExpectationReport, ExpectationResult
from schemas.rules import Kind, Thresholds
from schemas.wording import section

BIRTH = Kind(
    id="birth_certificate",
    title="Giấy khai sinh",
    document_type="Giấy khai sinh",
    titles=("giấy khai sinh",),
    result_codes=("KQ.G15.000031",),
)
DAY = date(2026, 11, 23)
BY = Yardstick(kinds={BIRTH.id: BIRTH}, thresholds=Thresholds(), day=DAY, page_counts={"a" * 64: 4})


class Stored(NamedTuple):
    """A stored document, in the shape of the catalogue's rows."""

    document: Document
    file: str = "001.pdf"
    verdict: Verdict = Verdict.VALID
    code: str | None = "056190001234.KQ.G15.000031.123/2021.01"
    pdfa_key: str | None = "pdfa/ab/abc.pdf"
    linked_to: str | None = None


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


def one(stored: Stored) -> Row:
    """The row of a batch of one."""
    return tidy([stored], BY)[0]


def result(report: ExpectationReport, key: str) -> ExpectationResult:
    """One result by its key."""
    return next(each for each in report.results if each.key == key)


def test_a_good_batch_meets_every_expectation() -> None:
    twin = Stored(document("d2", pages=(2,), fields={"number": "124/2021"}))
    twin = twin._replace(code="056190001234.KQ.G15.000031.124/2021.01")
    report = validate("lô 1", tidy([Stored(document()), twin], BY))
    assert report.failed == ()
    assert report.broken == ()
    assert [each.key for each in report.results] == list(section("expectation"))
    assert result(report, "code_unique").checked == 2


def test_an_empty_batch_is_validated_too() -> None:
    report = validate("lô rỗng", [])
    assert (report.documents, report.failed, report.broken) == (0, (), ())


def test_failures_name_their_documents() -> None:
    rows = tidy(
        [
            Stored(document("good")),
            Stored(document("late", pages=(2,), fields={"issue_date": "2031-01-01"}), code=None),
            Stored(document("same", pages=(1, 9)), verdict=Verdict.INVALID),
        ],
        BY,
    )
    report = validate("lô 2", rows)
    assert {each.key: each.documents for each in report.failed} == {
        "pages_accounted": ("good", "same"),
        "date_not_future": ("late",),
        "code_issued": ("late",),
        "code_unique": ("good", "same"),
        "verdict_not_invalid": ("same",),
    }
    assert result(report, "pages_accounted").unexpected == 2


def test_a_check_that_breaks_is_not_called_bad_data() -> None:
    wanted = [Check("pages_accounted"), Check("kind_known", column="no_such_column")]
    report = run("lô 3", [one(Stored(document()))], wanted).report
    assert result(report, "pages_accounted").success
    broken = result(report, "kind_known")
    assert broken.broken
    assert not broken.success
    assert "no_such_column" in broken.detail
    assert report.failed == ()


def test_a_low_confidence_is_only_information() -> None:
    row = replace(one(Stored(document())), kind_confidence=0.2, page_confidence=0.1)
    report = validate("lô 4", [row])
    assert {(each.key, each.severity) for each in report.failed} == {
        ("kind_confidence", "info"),
        ("page_confidence", "info"),
    }


@pytest.mark.parametrize(
    ("stored", "column", "expected"),
    [
        (Stored(document()), "mandatory_complete", True),
        (Stored(document(fields={"number": None})), "mandatory_complete", False),
        (Stored(document(fields={"owner_id": None})), "mandatory_complete", False),
        (
            Stored(document(fields={"owner_id": None, "owner_name": "Nguyễn Văn A"})),
            "mandatory_complete",
            False,
        ),
        (
            Stored(
                document(
                    fields={"owner_name": "Nguyễn Văn A", "birth_date": "1990-05-04"}, without="owner_id"
                )
            ),
            "mandatory_complete",
            True,
        ),
        (Stored(document(kind="unheard_of")), "kind_known", False),
        (Stored(document(route=Route.REVIEW)), "mandatory_complete", None),
        (Stored(document(route=Route.REVIEW), pdfa_key=None), "stored", None),
        (Stored(document(), pdfa_key=None), "stored", False),
        (Stored(document(), linked_to="d0"), "stored", None),
        (Stored(document(fields={"issue_date": "1021-03-02"})), "date_real", False),
        (Stored(document(fields={"issue_date": "2021-02-30"})), "date_real", False),
        (Stored(document(fields={"issue_date": None})), "date_real", None),
        (Stored(document(fields={"expiry_date": "2020-01-01"})), "expiry_after_issue", False),
        (Stored(document(unit=None)), "unit_resolved", False),
        (Stored(document(), code="rubbish"), "code_wellformed", False),
        (Stored(document(fields={"number": "125/2021"})), "code_agrees", False),
        (Stored(document(pages=())), "pages_accounted", False),
        (Stored(document(pages=(5,))), "pages_accounted", False),
    ],
)
def test_each_column_says_whether_it_holds_or_does_not_apply(
    stored: Stored, column: str, expected: bool | None
) -> None:
    assert getattr(one(stored), column) is expected


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
    assert number_wellformed(number)


@pytest.mark.parametrize("number", ["", "/KH-UBND", "QĐ-UBND", "12 / QĐ", "12//QĐ", "12/QĐ-", "số 12…"])
def test_half_read_numbers_are_not(number: str) -> None:
    assert not number_wellformed(number)


@pytest.mark.parametrize(
    ("owner", "good"),
    [
        ("056190001234", True),
        ("225123456", True),
        ("B1234567", True),
        ("0100109106", True),
        ("0100109107", False),
        ("12", False),
    ],
)
def test_owner_numbers_are_held_against_their_grammar_and_check_digit(owner: str, good: bool) -> None:
    assert owner_wellformed(owner) is good


def test_a_code_without_owner_agrees_with_a_paper_without_one() -> None:
    paper = document(fields={"owner_id": None})
    assert code_agrees(".KQ.G15.000031.123/2021.01", paper)
    assert not code_agrees("056190001234.KQ.G15.000031.123/2021.01", paper)


def test_no_column_carries_an_owner_a_number_or_a_code() -> None:
    row = one(Stored(document()))
    assert not {"056190001234", "123/2021"} & {str(value) for value in vars(row).values()}


def test_every_expectation_has_a_title_in_both_languages() -> None:
    assert [check.key for check in checks()] == list(section("expectation"))
    assert section("expectation", "vi").keys() == section("expectation", "en").keys()


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
from quality.expectations import validate
assert not validate("x", []).broken
"""
    here = {**os.environ, "TMPDIR": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, env=here)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert list(tmp_path.iterdir()) == []
