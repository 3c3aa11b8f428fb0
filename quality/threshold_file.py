"""Thresholds as lines of a TOML file, each with the figures it comes from. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from schemas.calibration import ALWAYS_ASK, CalibrationRow, Grade

_LINE: Final = re.compile(r"(?P<key>[a-z_]+)\s*=")


def threshold_lines(rows: Sequence[CalibrationRow]) -> dict[str, str]:
    """A line by field, from the rows of all pictures together."""
    return {
        row.field: f"{row.field} = {_value(row)}  # {_derivation(row)}"
        for row in rows
        if row.grade is Grade.ALL
    }


def with_lines(text: str, lines: dict[str, str]) -> str:
    """A TOML file with these lines in place of those of the same keys, or at its end; all else stays as it is."""
    left = dict(lines)
    done = []
    for line in text.splitlines():
        match = _LINE.match(line)
        done.append(left.pop(match["key"], line) if match else line)
    return "\n".join([*done, *left.values()]) + "\n"


def _value(row: CalibrationRow) -> str:
    return str(ALWAYS_ASK if row.threshold is None else row.threshold)


def _derivation(row: CalibrationRow) -> str:
    if row.threshold is None or row.bound is None:
        return f"always asked: no confidence keeps to 0.5 % wrong; n {row.n}, {row.n - row.right} wrong"
    accepted = round(row.accepted * row.n)
    return f"n {row.n}; accepted {accepted}, {row.wrong} wrong, bound {100 * row.bound:.2f} %"
