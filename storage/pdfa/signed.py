"""Whether a file carries a digital signature: such a file is never rewritten."""

from __future__ import annotations

import mmap
import re
from pathlib import Path
from typing import Final

# A signature dictionary names the bytes it covers; it must lie plain in the file (ISO 32000-1, 12.8.1).
_SIGNATURE: Final = re.compile(rb"/ByteRange\s*\[\s*\d")
_PDF: Final = b"%PDF-"
_HEAD: Final = 1024


def is_signed(path: Path) -> bool:
    """True if a file is a PDF with a digital signature inside."""
    with path.open("rb") as stream:
        if _PDF not in stream.read(_HEAD):
            return False
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _SIGNATURE.search(data) is not None
