"""Quarter and year reports: from frozen figures, issued for good, corrected with a reason, approved by another person."""

from __future__ import annotations

import re
import stat
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from docx import Document
from openpyxl import load_workbook

from schemas.clock import today
from tests.backdated_home import HEAD, imported, set_back, table
from tests.kept_home import flip, object_path
from tests.machine import Machine

QUARTER = "2021/4"
CLOSING = "2021-12-14"
INVENTORY = (
    "xã;Xã Diên An;Giấy khai sinh;2021;1200;theo sổ;Sổ hộ tịch 2021",
    "xã;Xã Diên Toàn;Giấy khai sinh;2021;3000;kiểm đếm;Biên bản kiểm kê",
)


@pytest.fixture
def past(machine: Machine, tmp_path: Path) -> Machine:
    """Two coded births of Xã Diên An, digitised in October 2021; 4,200 counted in two communes."""
    set_back(machine)
    imported(machine, "inventory", table(tmp_path, "một.csv", HEAD, *INVENTORY))
    return machine


def issued(machine: Machine, out: Path, *options: str | Path) -> dict[str, Any]:
    """Issue the report of the last quarter of 2021."""
    done = machine.run("report", "quarter", QUARTER, out, *options)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = machine.json("report", "list")["reports"][-1]
    return answer


def words(path: Path) -> str:
    """A PDF's text, its white space folded."""
    done = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True)
    return re.sub(r"\s+", " ", done.stdout)


def page_count(path: Path) -> int:
    return subprocess.run(["pdftotext", str(path), "-"], capture_output=True, text=True).stdout.count("\f")


def refused(machine: Machine, *asked: str | Path) -> str:
    done = machine.run(*asked)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_quarter_is_told_in_words_numbers_and_reservations_from_a_frozen_set(
    past: Machine, tmp_path: Path
) -> None:
    own = tmp_path / "khó khăn.txt"
    own.write_text("Thiếu máy quét khổ A3.\nĐề nghị hướng dẫn cấp huyện.\n", encoding="utf-8")
    report = issued(past, tmp_path / "ra", "--difficulties", own)
    (frozen,) = past.json("figures", "list")
    assert (report["frozen"], report["as_of"], frozen["as_of"]) == (frozen["id"], CLOSING, CLOSING)
    docx, pdf, xlsx = sorted((tmp_path / "ra").iterdir())
    assert pdf.name == f"bao-cao-quy-4-2021-{report['id'][:8]}.pdf"
    assert {stat.S_IMODE(path.stat().st_mode) for path in (docx, pdf, xlsx)} == {0o600}
    said = words(pdf)
    for part in (
        "NHIỆM VỤ DO THỦ TƯỚNG CHÍNH PHỦ GIAO",
        "quý IV năm 2021",
        "từ ngày 15/09/2021 đến hết ngày 14/12/2021",
        "Cấp xã: đã số hóa 2 trên tổng số 4.200 kết quả còn hiệu lực, đạt 0,05 %",
        "thấp hơn chỉ tiêu năm (15,00 %) 14,95 điểm phần trăm",
        "Thiếu máy quét khổ A3.",
        "Xã Diên Lâm",  # one of those that sent nothing
        "KT. CHỦ TỊCH",
    ):
        assert part in said, part
    assert said.count(f"Bộ số liệu đã chốt {frozen['id']}; mã báo cáo {report['id'][:16]}") == page_count(pdf)
    assert "BẢN NHÁP" not in said and "Ninh Thuận" in said  # the series is named


