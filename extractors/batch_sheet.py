"""The batch sheet: what a person says about a whole batch, in `lo.toml` or `lo.xlsx`.

Every key is optional. An unknown key or a wrong value makes the sheet unusable as a whole (`batch_sheet_unusable`):
half a sheet silently inherited by a thousand papers would be worse than none.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import ValidationError

from schemas.batches import BatchSheet
from schemas.errors import SourceError

SHEET_NAMES = ("lo.toml", "lo.xlsx")
_MAX_BYTES = 1_000_000


def read_batch_sheet(path: Path) -> BatchSheet:
    """Read one batch sheet.

    Raises:
        SourceError: `batch_sheet_unusable`, with the reason in `params`.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise SourceError("batch_sheet_unusable", reason="> 1 MB")
        values = _from_workbook(path) if path.suffix.lower() == ".xlsx" else _from_toml(path)
        return BatchSheet.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SourceError("batch_sheet_unusable", reason=f"{where}: {first['msg']}") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SourceError("batch_sheet_unusable", reason=str(error)) from error


def _from_toml(path: Path) -> dict[str, object]:
    return tomllib.loads(path.read_text(encoding="utf-8-sig"))


def _from_workbook(path: Path) -> dict[str, object]:
    """First two columns of the first sheet are key and value; lists are separated by `;`."""
    import zipfile  # noqa: PLC0415 - only a workbook needs it

    import openpyxl  # noqa: PLC0415 - 0.2 s of import that a TOML sheet need not pay

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise SourceError("batch_sheet_unusable", reason=str(error)) from error
    rows = book.worksheets[0].iter_rows(min_row=1, max_row=100, max_col=2, values_only=True)
    values: dict[str, object] = {}
    for row in rows:
        key, value = (*row, None, None)[:2]
        if key is None or value is None:
            continue
        values[str(key).strip()] = _cell(str(key).strip(), value)
    book.close()
    return values


def _cell(key: str, value: object) -> object:
    if key in {"kinds", "years"}:
        parts = [part.strip() for part in str(value).replace("-", ";").split(";") if part.strip()]
        return [int(part) for part in parts] if key == "years" else parts
    if key == "expected_sheets":
        return value
    return str(value).strip()
