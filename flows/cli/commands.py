"""Registers every command on the app."""

from flows.cli import batch, digitize, doctor, figures, get, pdfa, read, review, schedule, trace

__all__ = ["batch", "digitize", "doctor", "figures", "get", "pdfa", "read", "review", "schedule", "trace"]
