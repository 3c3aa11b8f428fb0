"""Read cells from an untrusted CSV or XLSX file, within limits set before anything is opened.

Hostile files are met as data: a workbook with macros, a zip that unfolds without end, a formula where a value
belongs, another encoding. Nothing here knows what the columns mean. May import schemas.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from openpyxl import Workbook, load_workbook
from openpyxl.utils import range_boundaries

from schemas.errors import SohoaError
from schemas.text import nfc

MOST_BYTES: Final = 50_000_000
MOST_UNFOLDED: Final = 200_000_000
MOST_STRINGS: Final = 50_000_000  # of the table of shared strings, which the library reads whole
# Real workbooks unfold ten to twenty times; a small archive that unfolds a hundred times is made to hurt.
MOST_TIMES: Final = 100
_ALWAYS_FINE: Final = 20_000_000
MOST_ROWS: Final = 200_000
MOST_COLUMNS: Final = 64
_DELIMITERS: Final = (";", ",", "\t")
_MERGED: Final = re.compile(rb'<(?:\w+:)?mergeCell\s+ref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
_QUOTED: Final = re.compile(r'"[^"]*"|\\.')  # literal text in a number format
_MOST_MERGED: Final = 20_000
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1f]")
_WORKBOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"


class SheetError(SohoaError):
    """The file as a whole cannot be read; `code` of the problem is in `params["problem"]`."""

    code = "sheet"

    def __init__(self, problem: str, *, sheet: str | None = None, row: int | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.sheet = sheet
        self.row = row


@dataclass(frozen=True)
class Cells:
    """One row: its sheet (None in CSV), its number as a spreadsheet counts, its values.

    A value is text, a number, a date or datetime, or None. A formula stays text that begins with `=`; a number shown
    as a percentage is text that ends with `%`. `merged`: places of cells that a merged range hides behind its first one.
    """

    sheet: str | None
    number: int
    values: tuple[object, ...]
    merged: frozenset[int] = frozenset()


def table_rows(source: bytes, *, most_rows: int) -> Iterator[Cells]:
    """Every non-empty row of a table that people laid out by hand: like `rows_of`, but more is taken as it shows.

    A formula has the value that the workbook was saved with, or stays a formula where it was saved with none; every cell
    of a merged range has the value of its first one; a CSV file may be of an 8-bit or 16-bit encoding. 8-bit text is
    given as Western letters, for the caller to tell which encoding it is.

    Args:
        source: the file's bytes.
        most_rows: more rows than this in a sheet are refused.

    Raises:
        SheetError: as `rows_of`.
    """
    if not source:
        raise SheetError("file_empty")
    zipped = zipfile.is_zipfile(io.BytesIO(source))
    for cells in _shown_rows(source) if zipped else _csv_rows(source, legacy=True):
        if cells.number > most_rows:
            raise SheetError("too_many_rows", sheet=cells.sheet, row=cells.number)
        if any(value not in {None, ""} for value in cells.values):
            yield cells


def _shown_rows(data: bytes) -> Iterator[Cells]:
    merged = _merged_ranges(data)
    with_values = _workbook_rows(data, saved_values=True)
    # Both passes see the same rows: formulas saved without a value are empty in the second and kept here as formulas.
    held: dict[tuple[int, int], object] = {}
    sheet: str | None = ""
    for written in _workbook_rows(data):
        if written.sheet != sheet:
            sheet, held = written.sheet, {}
        saved = _same_row(with_values, written)
        values = [
            saved.values[at] if _is_formula(value) and at < len(saved.values) else value
            for at, value in enumerate(written.values)
        ]
        values = [
            before if value is None and _is_formula(before) else value
            for value, before in zip(values, written.values, strict=True)
        ]
        yield _with_merged(written, values, merged.get(written.sheet or "", ()), held)


def _same_row(rows: Iterator[Cells], wanted: Cells) -> Cells:
    for cells in rows:
        if (cells.sheet, cells.number) == (wanted.sheet, wanted.number):
            return cells
    return wanted


def _is_formula(value: object) -> bool:
    return isinstance(value, str) and value.startswith("=")


def _with_merged(
    cells: Cells, values: list[object], ranges: Sequence[Range], held: dict[tuple[int, int], object]
) -> Cells:
    """A row with the values of merged ranges written into all their cells; `held` keeps their first cells."""
    for left, top, right, bottom in ranges:
        if not top <= cells.number <= bottom:
            continue
        if cells.number == top:
            held[left, top] = values[left - 1] if left <= len(values) else None
        filled = held.get((left, top))
        if filled in {None, ""}:
            continue
        values += [None] * (min(right, MOST_COLUMNS) - len(values))
        for at in range(left - 1, min(right, MOST_COLUMNS)):
            values[at] = filled
    return Cells(cells.sheet, cells.number, tuple(values))


Range = tuple[int, int, int, int]  # left, top, right, bottom; 1-based, inclusive


def _range(name: str) -> Range:
    left, top, right, bottom = range_boundaries(name)
    return int(left or 1), int(top or 1), int(right or 1), int(bottom or 1)


def _merged_ranges(data: bytes) -> dict[str, tuple[Range, ...]]:
    """Merged ranges by sheet. The library's streaming reader leaves them out, so they are read from the XML."""
    found: dict[str, tuple[Range, ...]] = {}
    book = _opened(data, saved_values=False)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for sheet in book.worksheets:
                path = str(getattr(sheet, "_worksheet_path", ""))
                xml = archive.read(path) if path in archive.namelist() else b""
                names = _MERGED.findall(xml)[:_MOST_MERGED]
                found[sheet.title] = tuple(_range(name.decode()) for name in names)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise SheetError("workbook_broken") from error
    finally:
        book.close()
    return found


