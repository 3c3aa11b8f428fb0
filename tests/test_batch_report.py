"""The batch report: complete, masked, escaped, the same bytes for the same data, readable offline."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from PIL import Image
from playwright.sync_api import sync_playwright

from quality.batch_report import (
    MOST_ROWS,
    histogram,
    lost_pages,
    mask,
    mask_code,
    report_page,
    write_batch_report,
)
from quality.report_audit import fingerprint
from schemas.batches import BatchState, FileCounts, FileStatus, PageCounts
from schemas.documents import Route, ValidityState, Verdict
from schemas.findings import Finding, Severity, finding
from schemas.reports import (
    BatchReportData,
    Example,
    ExpectationReport,
    ExpectationResult,
    PageFates,
    ReportedDecision,
    ReportedDuplicate,
    ReportedFile,
    ReportedPaper,
)
from schemas.review import Action, Decision

START = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)
OWNER = "056190001234"
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SENTENCES = {
    "field_unread": ("Không đọc được trường {field}.", "Nhập tay qua `sohoa review export`."),
    "field_uncertain": ("Trường {field} đọc được nhưng chưa chắc ({confidence}).", None),
    "image_blurred": ("Ảnh trang {page} bị mờ.", "Quét lại trang này ở 300 dpi."),
    "page_broken": ("Trang {page} hỏng, không mở được ảnh.", "Quét lại trang này."),
    "pdf_password": ("Tệp PDF có mật khẩu.", "Xin bản không đặt mật khẩu rồi bỏ vào lại."),
    "file_empty": ("Tệp rỗng (0 byte).", "Quét lại hoặc chép lại tệp."),
    "no_result_code": ("Loại giấy tờ chưa có mã kết quả, chờ mã.", None),
    "page_turned": ("Trang {page} được xoay khi đọc.", None),
}


def render(each: Finding) -> tuple[str, str | None]:
    """Sentences as the message table gives them."""
    message, remedy = SENTENCES.get(each.rule, (each.rule, None))
    return message.format(page=each.page, **each.params), remedy


def papers(count: int = 34) -> tuple[ReportedPaper, ...]:
    """A mixed lot of papers."""
    kinds = ["birth_certificate", "marriage_certificate", "construction_permit", "decision", None]
    made = []
    for number in range(count):
        route = Route.ACCEPTED
        findings: tuple[Finding, ...] = (finding("page_turned", page=1),)
        if number % 9 == 4:
            route = Route.REVIEW
            findings = (
                finding("field_unread", field="số"),
                finding("field_uncertain", field="cơ quan ban hành", confidence="0,41"),
            )
        elif number % 13 == 6:
            route, findings = Route.RESCAN, (finding("image_blurred", page=2),)
        elif number % 17 == 9:
            route, findings = Route.PARTIAL, (finding("page_broken", page=3),)
        made.append(
            ReportedPaper(
                id=f"{number:032x}",
                file=f"hop-12/{number // 3:03d}.pdf",
                pages=(2 * (number % 3) + 1, 2 * (number % 3) + 2),
                kind=kinds[number % 5 if number % 7 else 0],
                number=f"{120 + number}/2019",
                owner=OWNER,
                route=route,
                verdict=Verdict.VALID if number % 11 else Verdict.NOT_CHECKED,
                validity=ValidityState.IN_FORCE if number % 4 else ValidityState.UNKNOWN,
                code=f"{OWNER}.KQ.G15.000031.{120 + number}/2019.01" if route == Route.ACCEPTED else None,
                linked_to="0" * 32 if number == 33 else None,
                findings=findings,
            )
        )
    return tuple(made)


def decided(
    target: str,
    old: str,
    value: str | None,
    *,
    operator: str = "chị Lan",
    action: Action = Action.SET,
    note: str = "",
) -> ReportedDecision:
    """Something a person decided about the first paper."""
    said = Decision(
        target=target,
        action=action,
        value=value,
        old=old,
        operator=operator,
        at="2026-11-20T14:00:00+00:00",
        note=note,
    )
    return ReportedDecision(document="0" * 32, file="hop-12/000.pdf", said=said)


def lot(**changes: object) -> BatchReportData:
    """A finished batch in which a little of everything happened."""
    data = BatchReportData(
        batch="Diên An – hộp 12 (2019)",
        state=BatchState.FINISHED,
        operator="Lê Thị Thu",
        started=START,
        ended=START + timedelta(minutes=17, seconds=42),
        made_at=START + timedelta(minutes=18),
        files=FileCounts(in_=15, read=12, set_aside=2, not_started=1),
        pages=PageCounts(in_=74, accounted=74, ocr_passes=75),
        fates=PageFates(in_=74, documents=64, blank=5, separators=3, set_aside=1, duplicates=1),
        page_confidence=tuple(min(0.99, 0.35 + 0.011 * number) for number in range(64)),
        papers=papers(),
        files_aside=(
            ReportedFile(
                name="hop-12/khóa.pdf", status=FileStatus.SET_ASIDE, findings=(finding("pdf_password"),)
            ),
            ReportedFile(
                name=f"hop-12/{OWNER}.pdf", status=FileStatus.SET_ASIDE, findings=(finding("file_empty"),)
            ),
            ReportedFile(name="hop-12/<b>.tif", status=FileStatus.NOT_STARTED),
        ),
        findings=(finding("pdf_password", file="hop-12/khóa.pdf"), finding("file_empty")),
        expectations=ExpectationReport(
            batch="x",
            documents=34,
            results=(
                ExpectationResult(key="pages_accounted", severity=Severity.ERROR, success=True, checked=34),
                ExpectationResult(
                    key="date_not_future",
                    severity=Severity.WARNING,
                    success=False,
                    checked=30,
                    unexpected=2,
                    documents=(f"{4:032x}", "cd" * 16),
                ),
                ExpectationResult(
                    key="owner_wellformed",
                    severity=Severity.WARNING,
                    success=False,
                    broken=True,
                    detail="no such column",
                ),
            ),
        ),
        kind_titles={
            "birth_certificate": "Giấy khai sinh",
            "marriage_certificate": "Giấy chứng nhận kết hôn",
            "construction_permit": "Giấy phép xây dựng",
            "decision": "Quyết định",
        },
        decisions=(
            decided("owner_id", OWNER, "056190001235", note="theo sổ hộ tịch"),
            decided("kind", "decision", "birth_certificate"),
            decided("number", "12/2019", "12/2019", operator="anh Nam"),
            decided("signer", "Lê Văn", None, action=Action.ABSENT),
        ),
        duplicates=(ReportedDuplicate(file="hop-12/lại.pdf", of="hộp 11/001.pdf", pages=1),),
        field_titles={"owner_id": "Số định danh chủ giấy tờ", "kind": "Loại giấy"},
        places=(
            ("Bản gốc", "originals/ab/…"),
            ("PDF/A", "pdfa/…"),
            ("Bảng Parquet", "derived/batches/dien-an-hop-12-2019-1a2b3c4d/"),
        ),
    )
    return data.model_copy(update=changes)


def shown(data: BatchReportData, lang: str = "vi") -> str:
    """The page's text without tags and style."""
    page = re.sub(r"<style>.*?</style>", "", report_page(data, render, lang), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_report_says_that_no_page_was_lost() -> None:
    assert "không mất trang nào" in shown(lot())


@pytest.mark.parametrize(
    "changes",
    [
        {"pages": PageCounts(in_=75, accounted=74)},
        {"fates": PageFates(in_=74, documents=73)},
    ],
)
def test_a_lost_page_is_said_aloud(changes: dict[str, object]) -> None:
    assert lost_pages(lot(**changes)) == 1
    assert "THIẾU 1 trang" in shown(lot(**changes))


def test_numbers_and_moments_are_written_the_vietnamese_way() -> None:
    text = shown(lot(pages=PageCounts(in_=12345, accounted=12345)))
    assert "12.345" in text
    assert "20/11/2026 20:05" in text
    assert "17 phút 42 giây" in text


def test_the_report_speaks_english_on_request() -> None:
    text = shown(lot(), "en")
    assert "no page lost" in text
    assert "2026-11-20 20:05" in text


def test_no_identifier_of_a_person_is_shown() -> None:
    page = report_page(lot(), render)
    assert OWNER not in page
    assert "056*******34" in page


def test_codes_are_masked_in_their_owner_only() -> None:
    assert mask_code(f"{OWNER}.KQ.G15.000031.123/2021.01") == "056*******34.KQ.G15.000031.123/2021.01"
    assert mask_code(".KQ.G15.000031.123/2021.01") == ".KQ.G15.000031.123/2021.01"


@pytest.mark.parametrize("number", ["4200123456/ĐKKD", "GCN-AC4200123456", "12/2021-4200123456B"])
def test_an_owner_that_stands_inside_the_number_of_a_code_is_masked_there_too(number: str) -> None:
    hidden = mask_code(f"4200123456.KQ.G15.000031.{number}.01")
    assert "4200123456" not in hidden
    assert hidden == f"420*****56.KQ.G15.000031.{number.replace('4200123456', '420*****56')}.01"


@pytest.mark.parametrize(
    "text", ["a" * 8 + "123456789" + "f" * 15, "20261120130500", "12345678", "1.234.567"]
)
def test_what_is_no_identifier_is_left_alone(text: str) -> None:
    assert mask(text) == text


def test_names_from_outside_cannot_become_markup() -> None:
    page = report_page(lot(batch="<script>alert(1)</script>"), render)
    assert "<script" not in page
    assert "hop-12/&lt;b&gt;.tif" in page


def test_everything_that_needs_a_person_is_listed_with_its_reason() -> None:
    text = shown(lot())
    assert "Không đọc được trường số." in text
    assert "Quét lại trang này ở 300 dpi." in text
    assert "Xin bản không đặt mật khẩu" in text


def test_duplicates_are_counted_apart() -> None:
    text = shown(lot())
    assert "33 giấy tờ" in text
    assert "1 giấy tờ trùng" in text


def test_a_broken_check_is_shown_as_broken() -> None:
    text = shown(lot())
    assert "phép kiểm tra hỏng" in text
    assert "no such column" in text


def test_a_check_that_had_nothing_to_check_is_not_called_met() -> None:
    idle = ExpectationResult(key="stored", severity=Severity.ERROR, success=True, checked=0)
    text = shown(lot(expectations=ExpectationReport(batch="x", documents=34, results=(idle,))))
    assert "không có tài liệu để xét 1 : Giấy tờ được chấp nhận đã lưu bản PDF/A." in text
    assert "đạt 1" not in text.replace("không đạt", "")


def test_the_page_accounting_adds_up_before_the_eyes_of_who_signs() -> None:
    text = shown(lot())
    assert "trong giấy tờ 64 trắng (giữ lại) 5 tờ ngăn 3 tệp trùng 1 để riêng 1 Cộng 74" in text
    assert "Tính theo tệp (độc lập) 74 Trang vào (từ các tệp mở được) 74 khớp" in text
    short = shown(lot(pages=PageCounts(in_=75, accounted=74), short=(("hop-12/001.pdf", 3, 2),)))
    assert "Tệp còn thiếu trang: hop-12/001.pdf: 2/3 trang" in short


def test_what_people_decided_is_counted_by_person_and_listed_masked() -> None:
    text = shown(lot())
    assert "4 quyết định về 1 giấy tờ: 3 sửa, 1 xác nhận. chị Lan: 3; anh Nam: 1." in text
    assert "Số định danh chủ giấy tờ 056*******34 056*******35 theo sổ hộ tịch" in text
    assert "Loại giấy Quyết định Giấy khai sinh" in text
    assert "Lê Văn không có trên giấy" in text


def test_duplicates_are_listed_with_what_they_are_copies_of() -> None:
    text = shown(lot())
    assert "hop-12/lại.pdf cùng nội dung tệp hộp 11/001.pdf" in text
    assert "hop-12/011.pdf (trang 1–2) – 153/2019 [00000000] cùng một giấy tờ hop-12/000.pdf" in text


def test_papers_that_fail_an_expectation_are_named_as_people_find_them() -> None:
    assert "hop-12/001.pdf (trang 3–4) – 124/2019 [00000000]" in shown(lot())


def test_structural_checks_and_verapdf_are_told_apart() -> None:
    text = shown(lot(papers=(papers()[0].model_copy(update={"structure": "failed"}), *papers()[1:])))
    assert "không có bản đạt 1" in text and "đạt, đã lưu 32" in text
    assert "chưa kiểm tra 3" in text


def test_the_fingerprint_changes_with_the_figures_and_with_nothing_else() -> None:
    first = fingerprint(lot())
    moved = {"made_at": START + timedelta(days=9), "places": (), "operator": "ai khác"}
    assert fingerprint(lot(**moved)) == first
    assert fingerprint(lot(page_confidence=(0.5,))) != first
    assert fingerprint(lot(decisions=())) != first
    assert first in report_page(lot(), render)


def test_examples_stand_beside_their_rule() -> None:
    examples = (Example("field_unread", "hop-12/<1>.pdf", 3, b"JPEG"), Example("unheard_of", "a", 1, b"X"))
    page = report_page(lot(), render, examples=examples)
    assert page.count("data:image/jpeg;base64,SlBFRw==") == 1
    assert "hop-12/&lt;1&gt;.pdf, tr. 3" in page


def test_there_is_a_place_to_sign() -> None:
    assert "Người lập (ký, ghi rõ họ tên) Người kiểm tra" in shown(lot())


def test_a_long_list_is_cut_and_says_so() -> None:
    many = tuple(
        ReportedPaper(id=f"{number:032x}", file="a.pdf", pages=(number + 1,), route=Route.REVIEW)
        for number in range(MOST_ROWS + 7)
    )
    assert "… và 7 dòng nữa" in shown(lot(papers=many))


def test_an_empty_batch_has_a_report_too() -> None:
    empty = BatchReportData(
        batch="rỗng", state=BatchState.FINISHED, made_at=START, files=FileCounts(), pages=PageCounts()
    )
    text = shown(empty)
    assert "không mất trang nào" in text
    assert "Không có phát hiện nào." in text


def test_the_histogram_counts_every_value_once() -> None:
    values = [0.0, 0.05, 0.95, 1.0, 1.0]
    assert [bar.count for bar in histogram(values)] == [2, 0, 0, 0, 0, 0, 0, 0, 0, 3]
    assert histogram([]) == []


def test_the_same_data_give_the_same_bytes(tmp_path: Path) -> None:
    first = write_batch_report(lot(), tmp_path / "a" / "report.html", render)
    second = write_batch_report(lot(), tmp_path / "b" / "report.html", render)
    assert first.read_bytes() == second.read_bytes()
    assert [path.name for path in first.parent.iterdir()] == ["report.html"]


@pytest.mark.browser
@pytest.mark.parametrize("width", [1100, 390])
def test_the_report_opens_from_disk_asks_for_nothing_and_fits_the_screen(tmp_path: Path, width: int) -> None:
    drawn = io.BytesIO()
    Image.new("L", (420, 110), 200).save(drawn, "JPEG")
    examples = [Example("field_unread", "hop-12/001.pdf", 1, drawn.getvalue())]
    page_file = write_batch_report(lot(), tmp_path / "report.html", render, examples=examples)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = browser.new_page(viewport={"width": width, "height": 900})
        asked: list[str] = []
        complaints: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(page_file.as_uri())
        page.wait_for_load_state("networkidle")
        page.screenshot(path=tmp_path / f"report-{width}.png", full_page=True)
        assert page.evaluate("[...document.images].map(each => each.naturalWidth)") == [420]
        page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        browser.close()
    assert [url for url in asked if not url.startswith("data:")] == [page_file.as_uri()]
    assert complaints == []
    assert overflow == 0
    with pikepdf.open(tmp_path / "report.pdf") as printed:
        sizes = {tuple(round(float(side)) for side in sheet.mediabox[2:]) for sheet in printed.pages}
    assert {(abs(width - 595) <= 1, abs(height - 842) <= 1) for width, height in sizes} == {(True, True)}
