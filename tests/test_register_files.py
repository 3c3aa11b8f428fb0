"""Registers as people keep them, and files that are none: what is taken, what is refused, and what is said about it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from extractors.legacy_text import converted, encoding_of
from review.register_reading import Reading, read_register
from schemas.rules import Limits
from tests.machine import Machine
from tests.reviewed_batch import BATCH

HEAD = ("TT", "Số ký hiệu", "Ngày tháng năm", "Trích yếu", "Họ và tên", "Số định danh")
ROW = (1, "12/QĐ-UBND", "05/03/2021", "Về việc cấp giấy phép xây dựng", "Nguyễn Thị Thủy", "056221001234")
TODAY = date(2026, 1, 1)
# `Số ký hiệu` … as a spreadsheet shows text of the 1990s whose font is not there.
TCVN3_HEAD = ("TT", "Sè ký hiÖu", "Ngµy th¸ng n¨m", "TrÝch yÕu", "Hä vµ tªn", "Sè ®Þnh danh")
TCVN3_ROW = (
    1,
    "12/Q§-UBND",
    "05/03/2021",
    "VÒ viÖc cÊp giÊy phÐp x©y dùng",
    "NguyÔn ThÞ Thñy",
    "056221001234",
)
VNI_HEAD = ("TT", "Soá kyù hieäu", "Ngaøy thaùng naêm", "Trích yeáu", "Hoï vaø teân", "Soá ñònh danh")
VNI_ROW = (
    1,
    "12/QÑ-UBND",
    "05/03/2021",
    "Veà vieäc caáp giaáy pheùp xaây döïng",
    "Nguyeãn Thò Thuûy",
    "056221001234",
)


def sheet_of(*rows: Sequence[Any], merged: Sequence[str] = ()) -> bytes:
    """A workbook with one sheet of these rows."""
    book = Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(list(row))
    for place in merged:
        sheet.merge_cells(place)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def csv_of(*rows: Sequence[Any], encoding: str = "utf-8") -> bytes:
    """The same as CSV with semicolons."""
    return "\n".join(";".join(map(str, row)) for row in rows).encode(encoding)


def read(data: bytes, **options: Any) -> Reading:
    """Read a register today."""
    return read_register(data, "sổ.xlsx", Limits(), TODAY, **options)


def codes(reading: Reading) -> list[tuple[int | None, str | None, str]]:
    """Row, column and code of each problem."""
    return [(problem.row, problem.column, problem.code) for problem in reading.problems]


@pytest.mark.parametrize(
    "written",
    [
        "5/3/2021",
        "05.03.2021",
        "05-03-2021",
        "ngày 5 tháng 3 năm 2021",
        "2021-03-05",
        date(2021, 3, 5),
        44260,
    ],
)
def test_a_date_is_understood_however_it_is_written(written: Any) -> None:
    (row,) = read(sheet_of(HEAD, (1, ROW[1], written, *ROW[3:]))).rows
    assert row.values["issue_date"] == "2021-03-05"


@pytest.mark.parametrize("written", ["tháng 3/2021", "31/02/2021", "3/2021", 7])
def test_half_a_date_is_a_problem_with_sheet_row_and_column(written: Any) -> None:
    reading = read(sheet_of(HEAD, ROW, (2, "13/QĐ-UBND", written, *ROW[3:])))
    assert [row.row for row in reading.rows] == [2]
    assert codes(reading) == [(3, "C – Ngày tháng năm", "day_unreadable")]
    assert reading.problems[0].sheet == "Sheet"


def test_merged_cells_hold_in_every_row_they_cover() -> None:
    rows = [(1, "1/QĐ-UBND", "05/03/2021", "", "Lê An", ""), (2, "2/QĐ-UBND", None, "", "Lê Bình", "")]
    reading = read(sheet_of(("SỔ ĐĂNG KÝ",), HEAD, *rows, merged=["A1:F1", "C3:C4"]))
    assert [row.values["issue_date"] for row in reading.rows] == ["2021-03-05", "2021-03-05"]
    assert reading.certain and reading.problems == ()


def test_a_header_in_two_rows_under_merged_cells_is_found() -> None:
    upper = ("TT", "Văn bản", "", "", "Chủ giấy tờ", "")
    lower = ("", "Số ký hiệu", "Ngày tháng", "Trích yếu", "Họ và tên", "Số định danh")
    numbers = ("(1)", "(2)", "(3)", "(4)", "(5)", "(6)")
    reading = read(sheet_of(upper, lower, numbers, ROW, merged=["A1:A2", "B1:D1", "E1:F1"]))
    assert [row.values["number"] for row in reading.rows] == ["12/QĐ-UBND"]
    assert reading.tables[0].columns["owner_name"] == 4
    assert reading.problems == ()


def test_a_formula_without_a_saved_value_is_a_problem_and_one_with_it_is_taken() -> None:
    data = sheet_of(HEAD, ROW, (2, '="13/QĐ"&"-UBND"', *ROW[2:]))
    assert codes(read(data)) == [(3, "B – Số ký hiệu", "formula_unsaved")]
    saved = with_saved_value(data, "13/QĐ-UBND")
    assert [row.values["number"] for row in read(saved).rows] == ["12/QĐ-UBND", "13/QĐ-UBND"]


def with_saved_value(data: bytes, value: str) -> bytes:
    """The workbook as a spreadsheet saves it: each formula with its value."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith("sheet1.xml"):
                text = content.decode()
                text = text.replace("<v></v>", f"<v>{value}</v>").replace("<v />", f"<v>{value}</v>")
                text = text.replace("<v/>", f"<v>{value}</v>").replace('<c r="B3"', '<c r="B3" t="str"')
                content = text.encode()
            target.writestr(name, content)
    assert load_workbook(io.BytesIO(out.getvalue()), data_only=True).worksheets[0]["B3"].value == value
    return out.getvalue()


