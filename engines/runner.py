"""Start other programs so that they can always be killed, and never outlive this process.

Every program gets its own session and process group. Its limits are set before it works; its output is kept only up
to a bound; whatever it started is killed with it. How it dies with us, even when we are killed by SIGKILL: see `start`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import resource
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from schemas.errors import SourceError

_CHUNK = 1 << 16
_STDERR_KEPT = 100_000
_POLL_SECONDS = 0.1
_GRACE_SECONDS = 0.3


class ProgramTimedOut(SourceError):
    """The program ran past its limit; its process group was killed."""


class ProgramFailed(SourceError):
    """The program did not start, ended with an error or printed too much; `params` hold `program` and `detail`."""


class Program(NamedTuple):
    """A program found on this machine."""

    name: str
    path: str
    version: str


class Completed(NamedTuple):
    """Result of a program: exit code, its output, the end of its stderr, and seconds taken."""

    returncode: int
    stdout: bytes
    stderr: bytes
    seconds: float


class Child:
    """A started program. `end` kills it with all it started; forgetting the object does not."""

    def __init__(self, process: subprocess.Popen[bytes], guard: int) -> None:
        self.process = process
        self._guard = guard

    def ended(self) -> bool:
        """True if the program itself has ended. Does not reap it: its process group keeps its number until `end`."""
        if self.process.returncode is not None:
            return True
        return os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def end(self) -> int:
        """Kill the whole process group, reap the program and return its exit code. May be called again."""
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        if self._guard >= 0:
            os.close(self._guard)
            self._guard = -1
        return self.process.returncode


def start(
    argv: Sequence[str | os.PathLike[str]],
    *,
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    stdout: int | IO[bytes] = subprocess.PIPE,
    stderr: int | IO[bytes] = subprocess.PIPE,
    cwd: str | os.PathLike[str] | None = None,
    env: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
    memory: int | None = None,
) -> Child:
    """Start a program that dies when we do.

    It inherits the read end of a pipe whose write end only we hold. When we die, however we die, the kernel closes the
    write end and, as asked by F_SETSIG, sends SIGKILL to the program's whole group. Nothing has to be scheduled for
    that, in us or in it: a program stuck in a loop dies like any other. (Where the kernel knows no F_SETSIG, the sweep
    of the next run does it.)

    Args:
        argv: program and arguments; never a shell.
        stdin: as for `subprocess.Popen`.
        stdout: the same.
        stderr: the same.
        cwd: its working directory.
        env: added to this process's environment.
        pass_fds: descriptors it inherits.
        memory: bytes of private memory (RLIMIT_DATA, not RLIMIT_AS: mapped files and fonts are no danger).

    Raises:
        OSError: it could not be started.
    """
    read_end, guard = os.pipe()
    try:
        process = subprocess.Popen(
            [os.fspath(part) for part in argv],
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            pass_fds=(*pass_fds, read_end),
            start_new_session=True,
        )
        _kill_group_on_close(read_end, process.pid)
    except BaseException:
        os.close(guard)
        raise
    finally:
        os.close(read_end)
    if memory is not None:
        _limit_memory(process.pid, memory)
    return Child(process, guard)


def _kill_group_on_close(read_end: int, group: int) -> None:
    if not hasattr(fcntl, "F_SETSIG"):
        return
    fcntl.fcntl(read_end, fcntl.F_SETOWN, -group)
    fcntl.fcntl(read_end, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(read_end, fcntl.F_SETFL, fcntl.fcntl(read_end, fcntl.F_GETFL) | os.O_ASYNC)


def _limit_memory(pid: int, size: int) -> None:
    """Bound a running program's private memory; set from outside, so that starting it needs no fork of ours."""
    ceiling = resource.getrlimit(resource.RLIMIT_DATA)[1]
    bound = size if ceiling == resource.RLIM_INFINITY else min(size, ceiling)
    with contextlib.suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_DATA, (bound, bound))
        resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))


