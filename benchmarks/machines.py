"""Several machines on one batch, and what records cost, on this machine.

    python -m benchmarks machines [--papers 240] [--pages 100000] [--kept 1000] [--json] [--write]

Two workers beside one: the same papers, read for real by workers of one process and one core each; counted from the first
chunk that is taken to the last file that has ended, and beside it the whole command with intake, start of the flow runs and
closing. PostgreSQL, S3, Prefect and the run itself have the same two cores. Scheduling: 8 workers, files of ten pages, a
wait of the same length in place of every page's reading. Records: `benchmarks.bookkeeping`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import bookkeeping, tables
from benchmarks.measuring import ROOT, NotRun, fail, machine
from benchmarks.simulated.sitecustomize import PAGES
from tests.cluster import Cluster, PrefectServer
from tests.machine import Machine
from tests.servers import postgresql_server, versitygw

_PAGE_SECONDS = 0.01
_LANES = 2  # files that a worker of one process works on at once


@contextlib.contextmanager
def servers(room: Path) -> Iterator[Cluster]:
    """PostgreSQL, S3 and Prefect."""
    with postgresql_server() as database, versitygw(room / "s3") as s3:
        for name in ("sohoa", "prefect"):
            database.execute(f"CREATE DATABASE {name}")
        prefect = PrefectServer(room / "prefect", database.url_of("prefect"))
        prefect.start()
        try:
            yield Cluster(room, database, s3, prefect)
        finally:
            prefect.kill()


def spread(cluster: Cluster, folder: Path, workers: list[Machine], **settings: str) -> tuple[float, float]:
    """Seconds from the first chunk taken to the last file ended, and of the whole command.

    Raises:
        NotRun: the batch did not end as it should.
    """
    first = cluster.machine(f"first-{folder.name}", **settings)
    with cluster.workers(*workers):
        time.sleep(20)  # the workers are there
        begun: list[float] = []
        started = time.monotonic()
        running = first.start("digitize", folder)
        ended = started
        files = 0
        while running.poll() is None:
            time.sleep(0.25)
            if not begun and cluster.claims("chunk"):
                begun.append(time.monotonic())
            now = cluster.files_ended(folder.name)
            files, ended = (now, time.monotonic()) if now > files else (files, ended)
        whole = time.monotonic() - started
    if running.returncode not in {0, 3} or not begun:
        raise NotRun(f"{folder.name}: {running.returncode}")
    return ended - begun[0], whole


def two_beside_one(cluster: Cluster, papers: int) -> dict[str, float]:
    """One worker, then two, on papers of their own kind each: no paper is met twice."""
    spans = {}
    for workers in (1, 2):
        out = cluster.folder / f"samples-{workers}"
        argv = [sys.executable, "-m", "samples", str(out), "--papers", str(papers), "--seed", "77"]
        subprocess.run([*argv, "--batches", "2021-so-xay-dung", "--quiet"], check=True, cwd=ROOT)
        folder = (out / "2021-so-xay-dung").rename(cluster.folder / f"lo-{workers}")
        _change_bytes(folder, workers)
        some = [cluster.machine(f"worker-{workers}-{number}") for number in range(workers)]
        for core, one in enumerate(some):
            one.core = core
        spans[workers] = spread(cluster, folder, some)
    return {
        "one_s": spans[1][0],
        "two_s": spans[2][0],
        "two_workers": spans[1][0] / spans[2][0],
        "two_workers_whole": spans[1][1] / spans[2][1],
    }


def _change_bytes(folder: Path, mark: int) -> None:
    """The same pages in other bytes, so that the second run finds nothing that was read."""
    for path in folder.iterdir():
        if path.suffix in {".pdf", ".jpg", ".jpeg", ".tif", ".png"}:
            with path.open("ab") as file:
                file.write(f"\n% {mark}\n".encode())


def scheduling(cluster: Cluster, pages: int, workers: int = 8) -> dict[str, float]:
    """Many queued pages and eight workers that only wait."""
    folder = cluster.folder / "xep-hang"
    folder.mkdir()
    files = pages // PAGES
    for number in range(files):
        (folder / f"{number:06d}.pdf").write_bytes(f"%PDF-1.4\n% {number}\n".encode())
    simulated = {
        "BENCHMARK_PAGE_SECONDS": str(_PAGE_SECONDS),
        "PYTHONPATH": f"{ROOT / 'benchmarks' / 'simulated'}:{ROOT}",
    }
    many = {"SOHOA_MACHINES__CHUNK_FILES": "16", "SOHOA_MACHINES__LEASE_SECONDS": "60"}
    some = [cluster.machine(f"waiter-{number}", **simulated, **many) for number in range(workers)]
    span, whole = spread(cluster, folder, some, **many)
    ideal = files * PAGES * _PAGE_SECONDS / (workers * _LANES)
    return {
        "queued_pages": files * PAGES,
        "workers": workers,
        "wait_s": ideal,
        "work_s": span,
        "whole_s": whole,
        "scheduling_ms_a_page": 1000 * (span - ideal) / (files * PAGES),
        "pages_a_second": files * PAGES / span,
    }


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks machines", description=__doc__)
    parser.add_argument("--papers", type=int, default=240, help="papers that one and two workers read")
    parser.add_argument("--pages", type=int, default=100_000, help="pages queued for eight workers")
    parser.add_argument("--kept", type=int, default=1000, help="papers of ten pages whose records are kept")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    given = parser.parse_args()
    found: dict[str, Any] = {}
    try:
        with TemporaryDirectory(prefix="sohoa-bench-") as name:
            kept = bookkeeping.measure(Path(name), given.kept)
        found |= {
            "bookkeeping_pages_a_second": kept.pages_a_second,
            "store_path_papers_a_second": kept.papers_a_second,
            "store_path_beside_bare_puts": kept.papers_a_second / kept.puts_a_second,
            "second_run_s": kept.again_seconds,
            "second_run_readings": kept.again_readings,
        }
        with TemporaryDirectory(prefix="sohoa-bench-") as name, servers(Path(name)) as cluster:
            if given.papers:
                found |= two_beside_one(cluster, given.papers)
            if given.pages:
                found |= {"scheduling": scheduling(cluster, given.pages)}
    except NotRun as error:
        return fail(error)
    rounded = json.loads(json.dumps(found), parse_float=lambda text: round(float(text), 3))
    if given.json:
        sys.stdout.write(json.dumps(rounded) + "\n")
    if given.write or not given.json:
        tables.put("machines", f"{machine()}.\n\n{_table(rounded)}", rounded, write=given.write)
    return 0


def _table(found: dict[str, Any]) -> str:
    rows = [(key, value) for key, value in found.items() if not isinstance(value, dict)]
    rows += [(f"scheduling: {key}", value) for key, value in found.get("scheduling", {}).items()]
    return tables.table(("", "measured"), [(key.replace("_", " "), value) for key, value in rows])


if __name__ == "__main__":
    sys.exit(main())
