"""The batch sheet: metadata that a person supplies for a whole batch, in `lo.toml` or `lo.xlsx`.

Every key is optional. An unknown key or a wrong value makes the sheet unusable as a whole (`batch_sheet_unusable`):
half a sheet silently inherited by a thousand papers would be worse than none. Rows about single papers or dossiers
are `[[papers]]` tables, or the second sheet of the workbook; a wrong one is named (`batch_sheet_row_unusable`).
"""

from __future__ import annotations

import io
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from engines.spreadsheets import Cells, SheetError, rows_of
from extractors.intake import pour
from schemas.batches import BatchSheet
from schemas.errors import SourceError
from schemas.rules import Limits
from schemas.text import fold

_MAX_BYTES: Final = 1_000_000
_MAX_ROWS: Final = 100
_MAX_PAPERS: Final = 20_000
_SHOWN: Final = 60
# Columns and roles as people write them, folded.
_HEADS: Final = {
    "tep": "file",
    "thu muc": "file",
    "tep hoac thu muc": "file",
    "trang": "page",
    "vai tro": "role",
    "ma ho so": "dossier",
    "ma thu tuc": "procedure",
    "ma tthc": "procedure",
    "ma thanh phan": "component",
    "ma thanh phan ho so": "component",
}
_ROLES: Final = {
    "ket qua": "result",
    "ket qua xu ly": "processing_result",
    "thanh phan": "component",
    "thanh phan ho so": "component",
}


def read_batch_sheet(path: Path, limits: Limits, inbox: Path) -> BatchSheet:
    """Read one batch sheet under the same rules as scans: no link out of the inbox, no pipe, no device.

    Raises:
        SourceError: `batch_sheet_unusable`, with the reason in `params`.
    """
    try:
        data = io.BytesIO()
        pour(bytes(path), data, limits=limits.model_copy(update={"file_bytes": _MAX_BYTES}), inbox=inbox)
        workbook = path.suffix.lower() == ".xlsx"
        numbers: list[int] = []
        values = _from_workbook(data.getvalue(), numbers) if workbook else _from_toml(data.getvalue())
        return BatchSheet.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        if len(first["loc"]) > 2 and first["loc"][0] == "papers":
            at = int(first["loc"][1])
            raise SourceError(
                "batch_sheet_row_unusable",
                row=numbers[at] if numbers else at + 1,
                column=str(first["loc"][2]),
                value=str(first.get("input", ""))[:_SHOWN],
            ) from error
        raise SourceError("batch_sheet_unusable", reason=f"{where}: {first['msg']}") from error
    except SourceError as error:
        if error.rule == "batch_sheet_row_unusable":
            raise
        raise SourceError(
            "batch_sheet_unusable", reason=str(error.params.get("reason", error.rule))
        ) from error
    except SheetError as error:
        raise SourceError("batch_sheet_unusable", reason=error.problem) from error
    except RecursionError as error:
        raise SourceError("batch_sheet_unusable", reason="too_deep") from error
    except ValueError as error:  # invalid TOML, invalid UTF-8, or a number with thousands of digits
        raise SourceError("batch_sheet_unusable", reason=str(error)[:200]) from error


def _from_toml(data: bytes) -> dict[str, object]:
    values: dict[str, object] = tomllib.loads(data.decode("utf-8-sig"))
    rows = values.get("papers")
    if isinstance(rows, list):
        values["papers"] = [_plain_row(row) if isinstance(row, dict) else row for row in rows]
    return {**values, "role": _role(values["role"])} if "role" in values else values


def _from_workbook(data: bytes, numbers: list[int]) -> dict[str, object]:
    """First two columns of the first sheet are key and value, lists separated by `;`; the second sheet are papers.

    `numbers` is filled with the row of every paper, as spreadsheets count rows.
    """
    values: dict[str, object] = {}
    sheets: list[str | None] = []
    papers: list[Cells] = []
    for cells in rows_of(data):
        if cells.sheet not in sheets:
            sheets.append(cells.sheet)
        if len(sheets) == 2:
            papers.append(cells)
        if len(sheets) > 2 or len(papers) > _MAX_PAPERS:
            break
        if len(sheets) > 1 or cells.number > _MAX_ROWS:
            continue
        key, value = (*cells.values, None, None)[:2]
        if key is None or value is None:
            continue
        if str(value).startswith("="):
            raise SheetError("formula")
        values[str(key).strip()] = _cell(str(key).strip(), value)
    rows = _papers(papers, numbers)
    return {**values, "papers": rows} if rows else values


def _papers(rows: Sequence[Cells], numbers: list[int]) -> list[dict[str, object]]:
    """Papers of a sheet whose first row names its columns; an unknown name stays and is refused by the model."""
    if not rows:
        return []
    heads = [_HEADS.get(fold(str(head or "")), str(head or "")) for head in rows[0].values]
    found = []
    for cells in rows[1:]:
        named = {head: value for head, value in zip(heads, cells.values, strict=False) if value is not None}
        if any(str(value).startswith("=") for value in named.values()):
            raise SheetError("formula")
        if named:
            numbers.append(cells.number)
            found.append(_plain_row(named))
    return found


def _plain_row(row: Mapping[str, object]) -> dict[str, object]:
    """A row with its role as ours, and its texts without blanks at their ends."""
    plain = {key: value.strip() if isinstance(value, str) else value for key, value in row.items()}
    return {**plain, "role": _role(plain["role"])} if "role" in plain else plain


def _role(value: object) -> object:
    """Our name of a role that a person wrote in Vietnamese; anything else as it is."""
    return _ROLES.get(fold(str(value)), value)


def _cell(key: str, value: object) -> object:
    if key in {"kinds", "years"}:
        parts = [part.strip() for part in str(value).replace("-", ";").split(";") if part.strip()]
        return [int(part) for part in parts] if key == "years" else parts
    if key == "expected_sheets":
        return value
    if key == "role":
        return _role(value)
    return str(value).strip()
