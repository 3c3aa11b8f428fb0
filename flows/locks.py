"""One run at a time per batch: a lock the kernel lets go of when its holder dies, with a note of who holds it."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from schemas.errors import BatchHeld
from storage.objects.keys import batch_key


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
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BatchHeld(f"batch {batch} is held", batch=batch, **_holder(descriptor)) from error
        note = {
            "who": operator,
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "since": datetime.now().astimezone().strftime("%d/%m/%Y %H:%M:%S"),
        }
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(note, ensure_ascii=False).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> dict[str, Any]:
    held: dict[str, Any] = {"who": "?", "pid": "?", "host": "?", "since": "?"}
    with suppress(ValueError, OSError):
        held.update(json.loads(os.pread(descriptor, 4096, 0)))
    return held
