"""Lines of the log on stderr: for people, or JSON for a collector; each of a run bears the run's id on every machine.

The id is that of the run that the command began, also in lines of a worker that works for it elsewhere. It is kept for
the process, not for a context: files are worked on in threads, and a process works for one run at a time.
"""

from __future__ import annotations

import logging
import socket
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Literal

import structlog

from schemas.clock import VIETNAM

Format = Literal["text", "json"]
_bound: dict[str, str] = {}


def configure(level: str, form: Format = "text") -> None:
    """Send logs to stderr from a level; stdout is for results."""
    closing: list[Any]
    if form == "json":
        closing = [
            structlog.processors.format_exc_info,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _of_machine,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ]
    else:
        closing = [_in_vietnam, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.StackInfoRenderer(),
            _of_run,
            *closing,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(_Stderr()),  # type: ignore[arg-type]
    )


@contextmanager
def of_run(run: str, batch: str) -> Iterator[None]:
    """Let every line of this process bear a run's id and its batch while the block runs."""
    before = dict(_bound)
    _bound.update(run=run, batch=batch)
    try:
        yield
    finally:
        _bound.clear()
        _bound.update(before)


def _of_run(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in _bound.items():
        event.setdefault(name, value)
    return event


def _of_machine(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["host"] = socket.gethostname()
    return event


def _in_vietnam(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Adds a timestamp in Việt Nam time to a log line."""
    event["timestamp"] = datetime.now(VIETNAM).strftime("%d/%m/%Y %H:%M:%S")
    return event


class _Stderr:
    """The current `sys.stderr`, looked up on every write: rich replaces it while a progress bar is drawn."""

    def write(self, line: str) -> int:
        """Write a line."""
        return sys.stderr.write(line)

    def flush(self) -> None:
        """Flush the stream."""
        sys.stderr.flush()
