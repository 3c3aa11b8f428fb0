"""Image QA: a page's measurements, cheaply, on reduced images, and the findings the configured rules draw from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final, TypeVar, cast

import cv2
import numpy as np
import numpy.typing as npt

from schemas.findings import Finding, finding
from schemas.reading import DpiKnown, ImageMeasures, PageReading
from schemas.rules import ImageRule

Grey = npt.NDArray[np.uint8]
_Level = TypeVar("_Level", bound=np.generic)
_WORK_WIDTH = 620
_SKEW_RANGE = 8.0
_SKEW_POINTS = 40_000
_USUAL_SKEW = 3.0
_INK = 0.6
_BLACK = 60
_DARKEST = 0.0005
_VISIBLE = 40
_OPERATIONS: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": lambda measured, limit: measured < limit,
    "<=": lambda measured, limit: measured <= limit,
    ">": lambda measured, limit: measured > limit,
    ">=": lambda measured, limit: measured >= limit,
    "==": lambda measured, limit: measured == limit,
}
# ISO 216 sizes in inches with the A4-equivalents of DOMAIN.md §2.5; up to 10 % of area over counts as the same size.
_SIZES = ((8.27, 11.69, 1), (11.69, 16.54, 2), (16.54, 23.39, 4), (23.39, 33.11, 8), (33.11, 46.81, 16))
_OVERSIZE = 1.1


def measure(grey: Grey, dpi: float | None, bits: int) -> ImageMeasures:
    """Measure one page image.

    Args:
        grey: H×W, the channel that is read (`preprocess.ink_channel`).
        dpi: of the page, None if not known yet (`extractors.resolution`).
        bits: a pixel's bits as stored.
    """
    small = reduced(grey, _WORK_WIDTH)
    paper = _percentile(small, 0.9)
    dark = small < ink_threshold(small)
    body = _inner(dark)
    ink = float(body.mean())
    levels = _inner(small)[body]
    contrast = (paper - float(np.median(levels))) / 255 if levels.size > 50 else 0.0
    height, width = grey.shape
    return ImageMeasures(
        dpi=dpi,
        bits=bits,
        skew=skew_of(small) if ink > 0.002 else None,
        sharpness=_sharpness(grey) if ink > 0.002 else None,
        contrast=round(contrast, 3),
        ink=round(ink, 5),
        black_edge=round(_edge_share(small < _BLACK), 4),
        touching_edge=round(_touching(dark), 4),
        a4_equivalents=a4_equivalents(width, height, dpi),
    )


def reduced(grey: Grey, width: int) -> Grey:
    """The image halved until less than twice a width is left."""
    while grey.shape[1] >= 2 * width and grey.shape[0] >= 2:
        grey = halved(grey)
    return grey


def halved(grey: Grey) -> Grey:
    """Halve the image by averaging 2×2 blocks; several times faster than the alternatives."""
    height, width = max(1, grey.shape[0] // 2), max(1, grey.shape[1] // 2)
    return cast(
        Grey, cv2.resize(grey[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA)
    )


def ink_threshold(grey: Grey) -> float:
    """Grey level below which a pixel counts as ink; 0 if ink cannot be distinguished from the paper.

    Well below the paper, but on a faded page no lower than half-way to its darkest strokes.
    """
    inner = cast(Grey, np.ascontiguousarray(_inner(grey)[::2, ::2]))
    paper, darkest = _percentile(inner, 0.9), _percentile(inner, _DARKEST)
    return max(_INK * paper, (paper + darkest) / 2) if paper - darkest >= _VISIBLE else 0.0


def _percentile(grey: Grey, share: float) -> float:
    counts = cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel().cumsum()
    return float(np.searchsorted(counts, share * counts[-1]))


def _inner(image: npt.NDArray[_Level]) -> npt.NDArray[_Level]:
    """The page without its outer 3 %, where scanners leave black."""
    rows, columns = image.shape[0] * 3 // 100, image.shape[1] * 3 // 100
    return image[rows : image.shape[0] - rows, columns : image.shape[1] - columns]


def skew_of(grey: Grey) -> float | None:
    """Degrees the text lines rise to the right (anticlockwise positive), None if unknown.

    The angle at which the rows, seen along it, alternate most sharply between text and white.
    """
    small = reduced(grey, _WORK_WIDTH)
    dark = _inner(small) < max(ink_threshold(small), _percentile(small, 0.9) * 0.7)
    columns, rows = np.nonzero(dark.T)
    if columns.size < 300:
        return None
    step = max(1, columns.size // _SKEW_POINTS)
    across, down = columns[::step].astype(np.float32), rows[::step].astype(np.float32)
    angles = np.arange(-_SKEW_RANGE, _SKEW_RANGE + 0.1, 0.5)
    scores = np.array([_alternation(across, down, float(angle)) for angle in angles])
    near = np.abs(angles) <= _USUAL_SKEW
    # The slanting lines of a plan must not be taken for text on a page that hardly leans.
    coarse = (
        angles[scores.argmax()]
        if scores.max() >= 1.5 * scores[near].max()
        else angles[near][scores[near].argmax()]
    )
    if abs(coarse) >= _SKEW_RANGE or scores.max() < 1.3 * np.median(scores):
        return None
    middle = _sharpest(across, down, np.arange(coarse - 0.4, coarse + 0.41, 0.1))
    return round(_sharpest(across, down, np.arange(middle - 0.08, middle + 0.081, 0.02)), 2)


def lines_run_down(grey: Grey) -> bool:
    """True if the text lines run down the image: a page that lies on its side."""
    small = reduced(grey, _WORK_WIDTH)
    dark = _inner(small) < max(ink_threshold(small), _percentile(small, 0.9) * 0.7)
    across, down = (side.astype(np.float32) for side in np.nonzero(dark.T))
    if across.size < 300:
        return False
    angles = np.arange(-3.0, 3.1, 1.0)
    upright = max(_alternation(across, down, float(angle)) for angle in angles)
    lying = max(_alternation(down, across, float(angle)) for angle in angles)
    return lying > 1.5 * upright


def _sharpest(
    across: npt.NDArray[np.float32], down: npt.NDArray[np.float32], angles: npt.NDArray[np.float64]
) -> float:
    return float(max(angles, key=lambda angle: _alternation(across, down, float(angle))))


def _alternation(across: npt.NDArray[np.float32], down: npt.NDArray[np.float32], angle: float) -> float:
    """Sum of squared ink counts of the rows seen along an angle."""
    rows = down + across * np.float32(np.tan(np.radians(angle)))
    counts = np.bincount((rows - rows.min()).astype(np.int32)).astype(np.float64)
    return float(np.square(np.diff(counts)).sum())


def _sharpness(grey: Grey) -> float:
    """Sharpness: the share of the paper-to-ink contrast that the steepest strokes cover within two pixels; 1 is sharp."""
    height, width = grey.shape
    strip = grey[height // 8 : height * 7 // 8, width // 4 : width * 3 // 4]
    if strip.shape[1] < 3 or strip.shape[0] < 1:
        return 0.0
    steps = cast(Grey, cv2.absdiff(strip[:, 2:], strip[:, :-2]))
    counts = cv2.calcHist([strip], [0], None, [256], [0, 256]).ravel().cumsum()
    way = float(np.searchsorted(counts, 0.9 * counts[-1]) - np.searchsorted(counts, 0.01 * counts[-1]))
    if way < 20:
        return 0.0
    steep = cv2.calcHist([steps], [0], None, [256], [0, 256]).ravel().cumsum()
    return round(min(1.0, float(np.searchsorted(steep, 0.995 * steep[-1])) / way), 3)


def _edge_share(black: npt.NDArray[np.bool_]) -> float:
    band = max(2, black.shape[1] // 50)
    sides = (black[:band], black[-band:], black[:, :band], black[:, -band:])
    return max(float(side.mean()) for side in sides)


def _touching(dark: npt.NDArray[np.bool_]) -> float:
    """Share of the outermost rows and columns that is ink, long runs (scanner black) left out."""
    if min(dark.shape) < 50:
        return 0.0
    # Corners are left out: a black edge along one side shows at the ends of the next.
    sides = (dark[1, 20:-20], dark[-2, 20:-20], dark[20:-20, 1], dark[20:-20, -2])
    shares = [float(side.mean()) for side in sides]
    return max((share for share in shares if share < 0.5), default=0.0)


def a4_equivalents(width: int, height: int, dpi: float | None) -> int:
    """Number of A4 pages that a page counts for in payment (DOMAIN.md §2.5); 1 where the size is unknown."""
    if not dpi:
        return 1
    area = width * height / dpi**2
    for short, long, points in _SIZES:
        if area <= short * long * _OVERSIZE:
            return points
    return _SIZES[-1][2]


def image_findings(
    measures: ImageMeasures, rules: Sequence[ImageRule], page: int, day: date
) -> tuple[Finding, ...]:
    """Findings that the rules in force on a day draw from a page's measurements; unmeasured properties draw none."""
    found = []
    for rule in rules:
        measured = getattr(measures, rule.property)
        if measured is None or not rule.holds_on(day):
            continue
        by_size_alone = rule.property == "dpi" and measures.dpi_known is DpiKnown.PAPER
        if by_size_alone:  # one piece of evidence is too little: a small paper looks like a coarse large one
            continue
        value = abs(measured) if rule.property == "skew" else measured
        if _OPERATIONS[rule.operation](value, rule.value):
            rounded = round(float(value), 3)
            note = finding(rule.rule, page=page, severity=rule.severity, value=rounded, limit=rule.value)
            if rule.property == "dpi" and measures.dpi_known is not None:
                note = note.model_copy(update={"params": {**note.params, "known": str(measures.dpi_known)}})
            found.append(note)
    return tuple(found)


def with_image_findings(
    readings: Sequence[PageReading], rules: tuple[ImageRule, ...], day: date
) -> tuple[PageReading, ...]:
    """Readings with the findings that the image rules in force on a day draw from the measures taken then."""
    found = []
    for reading in readings:
        drawn = (
            image_findings(reading.measures, rules, reading.number, day) if reading.source == "ocr" else ()
        )
        found.append(reading.model_copy(update={"findings": (*reading.findings, *drawn)}))
    return tuple(found)
