"""Of papers that replace one another only the newest is in force, from the day it stood in the catalogue."""

from __future__ import annotations

from datetime import date

import pytest

from configs.loader import load_validity
from quality.quotas import counting_reason
from quality.series import mark_superseded
from schemas.quotas import PaperRow
from schemas.rules import NewestOf
from tests.test_quota import paper

KIND = "enterprise_registration"
BY_OWNER: dict[str, NewestOf] = {KIND: "owner_id"}


def registration(name: str, issued: date | None, **changes: object) -> PaperRow:
    facts = {"kind": KIND, "owner": "0301234567", "issue_date": issued, "digitised_on": date(2024, 3, 1)}
    return paper(name, **{**facts, **changes})


def test_the_older_of_two_registrations_is_superseded_from_the_day_the_newer_was_digitised() -> None:
    old = registration("d1", date(2010, 1, 1), digitised_on=date(2022, 1, 1))
    new = registration("d2", date(2015, 1, 1), digitised_on=date(2024, 5, 1))
    marked = {row.document_id: row for row in mark_superseded([new, old], BY_OWNER)}
    assert marked["d1"].superseded_on == date(2024, 5, 1)
    assert marked["d2"] == new
    assert counting_reason(marked["d1"], date(2024, 4, 30)) == "counted"
    assert counting_reason(marked["d1"], date(2024, 5, 1)) == "superseded"


@pytest.mark.parametrize(
    "newer",
    [
        {"route": "review", "code": None},
        {"code_voided": True},
        {"linked_to": "d1"},
        {"role": "component"},
        {"owner": None},
        {"owner": "0309999999"},
        {"issue_date": None},
        {"issue_date": date(2010, 1, 1)},
        {"kind": "branch_registration"},
    ],
)
def test_a_paper_that_does_not_count_or_is_no_newer_one_of_its_owner_replaces_nothing(
    newer: dict[str, object],
) -> None:
    old = registration("d1", date(2010, 1, 1))
    facts: dict[str, object] = {"issue_date": date(2015, 1, 1), **newer}
    issued = facts.pop("issue_date")
    other = registration("d2", issued, **facts)  # type: ignore[arg-type]
    assert mark_superseded([old, other], BY_OWNER) == [old, other]


def test_land_certificates_of_one_owner_never_replace_each_other() -> None:
    kinds = {rule.kind for rule in load_validity() if rule.newest_of}
    assert {"enterprise_registration", "household_business_registration"} <= kinds
    assert "land_use_certificate" not in kinds


def test_a_vessel_registered_anew_keeps_its_number_and_the_older_certificate_is_superseded() -> None:
    facts = {"kind": "fishing_vessel_registration", "number": "KH-90123-TS"}
    old = registration("d1", date(2015, 1, 1), owner="056079001234", **facts)
    new = registration("d2", date(2023, 1, 1), owner="056085004321", **{**facts, "number": "kh-90123-ts"})
    other = registration("d3", date(2024, 1, 1), owner="056085004321", **{**facts, "number": "KH-90124-TS"})
    marked = {
        row.document_id: row
        for row in mark_superseded([old, new, other], {"fishing_vessel_registration": "number"})
    }
    assert marked["d1"].superseded_on == date(2024, 3, 1)
    assert (marked["d2"].superseded_on, marked["d3"].superseded_on) == (None, None)
