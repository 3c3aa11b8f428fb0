"""The batch sheet: metadata that a person supplies for a whole batch, in `lo.toml` or `lo.xlsx`.

Every key is optional. An unknown key or a wrong value makes the sheet unusable as a whole (`batch_sheet_unusable`):
half a sheet silently inherited by a thousand papers would be worse than none.
"""

from __future__ import annotations

import io
import tomllib
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from engines.spreadsheets import SheetError, rows_of
from extractors.intake import pour
from schemas.batches import BatchSheet
from schemas.errors import SourceError
from schemas.rules import Limits

_MAX_BYTES: Final = 1_000_000
_MAX_ROWS: Final = 100


def read_batch_sheet(path: Path, limits: Limits, inbox: Path) -> BatchSheet:
    """Read one batch sheet under the same rules as scans: no link out of the inbox, no pipe, no device.

    Raises:
        SourceError: `batch_sheet_unusable`, with the reason in `params`.
    """
    try:
        data = io.BytesIO()
        pour(bytes(path), data, limits=limits.model_copy(update={"file_bytes": _MAX_BYTES}), inbox=inbox)
        workbook = path.suffix.lower() == ".xlsx"
        values = _from_workbook(data.getvalue()) if workbook else _from_toml(data.getvalue())
        return BatchSheet.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SourceError("batch_sheet_unusable", reason=f"{where}: {first['msg']}") from error
    except SourceError as error:
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
    return tomllib.loads(data.decode("utf-8-sig"))


def _from_workbook(data: bytes) -> dict[str, object]:
    """First two columns of the first sheet are key and value; lists are separated by `;`."""
    values: dict[str, object] = {}
    first: str | None = None
    for cells in rows_of(data):
        first = first or cells.sheet
        if cells.sheet != first or cells.number > _MAX_ROWS:
            break
        key, value = (*cells.values, None, None)[:2]
        if key is None or value is None:
            continue
        if str(value).startswith("="):
            raise SheetError("formula")
        values[str(key).strip()] = _cell(str(key).strip(), value)
    return values


def _cell(key: str, value: object) -> object:
    if key in {"kinds", "years"}:
        parts = [part.strip() for part in str(value).replace("-", ";").split(";") if part.strip()]
        return [int(part) for part in parts] if key == "years" else parts
    if key == "expected_sheets":
        return value
    return str(value).strip()
