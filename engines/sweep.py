"""Runs and their leavings: what a killed run left behind is found and removed by the next one.

A live run holds a lock on `run/<id>/lock`; every process it starts carries its id in the environment. A run whose lock
is free is dead: its processes are killed, its folders removed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import tempfile
import uuid
from pathlib import Path
from typing import NamedTuple

_TMP_PREFIX = "sohoa-"


class SweepReport(NamedTuple):
    """How many dead runs, processes and folders were swept."""

    runs: int
    processes: int


class Run:
    """A live run: its id, its staging folder under the home and its folder under TMPDIR."""

    def __init__(self, run_root: Path, tmp_root: Path) -> None:
        self.id = uuid.uuid4().hex
        self.folder = run_root / self.id
        self.tmp = tmp_root / f"{_TMP_PREFIX}{self.id}"
        run_root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder.mkdir(mode=0o700)
        self._lock = os.open(self.folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.tmp.mkdir(mode=0o700)

    def close(self) -> None:
        """Remove the run's folders and let its lock go."""
        shutil.rmtree(self.tmp, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)


def tmp_root() -> Path:
    """Where temporary folders are made."""
    return Path(tempfile.gettempdir())


def sweep(run_root: Path, temporary: Path) -> SweepReport:
    """End and remove whatever dead runs under this home left."""
    dead = [folder for folder in run_root.glob("*") if folder.is_dir() and not _is_live(folder)]
    names = {folder.name for folder in dead}
    killed = _kill_processes(names) if names else 0
    for folder in dead:
        shutil.rmtree(temporary / f"{_TMP_PREFIX}{folder.name}", ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
    return SweepReport(len(dead), killed)


def _is_live(folder: Path) -> bool:
    try:
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _kill_processes(run_ids: set[str]) -> int:
    markers = [f"SOHOA_RUN_ID={run_id}".encode() for run_id in run_ids]
    killed = 0
    for entry in Path("/proc").glob("[0-9]*"):
        pid = int(entry.name)
        if pid == os.getpid():
            continue
        try:
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue
        if any(marker in environment.split(b"\0") for marker in markers):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
                killed += 1
    return killed
