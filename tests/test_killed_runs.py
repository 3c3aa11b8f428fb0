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
from tests.kept_home import machine_with
from tests.machine import Machine, kill_group
from tests.reviewed_batch import BATCH, RIGHT, copy_of, exported, fill

PAPERS = 4
RANDOM_KILLS = 100
# Where a run is killed, one after the other: each goes on from where the one before it died.
POINTS = ("staging:2", "reading:2", "storing:3", "committing:2", "sending:2", "tables", "report", "exporting")


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


# What differs between two runs over the same scans: moments, and the bytes that carry them (with the names they give).
VOLATILE = {"created_at", "received_at", "pdfa_key", "pdfa_sha256", "sidecar_key", "attempts", "version"}


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


def assert_whole(machine: Machine, batch: str, undisturbed: dict[str, Any]) -> None:
    """The batch is as a run that nobody killed leaves it, everything stored of it is whole, and nothing lies about."""
    assert end_state(machine, batch) == undisturbed
    assert_nothing_left(machine)
    done = machine.run("verify", "--json")
    assert (done.returncode, json.loads(done.stdout)["damage"]) == (0, []), done.stderr


def test_a_run_killed_at_every_named_point_ends_as_an_undisturbed_one(
    inbox: Path, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    machine = Machine(tmp_path)
    for point in POINTS:
        process = start_faulty(machine, "kill", point, "digitize", inbox, "--plain")
        assert process.wait(timeout=240) == -signal.SIGKILL, point
    done = machine.run("digitize", inbox, "--plain")
    assert done.returncode in {0, 3}, done.stderr
    shown = machine.json("batch", "show", inbox.name)
    in_flight = 2 * len(os.sched_getaffinity(0))
    assert shown["pages"]["ocr_passes"] <= shown["pages"]["in"] + len(POINTS) * in_flight
    codes = [paper["code"] for paper in shown["documents"] if paper["code"]]
    assert len(codes) == len(set(codes))
    assert_whole(machine, inbox.name, undisturbed)
    # What the killed runs left in the store is no part of a catalogue that is made of it.
    for file in machine.home.glob("catalogue.db*"):
        file.unlink()
    assert machine.run("rebuild").returncode == 0
    assert machine.json("batch", "show", inbox.name) == shown


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_runs_killed_at_a_hundred_random_moments_end_as_undisturbed_ones(
    inbox: Path, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    moments = random.Random(5283)
    kills = homes = 0
    while kills < RANDOM_KILLS:
        machine = Machine(tmp_path / str(homes))
        homes += 1
        # A home's last run is left to end, whether by us or because it was faster than its kill.
        for _ in range(12):
            process = machine.start("digitize", inbox, "--plain")
            try:
                process.wait(timeout=moments.uniform(0.3, 6.0))
                break
            except subprocess.TimeoutExpired:
                kill_group(process)
                kills += 1
        done = machine.run("digitize", inbox, "--plain")
        assert done.returncode in {0, 3}, done.stderr
        assert_whole(machine, inbox.name, undisturbed)
        shutil.rmtree(machine.folder)


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
    """The command line that dies, or is refused, at a step (tests/faulty/steps.py)."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "tests.faulty.steps", how, step, *map(str, arguments)],
        env=machine.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


@pytest.fixture(scope="module")
def left_closing(inbox: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A machine whose run was killed as it began to close the batch."""
    machine = Machine(tmp_path_factory.mktemp("closing"))
    process = start_faulty(machine, "kill", "tables", "digitize", inbox, "--plain")
    assert process.wait(timeout=240) == -signal.SIGKILL
    return machine.folder


@pytest.mark.parametrize(
    ("how", "step"),
    [("kill", "end of closing"), *(("refuse", step) for step in ("tables", "report", "exporting"))],
)
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
    process = start_faulty(machine, "refuse", "storing", "digitize", inbox, "--plain")
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
    process = start_faulty(machine, "kill", "board", "digitize", inbox, "--plain")
    assert process.wait(timeout=240) == -signal.SIGKILL
    assert end_state(machine, inbox.name) == undisturbed


@pytest.mark.prefect
def test_a_run_through_prefect_killed_at_two_named_points_ends_as_an_undisturbed_one(
    inbox: Path, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    machine = Machine(tmp_path)
    for point in ("reading:2", "committing:2"):
        process = start_faulty(machine, "kill", point, "digitize", inbox)
        assert process.wait(timeout=240) == -signal.SIGKILL, point
    done = machine.run("digitize", inbox, timeout=400)
    assert done.returncode in {0, 3}, done.stderr
    assert_whole(machine, inbox.name, undisturbed)


@pytest.fixture(scope="module")
def reviewed(digitised: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A digitised home with papers that wait for a person, and the workbook in which she answered."""
    folder = tmp_path_factory.mktemp("asked")
    with copy_of(digitised, folder) as workspace:
        workbook = exported(workspace, folder / "ra.xlsx")
    fill(workbook, dict(RIGHT))
    return digitised, workbook


def imported(machine: Machine, workbook: Path) -> dict[str, Any]:
    """What the batch is once its workbook has been imported by the run that nobody kills."""
    done = machine.run("review", "import", workbook)
    assert done.returncode == 0, done.stderr
    answer = end_state(machine, BATCH)
    assert machine.run("verify").returncode == 0
    return answer


def test_a_review_import_killed_while_it_is_committed_or_closed_ends_as_an_undisturbed_one(
    reviewed: tuple[Path, Path], tmp_path: Path
) -> None:
    home, workbook = reviewed
    undisturbed = imported(machine_with(home, tmp_path / "one"), workbook)
    machine = machine_with(home, tmp_path / "other")
    before = machine.json("batch", "show", BATCH)
    for point in ("committing:2", "tables"):
        process = start_faulty(machine, "kill", point, "review", "import", workbook)
        assert process.wait(timeout=240) == -signal.SIGKILL, point
        if point == "committing:2":
            assert machine.json("batch", "show", BATCH) == before
    assert imported(machine, workbook) == undisturbed
    assert_nothing_left(machine)


def test_a_rebuild_killed_before_it_is_whole_changes_nothing_and_is_made_good_by_the_next(
    reviewed: tuple[Path, Path], tmp_path: Path
) -> None:
    machine = machine_with(reviewed[0], tmp_path)
    undisturbed = machine.json("batch", "show", BATCH), end_state(machine, BATCH)
    for file in machine.home.glob("catalogue.db*"):
        file.unlink()
    process = start_faulty(machine, "kill", "rebuilding", "rebuild")
    assert process.wait(timeout=240) == -signal.SIGKILL
    assert not (machine.home / "catalogue.db").exists()
    assert machine.run("rebuild").returncode == 0
    assert (machine.json("batch", "show", BATCH), end_state(machine, BATCH)) == undisturbed
    assert not list(machine.home.glob("*.rebuilt*"))
    assert machine.run("verify").returncode == 0
    assert_nothing_left(machine)


def test_a_backup_killed_as_it_is_written_leaves_no_backup_and_the_next_one_can_be_restored(
    reviewed: tuple[Path, Path], tmp_path: Path
) -> None:
    machine = machine_with(reviewed[0], tmp_path / "one")
    undisturbed = machine.json("batch", "show", BATCH)
    out = tmp_path / "out" / "sao-lưu.tar.gz"
    out.parent.mkdir()
    process = start_faulty(machine, "kill", "writing a backup", "backup", out)
    assert process.wait(timeout=240) == -signal.SIGKILL
    assert not out.exists()
    assert machine.run("backup", out).returncode == 0
    assert list(out.parent.iterdir()) == [out]
    restored = Machine(tmp_path / "other", SOHOA_STORE__ROOT=str(machine.home / "store"))
    assert restored.run("restore", out).returncode == 0
    assert restored.json("batch", "show", BATCH) == undisturbed
    assert restored.run("verify").returncode == 0
    assert_nothing_left(machine)
