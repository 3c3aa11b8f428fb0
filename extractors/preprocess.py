"""Preprocessing for reading only: what the engine sees. The archived image is never this one.

Each step was kept because it pays: coloured ink out, size at which the engine reads best, tilt levelled, paper even, long
rules out. The steps that cost by the pixel come after the reduction.
"""

from __future__ import annotations

from typing import NamedTuple, cast

import cv2
import numpy as np
import numpy.typing as npt

from extractors.image_quality import reduced
from schemas.reading import Box, Rotation
from schemas.rules import ReadingProfile

Grey = npt.NDArray[np.uint8]
_PAPER_REDUCTION = 4
_MM = 1 / 25.4


class Prepared(NamedTuple):
    """The image for the engine, and the way back: `inverse` maps its pixels to the displayed frame (2×3, affine)."""

    image: Grey
    inverse: npt.NDArray[np.float64]
    dpi: int


class Letters(NamedTuple):
    """Letter-like spots of a page: how many, and their median height in pixels of the displayed frame (0 if few)."""

    count: int
    height: float


def ink_channel(array: npt.NDArray[np.uint8], profile: ReadingProfile, dpi: float) -> Grey:
    """One channel in which seals fade and text stays.

    Red ink is white in the red channel. Lines of red text (titles and serial numbers of certificates) are told from seals
    by their shape and kept.
    """
    if array.ndim == 2:
        return array
    if not profile.drop_colour:
        return cast(Grey, cv2.cvtColor(array, cv2.COLOR_RGB2GRAY))
    channel = cast(Grey, cv2.extractChannel(array, 0))
    for left, top, right, bottom in _red_lines(array, dpi):
        part = array[top:bottom, left:right]
        channel[top:bottom, left:right] = cv2.min(part[:, :, 0], part[:, :, 1])
    return channel


