"""Guesses which column of a clerk's register is which, from the names in its header. A guess is never used in silence.

The header may stand below title rows, in one row or in two. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from openpyxl.utils import column_index_from_string, get_column_letter
from rapidfuzz import fuzz

from schemas.errors import UsageError
from schemas.registers import IDENTIFYING
from schemas.text import fold

# What a person writes in `--map`, and the column it means.
MAP_NAMES: Final = {
    "number": "number",
    "date": "issue_date",
    "type": "document_type",
    "subject": "subject",
    "agency": "agency",
    "owner": "owner_name",
    "id": "owner_id",
    "note": "note",
}
# Names of columns, folded. A trailing `?` marks names that mean something else in some registers.
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "number": (
        *("so ky hieu", "so va ky hieu", "so hieu", "so van ban", "so quyet dinh", "so giay phep", "so giay"),
        *("so ky hieu van ban", "so cong van", "so dang ky", "so vao so", "so giay chung nhan", "so ?"),
    ),
    "issue_date": (
        *("ngay thang nam", "ngay thang", "ngay ban hanh", "ngay ky", "ngay cap", "ngay van ban"),
        *("ngay thang nam van ban", "ngay thang van ban", "ngay dang ky", "ngay thang nam ban hanh", "ngay ?"),
    ),
    "document_type": (
        *("ten loai", "ten loai van ban", "loai van ban", "loai giay to", "the loai", "ten giay to", "loai ?"),
    ),
    "subject": (
        *("trich yeu", "trich yeu noi dung", "ten loai va trich yeu noi dung", "ve viec", "noi dung ?"),
        *("ten loai va trich yeu noi dung van ban", "trich yeu noi dung van ban", "tieu de", "tieu de ho so"),
    ),
    "agency": (
        *("tac gia", "tac gia van ban", "co quan ban hanh", "noi ban hanh", "co quan cap", "noi cap"),
        *("tac gia co quan ban hanh", "don vi ban hanh", "co quan ban hanh van ban", "co quan ?", "don vi ?"),
    ),
    "owner_name": (
        *("ho ten", "ho va ten", "ho chu dem ten", "chu so huu", "ten chu so huu", "ho ten chu so huu"),
        *("chu giay to", "nguoi duoc cap", "ten to chuc ca nhan", "ho ten nguoi duoc cap", "chu ho so"),
    ),
    "owner_id": (
        *("so dinh danh", "so dinh danh ca nhan", "cccd", "so cccd", "cmnd", "so cmnd", "cccd cmnd", "cmnd cccd"),
        *("ma so thue", "ma so doanh nghiep", "so giay to tuy than", "so cmnd cccd", "so cccd cmnd", "ma dinh danh"),
    ),
    "note": ("ghi chu",),
}  # fmt: skip
_EXACT: Final = {name.removesuffix(" ?"): column for column, names in _NAMES.items() for name in names}
_DOUBTED: Final = {
    name.removesuffix(" ?") for names in _NAMES.values() for name in names if name.endswith("?")
}
_OTHER: Final = frozenset(
    {
        *("stt", "tt", "so tt", "so thu tu", "to so", "so to", "so trang", "trang so", "hop so", "ho so so"),
        *(
            "so luong to",
            "so luong trang",
            "so luong",
            "ngay den",
            "so den",
            "nguoi ky",
            "noi nhan",
            "so ho so",
        ),
    }
)
_NEAR: Final = 88
_HEAD_WITHIN: Final = 40
_LONGEST_NAME: Final = 60


class Guess(NamedTuple):
    """The table of one sheet.

    Attributes:
        sheet: None in CSV.
        head: number of the header's last row; 0 where there is none.
        columns: 0-based index by column.
        names: header by column, as written.
        certain: False if a person has to confirm it.
    """

    sheet: str | None
    head: int
    columns: dict[str, int]
    names: dict[str, str]
    certain: bool

    def letter(self, column: str) -> str:
        """The letter of a column, as a spreadsheet shows it."""
        return str(get_column_letter(self.columns[column] + 1))


Rows = Sequence[tuple[int, Sequence[str]]]  # row number, its cells as text


def guess(sheet: str | None, rows: Rows) -> Guess | None:
    """The header with the most known names among the first rows; None if none names a column that tells papers apart."""
    best: Guess | None = None
    top = rows[:_HEAD_WITHIN]
    for at, (number, cells) in enumerate(top):
        above = top[at - 1][1] if at else ()
        for names in (list(cells), _two_rows(above, cells)):
            found = _named(sheet, number, names)
            if found is not None and (best is None or len(found.columns) > len(best.columns)):
                best = found
    return best


def stated(sheet: str | None, rows: Rows, mapping: Mapping[str, int], head: int | None) -> Guess:
    """The table as a person stated it; the header is guessed if its row is not stated."""
    found = guess(sheet, rows)
    last = head if head is not None else found.head if found else 0
    cells = next((values for number, values in rows if number == last), ())
    names = {
        column: (cells[at] if at < len(cells) else "") or str(get_column_letter(at + 1))
        for column, at in mapping.items()
    }
    return Guess(sheet, last, dict(mapping), names, True)


def read_mapping(given: Sequence[str]) -> dict[str, int]:
    """Column indices of `--map NAME=LETTER`.

    Raises:
        UsageError: an unknown name, no letter, one letter for two columns, or nothing that tells papers apart.
    """
    mapping: dict[str, int] = {}
    for setting in given:
        name, _, letter = setting.partition("=")
        column = MAP_NAMES.get(name.strip())
        if column is None or not re.fullmatch(r"[A-Za-z]{1,2}", letter.strip()) or column in mapping:
            raise UsageError(setting, remedy="register_map", value=setting, known=", ".join(MAP_NAMES))
        mapping[column] = column_index_from_string(letter.strip().upper()) - 1
    twice = len(set(mapping.values())) < len(mapping)
    if mapping and (twice or not set(mapping) & set(IDENTIFYING)):
        raise UsageError("map", remedy="register_map_short", names="number, owner, id")
    return mapping


def _two_rows(above: Sequence[str], below: Sequence[str]) -> list[str]:
    """Names of a header in two rows: the lower one where it is a name itself, else both, else the upper one."""
    names = []
    for at in range(max(len(above), len(below))):
        upper = above[at] if at < len(above) else ""
        lower = below[at] if at < len(below) else ""
        both = f"{upper} {lower}".strip()
        known = next((name for name in (lower, both, upper) if _key(name) in _EXACT), None)
        names.append(known or lower or upper)
    return names


def _named(sheet: str | None, number: int, cells: Sequence[str]) -> Guess | None:
    columns: dict[str, int] = {}
    certain = True
    for at, cell in enumerate(cells):
        column, sure = _column(cell)
        if column is None:
            continue
        if column in columns:
            certain = certain and cells[columns[column]] == cell  # a merged header fills several columns
            continue
        columns[column] = at
        certain = certain and sure
    if len(columns) < 2 or not set(columns) & set(IDENTIFYING):
        return None
    return Guess(sheet, number, columns, {name: cells[at] for name, at in columns.items()}, certain)


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", fold(name)).strip()


def _column(cell: str) -> tuple[str | None, bool]:
    """The column that a header names, and whether that is sure."""
    key = _key(cell)
    if not key or len(key) > _LONGEST_NAME or key in _OTHER:
        return None, True
    if key in _EXACT:
        return _EXACT[key], key not in _DOUBTED
    near = [name for name in _EXACT if len(name) > 4 and fuzz.token_set_ratio(key, name) >= _NEAR]
    if not near:
        return None, True
    best = max(near, key=lambda name: (fuzz.ratio(key, name), name))
    return (_EXACT[best], False) if fuzz.ratio(key, best) >= 50 else (None, True)
