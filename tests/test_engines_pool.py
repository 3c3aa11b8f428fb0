"""A page's crash, hang or hunger costs one page; nothing outlives the pool or its owner."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from pathlib import Path

import pytest

from engines.pool import WorkPool
from schemas.errors import PageTimedOut, SetupError, SourceError, WorkerDied, WorkFailed
from schemas.rules import Limits
from tests.faulty import jobs
from tests.processes import gone, marked

_ROOT = Path(__file__).parent.parent
_LIMITS = Limits(worker_bytes=600_000_000)


@pytest.fixture
def run_id(tmp_path: Path) -> str:
    """A run's id, in the environment of all its processes."""
    return f"run-{tmp_path.name}-{os.getpid()}"


@pytest.fixture
def pool(tmp_path: Path, run_id: str) -> Iterator[WorkPool]:
    """One worker, so that the next job shows what the last one left."""
    with WorkPool(1, _LIMITS, run_id, tmp_path) as made:
        yield made


def _still_works(pool: WorkPool) -> bool:
    return pool.run(jobs.add, (2, 3), 10) == 5


def test_a_worker_is_ready_soon_and_answers_at_once(pool: WorkPool) -> None:
    """Start under half a second, then about a millisecond a job."""
    started = time.monotonic()
    assert _still_works(pool)
    assert time.monotonic() - started < 1.5  # half a second when the machine has nothing else to do
    started = time.monotonic()
    for _ in range(200):
        pool.run(jobs.add, (1, 1), 10)
    assert (time.monotonic() - started) / 200 < 0.01


def test_jobs_one_after_another_start_one_worker_and_jobs_at_once_start_more(
    tmp_path: Path, run_id: str
) -> None:
    """A worker costs half a CPU second to start: an idle one takes the job."""
    with WorkPool(3, _LIMITS, run_id, tmp_path) as pool:
        assert len({pool.run(jobs.who, (), 10) for _ in range(6)}) == 1
        at_once = [pool.submit(jobs.who, (1.0,), 10) for _ in range(3)]
        assert len({one.result() for one in at_once}) == 3


def test_a_large_answer_crosses_whole(pool: WorkPool) -> None:
    """Larger than any socket buffer."""
    assert len(pool.run(jobs.give, (50_000_000,), 10)) == 50_000_000


@pytest.mark.parametrize(
    ("job", "detail"),
    [("crash", "SIGSEGV"), ("leave", "exit 7"), ("eat", "memory")],
    ids=["crash", "exit", "hunger"],
)
def test_a_worker_that_dies_is_replaced(pool: WorkPool, job: str, detail: str) -> None:
    """The death is told by its cause; the next job does not notice."""
    with pytest.raises(WorkerDied) as caught:
        pool.run(getattr(jobs, job), (), 30)
    assert caught.value.rule == "page_worker_died"
    assert caught.value.params["detail"] == detail
    assert _still_works(pool)


@pytest.mark.parametrize("job", ["hang", "hang_in_c", "stop"])
def test_a_job_past_its_time_is_killed_and_its_worker_replaced(pool: WorkPool, job: str) -> None:
    """Even one that holds the interpreter, even one that is stopped."""
    started = time.monotonic()
    with pytest.raises(PageTimedOut) as caught:
        pool.run(getattr(jobs, job), (), 0.6)
    assert time.monotonic() - started < 3
    assert caught.value.rule == "page_timed_out"
    assert _still_works(pool)


@pytest.mark.parametrize("through_runner", [True, False])
def test_the_engine_of_a_job_past_its_time_dies_with_it(
    pool: WorkPool, run_id: str, tmp_path: Path, *, through_runner: bool
) -> None:
    """Whether our runner started it or a library did."""
    with pytest.raises(PageTimedOut):
        pool.submit(
            jobs.drive_engine_ours if through_runner else jobs.drive_engine_theirs,
            (str(tmp_path / "note"),),
            1,
        ).result()
    assert (tmp_path / "note").read_text().strip().isdigit()
    assert gone(lambda: marked("SOHOA_RUN_ID", run_id))


def test_an_error_of_ours_crosses_as_it_is(pool: WorkPool) -> None:
    """Rule, page and parameters arrive."""
    with pytest.raises(SourceError) as caught:
        pool.run(jobs.refuse, (), 10)
    assert (caught.value.rule, caught.value.page, caught.value.params) == ("pdf_password", 3, {"detail": "x"})
    with pytest.raises(SetupError):
        pool.run(jobs.lack, (), 10)


def test_any_other_error_arrives_with_its_traceback(pool: WorkPool) -> None:
    """As failed work, whatever it was."""
    with pytest.raises(WorkFailed) as caught:
        pool.run(jobs.fail, (), 10)
    assert caught.value.rule == "work_failed"
    assert caught.value.params["detail"] == "ZeroDivisionError: one by none"
    assert "jobs.py" in str(caught.value.params["trace"])

    def elsewhere() -> None: ...

    elsewhere.__module__, elsewhere.__qualname__ = "no.such.module", "job"
    with pytest.raises(WorkFailed):
        pool.run(elsewhere, (), 10)


