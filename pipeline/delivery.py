"""Output paths of `sohoa pdfa`: unique, never over an input, written atomically.

Files are made in the run's private folder and come here finished, so that a kill at any moment leaves nothing half
written among the results.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from schemas.errors import SetupError, SourceError, UsageError

_DISK_FULL_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_PDF = ".pdf"


def places(names: Iterable[str], target: Path) -> dict[str, Path]:
    """Output path of every file of a tree: names mirrored, suffixes kept (`a.tif` → `a.tif.pdf`), no path used twice.

    A PDF keeps its own name; what would come to lie on it gets a number: of `a` and `a.pdf`, `a (2).pdf` and `a.pdf`.
    Names are compared as on file systems that ignore case and Unicode normalization.
    """
    given = list(names)
    found: dict[str, Path] = {}
    taken: set[str] = set()
    for name in sorted(given, key=lambda path: not path.lower().endswith(_PDF)):
        stem = name[: -len(_PDF)] if name.lower().endswith(_PDF) else name
        place, again = name if stem != name else name + _PDF, 1
        while _key(place) in taken:
            again += 1
            place = f"{stem} ({again}){_PDF}"
        taken.add(_key(place))
        found[name] = target / place
    return {name: found[name] for name in given}


def _key(place: str) -> str:
    return unicodedata.normalize("NFC", place).casefold()


def keep_out_of(source: Path, outs: Iterable[Path]) -> None:
    """Ensure that no output lies inside the input tree, links resolved.

    Raises:
        UsageError: an output would be inside it and might overwrite an input.
    """
    root = source.resolve()
    for folder in {out.parent for out in outs}:
        if folder.resolve().is_relative_to(root):
            raise UsageError(f"{folder} lies inside {source}", remedy="output_inside_input", path=folder)


def need_writable(folder: Path) -> None:
    """Ensure that a folder is writable or can be created, before hours of work.

    Raises:
        SetupError: they cannot.
    """
    there = folder.absolute()
    while not os.path.lexists(there) and there != there.parent:
        there = there.parent
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise SetupError(f"cannot write to {there}", remedy="output_unwritable", path=folder)


def need_room(out: Path, size: int) -> None:
    """Ensure that the output disk has room for a file about as large as its original.

    Raises:
        SourceError: `disk_full`.
    """
    there = out.absolute().parent
    while not there.exists() and there != there.parent:
        there = there.parent
    with suppress(OSError):
        free = shutil.disk_usage(there).free
        if free < size:
            raise _full(free, size)


def deliver(built: Path, out: Path) -> None:
    """Move a finished file to its destination, also across disks, replacing an existing file atomically.

    Raises:
        SourceError: `disk_full` or `output_unwritable`; nothing is left there.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        try:
            built.replace(out)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _carry(built, out)
    except OSError as error:
        if error.errno in _DISK_FULL_ERRORS:
            free = shutil.disk_usage(out.parent).free
            raise _full(free, built.stat().st_size) from error
        detail = error.strerror or str(error)
        raise SourceError("output_unwritable", str(error), detail=detail) from error


def _full(free: int, needed: int) -> SourceError:
    return SourceError("disk_full", free=free // 1_000_000, needed=-(-needed // 1_000_000))


def _carry(built: Path, out: Path) -> None:
    """Copy to another disk under a temporary name, then rename."""
    handle, name = tempfile.mkstemp(prefix=".pdfa-", suffix=".part", dir=out.parent)  # 0600
    part = Path(name)
    try:
        with open(handle, "wb") as copy, built.open("rb") as whole:
            shutil.copyfileobj(whole, copy, 1 << 20)
            copy.flush()
            os.fsync(copy.fileno())
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
