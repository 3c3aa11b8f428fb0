"""Grammars of codes and the code of a digitised result (DOMAIN.md §1.4-1.12)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codes import (
    GRAMMARS,
    is_owner_identifier,
    make_result_code,
    parse_result_code,
    person_number_year,
    tax_code_check,
)
from schemas.errors import CodeError

_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tthc_short", "1.001193"),
        ("tthc_short", "6.001193"),
        ("tthc_long", "1.001612.000.00.00.H48"),
        ("tthc_case", "1.000894.01"),
        ("tthc_legacy", "T-KHA-123456-TT"),
        ("sector", "G15-TP07"),
        ("dossier", "000.00.53.H48-220921-0099"),
        ("dossier", "H15.50.05.13-261008-0975"),
        ("dossier", "G09.20-20260609-0092637"),
        ("component", "000.00.00.G15-KQ004389"),
        ("result_type", "KQ.G15.000031"),
        ("result_type", "KQ.H52.000004"),
        ("agency_qcvn", "000.00.18.H32"),
        ("agency_qd20", "H32.18.5"),
        ("mst", "4201234567-001"),
    ],
)
def test_codes_seen_in_the_wild_match_their_grammar(name: str, text: str) -> None:
    assert GRAMMARS[name].match(text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("result_type", "000.00.00.G15-KQ004389"),
        ("component", "KQ.G15.000031"),
        ("tthc_short", "0.001193"),
        ("tthc_short", "1-001193"),
        ("agency_qd20", "H32." + ".".join(["123"] * 9)),
        ("person12", "05619000123"),
    ],
)
def test_what_only_looks_like_a_code_does_not_match(name: str, text: str) -> None:
    assert not GRAMMARS[name].match(text)


def test_a_code_without_owner_keeps_its_leading_dot() -> None:
    assert str(make_result_code("", "KQ.G15.000031", "123/2021", 1)) == ".KQ.G15.000031.123/2021.01"


@given(
    owner=st.one_of(st.just(""), st.from_regex(r"\A\d{9}\Z|\A\d{12}\Z|\A\d{10}(-\d{3})?\Z", fullmatch=True)),
    number=st.from_regex(r"\A[0-9]{1,4}(/20[0-9]{2})?/[A-ZĐ]{2,4}-[A-Z.]{2,6}\Z", fullmatch=True),
    running=st.integers(1, 99),
)
def test_a_rendered_code_reads_back_into_its_parts(owner: str, number: str, running: int) -> None:
    code = make_result_code(owner, "KQ.H52.000004", number, running)
    assert parse_result_code(str(code)) == code


@pytest.mark.parametrize("running", [0, 100, -1])
def test_running_numbers_outside_1_to_99_are_refused(running: int) -> None:
    with pytest.raises(CodeError):
        make_result_code("", "KQ.G15.000031", "1/2021", running)


@given(st.from_regex(r"\A[1-9]\d{8}\Z", fullmatch=True))
def test_exactly_one_check_digit_fits_a_tax_code_unless_none_is_issued(nine: str) -> None:
    remainder = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, nine, strict=True)) % 11
    verdicts = [tax_code_check(nine + str(last)) for last in range(10)]
    if remainder == 0:
        assert verdicts == [None] * 10
    else:
        assert verdicts.count(True) == 1
        assert verdicts[10 - remainder] is True


def test_a_personal_number_tells_the_birth_year_by_century_and_year() -> None:
    assert person_number_year("056190001234") == 1990
    assert person_number_year("056321001234") == 2021
    assert person_number_year("12") is None


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("056190001234", True), ("225123456", True), ("4201234567-001", True), ("12345", False)],
)
def test_owners_have_nine_ten_twelve_or_thirteen_digits(text: str, is_one: bool) -> None:
    assert is_owner_identifier(text) is is_one
