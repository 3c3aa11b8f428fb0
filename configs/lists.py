"""National lists of procedures and result types: the shipped ones, newer imported ones, and their differences.

A list is a CSV file `<kind>-<effective from>.csv` (kind `procedures` or `result-types`, date `YYYY-MM` or `YYYY-MM-DD`).
Imported lists lie in a folder of the machine's own and stand beside the shipped ones: the newest in force is used whole.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Set
from datetime import date
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from configs.rows import read_csv, unusable
from schemas.codes import GRAMMARS
from schemas.errors import ConfigurationError, UsageError
from schemas.rules import Procedure, ResultType

ListKind = Literal["procedures", "result-types"]
KINDS: Final[tuple[ListKind, ...]] = ("procedures", "result-types")
_FILE_NAME = re.compile(r"^(procedures|result-types)-(\d{4})-(\d{2})(?:-(\d{2}))?\.csv$")
# Names that official exports and our own files use for the same column.
_COLUMNS: Final = {
    "procedure_code": "code",
    "result_code": "code",
    "mã tthc": "code",
    "mã kết quả": "code",
    "mã": "code",
    "tên": "name",
    "tên tthc": "name",
    "tên kết quả": "name",
    "lĩnh vực": "field",
    "cấp thực hiện": "levels",
    "quyết định": "decision",
}
_MISSING_SHARE: Final = 0.1
_HEADS: Final = {
    "procedures": ("code", "name", "field", "levels", "decision"),
    "result-types": ("code", "name", "procedures"),
}


class ListDiff(BaseModel):
    """Differences between two lists: codes added, removed, or changed in name or procedures."""

    model_config = ConfigDict(frozen=True)

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[tuple[str, str, str], ...] = ()


def list_kind(given: str) -> ListKind:
    """The kind of list that a person named.

    Raises:
        UsageError: there is none of that name.
    """
    for kind in KINDS:
        if given == kind:
            return kind
    raise UsageError(f"unknown list: {given}", remedy="list_unknown", kind=given)


def effective_from(path: Path) -> date | None:
    """Day from which a list holds, by its file name; None if the name is not a list's."""
    match = _FILE_NAME.match(path.name)
    if not match:
        return None
    try:
        return date(int(match[2]), int(match[3]), int(match[4] or 1))
    except ValueError:
        return None


def all_lists(kind: ListKind, *folders: Path | None) -> list[Path]:
    """Lists of a kind in some folders, oldest first."""
    found = [
        path
        for folder in folders
        if folder is not None and folder.is_dir()
        for path in folder.glob(f"{kind}-*.csv")
        if effective_from(path)
    ]
    return sorted(found, key=lambda path: (effective_from(path) or date.min, path.name))


def in_force(shipped: Path, imported: Path | None, as_of: date) -> dict[ListKind, Path]:
    """The list of every kind in force on a day; before the first one, the first.

    Raises:
        ConfigurationError: there is no list of a kind.
    """
    chosen: dict[ListKind, Path] = {}
    for kind in KINDS:
        known = all_lists(kind, shipped, imported)
        if not known:
            raise unusable(shipped, f"{kind}-*.csv", "no list")
        holding = [path for path in known if (effective_from(path) or date.min) <= as_of]
        chosen[kind] = holding[-1] if holding else known[0]
    return chosen


def read_procedures(path: Path) -> dict[str, Procedure]:
    """A list of procedures by code."""
    rows: dict[str, Procedure] = {}
    for line, cells in read_csv(path):
        code = cells.get("code", "")
        if code in rows or not GRAMMARS["tthc_short"].match(code):
            raise unusable(path, f"line {line}", f"not a new procedure code: {code!r}")
        # model_construct: 2,600 rows of checked strings; validating them all would double the start-up time.
        rows[code] = Procedure.model_construct(
            code=code,
            name=cells.get("name", ""),
            field=cells.get("field", ""),
            levels=cells.get("levels", ""),
            decision=cells.get("decision", ""),
            applicants="",
        )
    return rows


def read_result_types(path: Path) -> dict[str, ResultType]:
    """A list of result types by code."""
    rows: dict[str, ResultType] = {}
    for line, cells in read_csv(path):
        code = cells.get("code", "")
        if code in rows or not GRAMMARS["result_type"].match(code):
            raise unusable(path, f"line {line}", f"not a new result code: {code!r}")
        procedures = tuple(cells["procedures"].split("|")) if "procedures" in cells else ()
        rows[code] = ResultType.model_construct(code=code, name=cells.get("name", ""), procedures=procedures)
    return rows


