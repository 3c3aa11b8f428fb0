"""Thresholds as lines of a TOML file, each with the figures it comes from. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from schemas.calibration import ALWAYS_ASK, CalibrationRow, Grade

_TABLE: Final = re.compile(r"\[(?P<name>[a-z_]+)\]")
_LINE: Final = re.compile(r"(?P<key>[a-z_]+)\s*=")


def threshold_lines(rows: Sequence[CalibrationRow]) -> dict[str, str]:
    """A line by field, from the rows of all pictures together."""
    return {
        row.field: f"{row.field} = {_value(row)}  # {_derivation(row)}"
        for row in rows
        if row.grade is Grade.ALL
    }


def with_lines(text: str, lines: dict[str, str], table: str = "") -> str:
    """A TOML file with these lines in place of those of the same keys, or at the end of their table.

    Args:
        text: the file; all that is not replaced stays as it is.
        lines: by key.
        table: where they belong; "" for what stands before the first table.
    """
    parts: dict[str, list[str]] = {"": []}
    name = ""
    for line in text.splitlines():
        if head := _TABLE.match(line):
            name = head["name"]
            parts[name] = []
        parts[name].append(line)
    left = dict(lines)
    own = parts.setdefault(table, ["", f"[{table}]"])
    for at, line in enumerate(own):
        if (match := _LINE.match(line)) and match["key"] in left:
            own[at] = left.pop(match["key"])
    last = max((at for at, line in enumerate(own) if line.strip()), default=-1)
    own[last + 1 : last + 1] = left.values()
    return "\n".join(line for part in parts.values() for line in part) + "\n"


def _value(row: CalibrationRow) -> str:
    return str(ALWAYS_ASK if row.threshold is None else row.threshold)


def _derivation(row: CalibrationRow) -> str:
    if row.threshold is None or row.bound is None:
        return f"always asked: no confidence keeps to 0.5 % wrong; n {row.n}, {row.n - row.right} wrong"
    accepted = round(row.accepted * row.n)
    return f"n {row.n}; accepted {accepted}, {row.wrong} wrong, bound {100 * row.bound:.2f} %"
