"""Review in the browser: a person works through what waits from the keyboard, and loses nothing."""

from __future__ import annotations

import json
import random
import re
import sqlite3
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from portal.rights import RIGHTS, Right
from review.questions import NOTHING, Question
from review.queueing import Queued, chance_wrong, expected_cost, in_order, moved
from schemas.findings import finding
from tests.portal_home import WORD, Portal, papers_of, portal_over
from tests.reviewed_batch import BATCH, OTHER
from tests.test_portal_pages import CHROMIUM

NOBODY_POINTS = """
window.pointed = 0;
for (const kind of ["pointerdown", "mousedown", "click", "touchstart"])
  addEventListener(kind, (event) => { if (event.isTrusted && event.detail !== 0) window.pointed += 1; }, true);
"""


@pytest.fixture
def portal(digitised: Path, tmp_path: Path) -> Iterator[Portal]:
    with portal_over(digitised, tmp_path / "portal", SOHOA_CONFIRM_TYPED="twice") as running:
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


def execute(portal: Portal, statement: str) -> None:
    database = sqlite3.connect(portal.machine.home / "catalogue.db", timeout=30)
    database.execute(statement)
    database.commit()
    database.close()


def restart(portal: Portal) -> None:
    """The server ends and comes back at the same address."""
    assert portal.stop() == 0
    with open(portal.log, "ab") as log:
        portal.process = subprocess.Popen(
            portal.process.args,
            env=portal.machine.environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    portal.wait()


def decided(portal: Portal) -> list[dict[str, Any]]:
    found = rows(portal, "SELECT data FROM event WHERE type = 'metadata modification' ORDER BY at, sequence")
    return [json.loads(row[0]) for row in found]


def code_of(portal: Portal, paper: str) -> str | None:
    found = rows(portal, "SELECT printed FROM code WHERE document_id = ? AND state = 'issued'", paper)
    return found[0][0] if found else None


def in_hand(page: Page) -> str:
    return str(page.evaluate("document.querySelector('.rv').dataset.id"))


def in_sheet(sheet: str) -> str:
    found = re.search(r'data-id="([0-9a-f]{32})"', sheet)
    assert found is not None
    return found[1]


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


def test_an_order_in_which_papers_came_and_went_is_the_one_that_sorting_makes() -> None:
    drawn = random.Random(7)
    made = [
        Queued(f"{at:03}", 1, f"lô {drawn.randrange(3)}", None, None, ("number",), drawn.randrange(5))
        for at in range(200)
    ]
    stood, gone = in_order(made[:150]), made[40:60]
    kept = list(stood)
    now = moved(stood, gone, made[150:])
    assert now == in_order([*made[:40], *made[60:]])
    assert stood == kept, "who goes through the old one is not disturbed"


def test_the_queue_knows_at_once_what_another_process_decided(portal: Portal) -> None:
    lan, paper = portal.signed_in("lan"), papers_of(portal.machine.home)["02.png"]
    assert paper in lan.get("/review").text
    assert portal.machine.run("review", "set", paper, "result_type=KQ.G15.000034").returncode == 0
    assert paper not in lan.get("/review").text
    first = lan.post("/review/next").text
    assert first.count('data-id="') == 1 and paper not in first
    held = rows(portal, "SELECT count(*) FROM review_lease")
    other = portal.signed_in("vân").post("/review/next").text
    assert other.count('data-id="') == 1
    assert in_sheet(other) != in_sheet(first), "what another person has in hand is passed over"
    assert rows(portal, "SELECT count(*) FROM review_lease") == [(held[0][0] + 1,)]


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


def test_an_answer_waits_for_no_report_and_the_server_closes_the_batch_when_it_ends(portal: Portal) -> None:
    paper = papers_of(portal.machine.home)["04.png"]
    answers = [{"target": "owner_id", "value": "056221001234", "ms": 900, "shown": "0" * 12}]
    form = {"answers": json.dumps(answers), "version": "1"}
    assert portal.signed_in("lan").post(f"/review/{paper}", **form).status_code == 200
    states = {each["batch"]: each["state"] for each in portal.machine.json("batch", "list")}
    assert states[BATCH] == "closing"
    assert decided(portal)
    portal.stop()
    states = {each["batch"]: each["state"] for each in portal.machine.json("batch", "list")}
    assert states[BATCH] == "finished"


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
        page.keyboard.press("Alt+k")
        assert page.query_selector('[data-target="issue_date"].absent') and target(page) == "agency"
        page.keyboard.press("Shift+Enter")
        page.keyboard.press("Escape")
        assert target(page) == "issue_date" and not page.query_selector(".absent")
        page.keyboard.press("Alt+b")
        page.keyboard.type("mờ quá")
        page.keyboard.press("Enter")
        page.wait_for_selector(f'.rv:not([data-id="{papers["01.png"]}"])')
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


# What stands on the papers where the machine was not sure; a choice is named by words of its label.
TRUTH = {
    ("01.png", "issue_date"): "12",
    ("01.png", "agency"): "Ủy ban nhân dân xã Diên An",
    ("02.png", "result_type"): "KQ.G15.000034",
    ("03.png", "kind"): "Giấy khai sinh",
    ("04.png", "owner_id"): "056221001234",
    ("05.png", "number"): "126",
}


# Keys that a paper may cost beside the characters of a corrected value, on average over the set.
MOST_KEYS = 12


class Hands:
    """The hands of a person at the keyboard, and how many keys they pressed."""

    def __init__(self, page: Page, files: dict[str, str]) -> None:
        self.page, self.files = page, files
        self.keys = self.typed = 0
        self.waits: list[float] = []

    def press(self, key: str) -> None:
        self.keys += 1
        self.page.keyboard.press(key)

    def answer(self) -> None:
        """Answer the field in hand, and go on."""
        page, at = self.page, target(self.page)
        wanted = TRUTH.get((self.files[in_hand(page)], at or ""))
        if (
            wanted is not None
            and page.evaluate("document.activeElement.closest('[data-form]').dataset.form") == "choice"
        ):
            labels = page.evaluate(
                "[...document.activeElement.closest('.rv-line').querySelectorAll('li')].map((each) => each.textContent)"
            )
            self.press(str(1 + next(at for at, label in enumerate(labels) if wanted in label)))
        else:
            if wanted is not None:
                page.keyboard.type(wanted)
                self.typed += len(wanted)
            begun = time.perf_counter()
            self.press("Enter")
            assert target(page) != at or wanted == "12", at
            self.waits.append(time.perf_counter() - begun)
        page.wait_for_timeout(50)

    def paper(self) -> None:
        """Work through the paper in hand, and open the next."""
        page, own = self.page, in_hand(self.page)
        version = page.evaluate("document.querySelector('.rv').dataset.version")
        while target(page) is not None:
            before = (target(page), page.evaluate("document.querySelector('.rv').dataset.carried ?? ''"))
            self.answer()
            if before[0] == "kind":
                page.wait_for_selector(".rv[data-carried]")
        self.press("Enter")  # on the button that accepts
        page.wait_for_selector(
            f'.rv:not([data-version="{version}"][data-id="{own}"]), #batch', timeout=20_000
        )


class Worker(Protocol):
    """Who works through papers."""

    def press(self, key: str) -> None:
        """Press a key."""

    def paper(self) -> None:
        """Work through the paper in hand, and open the next."""


def work_through(page: Page, portal: Portal, hands: Worker) -> int:
    """Work from the head of the queue until nothing waits: papers, one whose value is typed twice counted again."""
    done = 0
    for _ in range(6):
        page.goto(f"{portal.address}/review")
        if page.query_selector("#first") is None:
            break
        hands.press("Enter")
        page.wait_for_selector(".rv-line :focus")
        while page.query_selector(".rv") is not None:
            hands.paper()
            done += 1
    return done


@pytest.mark.browser
def test_everything_that_waits_is_worked_through_from_the_keyboard(portal: Portal, tmp_path: Path) -> None:
    home = portal.machine.home
    files = {own: file for name in (BATCH, OTHER) for file, own in papers_of(home, name).items()}
    with chromium() as browser:
        page = person(browser, portal, "vân")
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        hands = Hands(page, files)
        done = work_through(page, portal, hands)
        page.screenshot(path=tmp_path / "done.png")
        assert page.evaluate("window.pointed") == 0 and complaints == []
    coded = {own for (own,) in rows(portal, "SELECT document_id FROM code WHERE state = 'issued'")}
    assert coded == set(files), {files[own] for own in set(files) - coded}
    told = decided(portal)
    assert {each["agent"] for each in told if each["detail"]["how"] == "page"} == {"vân"}
    assert all(
        each["detail"]["ms"] >= 0 and len(each["detail"]["shown"]) == 12
        for each in told
        if "ms" in each["detail"]
    )
    assert hands.keys / len(files) <= MOST_KEYS, f"{hands.keys} keys for {len(files)} papers"
    server = [
        line["ms"] for line in portal.lines() if line.get("route") == "/review/next" and line["status"] == 200
    ]
    print(
        f"\n{done} sittings over {len(files)} papers: {hands.keys} keys beside {hands.typed} typed; key to next field "
        f"median {statistics.median(hands.waits) * 1000:.0f} ms, most {max(hands.waits) * 1000:.0f} ms; "
        f"server, next paper: median {statistics.median(server):.0f} ms"
    )


@pytest.mark.browser
def test_what_was_typed_is_there_after_a_reload_a_restart_and_a_lost_lease(portal: Portal) -> None:
    paper = papers_of(portal.machine.home)["04.png"]
    with chromium() as browser:
        page = person(browser, portal, "lan")
        open_paper(page, portal, paper)
        assert target(page) == "owner_id"
        page.keyboard.type("0562210")
        restart(portal)
        page.reload()
        page.wait_for_selector(".rv-line :focus")
        assert page.input_value(".rv-line :focus") == "0562210"
        page.keyboard.press("End")
        page.keyboard.type("01234")
        execute(portal, "UPDATE review_lease SET owner = 'vân', until = until + 600")
        with page.expect_response(
            lambda answer: answer.url.endswith(paper) and answer.request.method == "POST"
        ) as sent:
            page.keyboard.press("Control+Enter")
        assert sent.value.status == 409 and not decided(portal)
        page.wait_for_selector(f'#notices a[href="/review/{paper}"]')
        open_paper(page, portal, paper)
        assert "vân đang mở giấy này" in page.inner_text("#notices")
        assert page.input_value(".rv-line input") == "056221001234"
        execute(portal, "DELETE FROM review_lease")
        open_paper(page, portal, paper)
        page.keyboard.press("Escape")
        assert page.input_value(".rv-line input") != "056221001234", "Esc undoes the field"


@pytest.mark.browser
def test_two_people_on_one_paper_see_each_other_and_an_input_method_is_left_alone(portal: Portal) -> None:
    papers = papers_of(portal.machine.home)
    with chromium() as browser:
        first, second = person(browser, portal, "lan"), person(browser, portal, "vân")
        open_paper(first, portal, papers["01.png"])
        open_paper(second, portal, papers["01.png"])
        assert "lan đang mở giấy này" in second.inner_text("#notices")
        second.keyboard.type("30")
        assert second.input_value(".rv-line input") == "", "who looks does not change it"
        second.keyboard.press("Control+Enter")
        assert in_hand(second) == papers["01.png"] and not decided(portal)
        second.goto(f"{portal.address}/review")
        assert "lan" in second.inner_text("main table")
        first.keyboard.type("12")
        first.keyboard.press("Enter")
        until(first, "document.activeElement.closest('.rv-line').dataset.target === 'agency'")
        first.evaluate(
            """() => {
              const box = document.activeElement;
              box.dispatchEvent(new CompositionEvent("compositionstart", { bubbles: true }));
              for (const key of ["Enter", "Escape", "1", "?"]) {
                const composing = { key, bubbles: true, cancelable: true, isComposing: true };
                window.stopped = (window.stopped || 0) + !box.dispatchEvent(new KeyboardEvent("keydown", composing));
                const old = { key, keyCode: 229, bubbles: true, cancelable: true };
                window.stopped += !box.dispatchEvent(new KeyboardEvent("keydown", old));
              }
              box.value = "Ủy ban";
              box.dispatchEvent(new InputEvent("input", { bubbles: true, isComposing: true }));
              box.dispatchEvent(new CompositionEvent("compositionend", { bubbles: true, data: "Ủy ban" }));
            }"""
        )
        assert first.evaluate("window.stopped") == 0 and target(first) == "agency"
        assert first.input_value(".rv-line :focus") == "Ủy ban"
        assert not first.query_selector("dialog[open]")