def test_the_text_document_says_what_the_pdf_says_and_is_known_to_verify(
    past: Machine, tmp_path: Path
) -> None:
    report = issued(past, tmp_path)
    (pdf,), (path,) = tmp_path.glob("*.pdf"), tmp_path.glob("*.docx")
    document = Document(path)
    told = [paragraph.text for paragraph in document.paragraphs]
    said = words(pdf)
    # The PDF breaks lines at pages and cells: their words are the same, one by one.
    told += [cell.text for grid in document.tables for row in grid.rows for cell in row.cells]
    every = {word for text in told for word in text.split() if not set(word) & set("█░│")}
    assert not [word for word in every if word not in said]
    assert "NHIỆM VỤ DO THỦ TƯỚNG CHÍNH PHỦ GIAO" in " ".join(told)
    assert report["frozen"] in document.sections[0].footer.paragraphs[0].text
    first, annex = document.sections[0], document.sections[-1]
    assert (first.page_width < first.page_height, annex.page_width > annex.page_height) == (True, True)
    (grid,) = [grid for grid in document.tables if len(grid.columns) > 10]
    assert "tblHeader" in grid.rows[0]._tr.xml
    assert past.json("report", "verify", path)["state"] == "issued"


def test_the_workbook_has_real_numbers_whose_rates_can_be_recomputed_and_prints_on_a4(
    past: Machine, tmp_path: Path
) -> None:
    issued(past, tmp_path)
    (path,) = tmp_path.glob("bao-cao-*.xlsx")
    book = load_workbook(path)
    sheet = book.worksheets[0]
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    (head,) = [row for row in range(1, 9) if sheet.cell(row, 1).value == "STT"]
    assert sheet.print_title_rows == f"${head}:${head}"
    names = [cell.value for cell in sheet[head]]
    rows = [dict(zip(names, values, strict=True)) for values in sheet.iter_rows(head + 1, values_only=True)]
    quota = past.json("quota", "--frozen", past.json("figures", "list")[0]["id"])["rows"]
    assert len(rows) == len(quota) + 1
    for row, told in zip(rows, quota, strict=False):
        assert row["Tỷ lệ %"] == (pytest.approx(told["rate"]["low"]) if told["rate"] else None)
        assert row["Tổng còn hiệu lực"] == (told["denominator"] if told["inventory"] is not None else None)
    rated = [row for row in rows if row["Tỷ lệ %"] is not None]
    assert rated
    for row in rated:
        assert row["Tỷ lệ %"] == pytest.approx(row["Đã số hóa (đã lưu)"] / row["Tổng còn hiệu lực"])
    whole = rows[-1]
    assert whole["Đơn vị"] == "TOÀN TỈNH"
    assert (whole["Đã số hóa (đã lưu)"], whole["Tổng còn hiệu lực"]) == (
        2,
        4200,
    )  # sums, no average of 2/1200 and 0
    formats = {name: sheet.cell(head + 1, at).number_format for at, name in enumerate(names, start=1)}
    assert (formats["Tỷ lệ %"], formats["Tổng còn hiệu lực"]) == ("0.00%", "#,##0")
    assert past.json("figures", "list")[0]["id"] in sheet.oddFooter.center.text


def test_a_closing_day_that_is_not_over_is_refused_and_a_draft_is_marked_on_every_page(
    past: Machine, tmp_path: Path
) -> None:
    ahead = today() + timedelta(days=120)
    name = f"{ahead.year}/{(ahead.month - 1) // 3 + 1}"
    assert "--draft" in refused(past, "report", "quarter", name, tmp_path / "a")
    done = past.run("report", "quarter", name, tmp_path / "a", "--draft")
    assert done.returncode == 0 and "chưa phát hành" in done.stdout, done.stderr
    (pdf,) = (tmp_path / "a").glob("*.pdf")
    assert page_count(pdf) > 1
    for page in range(1, page_count(pdf) + 1):
        told = subprocess.run(
            ["pdftotext", "-f", str(page), "-l", str(page), str(pdf), "-"], capture_output=True, text=True
        )
        assert "BẢN NHÁP – số liệu chưa chốt" in told.stdout
    with pikepdf.open(pdf) as file:  # slanting text is not in what pdftotext gives
        assert all(b"/bold 84 Tf" in page.Contents.read_bytes() for page in file.pages)
    assert past.json("report", "list") == {"reports": []}
    assert past.json("figures", "list") == []
    assert past.json("report", "verify", pdf)["state"] == "unknown"
    refused(past, "report", "quarter", name, tmp_path / "a", "--draft", "--frozen", "abcd")


