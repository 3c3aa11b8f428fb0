"""CSV files for spreadsheet programs: readable by their owner alone, and no cell that would be run as a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from engines.private_files import private
from schemas.text import shown


@contextmanager
def private_csv(path: Path) -> Iterator[TextIO]:
    """Create a file with mode 0600 and a UTF-8 byte order mark for Excel."""
    with open(path, "w", encoding="utf-8-sig", newline="", opener=private) as out:
        path.chmod(0o600)
        yield out


def write_rows(out: TextIO, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a heading and rows; None is an empty cell."""
    writer = csv.writer(out)
    writer.writerow(head)
    for row in rows:
        writer.writerow([harmless("" if cell is None else str(cell)) for cell in row])


def harmless(cell: str) -> str:
    """Escape values that a spreadsheet would run as a formula, such as file names."""
    guarded = f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell
    return shown(guarded)
