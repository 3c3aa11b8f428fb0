"""Registers every command on the app."""

from cli import (
    alerts,
    batch,
    board,
    code,
    digitize,
    doctor,
    figures,
    get,
    keeping,
    pdfa,
    read,
    review,
    schedule,
    sheets,
    trace,
)

__all__ = [
    "alerts",
    "batch",
    "board",
    "code",
    "digitize",
    "doctor",
    "figures",
    "get",
    "keeping",
    "pdfa",
    "read",
    "review",
    "schedule",
    "sheets",
    "trace",
]
