"""The command line with a store or a closing that fails: `python -m tests.faulty.closing HOW STEP COMMAND…`.

HOW is `kill` (SIGKILL to the whole group) or `refuse` (the store refuses); STEP names what is interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from cli.app import main
from flows import digitizing
from schemas.errors import StoreError
from storage.catalogue import closings
from storage.objects.local import LocalStore
from workspace import closing, reporting


def _kill(*_: Any, **__: Any) -> Any:
    os.killpg(0, signal.SIGKILL)


def _refuse(*_: Any, **__: Any) -> Any:
    raise StoreError("the store refuses")


if __name__ == "__main__":
    how, step = sys.argv[1:3]
    where: Any = {
        "put_if_absent": LocalStore,
        "write_batch_tables": closing,
        "write_reports": reporting,
        "send_all": closing,
        "end_closing": closings,
        "update_board_and_alerts": digitizing,
    }[step]
    setattr(where, step, {"kill": _kill, "refuse": _refuse}[how])
    sys.argv[1:] = sys.argv[3:]
    main()
