"""Data Docs open from disk, ask for nothing, and can be read without a script."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from quality.datadocs import offline, write_data_docs
from quality.document_table import tidy
from quality.expectations import Check, Validated, checks, run
from schemas.documents import Verdict
from tests.test_batch_report import CHROMIUM
from tests.test_expectations import BY, Stored, document


@pytest.fixture(scope="module")
def validated() -> Validated:
    """A batch with good papers, bad ones, and a check that breaks."""
    rows = tidy(
        [
            Stored(document("a" * 32)),
            Stored(document("b" * 32, pages=(2,), fields={"issue_date": "2031-01-01"}), code=None),
            Stored(document("c" * 32, pages=(1, 9)), verdict=Verdict.INVALID),
        ],
        BY,
    )
    return run("Diên An – hộp 12", rows, [*checks(), Check("broken", column="no_such_column")])


def test_the_page_names_no_address_outside(validated: Validated, tmp_path: Path) -> None:
    page = write_data_docs(validated, tmp_path / "docs").read_text(encoding="utf-8")
    assert all(address.startswith('"#') for address in re.findall(r"(?:src|href)\s*=\s*(\S+)", page))
    assert not re.search(r"https?://|url\(|@import|<script|<link|<iframe| on\w+=", page)
    assert [path.name for path in (tmp_path / "docs").iterdir()] == ["index.html"]


def test_the_page_speaks_vietnamese_or_english(validated: Validated, tmp_path: Path) -> None:
    vietnamese = write_data_docs(validated, tmp_path / "vi.html").read_text(encoding="utf-8")
    assert "Ngày ban hành không ở tương lai" in vietnamese
    assert "1 giấy tờ không đạt, ≈33,33% của 3" in vietnamese
    english = write_data_docs(validated, tmp_path / "en.html", "en").read_text(encoding="utf-8")
    assert "1 papers fail, ≈33.33% of 3" in english


def test_no_personal_number_stands_on_the_page(validated: Validated, tmp_path: Path) -> None:
    page = write_data_docs(validated, tmp_path / "index.html").read_text(encoding="utf-8")
    assert "056190001234" not in page
    assert "123/2021" not in page


def test_an_empty_batch_has_its_page_too(tmp_path: Path) -> None:
    page = write_data_docs(run("rỗng", [], checks()), tmp_path / "index.html").read_text(encoding="utf-8")
    assert "✓" in page


def test_whatever_wants_a_network_is_left_out() -> None:
    page = offline(
        "<html><head><link href='https://x/'></head><body onload='a()'><nav class='navbar-expand-md'><nav>in</nav>"
        "<img src='https://x/'></nav><p class='k' onclick='b()' style='background:url(https://x/)'>giữ &lt;b&gt;</p>"
        "<a href='https://x/'>ra</a><a href='#1'>vào</a><script>c()</script><iframe src='//x'></iframe></body></html>",
        "<lô>",
    )
    body = page.split("</header>")[1].split("</body>")[0].strip()
    assert body == '<p class="k">giữ &lt;b&gt;</p><a>ra</a><a href="#1">vào</a>'
    assert "<lô>" not in page


@pytest.mark.browser
@pytest.mark.parametrize("width", [1200, 390])
def test_a_browser_asks_for_nothing_and_shows_every_section(
    validated: Validated, tmp_path: Path, width: int
) -> None:
    page_file = write_data_docs(validated, tmp_path / "index.html")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = browser.new_context(
            java_script_enabled=False, viewport={"width": width, "height": 900}
        ).new_page()
        asked: list[str] = []
        complaints: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(page_file.as_uri())
        page.wait_for_load_state("networkidle")
        page.screenshot(path=tmp_path / f"datadocs-{width}.png", full_page=True)
        sections = page.locator(".ge-section")
        seen = [sections.nth(index).is_visible() for index in range(sections.count())]
        widest = page.locator("body").bounding_box()
        folded = page.locator(".collapse").first
        hidden_first = not folded.is_visible()
        page.locator(".ge-section a[href^='#']").first.click()
        shown_after = folded.is_visible()
        browser.close()
    assert {url.partition("#")[0] for url in asked} == {page_file.as_uri()}
    assert complaints == []
    assert len(seen) == len(checks()) + 2
    assert all(seen)
    assert widest is not None
    assert widest["width"] <= width
    assert hidden_first
    assert shown_after
