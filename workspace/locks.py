"""One run at a time per batch, one thread at a time over the same bytes.

A batch is held by a file lock that the kernel releases when its holder dies; the file names the holder.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from schemas.clock import VIETNAM
from schemas.errors import BatchHeld
from storage.objects.keys import batch_key

_TRIES, _BETWEEN = 3, 0.03  # seconds


@contextmanager
def hold_batch(home: Path, batch: str, operator: str) -> Iterator[None]:
    """Hold a batch for this run.

    Raises:
        BatchHeld: another run holds it; the message says who.
    """
    folder = home / "locks"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / f"{batch_key(batch)}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        try:
            _lock(descriptor)
        except OSError as error:
            raise BatchHeld(f"batch {batch} is held", batch=batch, **_holder(descriptor)) from error
        note = {
            "who": operator,
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "since": datetime.now(VIETNAM).strftime("%d/%m/%Y %H:%M:%S"),
        }
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(note, ensure_ascii=False).encode(), 0)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def wait_for(home: Path, name: str) -> Iterator[None]:
    """Wait for the home's lock of this name, then hold it."""
    folder = home / "locks"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / name, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Take a lock, with a few retries: a process that tests the lock holds it for a moment."""
    for _ in range(_TRIES):
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(_BETWEEN)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_held(home: Path, batch: str) -> bool:
    """True if a run currently holds the batch."""
    return lock_is_held(home / "locks" / f"{batch_key(batch)}.lock")


def lock_is_held(path: Path) -> bool:
    """True if a process holds the lock file."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


class DocumentLocks:
    """Serialises threads working on the same bytes: the second one finds them read, and links."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._held: dict[str, tuple[threading.Lock, int]] = {}

    @contextmanager
    def hold(self, sha256: str) -> Iterator[None]:
        """Hold some bytes."""
        with self._guard:
            lock, waiting = self._held.get(sha256, (threading.Lock(), 0))
            self._held[sha256] = (lock, waiting + 1)
        try:
            with lock:
                yield
        finally:
            with self._guard:
                waiting = self._held[sha256][1] - 1
                if waiting:
                    self._held[sha256] = (lock, waiting)
                else:
                    del self._held[sha256]


def _holder(descriptor: int) -> dict[str, Any]:
    held: dict[str, Any] = {"who": "?", "pid": "?", "host": "?", "since": "?"}
    with suppress(ValueError, OSError):
        held.update(json.loads(os.pread(descriptor, 4096, 0)))
    return held