def run(
    argv: Sequence[str | os.PathLike[str]],
    *,
    timeout: float,
    rule: str = "page_broken",
    memory: int | None = None,
    input: bytes | None = None,
    cwd: str | os.PathLike[str] | None = None,
    env: Mapping[str, str] | None = None,
    max_output: int = 64_000_000,
    check: bool = True,
) -> Completed:
    """Run a program to its end or its limit. Whatever it left running in its group is killed either way.

    Args:
        argv: program and arguments; never a shell.
        timeout: seconds.
        rule: the finding that a failure becomes; a time-out is always `page_timed_out`.
        memory: bytes of private memory, None for no limit.
        input: written to its stdin.
        cwd: its working directory.
        env: added to this process's environment.
        max_output: bytes of stdout; a program that prints more has failed.
        check: raise when the exit code is not 0.

    Raises:
        ProgramTimedOut: the limit passed.
        ProgramFailed: it could not start, printed too much, or ended with an error and `check` is set.
    """
    name, started = Path(argv[0]).name, time.monotonic()
    stdin = subprocess.PIPE if input else subprocess.DEVNULL
    try:
        child = start(argv, stdin=stdin, cwd=cwd, env=env, memory=memory)
    except OSError as error:
        raise ProgramFailed(rule, f"{name}: {error}", program=name, detail=str(error)) from error
    pump = _Pump(child, input or b"", max_output)
    try:
        pump.work(started + timeout)
    except TimeoutError as error:
        message = f"{name}: no end after {timeout:g} s"
        raise ProgramTimedOut("page_timed_out", message, program=name, seconds=timeout) from error
    except OverflowError as error:
        message = f"{name}: more than {max_output} bytes of output"
        raise ProgramFailed(rule, message, program=name, detail=message) from error
    finally:
        returncode = child.end()
        pump.close()
    stderr = bytes(pump.stderr)
    if check and returncode != 0:
        tail = stderr[-400:].decode("utf-8", "backslashreplace").strip()
        raise ProgramFailed(rule, f"{name}: exit {returncode}: {tail}", program=name, detail=tail)
    return Completed(returncode, bytes(pump.stdout), stderr, time.monotonic() - started)


class _Pump:
    """Feed a program's stdin and collect its output, within bounds."""

    def __init__(self, child: Child, given: bytes, max_output: int) -> None:
        self.stdout, self.stderr = bytearray(), bytearray()
        self._child, self._given, self._max_output = child, memoryview(given), max_output
        self._selector = selectors.DefaultSelector()
        for stream in (child.process.stdout, child.process.stderr, child.process.stdin):
            if stream is not None:
                os.set_blocking(stream.fileno(), False)
                writes = stream is child.process.stdin
                self._selector.register(stream, selectors.EVENT_WRITE if writes else selectors.EVENT_READ)

    def work(self, deadline: float) -> None:
        """Pump until the program has ended. A descendant that keeps the pipes open is not waited for."""
        ended_at: float | None = None
        while ended_at is None or (self._selector.get_map() and time.monotonic() < ended_at + _GRACE_SECONDS):
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            if self._selector.get_map():
                for key, _ in self._selector.select(min(left, _POLL_SECONDS)):
                    self._move(key.fileobj)
            else:
                time.sleep(min(left, 0.001))
            if ended_at is None and self._child.ended():
                ended_at = time.monotonic()

    def _move(self, stream: object) -> None:
        process = self._child.process
        if stream is process.stdin and process.stdin is not None:
            self._feed(process.stdin)
            return
        kept = self.stdout if stream is process.stdout else self.stderr
        data = os.read(stream.fileno(), _CHUNK)  # type: ignore[attr-defined]
        if not data:
            self._selector.unregister(stream)  # type: ignore[arg-type]
        kept += data
        if len(self.stdout) > self._max_output:
            raise OverflowError
        if len(self.stderr) > 2 * _STDERR_KEPT:
            del self.stderr[:-_STDERR_KEPT]

    def _feed(self, stdin: IO[bytes]) -> None:
        try:
            self._given = self._given[os.write(stdin.fileno(), self._given[:_CHUNK]) :]
        except BrokenPipeError:
            self._given = self._given[:0]
        if not self._given:
            self._selector.unregister(stdin)
            stdin.close()

    def close(self) -> None:
        """Close the pipes."""
        self._selector.close()
        for stream in (self._child.process.stdout, self._child.process.stderr, self._child.process.stdin):
            if stream is not None:
                stream.close()


def find(name: str) -> str | None:
    """Path of a program on PATH, or None."""
    return shutil.which(name)


def probe(name: str, *, argument: str = "--version", pattern: bytes = rb"(\d+(?:\.\d+)+)") -> Program | None:
    """A program on PATH with its reported version ("?" if there is none), or None."""
    path = find(name)
    if path is None:
        return None
    result = run([path, argument], timeout=20, check=False, max_output=1_000_000)
    match = re.search(pattern, result.stdout + result.stderr)
    return Program(name, path, match[1].decode() if match else "?")
