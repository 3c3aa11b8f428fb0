"""Columns of the review workbook, the words one answers with, and its drop-down lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from review.answers import VALIDITY_WORDS
from review.labels import prefill_of, result_type_labels
from review.questions import NOTHING, Question, Waiting
from schemas.review import KIND, RESULT_TYPE, UNIT, VALIDITY, picture_of
from schemas.rules import Rulebook

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

LISTS: Final = "Danh mục"
COLUMNS: Final = (
    *("STT", "Ảnh", "Giấy tờ", "Mục", "Máy đọc được", "Độ chắc", "Vì sao cần xem"),
    *("Trả lời", "Giá trị đúng", "Ghi chú", "Nhận dạng"),
)
ANSWER, VALUE, NOTE, IDENTITY = "Trả lời", "Giá trị đúng", "Ghi chú", "Nhận dạng"
READ_RIGHT, AS_PRINTED, NOT_THERE = "Máy đọc đúng", "Đúng như trên giấy", "Không có trên giấy"
PICTURE_FINE, SCAN_AGAIN = "Ảnh dùng được", "Phải quét lại"


def put(cell: Any, value: str) -> None:
    """Text into a cell as text, whatever it looks like: what a scan says is never run as a formula."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # noqa: PLC0415

    cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
    cell.data_type = "s"


class Lists:
    """Drop-down lists, each range written once on the hidden sheet. A list typed into a rule may hold 255 characters."""

    def __init__(self, book: Workbook, rules: Rulebook) -> None:
        self._sheet = book.create_sheet(LISTS)
        self._sheet.sheet_state = "hidden"
        self._rules = rules
        self._ranges: dict[tuple[str, ...], str] = {}
        self._rules_of: dict[tuple[Worksheet, str, bool], Any] = {}
        self._units = tuple(dict.fromkeys(unit.name for unit in rules.units))
        self._agencies = tuple(dict.fromkeys(agency.name for agency in rules.agencies))

    def offer(self, sheet: Worksheet, row: int, paper: Waiting, question: Question) -> None:
        """Drop-downs of one row."""
        if question.target == NOTHING:
            return
        if picture_of(question.target):
            self._add(sheet, ANSWER, row, (PICTURE_FINE, SCAN_AGAIN), strict=True)
            return
        words = [READ_RIGHT] if question.value is not None or prefill_of(question, paper, self._rules) else []
        words += [AS_PRINTED] + ([NOT_THERE] if question.target not in {KIND, RESULT_TYPE, UNIT} else [])
        self._add(sheet, ANSWER, row, tuple(words), strict=True)
        values, strict = self._values(paper, question)
        if values:
            self._add(sheet, VALUE, row, values, strict=strict)

    def offer_units(self, sheet: Worksheet, row: int) -> None:
        """The units, for the row that answers for the whole batch; others may be typed."""
        self._add(sheet, VALUE, row, self._units, strict=False)

    def _values(self, paper: Waiting, question: Question) -> tuple[tuple[str, ...], bool]:
        rules = self._rules
        if question.target == KIND:
            return tuple(sorted((kind.title for kind in rules.kinds), key=str.casefold)), True
        if question.target == RESULT_TYPE:
            chosen = paper.row.document.result_type
            codes = chosen.candidates if chosen else ()
            return result_type_labels(codes, rules, rules.kind(paper.row.document.kind)), True
        if question.target == VALIDITY:
            return tuple(VALIDITY_WORDS), True
        if question.target == UNIT:
            return self._units, False
        if question.target == "agency":
            return self._agencies, False
        return (("Nam", "Nữ"), True) if question.target == "sex" else ((), False)

    def _add(self, sheet: Worksheet, column: str, row: int, values: tuple[str, ...], *, strict: bool) -> None:
        from openpyxl.utils import get_column_letter  # noqa: PLC0415
        from openpyxl.worksheet.datavalidation import DataValidation  # noqa: PLC0415

        place = self._range(values)
        key = (sheet, place, strict)
        if key not in self._rules_of:
            rule = DataValidation(type="list", formula1=place, allow_blank=True)
            rule.showErrorMessage = strict
            rule.errorTitle, rule.error = "Chọn trong danh sách", "Chỉ chọn một giá trị trong danh sách."
            sheet.add_data_validation(rule)
            self._rules_of[key] = rule
        self._rules_of[key].add(f"{get_column_letter(COLUMNS.index(column) + 1)}{row}")

    def _range(self, values: tuple[str, ...]) -> str:
        from openpyxl.utils import get_column_letter  # noqa: PLC0415

        if values not in self._ranges:
            letter = get_column_letter(len(self._ranges) + 1)
            for row, value in enumerate(values, start=1):
                put(self._sheet[f"{letter}{row}"], value)
            self._ranges[values] = f"'{LISTS}'!${letter}$1:${letter}${len(values)}"
        return self._ranges[values]
