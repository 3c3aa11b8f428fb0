"""A home, an inbox and the `sohoa` command for tests: real processes, real files, nothing of the user's own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


class Machine:
    """A private home and TMPDIR, and the command line run in them.

    Attributes:
        core: the one processor core that it has; None for all there are.
    """

    core: int | None = None

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.home, self.tmp, self.inbox = folder / "home", folder / "tmp", folder / "inbox"
        for path in (self.tmp, self.inbox):
            path.mkdir(parents=True, exist_ok=True)
        self.environment = {
            **os.environ,
            "SOHOA_HOME": str(self.home),
            "TMPDIR": str(self.tmp),
            "PYTHONPATH": str(ROOT),
            "SOHOA_VERAPDF": "off",
            "SOHOA_CONFIRM_TYPED": "off",  # tests/test_confirmed_codes.py has the default
            "PYTHONWARNINGS": "",
            **environment,
        }

    def argv(self, *arguments: str) -> list[str]:
        """The command as a list."""
        held = [] if self.core is None else ["taskset", "--cpu-list", str(self.core)]
        return [*held, sys.executable, "-P", "-m", "cli", *arguments]

    def run(self, *arguments: str | Path, timeout: float = 240) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self.argv(*map(str, arguments)),
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def json(self, *arguments: str | Path) -> Any:
        """Run a command with `--json` and parse its one answer."""
        done = self.run(*arguments, "--json")
        assert done.stdout.strip(), done.stderr
        return json.loads(done.stdout)

    def lines(self, *arguments: str | Path) -> list[Any]:
        """Run a command with `--json` and parse its answer line by line."""
        return [json.loads(line) for line in self.run(*arguments, "--json").stdout.splitlines()]

    def start(self, *arguments: str | Path) -> subprocess.Popen[bytes]:
        """Start a command in its own process group, heeding Ctrl-C also where the suite itself was told not to."""
        return subprocess.Popen(
            ["env", "--default-signal=INT", *self.argv(*map(str, arguments))],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def processes(self) -> list[int]:
        """Live processes that carry this machine's home in their environment."""
        marker = f"SOHOA_HOME={self.home}".encode()
        alive = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if marker in (entry / "environ").read_bytes().split(b"\0"):
                    alive.append(int(entry.name))
            except OSError:
                continue
        return alive


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """`kill -9` of the whole process group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def names(rows: Sequence[dict[str, Any]], key: str) -> list[Any]:
    """One column of a list of objects."""
    return [row[key] for row in rows]
