"""Runs and their leftovers: each run removes what a killed run left behind.

A live run holds a lock on `<run root>/<id>/lock`; every process it starts carries its id in the environment. A run whose
lock is free is dead: its processes are killed, its folders removed. Opening and sweeping are mutually exclusive, so
that a run is never taken for dead while it starts.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
import time
import uuid
from pathlib import Path
from typing import NamedTuple

from engines.file_locks import lock_is_held, open_lock_file, try_lock, wait_for_lock

_TMP_PREFIX = "sohoa-"
_MAX_ROUNDS = 20


class SweepReport(NamedTuple):
    """Numbers of dead runs swept and of their processes killed."""

    runs: int
    processes: int


class Run:
    """A live run: its id, its folder under the home and its folder for temporary files. Made by `open_run`."""

    def __init__(self, run_id: str, folder: Path, tmp: Path, lock: int) -> None:
        self.id, self.dir, self.tmp = run_id, folder, tmp
        self._lock = lock

    def close(self) -> None:
        """Remove the run's folders and release its lock."""
        shutil.rmtree(self.tmp, ignore_errors=True)
        shutil.rmtree(self.dir, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> Run:
        """The run itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()


def tmp_root() -> Path:
    """Parent folder of temporary folders."""
    return Path(tempfile.gettempdir())


def open_run(run_root: Path, temporary: Path) -> Run:
    """Begin a run: a folder under `run_root` and one under `temporary`, private, both gone when it is closed.

    Raises:
        OSError: a folder cannot be made.
    """
    run_id = uuid.uuid4().hex
    folder, tmp = run_root / run_id, temporary / f"{_TMP_PREFIX}{run_id}"
    run_root.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary.mkdir(parents=True, exist_ok=True)
    with wait_for_lock(run_root / ".lock"):
        folder.mkdir(mode=0o700)
        lock = open_lock_file(folder / "lock")
        try_lock(lock)
        # The next run may have another TMPDIR.
        (folder / "tmp").write_bytes(os.fsencode(tmp.absolute()))
        tmp.mkdir(mode=0o700)
    return Run(run_id, folder, tmp, lock)


def sweep(run_root: Path, temporary: Path) -> SweepReport:
    """Kill and remove what dead runs under this home left behind."""
    if not run_root.is_dir():
        return SweepReport(0, 0)
    with wait_for_lock(run_root / ".lock"):
        dead = [folder for folder in run_root.iterdir() if folder.is_dir() and not _is_live(folder)]
        killed = _kill_processes({folder.name for folder in dead}) if dead else 0
        for folder in dead:
            for tmp in {_recorded_tmp(folder), temporary / f"{_TMP_PREFIX}{folder.name}"} - {None}:
                shutil.rmtree(tmp, ignore_errors=True)  # type: ignore[arg-type]
            shutil.rmtree(folder, ignore_errors=True)
    return SweepReport(len(dead), killed)


def live_runs(run_root: Path) -> set[str]:
    """Ids of the runs under this home that still hold their lock."""
    if not run_root.is_dir():
        return set()
    return {folder.name for folder in run_root.iterdir() if folder.is_dir() and _is_live(folder)}


def _recorded_tmp(folder: Path) -> Path | None:
    """The run's temporary folder as recorded; only a name that a run would generate is accepted."""
    try:
        noted = Path(os.fsdecode((folder / "tmp").read_bytes()))
    except OSError:
        return None
    return noted if noted.name == f"{_TMP_PREFIX}{folder.name}" and noted.is_absolute() else None


def _is_live(folder: Path) -> bool:
    return lock_is_held(folder / "lock")


def _kill_processes(run_ids: set[str]) -> int:
    """Kill every process that carries one of the ids, again until none is left: one may start another meanwhile."""
    killed: set[int] = set()
    for _ in range(_MAX_ROUNDS):
        found = [pid for pid in _processes() if _run_of(pid) in run_ids]
        if not found:
            break
        for pid in found:
            _kill(pid, run_ids)
        killed.update(found)
        time.sleep(0.01)
    return len(killed)


def _processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]


def _run_of(pid: int) -> str | None:
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return None
    for entry in environment.split(b"\0"):
        if entry.startswith(b"SOHOA_RUN_ID="):
            return entry.partition(b"=")[2].decode("ascii", "replace")
    return None


def _kill(pid: int, run_ids: set[str]) -> None:
    """Kill a process, sure that its number still means the same one."""
    with contextlib.suppress(OSError):
        descriptor = os.pidfd_open(pid)
        try:
            if _run_of(pid) in run_ids:
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        finally:
            os.close(descriptor)
