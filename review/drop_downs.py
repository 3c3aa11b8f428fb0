"""Columns, fixed answers and drop-down lists of the review workbook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from review.labels import prefill_of, result_type_labels, same_as_labels
from review.questions import NOTHING, Question, Waiting
from schemas.documents import ValidityState
from schemas.review import KIND, RESULT_TYPE, SAME_AS, UNIT, VALIDITY, picture_of
from schemas.rules import Rulebook
from schemas.wording import say, section, text

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

_PART: Final = "workbook"  # of the table of words
# The code identifies columns and answers by their Vietnamese words; a workbook may be in either language.
COLUMNS: Final = tuple(
    say(_PART, key)
    for key in (
        *("ordinal", "picture", "paper", "item", "read", "confidence", "why"),
        *("answer", "value", "note", "identity"),
    )
)
ORDINAL, _, PAPER, ITEM, READ, CONFIDENCE, WHY, ANSWER, VALUE, NOTE, IDENTITY = COLUMNS
READ_RIGHT, AS_PRINTED, NOT_THERE = (say(_PART, key) for key in ("read_right", "as_printed", "not_there"))
PICTURE_FINE, SCAN_AGAIN = (say(_PART, key) for key in ("picture_fine", "scan_again"))
_KEYS: Final = {word: key for key, word in section(_PART, "vi").items()}
_OURS: Final = {word: say(_PART, key) for key, word in section(_PART, "en").items()}


def in_language(word: str, lang: str) -> str:
    """Translate a heading or an answer of the workbook into a language."""
    return say(_PART, _KEYS[word], lang)


def known_word(word: str) -> str:
    """The Vietnamese word for a heading or an answer in any language; other text is returned unchanged."""
    return _OURS.get(word, word)


def term(key: str, lang: str, **params: object) -> str:
    """Any other text of the workbook."""
    return say(_PART, key, lang, **params)


def put(cell: Any, value: str) -> None:
    """Write a value into a cell as text, so that words read from a scan are never run as a formula."""
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
    cell.data_type = "s"


class Lists:
    """Drop-down lists, their values on a hidden sheet: a list typed into a rule is limited to 255 characters."""

    def __init__(self, book: Workbook, rules: Rulebook, lang: str) -> None:
        self._lang = lang
        self._name = term("lists", lang)
        self._sheet = book.create_sheet(self._name)
        self._sheet.sheet_state = "hidden"
        self._rules = rules
        self._ranges: dict[tuple[str, ...], str] = {}
        self._rules_of: dict[tuple[Worksheet, str, bool], Any] = {}
        self._units = tuple(dict.fromkeys(unit.name for unit in rules.units))
        self._agencies = tuple(dict.fromkeys(agency.name for agency in rules.agencies))

    def offer(self, sheet: Worksheet, row: int, paper: Waiting, question: Question) -> None:
        """Add the drop-downs of one row."""
        if question.target == NOTHING:
            return
        if picture_of(question.target):
            self._add(sheet, ANSWER, row, self._shown((PICTURE_FINE, SCAN_AGAIN)), strict=True)
            return
        words = [READ_RIGHT] if question.value is not None or prefill_of(question, paper, self._rules) else []
        words += [AS_PRINTED] + (
            [NOT_THERE] if question.target not in {KIND, RESULT_TYPE, UNIT, SAME_AS} else []
        )
        self._add(sheet, ANSWER, row, self._shown(words), strict=True)
        values, strict = self._values(paper, question)
        if values:
            self._add(sheet, VALUE, row, values, strict=strict)

    def offer_units(self, sheet: Worksheet, row: int) -> None:
        """Add the list of units to the row that answers for the whole batch; other units may be typed."""
        self._add(sheet, VALUE, row, self._units, strict=False)

    def _shown(self, words: Sequence[str]) -> tuple[str, ...]:
        return tuple(in_language(word, self._lang) for word in words)

    def _values(self, paper: Waiting, question: Question) -> tuple[tuple[str, ...], bool]:
        rules = self._rules
        if question.target == KIND:
            return tuple(sorted((kind.title for kind in rules.kinds), key=str.casefold)), True
        if question.target == RESULT_TYPE:
            chosen = paper.row.document.result_type
            codes = chosen.candidates if chosen else ()
            kind = rules.kind(paper.row.document.kind)
            return result_type_labels(codes, rules, kind, self._lang), True
        if question.target == VALIDITY:
            return tuple(text(f"validity_state.{state}", self._lang) for state in ValidityState), True
        if question.target == UNIT:
            return self._units, False
        if question.target == SAME_AS:
            return same_as_labels(question, self._lang), True
        if question.target == "agency":
            return self._agencies, False
        return (("Nam", "Nữ"), True) if question.target == "sex" else ((), False)

    def _add(self, sheet: Worksheet, column: str, row: int, values: tuple[str, ...], *, strict: bool) -> None:
        place = self._range(values)
        key = (sheet, place, strict)
        if key not in self._rules_of:
            rule = DataValidation(type="list", formula1=place, allow_blank=True)
            rule.showErrorMessage = strict
            rule.errorTitle, rule.error = term("choose_title", self._lang), term("choose", self._lang)
            sheet.add_data_validation(rule)
            self._rules_of[key] = rule
        self._rules_of[key].add(f"{get_column_letter(COLUMNS.index(column) + 1)}{row}")

    def _range(self, values: tuple[str, ...]) -> str:
        if values not in self._ranges:
            letter = get_column_letter(len(self._ranges) + 1)
            for row, value in enumerate(values, start=1):
                put(self._sheet[f"{letter}{row}"], value)
            self._ranges[values] = f"'{self._name}'!${letter}$1:${letter}${len(values)}"
        return self._ranges[values]