def rows_of(source: Path | bytes) -> Iterator[Cells]:
    """Every non-empty row, sheet by sheet; hidden sheets are skipped.

    Args:
        source: a file, or the bytes of one that was taken through another door.

    Raises:
        SheetError: the file is absent, too large, of another format or encoding, broken, or carries macros.
    """
    data = source if isinstance(source, bytes) else bytes_of(source)
    if not data:
        raise SheetError("file_empty")
    zipped = zipfile.is_zipfile(io.BytesIO(data))
    merged = _merged_ranges(data) if zipped else {}
    for cells in _workbook_rows(data) if zipped else _csv_rows(data):
        if any(value not in {None, ""} for value in cells.values):
            ranges = merged.get(cells.sheet or "", ())
            yield replace(cells, merged=_hidden(cells.number, ranges)) if ranges else cells


def _hidden(row: int, ranges: Sequence[Range]) -> frozenset[int]:
    """Places of a row's cells that merged ranges hide, from 0."""
    return frozenset(
        at - 1
        for left, top, right, bottom in ranges
        if top <= row <= bottom
        for at in range(left, min(right, MOST_COLUMNS) + 1)
        if (at, row) != (left, top)
    )


def bytes_of(path: Path) -> bytes:
    """The bytes of a table's file.

    Raises:
        SheetError: there is no such file, or it is too large.
    """
    try:
        if not path.is_file():  # a pipe would wait for ever, a device has no end
            raise SheetError("file_absent")
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise SheetError("file_absent") from error
    if len(data) > MOST_BYTES:
        raise SheetError("file_too_large")
    return data


def _csv_rows(data: bytes, *, legacy: bool = False) -> Iterator[Cells]:
    if data[:4] in {b"\xd0\xcf\x11\xe0", b"%PDF"}:
        raise SheetError("format_unknown")
    if data[:4] == b"PK\x03\x04":
        raise SheetError("workbook_broken")
    text = _decoded(data, legacy=legacy)
    head = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    before = 0
    try:
        for row in reader:
            _check_size(None, before + 1, len(row))
            yield Cells(None, before + 1, tuple(nfc(value).strip() for value in row))
            before = reader.line_num
    except csv.Error as error:
        raise SheetError("csv_broken", row=reader.line_num) from error


