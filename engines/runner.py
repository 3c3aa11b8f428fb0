"""Runs an external program so that it can always be ended: own process group, limits set before, output bounded."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from schemas.errors import SourceError


class ProgramTimedOut(SourceError):
    """The program ran past its limit; its process group was killed."""


class ProgramFailed(SourceError):
    """The program ended with an error; `params` hold its exit code and the end of its stderr."""


class Program(NamedTuple):
    """A program found on this machine."""

    name: str
    path: str
    version: str


class Completed(NamedTuple):
    """What a program left: exit code, output (cut at the limit) and seconds taken."""

    returncode: int
    stdout: bytes
    stderr: bytes
    seconds: float


def limit_memory(size: int | None) -> Callable[[], None] | None:
    """A pre-exec step that bounds private memory. RLIMIT_DATA, not RLIMIT_AS: mapped files and fonts are no danger."""
    if size is None:
        return None

    def apply() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (size, size))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    return apply


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all it started, and reap it."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        process.kill()
    process.wait()


def run(
    argv: Sequence[str | os.PathLike[str]],
    *,
    rule: str = "page_broken",
    timeout: float,
    memory: int | None = None,
    env: Mapping[str, str] | None = None,
    max_output: int = 64_000_000,
    check: bool = True,
) -> Completed:
    """Run a program to its end or its limit.

    Args:
        argv: program and arguments; never a shell.
        rule: the finding that a failure becomes.
        timeout: seconds; then the whole process group is killed.
        memory: bytes of private memory, None for no limit.
        env: added to this process's environment.
        max_output: bytes of stdout kept.
        check: raise when the exit code is not 0.

    Raises:
        ProgramTimedOut: the limit passed.
        ProgramFailed: it could not start, or ended with an error and `check` is set.
    """
    started = time.monotonic()
    name = Path(argv[0]).name
    try:
        process = subprocess.Popen(
            [os.fspath(part) for part in argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **(env or {})},
            start_new_session=True,
            preexec_fn=limit_memory(memory),  # noqa: PLW1509 - setrlimit only, no locks taken
        )
    except OSError as error:
        raise ProgramFailed(rule, f"{name}: {error}", program=name, detail=str(error)) from error
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as error:
        raise ProgramTimedOut(rule, f"{name}: no end after {timeout:g} s", program=name, seconds=timeout) from error
    finally:
        if process.poll() is None:
            kill_group(process)
    if check and process.returncode != 0:
        tail = stderr[-400:].decode("utf-8", "backslashreplace").strip()
        raise ProgramFailed(rule, f"{name}: exit {process.returncode}: {tail}", program=name, detail=tail)
    return Completed(process.returncode, stdout[:max_output], stderr[-100_000:], time.monotonic() - started)


def find(name: str) -> str | None:
    """Path of a program on PATH, or None."""
    return shutil.which(name)
