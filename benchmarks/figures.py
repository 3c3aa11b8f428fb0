"""Time and memory of figures at millions of papers: today's, those of any day and moment known, the board.

    python -m benchmarks figures --papers 5000000 --json
    python -m benchmarks figures --papers 500000,1000000 --write

A catalogue of plausible papers is made in var/bench (kept for the next run); a process of its own asks each question.
`quota_s` is the second time that today is asked, `quota_any_s` the slowest of several days and moments asked for the first
time, `board_s` the quota of every year on the board once counted, `board_cold_s` the same counted for the first time;
`report_s` a quarter's report, its figures frozen and both files written.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import delete

from benchmarks import tables
from benchmarks.figures_catalogue import make
from benchmarks.measuring import ROOT, NotRun, fail, machine
from schemas.clock import today
from schemas.period_reports import OfficeSpec
from schemas.stores import StoreSpec
from storage.catalogue import figure_counts
from storage.catalogue import schema as t
from storage.catalogue.database import Database
from storage.objects import open_store
from workspace import freezing
from workspace.board import board_quota
from workspace.figuring import READING, SERIES, figures_of, ledger_of
from workspace.period_reports import Asked, draft, period_of

_MEGABYTE = 1024
_DATES = (date(2021, 12, 31), date(2024, 12, 31), date(2025, 8, 15))
_KNOWN = (None, "2025-12-31T16:59:59.999+00:00")


def _forget(database: Database) -> None:
    """Throw kept counts away."""
    with database.write() as connection:
        connection.execute(delete(t.figure_cache).where(t.figure_cache.c.groups.is_not(None)))


def _asked(url: str, what: str) -> dict[str, float]:
    """Seconds of one question, and the megabytes that this process then held at most."""
    database = Database(url)
    slowest = 0.0

    def timed(work: Callable[[], object]) -> float:
        started = time.monotonic()
        work()
        return time.monotonic() - started

    if what == "quota":
        figures_of(ledger_of(database), today(), today())
        slowest = timed(lambda: figures_of(ledger_of(database), today(), today()))
    elif what == "any":
        _forget(database)
        for known_at in _KNOWN:
            for day in _DATES:
                slowest = max(slowest, timed(lambda: figures_of(ledger_of(database, known_at), day, today())))  # noqa: B023
    elif what == "report":
        slowest = timed(lambda: _report(database))
    else:
        if what == "board_cold":
            _forget(database)
        slowest = timed(lambda: board_quota(ledger_of(database), today(), today()))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MEGABYTE
    return {"s": slowest, "mb": peak}


def _report(database: Database) -> None:
    """All the work of the last quarter's report: its figures frozen into a store, and both files."""
    period = period_of("quarter", today().year - 1, 4)
    asked = Asked(period, None, None, None, "", (), OfficeSpec(), "benchmark", "vi")
    with TemporaryDirectory(prefix="sohoa-bench-") as folder:
        store = open_store(StoreSpec(), Path(folder))
        # Papers of the last day of the catalogue are of two o'clock, which may be yet to come.
        known_at = f"{today() + timedelta(days=1)}T00:00:00.000+00:00"
        order = freezing.Asked(period.closing, known_at, READING, SERIES, "", "benchmark")
        freezing.freeze(database, store, order, today())
        draft(database, asked, today())


def measure(url: str, papers: int) -> dict[str, float | int | None]:
    """Numbers of one size."""
    database = make(url, papers)
    started = time.monotonic()
    figure_counts.refresh(database)
    derived = time.monotonic() - started
    database.close()
    found = {what: _in_a_process(url, what) for what in ("quota", "any", "board_cold", "board", "report")}
    return {
        "papers": papers,
        "quota_s": round(found["quota"]["s"], 2),
        "quota_mb": round(max(found["quota"]["mb"], found["any"]["mb"])),
        "quota_any_s": round(found["any"]["s"], 2),
        "board_s": round(found["board"]["s"], 2),
        "board_cold_s": round(found["board_cold"]["s"], 2),
        "derive_s": round(derived, 1),
        "report_s": round(found["report"]["s"], 2),
    }


def _in_a_process(url: str, what: str) -> dict[str, float]:
    argv = [sys.executable, "-m", "benchmarks", "figures", "--ask", what, "--url", url]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        raise NotRun(f"{what}: {done.stderr[-2000:]}")
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def _url(papers: int, given: str | None) -> str:
    if given:
        return given
    folder = tables.WORK / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{folder / f'{papers}.db'}"


def _told(found: Sequence[dict[str, Any]]) -> str:
    head = [
        "papers",
        "today s",
        "any day, any moment s",
        "memory MB",
        "board s",
        "board, first time s",
        "quarter's report s",
        "deriving all s",
    ]
    keys = ["papers", "quota_s", "quota_any_s", "quota_mb", "board_s", "board_cold_s", "report_s", "derive_s"]
    return f"{machine()}.\n\n" + tables.table(head, [[row[key] for key in keys] for row in found])


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--papers", default="500000", help="sizes, comma-separated")
    parser.add_argument(
        "--url", help="an empty PostgreSQL database, or a catalogue made before; SQLite in var/bench without"
    )
    parser.add_argument(
        "--ask", choices=["quota", "any", "board", "board_cold", "report"], help=argparse.SUPPRESS
    )
    parser.add_argument("--json", action="store_true", help="one line of JSON for each size")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    if given.ask:
        sys.stdout.write(json.dumps(_asked(given.url, given.ask)))
        return 0
    try:
        found = [measure(_url(papers, given.url), papers) for papers in map(int, given.papers.split(","))]
    except NotRun as error:
        return fail(error)
    if given.json:
        sys.stdout.writelines(json.dumps(row) + "\n" for row in found)
    else:
        tables.put("figures", _told(found), found, write=given.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
