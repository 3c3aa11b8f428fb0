"""A run may be killed at any moment; the next one ends where an undisturbed one would have."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path
from typing import Any

import pytest

import samples
from tests.machine import Machine, kill_group

PAPERS = 6
KILLS = 15


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One batch of a few sample scans."""
    folder = tmp_path_factory.mktemp("scans")
    samples.make(folder, PAPERS, 7)
    batch = folder / "batch"
    batch.mkdir()
    scans = [
        path
        for path in sorted(folder.glob("*/*"))
        if path.suffix not in {".json", ".toml"} and path.is_file()
    ]
    for number, scan in enumerate(scans):
        scan.rename(batch / f"{number:02d}{scan.suffix}")
    return batch


@pytest.fixture(scope="module")
def undisturbed(inbox: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a run that nobody kills ends with."""
    machine = Machine(tmp_path_factory.mktemp("undisturbed"))
    machine.run("digitize", inbox, "--plain")
    return end_state(machine, inbox.name)


def end_state(machine: Machine, batch: str) -> dict[str, Any]:
    """Everything that must not depend on how often a run was killed."""
    shown = machine.json("batch", "show", batch)
    papers = sorted(
        (paper["sha256"], paper["pages"], paper["kind"], paper["code"], paper["route"], paper["original"])
        for paper in shown["documents"]
    )
    findings = sorted((each["file"] or "", each["rule"], each["page"] or 0) for each in shown["findings"])
    return {
        "state": shown["state"],
        "files": shown["files"],
        "pages": (shown["pages"]["in"], shown["pages"]["accounted"]),
        "papers": papers,
        "findings": findings,
    }


def assert_nothing_left(machine: Machine) -> None:
    """No process, no temporary file, no staging copy."""
    deadline = time.monotonic() + 5
    while machine.processes() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert machine.processes() == []
    assert [path for path in machine.tmp.iterdir() if path.name.startswith("sohoa")] == []
    assert [path for path in (machine.home / "run").iterdir() if path.is_dir()] == []


def test_a_plain_run_killed_at_fifteen_moments_ends_as_an_undisturbed_one(
    inbox: Path, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    machine = Machine(tmp_path)
    moments = random.Random(5283)
    kills = 0
    for _ in range(KILLS):
        process = machine.start("digitize", inbox, "--plain")
        time.sleep(moments.uniform(0.3, 6.0))
        kills += process.poll() is None
        kill_group(process)
    done = machine.run("digitize", inbox, "--plain")
    assert done.returncode in {0, 3}, done.stderr
    assert end_state(machine, inbox.name) == undisturbed
    shown = machine.json("batch", "show", inbox.name)
    in_flight = 2 * len(os.sched_getaffinity(0))
    assert shown["pages"]["ocr_passes"] <= shown["pages"]["in"] + kills * in_flight
    codes = [paper["code"] for paper in shown["documents"] if paper["code"]]
    assert len(codes) == len(set(codes))
    assert_nothing_left(machine)


def test_workers_die_with_their_parent(inbox: Path, tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    process = machine.start("digitize", inbox, "--plain")
    deadline = time.monotonic() + 30
    while len(machine.processes()) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(machine.processes()) >= 3
    kill_group(process)
    deadline = time.monotonic() + 5
    while machine.processes() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert machine.processes() == []


def test_a_second_run_finds_nothing_to_do(inbox: Path, tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.run("digitize", inbox, "--plain")
    before = machine.json("batch", "show", inbox.name)
    machine.run("digitize", inbox)
    after = machine.json("batch", "show", inbox.name)
    assert before == after
    assert not (machine.home / "prefect").exists()


@pytest.mark.prefect
def test_a_run_through_prefect_killed_twice_ends_as_an_undisturbed_one(
    inbox: Path, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    machine = Machine(tmp_path)
    for wait in (16.0, 24.0):
        process = machine.start("digitize", inbox)
        time.sleep(wait)
        kill_group(process)
    done = machine.run("digitize", inbox, timeout=400)
    assert done.returncode in {0, 3}, done.stderr
    assert end_state(machine, inbox.name) == undisturbed
    assert_nothing_left(machine)
