"""Inventories and results digitised elsewhere: taken whole or not at all, every bad row named, hostile files refused."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from engines import spreadsheets as sheets
from quality.cell_values import BadCell, a_count, a_day, an_owner
from quality.inventory import describe, read_elsewhere, read_inventory
from quality.inventory_template import Table, write_template
from schemas.documents import Level
from schemas.quotas import ElsewhereRow, InventoryRow
from schemas.reports import RowProblem
from schemas.wording import has, say, section

UNITS: dict[str, tuple[Level, str]] = {
    "22366": ("xa", "22366"),
    "Xã Diên An": ("xa", "22366"),
    "Thành phố Nha Trang": ("huyen", "568"),
}
KINDS = {"birth_certificate": "birth_certificate", "Giấy khai sinh": "birth_certificate"}
HEADER = "Cấp;Đơn vị;Loại giấy tờ;Năm;Số lượng;Cơ sở kiểm kê;Nguồn\n"


def unit(text: str, level: Level | None, day: date | None) -> tuple[Level, str] | None:
    """A unit by code or name, if the level agrees."""
    found = UNITS.get(text)
    return found if found and level in {None, found[0]} else None


def inventory(path: Path) -> tuple[tuple[InventoryRow, ...], tuple[RowProblem, ...]]:
    """Rows and problems."""
    read = read_inventory(path, unit, KINDS.get)
    return read.rows, read.problems


def elsewhere(path: Path) -> tuple[tuple[ElsewhereRow, ...], tuple[RowProblem, ...]]:
    """Rows and problems."""
    read = read_elsewhere(path, unit, KINDS.get)
    return read.rows, read.problems


def csv_file(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    """A CSV file."""
    path = folder / "kiểm kê.csv"
    path.write_bytes(text.encode(encoding))
    return path


def book(folder: Path, rows: Sequence[Sequence[object]], name: str = "kiểm kê.xlsx") -> Path:
    """A workbook of one sheet."""
    made = Workbook()
    sheet = made.worksheets[0]
    sheet.title = "Số liệu"
    for row in rows:
        sheet.append(list(row))
    made.save(folder / name)
    return folder / name


def codes(problems: Sequence[RowProblem]) -> list[tuple[int | None, str | None, str]]:
    """Row, column and code of each problem."""
    return [(problem.row, problem.column, problem.code) for problem in problems]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_a_csv_in_any_usual_dress_is_read(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = HEADER + "Cấp xã;Xã Diên An;Giấy khai sinh;2023;1.234;đếm thực tế;biên bản 05\n"
    rows, problems = inventory(csv_file(tmp_path, text.replace(";", delimiter), encoding))
    assert problems == ()
    assert rows == (
        InventoryRow(
            level="xa",
            unit="22366",
            kind="birth_certificate",
            year=2023,
            count=1234,
            basis="counted",
            source="biên bản 05",
        ),
    )


def test_english_headers_in_another_order_are_read(tmp_path: Path) -> None:
    rows, problems = inventory(
        csv_file(tmp_path, "basis,count,year,kind,unit\nestimated,7,2024,birth_certificate,22366\n")
    )
    assert problems == ()
    assert (rows[0].basis, rows[0].count) == ("estimated", 7)


def test_a_workbook_is_read_with_its_numbers_and_text(tmp_path: Path) -> None:
    header = ["Cấp", "Đơn vị", "Loại giấy tờ", "Năm", "Số lượng", "Cơ sở kiểm kê", "Ghi chú"]
    rows, problems = inventory(
        book(
            tmp_path,
            [
                header,
                ["Cấp huyện", "Thành phố Nha Trang", "Tất cả", 2021, 5000, "ước tính", "x"],
                [None] * 7,
                ["xã", 22366, "Giấy khai sinh", "2021", "12", "theo sổ", None],
            ],
        )
    )
    assert problems == ()
    assert [(row.unit, row.kind, row.count) for row in rows] == [
        ("568", "*", 5000),
        ("22366", "birth_certificate", 12),
    ]


def test_one_bad_row_keeps_the_whole_table_out_and_names_every_fault(tmp_path: Path) -> None:
    text = (
        HEADER
        + "Cấp xã;Xã Diên An;Giấy khai sinh;2023;10;đếm thực tế;\n"
        + "Cấp xã;Xã Lạ;Giấy khai sinh;2023;10;đếm thực tế;\n"
        + "\n"
        + "Cấp làng;Xã Diên An;Thẻ gì đó;23;-5;đoán;\n"
        + "Cấp xã;Xã Diên An;Giấy khai sinh;2024;1,234;đếm thực tế;\n"
        + "Cấp xã;Xã Diên An;Giấy khai sinh;2023;11;đếm thực tế;\n"
        + "Cấp xã;Xã Diên An;Giấy khai sinh;2022;;đếm thực tế;\n"
        + "Cấp xã;Xã Diên An;Giấy khai sinh;2020;1;đếm thực tế;a;b\n"
    )
    rows, problems = inventory(csv_file(tmp_path, text))
    assert rows == ()
    assert codes(problems) == [
        (3, "Đơn vị", "unit_unknown"),
        (5, "Năm", "year_unreadable"),
        (5, "Cấp", "level_unknown"),
        (5, "Loại giấy tờ", "kind_unknown"),
        (5, "Số lượng", "count_negative"),
        (5, "Cơ sở kiểm kê", "basis_unknown"),
        (6, "Số lượng", "count_ambiguous"),
        (7, None, "row_twice"),
        (8, "Số lượng", "cell_empty"),
        (9, None, "row_too_long"),
    ]
    assert describe(problems[0]) == (
        "kiểm kê.csv, dòng 3, cột “Đơn vị”: không rõ đơn vị “Xã Lạ”",
        say("problem", "unit_unknown.remedy"),
    )
    assert describe(problems[7], "en")[0] == "kiểm kê.csv, row 7: the same as row 2"


def test_a_formula_is_refused_not_believed(tmp_path: Path) -> None:
    header = ["unit", "kind", "year", "count", "basis"]
    path = book(tmp_path, [header, ["22366", "Giấy khai sinh", 2023, "=1+1", "counted"]])
    rows, problems = inventory(path)
    assert rows == ()
    assert codes(problems) == [(2, "count", "formula_cell")]
    assert "trang tính “Số liệu”" in describe(problems[0])[0]


def test_a_level_that_does_not_fit_the_unit_is_a_problem(tmp_path: Path) -> None:
    text = HEADER + "Cấp tỉnh;Xã Diên An;Giấy khai sinh;2023;1;counted;\n"
    assert codes(inventory(csv_file(tmp_path, text))[1]) == [(2, "Đơn vị", "unit_unknown")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Đơn vị;Loại giấy tờ;Năm;Số lượng\n22366;x;2023;1\n", [(1, "Cơ sở kiểm kê", "column_missing")]),
        ("Năm;" + HEADER + "\n", [(1, "Năm", "column_twice")]),
        (HEADER, [(None, None, "no_rows")]),
        ('a;"b\n', [(1, None, "csv_broken")]),
        ("", [(None, None, "file_empty")]),
    ],
)
def test_a_file_without_a_table_says_what_it_lacks(
    tmp_path: Path, text: str, expected: list[tuple[int | None, str | None, str]]
) -> None:
    assert codes(inventory(csv_file(tmp_path, text))[1]) == expected


def test_another_encoding_is_named_not_guessed(tmp_path: Path) -> None:
    assert codes(inventory(csv_file(tmp_path, HEADER, "utf-16"))[1]) == [(None, None, "encoding_unknown")]
    path = tmp_path / "cp1258.csv"
    path.write_bytes("Đơn vị".encode("cp1258", "ignore") + b"\xff\xfe\n")
    assert codes(inventory(path)[1]) == [(None, None, "encoding_unknown")]


def test_a_workbook_with_macros_is_refused_whatever_its_name(tmp_path: Path) -> None:
    path = book(tmp_path, [["unit", "kind", "year", "count", "basis"]])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"macro")
    assert codes(inventory(path)[1]) == [(None, None, "workbook_macros")]


def test_a_zip_that_unfolds_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_UNFOLDED", 100_000)
    path = tmp_path / "bom.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 200_000)
    assert codes(inventory(path)[1]) == [(None, None, "file_too_large")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "format_unknown"),
        (b"%PDF-1.4\n", "format_unknown"),
        (b"PK\x03\x04 not a zip", "workbook_broken"),
    ],
)
def test_other_formats_are_refused(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "la.xlsx"
    path.write_bytes(content)
    assert codes(inventory(path)[1]) == [(None, None, code)]


def test_a_broken_workbook_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    path = book(tmp_path, [["unit", "kind", "year", "count", "basis"], ["22366", "x", 2023, 1, "counted"]])
    inside = {}
    with zipfile.ZipFile(path) as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    inside["xl/worksheets/sheet1.xml"] = b"<worksheet><sheetData><row r='1'><c r='A1'"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in inside.items():
            archive.writestr(name, data)
    assert {problem.code for problem in inventory(path)[1]} == {"workbook_broken"}


def test_an_absent_file_and_a_folder_are_problems(tmp_path: Path) -> None:
    assert codes(inventory(tmp_path / "khong-co.csv")[1]) == [(None, None, "file_absent")]
    assert codes(inventory(tmp_path)[1]) == [(None, None, "file_absent")]


def test_reading_stops_when_everything_is_wrong(tmp_path: Path) -> None:
    text = HEADER + "Cấp xã;Xã Lạ;Giấy khai sinh;2023;10;đếm thực tế;\n" * 2000
    problems = inventory(csv_file(tmp_path, text))[1]
    assert len(problems) == 501
    assert problems[-1].code == "too_many_problems"


def test_too_many_rows_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS", 3)
    text = HEADER + "".join(f"xã;22366;Giấy khai sinh;{2000 + n};1;counted;\n" for n in range(9))
    assert codes(inventory(csv_file(tmp_path, text))[1])[-1] == (4, None, "too_many_rows")


def test_results_elsewhere_come_one_by_one_or_as_counts_with_evidence(tmp_path: Path) -> None:
    rows, problems = elsewhere(
        book(
            tmp_path,
            [
                [
                    "Đơn vị",
                    "Loại giấy tờ",
                    "Ngày số hóa",
                    "Số lượng",
                    "Số định danh chủ giấy tờ",
                    "Mã loại kết quả",
                    "Số, ký hiệu",
                    "Minh chứng",
                ],
                [
                    "22366",
                    "Giấy khai sinh",
                    "15/06/2022",
                    None,
                    "056190001234",
                    "KQ.G15.000031",
                    "123 / 2021",
                    None,
                ],
                [
                    "22366",
                    "Giấy khai sinh",
                    datetime(2022, 7, 1),
                    "1.500",
                    None,
                    None,
                    None,
                    "Báo cáo 77/BC-UBND",
                ],
            ],
        )
    )
    assert problems == ()
    assert [(row.number, row.count, row.digitised_on) for row in rows] == [
        ("123/2021", 1, date(2022, 6, 15)),
        (None, 1500, date(2022, 7, 1)),
    ]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            ["22366", "Giấy khai sinh", "31/02/2022", 5, None, None, None, "x"],
            ("Digitised on", "day_unreadable"),
        ),
        (
            ["22366", "Giấy khai sinh", "01/02/2022", 5, None, None, None, None],
            ("Evidence", "evidence_missing"),
        ),
        (["22366", "Giấy khai sinh", "01/02/2022", None, None, None, None, "x"], ("Count", "cell_empty")),
        (
            ["22366", "Giấy khai sinh", "01/02/2022", 2, None, "KQ.G15.000031", "1/2", "x"],
            ("Count", "paper_counted_twice"),
        ),
        (
            ["22366", "Giấy khai sinh", "01/02/2022", 1, "056190001234", None, "1/2", ""],
            ("Result type", "paper_incomplete"),
        ),
        (
            ["22366", "Giấy khai sinh", "01/02/2022", 1, 56190001234, "KQ.G15.000031", "1", ""],
            ("Owner", "owner_lost_zero"),
        ),
        (
            ["22366", "Giấy khai sinh", "01/02/2022", 1, "12", "KQ.G15.000031", "1", ""],
            ("Owner", "owner_malformed"),
        ),
        (
            ["22366", "Giấy khai sinh", "01/02/2022", 1, None, "KQ15", "1", ""],
            ("Result type", "result_type_malformed"),
        ),
        (
            ["22366", "Giấy khai sinh", "01/02/2022", 1, None, "KQ.G15.000031", date(2021, 12, 1), ""],
            ("Number", "number_became_date"),
        ),
    ],
)
def test_each_fault_of_a_paper_digitised_elsewhere_is_named(
    tmp_path: Path, row: list[object], expected: tuple[str, str]
) -> None:
    header = ["Unit", "Kind", "Digitised on", "Count", "Owner", "Result type", "Number", "Evidence"]
    rows, problems = elsewhere(book(tmp_path, [header, row]))
    assert rows == ()
    assert [(problem.column, problem.code) for problem in problems] == [expected]
    assert "056190001234" not in "".join(describe(problem)[0] for problem in problems)


def test_the_same_paper_twice_in_a_table_is_a_problem(tmp_path: Path) -> None:
    header = ["Unit", "Kind", "Digitised on", "Result type", "Number"]
    row = ["22366", "Giấy khai sinh", "01/02/2022", "KQ.G15.000031", "1/2021"]
    assert codes(elsewhere(book(tmp_path, [header, row, row]))[1]) == [(3, None, "row_twice")]


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (0, 0),
        (7.0, 7),
        ("1.234", 1234),
        ("1 234", 1234),
        ("1\u00a0234.567", None),
        ("12.345.678", 12345678),
        (" 5 ", 5),
    ],
)
def test_counts_are_read_the_vietnamese_way(value: object, count: int | None) -> None:
    if count is None:
        with pytest.raises(BadCell):
            a_count(value)
    else:
        assert a_count(value) == count


@pytest.mark.parametrize(
    "value",
    [
        -1,
        1.5,
        "1,5",
        "1.5",
        "1,234",
        "-3",
        "abc",
        "",
        True,
        float("nan"),
        float("inf"),
        "٣",
        10**12,
        date.today(),
    ],
)
def test_what_is_no_whole_number_is_refused(value: object) -> None:
    with pytest.raises(BadCell):
        a_count(value)


@given(st.integers(0, 99_999_999))
def test_a_count_written_with_dots_is_the_same_count(number: int) -> None:
    assert a_count(f"{number:,}".replace(",", ".")) == number


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)))
def test_a_day_is_read_day_first(day: date) -> None:
    assert a_day(f"{day.day}/{day.month}/{day.year}") == day
    assert a_day(day.isoformat()) == day


@given(st.text(max_size=30) | st.integers() | st.floats() | st.booleans())
def test_any_cell_is_a_value_or_a_named_problem(value: object) -> None:
    for parse in (a_count, a_day, an_owner):
        try:
            parse(value)
        except BadCell as bad:
            assert has("problem", bad.code)
            assert has("problem", f"{bad.code}.remedy")


@pytest.mark.parametrize("table", ["inventory", "elsewhere"])
def test_the_template_is_read_back_once_filled_in(tmp_path: Path, table: Table) -> None:
    path = write_template(tmp_path / "mau.xlsx", table, units=["Xã Diên An"], kinds=["Giấy khai sinh"])
    read = inventory if table == "inventory" else elsewhere
    assert codes(read(path)[1]) == [(None, None, "no_rows")]
    filled = load_workbook(path)
    sheet = filled.worksheets[0]
    values: dict[str, str | int] = {
        "Cấp": "Cấp xã",
        "Đơn vị": "Xã Diên An",
        "Loại giấy tờ": "Giấy khai sinh",
        "Năm": 2024,
        "Số lượng": "1.234",
        "Cơ sở kiểm kê": "theo sổ đăng ký",
        "Ngày số hóa": "01/02/2022",
        "Minh chứng": "Báo cáo 77",
    }
    for cell in sheet[1]:
        sheet.cell(row=2, column=cell.column or 1, value=values.get(str(cell.value)))
    filled.save(path)
    rows, problems = read(path)
    assert problems == ()
    assert rows[0].count == 1234


def test_every_problem_has_a_cause_and_a_remedy_in_both_languages() -> None:
    for lang in ("vi", "en"):
        problems = section("problem", lang)
        causes = {key for key in problems if not key.startswith("at_") and not key.endswith(".remedy")}
        assert {f"{key}.remedy" for key in causes} == {key for key in problems if key.endswith(".remedy")}
        assert all(problems.values())