def import_list(
    kind: ListKind,
    csv_path: Path,
    effective: date,
    into: Path,
    *,
    before: Path | None = None,
    shorter: bool = False,
) -> Path:
    """Validate an external list and copy it into a folder under its dated name.

    Columns may bear our names or those of official exports; several rows of one result code are joined. A list replaces
    the one before it as a whole, so one that lacks many of its codes is refused unless `shorter` says that this is meant.

    Raises:
        UsageError: the file is absent, or that list was imported before with other content, or lacks more than a tenth
            of the codes of the list `before`.
        ConfigurationError: the file is not a valid list; names the row.
    """
    if not csv_path.is_file():
        raise UsageError(f"no such file: {csv_path}", remedy="file_not_found", path=str(csv_path))
    rows = _joined(kind, csv_path)
    if not rows:
        raise unusable(csv_path, "rows", "an empty list")
    if before is not None and not shorter:
        _refuse_shorter(kind, csv_path, rows.keys(), before)
    into.mkdir(parents=True, exist_ok=True)
    target = into / f"{kind}-{effective.isoformat()}.csv"
    fresh = target.with_suffix(f".{os.getpid()}.part")
    with fresh.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(_HEADS[kind])
        writer.writerows([row.get(name, "") for name in _HEADS[kind]] for _, row in sorted(rows.items()))
    try:
        read_procedures(fresh) if kind == "procedures" else read_result_types(fresh)
        if target.exists() and target.read_bytes() != fresh.read_bytes():
            raise UsageError(f"{target} holds another list", remedy="list_exists", file=str(target))
        fresh.replace(target)
    except ConfigurationError as error:
        raise unusable(csv_path, str(error.params.get("where")), str(error.params.get("reason"))) from error
    finally:
        fresh.unlink(missing_ok=True)
    return target


def _refuse_shorter(kind: ListKind, csv_path: Path, codes: Set[str], before: Path) -> None:
    held = (read_procedures(before) if kind == "procedures" else read_result_types(before)).keys()
    missing = len(held - codes)
    if missing > _MISSING_SHARE * len(held):
        raise UsageError(
            f"{csv_path} lacks {missing} of the {len(held)} codes in force",
            remedy="list_shorter",
            file=csv_path.name,
            count=len(codes),
            missing=missing,
            held=len(held),
        )


def _joined(kind: ListKind, path: Path) -> dict[str, dict[str, str]]:
    rows: dict[str, dict[str, str]] = {}
    for line, cells in read_csv(path):
        row = _named(kind, cells)
        code = row.get("code", "")
        if not code:
            raise unusable(path, f"line {line}", "no code")
        known = rows.setdefault(code, row)
        if known is not row and kind == "result-types":
            both = [part for part in (known.get("procedures"), row.get("procedures")) if part]
            known["procedures"] = "|".join(dict.fromkeys("|".join(both).split("|")))
    return rows


def _named(kind: ListKind, cells: dict[str, str]) -> dict[str, str]:
    row: dict[str, str] = {}
    for name, cell in cells.items():
        plain = name.strip().lower()
        if kind == "result-types" and plain in {"procedure_code", "mã tthc"}:
            plain = "procedures"
        else:
            plain = _COLUMNS.get(plain, plain)
        row[plain] = " ".join(cell.split())
    return row


def diff_lists(kind: ListKind, old: Path, new: Path) -> ListDiff:
    """Differences between two lists of a kind."""
    if kind == "procedures":
        before = {code: row.name for code, row in read_procedures(old).items()}
        after = {code: row.name for code, row in read_procedures(new).items()}
    else:
        before = {
            code: f"{row.name} [{', '.join(row.procedures)}]" for code, row in read_result_types(old).items()
        }
        after = {
            code: f"{row.name} [{', '.join(row.procedures)}]" for code, row in read_result_types(new).items()
        }
    return ListDiff(
        added=tuple(sorted(after.keys() - before.keys())),
        removed=tuple(sorted(before.keys() - after.keys())),
        changed=tuple(
            (code, before[code], after[code])
            for code in sorted(before.keys() & after.keys())
            if before[code] != after[code]
        ),
    )
