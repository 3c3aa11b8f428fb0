"""The workbook in which an inspector enters findings about a lot: written with the values to check, read back cell by cell.

It holds values in clear, because they are to be compared with the paper; the file is its owner's alone. May import schemas.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties

from engines.private_files import whole_file
from engines.spreadsheets import Cells, SheetError, bytes_of, rows_of
from quality.cell_values import BadCell, a_text, folded
from schemas.lots import DrawnPaper, Item, Judged, Lot
from schemas.numerals import value_text
from schemas.reports import RowProblem
from schemas.wording import LANGUAGES, say

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell, MergedCell
    from openpyxl.worksheet.worksheet import Worksheet

COLUMNS: Final = (
    *("place", "batch", "file", "box", "folder", "page", "group", "item", "value"),
    *("verdict", "right_value", "note", "document", "target"),
)
_FILLED: Final = ("verdict", "right_value", "note")
_NEEDED: Final = ("document", "target", "verdict")
_WIDTHS: Final = {"file": 26, "item": 26, "value": 38, "right_value": 30, "note": 30, "document": 34}
_HEAD_FILL, _OPEN_FILL, _SHADE = "2E5E7D", "FFF8E1", "F3F6F9"


class Findings(NamedTuple):
    """What a workbook says, or only problems where there are any; rows left empty are skipped."""

    judged: tuple[Judged, ...]
    problems: tuple[RowProblem, ...]
    sha256: str = ""


def item_name(target: str, lang: str) -> str:
    """What is judged, in words."""
    named = say("lot_item", target, lang)
    return say("field", target, lang) if named == target else named


def write_sheet(
    path: Path, lot: Lot, papers: Sequence[DrawnPaper], values: Mapping[str, str], lang: str
) -> None:
    """Write the workbook of a lot's sample.

    Args:
        path: a file that is not there yet.
        lot: the lot.
        papers: its sample.
        values: words for values that are kept by a key (kinds, result types).
        lang: of heads and words.

    Raises:
        OSError: it cannot be written.
    """
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = say("lot_sheet", "title", lang)
    _heads(sheet, lang)
    row = 2
    for paper in papers:
        for item in paper.items:
            _write_row(sheet, row, _cells(paper, item, values, lang), shaded=paper.place % 2 == 0)
            row += 1
    _rules(sheet, row - 1, lang)
    _guide(book, lot, lang)
    with whole_file(path) as stream:
        book.save(stream)


def _cells(paper: DrawnPaper, item: Item, values: Mapping[str, str], lang: str) -> dict[str, str | int]:
    shown = values.get(item.value, value_text(item.value, lang))
    return {
        "place": paper.place,
        "batch": paper.batch,
        "file": paper.file,
        "box": paper.box,
        "folder": paper.folder,
        "page": item.page or "",
        "group": say("lot_class", item.group, lang),
        "item": item_name(item.target, lang),
        "value": shown,
        "document": paper.document_id,
        "target": item.target,
    }


def _heads(sheet: Worksheet, lang: str) -> None:
    for at, column in enumerate(COLUMNS, start=1):
        cell = sheet.cell(1, at, say("lot_column", column, lang))
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor=_HEAD_FILL)
        cell.alignment = Alignment(wrap_text=True, vertical="center")
        sheet.column_dimensions[get_column_letter(at)].width = _WIDTHS.get(column, 12)
    sheet.column_dimensions[get_column_letter(COLUMNS.index("target") + 1)].hidden = True
    sheet.freeze_panes = "A2"


def _write_row(sheet: Worksheet, row: int, cells: Mapping[str, str | int], *, shaded: bool) -> None:
    for at, column in enumerate(COLUMNS, start=1):
        cell = sheet.cell(row, at)
        _put(cell, cells.get(column))
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        if column in _FILLED:
            cell.fill = PatternFill("solid", fgColor=_OPEN_FILL)
            cell.protection = Protection(locked=False)
            cell.number_format = "@"  # `12/2021` is no date
        elif shaded:
            cell.fill = PatternFill("solid", fgColor=_SHADE)


def _put(cell: Cell | MergedCell, value: str | int | None) -> None:
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"  # a value read from a paper is never a formula
        cell.quotePrefix = value.startswith("=")


def _rules(sheet: Worksheet, last: int, lang: str) -> None:
    words = ",".join(say("lot_verdict", key, lang) for key in ("right", "wrong"))
    choice = DataValidation(type="list", formula1=f'"{words}"', allow_blank=True, showErrorMessage=True)
    sheet.add_data_validation(choice)
    letter = get_column_letter(COLUMNS.index("verdict") + 1)
    choice.add(f"{letter}2:{letter}{max(2, last)}")
    sheet.protection.sheet = True
    sheet.protection.formatColumns = False
    sheet.protection.autoFilter = False
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(COLUMNS) - 1)}{max(2, last)}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"


def _guide(book: Workbook, lot: Lot, lang: str) -> None:
    sheet = book.create_sheet(say("lot_sheet", "guide", lang))
    facts = {"number": lot.id, "seed": lot.seed, "digest": lot.digest, "size": lot.size}
    lines = [
        say("lot_sheet", key, lang, **facts) for key in ("about", "how", "wrong", "owner", "other", "enter")
    ]
    for row, line in enumerate(lines, start=1):
        cell = sheet.cell(row, 1, line)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.column_dimensions["A"].width = 110


def read_sheet(path: Path, papers: Sequence[DrawnPaper]) -> Findings:
    """Read a filled workbook, or a CSV of its columns. All or nothing: every bad cell is named."""
    asked = {(paper.document_id, item.target): item for paper in papers for item in paper.items}
    judged: dict[tuple[str, str], Judged] = {}
    rows: dict[tuple[str, str], int] = {}
    problems: list[RowProblem] = []
    digest = ""
    try:
        data = bytes_of(path)
        digest = hashlib.sha256(data).hexdigest()
        for row in _under_heads(rows_of(data), path.name):
            made = row.judged(asked)
            key = (made.document_id, made.target) if made else ("", "")
            if made and rows.setdefault(key, row.cells.number) != row.cells.number:
                row.wrong("target", BadCell("row_twice", first=rows[key]))
            if made:
                judged[key] = made
            problems += row.problems
    except SheetError as error:
        problems.append(RowProblem(file=path.name, sheet=error.sheet, row=error.row, code=error.problem))
    if not judged and not problems:
        problems.append(RowProblem(file=path.name, code="lot_nothing_entered"))
    return Findings((), tuple(problems), digest) if problems else Findings(tuple(judged.values()), (), digest)


class _Row:
    """One row by column; a bad cell is noted with its place."""

    def __init__(self, file: str, heads: Sequence[str | None], cells: Cells) -> None:
        self.cells = cells
        self.problems: list[RowProblem] = []
        self._file = file
        self._values = {name: value for name, value in zip(heads, cells.values, strict=False) if name}

    def wrong(self, column: str, bad: BadCell) -> None:
        """Note a bad cell."""
        self.problems.append(
            RowProblem(
                file=self._file,
                sheet=self.cells.sheet,
                row=self.cells.number,
                column=say("lot_column", column),
                code=bad.code,
                params=bad.params,
            )
        )

    def _text(self, column: str) -> str:
        value = self._values.get(column)
        try:
            if isinstance(value, str) and value.startswith("=") and column in _FILLED:
                raise BadCell("formula_cell")
            return a_text(value) if value not in {None, ""} else ""
        except BadCell as bad:
            self.wrong(column, bad)
            return ""

    def judged(self, asked: Mapping[tuple[str, str], Item]) -> Judged | None:
        """What the row says; None where it is empty, or bad."""
        verdict, right_value, note = (self._text(column) for column in _FILLED)
        if not (verdict or right_value or note) or self.problems:
            return None
        document_id, target = self._text("document"), self._text("target")
        right = _verdict(verdict)
        if (document_id, target) not in asked:
            self.wrong("document", BadCell("lot_item_unknown", value=document_id))
        elif not verdict:
            self.wrong("verdict", BadCell("lot_verdict_missing"))
        elif right is None:
            self.wrong("verdict", BadCell("lot_verdict_unknown", value=verdict))
        elif right and right_value:
            self.wrong("right_value", BadCell("lot_right_twice"))
        if self.problems or right is None:
            return None
        return Judged(document_id=document_id, target=target, right=right, right_value=right_value, note=note)


def _verdict(word: str) -> bool | None:
    for lang in LANGUAGES:
        for key in ("right", "wrong"):
            if folded(word) in {folded(say("lot_verdict", key, lang)), key}:
                return key == "right"
    return None


def _under_heads(rows: Iterator[Cells], file: str) -> Iterator[_Row]:
    """Rows below the heads of the first sheet that has them; other sheets explain."""
    sheet: object = object()
    heads: tuple[str | None, ...] = ()
    any_table = False
    for cells in rows:
        if cells.sheet != sheet:
            sheet = cells.sheet
            found = tuple(_column(value) for value in cells.values)
            heads = found if all(name in found for name in _NEEDED) else ()
            any_table = any_table or bool(heads)
        elif heads:
            yield _Row(file, heads, cells)
    if not any_table:
        raise SheetError("no_table")


def _column(value: object) -> str | None:
    key = folded(str(value or ""))
    words = {name: {folded(say("lot_column", name, lang)) for lang in LANGUAGES} for name in COLUMNS}
    return next((name for name in COLUMNS if key in {folded(name), *words[name]}), None)
