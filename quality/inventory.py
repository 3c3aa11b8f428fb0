"""Imports inventories and results digitised elsewhere from the tables that units submit.

All or nothing: one bad row prevents the import, and every bad row is reported by file, sheet, row, column,
cause and remedy. Numbers and units are never guessed: ambiguous values are problems. May import
schemas; units and kinds are resolved by callables that the caller hands in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final, Generic, TypeVar

from pydantic import BaseModel

from engines.spreadsheets import Cells, SheetError, rows_of
from quality.cell_values import (
    ALL_KINDS_WORDS,
    BadCell,
    a_basis,
    a_code,
    a_count,
    a_day,
    a_level,
    a_number,
    a_text,
    a_year,
    an_owner,
    folded,
)
from quality.quota_cells import ALL_KINDS
from schemas.documents import Level
from schemas.quotas import ElsewhereRow, InventoryRow
from schemas.reports import RowProblem
from schemas.wording import has, say

UnitResolver = Callable[[str, Level | None, "date | None"], "tuple[Level, str] | None"]
KindResolver = Callable[[str], "str | None"]

MOST_PROBLEMS: Final = 500
_T = TypeVar("_T", bound=BaseModel)
_Maker = Callable[["_Row"], _T]

INVENTORY_COLUMNS: Final = ("level", "unit", "kind", "year", "count", "basis", "source")
ELSEWHERE_COLUMNS: Final = (
    "level",
    "unit",
    "kind",
    "digitised_on",
    "count",
    "owner",
    "result_type",
    "number",
    "evidence",
)
_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "inventory": ("unit", "kind", "year", "count", "basis"),
    "elsewhere": ("unit", "kind", "digitised_on"),
}


@dataclass(frozen=True)
class Imported(Generic[_T]):
    """Result of reading a table: its rows, or only problems if there are any."""

    rows: tuple[_T, ...]
    problems: tuple[RowProblem, ...]


def read_inventory(
    path: Path, resolve_unit: UnitResolver, resolve_kind: KindResolver
) -> Imported[InventoryRow]:
    """Read an inventory: results in force by unit, kind and year, with the basis they are known by.

    `resolve_unit(text, level, day)` gives level and label of a unit named or coded so on a day, `resolve_kind(text)`
    the id of a kind; None if they are unknown or not unique.
    """
    return _read(path, "inventory", _Context(resolve_unit, resolve_kind), _inventory_row)


def read_elsewhere(
    path: Path, resolve_unit: UnitResolver, resolve_kind: KindResolver
) -> Imported[ElsewhereRow]:
    """Read results digitised elsewhere: one a row (with result type and number), or counts with evidence."""
    return _read(path, "elsewhere", _Context(resolve_unit, resolve_kind), _elsewhere_row)


def describe(problem: RowProblem, lang: str = "vi") -> tuple[str, str]:
    """Place and cause of a problem, and its remedy, as sentences."""
    place = [problem.file]
    if problem.sheet:
        place.append(say("problem", "at_sheet", lang, sheet=problem.sheet))
    if problem.row is not None:
        place.append(say("problem", "at_row", lang, row=problem.row))
    if problem.column:
        place.append(say("problem", "at_column", lang, column=problem.column))
    message = say("problem", problem.code, lang, **problem.params)
    return f"{', '.join(place)}: {message}", say("problem", f"{problem.code}.remedy", lang, **problem.params)


@dataclass(frozen=True)
class _Context:
    resolve_unit: UnitResolver
    resolve_kind: KindResolver


@dataclass
class _Row:
    """One row by header. Getting a bad value records a problem and returns None."""

    values: dict[str, object]
    context: _Context
    bad: list[tuple[str, BadCell]] = field(default_factory=list)

    def ask(self, column: str, parse: Callable[[object], _V]) -> _V | None:
        value = self.values.get(column)
        try:
            if isinstance(value, str) and value.startswith("="):
                raise BadCell("formula_cell")
            if value in {None, ""}:
                raise BadCell("cell_empty")
            return parse(value)
        except BadCell as problem:
            self.bad.append((column, problem))
            return None

    def maybe(self, column: str, parse: Callable[[object], _V]) -> _V | None:
        return None if self.values.get(column) in {None, ""} else self.ask(column, parse)

    def unit(self, day: date | None) -> tuple[Level, str] | None:
        level = self.maybe("level", a_level)
        name = self.ask("unit", a_text)
        if name is None:
            return None
        found = self.context.resolve_unit(name, level, day)
        if found is None:
            self.bad.append(("unit", BadCell("unit_unknown", value=name)))
        return found

    def kind(self, *, whole: bool) -> str | None:
        name = self.ask("kind", a_text)
        if name is None:
            return None
        if whole and folded(name) in ALL_KINDS_WORDS:
            return ALL_KINDS
        found = self.context.resolve_kind(name)
        if found is None:
            self.bad.append(("kind", BadCell("kind_unknown", value=name)))
        return found


_V = TypeVar("_V")


def _inventory_row(row: _Row) -> InventoryRow | None:
    year = row.ask("year", a_year)
    place, kind = row.unit(date(year, 12, 31) if year is not None else None), row.kind(whole=True)
    count, basis = row.ask("count", a_count), row.ask("basis", a_basis)
    source = row.maybe("source", a_text) or ""
    if place is None or kind is None or year is None or count is None or basis is None:
        return None
    return InventoryRow(
        level=place[0], unit=place[1], kind=kind, year=year, count=count, basis=basis, source=source
    )


def _elsewhere_row(row: _Row) -> ElsewhereRow | None:
    day = row.ask("digitised_on", a_day)
    place, kind = row.unit(day), row.kind(whole=False)
    count = row.maybe("count", a_count)
    owner = row.maybe("owner", an_owner)
    code, number = row.maybe("result_type", a_code), row.maybe("number", a_number)
    evidence = row.maybe("evidence", a_text) or ""
    if row.bad:
        return None
    single = number is not None or code is not None or owner is not None
    if single and (number is None or code is None):
        row.bad.append(("number" if number is None else "result_type", BadCell("paper_incomplete")))
    elif single and count not in {None, 1}:
        row.bad.append(("count", BadCell("paper_counted_twice")))
    elif not single and count is None:
        row.bad.append(("count", BadCell("cell_empty")))
    elif not single and not evidence:
        row.bad.append(("evidence", BadCell("evidence_missing")))
    if row.bad or place is None or kind is None or day is None:
        return None
    return ElsewhereRow(
        level=place[0],
        unit=place[1],
        kind=kind,
        digitised_on=day,
        count=1 if count is None else count,
        owner=owner,
        result_type=code,
        number=number,
        evidence=evidence,
    )


def _identity(row: BaseModel) -> object:
    """Keys that must be unique within a table."""
    if isinstance(row, InventoryRow):
        return (row.level, row.unit, row.kind, row.year)
    if isinstance(row, ElsewhereRow) and row.number is not None:
        return (row.owner or row.unit, row.result_type, row.number)
    return row


def _read(path: Path, table: str, context: _Context, make: Callable[[_Row], _T | None]) -> Imported[_T]:
    rows: list[_T] = []
    problems: list[RowProblem] = []
    first_seen: dict[object, int] = {}
    try:
        for headers, cells in _under_headers(rows_of(path), path.name, table, problems):
            row = _Row(_named(headers, cells), context)
            made = make(row)
            if len(cells.values) > len(headers):
                row.bad.append(("", BadCell("row_too_long", cells=len(cells.values), columns=len(headers))))
            if made is not None:
                twin = first_seen.setdefault(_identity(made), cells.number)
                if twin != cells.number:
                    row.bad.append(("", BadCell("row_twice", first=twin)))
                rows.append(made)
            problems += [_problem(path.name, cells, headers, column, bad) for column, bad in row.bad]
            if len(problems) > MOST_PROBLEMS:
                problems = problems[:MOST_PROBLEMS]
                raise SheetError("too_many_problems", sheet=cells.sheet, row=cells.number)
    except SheetError as error:
        problems.append(RowProblem(file=path.name, sheet=error.sheet, row=error.row, code=error.problem))
    if not rows and not problems:
        problems.append(RowProblem(file=path.name, code="no_rows"))
    return Imported((), tuple(problems)) if problems else Imported(tuple(rows), ())


_Headers = tuple[tuple[str, str | None], ...]  # as written, and which of our columns it is


def _under_headers(
    rows: Iterator[Cells], file: str, table: str, problems: list[RowProblem]
) -> Iterator[tuple[_Headers, Cells]]:
    """Data rows with the headers of their sheet; sheets without known headers are ignored."""
    columns = INVENTORY_COLUMNS if table == "inventory" else ELSEWHERE_COLUMNS
    sheet: object = object()
    headers: _Headers = ()
    any_table = False
    for cells in rows:
        if cells.sheet != sheet:
            sheet = cells.sheet
            headers = tuple((str(value or ""), _column(str(value or ""), columns)) for value in cells.values)
            known = [column for _, column in headers if column]
            missing = [column for column in _NEEDED[table] if column not in known]
            any_table = any_table or not missing
            if len(known) >= 2 or cells.sheet is None:
                problems += _header_problems(file, cells, known, missing)
            headers = headers if not missing else ()
        elif headers:
            yield headers, cells
    if not any_table and not problems:
        raise SheetError("no_table")


def _header_problems(file: str, cells: Cells, known: list[str], missing: list[str]) -> Iterator[RowProblem]:
    for code, columns in (("column_missing", missing), ("column_twice", sorted({*known}))):
        for column in columns:
            if code == "column_missing" or known.count(column) > 1:
                name = say("column", column)
                yield RowProblem(
                    file=file,
                    sheet=cells.sheet,
                    row=cells.number,
                    column=name,
                    code=code,
                    params={"name": name},
                )


def _column(header: str, columns: tuple[str, ...]) -> str | None:
    key = folded(header)
    return next(
        (
            name
            for name in columns
            if key in map(folded, (name, say("column", name, "vi"), say("column", name, "en")))
        ),
        None,
    )


def _named(headers: _Headers, cells: Cells) -> dict[str, object]:
    return {column: value for (_, column), value in zip(headers, cells.values, strict=False) if column}


def _problem(file: str, cells: Cells, headers: _Headers, column: str, bad: BadCell) -> RowProblem:
    written = next(
        (text for text, known in headers if known == column),
        say("column", column) if has("column", column) else "",
    )
    return RowProblem(
        file=file,
        sheet=cells.sheet,
        row=cells.number,
        column=written or None,
        code=bad.code,
        params=bad.params,
    )
