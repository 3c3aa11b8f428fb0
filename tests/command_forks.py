"""The `sohoa` command in a fork of a process that has its modules loaded: the same entry point, a second sooner.

For tests that give many quick commands. What a command imports, and how it dies, is tested on processes of its own.
Run as a module, it reads one command a line and answers its exit code. No test lives here.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from cli.app import main
from cli.commands import COMMANDS, Table
from quality.expectations import library
from tests.machine import ROOT, Machine

# Imported inside functions, where they are needed; heavy.
_LATER = ("workspace.reporting", "workspace.board", "workspace.alerting", "workspace.tracing")


class Forks:
    """The process that forks; one for the whole suite."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tests.command_forks"],
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": ""},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, order: dict[str, Any]) -> int:
        """Run one command to its end. Returns its exit code."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


class ForkedMachine(Machine):
    """The command line over a home, each command in a fork."""

    def __init__(self, forks: Forks, folder: Path, **environment: str) -> None:
        super().__init__(folder, **environment)
        self._forks = forks

    def run(self, *arguments: str | Path, timeout: float = 240) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        del timeout
        out, err = self.folder / "out.txt", self.folder / "err.txt"
        argv = ["sohoa", *map(str, arguments)]
        code = self._forks.run({"argv": argv, "env": self.environment, "out": str(out), "err": str(err)})
        return subprocess.CompletedProcess(
            argv, code, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8")
        )


def quick_machine(forks: Forks, home: Path, folder: Path) -> Machine:
    """The command line over a copy of a home, as `kept_home.machine_with` gives it, in forks."""
    made = ForkedMachine(
        forks, folder, SOHOA_OPERATOR="chị Lan", SOHOA_ORCHESTRATOR="plain", SOHOA_WORKERS="1"
    )
    shutil.copytree(home, made.home)
    return made


def _load(table: Table) -> None:
    """Import the module of every command."""
    for target in table.values():
        if isinstance(target, str):
            importlib.import_module(target.partition(":")[0])
        else:
            _load(target)


def _serve() -> None:
    _load(COMMANDS)
    for name in _LATER:
        importlib.import_module(name)
    library()
    gc.freeze()  # else each child looks through all that was imported as it ends
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _become(json.loads(line))
            main()
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _become(order: dict[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(order["env"])
    tempfile.tempdir = None  # the parent's, where an import has asked for it
    sys.argv = order["argv"]
    for number, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, order["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, order["err"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        descriptor = os.open(path, flags, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)


if __name__ == "__main__":
    _serve()