def test_the_frozen_set_must_be_of_the_closing_day_and_is_taken_as_it_is(
    past: Machine, tmp_path: Path
) -> None:
    other = past.json("figures", "freeze", "--as-of", "2021-12-31")["id"]
    assert "2021-12-14" in refused(past, "report", "quarter", QUARTER, tmp_path, "--frozen", other)
    right = past.json("figures", "freeze", "--as-of", CLOSING)["id"]
    assert "kh5283" in refused(
        past, "report", "quarter", QUARTER, tmp_path, "--frozen", right, "--series", "merged"
    )
    later = "xã;Xã Diên An;Giấy khai sinh;2021;9999;theo sổ;Sổ khác"
    imported(past, "inventory", table(tmp_path, "hai.csv", HEAD, later))
    assert issued(past, tmp_path, "--frozen", right[:10])["frozen"] == right
    (pdf,) = tmp_path.glob("*.pdf")
    assert "4.200 kết quả" in words(pdf)
    year = past.run("report", "year", "2021", tmp_path, "--frozen", right)
    assert year.returncode == 0, year.stderr
    (pdf,) = tmp_path.glob("bao-cao-nam-2021-*.pdf")
    assert "từ ngày 15/12/2020 đến hết ngày 14/12/2021" in words(pdf)


def test_a_correction_takes_the_place_of_a_report_says_why_and_both_stay(
    past: Machine, tmp_path: Path
) -> None:
    first = issued(past, tmp_path / "a")
    assert first["id"][:12] in refused(past, "report", "quarter", QUARTER, tmp_path / "b")
    assert "--reason" in refused(past, "report", "quarter", QUARTER, tmp_path, "--corrects", first["id"][:8])
    refused(past, "report", "quarter", "2021/3", tmp_path, "--corrects", first["id"], "--reason", "x")
    again = "xã;Xã Diên An;Giấy khai sinh;2021;1300;kiểm đếm;Kiểm đếm lại"
    imported(past, "inventory", table(tmp_path, "hai.csv", HEAD, again))
    second = issued(past, tmp_path / "b", "--corrects", first["id"][:8], "--reason", "kiểm kê lại Diên An")
    (pdf,) = (tmp_path / "b").glob("*.pdf")
    assert f"thay thế báo cáo mã {first['id'][:16]}" in words(pdf) and "kiểm kê lại Diên An" in words(pdf)
    assert "4.300 kết quả" in words(pdf)
    (old,) = (tmp_path / "a").glob("*.pdf")
    told = past.json("report", "verify", old)
    assert (told["state"], told["records"], told["later"]["id"]) == ("issued", "same", second["id"])
    assert "kiểm kê lại Diên An" in past.run("report", "verify", old).stdout
    assert second["id"][:12] in refused(
        past, "report", "quarter", QUARTER, tmp_path, "--corrects", first["id"], "--reason", "nữa"
    )
    assert past.run("report", "list", "--out", tmp_path / "lại").returncode == 0
    assert len(list((tmp_path / "lại").iterdir())) == 6
    assert (tmp_path / "lại" / old.name).read_bytes() == old.read_bytes()
    assert "đã bị thay bằng" in past.run("report", "list").stdout


def test_the_leader_who_approves_is_not_the_one_who_issued(past: Machine, tmp_path: Path) -> None:
    report = issued(past, tmp_path)
    asked = ("report", "approve", report["id"][:8], "--as", "Giám đốc Sở")
    assert "chị Lan" in refused(past, *asked)
    for spelling in (" CHỊ LAN ", "Chi Lan", "chi\u0323 Lan"):
        refused(past, *asked, "--operator", spelling)
    refused(past, *asked[:-1], " ", "--operator", "ông Minh")
    refused(past, "report", "approve", "ffff", "--as", "Giám đốc Sở", "--operator", "ông Minh")
    done = past.run(*asked, "--operator", "ông Minh")
    assert done.returncode == 0 and "ông Minh (Giám đốc Sở)" in done.stdout
    refused(past, *asked, "--operator", "bà Hà")
    (listed,) = past.json("report", "list")["reports"]
    assert (listed["by"], listed["approved_by"], listed["approved_as"]) == (
        "chị Lan",
        "ông Minh",
        "Giám đốc Sở",
    )


