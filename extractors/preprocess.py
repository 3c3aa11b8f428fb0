"""Preprocessing for OCR only. The archived image is never preprocessed.

Each step was kept because it pays: coloured ink out, size at which the engine reads best, tilt levelled, paper even, long
rules out. The steps that cost by the pixel come after the reduction.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, cast

import cv2
import numpy as np
import numpy.typing as npt

from extractors.image_quality import halved, ink_threshold, reduced
from schemas.reading import Box, Rotation
from schemas.rules import ReadingProfile

Grey = npt.NDArray[np.uint8]
# Degrees clockwise, and OpenCV's name for the turn.
ROTATIONS: Final[dict[int, int]] = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}
_PAPER_REDUCTION = 4
_MM = 1 / 25.4
_MIN_LETTERS = 40
_MIN_DOTS = 20
# Of running text a quarter rises above the small letters; of capitals and figures next to nothing rises above the rest,
# and they are about half as tall again as the small letters of their size.
_ABOVE, _RISING, _CAPITAL = 1.25, 0.08, 1.4
# At most a third is left to sampling.
_HALVE_BELOW = 0.66
# Up to here drawing straight lines between pixels reads as well as curves, at a fifth of the cost.
_ENLARGED = 1.35


class Prepared(NamedTuple):
    """The image for the engine, and the way back: `inverse` maps its pixels to the displayed frame (2×3, affine)."""

    image: Grey
    inverse: npt.NDArray[np.float64]
    dpi: int


class Letters(NamedTuple):
    """Letter-like spots of a page.

    Attributes:
        number: how many.
        height: of a small letter in pixels of the displayed frame, their median; 0 if there are few.
        centres: N×2, across and down in the displayed frame, of those of about that height.
    """

    number: int
    height: float
    centres: npt.NDArray[np.int64]


def ink_channel(array: npt.NDArray[np.uint8], profile: ReadingProfile, dpi: float) -> Grey:
    """One channel in which seals fade and text stays.

    Red ink is white in the red channel. Lines of red text (titles and serial numbers of certificates) differ from
    seals in shape and are kept.
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
    across = _text_lines(red, dpi / step)
    # On a page that lies on its side they run down.
    down = [(top, left, bottom, right) for left, top, right, bottom in _text_lines(red.T, dpi / step)]
    return [
        cast(tuple[int, int, int, int], tuple(max(0, side * step) for side in box))
        for box in (*across, *down)
    ]


