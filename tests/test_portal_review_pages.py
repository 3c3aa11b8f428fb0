"""Pages turned, split and joined from review, with keys, and taken back: what `sohoa pages` and `trace` then show."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.reading import ImageMeasures
from storage.objects import sha256_of
from tests.portal_home import Portal, portal_over
from tests.printed_pages import Row, page
from tests.reviewed_batch import BATCH, RULES, birth, digitise, drawn, settings_of
from tests.test_portal_review import chromium, in_hand, open_paper, person, rows
from workspace.opening import open_workspace

NO_AGENCY = {"Nơi_đăng_ký": "", "NGƯỜI_KÝ": ""}
PAGES: list[list[Row]] = [
    birth("141/2021", **NO_AGENCY),
    [("Ghi chép bổ sung của cơ quan đăng ký hộ tịch theo quy định của pháp luật", 0.5, 0.3)],
    birth("142/2021", định_danh="Số định danh cá nhân: 056221009999", **NO_AGENCY),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of three pages: a certificate of two, a certificate of one, both of which wait for a person."""
    folder = tmp_path_factory.mktemp("review-pages")
    (folder / BATCH).mkdir()
    scan = folder / BATCH / "tập.tif"
    images = [drawn(page(rows)) for rows in PAGES]
    images[0].save(scan, save_all=True, append_images=images[1:], dpi=(300, 300), compression="tiff_lzw")
    with open_workspace(settings_of(folder / "home"), RULES) as workspace:
        digest = RULES.digests(workspace.settings, None).reading
        for number, lines in enumerate(PAGES, 1):
            reading = page(lines, number).model_copy(update={"measures": ImageMeasures(dpi=300.0)})
            workspace.ledger.finished(sha256_of(scan), digest, reading)
        digitise(workspace, folder / BATCH)
    return folder / "home"


@pytest.fixture
def portal(home: Path, tmp_path: Path) -> Iterator[Portal]:
    with portal_over(home, tmp_path / "portal") as running:
        yield running


def by_pages(portal: Portal) -> dict[tuple[int, ...], dict[str, Any]]:
    return {tuple(each["pages"]): each for each in portal.machine.json("batch", "show", BATCH)["documents"]}


def version_of(portal: Portal, paper: str) -> str:
    return str(rows(portal, "SELECT version FROM document WHERE id = ?", paper)[0][0])


def outcomes(portal: Portal, paper: str) -> list[tuple[str, str, str]]:
    told = portal.machine.json("trace", paper)["events"]
    return [
        (each["outcome"], each["agent"], each["detail"]["reason"])
        for each in told
        if each["type"] == "page work"
    ]


def test_who_may_not_accept_does_no_page_work_and_no_page_work_is_done_without_a_reason(
    portal: Portal,
) -> None:
    paper = by_pages(portal)[1, 2]["id"]
    form = {"act": "split", "page": "2", "version": version_of(portal, paper), "reason": "giấy khác"}
    contractor = portal.signed_in("thầu")
    assert contractor.post(f"/review/{paper}/pages", **form).status_code == 403
    contractor.post(f"/review/{paper}/leave")
    lan = portal.signed_in("lan")
    assert lan.post(f"/review/{paper}/pages", **{**form, "reason": " "}).status_code == 422
    assert lan.post(f"/review/{paper}/pages", **{**form, "version": "9"}).status_code == 409
    first = lan.post(f"/review/{paper}/pages", **{**form, "page": "1"})
    assert first.status_code == 409 and "1" in first.json()["said"]
    assert set(by_pages(portal)) == {(1, 2), (3,)}


def test_a_paper_is_not_joined_with_one_that_another_person_has_in_hand(portal: Portal) -> None:
    papers = by_pages(portal)
    portal.signed_in("vân").get(f"/review/{papers[1, 2]['id']}")
    lan, last = portal.signed_in("lan"), papers[3,]["id"]
    form = {"act": "join", "page": "3", "version": version_of(portal, last), "reason": "một giấy"}
    held = lan.post(f"/review/{last}/pages", **form)
    assert held.status_code == 409 and "vân" in held.json()["said"]
    assert set(by_pages(portal)) == {(1, 2), (3,)}


@pytest.mark.browser
def test_pages_are_split_joined_and_turned_with_keys_and_taken_back(portal: Portal, tmp_path: Path) -> None:
    whole = by_pages(portal)[1, 2]["id"]
    shots = Path(os.environ.get("SOHOA_BENCH") or tmp_path)
    with chromium() as browser:
        page = person(browser, portal, "lan")
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))

        def work(key: str) -> None:
            page.keyboard.press(key)
            page.wait_for_selector("#page-work[open]")
            page.wait_for_timeout(200)
            page.screenshot(path=shots / f"page-work-{key[-1]}.png")
            with page.expect_response(lambda answer: answer.url.endswith("/pages"), timeout=60_000):
                page.keyboard.press("Enter")
            page.wait_for_selector("#notices .notice:has-text('Đã')", timeout=30_000)
            page.wait_for_selector(".rv-line :focus")

        open_paper(page, portal, whole)
        page.keyboard.press("Alt+t")
        assert "trang đầu" in page.inner_text("#notices") and not page.query_selector("#page-work[open]")
        page.keyboard.press("Alt+PageDown")
        work("Alt+t")
        page.screenshot(path=shots / "split.png")
        assert set(by_pages(portal)) == {(1,), (2,), (3,)}
        assert in_hand(page) == by_pages(portal)[1,]["id"]
        assert outcomes(portal, whole) == [("split", "lan", "trang này là giấy khác")]
        work("Alt+z")
        assert set(by_pages(portal)) == {(1, 2), (3,)} and in_hand(page) == whole
        work("Alt+x")
        assert outcomes(portal, whole)[-1] == ("turned", "lan", "trang nằm sai chiều")
        page.keyboard.press("?")
        page.wait_for_selector("#keys[open]")
        assert "hoàn tác" in page.inner_text("#keys")
        page.screenshot(path=shots / "keys.png")
        page.keyboard.press("Escape")
        work("Alt+z")
        told = portal.machine.json("trace", whole)["events"]
        turns = [each["detail"]["by"] for each in told if each["outcome"] == "turned"]
        assert turns == [90, 270]
        open_paper(page, portal, by_pages(portal)[3,]["id"])
        work("Alt+g")
        assert set(by_pages(portal)) == {(1, 2, 3)}
        work("Alt+z")
        assert set(by_pages(portal)) == {(1, 2), (3,)}
        page.keyboard.press("Alt+z")
        assert "hoàn tác" in page.inner_text("#notices") and not page.query_selector("#page-work[open]")
        page.set_viewport_size({"width": 390, "height": 844})
        page.screenshot(path=shots / "review-390.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.evaluate("window.pointed") == 0 and complaints == []
