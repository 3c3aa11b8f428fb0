"""What decoders raise on damaged data."""

from __future__ import annotations

import struct
import zlib
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
