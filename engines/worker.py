"""Main loop of a worker process: read jobs from a socket, answer them, and never outlive the parent.

A job names a function by its module and name; modules are imported when a job first needs them. The kernel kills a worker's
group when its parent dies (`runner.start`); a watcher thread does the same where the kernel cannot.
"""

from __future__ import annotations

import importlib
import os
import pickle
import select
import signal
import socket
import sys
import threading
import traceback
from typing import Any

from engines import wire
from schemas.errors import SohoaError, WorkerDied, WorkFailed


def _watch_parent(jobs: int) -> None:
    watch = select.poll()
    watch.register(jobs, getattr(select, "POLLRDHUP", select.POLLHUP))
    watch.poll()
    os.killpg(0, signal.SIGKILL)


def _is_memory(error: Exception) -> bool:
    """True if an error means that the memory limit was reached; OpenCV raises its own exception for that."""
    return isinstance(error, MemoryError) or "insufficient memory" in str(error).lower()


def _answer(function: tuple[str, str], arguments: tuple[Any, ...]) -> tuple[str, Any]:
    """Do one job. `spent` means that the memory limit was reached: such a worker is replaced."""
    try:
        module, name = function
        return "done", getattr(importlib.import_module(module), name)(*arguments)
    except SohoaError as error:
        return "failed", error
    except Exception as error:
        # Whatever a hostile file breaks fails this job only, and is reported with its traceback.
        if _is_memory(error):
            return "spent", WorkerDied("page_worker_died", "out of memory", detail="memory")
        detail = f"{type(error).__name__}: {error}"[:500]
        return "failed", WorkFailed(
            "work_failed", detail, detail=detail, trace=traceback.format_exc(limit=12)
        )


def _packed(answer: tuple[str, Any]) -> bytes:
    try:
        return pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        # Likewise for a result, or an error, that cannot be pickled.
        detail = f"answer does not pickle: {type(error).__name__}: {error}"[:500]
        return pickle.dumps(("failed", WorkFailed("work_failed", detail, detail=detail)))


def main() -> None:
    """Entry point: `python -m engines.worker JOBS_FD`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.umask(0o077)
    jobs = socket.socket(fileno=int(sys.argv[1]))
    threading.Thread(target=_watch_parent, args=(jobs.fileno(),), daemon=True).start()
    while True:
        try:
            job = wire.receive(jobs)
        except (EOFError, OSError):
            return
        wire.send(jobs, _packed(_answer(*pickle.loads(job))))


if __name__ == "__main__":
    main()
