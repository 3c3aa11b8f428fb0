"""Machines with homes of their own work on one batch: through real PostgreSQL, S3 and Prefect, with real kills."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from samples.making import make_one
from tests.cluster import Cluster, PrefectServer, kill_all
from tests.machine import ROOT, Machine
from tests.servers import postgresql_server, versitygw

PAPERS = 20


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The servers that the machines share."""
    folder = tmp_path_factory.mktemp("cluster")
    with postgresql_server() as database, versitygw(folder / "s3") as s3:
        for name in ("sohoa", "prefect"):
            database.execute(f"CREATE DATABASE {name}")
        prefect = PrefectServer(folder / "prefect", database.url_of("prefect"))
        prefect.start()
        try:
            yield Cluster(folder, database, s3, prefect)
        finally:
            prefect.kill()


@pytest.fixture
def batch(tmp_path: Path) -> Callable[..., Path]:
    """Makes batches of papers with their sheet."""

    def make(seed: int, papers: int = PAPERS) -> Path:
        out = tmp_path / f"mau-{seed}"
        argv = [sys.executable, "-m", "samples", str(out), "--papers", str(papers), "--seed", str(seed)]
        subprocess.run([*argv, "--batches", "2021-so-xay-dung", "--quiet"], check=True, cwd=ROOT)
        return (out / "2021-so-xay-dung").rename(tmp_path / f"lo-{seed}")

    return make


