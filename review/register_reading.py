"""Reads a clerk's register: cells to normalised rows, and every row that cannot be taken with its place and reason.

Bad rows are left out, good ones are taken; a file that is no table of papers is refused as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from engines.spreadsheets import Cells, SheetError, table_rows
from extractors.dates import find_date
from extractors.legacy_text import Encoding, converted, encoding_of
from extractors.numbers import close_up
from quality.cell_values import BadCell, a_day, a_number, a_text, an_owner
from quality.inventory import MOST_PROBLEMS
from review.register_columns import Guess, guess, stated
from schemas.registers import COLUMNS, IDENTIFYING, RegisterRow
from schemas.reports import RowProblem
from schemas.rules import Limits
from schemas.text import squeeze

_SERIAL_ZERO: Final = date(1899, 12, 30)  # of a spreadsheet's dates, its leap day of 1900 counted
_SERIALS: Final = (366, 80_000)
_OLDEST: Final = 1900
_COUNTING: Final = re.compile(r"\(?\d{1,2}\)?")


class Reading(NamedTuple):
    """A register as read. `problems` with no `rows` mean that the file cannot be taken."""

    rows: tuple[RegisterRow, ...]
    problems: tuple[RowProblem, ...]
    tables: tuple[Guess, ...]
    encoding: Encoding

    @property
    def certain(self) -> bool:
        """True if no person has to confirm the columns."""
        return bool(self.tables) and all(table.certain for table in self.tables)


def read_register(
    data: bytes,
    file: str,
    limits: Limits,
    today: date,
    *,
    mapping: Mapping[str, int] | None = None,
    head: int | None = None,
) -> Reading:
    """Read a register.

    Args:
        data: the file's bytes.
        file: its name, for the problems.
        limits: rows a sheet may have.
        today: latest possible date of issue.
        mapping: 0-based column indices stated by a person; None guesses.
        head: number of the header's last row, if stated.
    """
    try:
        cells = list(table_rows(data, most_rows=limits.register_rows))
        encoding = encoding_of(value for row in cells for value in row.values if isinstance(value, str))
        tables = _tables(cells, encoding, mapping, head)
        if not tables:
            raise SheetError("register_no_header")
        rows, problems = _rows(cells, file, tables, encoding, today)
    except SheetError as error:
        problem = RowProblem(file=file, sheet=error.sheet, row=error.row, code=error.problem)
        return Reading((), (problem,), (), "unicode")
    if not rows and not problems:
        problems = [RowProblem(file=file, code="no_rows")]
    return Reading(tuple(rows), tuple(problems), tuple(tables), encoding)


def _tables(
    cells: Sequence[Cells], encoding: Encoding, mapping: Mapping[str, int] | None, head: int | None
) -> list[Guess]:
    """The table of every sheet that has one."""
    sheets: dict[str | None, list[tuple[int, list[str]]]] = {}
    for row in cells:
        texts = [_text(value, encoding) for value in row.values]
        sheets.setdefault(row.sheet, []).append((row.number, texts))
    found = [table for sheet, rows in sheets.items() if (table := guess(sheet, rows)) is not None]
    if not mapping:
        return found
    chosen = {table.sheet for table in found} or set(sheets)
    return [stated(sheet, rows, mapping, head) for sheet, rows in sheets.items() if sheet in chosen]


def _rows(
    cells: Sequence[Cells], file: str, tables: Sequence[Guess], encoding: Encoding, today: date
) -> tuple[list[RegisterRow], list[RowProblem]]:
    by_sheet = {table.sheet: table for table in tables}
    rows: list[RegisterRow] = []
    problems: list[RowProblem] = []
    seen: dict[tuple[str | None, ...], Cells] = {}
    for row in cells:
        table = by_sheet.get(row.sheet)
        if table is None or row.number <= table.head or _is_decoration(row, table, encoding):
            continue
        values, bad = _values(row, table, encoding, today)
        identity = tuple(values.get(name) for name in COLUMNS if name != "note")
        twin = seen.setdefault(identity, row) if not bad else row
        if twin is not row:
            bad.append(("", BadCell("row_twice", first=twin.number)))
        if not bad and not values.keys() & set(IDENTIFYING):
            bad.append(("", BadCell("register_no_identity")))
        problems += [_problem(file, row, table, column, reason) for column, reason in bad]
        if len(problems) > MOST_PROBLEMS:
            raise SheetError("too_many_problems", sheet=row.sheet, row=row.number)
        if not bad:
            rows.append(RegisterRow(sheet=row.sheet, row=row.number, values=values))
    return rows, problems


def _is_decoration(row: Cells, table: Guess, encoding: Encoding) -> bool:
    """True for a row that is none of the table's: column numbers, a heading over all columns, a header again."""
    texts = [_text(row.values[at], encoding) if at < len(row.values) else "" for at in table.columns.values()]
    held = [text for text in texts if text]
    if not held:
        return True
    counting = len(held) > 1 and all(_COUNTING.fullmatch(text) for text in held)
    heading = len(texts) > 2 and len(held) == len(texts) and len(set(held)) == 1
    again = held == [name for name in table.names.values() if name]
    ordinals = [int(text.strip("()")) for text in held] if counting else []
    return heading or again or (counting and ordinals == list(range(ordinals[0], ordinals[0] + len(held))))


def _values(
    row: Cells, table: Guess, encoding: Encoding, today: date
) -> tuple[dict[str, str], list[tuple[str, BadCell]]]:
    values: dict[str, str] = {}
    bad: list[tuple[str, BadCell]] = []
    for column, at in table.columns.items():
        given = row.values[at] if at < len(row.values) else None
        if isinstance(given, str):
            given = squeeze(converted(given, encoding))
        if given in {None, "", "-", "–"}:
            continue
        try:
            if isinstance(given, str) and given.startswith("="):
                raise BadCell("formula_unsaved")
            if isinstance(given, str) and given.startswith("#") and given.endswith(("!", "?", "A")):
                raise BadCell("formula_failed", value=given)
            values[column] = _value(column, given, today)
        except BadCell as problem:
            bad.append((column, problem))
    return values, bad


def _value(column: str, given: object, today: date) -> str:
    if column == "issue_date":
        return _day(given, today).isoformat()
    if column == "owner_id":
        return an_owner(re.sub(r"[ .']", "", given) if isinstance(given, str) else given)
    if column == "number":
        return close_up(a_number(int(given) if isinstance(given, float) and given.is_integer() else given))
    if isinstance(given, date):
        return given.strftime("%d/%m/%Y")
    return a_text(given)


def _day(given: object, today: date) -> date:
    """A date cell, a spreadsheet's serial number, or a date as people write it."""
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        if not _SERIALS[0] <= given <= _SERIALS[1]:
            raise BadCell("day_unreadable", value=str(given))
        day = _SERIAL_ZERO + timedelta(days=int(given))
    elif isinstance(given, (date, datetime)):
        day = a_day(given)
    else:
        written = find_date(str(given))
        day = written.day if written is not None and written.day is not None else a_day(given)
    if not day.year >= _OLDEST or day > today:
        raise BadCell("day_impossible", value=day.strftime("%d/%m/%Y"))
    return day


def _text(value: object, encoding: Encoding) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return squeeze(converted(str(value), encoding))


def _problem(file: str, row: Cells, table: Guess, column: str, bad: BadCell) -> RowProblem:
    named = f"{table.letter(column)} – {table.names[column]}" if column else None
    return RowProblem(
        file=file, sheet=row.sheet, row=row.number, column=named, code=bad.code, params=bad.params
    )
