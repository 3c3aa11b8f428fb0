"""Whether a paper counts on a day, by dated rules (DOMAIN.md §3.4)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.loader import load_kinds, load_rulebook
from extractors.validity import decide
from schemas.documents import Field, ValidityState
from schemas.rules import Rulebook

RULES = load_rulebook()
TODAY = date(2026, 11, 23)


def fields(**values: str | None) -> dict[str, Field]:
    return {name: Field(value=value, confidence=0.9) for name, value in values.items()}


@pytest.mark.parametrize(
    ("kind", "issued", "expiry", "state", "source"),
    [
        ("birth_certificate", "1999-05-04", None, "in_force", "statute"),
        ("marriage_certificate", "2010-05-04", None, "in_force", "statute"),
        ("land_use_certificate", "2012-05-04", None, "in_force", "statute"),
        ("marital_status_certificate", "2026-05-24", None, "in_force", "statute"),
        ("marital_status_certificate", "2026-05-22", None, "expired", "statute"),
        ("food_safety_certificate", "2023-11-24", None, "in_force", "statute"),
        ("food_safety_certificate", "2023-11-22", None, "expired", "statute"),
        ("construction_permit", "2026-01-05", None, "unknown", None),
        ("construction_permit", "2022-01-05", "2027-01-04", "in_force", "printed"),
        ("construction_permit", "2016-01-05", "2021-01-04", "expired", "printed"),
        ("decision", "2021-01-05", None, "unknown", None),
        ("dispatch", "2021-01-05", None, "unknown", None),
        ("practice_certificate", "2021-01-05", None, "unknown", None),
        ("environmental_permit", "2021-01-05", "2031-01-05", "in_force", "printed"),
        (None, "2021-01-05", None, "unknown", None),
    ],
)
def test_each_kind_is_decided_by_its_rule(
    kind: str | None, issued: str, expiry: str | None, state: str, source: str | None
) -> None:
    given_fields = fields(issue_date=issued, **({"expiry_date": expiry} if expiry else {}))
    decided = decide(kind, given_fields, RULES, TODAY)
    assert (decided.state, decided.source) == (state, source)


def test_the_last_day_still_counts() -> None:
    printed = fields(issue_date="2021-01-01", expiry_date=TODAY.isoformat())
    assert decide("construction_permit", printed, RULES, TODAY).state is ValidityState.IN_FORCE


def test_a_printed_end_that_cannot_be_read_decides_nothing() -> None:
    decided = decide("birth_certificate", fields(issue_date="2021-01-01", expiry_date=None), RULES, TODAY)
    assert decided.state is ValidityState.UNKNOWN


def test_a_term_without_its_first_day_stays_unknown() -> None:
    decided = decide("food_safety_certificate", fields(), RULES, TODAY)
    assert decided.state is ValidityState.UNKNOWN
    assert decided.basis == "food_term"


def test_no_expiry_is_ever_made_up() -> None:
    """A platform in use sets issue date + six months where nothing is entered (DOMAIN.md §1.2); we never do."""
    for kind in load_kinds():
        decided = decide(kind.id, fields(issue_date="2015-01-01"), RULES, TODAY)
        rule = next((row for row in RULES.validity if row.kind == kind.id), None)
        assert decided.until is None or (rule is not None and rule.rule == "TERM_FROM_ISSUE")


@given(st.dates(date(1990, 1, 1), date(2040, 1, 1)), st.dates(date(1990, 1, 1), date(2040, 1, 1)))
def test_a_term_once_over_stays_over(issued: date, day: date) -> None:
    given_fields = fields(issue_date=issued.isoformat())
    now = decide("food_safety_certificate", given_fields, RULES, day).state
    later = decide("food_safety_certificate", given_fields, RULES, date(2045, 1, 1)).state
    assert now is not ValidityState.UNKNOWN
    assert later is ValidityState.EXPIRED


def test_a_rule_out_of_force_does_not_decide() -> None:
    early = fields(issue_date="2010-01-01")
    assert decide("marital_status_certificate", early, RULES, TODAY).state is ValidityState.UNKNOWN


def test_without_rules_nothing_is_claimed() -> None:
    empty = Rulebook.model_construct(validity=())
    assert (
        decide("birth_certificate", fields(issue_date="2020-01-01"), empty, TODAY).state
        is ValidityState.UNKNOWN
    )
