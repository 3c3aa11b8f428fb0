"""Small images of pages and page regions for reports, with sensitive regions painted over. Runs in a worker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import cv2

from extractors.crops import around, turn, turned_page
from extractors.pages import Pixels
from schemas.masking import is_identifier
from schemas.reading import Box, Format, PageReading, PageSource, Rotation, Word
from schemas.rules import Limits, ReadingProfile

_COVER: Final = (96, 104, 112)
_FRAME: Final = (196, 30, 40)
_SIGNS: Final = frozenset("/:.,")
_MARGIN: Final = 0.12  # of a covered box's height, around it


class Piece(NamedTuple):
    """The part of a page to show: a framed box with its surroundings, or the whole page if None; at most `width` pixels."""

    box: Box | None
    width: int
    quality: int = 70


class Facsimile(NamedTuple):
    """A JPEG with its size; `marks` are the boxes asked about, in its pixels (none of a piece that is not a page)."""

    jpeg: bytes
    width: int
    height: int
    marks: tuple[Box, ...] = ()


def draw(
    path: str,
    kind: Format,
    source: PageSource,
    profile: ReadingProfile,
    limits: Limits,
    rotation: Rotation,
    pieces: Sequence[Piece],
    covered: Sequence[Box] = (),
    marks: Sequence[Box] = (),
) -> list[Facsimile]:
    """Pictures of one page, turned as it was turned for reading.

    Args:
        path: the file.
        kind: its format.
        source: the page as listed.
        profile: for the resolution of pages that must be drawn.
        limits: as for reading.
        rotation: degrees clockwise that the page was turned for reading.
        pieces: what to show; boxes in the displayed frame.
        covered: boxes that are painted over in every picture.
        marks: boxes whose positions in the image of a whole page are returned.

    Raises:
        SourceError: the page cannot be decoded.
    """
    turned, (width, height) = turned_page(path, kind, source, profile, limits, rotation)
    hidden = [turn(box, width, height, rotation) for box in covered]
    places = [turn(box, width, height, rotation) for box in marks]
    return [
        _draw(turned, piece, turn(piece.box, width, height, rotation) if piece.box else None, hidden, places)
        for piece in pieces
    ]


def identifier_boxes(reading: PageReading) -> list[Box]:
    """Boxes of what looks like an identifier of a person or enterprise: words, groups of digits, QR codes."""
    found = [word.box for word in reading.words if is_identifier(word.as_read) or is_identifier(word.text)]
    for line in reading.lines():
        for group in _groups(line):
            if len(group) > 1 and is_identifier(" ".join(word.as_read for word in group)):
                found.append(_union(group))
    found += [box for payload, box in reading.qr if is_identifier(payload)]
    return found


def _groups(line: Sequence[Word]) -> list[list[Word]]:
    """Runs of words that are mostly digits: a number printed in groups; dates, times and amounts are excluded."""
    groups: list[list[Word]] = [[]]
    for word in line:
        digits = sum(char.isdigit() for char in word.as_read)
        if digits * 2 > len(word.as_read) and not _SIGNS & set(word.as_read.strip(".,:;")):
            groups[-1].append(word)
        elif groups[-1]:
            groups.append([])
    return [group for group in groups if group]


def _union(words: Sequence[Word]) -> Box:
    box = words[0].box
    for word in words[1:]:
        box = box.union(word.box)
    return box


def _draw(
    page: Pixels, piece: Piece, box: Box | None, hidden: Sequence[Box], places: Sequence[Box]
) -> Facsimile:
    height, width = page.shape[:2]
    part = around(box, width, height) if box else Box(0, 0, width, height)
    cut = page[part.top : part.bottom, part.left : part.right]
    scale = min(1.0, piece.width / cut.shape[1])
    size = (max(1, round(cut.shape[1] * scale)), max(1, round(cut.shape[0] * scale)))
    # Always a copy: painting must not affect the next piece.
    small = cv2.resize(cut, size, interpolation=cv2.INTER_AREA) if scale < 1.0 else cut.copy()
    canvas = cv2.cvtColor(small, cv2.COLOR_GRAY2BGR if small.ndim == 2 else cv2.COLOR_RGB2BGR)
    for place in hidden:
        left, top, right, bottom = _placed(place, part, scale)
        margin = max(1, round(_MARGIN * (bottom - top)))
        cv2.rectangle(
            canvas, (left - margin, top - margin), (right + margin, bottom + margin), _COVER[::-1], -1
        )
    if box:
        left, top, right, bottom = _placed(box, part, scale)
        cv2.rectangle(canvas, (left - 4, top - 4), (right + 4, bottom + 4), _FRAME[::-1], 2)
    done, data = cv2.imencode(".jpg", canvas, [cv2.IMWRITE_JPEG_QUALITY, piece.quality])
    assert done
    marks = () if box else tuple(_placed(place, part, scale) for place in places)
    return Facsimile(bytes(data), size[0], size[1], marks)


def _placed(box: Box, part: Box, scale: float) -> Box:
    """A box of the turned page, in the pixels of a picture of a part of it."""
    return Box(
        round((box.left - part.left) * scale),
        round((box.top - part.top) * scale),
        round((box.right - part.left) * scale),
        round((box.bottom - part.top) * scale),
    )
