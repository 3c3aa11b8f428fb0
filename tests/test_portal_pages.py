"""The pages say what the commands say, fit every screen, and ask for nothing outside."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.portal_home import Portal, papers_of, portal_over
from tests.reviewed_batch import BATCH, OTHER

CHROMIUM = ["--no-sandbox", "--disable-dev-shm-usage"]


@pytest.fixture(scope="module")
def portal(digitised: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with portal_over(digitised, tmp_path_factory.mktemp("pages")) as running:
        yield running


def plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html.partition("<main")[2]).split())


def test_what_waits_is_counted_within_the_persons_scope(portal: Portal) -> None:
    waiting = len(papers_of(portal.machine.home)) + len(papers_of(portal.machine.home, OTHER))
    assert f"{waiting} giấy tờ cần người xem" in plain(portal.signed_in("lan").get("/").text)
    own = len(papers_of(portal.machine.home))
    assert f"{own} giấy tờ cần người xem" in plain(portal.signed_in("thầu").get("/").text)
    assert "0 giấy tờ cần người xem" in plain(portal.signed_in("xã khác").get("/").text)
    it = plain(portal.signed_in("tin").get("/").text)
    assert "lô đang chạy" in it and "cần người xem" not in it


def test_a_batch_shows_its_papers_as_batch_show_does(portal: Portal) -> None:
    shown = portal.machine.json("batch", "show", BATCH)
    page = portal.signed_in("vân").get(f"/batches/{BATCH}").text
    for paper in shown["documents"]:
        assert f"/papers/{paper['id']}" in page and paper["file"] in page
    assert f"{shown['files']['in']} / {shown['files']['in']}" in plain(page)
    assert "hx-get" not in page and "htmx" not in page.partition("</title>")[2], "it is not at work"


def test_the_progress_of_a_batch_at_work_is_asked_for_again_until_it_has_ended(portal: Portal) -> None:
    database = sqlite3.connect(portal.machine.home / "catalogue.db", timeout=30)
    browser = portal.signed_in("vân")
    try:
        database.execute("UPDATE batch SET state = 'running' WHERE name = ?", [BATCH])
        database.commit()
        page = browser.get(f"/batches/{BATCH}").text
        assert 'hx-trigger="every 4s"' in page and "htmx.min" in page
        part = browser.get(f"/batches/{BATCH}/progress", headers={"HX-Request": "true"}).text
        assert part.startswith("<section") and "đang chạy" in part
    finally:
        database.execute("UPDATE batch SET state = 'finished' WHERE name = ?", [BATCH])
        database.commit()
        database.close()
    assert "hx-get" not in browser.get(f"/batches/{BATCH}/progress").text


def test_figures_are_those_of_quota(portal: Portal) -> None:
    browser = portal.signed_in("tra")
    for query, options in (("", ()), ("?as_of=2024-12-31", ("--as-of", "2024-12-31"))):
        rows = portal.machine.json("quota", *options)["rows"]
        page = browser.get(f"/figures{query}").text
        for row in rows:
            if row["unit"]:
                assert row["unit"] in page
        assert page.count('<th scope="row"') == len(rows)
    assert "Tạm tính (chưa chốt)" in browser.get("/figures").text
    assert browser.get("/figures?known_at=2020-01-01T00:00").status_code == 200
    assert browser.get("/figures?as_of=hôm-qua").status_code == 422


def test_a_paper_is_found_with_and_without_accents_and_shows_its_history(portal: Portal) -> None:
    browser = portal.signed_in("vân")
    paper = papers_of(portal.machine.home)["04.png"]
    for words in ("125/2021", "diên an", "dien an"):
        assert f"/papers/{paper}" in browser.post("/search", words=words).text, words
    page = browser.get(f"/papers/{paper}").text
    assert (
        "Giấy khai sinh" in page and "hiểu giấy tờ" in page and "Cần người xem" in page
    ) or "review" in page
    assert "không tìm thấy" in plain(browser.post("/search", words="xyzzy").text).casefold()


def test_a_report_is_given_as_it_was_issued(portal: Portal, tmp_path: Path) -> None:
    browser = portal.signed_in("vân")
    (link,) = re.findall(
        rf'href="(/reports/batches/{"h%E1%BB%99p-12"}/[0-9a-f]+)"', browser.get("/reports").text
    )
    out = tmp_path / "báo-cáo.html"
    assert portal.machine.run("report", "batch", BATCH, out).returncode == 0
    answer = browser.get(link)
    assert answer.content == out.read_bytes()
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.headers["content-security-policy"] == "sandbox"
    assert link not in portal.signed_in("xã này").get("/reports").text, "others have papers in it"
    assert portal.signed_in("xã này").get(link).status_code == 404


def test_health_and_metrics_tell_of_no_person(portal: Portal) -> None:
    browser = portal.browser()
    assert browser.get("/health").json() == {
        "status": "ok",
        "catalogue": "ok",
        "store": "ok",
        "prefect": "off",
    }
    text = browser.get("/metrics").text
    assert 'sohoa_papers{route="review"}' in text and 'route="/login"' in text
    assert "vân" not in text and BATCH not in text


@pytest.mark.browser
def test_every_page_fits_the_screen_and_asks_for_nothing_outside(portal: Portal, tmp_path: Path) -> None:
    paper = papers_of(portal.machine.home)["04.png"]
    paths = [
        "/",
        "/batches",
        f"/batches/{BATCH}",
        f"/papers/{paper}",
        "/search",
        "/figures",
        "/reports",
        "/alerts",
    ]
    asked: set[str] = set()
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.on("request", lambda request: asked.add(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(f"{portal.address}/login")
        page.screenshot(path=tmp_path / "login.png")
        page.fill("#name", "vân")
        page.fill("#password", "một con mèo trên mái nhà")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{portal.address}/")
        for width, height in ((1280, 900), (390, 844), (640, 450)):
            page.set_viewport_size({"width": width, "height": height})
            for at, path in enumerate(paths):
                page.goto(portal.address + path)
                page.screenshot(path=tmp_path / f"{width}-{at}.png", full_page=True)
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
        page.goto(f"{portal.address}/search")
        page.fill("#words", "dien an")
        page.keyboard.press("Enter")
        page.wait_for_selector("mark, .hits")
        page.screenshot(path=tmp_path / "found.png", full_page=True)
        page.emulate_media(media="print")
        page.goto(f"{portal.address}/papers/{paper}")
        page.pdf(path=tmp_path / "paper.pdf", prefer_css_page_size=True)
        browser.close()
    assert complaints == []
    assert all(url.startswith(portal.address) for url in asked)


def test_it_ends_when_it_is_asked_to(digitised: Path, tmp_path: Path) -> None:
    with portal_over(digitised, tmp_path) as running:
        assert running.stop() == 0
        assert "Traceback" not in running.log.read_text(encoding="utf-8")
        assert not list((running.machine.home / "run").glob("*/*.pdf"))


def test_a_one_stop_desk_asks_the_same_server_with_its_key_and_needs_no_sign_in(portal: Portal) -> None:
    key = portal.machine.json("keys", "add", "Một cửa tỉnh", "--scope", "lookup")["key"]
    asked = {"code": "KQ.G15.000031", "purpose": "tiếp nhận hồ sơ"}
    http = portal.browser().http
    assert http.post("/api/v1/lookup", json=asked).status_code == 401
    answer = http.post(
        "/api/v1/lookup",
        json={"result_type": "KQ.G15.000031", "number": "999/2021", "purpose": "tiếp nhận hồ sơ"},
        headers={"Authorization": f"Bearer {key}"},
    )
    assert (answer.status_code, answer.json()["results"]) == (200, [])
    assert http.get("/api/v1/openapi.json").json()["openapi"].startswith("3.")
    assert "999/2021" not in portal.log.read_text(encoding="utf-8")
