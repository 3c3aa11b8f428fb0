"""A value of a code is keyed by two people who do not see each other's; never by one person twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.portal_home import Browser, Portal, papers_of, portal_over
from tests.test_portal_review import code_of, rows

FIRST, SECOND = "056221001234", "056221005674"


@pytest.fixture
def portal(digitised: Path, tmp_path: Path) -> Iterator[Portal]:
    with portal_over(digitised, tmp_path / "portal", SOHOA_CONFIRM_TYPED="other_operator") as running:
        yield running


def key(portal: Portal, browser: Browser, paper: str, value: str) -> int:
    version = str(rows(portal, "SELECT version FROM document WHERE id = ?", paper)[0][0])
    answers = [{"target": "owner_id", "value": value, "sure": True, "ms": 900, "shown": "0" * 12}]
    done = browser.post(f"/review/{paper}", answers=json.dumps(answers), version=version)
    browser.post(f"/review/{paper}/leave")
    return done.status_code


def offered(browser: Browser) -> set[str]:
    """Every paper that the person is given, one after another."""
    found: set[str] = set()
    while (answer := browser.post("/review/next", busy=" ".join(found))).status_code == 200:
        own = answer.text.partition('data-id="')[2][:32]
        found.add(own)
        browser.post(f"/review/{own}/leave")
    return found


def test_two_people_who_key_the_same_confirm_it_and_one_person_twice_does_not(portal: Portal) -> None:
    paper = papers_of(portal.machine.home)["04.png"]
    lan, vân = portal.signed_in("lan"), portal.signed_in("vân")
    assert paper in offered(lan)
    assert key(portal, lan, paper, FIRST) == 200 and code_of(portal, paper) is None
    assert key(portal, lan, paper, FIRST) == 409 and code_of(portal, paper) is None
    assert paper not in offered(lan) and paper in offered(vân)
    page = vân.get(f"/review/{paper}").text
    assert FIRST not in page.partition('data-target="owner_id"')[2].partition("</div>")[0]
    assert key(portal, vân, paper, FIRST) == 200 and code_of(portal, paper)


def test_values_that_differ_wait_for_a_third_person(portal: Portal) -> None:
    paper = papers_of(portal.machine.home)["04.png"]
    lan, vân, third = (portal.signed_in(name) for name in ("lan", "vân", "xã này"))
    assert key(portal, lan, paper, FIRST) == 200 and key(portal, vân, paper, SECOND) == 200
    assert code_of(portal, paper) is None
    assert key(portal, lan, paper, SECOND) == 409 and key(portal, vân, paper, SECOND) == 409
    assert paper in offered(third) and paper not in offered(lan) | offered(vân)
    assert key(portal, third, paper, SECOND) == 200
    code = code_of(portal, paper)
    assert code is not None and code.startswith(SECOND)


def test_a_field_that_the_paper_has_not_is_refused_without_naming_a_command(portal: Portal) -> None:
    paper, lan = papers_of(portal.machine.home)["04.png"], portal.signed_in("lan")
    version = str(rows(portal, "SELECT version FROM document WHERE id = ?", paper)[0][0])
    answers = json.dumps([{"target": "tai_san", "value": "1", "ms": 1}])
    refused = lan.post(f"/review/{paper}", answers=answers, version=version)
    assert refused.status_code == 422 and "không có mục" in refused.text and "sohoa" not in refused.text
    lan.post(f"/review/{paper}/leave")
