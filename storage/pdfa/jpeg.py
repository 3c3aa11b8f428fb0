"""JPEG headers: the properties a DCT stream needs to be copied unchanged. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

_SCAN_END = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_STANDALONE = {0x01, *range(0xD0, 0xD8)}
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_DCT_FRAMES = {0xC0, 0xC1, 0xC2}  # baseline, extended, progressive: what PDF knows


class Jpeg(NamedTuple):
    """Header data of a JPEG.

    Attributes:
        width, height, components, bits: of the frame.
        dct: a frame type that PDF's DCTDecode knows.
        adobe: the colour transform of an Adobe marker, None without one.
        rgb_ids: components are called R, G, B, which decoders take as "not YCbCr".
        jfif: a JFIF marker is there, which means YCbCr or grey.
        profile: ICC profile of the APP2 segments, b"" without one.
        end: offset just past the end-of-image marker, None if there is none (truncated).
    """

    width: int
    height: int
    components: int
    bits: int
    dct: bool
    adobe: int | None
    rgb_ids: bool
    jfif: bool
    profile: bytes
    end: int | None

    @property
    def stored_rgb(self) -> bool:
        """True if decoders see three components as RGB where a PDF reader would guess YCbCr."""
        return self.components == 3 and self.adobe is None and not self.jfif and self.rgb_ids

    @property
    def contradictory(self) -> bool:
        """JFIF says YCbCr, Adobe says RGB: one viewer believes this, the next one that (seen: Poppler and PDFium)."""
        return self.components == 3 and self.jfif and self.adobe == 0


def parse(data: bytes) -> Jpeg:
    """Walk the markers of a JPEG, scans included.

    Raises:
        ValueError: this is no JPEG, or it ends before the frame header.
    """
    if data[:2] != b"\xff\xd8":
        raise ValueError("no JPEG start marker")
    frame: tuple[int, bytes] | None = None
    adobe: int | None = None
    jfif, end, at = False, None, 2
    chunks: dict[int, bytes] = {}
    while at + 4 <= len(data) or data[at : at + 2] == b"\xff\xd9":
        if data[at] != 0xFF:
            raise ValueError(f"marker expected at {at}")
        marker = data[at + 1]
        if marker == 0xD9:
            end = at + 2
            break
        if marker == 0xFF or marker in _STANDALONE:
            at += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        body = data[at + 4 : at + 2 + length]
        if marker in _FRAMES and frame is None:
            frame = marker, body
        elif marker == 0xEE and body[:5] == b"Adobe" and len(body) >= 12:
            adobe = body[11]
        elif marker == 0xE0 and body[:5] == b"JFIF\0":
            jfif = True
        elif marker == 0xE2 and body[:12] == b"ICC_PROFILE\0" and len(body) > 14:
            chunks[body[12]] = body[14:]
        at += 2 + max(2, length)
        if marker == 0xDA:
            found = _SCAN_END.search(data, at)
            if found is None:
                break
            at = found.start()
    if frame is None or len(frame[1]) < 6 + 3 * frame[1][5]:
        raise ValueError("no frame header")
    return _summary(frame, adobe, jfif, chunks, end)


def _summary(
    frame: tuple[int, bytes], adobe: int | None, jfif: bool, chunks: dict[int, bytes], end: int | None
) -> Jpeg:
    marker, body = frame
    count = body[5]
    ids = bytes(body[6 + 3 * index] for index in range(count))
    return Jpeg(
        width=int.from_bytes(body[3:5], "big"),
        height=int.from_bytes(body[1:3], "big"),
        components=count,
        bits=body[0],
        dct=marker in _DCT_FRAMES and body[0] == 8,
        adobe=adobe,
        rgb_ids=ids == b"RGB",
        jfif=jfif,
        profile=b"".join(chunks[key] for key in sorted(chunks)),
        end=end,
    )
