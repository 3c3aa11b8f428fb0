"""Closes batches when nobody has answered about them for a while: an answer must not wait for tables and reports.

A batch with answers is `closing` until then. Should this process die first, the next run or closing makes it good, as
after any other death.
"""

from __future__ import annotations

import threading
import time

import structlog

from review.deciding import close_decided
from schemas.clock import today
from schemas.errors import BatchHeld, SohoaError
from workspace.opening import Workspace

_log = structlog.get_logger(__name__)
QUIET = 120.0  # seconds without an answer
_AGAIN = 60.0  # seconds after which a closing that failed is tried again


class Closer:
    """A thread that closes batches. `quiet` is in seconds."""

    def __init__(self, workspace: Workspace, quiet: float = QUIET) -> None:
        self._workspace, self._quiet = workspace, quiet
        self._due: dict[str, float] = {}
        self._wake = threading.Condition()
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="closer", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def answered(self, batch: str) -> None:
        """Something about a batch was decided: it is closed a while after the last such moment."""
        with self._wake:
            self._due[batch] = time.monotonic() + self._quiet
            self._wake.notify()

    def stop(self) -> None:
        """Close what is due now, and end."""
        with self._wake:
            self._ending = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._ending and not self._ripe():
                    next_one = min(self._due.values(), default=None)
                    self._wake.wait(None if next_one is None else max(0.0, next_one - time.monotonic()))
                batches = list(self._due) if self._ending else self._ripe()
                for batch in batches:
                    del self._due[batch]
                ending = self._ending
            for batch in batches:
                self._close(batch, last=ending)
            if ending:
                return

    def _ripe(self) -> list[str]:
        now = time.monotonic()
        return [batch for batch, at in self._due.items() if at <= now]

    def _close(self, batch: str, *, last: bool) -> None:
        try:
            close_decided(self._workspace, batch, today())
        except BatchHeld:
            return  # whoever holds it closes it
        except (SohoaError, OSError) as error:
            _log.warning("closing_waits", batch=batch, error=str(error))
            if not last:
                with self._wake:
                    self._due.setdefault(batch, time.monotonic() + _AGAIN)
