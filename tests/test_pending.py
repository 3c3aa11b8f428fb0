"""What waits for a result code is exported for the office that asks the ministry: by kind, unit and reason."""

from __future__ import annotations

import csv
import stat
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from configs.loader import load_kinds
from quality.pending import pending_kinds
from schemas.pending import PendingPaper
from tests.kept_home import machine_with
from tests.machine import Machine
from tests.printed_pages import Row, official
from tests.reviewed_batch import birth, make_home

BATCH = "hộp-40"


def licence(agency: str, number: str, title: str, who: str) -> list[Row]:
    return official(
        ["UBND TỈNH KHÁNH HÒA", agency],
        number,
        "Khánh Hòa, ngày 05 tháng 6 năm 2024",
        [title],
        [f"Tên cơ sở: {who}", "Mã số thuế: 4201234567"],
    )


FOOD = "GIẤY CHỨNG NHẬN CƠ SỞ ĐỦ ĐIỀU KIỆN AN TOÀN THỰC PHẨM"
SCANS = {
    BATCH: {
        "=1+1.png": licence(
            "SỞ CÔNG THƯƠNG", "Số: 12/GP-SCT", "GIẤY PHÉP BÁN LẺ RƯỢU", "Công ty TNHH An Khang"
        ),
        "a.png": licence("SỞ CÔNG THƯƠNG", "Số: 13/GP-SCT", "GIẤY PHÉP BÁN LẺ RƯỢU", "Công ty TNHH Hải Yến"),
        "b.png": licence("SỞ Y TẾ", "Số: 14/GCN-SYT", FOOD, "Công ty TNHH Bình Minh"),
        "c.png": birth("131/2021", định_danh="Số định danh cá nhân: 056221001234"),
    }
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("pending"), SCANS)


@pytest.fixture
def machine(home: Path, tmp_path: Path) -> Machine:
    return machine_with(home, tmp_path)


def test_kinds_and_papers_that_wait_are_listed_with_unit_and_reason(machine: Machine) -> None:
    told: dict[str, Any] = machine.json("lists", "pending")
    waiting = {row["kind"]: row for row in told["kinds"] if row["papers"]}
    assert waiting["alcohol_licence"]["papers"] == 2
    assert waiting["alcohol_licence"]["reason"] == "no_national_code"
    assert waiting["alcohol_licence"]["unit"] == "Sở Công Thương"
    assert waiting["food_safety_certificate"]["reason"] == "several_candidates"
    assert waiting["food_safety_certificate"]["candidates"] == ["KQ.G10.000559"]
    assert "birth_certificate" not in {row["kind"] for row in told["papers"]}
    assert {row["file"] for row in told["papers"]} == {"=1+1.png", "a.png", "b.png"}


def test_kinds_without_a_code_are_listed_before_any_paper_is_scanned(machine: Machine) -> None:
    empty = {row["kind"] for row in machine.json("lists", "pending")["kinds"] if not row["papers"]}
    assert {"medical_facility_licence", "work_permit", "graduation_diploma"} <= empty
    assert not empty & {"birth_certificate", "driving_licence", "certified_copy", "circular"}


def test_a_paper_that_a_person_closed_says_so(machine: Machine) -> None:
    ids = {row["file"]: row["document_id"] for row in machine.json("lists", "pending")["papers"]}
    assert machine.run("review", "close", ids["a.png"], "--reason", "không thuộc diện").returncode == 0
    reasons = {row["file"]: row["reason"] for row in machine.json("lists", "pending")["papers"]}
    assert reasons["a.png"] == "not_codable"


def test_the_workbook_has_vietnamese_headings_and_no_formula(machine: Machine, tmp_path: Path) -> None:
    path = tmp_path / "chờ mã.xlsx"
    done = machine.run("lists", "pending", "--out", path)
    assert done.returncode == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    book = load_workbook(path)
    assert book.sheetnames == ["Loại giấy chờ mã", "Giấy chờ mã"]
    for sheet in book.worksheets:
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    heads = [cell.value for cell in book["Giấy chờ mã"][1]]
    assert {"Loại giấy", "Đơn vị", "Lý do", "Số, ký hiệu"} <= set(heads)
    files = [str(row[heads.index("Tệp")].value) for row in book["Giấy chờ mã"].iter_rows(min_row=2)]
    assert "'=1+1.png" in files
    again = machine.run("lists", "pending", "--out", path)
    assert again.returncode == 2
    assert str(path.name) in again.stderr


def test_a_csv_file_holds_the_papers_and_no_identifier(machine: Machine, tmp_path: Path) -> None:
    path = tmp_path / "pending.csv"
    assert machine.run("lists", "pending", "--out", path).returncode == 0
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 3
    assert "4201234567" not in path.read_text(encoding="utf-8-sig")
    assert {row["Lý do"] for row in rows} == {
        "danh mục quốc gia chưa có mã cho loại này",
        "nhiều mã có thể đúng, cần chọn",
    }


def test_another_suffix_is_wrong_usage_with_a_remedy(machine: Machine, tmp_path: Path) -> None:
    done = machine.run("lists", "pending", "--out", tmp_path / "pending.pdf")
    assert done.returncode == 2
    assert ".xlsx" in done.stderr


def test_papers_of_one_kind_in_two_units_are_two_rows_most_first() -> None:
    def waiting(unit: str) -> PendingPaper:
        return PendingPaper(
            document_id=unit,
            batch="b",
            file="f",
            kind="alcohol_licence",
            level="xa",
            unit=unit,
            number=None,
            issue_date=None,
            agency=None,
            reason="no_national_code",
        )

    rows = pending_kinds([waiting("A"), waiting("B"), waiting("B")], load_kinds())
    assert [(row.unit, row.papers) for row in rows] == [("B", 2), ("A", 1)]
