"""Programs run as a person runs them, with the time, processor time and memory they took.

A benchmark that lacks its peer must fail, never print half a table: `NotRun` is raised and the command ends with 5.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
SOHOA = ROOT / ".venv" / "bin" / "sohoa"
PEER = ROOT / ".venv-bench" / "bin" / "ocrmypdf"
_PAGE = os.sysconf("SC_PAGE_SIZE")


class NotRun(Exception):
    """A program that had to run did not, or did not do all of its work."""


class Spent(NamedTuple):
    """What a program and all its children took.

    Attributes:
        wall: seconds by the clock.
        cpu: processor seconds, user and system, of all processes that ended.
        load: the machine's load average (1 min) when it began.
        peak: most bytes any one process held resident; 0 if not watched.
        peaks: most bytes by process, the largest first; empty if not watched.
    """

    wall: float
    cpu: float
    load: float
    peak: int = 0
    peaks: tuple[int, ...] = ()


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(argv: Sequence[str | Path], *, log: Path, watch: bool = False, timeout: float = 7200) -> Spent:
    """Run a program to its end.

    Raises:
        NotRun: it cannot be started, or ends otherwise than with 0.
    """
    load, before, started = os.getloadavg()[0], _children_cpu(), time.monotonic()
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    try:
        with log.open("wb") as out:
            process = subprocess.Popen([str(part) for part in argv], stdout=out, stderr=out, env=environment)
            watcher = _Watcher(process.pid) if watch else None
            try:
                code = process.wait(timeout=timeout)
            except BaseException:
                process.kill()
                process.wait()
                raise
            finally:
                if watcher:
                    watcher.stop()
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotRun(f"{argv[0]}: {error}") from error
    if code:
        said = log.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise NotRun(f"{argv[0]} ended with {code}:\n{said}")
    peaks = tuple(sorted(watcher.peaks.values(), reverse=True)) if watcher else ()
    spent = _children_cpu() - before
    return Spent(time.monotonic() - started, spent, load, peaks[0] if peaks else 0, peaks)


def measured(work: Callable[[], object], name: str) -> Spent:
    """Call what starts programs of its own and waits for them.

    Raises:
        NotRun: one of them failed.
    """
    load, before, started = os.getloadavg()[0], _children_cpu(), time.monotonic()
    try:
        work()
    except (OSError, subprocess.SubprocessError) as error:
        raise NotRun(f"{name}: {error}") from error
    return Spent(time.monotonic() - started, _children_cpu() - before, load)


class _Watcher:
    """Looks five times a second at what a process and its descendants hold resident."""

    def __init__(self, pid: int) -> None:
        self.peaks: dict[int, int] = {}
        self._pid, self._ended = pid, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(0.2):
            for pid in _descendants(self._pid):
                with suppress(OSError, IndexError, ValueError):
                    held = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
                    self.peaks[pid] = max(self.peaks.get(pid, 0), held)


def _descendants(pid: int) -> list[int]:
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, IndexError, ValueError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family and child not in family}:
        family |= more
    return sorted(family)


def version_of(argv: Sequence[str | Path]) -> str:
    """First number in what a program says of its version.

    Raises:
        NotRun: it is not there.
    """
    try:
        done = subprocess.run(
            [str(part) for part in argv], capture_output=True, text=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise NotRun(f"{argv[0]} is not there ({error}); run: make bench") from error
    found = re.search(r"\d+(?:\.\d+)+", done.stdout + done.stderr)
    if found is None:
        raise NotRun(f"{argv[0]} told no version")
    return found[0]


def peer_version() -> str:
    """The peer's version.

    Raises:
        NotRun: it is absent, is not version 17, or lacks Ghostscript.
    """
    version = version_of([PEER, "--version"])
    if not version.startswith("17."):
        raise NotRun(f"the peer is OCRmyPDF {version}, wanted 17; run: make bench")
    version_of(["gs", "--version"])
    return version


def fail(error: NotRun) -> int:
    """Say that a benchmark did not run."""
    sys.stderr.write(f"NOT RUN: {error}\n")
    return 5


def machine() -> str:
    """The machine in a few words."""
    names = re.findall(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    memory = int(re.findall(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())[0]) / 1024**2
    return f"{os.cpu_count()} cores ({names[0] if names else 'unknown'}), {memory:.0f} GiB"
