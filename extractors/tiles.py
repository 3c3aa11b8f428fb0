"""Small pictures of single values, close around them, to be compared side by side. Runs in a worker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

import cv2

from extractors.crops import turn, turned_page
from extractors.pages import Pixels
from schemas.reading import Box, Format, PageSource, Rotation
from schemas.rules import Limits, ReadingProfile

WIDTH: Final = 420
_HEIGHT: Final = 150
_MARGIN: Final = 0.7  # of the height of the value, on each side
_TOP: Final = 0.2  # of a page, where a value has no place of its own
_QUALITY: Final = 62


def cut_tiles(
    path: str,
    kind: Format,
    source: PageSource,
    profile: ReadingProfile,
    limits: Limits,
    rotation: Rotation,
    boxes: Sequence[Box | None],
) -> list[bytes]:
    """WebP pictures of values of one page, at most `WIDTH` pixels wide, with little around them.

    Args:
        path: the file.
        kind: its format.
        source: the page as listed.
        profile: for the resolution of pages that must be drawn.
        limits: as for reading.
        rotation: degrees clockwise that the page was turned for reading.
        boxes: fields in the displayed frame; None for the top of the page.

    Raises:
        SourceError: the page cannot be decoded.
    """
    turned, (width, height) = turned_page(path, kind, source, profile, limits, rotation)
    return [_tile(turned, turn(box, width, height, rotation) if box else None) for box in boxes]


def _tile(page: Pixels, box: Box | None) -> bytes:
    height, width = page.shape[:2]
    if box is None:
        part = Box(0, 0, width, max(1, round(_TOP * height)))
    else:
        margin = max(4, round(_MARGIN * box.height))
        part = Box(
            max(0, box.left - margin),
            max(0, box.top - margin),
            min(width, box.right + margin),
            min(height, box.bottom + margin),
        )
    piece = page[part.top : part.bottom, part.left : part.right]
    scale = min(1.0, WIDTH / piece.shape[1], _HEIGHT / piece.shape[0])
    if scale < 1.0:
        size = (max(1, round(piece.shape[1] * scale)), max(1, round(piece.shape[0] * scale)))
        piece = cast(Pixels, cv2.resize(piece, size, interpolation=cv2.INTER_AREA))
    canvas = cv2.cvtColor(piece, cv2.COLOR_GRAY2BGR if piece.ndim == 2 else cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode(".webp", canvas, [cv2.IMWRITE_WEBP_QUALITY, _QUALITY])
    assert done
    return bytes(data)
