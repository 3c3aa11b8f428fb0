"""Tables written for people: for their owner alone, and never run as formulas by a spreadsheet."""

from __future__ import annotations

import os


def private(path: str, flags: int) -> int:
    """Opener of a file that its owner alone may read."""
    return os.open(path, flags, 0o600)


def harmless(cell: str) -> str:
    """A file may be named like a formula; a spreadsheet must not run it."""
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell
