"""Data Docs open from disk, ask for nothing, speak plainly, and show the numbers of the report."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

import samples
from configs.loader import load_rulebook
from quality.datadocs import data_docs_page, write_data_docs
from quality.document_table import tidy
from quality.expectations import Validated, validate
from quality.report_voice import Voice
from schemas.documents import Route, Verdict
from schemas.numerals import number_text
from schemas.reports import ReportedPaper
from tests.machine import Machine
from tests.test_batch_report import CHROMIUM
from tests.test_expectations import BROKEN, BY, SUITE, Stored, document

VIETNAMESE, ENGLISH = (Voice(lang, lambda finding: ("", None)) for lang in ("vi", "en"))
PAPERS = [
    ReportedPaper(id=name * 32, file=f"hộp 12/<{name}> 056190001234.pdf", pages=(1, 2), route=Route.ACCEPTED)
    for name in "abc"
]


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
    return validate("Diên An – hộp 12", rows, [*SUITE, BROKEN])


def plain(page: str) -> str:
    """What a reader sees of a page, on one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("<body>")[2])).strip()


def tally(page: str) -> dict[str, int]:
    """The four numbers of a page."""
    return {
        outcome: int(count)
        for outcome, count in re.findall(r'<li class="\w+" data-outcome="(\w+)"><b>(\d+)</b>', page)
    }


def test_the_page_names_no_address_outside_and_is_its_owners_alone(
    validated: Validated, tmp_path: Path
) -> None:
    path = write_data_docs(validated, PAPERS, tmp_path / "docs" / "data-docs.html", VIETNAMESE)
    page = path.read_text(encoding="utf-8")
    assert not re.search(r"https?://|src=|href=|url\(|@import|<script|<link|<iframe| on\w+=", page)
    assert "default-src 'none'" in page
    assert [file.name for file in (tmp_path / "docs").iterdir()] == ["data-docs.html"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_each_expectation_says_how_many_were_examined_and_which_fail(validated: Validated) -> None:
    page = plain(data_docs_page(validated, PAPERS, VIETNAMESE))
    assert (
        "Ngày ban hành không ở tương lai Ngày ban hành không sau ngày tài liệu được ghi nhận. "
        "Đã xét 3 tài liệu, 1 không đạt . Mức: cảnh báo. Áp dụng từ 16/06/2021. Tài liệu không đạt: "
        "hộp 12/&lt;b&gt; 056*******34.pdf (trang 1–2) [bbbbbbbb]"
    ) in page
    asked = number_text(100 * load_rulebook().thresholds.kind, "vi", 1)
    assert f"Máy chắc về loại giấy tờ từ {asked} % trở lên." in page
    assert "Ngày ban hành từ 01/01/1900 trở lại đây." in page
    english = plain(data_docs_page(validated, PAPERS, ENGLISH))
    assert "Documents examined: 3, failing: 1 ." in english


def test_the_page_shows_no_python_and_no_personal_number(validated: Validated) -> None:
    page = data_docs_page(validated, PAPERS, VIETNAMESE)
    for word in ("df.", "lambda", "Traceback", "no_such_column", "None", "expect_", "Show more", "^("):
        assert word not in page
    assert "056190001234" not in page
    assert "123/2021" not in page


def test_the_four_numbers_are_those_of_the_validation(validated: Validated) -> None:
    page = data_docs_page(validated, PAPERS, VIETNAMESE)
    assert tally(page) == validated.report.tally
    assert sum(tally(page).values()) == len(SUITE) + 1 == page.count("<article>")
    assert tally(page)["broken"] == 1
    assert "Phép kiểm tra không chạy được" in page


def test_an_empty_batch_has_its_page_too() -> None:
    page = data_docs_page(validate("<rỗng>", [], SUITE), (), VIETNAMESE)
    assert tally(page)["idle"] == len(SUITE)
    assert "<rỗng>" not in page


def test_data_docs_and_report_of_a_real_batch_agree_to_the_number(tmp_path: Path) -> None:
    samples.make(tmp_path / "scans", 3, 21, batches=["2021-so-xay-dung"])
    folder = next(path for path in (tmp_path / "scans").iterdir() if path.is_dir() and path.name != "truth")
    machine = Machine(tmp_path / "machine")
    done = machine.run("digitize", folder)
    report_path = next(machine.home.rglob("report.html"), None)
    assert report_path is not None, done.stderr
    report = report_path.read_text(encoding="utf-8")
    docs = report_path.with_name("data-docs.html").read_text(encoding="utf-8")
    assert tally(docs) == tally(report)
    assert sum(tally(docs).values()) == len(SUITE) == docs.count("<article>")
    assert tally(docs)["broken"] == 0
    assert tally(docs)["idle"] > 0  # without veraPDF nothing is said of its verdicts
    for outcome, count in tally(report).items():
        group = re.search(rf'<section class="group {outcome}">(.*?)</section>', docs, re.DOTALL)
        assert (group[1].count("<article>") if group else 0) == count
        listed = re.search(rf'<span class="tag {outcome}">[^<]+</span> <b>(\d+)</b>', report)
        rows = report.count(f'<tr class="outcome-{outcome}">')
        assert (int(listed[1]) if listed else rows) == count


@pytest.mark.browser
@pytest.mark.parametrize("width", [1200, 390])
def test_a_browser_asks_for_nothing_and_shows_every_section(
    validated: Validated, tmp_path: Path, width: int
) -> None:
    page_file = write_data_docs(validated, PAPERS, tmp_path / "index.html", VIETNAMESE)
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
        page.pdf(path=tmp_path / "datadocs.pdf", prefer_css_page_size=True)
        articles = page.locator("article")
        seen = [articles.nth(index).is_visible() for index in range(articles.count())]
        widest = page.locator("body").bounding_box()
        browser.close()
    assert asked == [page_file.as_uri()]
    assert complaints == []
    assert len(seen) == len(SUITE) + 1
    assert all(seen)
    assert widest is not None
    assert widest["width"] <= width
