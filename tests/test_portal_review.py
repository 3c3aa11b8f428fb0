"""Review in the browser: a person works through what waits from the keyboard, and loses nothing."""

from __future__ import annotations

import json
import sqlite3
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from portal.rights import RIGHTS, Right
from review.queueing import Queued, chance_wrong, expected_cost, in_order
from review.questions import NOTHING, Question
from schemas.findings import finding
from tests.portal_home import WORD, Portal, papers_of, portal_over
from tests.test_portal_pages import CHROMIUM

NOBODY_POINTS = """
window.pointed = 0;
for (const kind of ["pointerdown", "mousedown", "click", "touchstart"])
  addEventListener(kind, (event) => { if (event.isTrusted && event.detail !== 0) window.pointed += 1; }, true);
"""


@pytest.fixture
def portal(digitised: Path, tmp_path: Path) -> Iterator[Portal]:
    with portal_over(digitised, tmp_path / "portal") as running:
        yield running


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        yield browser
        browser.close()


def person(browser: Browser, portal: Portal, name: str, width: int = 1280, height: int = 900) -> Page:
    page = browser.new_context(viewport={"width": width, "height": height}).new_page()
    page.add_init_script(NOBODY_POINTS)
    page.goto(f"{portal.address}/login")
    page.fill("#name", name)
    page.fill("#password", WORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{portal.address}/")
    return page


def rows(portal: Portal, statement: str, *values: Any) -> list[Any]:
    database = sqlite3.connect(portal.machine.home / "catalogue.db", timeout=30)
    found = database.execute(statement, values).fetchall()
    database.close()
    return found


def decided(portal: Portal) -> list[dict[str, Any]]:
    found = rows(portal, "SELECT data FROM event WHERE type = 'metadata modification' ORDER BY at, sequence")
    return [json.loads(row[0]) for row in found]


def code_of(portal: Portal, paper: str) -> str | None:
    found = rows(portal, "SELECT printed FROM code WHERE document_id = ? AND state = 'issued'", paper)
    return found[0][0] if found else None


def in_hand(page: Page) -> str:
    return str(page.evaluate("document.querySelector('.rv').dataset.id"))


def target(page: Page) -> str | None:
    return page.evaluate("document.activeElement.closest('.rv-line')?.dataset.target ?? null")


def open_paper(page: Page, portal: Portal, paper: str) -> None:
    page.goto(f"{portal.address}/review/{paper}")
    page.wait_for_selector(".rv-line :focus")


def drawn(page: Page) -> None:
    """Until the picture is there and has come to rest."""
    until(page, "document.querySelector('.rv-page:not([hidden]) img').complete")
    page.wait_for_timeout(400)


def until(page: Page, holds: str) -> None:
    """Until an expression holds; the policy of the page forbids Playwright to evaluate it by itself."""
    for _ in range(200):
        if page.evaluate(holds):
            return
        page.wait_for_timeout(50)
    raise AssertionError(holds)


def question(target: str, value: str | None = "x", confidence: float | None = 0.9, *rules: str) -> Question:
    reasons = tuple(finding(rule, field=target) for rule in rules)
    return Question("0" * 32, target, value, None, confidence, 1, None, reasons, True)


def test_what_may_become_part_of_a_code_is_asked_before_what_is_only_read() -> None:
    code, read = question("number", confidence=0.8), question("signer", confidence=0.8)
    assert expected_cost([code]) > expected_cost([read])
    assert expected_cost([question("number", None)]) > expected_cost([code])
    assert chance_wrong(question("number", confidence=0.99)) < 0.05
    against = question("number", "1", 0.99, "name_contradicts")
    assert chance_wrong(against) == 0.5, "evidence speaks against it"
    assert chance_wrong(question(NOTHING, None)) == 0, "nobody at this desk can answer it"


def test_the_dearest_paper_is_first_and_what_only_waits_for_acceptance_is_last() -> None:
    def paper(own: str, cost: float, *reasons: str) -> Queued:
        return Queued(own, 1, "lô", None, None, reasons, cost)

    papers = [paper("a", 1, "agency"), paper("b", 99, "acceptance"), paper("c", 7, "number")]
    assert [each.document_id for each in in_order(papers)] == ["c", "a", "b"]


def test_whoever_reviews_may_see_identifiers_in_clear() -> None:
    assert all(Right.CLEAR in rights for rights in RIGHTS.values() if Right.CORRECT in rights)


def test_a_contractors_answers_are_kept_and_lead_to_no_code_until_somebody_accepts(portal: Portal) -> None:
    paper = papers_of(portal.machine.home)["02.png"]
    contractor, owner = portal.signed_in("thầu"), portal.signed_in("lan")
    before = rows(portal, "SELECT count(*) FROM code")
    version = str(rows(portal, "SELECT version FROM document WHERE id = ?", paper)[0][0])
    answers = [{"target": "result_type", "value": "KQ.G15.000034", "ms": 1200, "shown": "0" * 12}]
    form = {"answers": json.dumps(answers), "version": version}
    done = contractor.post(f"/review/{paper}", **form)
    assert done.status_code == 200 and not done.json()["accepted"], done.text
    assert rows(portal, "SELECT count(*) FROM code") == before and code_of(portal, paper) is None
    shown = portal.machine.json("review", "show", paper)
    assert shown["result_type"] == "KQ.G15.000034" and shown["route"] == "review"
    assert [each["target"] for each in shown["questions"]] == ["acceptance"]
    assert owner.post(f"/review/{paper}", **form).json().get("said"), "the version has changed"
    assert portal.machine.run("review", "accept", paper).returncode == 0
    assert code_of(portal, paper)


def test_answers_about_a_paper_in_another_persons_hand_are_refused(portal: Portal) -> None:
    paper = papers_of(portal.machine.home)["02.png"]
    first, second = portal.signed_in("lan"), portal.signed_in("vân")
    assert 'data-holder="' not in first.get(f"/review/{paper}").text
    assert 'data-holder="lan"' in second.get(f"/review/{paper}").text
    form = {"answers": json.dumps([{"target": "kind", "value": "Giấy khai sinh"}]), "version": "1"}
    refused = second.post(f"/review/{paper}", **form)
    assert refused.status_code == 409 and "lan" in refused.json()["said"]
    assert not decided(portal)
    assert second.post(f"/review/{paper}/hold").json()["mine"] is False
    assert first.post(f"/review/{paper}/leave").status_code == 200
    assert second.post(f"/review/{paper}/hold").json()["mine"] is True
    skipped = second.post(f"/review/{paper}/leave", outcome="skipped", reason="mờ quá")
    assert skipped.status_code == 200
    assert rows(portal, "SELECT count(*) FROM event WHERE type = 'review skipped'") == [(1,)]


def test_a_page_picture_hides_identifiers_from_who_may_not_review(portal: Portal) -> None:
    paper = papers_of(portal.machine.home)["04.png"]
    address = f"/papers/{paper}/pages/1"
    reviewer, it = portal.signed_in("lan"), portal.signed_in("tin")
    clear, hidden = reviewer.get(address), it.get(address)
    assert clear.content.startswith(b"\xff\xd8") and hidden.content.startswith(b"\xff\xd8")
    assert clear.content != hidden.content
    looks = rows(portal, "SELECT count(*) FROM event WHERE type = 'identifier seen' AND subject = ?", paper)
    assert looks == [(1,)]
    page = reviewer.get(f"/review/{paper}").text
    (kept,) = {part.partition('"')[0] for part in page.split('src="') if part.startswith("/papers/")}
    answer = reviewer.get(kept)
    assert (
        answer.headers["cache-control"].startswith("private")
        and "immutable" in answer.headers["cache-control"]
    )
    assert answer.headers["vary"] == "Cookie"
    assert portal.signed_in("xã khác").get(address).status_code == 404
    assert reviewer.get(f"/papers/{paper}/pages/2").status_code == 404


@pytest.mark.browser
def test_a_session_needs_no_pointer_and_one_key_accepts_a_field(portal: Portal, tmp_path: Path) -> None:
    papers = papers_of(portal.machine.home)
    asked: set[str] = set()
    complaints: list[str] = []
    with chromium() as browser:
        page = person(browser, portal, "vân")
        page.on("request", lambda request: asked.add(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{portal.address}/review")
        page.screenshot(path=tmp_path / "queue.png")
        page.keyboard.press("Enter")
        page.wait_for_selector(".rv-line :focus")
        drawn(page)
        page.wait_for_timeout(800)
        page.screenshot(path=tmp_path / "paper.png")
        open_paper(page, portal, papers["01.png"])
        drawn(page)
        page.wait_for_timeout(800)
        page.screenshot(path=tmp_path / "first.png")
        page.keyboard.type("?")
        page.wait_for_selector("#keys[open]")
        page.screenshot(path=tmp_path / "keys.png")
        page.keyboard.press("Escape")
        open_paper(page, portal, papers["02.png"])
        assert target(page) == "result_type"
        with page.expect_response(lambda answer: "/foresee" in answer.url):
            page.keyboard.press("2")
        page.wait_for_timeout(300)
        page.screenshot(path=tmp_path / "chosen.png")
        with page.expect_response(
            lambda answer: answer.url.endswith(papers["02.png"]) and answer.request.method == "POST"
        ):
            page.keyboard.press("Control+Enter")
            page.wait_for_selector(f'.rv:not([data-id="{papers["02.png"]}"])')
        assert page.evaluate("window.pointed") == 0
        for width, height in ((390, 844), (640, 450)):
            page.set_viewport_size({"width": width, "height": height})
            open_paper(page, portal, papers["01.png"])
            page.wait_for_timeout(500)
            page.screenshot(path=tmp_path / f"{width}.png", full_page=True)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.emulate_media(media="print")
        page.pdf(path=tmp_path / "paper.pdf", prefer_css_page_size=True)
    assert complaints == []
    assert all(url.startswith(portal.address) for url in asked)
    assert code_of(portal, papers["02.png"])
