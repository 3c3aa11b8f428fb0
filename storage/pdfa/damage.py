"""Exceptions and warnings of decoders on damaged data."""

from __future__ import annotations

import os
import struct
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pikepdf

DAMAGED: Final = (
    pikepdf.PdfError,
    struct.error,
    zlib.error,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    UserWarning,  # Pillow warns of damage; where warnings are errors this is what it raises
    ValueError,
)


@contextmanager
def fax_complaints() -> Iterator[list[str]]:
    """Collect libtiff's warnings about damaged fax data, printed only to stderr while it invents unreadable lines."""
    complaints: list[str] = []
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as captured:
        os.dup2(captured.fileno(), 2)
        try:
            yield complaints
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            captured.seek(0)
            lines = captured.read(4000).decode("utf-8", "replace").splitlines()
            complaints += [line for line in lines if "Fax" in line]
