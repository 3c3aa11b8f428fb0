"""The inside of one worker process: takes jobs off a socket, answers, and never outlives its parent.

A job names a function as `module:name`; its answer is pickled back. A watcher thread waits on a pipe that only the
parent holds open: when the parent dies, however it dies, the pipe closes and the worker kills its own process group,
the engine it may be driving included.
"""

from __future__ import annotations

import importlib
import os
import resource
import signal
import sys
import threading
import traceback
from multiprocessing.connection import Connection
from typing import Any

from schemas.errors import SourceError


def _watch_parent(descriptor: int) -> None:
    os.read(descriptor, 1)
    os.killpg(0, signal.SIGKILL)


def _call(function: str, arguments: tuple[Any, ...]) -> tuple[str, Any]:
    module, _, name = function.partition(":")
    try:
        return "ok", getattr(importlib.import_module(module), name)(*arguments)
    except SourceError as error:
        return "source", error
    except MemoryError:
        return "source", SourceError("page_worker_died", "out of memory", detail="memory")
    except Exception as error:
        # The border of one job: whatever a hostile file broke is this job's failure, told with its traceback.
        detail = f"{type(error).__name__}: {error}"
        return "source", SourceError("work_failed", detail, detail=detail, trace=traceback.format_exc(limit=8))


def _work(connection: Connection) -> None:
    while True:
        try:
            job = connection.recv()
        except EOFError:
            return
        connection.send(_call(*job))


def main() -> None:
    """Entry point: `python -m engines.worker JOBS_FD PARENT_FD MEMORY`."""
    jobs, parent, memory = (int(part) for part in sys.argv[1:4])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    threading.Thread(target=_watch_parent, args=(parent,), daemon=True).start()
    _work(Connection(jobs))


if __name__ == "__main__":
    main()
