"""A quarter's or year's report as a workbook: the annex as real numbers, to be printed on A4, and its notes. Pure."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

from quality.period_rows import COLUMNS, SHARES, WORDS, AnnexRow, heads
from schemas.wording import say

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

_WIDTHS: Final = {
    **{"number": 5.0, "unit": 26.0, "level": 9.0, "sector": 9.0, "result_type": 9.0, "basis": 12.0},
    **{"note": 44.0, "rate": 9.5, "target": 9.5, "difference": 10.5},
}
_HEAD_FILL: Final = "D9E5EC"
_SUM_FILL: Final = "F1F5F8"
_LINE: Final = Side(style="thin", color="8A8A8A")
_BORDER: Final = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)


def workbook(
    rows: Sequence[AnnexRow], titles: Sequence[str], notes: Sequence[str], footer: str, lang: str
) -> bytes:
    """The workbook's bytes.

    Args:
        rows: of the annex.
        titles: lines above the table, the first one the largest.
        notes: lines of the second sheet.
        footer: below every printed page.
        lang: of heads and words.
    """
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = say("period", "sheet_annex", lang)
    for at, line in enumerate(titles, start=1):
        _put(sheet, at, 1, line)
        sheet.merge_cells(start_row=at, start_column=1, end_row=at, end_column=len(COLUMNS))
        cell = sheet.cell(at, 1)
        cell.font = Font(name="Times New Roman", size=14 if at == 1 else 11, bold=at == 1, italic=at > 1)
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
    sheet.row_dimensions[1].height = 24
    head = len(titles) + 2
    _heads(sheet, head, lang)
    for at, row in enumerate(rows, start=head + 1):
        _row(sheet, at, row)
    _print_set_up(sheet, head, head + len(rows), footer)
    told = book.create_sheet(say("period", "sheet_notes", lang))
    told.column_dimensions["A"].width = 110
    for at, line in enumerate(notes, start=1):
        _put(told, at, 1, line)
        told.cell(at, 1).alignment = Alignment(wrap_text=True, vertical="top")
        told.cell(at, 1).font = Font(name="Times New Roman", size=11)
    told.page_setup.paperSize = told.PAPERSIZE_A4
    _footer(told, footer)
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def _heads(sheet: Worksheet, at: int, lang: str) -> None:
    for column, (key, name) in enumerate(zip(COLUMNS, heads(lang), strict=True), start=1):
        cell = sheet.cell(at, column, name)
        cell.font = Font(name="Times New Roman", size=10, bold=True)
        cell.fill = PatternFill("solid", fgColor=_HEAD_FILL)
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        cell.border = _BORDER
        sheet.column_dimensions[get_column_letter(column)].width = _WIDTHS.get(key, 11.0)
    sheet.row_dimensions[at].height = 62
    sheet.freeze_panes = f"C{at + 1}"


def _row(sheet: Worksheet, at: int, row: AnnexRow) -> None:
    for column, key in enumerate(COLUMNS, start=1):
        value = getattr(row, key)
        _put(sheet, at, column, int(value) if key == "number" and value else value)
        cell = sheet.cell(at, column)
        cell.font = Font(name="Times New Roman", size=10, bold=row.is_total)
        words = key in WORDS and key != "number"
        cell.alignment = Alignment(
            horizontal="left" if words else "right", vertical="top", wrap_text=key in WORDS
        )
        cell.border = _BORDER
        if not words:
            cell.number_format = "0.00%" if key in SHARES else "0.00" if key == "difference" else "#,##0"
        if row.is_total:
            cell.fill = PatternFill("solid", fgColor=_SUM_FILL)


def _put(sheet: Worksheet, at: int, column: int, value: str | float | None) -> None:
    cell = sheet.cell(at, column)
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"  # a unit's name or a person's words are never a formula
        cell.quotePrefix = value.startswith("=")


def _print_set_up(sheet: Worksheet, head: int, last: int, footer: str) -> None:
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = f"{head}:{head}"
    sheet.print_area = f"A1:{get_column_letter(len(COLUMNS))}{last}"
    for side in ("left", "right", "top", "bottom"):
        setattr(sheet.page_margins, side, 0.5)
    _footer(sheet, footer)


def _footer(sheet: Worksheet, words: str) -> None:
    below = sheet.oddFooter
    if below is not None:
        below.center.text = f"{words.replace('&', '&&')} &P/&N"
        below.center.size = 8
