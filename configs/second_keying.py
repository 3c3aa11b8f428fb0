"""Loads the rows of blind second keying: a home's own file, where it has one, instead of the shipped one."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from configs.loader import ROOT
from configs.rows import build, read_toml, refuse_overlaps, unusable
from schemas.errors import ConfigurationError
from schemas.rules import KeyingRow

FILE: Final = "second_keying.toml"
_ROW: Final = "row"


def load_second_keying(own: Path | None = None, root: Path = ROOT) -> tuple[KeyingRow, ...]:
    """What is keyed a second time (`second_keying.toml`).

    Args:
        own: the home's file; it need not be there.
        root: folder of the rules.

    Raises:
        ConfigurationError: a row cannot be used; names file, row and what is wrong.
    """
    path = own if own is not None and own.is_file() else root / FILE
    try:
        return _rows(path)
    except ConfigurationError as error:
        held = error.params
        raise ConfigurationError(
            str(error),
            remedy="second_keying_unusable",
            file=held["file"],
            where=held["where"],
            reason=held["reason"],
        ) from error


def _rows(path: Path) -> tuple[KeyingRow, ...]:
    given = read_toml(path)
    strange = next((name for name in given if name != _ROW), None)
    if strange is not None or not isinstance(given.get(_ROW, []), list):
        raise unusable(path, strange or _ROW, "only [[row]] tables stand in this file")
    rows = tuple(
        build(KeyingRow, values, path, f"row {at}") for at, values in enumerate(given.get(_ROW, []), 1)
    )
    for at, row in enumerate(rows, 1):
        if (row.field, row.values) == ("owner_id", "written"):
            raise unusable(
                path, f"row {at}", "values: only numbers are known to be written by hand; use typed"
            )
    refuse_overlaps(rows, ("field", "values"), path)
    return rows
