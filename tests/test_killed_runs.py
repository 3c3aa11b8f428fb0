"""A run may be killed at any moment; the next one ends where an undisturbed one would have."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import samples
from configs.settings import Settings
from storage.catalogue import documents
from storage.catalogue.database import Database
from storage.objects.keys import batch_key
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
        **derived(machine, batch),
    }


# What differs between two runs over the same scans: moments, and the bytes that carry them.
VOLATILE = {"created_at", "received_at", "pdfa_key", "pdfa_sha256", "attempts", "version"}


def derived(machine: Machine, batch: str) -> dict[str, Any]:
    """What belongs to a closed batch: its tables, its report, its events, and nothing that still waits."""
    key = batch_key(batch)
    store, reports = machine.home / "store", machine.home / "reports" / key
    tables = {}
    for path in sorted((store / "derived" / "batches" / key).glob("*.parquet")):
        table = pd.read_parquet(path)
        table = table[[column for column in table.columns if column not in VOLATILE]]
        rows = [str(row) for row in table.to_dict("records")]
        tables[path.stem] = sorted(rows) if path.stem != "findings" else len(rows)
    database = Database(Settings(home=machine.home).catalogue_url)
    try:
        waiting = documents.events_to_export(database, batch)
    finally:
        database.close()
    stored = [
        json.loads(line)
        for path in (store / "events" / key).rglob("*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    kinds = {"ingestion", "code issued", "set aside", "linked"}
    return {
        "tables": tables,
        "report": sorted(path.name for path in reports.iterdir() if path.is_file())
        if reports.exists()
        else [],
        "events": sorted((event["type"], event["outcome"]) for event in stored if event["type"] in kinds),
        "waiting": len(waiting),
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


def start_faulty(machine: Machine, how: str, step: str, *arguments: str | Path) -> subprocess.Popen[bytes]:
    """The command line with a closing that dies at a step."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "tests.faulty.closing", how, step, *map(str, arguments)],
        env=machine.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


@pytest.fixture(scope="module")
def left_closing(inbox: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A machine whose run was killed as it began to close the batch."""
    machine = Machine(tmp_path_factory.mktemp("closing"))
    process = start_faulty(machine, "kill", "write_batch_tables", "digitize", inbox, "--plain")
    assert process.wait(timeout=240) == -signal.SIGKILL
    return machine.folder


@pytest.mark.parametrize("how", ["kill", "refuse"])
@pytest.mark.parametrize("step", ["write_batch_tables", "write_reports", "send_all", "end_closing"])
def test_a_closing_that_was_killed_or_refused_is_made_good_by_the_next_run(
    inbox: Path, undisturbed: dict[str, Any], left_closing: Path, tmp_path: Path, how: str, step: str
) -> None:
    shutil.copytree(left_closing, tmp_path, dirs_exist_ok=True)
    machine = Machine(tmp_path)
    process = start_faulty(machine, how, step, "digitize", inbox, "--plain")
    assert process.wait(timeout=240) == (-signal.SIGKILL if how == "kill" else 1)
    (listed,) = machine.json("batch", "list")
    assert listed["state"] == "closing"
    assert "chưa kết xong" in machine.run("alerts", "check").stdout
    done = machine.run("digitize", inbox)
    assert done.returncode in {0, 3}, done.stderr
    assert not (machine.home / "prefect").exists()
    assert end_state(machine, inbox.name) == undisturbed
    assert "chưa kết xong" not in machine.run("alerts", "list").stdout
    assert_nothing_left(machine)


def test_a_run_that_the_store_refused_is_made_good_by_the_next_one(
    inbox: Path, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    machine = Machine(tmp_path)
    process = start_faulty(machine, "refuse", "put_if_absent", "digitize", inbox, "--plain")
    assert process.wait(timeout=240) == 1
    # What refuses the papers refuses the events too: the batch stays to be closed, and says so.
    assert machine.json("batch", "show", inbox.name)["state"] == "closing"
    machine.run("digitize", inbox, "--plain")
    assert end_state(machine, inbox.name) == undisturbed


def test_a_batch_left_closing_is_closed_by_the_run_of_another(
    inbox: Path, undisturbed: dict[str, Any], left_closing: Path, tmp_path: Path
) -> None:
    shutil.copytree(left_closing, tmp_path, dirs_exist_ok=True)
    machine = Machine(tmp_path)
    (machine.inbox / "other").mkdir()
    (machine.inbox / "other" / "empty.pdf").touch()
    machine.run("digitize", machine.inbox / "other", "--plain")
    assert end_state(machine, inbox.name) == undisturbed


def test_board_and_alerts_never_hold_a_finished_batch_back(
    inbox: Path, undisturbed: dict[str, Any], left_closing: Path, tmp_path: Path
) -> None:
    shutil.copytree(left_closing, tmp_path, dirs_exist_ok=True)
    machine = Machine(tmp_path)
    process = start_faulty(machine, "kill", "update_board_and_alerts", "digitize", inbox, "--plain")
    assert process.wait(timeout=240) == -signal.SIGKILL
    assert end_state(machine, inbox.name) == undisturbed


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
