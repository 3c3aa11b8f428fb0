"""Parses a filled review workbook into rows, and problems with their sheet, row and column. Decides nothing.

Tolerates what spreadsheet programs do to a file: other styles, cells turned into numbers and dates, columns in another
order. Columns are found by their names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from engines.spreadsheets import Cells, SheetError, rows_of
from review.drop_downs import ANSWER, COLUMNS, IDENTITY, ITEM, NOTE, VALUE, known_word
from review.labels import digest_of_prefill
from review.workbook import MARK, WHO
from schemas.text import squeeze

_NEEDED: Final = (ITEM, ANSWER, VALUE, IDENTITY)
_IDENTITY: Final = re.compile(
    r"(?P<id>[0-9a-f]{32})\|(?P<version>\d+)\|(?P<target>[^|]+)\|(?P<shown>[0-9a-f]{12})(?:\|(?P<prefill>[0-9a-f]{12}))?"
)
_ERROR: Final = re.compile(r"#(REF|N/A|VALUE|NAME\?|DIV/0|NUM|NULL)!?", re.IGNORECASE)
_HEAD_WITHIN: Final = 20


class Problem(NamedTuple):
    """A problem to fix: sheet, row as spreadsheets count it, column name, and what is wrong."""

    sheet: str
    row: int
    column: str
    problem: str
    params: Mapping[str, Any] = {}


class Row(NamedTuple):
    """One answered row.

    `value` is text, or the number or date that a spreadsheet made of it; None if the cell is empty or still holds its
    prefilled text, which is then in `prefill`.
    """

    sheet: str
    number: int
    document_id: str
    target: str
    shown: str
    answer: str
    value: object
    note: str
    prefill: object = None


class Filled(NamedTuple):
    """A parsed workbook: its batch, the reviewer, answered rows, number of unanswered rows, and problems."""

    batch: str
    operator: str
    rows: tuple[Row, ...]
    unanswered: int
    problems: tuple[Problem, ...]


def read_filled(path: Path) -> Filled:
    """Parse a filled workbook.

    Returns:
        Its contents; if the file is not a review workbook, that is its only problem.
    """
    try:
        cells = list(rows_of(path))
    except SheetError as error:
        problem = Problem(error.sheet or path.name, error.row or 0, "", "workbook", {"reason": error.problem})
        return Filled("", "", (), 0, (problem,))
    at = next((index for index, row in enumerate(cells) if _is_head(row)), None)
    if at is None or cells[at].number > _HEAD_WITHIN:
        return Filled("", "", (), 0, (Problem(path.name, 0, "", "sheet_missing"),))
    head = cells[at]
    sheet = head.sheet or path.name
    columns, problems = _columns(head, sheet)
    batch, operator = _above(cells[:at])
    rows: list[Row] = []
    seen: dict[tuple[str, str], int] = {}
    unanswered = 0
    if not problems:
        for cell in cells[at + 1 :]:
            if cell.sheet != head.sheet:
                continue
            row = _row(cell, sheet, columns, problems)
            if row is None:
                continue
            key = (row.document_id, row.target)
            if row.answer == "" and row.value is None:
                unanswered += 1
                continue
            if key in seen and row.target != "-":
                problems.append(Problem(sheet, row.number, IDENTITY, "identity_twice", {"other": seen[key]}))
                continue
            seen[key] = row.number
            rows.append(row)
    return Filled(batch, operator, tuple(rows), unanswered, tuple(problems))


def _is_head(row: Cells) -> bool:
    """True for the row of headings, even if some of them were deleted."""
    return sum(known_word(value) in COLUMNS for value in row.values if isinstance(value, str)) >= 4


def _columns(head: Cells, sheet: str) -> tuple[dict[str, int], list[Problem]]:
    found: dict[str, int] = {}
    problems = []
    for index, value in enumerate(head.values):
        name = known_word(squeeze(value)) if isinstance(value, str) else ""
        if name in found:
            problems.append(Problem(sheet, head.number, name, "column_twice", {"name": name}))
        elif name in COLUMNS:
            found[name] = index
    problems += [
        Problem(sheet, head.number, name, "column_missing", {"name": name})
        for name in _NEEDED
        if name not in found
    ]
    return found, problems


def _above(rows: Sequence[Cells]) -> tuple[str, str]:
    """Batch and reviewer, as written above the headings."""
    batch = operator = ""
    for row in rows:
        texts = [value for value in row.values if isinstance(value, str) and value]
        for value in texts:
            if value.startswith(f"{MARK}|"):
                batch = value.partition("|")[2]
        if texts and known_word(squeeze(texts[0])) == WHO:
            named = [value for value in texts[1:] if not value.startswith(f"{MARK}|")]
            operator = squeeze(named[0]) if named else ""
    return batch, operator


def _row(cells: Cells, sheet: str, columns: Mapping[str, int], problems: list[Problem]) -> Row | None:
    def at(name: str) -> object:
        index = columns.get(name, len(cells.values))
        return cells.values[index] if index < len(cells.values) else None

    answer, value, note = at(ANSWER), at(VALUE), at(NOTE)
    identity = _IDENTITY.fullmatch(str(at(IDENTITY) or ""))
    target = identity["target"] if identity else ""
    if target == "-":
        answer = None if value is None and isinstance(answer, str) else answer
    bad = [
        Problem(sheet, cells.number, name, *wrong)
        for name, held in ((ANSWER, answer), (VALUE, value), (NOTE, note))
        if (wrong := _wrong(held))
    ]
    if bad:
        problems.extend(bad)
        return None
    filled = answer not in {None, ""} or value not in {None, ""}
    if identity is None:
        if filled:
            lost = "identity_damaged" if at(IDENTITY) else "identity_missing"
            problems.append(Problem(sheet, cells.number, IDENTITY, lost))
        return None
    value = None if value == "" else value
    kept = value is not None and digest_of_prefill(value) == identity["prefill"]
    return Row(
        sheet=sheet,
        number=cells.number,
        document_id=identity["id"],
        target=target,
        shown=identity["shown"],
        answer=known_word(squeeze(str(answer))) if answer is not None else "",
        value=None if kept else value,
        note=squeeze(str(note))[:500] if note is not None else "",
        prefill=value if kept else None,
    )


def _wrong(held: object) -> tuple[str, dict[str, Any]] | None:
    """The problem of a cell that holds a formula or a spreadsheet's error value; None if there is none."""
    if not isinstance(held, str):
        return None
    if held.startswith("="):
        return "formula", {}
    return ("cell_error", {"value": held}) if _ERROR.fullmatch(held) else None
