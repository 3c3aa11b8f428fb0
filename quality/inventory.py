"""Reads inventories, results digitised elsewhere, revocations, desks and dossiers from the tables that units submit.

All or nothing: one bad row prevents the import, and every bad row is reported by file, sheet, row, column,
cause and remedy. Numbers and units are never guessed: ambiguous values are problems. May import
schemas; units and kinds are resolved by callables that the caller hands in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar

from pydantic import BaseModel

from engines.spreadsheets import Cells, SheetError, bytes_of, rows_of
from quality.cell_values import BadCell, folded
from quality.fact_rows import (
    Context,
    KindResolver,
    Row,
    UnitResolver,
    delivery_row,
    elsewhere_row,
    handover_row,
    identity,
    inventory_row,
    revocation_row,
    target_row,
    twice,
)
from quality.indicator_rows import (
    DESK_COLUMNS,
    REUSE_COLUMNS,
    desk_row,
    overlap,
    reuse_row,
)
from schemas.facts import Backing, FactName
from schemas.indicators import DeskRow, Periods, ReuseRow
from schemas.quotas import DeliveryRow, ElsewhereRow, HandoverRow, InventoryRow, RevocationRow, TargetRow
from schemas.reports import RowProblem
from schemas.wording import has, say

MOST_PROBLEMS: Final = 500
_T = TypeVar("_T", bound=BaseModel)
_Maker = Callable[[Row], _T]
_Against = Callable[[_T, int], BadCell | None]

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
HANDOVER_COLUMNS: Final = (
    "from_level",
    "from_unit",
    "to_level",
    "to_unit",
    "kind",
    "count",
    "day",
    "minutes",
)
DELIVERY_COLUMNS: Final = ("paper", "step", "done_on", "receipt")
TARGET_COLUMNS: Final = ("level", "unit", "sector", "result_type", "due", "share", "effective_on")
COLUMNS: Final[Mapping[FactName, tuple[str, ...]]] = {
    "inventory": INVENTORY_COLUMNS,
    "elsewhere": ELSEWHERE_COLUMNS,
    "revocation": REVOCATION_COLUMNS,
    "handover": HANDOVER_COLUMNS,
    "desk": DESK_COLUMNS,
    "reuse": REUSE_COLUMNS,
    "target": TARGET_COLUMNS,
    "delivery": DELIVERY_COLUMNS,
}
_NEEDED: Final[Mapping[FactName, tuple[str, ...]]] = {
    "inventory": ("unit", "kind", "year", "count", "basis"),
    "elsewhere": ("unit", "kind", "digitised_on"),
    "revocation": ("unit", "number", "effective_on", "document", "document_date"),
    "handover": ("from_unit", "to_unit", "kind", "count", "day", "minutes"),
    "desk": ("unit", "desk", "entry", "effective_on"),
    "reuse": ("unit", "period_from", "period_to", "evidence"),
    "target": ("due", "share"),
    "delivery": DELIVERY_COLUMNS,
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
    return _read(path, "inventory", Context(resolve_unit, resolve_kind), inventory_row)


def read_elsewhere(
    path: Path, resolve_unit: UnitResolver, resolve_kind: KindResolver
) -> Imported[ElsewhereRow]:
    """Read results digitised elsewhere: one a row (with result type and number), or counts with evidence."""
    return _read(path, "elsewhere", Context(resolve_unit, resolve_kind), elsewhere_row)


def read_revocations(
    path: Path, resolve_unit: UnitResolver, resolve_kind: KindResolver
) -> Imported[RevocationRow]:
    """Read results that were revoked, superseded or cancelled, one a row, each with the decision that did so."""
    return _read(path, "revocation", Context(resolve_unit, resolve_kind), revocation_row)


def read_handovers(
    path: Path, resolve_unit: UnitResolver, resolve_kind: KindResolver
) -> Imported[HandoverRow]:
    """Read stock that one unit handed over to another, a kind a row, each with its minutes."""
    return _read(path, "handover", Context(resolve_unit, resolve_kind), handover_row)


def read_deliveries(
    path: Path, resolve_unit: UnitResolver, resolve_kind: KindResolver
) -> Imported[DeliveryRow]:
    """Read papers signed digitally or received by the owner's national store, one step of one paper a row."""
    return _read(path, "delivery", Context(resolve_unit, resolve_kind), delivery_row)


def read_targets(path: Path, resolve_unit: UnitResolver, resolve_kind: KindResolver) -> Imported[TargetRow]:
    """Read targets and milestones: a share asked of a level or a unit by a day, of all kinds, a sector or a result type."""
    return _read(path, "target", Context(resolve_unit, resolve_kind), target_row)


def read_desks(
    path: Path, resolve_unit: UnitResolver, resolve_kind: KindResolver, backing: Backing
) -> Imported[DeskRow]:
    """Read one-stop desks, their exemptions and their certificates, one a row; `backing` where a row names no paper."""
    return _read(path, "desk", Context(resolve_unit, resolve_kind, backing=backing), desk_row)


def read_reuse(
    path: Path,
    resolve_unit: UnitResolver,
    resolve_kind: KindResolver,
    held: Periods,
) -> Imported[ReuseRow]:
    """Read dossiers of units by period; a period that overlaps another one of its unit, here or in `held`, is a problem."""
    above = Periods()
    return _read(
        path,
        "reuse",
        Context(resolve_unit, resolve_kind),
        reuse_row,
        lambda row, number: overlap(row, number, above, held),
    )


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


def _read(
    path: Path,
    table: FactName,
    context: Context,
    make: Callable[[Row], _T | None],
    against: _Against[_T] | None = None,
) -> Imported[_T]:
    rows: list[_T] = []
    problems: list[RowProblem] = []
    first_seen: dict[object, int] = {}
    digest = ""
    try:
        data = bytes_of(path)
        digest = hashlib.sha256(data).hexdigest()
        for headers, cells in _under_headers(rows_of(data), path.name, table, problems):
            row = Row(_named(headers, cells), context, _merged(headers, cells))
            made = make(row)
            if len(cells.values) > len(headers):
                row.bad.append(("", BadCell("row_too_long", cells=len(cells.values), columns=len(headers))))
            if made is not None:
                twin = first_seen.setdefault(identity(made), cells.number)
                if twin != cells.number:
                    row.bad.append(("", twice(made, twin)))
                if against is not None and (met := against(made, cells.number)):
                    row.bad.append(("period_from", met))
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
