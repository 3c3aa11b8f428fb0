"""Separator sheets: what their QR says, and how it is found on a scan.

A payload is `SOHOA1|box|file|ordinal|check`; the parts are percent-encoded UTF-8, the check is a CRC of what stands before
it. Papers carry QR codes of others (chip identity cards, e-invoices): other prefixes are ignored.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

import numpy as np
import numpy.typing as npt
import zxingcpp

from schemas.batches import BatchSheet
from schemas.reading import Box, PageReading

_OURS: Final = "SOHOA1"
_MOST_WORDS: Final = 60  # a separator has about twenty; a page of a paper has hundreds, and is not searched


class SheetMark(NamedTuple):
    """Data of a separator sheet: box (hộp), file (hồ sơ) and its ordinal; empty if not given."""

    box: str
    file: str
    ordinal: int


def payload_of(mark: SheetMark) -> str:
    """The QR payload of a sheet."""
    parts = [_OURS, quote(mark.box, safe=""), quote(mark.file, safe=""), str(mark.ordinal)]
    text = "|".join(parts)
    return f"{text}|{zlib.crc32(text.encode('ascii')):08X}"


def read_payload(payload: str) -> SheetMark | None:
    """A sheet's mark out of a QR; None if the QR is not ours, or its check fails."""
    text, _, check = payload.rpartition("|")
    parts = text.split("|")
    if len(parts) != 4 or parts[0] != _OURS or f"{zlib.crc32(text.encode('utf-8')):08X}" != check:
        return None
    if not parts[3].isdecimal():
        return None
    return SheetMark(unquote(parts[1]), unquote(parts[2]), int(parts[3]))


def mark_on(reading: PageReading) -> SheetMark | None:
    """The mark of a separator sheet; None for every other page."""
    return next((mark for payload, _ in reading.qr if (mark := read_payload(payload)) is not None), None)


def codes_on(grey: npt.NDArray[np.uint8], words: int) -> tuple[tuple[str, Box], ...]:
    """QR codes of a page that has so few words that it may be a separator; text and box in the page's own pixels."""
    if words > _MOST_WORDS:
        return ()
    found = zxingcpp.read_barcodes(
        np.ascontiguousarray(grey), formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    )
    return tuple((code.text, _box(code.position)) for code in found if code.valid)


def _box(position: object) -> Box:
    corners = [getattr(position, name) for name in ("top_left", "top_right", "bottom_right", "bottom_left")]
    across, down = [corner.x for corner in corners], [corner.y for corner in corners]
    return Box(max(0, min(across)), max(0, min(down)), max(across), max(down))


def sheet_of(sheet: BatchSheet | None, readings: Sequence[PageReading], first_page: int) -> BatchSheet | None:
    """The batch sheet as it holds for a paper: box and file of the last separator before its first page win."""
    marks = [mark for reading in readings if reading.number < first_page and (mark := mark_on(reading))]
    if not marks:
        return sheet
    overrides = {"box": marks[-1].box or None, "file": marks[-1].file or None}
    return (sheet or BatchSheet()).model_copy(
        update={key: value for key, value in overrides.items() if value}
    )
