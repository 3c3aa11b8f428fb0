"""Reads inventories, results digitised elsewhere and revocations from the tables that units submit.

All or nothing: one bad row prevents the import, and every bad row is reported by file, sheet, row, column,
cause and remedy. Numbers and units are never guessed: ambiguous values are problems. May import
schemas; units and kinds are resolved by callables that the caller hands in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final, Generic, TypeVar

from pydantic import BaseModel

from engines.spreadsheets import Cells, SheetError, bytes_of, rows_of
from quality.cell_values import (
    ALL_KINDS_WORDS,
    BadCell,
    a_basis,
    a_code,
    a_count,
    a_day,
    a_level,
    a_number,
    a_past_day,
    a_text,
    a_year,
    an_ending,
    an_owner,
    folded,
)
from quality.quota_cells import ALL_KINDS
from schemas.clock import today
from schemas.documents import Level
from schemas.facts import FactName
from schemas.quotas import ElsewhereRow, InventoryRow, RevocationRow
from schemas.reports import RowProblem
from schemas.wording import has, say

UnitResolver = Callable[[str, Level | None, "date | None"], "tuple[Level, str] | None"]
KindResolver = Callable[[str], "str | None"]

MOST_PROBLEMS: Final = 500
_T = TypeVar("_T", bound=BaseModel)
_Maker = Callable[["_Row"], _T]

INVENTORY_COLUMNS: Final = ("level", "unit", "kind", "year", "count", "basis", "source", "effective_on")
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
    "valid_until",
)
REVOCATION_COLUMNS: Final = (
    "level",
    "unit",
    "kind",
    "result_type",
    "number",
    "owner",
    "effective_on",
    "ending",
    "document",
    "document_date",
    "signer",
)
COLUMNS: Final[Mapping[FactName, tuple[str, ...]]] = {
    "inventory": INVENTORY_COLUMNS,
    "elsewhere": ELSEWHERE_COLUMNS,
    "revocation": REVOCATION_COLUMNS,
}
_NEEDED: Final[Mapping[FactName, tuple[str, ...]]] = {
    "inventory": ("unit", "kind", "year", "count", "basis"),
    "elsewhere": ("unit", "kind", "digitised_on"),
    "revocation": ("unit", "number", "effective_on", "document", "document_date"),
}


@dataclass(frozen=True)
class Imported(Generic[_T]):
    """Result of reading a table: its rows, or only problems if there are any; and the digest of the file's bytes."""

    rows: tuple[_T, ...]
    problems: tuple[RowProblem, ...]
    sha256: str = ""


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


def read_revocations(
    path: Path, resolve_unit: UnitResolver, resolve_kind: KindResolver
) -> Imported[RevocationRow]:
    """Read results that were revoked, superseded or cancelled, one a row, each with the decision that did so."""
    return _read(path, "revocation", _Context(resolve_unit, resolve_kind), _revocation_row)


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
    today: date = field(default_factory=today)


@dataclass
class _Row:
    """One row by header. Getting a bad value records a problem and returns None."""

    values: dict[str, object]
    context: _Context
    merged: frozenset[str] = frozenset()
    bad: list[tuple[str, BadCell]] = field(default_factory=list)

    def ask(self, column: str, parse: Callable[[object], _V]) -> _V | None:
        value = self.values.get(column)
        try:
            if isinstance(value, str) and value.startswith("="):
                raise BadCell("formula_cell")
            if value in {None, ""}:
                raise BadCell("cell_merged" if column in self.merged else "cell_empty")
            return parse(value)
        except BadCell as problem:
            self.bad.append((column, problem))
            return None

    def maybe(self, column: str, parse: Callable[[object], _V]) -> _V | None:
        empty = self.values.get(column) in {None, ""} and column not in self.merged
        return None if empty else self.ask(column, parse)

    def unit(self, day: date | None) -> tuple[Level, str] | None:
        """The unit that is meant on a day; None for a unit of any period, as the one that issued a paper is."""
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
    year = row.ask("year", lambda value: a_year(value, row.context.today.year))
    place, kind = row.unit(date(year, 12, 31) if year is not None else None), row.kind(whole=True)
    count, basis = row.ask("count", a_count), row.ask("basis", a_basis)
    source, begins = row.maybe("source", a_text) or "", row.maybe("effective_on", a_day)
    if row.bad or place is None or kind is None or year is None or count is None or basis is None:
        return None
    return InventoryRow(
        level=place[0],
        unit=place[1],
        kind=kind,
        year=year,
        count=count,
        basis=basis,
        source=source,
        effective_on=begins,
    )


