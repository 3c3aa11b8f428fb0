"""Files that only their owner can read, and that appear whole or not at all."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from engines.file_locks import lock_is_held, try_lock


def private(path: str, flags: int) -> int:
    """An opener for `open` that creates files readable by their owner alone."""
    return os.open(path, flags, 0o600)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write, which takes its name at the end of the block; if the block fails, nothing is left of it.

    What a killed process left half written is removed first; its lock tells that nobody writes it any more.

    Raises:
        OSError: it cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    for other in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        if not lock_is_held(other):
            other.unlink(missing_ok=True)
    try:
        with open(partial, "xb", opener=private) as out:
            try_lock(out.fileno())
            yield out
            out.flush()
            os.fsync(out.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