def _text_lines(mask: npt.NDArray[np.uint8], dpi: float) -> list[tuple[int, int, int, int]]:
    """Boxes of what runs across a mask in the shape of text lines."""
    joined = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((1, max(3, round(5 * _MM * dpi))), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    lines = []
    for left, top, width, height, area in stats[1:count].tolist():
        tall = 1.5 * _MM * dpi <= height <= 9 * _MM * dpi
        if tall and width > 3 * height and area > 0.45 * width * height:
            lines.append((left - 2, top - 2, left + width + 2, top + height + 2))
    return lines


def letters_of(grey: Grey, *, whole: bool = False) -> Letters:
    """Letter-like spots of a half-size image: of half of it, as on a chessboard, unless the `whole` is asked for."""
    half = halved(grey)
    height, width = half.shape
    top, left, bottom, right = height // 30, width // 30, height - height // 30, width - width // 30
    ink = ink_threshold(reduced(half, half.shape[1] // 2))
    if whole or height < 800:
        spots = _spots(half[top:bottom, left:right], top, left, ink)
    else:
        middle, edges = (left + right) // 2, np.linspace(top, bottom, 11).astype(int).tolist()
        fields = [
            (up, down, *((left, middle) if number % 2 else (middle, right)))
            for number, (up, down) in enumerate(itertools.pairwise(edges))
        ]
        spots = np.vstack([_spots(half[up:down, near:far], up, near, ink) for up, down, near, far in fields])
    if len(spots) < 30:
        return Letters(len(spots), 0.0, spots[:, 1:] * 2)
    usual = float(np.median(spots[:, 0]))
    alike = (spots[:, 0] >= 0.6 * usual) & (spots[:, 0] <= 3 * usual)
    capitals = (spots[:, 0] >= _ABOVE * usual).mean() < _RISING
    return Letters(len(spots), 2.0 * usual / (_CAPITAL if capitals else 1.0), spots[alike, 1:] * 2)


def _spots(image: Grey, top: int, left: int, ink: float) -> npt.NDArray[np.int64]:
    """Height and x, y position of the spots that have the size and shape of a letter."""
    if image.size == 0:
        return np.empty((0, 3), np.int64)
    dark = cv2.threshold(image, ink, 1, cv2.THRESH_BINARY_INV)[1]
    stats = spots_of(dark)
    near, up, wide, tall, _ = (stats[1:, column].astype(np.int64) for column in range(5))
    fits = (tall >= 4) & (tall <= 60) & (wide >= 2) & (wide < 3 * tall)
    return np.column_stack([tall, near + wide // 2 + left, up + tall // 2 + top])[fits]


def spots_of(mask: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    """N×5 of connected spots as `cv2.connectedComponentsWithStats` gives them, the background first."""
    try:
        # Labels of 16 bits cost a third, and are enough for all but a page of noise.
        found = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_16U)
    except cv2.error:
        found = cv2.connectedComponentsWithStats(mask, connectivity=8)
    return cast(npt.NDArray[np.int32], found[2])


def share_missed(letters: Letters, boxes: Sequence[Box], width: int, height: int) -> float:
    """Share of a page's letter-like spots that lie in no word: what was never read."""
    if len(letters.centres) < _MIN_LETTERS:
        return 0.0
    covered = np.zeros((height // 4 + 1, width // 4 + 1), np.uint8)
    for left, top, right, bottom in boxes:
        covered[max(0, top // 4 - 1) : bottom // 4 + 2, max(0, left // 4 - 1) : right // 4 + 2] = 1
    across, down = letters.centres[:, 0] // 4, letters.centres[:, 1] // 4
    return float((covered[down, across] == 0).mean())


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
    white: float = 1.0,
    rules: bool = False,
) -> Prepared:
    """Make the image the engine reads.

    Args:
        grey: displayed frame, H×W, from `ink_channel`.
        profile: which steps.
        scale: from `reading_scale`.
        dpi: of the displayed frame.
        skew: degrees the lines rise to the right once the frame is turned upright, None if unclear.
        turn: degrees clockwise the displayed frame is turned for reading.
        white: share of the paper's brightness from which all is made white. Below 1 the ghosts of seals, guilloche and
            frames go, which can keep the engine from finding any line; thin strokes suffer.
        rules: leave long straight rules in.
    """
    tilt = skew if profile.level and skew is not None and abs(skew) > 0.1 else 0.0
    # Halving averages, keeps thin strokes that sampling would miss, and costs next to nothing.
    halves = 0
    while scale * 2**halves <= _HALVE_BELOW and min(grey.shape) > 1:
        grey, halves = halved(grey), halves + 1
    rest = scale * 2**halves
    matrix, size = _transform(grey.shape[1], grey.shape[0], turn, tilt, rest)
    if tilt or turn or rest > 1:
        flags = cv2.INTER_LINEAR if rest <= _ENLARGED else cv2.INTER_CUBIC
        image = cv2.warpAffine(grey, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    else:
        image = cv2.resize(grey, size, interpolation=cv2.INTER_LINEAR)
    if profile.even_background:
        image = even_background(cast(Grey, image), white)
    ruled = cast(Grey, image) if rules else without_rules(cast(Grey, image), scale * dpi)
    image = without_leaders(ruled, scale * dpi)
    inverse = cv2.invertAffineTransform(matrix).astype(np.float64) * 2**halves
    return Prepared(image, inverse, max(70, round(dpi * scale)))


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


def even_background(grey: Grey, white: float = 1.0) -> Grey:
    """Divide by the paper's own brightness, found on a reduced image: shadows and fading go, strokes stay."""
    height, width = grey.shape
    size = (max(1, width // _PAPER_REDUCTION), max(1, height // _PAPER_REDUCTION))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    paper = cv2.medianBlur(cv2.dilate(small, np.ones((5, 5), np.uint8)), 11)
    full = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
    return cast(Grey, cv2.divide(grey, full, scale=255 / white))


def without_rules(image: Grey, dpi: float) -> Grey:
    """Take out long straight rules: words in ruled tables vanish beside them."""
    dark = cv2.threshold(image, 190, 255, cv2.THRESH_BINARY_INV)[1]
    long_across, long_down = max(30, round(0.45 * dpi)), max(30, round(0.3 * dpi))
    # One more, for the pixel by which rules are widened below.
    thick = max(3, round(0.035 * dpi)) + 1
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


def without_leaders(image: Grey, dpi: float) -> Grey:
    """Take out dotted leaders, the rows of dots that forms are filled in on: they glue lines of text together."""
    dark = cv2.threshold(image, 170, 255, cv2.THRESH_BINARY_INV)[1]
    stats = spots_of(dark)
    size = max(3, round(0.028 * dpi))
    dots = stats[(stats[:, cv2.CC_STAT_WIDTH] <= size) & (stats[:, cv2.CC_STAT_HEIGHT] <= size)]
    if len(dots) < _MIN_DOTS:
        return image
    left, top, wide, tall = (dots[:, column] for column in range(4))
    across, down = left + wide // 2, top + tall // 2
    rows = np.zeros_like(dark)
    rows[down, across] = 255
    # Dots of one row differ by a pixel or two in vertical position, and lie close together for at least a centimetre.
    rows = cv2.dilate(rows, np.ones((3, 1), np.uint8))
    rows = cv2.morphologyEx(rows, cv2.MORPH_CLOSE, np.ones((1, max(3, round(0.1 * dpi))), np.uint8))
    rows = cv2.morphologyEx(rows, cv2.MORPH_OPEN, np.ones((1, round(0.4 * dpi)), np.uint8))
    gone = rows[down, across] > 0
    if not gone.any():
        return image
    # The dot below a vowel (dấu nặng) often stands among them, and is larger.
    area = wide * tall
    gone &= area <= 1.6 * np.median(area[gone])
    cleaned = image.copy()
    for x, y, w, h in dots[gone, :4].tolist():
        cleaned[max(0, y - 1) : y + h + 1, max(0, x - 1) : x + w + 1] = 255
    return cleaned


def boxes_back(
    inverse: npt.NDArray[np.float64], boxes: Sequence[tuple[int, int, int, int]], width: int, height: int
) -> list[Box]:
    """Boxes of the engine's image in pixels of the displayed frame."""
    if not boxes:
        return []
    sides = np.array(boxes, dtype=float)
    across, down = sides[:, [0, 2, 2, 0]], sides[:, [1, 1, 3, 3]]
    x = inverse[0, 0] * across + inverse[0, 1] * down + inverse[0, 2]
    y = inverse[1, 0] * across + inverse[1, 1] * down + inverse[1, 2]
    left = np.clip(np.floor(x.min(axis=1) + 1e-6), 0, width - 1).astype(int)
    top = np.clip(np.floor(y.min(axis=1) + 1e-6), 0, height - 1).astype(int)
    right = np.maximum(left + 1, np.minimum(np.ceil(x.max(axis=1) - 1e-6), width).astype(int))
    bottom = np.maximum(top + 1, np.minimum(np.ceil(y.max(axis=1) - 1e-6), height).astype(int))
    return [Box(*box) for box in np.column_stack([left, top, right, bottom]).tolist()]


def small_copy(grey: Grey, dpi: float) -> tuple[Grey, int]:
    """The page at about 150 dpi, and that dpi: enough to detect its orientation."""
    copy = reduced(grey, max(600, round(grey.shape[1] * 150 / dpi)))
    return copy, round(dpi * copy.shape[1] / grey.shape[1])