def test_an_altered_file_is_unknown_and_an_altered_frozen_set_is_told(past: Machine, tmp_path: Path) -> None:
    report = issued(past, tmp_path)
    for path in tmp_path.glob("bao-cao-*"):
        assert past.run("report", "verify", path).returncode == 0
        forged = tmp_path / f"sửa-{path.name}"
        forged.write_bytes(path.read_bytes())
        flip(forged)
        assert past.json("report", "verify", forged)["state"] == "unknown"
        assert past.run("report", "verify", forged).returncode == 3
    flip(object_path(past, f"figures/{report['frozen'][:2]}/{report['frozen']}.json"))
    (pdf,) = tmp_path.glob("bao-cao-*.pdf")
    done = past.run("report", "verify", pdf)
    assert done.returncode == 3 and "không còn như lúc phát hành" in done.stdout


def test_issued_reports_and_their_approval_come_back_from_the_store_alone(
    past: Machine, tmp_path: Path
) -> None:
    report = issued(past, tmp_path)
    past.run("report", "approve", report["id"], "--as", "Giám đốc Sở", "--operator", "ông Minh")
    wanted = past.json("report", "list")
    for path in past.home.glob("catalogue.db*"):
        path.unlink()
    assert past.run("rebuild").returncode == 0
    assert past.json("report", "list") == wanted
    assert wanted["reports"][0]["approved_by"] == "ông Minh"
    assert past.run("verify").returncode == 0
    flip(object_path(past, f"reports/periods/{report['pdf']}.pdf"))
    damaged = past.run("report", "list", "--out", tmp_path / "lại")
    assert damaged.returncode != 0 and "Traceback" not in damaged.stderr


@pytest.mark.parametrize(
    "asked",
    [
        ("quarter", "2021/5"),
        ("quarter", "1999/1"),
        ("quarter", "2021"),
        ("year", "2021/1"),
        ("year", "1999"),
        ("quarter", QUARTER, "--series", "x"),
        ("quarter", QUARTER, "--reason", "vì thế"),
        ("quarter", QUARTER, "--difficulties", "không có.txt"),
    ],
)
def test_what_cannot_be_reported_is_refused_and_nothing_is_frozen(
    past: Machine, tmp_path: Path, asked: tuple[str, ...]
) -> None:
    command, name, *options = asked
    refused(past, "report", command, name, tmp_path / "ra", *options)
    assert past.json("figures", "list") == []


def test_the_offices_own_words_must_be_readable_and_its_head_and_signer_are_settings(
    past: Machine, tmp_path: Path
) -> None:
    wrong = tmp_path / "sai.txt"
    for content in (b"\xff\xfe\x00", b" \n", b"x" * 30_000):
        wrong.write_bytes(content)
        refused(past, "report", "quarter", QUARTER, tmp_path, "--difficulties", wrong)
    past.environment |= {
        "SOHOA_OFFICE__NAME": "SỞ NỘI VỤ",
        "SOHOA_OFFICE__PARENT": "UBND TỈNH KHÁNH HÒA",
        "SOHOA_OFFICE__CAPACITY": "GIÁM ĐỐC",
    }
    issued(past, tmp_path)
    (pdf,) = tmp_path.glob("*.pdf")
    said = words(pdf)
    assert "SỞ NỘI VỤ" in said and "UBND TỈNH KHÁNH HÒA" in said and "GIÁM ĐỐC" in said
    assert "KT. CHỦ TỊCH" not in said