def ended(machine: Machine, folder: Path, running: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Wait for a run to end; the batch as another command then shows it."""
    assert running.wait(240) in {0, 3}
    return dict(machine.json("batch", "show", folder.name))


def until(what: Callable[[], bool], seconds: float = 120) -> None:
    """Wait for something to be so."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def take(found: Machine | None, into: list[Machine]) -> bool:
    """Keep what was found."""
    into += [found] if found else []
    return found is not None


def nothing_lost_nothing_twice(cluster: Cluster, shown: dict[str, Any], expected: int = PAPERS) -> None:
    """Every file read, every page accounted for, every paper once, every code once, nothing left on the way."""
    files, pages = shown["files"], shown["pages"]
    assert shown["state"] == "finished"
    assert files["in"] == files["read"] > 0 == files["set_aside"] + files["not_started"]
    assert pages["in"] == pages["accounted"] >= expected
    papers = [paper["id"] for paper in shown["documents"]]
    assert len(papers) == len(set(papers)) == expected
    codes = [paper["code"] for paper in shown["documents"] if paper["code"]]
    assert len(codes) == len(set(codes)) > 0
    assert cluster.intake() == []


def test_three_machines_read_one_batch_and_one_that_is_killed_is_taken_over(
    cluster: Cluster, batch: Callable[..., Path]
) -> None:
    folder = batch(11)
    first = cluster.machine("m0")
    workers = [cluster.machine(f"m{number}") for number in (1, 2, 3)]
    with cluster.workers(*workers):
        running = first.start("digitize", folder)
        until(lambda: len(cluster.claims("chunk")) >= 2)
        # A second home asked for the batch says who has it, in time to be told.
        other = cluster.machine("m4").run("digitize", folder)
        assert other.returncode == 1 and "chị Lan" in other.stderr and folder.name in other.stderr
        victims: list[Machine] = []
        until(lambda: bool(victims) or take(cluster.at_work(*workers), victims))
        kill_all(victims[0])
        # What it had in hand is given out again within two minutes, or it had nothing in hand.
        until(lambda: cluster.attempts(folder.name) > 1 or running.poll() is not None)
        shown = ended(first, folder, running)
    nothing_lost_nothing_twice(cluster, shown)
    assert first.run("verify").returncode == 0
    again = first.json("digitize", folder)
    assert again["pages"]["ocr_passes"] == shown["pages"]["ocr_passes"], "a second run reads nothing"


def test_prefect_and_postgresql_are_killed_in_the_middle_and_the_batch_ends_whole(
    cluster: Cluster, batch: Callable[..., Path]
) -> None:
    folder = batch(12)
    first, worker = cluster.machine("n0"), cluster.machine("n1")
    with cluster.workers(worker):
        running = first.start("digitize", folder)
        until(lambda: bool(cluster.claims("chunk")))
        cluster.prefect.kill()
        time.sleep(2)
        cluster.prefect.start()
        until(lambda: cluster.files_ended(folder.name) >= 3)
        cluster.database.kill()
        time.sleep(3)
        cluster.database.start()
        shown = ended(first, folder, running)
    nothing_lost_nothing_twice(cluster, shown)


def test_a_worker_under_other_rules_refuses_and_the_run_says_so(
    cluster: Cluster, batch: Callable[..., Path]
) -> None:
    folder = batch(13, papers=6)
    first = cluster.machine("o0", SOHOA_MACHINES__WORKER_MINUTES="0.4")
    other = cluster.machine("o1", SOHOA_WORK_AGENCY="Trung tâm khác")
    with cluster.workers(other):
        done = first.run("digitize", folder)
    assert done.returncode == 5
    assert "worker_says" in done.stderr and "rendition" in done.stderr
    assert "sohoa worker" in done.stderr
    shown = first.json("batch", "show", folder.name)
    assert shown["state"] == "failed" and shown["files"]["not_started"] == shown["files"]["in"]
    with cluster.workers(cluster.machine("o2")):
        assert first.run("digitize", folder).returncode in {0, 3}
    nothing_lost_nothing_twice(cluster, first.json("batch", "show", folder.name), 6)


def test_a_worker_that_sleeps_past_its_lease_writes_nothing_over_its_successor(
    cluster: Cluster, batch: Callable[..., Path]
) -> None:
    folder = batch(14, papers=10)
    first, sleeper, other = (cluster.machine(name) for name in ("p0", "p1", "p2"))
    with cluster.workers(sleeper):
        running = first.start("digitize", folder)
        asleep: list[int] = []
        until(lambda: stopped_at_work(cluster, sleeper, folder.name, asleep))
        with cluster.workers(other):
            until(lambda: cluster.at_work(other) is not None and cluster.attempts(folder.name) > 1)
            send(asleep, signal.SIGCONT)
            shown = ended(first, folder, running)
    nothing_lost_nothing_twice(cluster, shown, 10)


def test_a_big_file_is_read_in_ranges_by_several_machines_and_each_page_once(
    cluster: Cluster, tmp_path: Path
) -> None:
    folder = tmp_path / "sach-day"
    folder.mkdir()
    with pikepdf.new() as book:
        for number in range(12):
            with pikepdf.open(io.BytesIO(make_one("decision", 500 + number, dpi=150).data)) as one:
                book.pages.append(one.pages[0])
        book.save(folder / "sach.pdf")
    secret = make_one("decision", 8, dpi=200, wear=("signature", "seal", "secret_stamp"))
    (folder / "mat.pdf").write_bytes(secret.data)
    first = cluster.machine("q0", SOHOA_MACHINES__RANGE_PAGES="4")
    with cluster.workers(cluster.machine("q1"), cluster.machine("q2")):
        assert first.run("digitize", folder).returncode == 3
    shown = first.json("batch", "show", folder.name)
    assert shown["files"] == {"in": 2, "read": 1, "set_aside": 1, "not_started": 0}
    assert (shown["pages"]["in"], shown["pages"]["accounted"]) == (12, 12)
    with pikepdf.open(io.BytesIO(secret.data)) as paper:
        assert shown["pages"]["ocr_passes"] <= 12 + len(paper.pages), "no page is read twice"
    assert cluster.chunks(folder.name) == ["[1,4]", "[5,8]", "[9,12]", "null", "null"]
    assert cluster.intake() == [], "nothing is left of the secret paper, in no version"
    digest = hashlib.sha256(secret.data).hexdigest()
    assert not [path for path in (cluster.folder / "s3").rglob("*") if digest in path.name]


def stopped_at_work(cluster: Cluster, machine: Machine, batch: str, asleep: list[int]) -> bool:
    """Put a machine to sleep while it has a chunk in hand."""
    if cluster.at_work(machine) is None:
        return False
    pids = machine.processes()
    send(pids, signal.SIGSTOP)
    if not cluster.running(batch):
        send(pids, signal.SIGCONT)
        return False
    asleep += pids
    return True


def send(pids: list[int], asked: signal.Signals) -> None:
    """Send a signal to processes that still are."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, asked)


def test_work_that_others_could_not_reach_is_refused_before_it_begins(tmp_path: Path) -> None:
    alone = Machine(tmp_path, SOHOA_ORCHESTRATOR="pool")
    (alone.inbox / "lô").mkdir()
    (alone.inbox / "lô" / "1.jpg").write_bytes(make_one("construction_permit", 1, dpi=100).data)
    done = alone.run("digitize", alone.inbox / "lô")
    assert done.returncode == 5 and "SOHOA_DATABASE_URL" in done.stderr
    assert alone.run("worker").returncode == 5
