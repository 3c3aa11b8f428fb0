"""Image QA: a page's measurements, cheaply, on a reduced image, and the findings the configured rules draw from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final, cast

import cv2
import numpy as np
import numpy.typing as npt

from schemas.findings import Finding, finding
from schemas.reading import ImageMeasures
from schemas.rules import ImageRule

Grey = npt.NDArray[np.uint8]
_WORK_WIDTH = 800
_SKEW_WIDTH = 500
_SKEW_RANGE = 6.0
_OPERATIONS: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": lambda measured, limit: measured < limit,
    "<=": lambda measured, limit: measured <= limit,
    ">": lambda measured, limit: measured > limit,
    ">=": lambda measured, limit: measured >= limit,
    "==": lambda measured, limit: measured == limit,
}
# ISO 216 sizes in inches (short, long) with the A4-equivalents of DOMAIN.md §2.5; 10 % of area over counts as the next.
_SIZES = ((8.27, 11.69, 1), (11.69, 16.54, 2), (16.54, 23.39, 4), (23.39, 33.11, 8), (33.11, 46.81, 16))
_OVERSIZE = 1.1


def grey_of(array: npt.NDArray[np.uint8]) -> Grey:
    """One channel in which red ink (seals) fades and black and blue ink stay."""
    return array if array.ndim == 2 else np.ascontiguousarray(array[:, :, 0])


def measure(array: npt.NDArray[np.uint8], dpi: float | None, bits: int) -> ImageMeasures:
    """Measure one page image (H×W grey or H×W×3 RGB)."""
    grey = grey_of(array)
    small = _reduced(grey, _WORK_WIDTH)
    paper = float(np.percentile(small, 90))
    dark = small < paper * 0.6
    body = _inner(dark)
    ink = float(body.mean())
    levels = _inner(small)[body]
    contrast = float((paper - np.median(levels)) / 255) if levels.size > 50 else 0.0
    height, width = grey.shape
    return ImageMeasures(
        dpi=dpi,
        bits=bits,
        skew=skew_of(small) if ink > 0.002 else None,
        sharpness=_sharpness(grey, body) if ink > 0.002 else None,
        contrast=round(contrast, 3),
        ink=round(ink, 5),
        black_edge=round(_edge_share(small < 60), 4),
        touching_edge=round(_touching(dark), 4),
        a4_equivalents=a4_equivalents(width, height, dpi),
    )


def _reduced(grey: Grey, width: int) -> Grey:
    scale = width / grey.shape[1]
    if scale >= 1:
        return grey
    # A page shorter than a pixel at this scale would make an empty image.
    size = (width, max(1, round(grey.shape[0] * scale)))
    return cast(Grey, cv2.resize(grey, size, interpolation=cv2.INTER_AREA))


def _inner(image: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """The page without its outer 3 %, where scanners leave black."""
    rows, columns = image.shape[0] * 3 // 100, image.shape[1] * 3 // 100
    return image[rows : image.shape[0] - rows, columns : image.shape[1] - columns]


def skew_of(grey: Grey) -> float | None:
    """Degrees the text lines rise to the right (anticlockwise positive), by the sharpest row profile; None if unclear."""
    small = _reduced(grey, _SKEW_WIDTH)
    paper = float(np.percentile(small, 90))
    dark = (_inner(small) < paper * 0.7).astype(np.float32)
    if dark.sum() < 100:
        return None
    coarse = max(np.arange(-_SKEW_RANGE, _SKEW_RANGE + 0.1, 0.5), key=lambda angle: _profile(dark, float(angle)))
    fine = max(np.arange(coarse - 0.5, coarse + 0.51, 0.1), key=lambda angle: _profile(dark, float(angle)))
    flat = (_profile(dark, -_SKEW_RANGE) + _profile(dark, _SKEW_RANGE)) / 2
    if abs(coarse) >= _SKEW_RANGE or _profile(dark, float(fine)) < 1.05 * flat:
        return None
    return round(float(fine), 2)


def _profile(dark: npt.NDArray[np.float32], angle: float) -> float:
    """How sharply the rows of the image, sheared by an angle, alternate between text and white."""
    height, width = dark.shape
    shear = np.array([[1, 0, 0], [np.tan(np.radians(angle)), 1, -np.tan(np.radians(angle)) * width / 2]])
    rows = cv2.warpAffine(dark, shear, (width, height), flags=cv2.INTER_NEAREST).sum(axis=1)
    return float(np.square(np.diff(rows)).sum())


def _sharpness(grey: Grey, body: npt.NDArray[np.generic]) -> float:
    """Steepest strokes of a central strip: a sharp edge crosses from paper to ink within a pixel or two."""
    height, width = grey.shape
    strip = grey[height // 8 : height * 7 // 8 : 1, width // 4 : width * 3 // 4]
    strip = strip[: 40 * 40 :] if strip.shape[0] > 1600 else strip
    steps = cv2.absdiff(strip[:, 2:], strip[:, :-2])
    top = float(np.percentile(steps, 99.5)) if steps.size else 0.0
    del body
    return round(min(1.0, top / 255), 3)


def _edge_share(black: npt.NDArray[np.bool_]) -> float:
    band = max(2, black.shape[1] // 50)
    sides = (black[:band], black[-band:], black[:, :band], black[:, -band:])
    return max(float(side.mean()) for side in sides)


def _touching(dark: npt.NDArray[np.bool_]) -> float:
    """Share of the outermost rows and columns that is ink, long runs (scanner black) left out."""
    sides = (dark[1], dark[-2], dark[:, 1], dark[:, -2]) if min(dark.shape) > 4 else (dark[0],)
    shares = [float(side.mean()) for side in sides]
    return max((share for share in shares if share < 0.5), default=0.0)


def a4_equivalents(width: int, height: int, dpi: float | None) -> int:
    """How many A4 pages a page counts for when work is paid (DOMAIN.md §2.5); 1 where the size is unknown."""
    if not dpi:
        return 1
    area = width * height / dpi**2
    for short, long, points in _SIZES:
        if area <= short * long * _OVERSIZE:
            return points
    return _SIZES[-1][2]


def judge(measures: ImageMeasures, rules: Sequence[ImageRule], page: int, day: date) -> tuple[Finding, ...]:
    """Findings that the rules in force on a day draw from a page's measurements; unmeasured properties draw none."""
    found = []
    for rule in rules:
        measured = getattr(measures, rule.property)
        if measured is None or not rule.holds_on(day):
            continue
        value = abs(measured) if rule.property == "skew" else measured
        if _OPERATIONS[rule.operation](value, rule.value):
            found.append(
                finding(rule.rule, page=page, severity=rule.severity, value=round(float(value), 3), limit=rule.value)
            )
    return tuple(found)
