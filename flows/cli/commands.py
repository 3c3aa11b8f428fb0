"""Registers every command on the app."""

from flows.cli import batch, digitize, doctor, figures, get, pdfa, read, review, trace

__all__ = ["batch", "digitize", "doctor", "figures", "get", "pdfa", "read", "review", "trace"]
