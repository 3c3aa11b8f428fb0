"""What Prefect shows of a batch: data as parameters, a line a file in the logs, page accounting and places as artifacts."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import samples
from tests.machine import Machine

pytestmark = pytest.mark.prefect


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A batch of one paper."""
    folder = tmp_path_factory.mktemp("scans")
    samples.make(folder, 1, 7)
    return next(path for path in sorted(folder.iterdir()) if path.is_dir() and path.name != "truth")


def rows(machine: Machine, query: str) -> list[tuple[Any, ...]]:
    """What Prefect's own database holds."""
    with sqlite3.connect(machine.home / "prefect" / "prefect.db") as database:
        return database.execute(query).fetchall()


def test_a_run_shows_its_files_its_pages_and_the_way_to_its_report(scans: Path, tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    done = machine.run("digitize", scans)
    assert done.returncode in {0, 3}, done.stderr
    assert len(done.stderr.splitlines()) <= 2, done.stderr  # Prefect's own lines stay on its page
    [(name, parameters)] = rows(machine, "SELECT name, parameters FROM flow_run")
    assert name == scans.name and str(scans) in parameters and '"files": 1' in parameters
    logs = [message for (message,) in rows(machine, "SELECT message FROM log")]
    assert any("đã đọc" in message and "trang" in message for message in logs)
    artifacts = dict(rows(machine, "SELECT key, data FROM artifact"))
    accounting = next(data for key, data in artifacts.items() if key.startswith("pages-"))
    shown = machine.json("batch", "show", scans.name)
    assert f"| Trang đã tính đủ | {shown['pages']['accounted']} |" in json.loads(accounting)
    assert any(key.startswith("report-") and "report.html" in data for key, data in artifacts.items())


def test_a_store_that_refuses_is_one_clear_line_not_a_traceback(scans: Path, tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    command = [
        sys.executable,
        "-P",
        "-m",
        "tests.faulty.steps",
        "refuse",
        "storing",
        "digitize",
        scans,
    ]
    done = subprocess.run(
        command, env=machine.environment, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr and "the store refuses" in done.stderr
    assert len(done.stderr.splitlines()) <= 4, done.stderr
