"""The empty workbook that a unit fills in: headers, drop-down lists, and a sheet that explains with examples.

May import schemas. What it writes, `quality.inventory` reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from quality.inventory import COLUMNS
from schemas.facts import FactName
from schemas.wording import say, section

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

Table = FactName

_LAST_ROW: Final = 5000
_WIDTHS: Final = {
    "desk": 30,
    "reason": 30,
    "unit": 28,
    "kind": 34,
    "source": 34,
    "evidence": 40,
    "owner": 26,
    "number": 20,
    "paper": 44,
}
# Spreadsheets turn identifiers into numbers and `12/2021` into a date unless the column is text.
_TEXT_COLUMNS: Final = frozenset(
    {
        "unit",
        "owner",
        "number",
        "result_type",
        "digitised_on",
        "valid_until",
        "effective_on",
        "document",
        "document_date",
        "until",
        "running_since",
        "certificate",
        "period_from",
        "period_to",
        "due",
        "share",
        "sector",
        "paper",
        "done_on",
        "receipt",
    }
)
_EXAMPLES: Final = {
    "level": "Cấp xã",
    "unit": "Xã Diên An",
    "kind": "Giấy khai sinh",
    "year": "2024",
    "count": "1.234",
    "basis": "theo sổ đăng ký",
    "source": "Biên bản kiểm kê 05/BB-UBND",
    "digitised_on": "15/06/2022",
    "owner": "056000000000",
    "result_type": "KQ.G15.000031",
    "number": "123/2021",
    "evidence": "Báo cáo 77/BC-UBND",
    "valid_until": "31/12/2027",
    "effective_on": "01/03/2026",
    "ending": "thu hồi",
    "paper": "056000000000.KQ.G15.000031.123/2021.01",
    "step": "ký số",
    "done_on": "15/06/2026",
    "receipt": "5402BA1F",
    "document": "12/QĐ-UBND",
    "document_date": "25/02/2026",
    "signer": "Nguyễn Văn An",
    "from_level": "Cấp huyện",
    "from_unit": "Huyện Diên Khánh",
    "to_level": "Cấp xã",
    "to_unit": "Xã Diên Khánh",
    "day": "15/08/2025",
    "minutes": "Biên bản 12/BB-UBND ngày 15/08/2025",
    "desk": "Bộ phận Một cửa xã Diên An",
    "entry": "bộ phận",
    "until": "31/12/2027",
    "running": "có",
    "running_since": "01/06/2022",
    "scanners": "2",
    "certificate": "5402BA1F",
    "reason": "xã đặc biệt khó khăn",
    "period_from": "01/01/2025",
    "period_to": "31/03/2025",
    "received": "1.250",
    "reused": "410",
    "online": "700",
    "internal": "1.200",
    "internal_electronic": "1.010",
    "solved": "1.180",
    "solved_digitised": "1.180",
    "paper_results": "900",
    "electronic_results": "850",
    "dossiers": "1.250",
    "dossiers_digitised": "1.000",
    "from_store": "120",
    "due": "30/09/2026",
    "share": "80 %",
    "sector": "G15-TP07",
}


def write_template(
    path: Path,
    table: FactName,
    *,
    units: Sequence[str] = (),
    kinds: Sequence[str] = (),
    lang: str = "vi",
) -> Path:
    """Write a workbook to fill in; `units` and `kinds` become drop-down lists where given."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = say("template", table, lang)
    columns = COLUMNS[table]
    _headers(sheet, columns, lang)
    _guide(book, columns, lang)
    levels = [name for key, name in section("level", lang).items() if key != "unresolved"]
    lists = {
        "level": levels,
        "from_level": levels,
        "to_level": levels,
        "basis": list(section("basis", lang).values()),
        "step": list(section("delivery_step", lang).values()),
        "ending": list(section("ending", lang).values()),
        "entry": list(section("desk_entry", lang).values()),
        "running": [say("desks", key, lang) for key in ("yes", "no", "unknown")],
        "unit": list(units),
        "kind": [
            *kinds,
            *([say("template", "all_kinds", lang)] if kinds and table in {"inventory", "handover"} else []),
        ],
    }
    _drop_downs(book, sheet, columns, lists, lang)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def _headers(sheet: Worksheet, columns: Sequence[str], lang: str) -> None:
    for index, column in enumerate(columns, start=1):
        cell = sheet.cell(row=1, column=index, value=say("column", column, lang))
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="2E5E7D")
        cell.alignment = Alignment(wrap_text=True, vertical="center")
        letter = get_column_letter(index)
        sheet.column_dimensions[letter].width = _WIDTHS.get(column, 16)
        if column in _TEXT_COLUMNS:
            sheet.column_dimensions[letter].number_format = "@"
            for row in range(2, 502):
                sheet.cell(row=row, column=index).number_format = "@"
    sheet.freeze_panes = "A2"


def _guide(book: Workbook, columns: Sequence[str], lang: str) -> None:
    sheet = book.create_sheet(say("template", "guide", lang))
    sheet.append([say("template", key, lang) for key in ("column", "how", "example")])
    for column in columns:
        sheet.append([say("column", column, lang), say("template", f"how_{column}", lang), _EXAMPLES[column]])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for letter, width in (("A", 26), ("B", 66), ("C", 30)):
        sheet.column_dimensions[letter].width = width
    for row in sheet.iter_rows():
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")


def _drop_downs(
    book: Workbook, sheet: Worksheet, columns: Sequence[str], lists: dict[str, list[str]], lang: str
) -> None:
    words = book.create_sheet(say("template", "lists", lang))
    for index, (column, values) in enumerate(lists.items(), start=1):
        if column not in columns or not values:
            continue
        for row, value in enumerate(values, start=1):
            words.cell(row=row, column=index, value=value)
        letter = get_column_letter(index)
        # A list typed into the rule itself may hold 255 characters; a range on a sheet holds any number.
        choice = DataValidation(
            type="list", formula1=f"'{words.title}'!${letter}$1:${letter}${len(values)}", allow_blank=True
        )
        choice.showErrorMessage = column in {"level", "basis", "ending", "entry", "running", "step"}
        sheet.add_data_validation(choice)
        place = get_column_letter(columns.index(column) + 1)
        choice.add(f"{place}2:{place}{_LAST_ROW}")
    words.sheet_state = "hidden"
