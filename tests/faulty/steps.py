"""The command line that dies or is refused at a named step: `python -m tests.faulty.steps HOW STEP[:N] COMMAND…`.

HOW is `kill` (SIGKILL to the whole group) or `refuse` (the store refuses); STEP names what is interrupted, the N-th time
that it is come to (the first, if not said).
"""

from __future__ import annotations

import importlib
import itertools
import os
import signal
import sys
from typing import Any, Final

from cli.app import main
from schemas.errors import StoreError

# What is interrupted, before it is done: the module or class it lies in, and its name there.
STEPS: Final = {
    "staging": ("pipeline.steps", "stage_file"),
    "reading": ("storage.ledger:Ledger", "finished"),
    "storing": ("storage.objects.local:LocalStore", "put_if_absent"),
    "committing": ("storage.catalogue.documents", "_outcome_events"),
    "sending": ("storage.outbox", "_put"),
    "tables": ("workspace.closing", "write_batch_tables"),
    "report": ("workspace.reporting", "write_reports"),
    "exporting": ("workspace.closing", "send_all"),
    "end of closing": ("storage.catalogue.closings", "end_closing"),
    "board": ("flows.digitizing", "update_board_and_alerts"),
    "rebuilding": ("storage.rebuilding", "_advance_counters"),
    "writing a backup": ("os", "fsync"),
}


def _kill(*_: Any, **__: Any) -> Any:
    os.killpg(0, signal.SIGKILL)


def _refuse(*_: Any, **__: Any) -> Any:
    raise StoreError("the store refuses")


def interrupt(how: str, step: str) -> None:
    """Put the interruption in the place of what a step does."""
    name, _, number = step.partition(":")
    (module, _, inner), attribute = STEPS[name][0].partition(":"), STEPS[name][1]
    where: Any = importlib.import_module(module)
    where = getattr(where, inner) if inner else where
    done, times, last = getattr(where, attribute), itertools.count(1), int(number or 1)
    fault = {"kill": _kill, "refuse": _refuse}[how]

    def faulty(*arguments: Any, **named: Any) -> Any:
        return (done if next(times) < last else fault)(*arguments, **named)

    setattr(where, attribute, faulty)


if __name__ == "__main__":
    interrupt(*sys.argv[1:3])
    sys.argv[1:] = sys.argv[3:]
    main()
