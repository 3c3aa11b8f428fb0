"""One run at a time per batch, one thread at a time over the same bytes.

A batch is held by a file lock that the kernel releases when its holder dies; the file names the holder. This is the
home's own lock; `workspace.claiming` holds a batch among machines too.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from engines.file_locks import lock_is_held, open_lock_file, try_lock, wait_for_lock
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
    descriptor = open_lock_file(_batch_lock(home, batch))
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


def wait_for(home: Path, name: str) -> AbstractContextManager[None]:
    """Wait for the home's lock of this name, then hold it for the time of the block."""
    return wait_for_lock(home / "locks" / name)


def _lock(descriptor: int) -> None:
    """Take a lock, with a few retries: a process that tests the lock holds it for a moment."""
    for _ in range(_TRIES):
        with suppress(OSError):
            try_lock(descriptor)
            return
        time.sleep(_BETWEEN)
    try_lock(descriptor)


def is_held(home: Path, batch: str) -> bool:
    """True if a run currently holds the batch."""
    return lock_is_held(_batch_lock(home, batch))


def home_id(home: Path) -> str:
    """Identifies a home among all machines: a copy of it, elsewhere or under another name, is another one."""
    path = home / "locks" / "home-id"
    with wait_for_lock(home / "locks" / "home-id.lock"):
        if not path.exists():
            path.write_text(uuid.uuid4().hex, encoding="ascii")
        own = path.read_text(encoding="ascii")
    place = f"{own} {socket.gethostname()} {home.resolve()}"
    return hashlib.sha256(place.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _batch_lock(home: Path, batch: str) -> Path:
    return home / "locks" / f"{batch_key(batch)}.lock"


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