def _elsewhere_row(row: _Row) -> ElsewhereRow | None:
    day = row.ask("digitised_on", lambda value: a_past_day(value, row.context.today))
    place, kind = row.unit(day), row.kind(whole=False)
    count = row.maybe("count", a_count)
    owner = row.maybe("owner", an_owner)
    code, number = row.maybe("result_type", a_code), row.maybe("number", a_number)
    evidence, until = row.maybe("evidence", a_text) or "", row.maybe("valid_until", a_day)
    if row.bad:
        return None
    single = number is not None or code is not None or owner is not None
    if single and (number is None or code is None):
        row.bad.append(("number" if number is None else "result_type", BadCell("paper_incomplete")))
    elif single and count not in {None, 1}:
        row.bad.append(("count", BadCell("paper_counted_twice")))
    elif not single and count is None:
        row.bad.append(("count", BadCell("cell_empty")))
    elif not single and until is not None:
        row.bad.append(("valid_until", BadCell("paper_of_a_count")))
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
        valid_until=until,
    )


def _revocation_row(row: _Row) -> RevocationRow | None:
    place, number, day = row.unit(None), row.ask("number", a_number), row.ask("effective_on", a_day)
    code, owner = row.maybe("result_type", a_code), row.maybe("owner", an_owner)
    named = row.values.get("kind") not in {None, ""} or code is None
    kind = row.kind(whole=False) if named else None
    ending = row.maybe("ending", an_ending) or "revoked"
    document, signer = row.ask("document", a_text), row.maybe("signer", a_text) or ""
    dated = row.ask("document_date", lambda value: a_past_day(value, row.context.today))
    if row.bad or place is None or number is None or day is None or document is None:
        return None
    return RevocationRow(
        level=place[0],
        unit=place[1],
        number=number,
        kind=kind,
        result_type=code,
        owner=owner,
        effective_on=day,
        ending=ending,
        document=document,
        document_date=dated,
        signer=signer,
    )


def _identity(row: BaseModel) -> object:
    """Keys that must be unique within a table; of two rows with one key a later import could not tell which it corrects."""
    if isinstance(row, InventoryRow):
        return (row.level, row.unit, row.kind, row.year)
    if isinstance(row, ElsewhereRow) and row.number is not None:
        return (row.owner or row.unit, row.result_type, row.number)
    if isinstance(row, ElsewhereRow):
        return (row.level, row.unit, row.kind, row.digitised_on)
    if isinstance(row, RevocationRow):
        return (row.level, row.unit, row.kind, row.result_type, row.owner, row.number)
    return row


def _twice(row: BaseModel, first: int) -> BadCell:
    counted = isinstance(row, ElsewhereRow) and row.number is None
    return BadCell("count_twice" if counted else "row_twice", first=first)


def _read(path: Path, table: FactName, context: _Context, make: Callable[[_Row], _T | None]) -> Imported[_T]:
    rows: list[_T] = []
    problems: list[RowProblem] = []
    first_seen: dict[object, int] = {}
    digest = ""
    try:
        data = bytes_of(path)
        digest = hashlib.sha256(data).hexdigest()
        for headers, cells in _under_headers(rows_of(data), path.name, table, problems):
            row = _Row(_named(headers, cells), context, _merged(headers, cells))
            made = make(row)
            if len(cells.values) > len(headers):
                row.bad.append(("", BadCell("row_too_long", cells=len(cells.values), columns=len(headers))))
            if made is not None:
                twin = first_seen.setdefault(_identity(made), cells.number)
                if twin != cells.number:
                    row.bad.append(("", _twice(made, twin)))
                rows.append(made)
            problems += [_problem(path.name, cells, headers, column, bad) for column, bad in row.bad]
            if len(problems) > MOST_PROBLEMS:
                problems = problems[:MOST_PROBLEMS]
                raise SheetError("too_many_problems", sheet=cells.sheet, row=cells.number)
    except SheetError as error:
        problems.append(RowProblem(file=path.name, sheet=error.sheet, row=error.row, code=error.problem))
    if not rows and not problems:
        problems.append(RowProblem(file=path.name, code="no_rows"))
    return Imported((), tuple(problems), digest) if problems else Imported(tuple(rows), (), digest)


_Headers = tuple[tuple[str, str | None], ...]  # as written, and which of our columns it is


def _under_headers(
    rows: Iterator[Cells], file: str, table: FactName, problems: list[RowProblem]
) -> Iterator[tuple[_Headers, Cells]]:
    """Data rows with the headers of their sheet; sheets without known headers are ignored."""
    columns = COLUMNS[table]
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


def _merged(headers: _Headers, cells: Cells) -> frozenset[str]:
    """Our columns whose cell in this row a merged range hides."""
    return frozenset(column for at, (_, column) in enumerate(headers) if column and at in cells.merged)


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
