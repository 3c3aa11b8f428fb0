"""A pool of recycled worker processes that can be killed: one page's crash, hang or hunger costs one page.

Each worker is its own session and process group. A driver thread per worker takes jobs off one bounded queue, so that
who submits waits (back-pressure) instead of a queue that grows. The pool never retries; its caller decides.
"""

from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from engines.runner import kill_group
from schemas.errors import PageTimedOut, SourceError, WorkerDied
from schemas.rules import Limits

_ROOT = Path(__file__).resolve().parent.parent


class _Job(NamedTuple):
    function: str
    arguments: tuple[Any, ...]
    timeout: float
    future: Future[Any]
    on_start: Callable[[], None] | None


class _Worker:
    """One worker process and the ends of its pipes."""

    def __init__(self, memory: int, environment: dict[str, str]) -> None:
        ours, theirs = socket.socketpair()
        read_end, self._parent_end = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "engines.worker", str(theirs.fileno()), str(read_end), str(memory)],
            stdin=subprocess.DEVNULL,
            cwd="/",
            env=environment,
            pass_fds=(theirs.fileno(), read_end),
            start_new_session=True,
        )
        theirs.close()
        os.close(read_end)
        self.connection = Connection(ours.detach())
        self.jobs = 0

    def call(self, job: _Job) -> Any:
        """Run one job to its answer; on time-out or death the worker is gone afterwards."""
        self.jobs += 1
        try:
            self.connection.send((job.function, job.arguments))
            if not self.connection.poll(job.timeout):
                self.end()
                raise PageTimedOut("page_timed_out", f"no answer after {job.timeout:g} s", seconds=job.timeout)
            state, answer = self.connection.recv()
        except (EOFError, OSError) as error:
            self.end()
            code = self.process.returncode
            name = signal.Signals(-code).name if code is not None and code < 0 else f"exit {code}"
            raise WorkerDied("page_worker_died", f"worker died: {name}", detail=name) from error
        if state == "ok":
            return answer
        raise answer

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def end(self) -> None:
        """Kill the whole group; nothing in a worker is worth a slow good-bye."""
        kill_group(self.process)
        self.connection.close()
        if self._parent_end >= 0:
            os.close(self._parent_end)
            self._parent_end = -1


class WorkPool:
    """Worker processes behind one bounded queue; a context manager.

    Args:
        workers: how many processes.
        limits: memory and number of jobs a worker does before it is replaced.
        run_id: carried in the environment as `SOHOA_RUN_ID`, so that a later run can sweep what is left.
        tmp: private folder for the workers' temporary files.
    """

    def __init__(self, workers: int, limits: Limits, run_id: str, tmp: Path) -> None:
        self._limits = limits
        self._queue: queue.Queue[_Job | None] = queue.Queue(maxsize=4 * workers)
        self._closing = threading.Event()
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(_ROOT),
            "OMP_THREAD_LIMIT": "1",
            "SOHOA_RUN_ID": run_id,
            "TMPDIR": str(tmp),
        }
        self._live: list[_Worker | None] = [None] * workers
        self._threads = [
            threading.Thread(target=self._drive, args=(slot,), name=f"worker-{slot}", daemon=True)
            for slot in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def submit(
        self,
        function: str,
        arguments: tuple[Any, ...],
        timeout: float,
        on_start: Callable[[], None] | None = None,
    ) -> Future[Any]:
        """Queue a job; waits while the queue is full.

        The future raises `PageTimedOut`, `WorkerDied`, or the `SourceError` the function raised.
        """
        future: Future[Any] = Future()
        job = _Job(function, arguments, timeout, future, on_start)
        while not self._closing.is_set():
            try:
                self._queue.put(job, timeout=0.5)
                return future
            except queue.Full:
                continue
        future.cancel()
        return future

    def run(self, function: str, arguments: tuple[Any, ...], timeout: float) -> Any:
        """Do one job and wait for it."""
        return self.submit(function, arguments, timeout).result()

    def close(self) -> None:
        """Kill what runs, cancel what waits."""
        self._closing.set()
        for worker in self._live:
            if worker is not None:
                worker.process.kill()
        for thread in self._threads:
            thread.join(timeout=10)
        while True:
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                return
            if job is not None:
                job.future.cancel()

    def __enter__(self) -> WorkPool:
        """The pool itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def _drive(self, slot: int) -> None:
        worker: _Worker | None = None
        while not self._closing.is_set():
            try:
                job = self._queue.get(timeout=0.2)
            except queue.Empty:
                continue
            if job is None or not job.future.set_running_or_notify_cancel():
                continue
            if worker is None or not worker.alive or worker.jobs >= self._limits.worker_jobs:
                if worker is not None:
                    worker.end()
                worker = self._live[slot] = _Worker(self._limits.worker_bytes, self._environment)
            self._do(worker, job)
        if worker is not None:
            worker.end()

    def _do(self, worker: _Worker, job: _Job) -> None:
        try:
            if job.on_start:
                job.on_start()
            job.future.set_result(worker.call(job))
        except SourceError as error:
            job.future.set_exception(error)
        except Exception as error:  # on_start touches the ledger: its failure must reach who waits, not end the driver
            job.future.set_exception(error)
