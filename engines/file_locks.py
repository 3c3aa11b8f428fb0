"""Locks on files, which the kernel releases when their holder dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def open_lock_file(path: Path) -> int:
    """A descriptor of the lock file, created readable by its owner alone; closing it releases the lock."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)


def try_lock(descriptor: int) -> None:
    """Take the lock.

    Raises:
        OSError: another process holds it.
    """
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def wait_for_lock(path: Path) -> Iterator[None]:
    """Wait for the lock, then hold it for the time of the block."""
    descriptor = open_lock_file(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def lock_is_held(path: Path) -> bool:
    """True if a process holds the lock file, or if that cannot be found out: what is in doubt is left alone."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    try:
        try_lock(descriptor)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
