"""Registers every command on the app."""

from flows.cli import batch, board, digitize, doctor, figures, get, pdfa, read, review, schedule, trace

__all__ = [
    "batch",
    "board",
    "digitize",
    "doctor",
    "figures",
    "get",
    "pdfa",
    "read",
    "review",
    "schedule",
    "trace",
]