def _decoded(data: bytes, *, legacy: bool) -> str:
    """Text of a CSV file; with `legacy` 16-bit text with its mark, and any 8-bit text as Western letters."""
    wide = legacy and data[:2] in {b"\xff\xfe", b"\xfe\xff"}
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        if not legacy or wide:
            raise SheetError("encoding_unknown") from error
        text = data.decode("latin-1")
    if "\0" in text or (legacy and _CONTROL.search(text)):
        raise SheetError("encoding_unknown")
    return text


def _opened(data: bytes, *, saved_values: bool) -> Workbook:
    _check_archive(data)
    try:
        return load_workbook(io.BytesIO(data), read_only=True, data_only=saved_values, keep_links=False)
    except Exception as error:  # the library lets its parsers' errors through, of any kind
        raise SheetError("workbook_broken") from error


def _workbook_rows(data: bytes, *, saved_values: bool = False) -> Iterator[Cells]:
    book = _opened(data, saved_values=saved_values)
    try:
        for sheet in book.worksheets:
            if sheet.sheet_state != "visible":
                continue
            try:
                yield from _sheet_rows(sheet.title, map(_values, sheet.iter_rows(max_col=MOST_COLUMNS + 1)))
            except SheetError:
                raise
            except Exception as error:
                raise SheetError("workbook_broken", sheet=sheet.title) from error
    finally:
        book.close()


def _values(row: Sequence[Any]) -> tuple[object, ...]:
    return tuple(_percent(cell) if isinstance(cell.value, (int, float)) else cell.value for cell in row)


def _percent(cell: Any) -> object:
    """A number as it is, or as text where the cell shows it as a percentage: what 100 % is a hundred of is not said."""
    shown = _QUOTED.sub("", cell.number_format or "")
    return f"{cell.value * 100:g}%" if "%" in shown and not isinstance(cell.value, bool) else cell.value


def _sheet_rows(title: str, rows: Iterator[tuple[object, ...]]) -> Iterator[Cells]:
    empty = 0
    for number, row in enumerate(rows, start=1):
        values = tuple(nfc(value).strip() if isinstance(value, str) else value for value in row)
        while values and values[-1] in {None, ""}:
            values = values[:-1]
        # A sheet may claim a million rows for the sake of one stray format; emptiness is not read to its end.
        empty = 0 if values else empty + 1
        if empty > 1000:
            return
        _check_size(title, number, len(values))
        yield Cells(title, number, values)


def _check_size(sheet: str | None, row: int, columns: int) -> None:
    if row > MOST_ROWS:
        raise SheetError("too_many_rows", sheet=sheet, row=row)
    if columns > MOST_COLUMNS:
        raise SheetError("too_many_columns", sheet=sheet, row=row)


def _check_archive(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            sizes = {entry.filename.lower(): entry.file_size for entry in archive.infolist()}
            unfolded = sum(sizes.values())
            bomb = unfolded > _ALWAYS_FINE and unfolded > MOST_TIMES * len(data)
            if bomb or unfolded > MOST_UNFOLDED or sizes.get("xl/sharedstrings.xml", 0) > MOST_STRINGS:
                raise SheetError("file_too_large")
            names = set(archive.namelist())
            if "[Content_Types].xml" not in names:
                raise SheetError("format_unknown")
            types = archive.read("[Content_Types].xml").decode("utf-8", "replace")
    except (zipfile.BadZipFile, OSError, RuntimeError, ValueError) as error:
        raise SheetError("workbook_broken") from error
    # Detected by content, not by name: a workbook with macros may be called .xlsx.
    if "macroEnabled" in types or any(name.lower().endswith("vbaproject.bin") for name in names):
        raise SheetError("workbook_macros")
    if _WORKBOOK not in types:
        raise SheetError("format_unknown")
