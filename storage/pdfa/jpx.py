"""JPEG 2000 boxes: which JPX data PDF/A-2 lets through (ISO 19005-2, 6.2.8.3), drawn tighter than the standard. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from storage.pdfa import icc

_SIGNATURE = b"\0\0\0\x0cjP  \r\n\x87\n"
_ENUMERATED = {16: 3, 17: 1}  # sRGB, grey


class Jpx(NamedTuple):
    """Header data of a JPX file. `legal`: may be copied unchanged, with its own colour specification."""

    width: int
    height: int
    components: int
    bits: int
    legal: bool


def parse(data: bytes) -> Jpx:
    """Read the boxes.

    Raises:
        ValueError: no JP2 container, no image header, or the codestream is cut off.
    """
    if data[:12] != _SIGNATURE:
        raise ValueError("no JP2 signature")
    header, codestream = b"", b""
    for name, body in _boxes(data):
        if name == b"jp2h":
            header = header or body
        elif name == b"jp2c":
            codestream = codestream or body
    inner = list(_boxes(header))
    image = next((body for name, body in inner if name == b"ihdr"), b"")
    if len(image) < 14:
        raise ValueError("no JP2 image header")
    if codestream[:2] != b"\xff\x4f" or codestream.rstrip(b"\0")[-2:] != b"\xff\xd9":
        raise ValueError("the JPEG 2000 codestream is cut off")
    count, bits = int.from_bytes(image[8:10], "big"), (image[10] & 0x7F) + 1
    colours = [body for name, body in inner if name == b"colr"]
    extras = {name for name, _ in inner} & {b"pclr", b"cmap", b"cdef", b"bpcc"}
    legal = len(colours) == 1 and not extras and bits in (8, 16) and _colour_components(colours[0]) == count
    return Jpx(
        width=int.from_bytes(image[4:8], "big"),
        height=int.from_bytes(image[0:4], "big"),
        components=count,
        bits=bits,
        legal=legal and not image[10] & 0x80,
    )


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        length, name, start = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], at + 8
        if length == 1:
            length, start = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
        elif length == 0:
            length = len(data) - at
        if length < 8:
            return
        yield name, data[start : at + length]
        at += length


def _colour_components(colour: bytes) -> int | None:
    if colour[:1] == b"\1" and len(colour) >= 7:
        return _ENUMERATED.get(int.from_bytes(colour[3:7], "big"))
    if colour[:1] == b"\2":
        return icc.components(colour[3:])
    return None