def test_what_cannot_cross_fails_its_job_only(pool: WorkPool) -> None:
    """In either direction, at either end."""
    with pytest.raises(WorkFailed, match="does not pickle"):
        pool.run(jobs.unpicklable, (), 10)
    with pytest.raises(TypeError):
        pool.run(jobs.odd, (), 10)
    with pytest.raises((TypeError, AttributeError, ValueError)):
        pool.run(jobs.add, (lambda: None, 1), 10)
    assert _still_works(pool)


def test_what_a_worker_prints_goes_to_its_log_and_is_bounded(
    pool: WorkPool, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Results go to stdout; a library's chatter must not."""
    assert pool.run(jobs.print_much, (), 10) == 1
    assert (tmp_path / "worker-0.log").stat().st_size > 1_000_000
    assert _still_works(pool)
    assert (tmp_path / "worker-0.log").stat().st_size < 1_000_000
    assert capfd.readouterr() == ("", "")


def test_a_worn_worker_is_replaced(tmp_path: Path, run_id: str) -> None:
    """After the number of jobs that the limits say."""
    with WorkPool(1, Limits(worker_jobs=3), run_id, tmp_path) as pool:
        seen = [pool.run(jobs.who, (), 10) for _ in range(7)]
    assert [seen.count(pid) for pid in dict.fromkeys(seen)] == [3, 3, 1]


def test_who_submits_waits_while_enough_jobs_wait(pool: WorkPool) -> None:
    """Four jobs a worker may wait; the next waits outside."""
    futures = [pool.submit(time.sleep, (0.3,), 10) for _ in range(5)]
    started = time.monotonic()
    futures.append(pool.submit(time.sleep, (0.0,), 10))
    assert time.monotonic() - started > 0.1
    for future in futures:
        future.result()


def test_the_start_of_a_job_is_told_before_it_is_handed_over(pool: WorkPool, tmp_path: Path) -> None:
    """And a ledger that refuses the start stops the job, not the pool."""
    told: list[bool] = []
    note = tmp_path / "note"
    future = pool.submit(shutil.copyfile, (__file__, str(note)), 10, lambda: told.append(note.exists()))
    future.result()
    assert told == [False]
    assert note.exists()

    def refuse() -> None:
        raise OSError("the ledger is read-only")

    with pytest.raises(OSError, match="read-only"):
        pool.submit(jobs.add, (1, 1), 10, refuse).result()
    assert _still_works(pool)


def test_a_worker_that_cannot_start_fails_its_job_only(
    pool: WorkPool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A machine out of processes is a failure that is told."""
    with monkeypatch.context() as patched:
        patched.setattr(sys, "executable", str(tmp_path / "no-python"))
        with pytest.raises(OSError, match="no-python"):
            pool.run(jobs.add, (1, 1), 10)
    assert _still_works(pool)


def test_closing_kills_what_runs_and_cancels_what_waits(tmp_path: Path, run_id: str) -> None:
    """At once, with nothing left; later jobs are cancelled."""
    pool = WorkPool(2, _LIMITS, run_id, tmp_path)
    futures: list[Future[object]] = [pool.submit(jobs.hang_in_c, (), 300) for _ in range(6)]
    assert gone(lambda: len(marked("SOHOA_RUN_ID", run_id)) < 2)
    started = time.monotonic()
    pool.close()
    assert time.monotonic() - started < 2
    for future in futures:
        with pytest.raises(CancelledError):
            future.result(timeout=1)
    with pytest.raises(CancelledError):
        pool.submit(jobs.add, (1, 1), 10).result(timeout=1)
    assert gone(lambda: marked("SOHOA_RUN_ID", run_id))


_OWNER = """
import sys, pathlib
from engines.pool import WorkPool
from schemas.rules import Limits
from tests.faulty import jobs
run_id, folder, job, arguments = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
pool = WorkPool(2, Limits(), run_id, pathlib.Path(folder))
waiting = [pool.submit(getattr(jobs, job), (folder + "/note-%d" % number, *arguments), 300) for number in range(2)]
for future in waiting:
    future.result()
"""


@pytest.mark.parametrize("job", ["note_then_hang", "drive_engine_ours", "drive_engine_theirs"])
@pytest.mark.parametrize("moment", [0.0, 0.15, 5.0], ids=["at start", "while starting", "at work"])
def test_nothing_is_left_when_the_owner_is_killed(
    tmp_path: Path, run_id: str, job: str, moment: float
) -> None:
    """SIGKILL to the owner's group, with workers stuck in C or driving an engine that hangs."""
    owner = subprocess.Popen(
        [sys.executable, "-c", _OWNER, run_id, str(tmp_path), job], cwd=_ROOT, start_new_session=True
    )
    deadline = time.monotonic() + (moment or 0.05)
    while time.monotonic() < deadline and not (moment == 5.0 and len(list(tmp_path.glob("note-*"))) == 2):
        time.sleep(0.01)
    if moment == 5.0:
        assert len(marked("SOHOA_RUN_ID", run_id)) >= 2
    os.killpg(owner.pid, signal.SIGKILL)
    owner.wait()
    assert gone(lambda: marked("SOHOA_RUN_ID", run_id))


def test_an_interrupt_from_the_keyboard_leaves_workers_to_their_owner(pool: WorkPool) -> None:
    """They are no part of the terminal's group, and ignore SIGINT besides."""
    pid = pool.run(jobs.who, (), 10)
    assert os.getsid(pid) == pid
    os.kill(pid, signal.SIGINT)
    assert pool.run(jobs.who, (), 10) == pid
