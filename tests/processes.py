"""What tests ask of /proc: which processes carry a mark, and whether they are gone. No test lives here."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path


def marked(name: str, value: str) -> list[int]:
    """Live processes, zombies left out, whose environment says `name=value`."""
    wanted, found = f"{name}={value}".encode(), []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            if wanted in Path(f"/proc/{entry}/environ").read_bytes().split(b"\0") and _runs(int(entry)):
                found.append(int(entry))
        except OSError:
            continue
    return found


def _runs(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def gone(what: Callable[[], object], patience: float = 5.0) -> bool:
    """Whether something becomes false before patience ends."""
    deadline = time.monotonic() + patience
    while what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
