"""TIFF directories, as far as lifting a single Group 4 strip needs them. Classic and BigTIFF. Pure."""

from __future__ import annotations

import mmap
import struct
from typing import NamedTuple

_SIZES = {1: 1, 3: 2, 4: 4, 6: 1, 8: 2, 9: 4, 13: 4, 16: 8, 17: 8, 18: 8}
_LETTERS = {1: "B", 3: "H", 4: "L", 6: "b", 8: "h", 9: "l", 13: "L", 16: "Q", 17: "q", 18: "Q"}
_MAX_FRAMES = 20_000
_REVERSED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


class Frame(NamedTuple):
    """One image of a TIFF: the tags that decide whether its strip can be lifted.

    `orientation` as in EXIF.
    """

    width: int
    height: int
    bits: int
    samples: int
    compression: int
    photometric: int
    fill_order: int
    t6_options: int
    offsets: tuple[int, ...]
    counts: tuple[int, ...]
    tiled: bool
    orientation: int


def frames(data: memoryview | bytes) -> list[Frame]:
    """All frames of a TIFF, in order.

    Raises:
        ValueError: the directories lead nowhere.
    """
    view = memoryview(data)
    order = {b"II": "<", b"MM": ">"}.get(bytes(view[:2]))
    if order is None:
        raise ValueError("no TIFF byte order mark")
    found: list[Frame] = []
    seen: set[int] = set()
    try:
        (magic,) = struct.unpack_from(order + "H", view, 2)
        big = magic == 43
        (at,) = struct.unpack_from(order + ("Q" if big else "L"), view, 8 if big else 4)
        while at and at not in seen and len(found) < _MAX_FRAMES:
            seen.add(at)
            tags, at = _directory(view, order, at, big=big)
            found.append(_frame(tags))
    except struct.error as error:
        raise ValueError(f"TIFF directory is cut off: {error}") from error
    return found


def _directory(view: memoryview, order: str, at: int, *, big: bool) -> tuple[dict[int, tuple[int, ...]], int]:
    word, start, step = ("Q", 8, 20) if big else ("L", 2, 12)
    (count,) = struct.unpack_from(order + ("Q" if big else "H"), view, at)
    if count > 4096:
        raise ValueError("TIFF directory makes no sense")
    tags: dict[int, tuple[int, ...]] = {}
    for index in range(count):
        entry = at + start + index * step
        tag, kind, length = struct.unpack_from(order + "HH" + word, view, entry)
        if kind not in _LETTERS or length > 1_000_000:
            continue
        value_at = entry + 4 + struct.calcsize(order + word)
        if length * _SIZES[kind] > struct.calcsize(order + word):
            (value_at,) = struct.unpack_from(order + word, view, value_at)
        tags[tag] = struct.unpack_from(f"{order}{length}{_LETTERS[kind]}", view, value_at)
    (following,) = struct.unpack_from(order + word, view, at + start + count * step)
    return tags, following


def _frame(tags: dict[int, tuple[int, ...]]) -> Frame:
    def one(tag: int, default: int) -> int:
        values = tags.get(tag)
        return values[0] if values else default

    return Frame(
        width=one(256, 0),
        height=one(257, 0),
        bits=one(258, 1),
        samples=one(277, 1),
        compression=one(259, 1),
        photometric=one(262, 0),
        fill_order=one(266, 1),
        t6_options=one(293, 0),
        offsets=tags.get(273, ()),
        counts=tags.get(279, ()),
        tiled=322 in tags,
        orientation=one(274, 1),
    )


def group4_strip(data: bytes | mmap.mmap, frame: Frame) -> bytes | None:
    """The bytes of a frame that is one plain Group 4 strip, most significant bit first; None for any other.

    Raises:
        ValueError: the strip lies outside the file.
    """
    plain = frame.compression == 4 and frame.bits == 1 and frame.samples == 1 and frame.photometric in {0, 1}
    if not plain or frame.tiled or frame.t6_options or len(frame.offsets) != 1 or len(frame.counts) != 1:
        return None
    start, length = frame.offsets[0], frame.counts[0]
    strip = bytes(memoryview(data)[start : start + length])
    if len(strip) != length or not length:
        raise ValueError("the TIFF's strip is cut off")
    return strip.translate(_REVERSED) if frame.fill_order == 2 else strip
