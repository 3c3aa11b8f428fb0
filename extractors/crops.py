"""Pieces of page images for people to look at: a field with its surroundings, or the top of the page. Runs in a worker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

import cv2
import numpy as np

from extractors.pages import Pixels, page_pixels
from schemas.reading import Box, Format, PageSource, Rotation
from schemas.rules import Limits, ReadingProfile

WIDTH: Final = 960
_TOP: Final = 0.45
_LEAST_WIDTH: Final = 0.5
_LEAST_HEIGHT: Final = 0.07
_FRAME: Final = (196, 30, 40)
_QUALITY: Final = 78


def cut_page(
    path: str,
    kind: Format,
    source: PageSource,
    profile: ReadingProfile,
    limits: Limits,
    rotation: Rotation,
    boxes: Sequence[Box | None],
) -> list[bytes]:
    """JPEGs of parts of one page, turned as it was turned for reading, at most `WIDTH` pixels wide.

    Args:
        path: the file.
        kind: its format.
        source: the page as listed.
        profile: for the resolution of pages that must be drawn.
        limits: as for reading.
        rotation: degrees clockwise that the page was turned for reading.
        boxes: fields in the displayed frame, framed in red within their surroundings; None for the top of the page.

    Raises:
        SourceError: the page cannot be decoded.
    """
    turned, (width, height) = turned_page(path, kind, source, profile, limits, rotation)
    return [_cut(turned, turn(box, width, height, rotation) if box else None) for box in boxes]


def turned_page(
    path: str, kind: Format, source: PageSource, profile: ReadingProfile, limits: Limits, rotation: Rotation
) -> tuple[Pixels, tuple[int, int]]:
    """A page's pixels turned clockwise, and its width and height before.

    Raises:
        SourceError: the page cannot be decoded.
    """
    array = page_pixels(path, kind, source, profile, limits).array
    height, width = array.shape[:2]
    return cast(Pixels, np.ascontiguousarray(np.rot90(array, -rotation // 90))), (width, height)


def turn(box: Box, width: int, height: int, rotation: Rotation) -> Box:
    """A box of a page of that size, on the page turned clockwise."""
    left, top, right, bottom = box
    if rotation == 90:
        return Box(height - bottom, left, height - top, right)
    if rotation == 180:
        return Box(width - right, height - bottom, width - left, height - top)
    if rotation == 270:
        return Box(top, width - right, bottom, width - left)
    return Box(left, top, right, bottom)


def _cut(page: Pixels, box: Box | None) -> bytes:
    height, width = page.shape[:2]
    part = around(box, width, height) if box else Box(0, 0, width, max(1, round(_TOP * height)))
    piece = page[part.top : part.bottom, part.left : part.right]
    scale = min(1.0, WIDTH / piece.shape[1])
    if scale < 1.0:
        size = (max(1, round(piece.shape[1] * scale)), max(1, round(piece.shape[0] * scale)))
        piece = cast(Pixels, cv2.resize(piece, size, interpolation=cv2.INTER_AREA))
    # OpenCV uses BGR order.
    canvas = cv2.cvtColor(piece, cv2.COLOR_GRAY2BGR if piece.ndim == 2 else cv2.COLOR_RGB2BGR)
    if box:
        inset = 4
        corners = [
            (round((box.left - part.left) * scale) - inset, round((box.top - part.top) * scale) - inset),
            (round((box.right - part.left) * scale) + inset, round((box.bottom - part.top) * scale) + inset),
        ]
        cv2.rectangle(canvas, corners[0], corners[1], _FRAME[::-1], 2)
    done, data = cv2.imencode(".jpg", canvas, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    assert done
    return bytes(data)


def around(box: Box, width: int, height: int) -> Box:
    """A box enlarged to include its surroundings, clipped to the page."""
    across = max(box.width + 2 * box.height, round(_LEAST_WIDTH * width))
    down = max(round(2.4 * box.height), round(_LEAST_HEIGHT * height))
    left = min(max(0, (box.left + box.right - across) // 2), max(0, width - across))
    top = min(max(0, (box.top + box.bottom - down) // 2), max(0, height - down))
    return Box(left, top, min(width, left + across), min(height, top + down))