def test_a_row_twice_is_taken_once_and_told() -> None:
    reading = read(sheet_of(HEAD, ROW, (2, *ROW[1:])))
    assert len(reading.rows) == 1
    assert codes(reading) == [(3, None, "row_twice")]


def test_a_row_by_which_no_paper_can_be_told_is_a_problem() -> None:
    assert codes(read(sheet_of(HEAD, ROW, (2, "", "05/03/2021", "Thông báo", "", "")))) == [
        (3, None, "register_no_identity")
    ]


def test_an_identifier_that_lost_its_zero_is_a_problem() -> None:
    reading = read(sheet_of(HEAD, (1, *ROW[1:5], 56221001234)))
    assert codes(reading) == [(2, "F – Số định danh", "owner_lost_zero")]


@pytest.mark.parametrize(
    ("head", "row", "encoding"), [(TCVN3_HEAD, TCVN3_ROW, "tcvn3"), (VNI_HEAD, VNI_ROW, "vni")]
)
@pytest.mark.parametrize("as_csv", [False, True])
def test_text_of_an_old_encoding_is_converted_to_unicode(
    head: Sequence[Any], row: Sequence[Any], encoding: str, as_csv: bool
) -> None:
    reading = read(csv_of(head, row, encoding="latin-1") if as_csv else sheet_of(head, row))
    (found,) = reading.rows
    assert (reading.encoding, reading.certain) == (encoding, True)
    assert found.values["owner_name"] == "Nguyễn Thị Thủy"
    assert found.values["number"] == "12/QĐ-UBND"
    assert found.values["subject"] == "Về việc cấp giấy phép xây dựng"


def test_text_of_today_is_left_as_it_is() -> None:
    assert encoding_of(["Số ký hiệu", "Hà Nam", "Lê Hòa", "Trần Bé Ân"]) == "unicode"
    assert encoding_of(["Lê Hà", "Hòa", "Trà"]) == "unicode"
    assert encoding_of(["abc", ""]) == "unicode"
    assert converted("Nguyễn", "tcvn3") == "Nguyễn"


def test_a_csv_of_sixteen_bits_is_read() -> None:
    assert len(read(csv_of(HEAD, ROW, encoding="utf-16")).rows) == 1


def test_columns_whose_names_are_only_like_known_ones_need_a_person() -> None:
    reading = read(sheet_of(("TT", "Số", "Ngày", "Họ và tên"), (1, "12/QĐ-UBND", "05/03/2021", "Lê An")))
    assert reading.rows and not reading.certain