def _red_lines(array: npt.NDArray[np.uint8], dpi: float) -> list[tuple[int, int, int, int]]:
    """Boxes of text lines in red ink: wide, of letter height, and much fuller than the arc of a seal."""
    step = max(1, round(dpi / 75))
    small = array[::step, ::step].astype(np.int16)
    red = ((small[:, :, 0] - np.maximum(small[:, :, 1], small[:, :, 2])) > 60).astype(np.uint8)
    if red.sum() < 50:
        return []
    inch = dpi / step
    joined = cv2.morphologyEx(red, cv2.MORPH_CLOSE, np.ones((1, max(3, round(5 * _MM * inch))), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    lines = []
    for left, top, width, height, area in stats[1:count].tolist():
        tall = 1.5 * _MM * inch <= height <= 9 * _MM * inch
        if tall and width > 3 * height and area > 0.45 * width * height:
            edge = 2
            box = (left - edge, top - edge, left + width + edge, top + height + edge)
            lines.append(tuple(max(0, side * step) for side in box))
    return cast(list[tuple[int, int, int, int]], lines)


def letters_of(grey: Grey) -> Letters:
    """Letter-like spots, counted on a half-size image."""
    half = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    height, width = half.shape
    middle = half[height // 30 : height * 29 // 30, width // 30 : width * 29 // 30]
    paper = float(np.percentile(middle[::8, ::8], 90)) if middle.size > 64 else 255.0
    dark = cv2.threshold(middle, paper * 0.6, 1, cv2.THRESH_BINARY_INV)[1]
    count, _, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    heights, widths = stats[1:count, cv2.CC_STAT_HEIGHT], stats[1:count, cv2.CC_STAT_WIDTH]
    letters = heights[(heights >= 4) & (heights <= 60) & (widths >= 2) & (widths < 3 * heights)]
    return Letters(int(letters.size), 2.0 * float(np.median(letters)) if letters.size >= 30 else 0.0)


def reading_scale(letters: Letters, profile: ReadingProfile, dpi: float) -> float:
    """Scale at which the commonest letters come out at the profile's x-height.

    Most spots of running text are letters without ascender: their median height is the x-height.
    """
    scale = profile.x_height / letters.height if letters.height else 190 / dpi
    return float(np.clip(scale, profile.min_scale, profile.max_scale))


def prepare(
    grey: Grey,
    profile: ReadingProfile,
    *,
    scale: float,
    dpi: float,
    skew: float | None,
    turn: Rotation = 0,
) -> Prepared:
    """Make the image the engine reads.

    Args:
        grey: displayed frame, H×W, from `ink_channel`.
        profile: which steps.
        scale: from `reading_scale`.
        dpi: of the displayed frame.
        skew: degrees the lines rise to the right once the frame is turned upright, None if unclear.
        turn: degrees clockwise the displayed frame is turned for reading.
    """
    tilt = skew if profile.level and skew is not None and abs(skew) > 0.1 else 0.0
    matrix, size = _transform(grey.shape[1], grey.shape[0], turn, tilt, scale)
    if tilt or turn:
        # Area averaging before a reduction keeps thin strokes that sampling alone would miss.
        source = cv2.blur(grey, (2, 2)) if scale < 0.75 else grey
        image = cv2.warpAffine(source, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    else:
        smoothly = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        image = cv2.resize(grey, size, interpolation=smoothly)
    if profile.even_background:
        image = even_background(cast(Grey, image))
    image = without_rules(cast(Grey, image), scale * dpi)
    return Prepared(image, cv2.invertAffineTransform(matrix).astype(np.float64), max(70, round(dpi * scale)))


def _transform(
    width: int, height: int, turn: Rotation, skew: float, scale: float
) -> tuple[npt.NDArray[np.float64], tuple[int, int]]:
    """Matrix from the displayed frame to the engine's image, and that image's size."""
    turned = (height, width) if turn in {90, 270} else (width, height)
    size = (max(1, round(turned[0] * scale)), max(1, round(turned[1] * scale)))
    if not (turn or skew):
        # As cv2.resize maps: by the sizes, so that boxes do not drift by the rounding.
        return np.array([[size[0] / width, 0.0, 0.0], [0.0, size[1] / height, 0.0]]), size
    angle = np.radians(turn + skew)
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    matrix = np.array([[cos * scale, -sin * scale, 0.0], [sin * scale, cos * scale, 0.0]])
    centre = matrix[:, :2] @ np.array([width / 2, height / 2])
    matrix[:, 2] = np.array([size[0] / 2, size[1] / 2]) - centre
    return matrix, size


def even_background(grey: Grey) -> Grey:
    """Divide by the paper's own brightness, found on a reduced image: shadows and fading go, strokes stay."""
    height, width = grey.shape
    size = (max(1, width // _PAPER_REDUCTION), max(1, height // _PAPER_REDUCTION))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    paper = cv2.medianBlur(cv2.dilate(small, np.ones((5, 5), np.uint8)), 11)
    full = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
    return cast(Grey, cv2.divide(grey, full, scale=255))


def without_rules(image: Grey, dpi: float) -> Grey:
    """Take out long straight rules: words in ruled tables vanish beside them."""
    dark = cv2.threshold(image, 190, 255, cv2.THRESH_BINARY_INV)[1]
    long_across, long_down = max(30, round(0.45 * dpi)), max(30, round(0.3 * dpi))
    thick = max(3, round(0.035 * dpi))
    rules = np.zeros_like(dark)
    for long, across in ((long_across, True), (long_down, False)):
        # A rule a little askew steps from row to row; widened by a pixel it runs on.
        widened = cv2.dilate(dark, np.ones((2, 1) if across else (1, 2), np.uint8))
        found = cv2.morphologyEx(
            widened, cv2.MORPH_OPEN, np.ones((1, long) if across else (long, 1), np.uint8)
        )
        # Only what is long and thin is a rule; a photograph or a black edge is thick and stays.
        solid = cv2.morphologyEx(
            found, cv2.MORPH_OPEN, np.ones((thick, 1) if across else (1, thick), np.uint8)
        )
        rules = cv2.bitwise_or(rules, cv2.subtract(found, solid))
    if not rules.any():
        return image
    cleaned = image.copy()
    cleaned[cv2.dilate(rules, np.ones((3, 3), np.uint8)) > 0] = 255
    return cleaned


def box_back(
    inverse: npt.NDArray[np.float64], box: tuple[int, int, int, int], width: int, height: int
) -> Box:
    """A box of the engine's image in pixels of the displayed frame."""
    left, top, right, bottom = box
    corners = np.array([[left, top, 1], [right, top, 1], [right, bottom, 1], [left, bottom, 1]], dtype=float)
    back = corners @ inverse.T
    low, high = np.floor(back.min(axis=0) + 1e-6), np.ceil(back.max(axis=0) - 1e-6)
    x0, y0 = int(np.clip(low[0], 0, width - 1)), int(np.clip(low[1], 0, height - 1))
    return Box(x0, y0, max(x0 + 1, int(min(high[0], width))), max(y0 + 1, int(min(high[1], height))))


def small_copy(grey: Grey, dpi: float) -> tuple[Grey, int]:
    """The page at about 150 dpi, and that dpi: enough to tell which way is up."""
    copy = reduced(grey, max(600, round(grey.shape[1] * 150 / dpi)))
    return copy, round(dpi * copy.shape[1] / grey.shape[1])
