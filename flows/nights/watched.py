"""The watched inbox: a folder is a complete batch by a ready marker, or once nothing in it has changed for a while."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

from schemas.errors import SetupError


class Found(NamedTuple):
    """A folder of the watched inbox. `fingerprint` changes with any file's name, size or time."""

    path: Path
    fingerprint: str
    complete: bool
    files: int


def look(root: Path, *, marker: str, quiet_seconds: float, now: float) -> list[Found]:
    """Every batch folder under a watched inbox.

    Args:
        root: the watched folder; every folder in it is a batch.
        marker: name of the file that says "all is here".
        quiet_seconds: how long nothing may have changed if there is no marker.
        now: seconds since the epoch. A file from the future counts as changing: the clock jumped, or a copy goes on.

    Raises:
        SetupError: the inbox cannot be listed.
    """
    try:
        folders = sorted(entry.path for entry in os.scandir(root) if _is_batch(entry))
    except OSError as error:
        raise SetupError(f"cannot list {root}: {error}", remedy="inbox_unreadable", path=root) from error
    return [found for folder in folders if (found := _inspect(folder, marker, quiet_seconds, now)).files]


def _is_batch(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")


def _inspect(folder: str, marker: str, quiet_seconds: float, now: float) -> Found:
    """If listing fails midway, treat the folder as changing and check it again later."""
    facts: list[str] = []
    latest, ready, files = 0.0, False, 0
    try:
        for path, _, names in os.walk(folder):
            latest = max(latest, os.lstat(path).st_mtime)
            for name in sorted(names):
                if path == folder and name == marker:
                    ready = True
                    continue
                known = os.lstat(os.path.join(path, name))
                latest = max(latest, known.st_mtime)
                facts.append(f"{os.path.join(path, name)}\0{known.st_size}\0{known.st_mtime_ns}")
                files += not name.startswith(".")
    except OSError:
        return Found(Path(folder), "", complete=False, files=1)
    digest = hashlib.sha256("\n".join(sorted(facts)).encode("utf-8", "surrogateescape")).hexdigest()
    return Found(Path(folder), digest, complete=ready or now - latest >= quiet_seconds, files=files)