def test_columns_are_as_a_person_states_them() -> None:
    data = sheet_of(("x", "y", "z"), ("Lê An", "12/QĐ-UBND", "05/03/2021"))
    assert codes(read(data)) == [(None, None, "register_no_header")]
    reading = read(data, mapping={"owner_name": 0, "number": 1, "issue_date": 2}, head=1)
    assert reading.certain
    assert reading.rows[0].values == {
        "owner_name": "Lê An",
        "number": "12/QĐ-UBND",
        "issue_date": "2021-03-05",
    }


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_empty"),
        (sheet_of(), "register_no_header"),
        (sheet_of(("một", "hai"), (1, 2)), "register_no_header"),
        (sheet_of(HEAD), "no_rows"),
        (b"%PDF-1.7\n", "format_unknown"),
        (b"PK\x03\x04 not a zip", "workbook_broken"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "encoding_unknown"),
        (csv_of(HEAD, *[ROW] * 60), "row_twice"),
    ],
)
def test_a_file_that_is_no_register_says_why(data: bytes, code: str) -> None:
    reading = read(data)
    assert reading.problems[0].code == code
    assert len(reading.rows) <= 1


def test_more_rows_than_allowed_are_refused_before_the_work() -> None:
    limits = Limits(register_rows=50)
    rows = [(at, f"{at}/QĐ-UBND", *ROW[2:]) for at in range(1, 60)]
    reading = read_register(csv_of(HEAD, *rows), "sổ.csv", limits, TODAY)
    assert (reading.rows, reading.problems[0].code) == ((), "too_many_rows")


def test_on_the_command_line_an_uncertain_guess_is_shown_and_waits_for_yes(
    quick_review: Machine, tmp_path: Path
) -> None:
    path = tmp_path / "sổ.xlsx"
    path.write_bytes(sheet_of(("TT", "Số", "Ngày", "Họ tên"), (1, "12/QĐ-UBND", "05/03/2021", "Lê An")))
    done = quick_review.run("register", "import", path, "--batch", BATCH)
    assert done.returncode == 2 and "--yes" in done.stderr and "B  Số → Số, ký hiệu" in done.stdout
    assert quick_review.json("register", "list", "--batch", BATCH)["register"] is None
    stated = quick_review.run(
        "register", "import", path, "--batch", BATCH, "--map", "number=B", "--map", "date=C"
    )
    assert stated.returncode == 0, stated.stderr
    assert quick_review.run("register", "import", path, "--batch", BATCH, "--yes").returncode == 0
    assert quick_review.json("register", "list", "--batch", BATCH)["register"]["version"] == 2


def test_on_the_command_line_bad_rows_are_told_by_place_and_remedy_and_good_ones_go_in(
    quick_review: Machine, tmp_path: Path
) -> None:
    path = tmp_path / "sổ.xlsx"
    path.write_bytes(sheet_of(HEAD, ROW, (2, "13/QĐ-UBND", "31/02/2021", *ROW[3:])))
    done = quick_review.run("register", "import", path, "--batch", BATCH)
    assert done.returncode == 3
    assert "dòng 3" in done.stderr and "cột “C – Ngày tháng năm”" in done.stderr and "→" in done.stderr
    assert quick_review.json("register", "list", "--batch", BATCH)["register"]["rows"] == 1


@pytest.mark.parametrize("options", [["--map", "số=B"], ["--map", "number=9"], ["--map", "date=C"]])
def test_a_mapping_that_cannot_be_is_refused(
    quick_review: Machine, tmp_path: Path, options: list[str]
) -> None:
    path = tmp_path / "sổ.xlsx"
    path.write_bytes(sheet_of(HEAD, ROW))
    done = quick_review.run("register", "import", path, "--batch", BATCH, *options)
    assert done.returncode == 2 and "--map" in done.stderr


def test_a_file_that_is_absent_or_enormous_is_refused_at_once(quick_review: Machine, tmp_path: Path) -> None:
    done = quick_review.run("register", "import", tmp_path / "không có.xlsx", "--batch", BATCH)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    huge = tmp_path / "to.csv"
    with huge.open("wb") as stream:
        stream.truncate(30_000_000)
    done = quick_review.run("register", "import", huge, "--batch", BATCH)
    assert done.returncode == 2 and "20 MB" in done.stderr
