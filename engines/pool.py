"""A pool of recycled, killable worker processes: a crash, hang or memory leak costs only one page.

A driver thread per worker takes jobs off one bounded queue, so that who submits waits instead of a queue that grows. The
pool never retries; its caller decides.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, TypeVar, TypeVarTuple

from engines import wire
from engines.runner import start
from schemas.errors import PageTimedOut, WorkerDied
from schemas.rules import Limits

_ROOT = Path(__file__).resolve().parent.parent
_LOG_KEPT = 1_000_000
_ENVIRONMENT = {
    # One page, one core: engines that start threads compete with the other workers.
    "OMP_THREAD_LIMIT": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # Page images are 10-30 MB: kept in the heap instead of being mapped, zeroed and unmapped for every step.
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
}


Answer = TypeVar("Answer")
Arguments = TypeVarTuple("Arguments")


class _Job(NamedTuple):
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    timeout: float
    future: Future[Any]
    on_start: Callable[[], None] | None


class _Worker:
    """One worker process and our end of its socket. Its output goes to `log`."""

    def __init__(self, memory: int, environment: dict[str, str], log: Path) -> None:
        self._socket, theirs = socket.socketpair()
        self._log, self.jobs = log, 0
        try:
            with open(log, "wb") as output:
                self._child = start(
                    [sys.executable, "-P", "-m", "engines.worker", str(theirs.fileno())],
                    stdout=output,
                    stderr=output,
                    cwd="/",
                    env=environment,
                    pass_fds=(theirs.fileno(),),
                    memory=memory,
                )
        except OSError:
            self._socket.close()
            raise
        finally:
            theirs.close()

    def call(self, job: _Job) -> Any:
        """Run one job and return its result; after a time-out or crash the worker is gone."""
        self.jobs += 1
        deadline = time.monotonic() + job.timeout
        named = (job.function.__module__, job.function.__qualname__)
        message = pickle.dumps((named, job.arguments), pickle.HIGHEST_PROTOCOL)
        try:
            wire.send(self._socket, message, deadline)
            answer = wire.receive(self._socket, deadline)
        except TimeoutError as error:
            self.end()
            reason = f"no answer after {job.timeout:g} s"
            raise PageTimedOut("page_timed_out", reason, seconds=job.timeout) from error
        except (EOFError, OSError) as error:
            code = self.end()
            name = signal.Signals(-code).name if code < 0 else f"exit {code}"
            raise WorkerDied(
                "page_worker_died", f"worker died: {name}", detail=name, log=self._last_words()
            ) from error
        state, value = pickle.loads(answer)
        if state == "done":
            return value
        if state == "spent":
            self.end()
        raise value

    @property
    def alive(self) -> bool:
        return not self._child.ended()

    def _last_words(self) -> str:
        with open(self._log, "rb") as output:
            output.seek(max(0, os.fstat(output.fileno()).st_size - 1500))
            return output.read().decode("utf-8", "backslashreplace")

    def trim_log(self) -> None:
        """Empty the log once it is long: engines warn on stderr, and a long run must not fill the disk with it."""
        if self._log.stat().st_size > _LOG_KEPT:
            os.truncate(self._log, 0)

    def interrupt(self) -> None:
        """Make a `call` in progress fail at once, from another thread."""
        # Already closed if the worker has exited.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def end(self) -> int:
        """Kill the whole process group at once. Returns the exit code."""
        # A worker that died just before keeps its own exit code instead of that of our SIGKILL.
        patience = time.monotonic() + 0.2
        while (
            self._socket.fileno() >= 0
            and not self._child.ended()
            and self._hung_up()
            and time.monotonic() < patience
        ):
            time.sleep(0.002)
        self._socket.close()
        return self._child.end()

    def _hung_up(self) -> bool:
        try:
            self._socket.setblocking(False)
            return self._socket.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True


class WorkPool:
    """Worker processes behind one bounded queue; a context manager.

    Args:
        workers: how many processes. They start when the first jobs come.
        limits: memory, and number of jobs after which a worker is replaced.
        run_id: carried in the environment as `SOHOA_RUN_ID`, so that a later run can sweep what is left.
        tmp: private folder for the workers' temporary files.
    """

    def __init__(self, workers: int, limits: Limits, run_id: str, tmp: Path) -> None:
        self._limits, self._tmp = limits, tmp
        self._queue: queue.Queue[_Job | None] = queue.Queue(maxsize=4 * workers)
        self._closing = threading.Event()
        # Workers find modules where this process does.
        search = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH", ""))))
        marks = {"PYTHONPATH": search, "SOHOA_RUN_ID": run_id, "TMPDIR": str(tmp)}
        self._environment = {**_ENVIRONMENT, **marks}
        self._live: list[_Worker | None] = [None] * workers
        self._threads: list[threading.Thread] = []
        self._starting = threading.Lock()
        self._idle = threading.Semaphore(0)  # drivers that wait for a job, while not all are started

    def submit(
        self,
        function: Callable[[*Arguments], Answer],
        arguments: tuple[*Arguments],
        timeout: float,
        on_start: Callable[[], None] | None = None,
    ) -> Future[Answer]:
        """Queue a job; waits while the queue is full.

        The future raises `PageTimedOut`, `WorkerDied`, `WorkFailed`, or the project error that the function raised.

        Args:
            function: of a module, not nested; it crosses by its name, and a worker imports its module with the first job.
            arguments: what it is called with; pickled.
            timeout: seconds from when a worker takes the job.
            on_start: called in this process just before; its failure is the job's.
        """
        future: Future[Answer] = Future()
        job = _Job(function, arguments, timeout, future, on_start)
        while not self._closing.is_set():
            try:
                self._queue.put(job, timeout=0.5)
                self._drive_one_more()
                if self._closing.is_set():
                    future.cancel()  # nobody may be left to take it
                return future
            except queue.Full:
                continue
        future.cancel()
        return future

    def run(
        self, function: Callable[[*Arguments], Answer], arguments: tuple[*Arguments], timeout: float
    ) -> Answer:
        """Submit one job and wait for its result."""
        return self.submit(function, arguments, timeout).result()

    def close(self) -> None:
        """Kill running jobs and cancel queued ones."""
        self._closing.set()
        self._cancel_waiting()
        for worker in list(self._live):
            if worker is not None:
                worker.interrupt()
        with self._starting:
            threads = list(self._threads)
        for _ in threads:
            self._queue.put(None)
        for thread in threads:
            thread.join(timeout=10)
        self._cancel_waiting()

    def _cancel_waiting(self) -> None:
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

    def _drive_one_more(self) -> None:
        """Start another driver unless an idle one will take the job: a worker costs half a CPU second to start."""
        if self._idle.acquire(blocking=False):
            return
        with self._starting:
            slot = len(self._threads)
            if slot < len(self._live) and not self._closing.is_set():
                thread = threading.Thread(
                    target=self._drive, args=(slot,), name=f"worker-{slot}", daemon=True
                )
                self._threads.append(thread)
                thread.start()

    def _drive(self, slot: int) -> None:
        while (job := self._queue.get()) is not None:
            if job.future.set_running_or_notify_cancel():
                self._do(slot, job)
        worker = self._live[slot]
        if worker is not None:
            worker.end()

    def _do(self, slot: int, job: _Job) -> None:
        try:
            worker = self._worker(slot)
            if job.on_start:
                job.on_start()
            answer = worker.call(job)
            self._idle.release()  # before the answer: who waits for it may submit the next job at once
            job.future.set_result(answer)
        except Exception as error:
            # Whatever a job raises is set on its future and never ends the driver thread.
            closed = isinstance(error, WorkerDied) and self._closing.is_set()
            self._idle.release()
            job.future.set_exception(CancelledError() if closed else error)

    def _worker(self, slot: int) -> _Worker:
        """The slot's worker, replaced if it is dead or has done its quota of jobs."""
        worker = self._live[slot]
        if worker is not None and (not worker.alive or worker.jobs >= self._limits.worker_jobs):
            worker.end()
            worker = self._live[slot] = None
        if worker is None:
            log = self._tmp / f"worker-{slot}.log"
            worker = self._live[slot] = _Worker(self._limits.worker_bytes, self._environment, log)
            if self._closing.is_set():
                worker.interrupt()
        worker.trim_log()
        return worker
