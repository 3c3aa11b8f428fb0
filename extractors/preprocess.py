"""Preprocessing for reading only: what the engine sees. The archived image is never this one.

Each step was kept because it pays (docs/benchmarks.md): red ink out, background even, tilt levelled, rules out, and the
size at which the engine reads best.
"""

from __future__ import annotations

from typing import NamedTuple, cast

import cv2
import numpy as np
import numpy.typing as npt

from extractors.image_quality import grey_of
from schemas.reading import Box, Rotation
from schemas.rules import ReadingProfile

Grey = npt.NDArray[np.uint8]
_REDUCED = 8


class Prepared(NamedTuple):
    """The image for the engine, and the way back: `inverse` maps its pixels to the displayed frame (2×3, affine)."""

    image: Grey
    inverse: npt.NDArray[np.float64]
    dpi: int


def prepare(
    array: npt.NDArray[np.uint8],
    profile: ReadingProfile,
    *,
    dpi: float | None,
    skew: float | None,
    turn: Rotation = 0,
) -> Prepared:
    """Make the image the engine reads.

    Args:
        array: displayed frame, H×W grey or H×W×3 RGB.
        profile: which steps, and the x-height to aim at.
        dpi: of the displayed frame, None if unknown.
        skew: degrees the lines rise to the right in the displayed frame turned upright, None if unclear.
        turn: degrees clockwise the displayed frame is turned for reading.
    """
    grey = grey_of(array) if profile.drop_colour else _plain_grey(array)
    if profile.even_background:
        grey = even_background(grey)
    scale = reading_scale(grey, profile, dpi)
    matrix, size = _transform(grey.shape[1], grey.shape[0], turn, skew if profile.level else None, scale)
    # Area averaging before a strong reduction keeps thin strokes that linear sampling would miss.
    flags = cv2.INTER_AREA if scale < 1 and not skew and not turn else cv2.INTER_LINEAR
    if flags == cv2.INTER_AREA:
        image = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    else:
        source = cv2.blur(grey, (2, 2)) if scale < 0.75 else grey
        image = cv2.warpAffine(source, matrix, size, flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=255)
    image = without_rules(cast(Grey, image))
    return Prepared(image, cv2.invertAffineTransform(matrix), max(70, round((dpi or 300) * scale)))


def _plain_grey(array: npt.NDArray[np.uint8]) -> Grey:
    return array if array.ndim == 2 else cast(Grey, cv2.cvtColor(array, cv2.COLOR_RGB2GRAY))


def even_background(grey: Grey) -> Grey:
    """Divide by the paper's own brightness, found on a reduced image: shadows and fading go, strokes stay."""
    height, width = grey.shape
    small = cv2.resize(
        grey, (max(1, width // _REDUCED), max(1, height // _REDUCED)), interpolation=cv2.INTER_AREA
    )
    paper = cv2.medianBlur(cv2.dilate(small, np.ones((5, 5), np.uint8)), 11)
    full = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
    return cast(Grey, cv2.divide(grey, full, scale=255))


def reading_scale(grey: Grey, profile: ReadingProfile, dpi: float | None) -> float:
    """Scale at which the commonest letters come out at the profile's x-height."""
    half = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    height, width = half.shape
    middle = half[height // 12 : height * 11 // 12, width // 12 : width * 11 // 12]
    dark = (middle < 140).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    heights, widths = stats[1:, cv2.CC_STAT_HEIGHT], stats[1:, cv2.CC_STAT_WIDTH]
    letters = heights[(heights >= 4) & (heights <= 60) & (widths >= 2) & (widths < 3 * heights)]
    if count < 40 or letters.size < 30:
        fallback = 190 / dpi if dpi else 0.65
        return float(np.clip(fallback, profile.min_scale, profile.max_scale))
    # Most components of running text are letters without ascender: their median height is the x-height.
    return float(np.clip(profile.x_height / (2.0 * float(np.median(letters))), profile.min_scale, profile.max_scale))


def _transform(
    width: int, height: int, turn: Rotation, skew: float | None, scale: float
) -> tuple[npt.NDArray[np.float64], tuple[int, int]]:
    """Matrix from the displayed frame to the engine's image, and that image's size."""
    turned = (height, width) if turn in {90, 270} else (width, height)
    angle = np.radians(turn - (-(skew or 0.0)))
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    matrix = np.array([[cos * scale, -sin * scale, 0.0], [sin * scale, cos * scale, 0.0]])
    size = (max(1, round(turned[0] * scale)), max(1, round(turned[1] * scale)))
    centre = matrix[:, :2] @ np.array([width / 2, height / 2])
    matrix[:, 2] = np.array([size[0] / 2, size[1] / 2]) - centre
    return matrix, size


def without_rules(image: Grey) -> Grey:
    """Take out long straight rules: words in ruled tables vanish beside them."""
    dark = cv2.threshold(image, 160, 255, cv2.THRESH_BINARY_INV)[1]
    height, width = image.shape
    cleaned = image
    for shape, thin in (((max(40, width // 14), 1), (1, 7)), ((1, max(40, height // 28)), (7, 1))):
        long = cv2.morphologyEx(dark, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, shape))
        if not long.any():
            continue
        # Only what is long and thin is a rule; a photograph or black edge is thick and stays.
        thick = cv2.morphologyEx(long, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, thin))
        rules = cv2.dilate(cv2.subtract(long, thick), np.ones((3, 3), np.uint8))
        if cleaned is image:
            cleaned = image.copy()
        cleaned[rules > 0] = 255
    return cleaned


def box_back(inverse: npt.NDArray[np.float64], box: tuple[int, int, int, int], width: int, height: int) -> Box:
    """A box of the engine's image in pixels of the displayed frame."""
    left, top, right, bottom = box
    corners = np.array([[left, top, 1], [right, top, 1], [right, bottom, 1], [left, bottom, 1]], dtype=float)
    back = corners @ inverse.T
    low, high = np.floor(back.min(axis=0)), np.ceil(back.max(axis=0))
    x0, y0 = int(np.clip(low[0], 0, width - 1)), int(np.clip(low[1], 0, height - 1))
    return Box(x0, y0, max(x0 + 1, int(min(high[0], width))), max(y0 + 1, int(min(high[1], height))))
