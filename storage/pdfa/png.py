"""PNG chunks: the IDAT data of a plain PNG is a Flate stream that PDF can show as it is. Pure."""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


class Png(NamedTuple):
    """The contents of a PNG. `palette` is b"" unless indexed; `transparency` the tRNS chunk, b"" without one."""

    width: int
    height: int
    bits: int
    colour: int
    interlaced: bool
    palette: bytes
    transparency: bytes
    profile: bytes
    data: bytes

    @property
    def channels(self) -> int:
        """Samples per pixel."""
        return _CHANNELS[self.colour]

    @property
    def plain(self) -> bool:
        """True if the data can be shown by PDF as they are: no interlace, no alpha."""
        opaque = self.colour == 3 and not self.transparency.strip(b"\xff")
        return not self.interlaced and self.colour in {0, 2, 3} and (not self.transparency or opaque)


def parse(data: bytes) -> Png:
    """Read the chunks, checksums included.

    Raises:
        ValueError: this is no PNG, a chunk is damaged, or the file ends too soon.
    """
    if data[:8] != SIGNATURE:
        raise ValueError("no PNG signature")
    chunks: dict[bytes, bytes] = {}
    idat: list[bytes] = []
    at, ended = 8, False
    while at + 12 <= len(data) and not ended:
        length, name = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        (checksum,) = (
            struct.unpack_from(">I", data, at + 8 + length) if at + 12 + length <= len(data) else (None,)
        )
        if checksum != zlib.crc32(body, zlib.crc32(name)):
            raise ValueError(f"chunk {name!r} is damaged or cut off")
        if name == b"IDAT":
            idat.append(body)
        else:
            chunks.setdefault(name, body)
        ended = name == b"IEND"
        at += 12 + length
    if not ended or len(chunks.get(b"IHDR", b"")) != 13 or not idat:
        raise ValueError("the PNG ends too soon")
    width, height, bits, colour, _, _, interlace = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    if colour not in _CHANNELS or not width or not height:
        raise ValueError("PNG header makes no sense")
    return Png(
        width=width,
        height=height,
        bits=bits,
        colour=colour,
        interlaced=bool(interlace),
        palette=chunks.get(b"PLTE", b"") if colour == 3 else b"",
        transparency=chunks.get(b"tRNS", b""),
        profile=_profile(chunks.get(b"iCCP", b"")),
        data=b"".join(idat),
    )


def _profile(chunk: bytes) -> bytes:
    _, _, rest = chunk.partition(b"\0")
    try:
        return zlib.decompressobj().decompress(rest[1:], 4_000_000)
    except zlib.error:
        return b""


def inflated_size(data: bytes, expected: int) -> int:
    """Bytes that a zlib stream holds, counted without keeping them; stops once more than expected have come.

    Raises:
        ValueError: the stream is damaged.
    """
    inflate = zlib.decompressobj()
    size = 0
    try:
        pending = data
        while pending and not inflate.eof and size <= expected:
            size += len(inflate.decompress(pending, 1 << 20))
            pending = inflate.unconsumed_tail
        if not inflate.eof and size < expected:
            size += len(inflate.flush())
    except zlib.error as error:
        raise ValueError(f"Flate data are damaged: {error}") from error
    return size


def row_bytes(width: int, channels: int, bits: int) -> int:
    """Bytes of one row of packed samples."""
    return (width * channels * bits + 7) // 8
