"""Is this ink printed or written? Measured per place: height, baseline, stroke width and colour of its figures, against
the printed words of the same line.

Runs inside a worker on one page's pixels. An engine made for print says nothing of handwriting, whatever its confidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

import cv2
import numpy as np
import numpy.typing as npt

from extractors.places import Place

Grey = npt.NDArray[np.uint8]
_FEW_MARKS = 5
_PRINT = 7.0


class Ink(NamedTuple):
    """How the ink of a place differs from the print of its line.

    Attributes:
        marks: number of digit-like spots.
        height: their median height, in printed capitals.
        uneven: spread of their heights, in printed capitals.
        foot: median distance of their feet from the baseline, in printed capitals.
        wavering: spread of their feet, in printed capitals.
        stroke: their stroke's width, in that of print.
        colour: how much bluer they are than the print, grey levels.
        lighter: how much lighter, as a share of the print's contrast.
    """

    marks: int
    height: float
    uneven: float
    foot: float
    wavering: float
    stroke: float
    colour: float
    lighter: float


def ink_of(array: npt.NDArray[np.uint8], place: Place, skew: float) -> Ink | None:
    """Measure a place; None if it holds no digit-like ink, or its line no print to hold it against.

    Args:
        array: upright page, H×W or H×W×3 (RGB).
        place: from `extractors.places.places_of`.
        skew: degrees the lines rise to the right.
    """
    row = place.row
    tall = row.height
    reach = round(0.7 * tall)
    top, bottom = max(0, row.top - reach), min(array.shape[0], row.bottom + reach)
    left, right = max(0, row.left - tall), min(array.shape[1], row.right + tall)
    cut = array[top:bottom, left:right]
    if cut.size == 0 or min(cut.shape[:2]) < 8:
        return None
    if abs(skew) > 0.1:
        centre = (cut.shape[1] / 2, cut.shape[0] / 2)
        turn = cv2.getRotationMatrix2D(centre, -skew, 1.0)
        size = (cut.shape[1], cut.shape[0])
        cut = cast(
            Grey, cv2.warpAffine(cut, turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        )
    grey = cast(Grey, cv2.extractChannel(cut, 0) if cut.ndim == 3 else cut)
    paper, ink = float(np.percentile(grey, 85)), float(np.percentile(grey, 1))
    if paper - ink < 40:
        return None
    dark = (grey < (paper + ink) / 2 + 0.1 * (paper - ink)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    middle = (row.top + row.bottom) / 2 - top
    spots = []
    for index in range(1, count):
        x, y, wide, high, area = stats[index].tolist()
        if (
            high < 0.22 * tall
            or wide > 3 * tall
            or area < 0.02 * tall * tall
            or abs(y + high / 2 - middle) > 0.6 * tall
        ):
            continue
        inside = place.left - left <= x + wide / 2 <= place.right - left
        spots.append((index, x, y, wide, high, inside))
    digits = [spot for spot in spots if spot[5]]
    print_ = [spot for spot in spots if not spot[5]]
    if not digits or len(print_) < 2:
        return None
    numbered = cast(npt.NDArray[np.int32], labels)
    return _compared(
        cut, grey, numbered, digits, print_, paper, figures=place.what in {"number", "register", "label"}
    )


_Spot = tuple[int, int, int, int, int, bool]


def _capital(print_: Sequence[_Spot], base: float, standing: Sequence[float], end: float | None) -> float:
    """Height of a printed capital or figure: by the notation behind a number, else by the tall letters of the line.

    Before a number stands `Số`, whose accent is taller than a capital.
    """
    behind = [
        base - y
        for _, x, y, _, high, _ in print_
        if end is not None and x >= end and abs(y + high - base) < 0.25 * high
    ]
    return float(np.median(behind)) if len(behind) >= 3 else float(np.percentile(standing, 75))


def _compared(
    cut: npt.NDArray[np.uint8],
    grey: Grey,
    labels: npt.NDArray[np.int32],
    digits: Sequence[_Spot],
    print_: Sequence[_Spot],
    paper: float,
    *,
    figures: bool,
) -> Ink | None:
    feet = np.array([y + high for _, _, y, _, high, _ in print_], float)
    base = float(np.median(feet))
    standing = [
        base - y
        for (_, _, y, _, high, _), foot in zip(print_, feet, strict=True)
        if abs(foot - base) < 0.25 * high
    ]
    if not standing:
        return None
    capital = _capital(
        print_, base, standing, max(x + wide for _, x, _, wide, *_ in digits) if figures else None
    )
    if capital < 5:
        return None
    # What hangs far above or below the line is a stroke of something else.
    big = [
        spot
        for spot in digits
        if spot[4] > 0.45 * capital and abs(spot[2] + spot[4] - base) < 0.7 * max(capital, spot[4])
    ]
    if not big:
        return None
    heights = np.array([high for *_, high, _ in big], float) / capital
    low = (np.array([y + high for _, _, y, _, high, _ in big], float) - base) / capital

    def facts(spots: Sequence[_Spot]) -> tuple[float, float, float]:
        chosen = np.isin(labels, [spot[0] for spot in spots])
        depth = cv2.distanceTransform(chosen.astype(np.uint8), cv2.DIST_L2, 3)
        ridge = depth[(depth > 0) & (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8)))]
        stroke = 2 * float(np.median(ridge)) if ridge.size else 1.0
        core = chosen & (grey < np.percentile(grey[chosen], 50) + 1)
        if cut.ndim == 3:
            pixels = cut[core].astype(float)
            blue = float(np.mean(pixels[:, 2] - (pixels[:, 0] + pixels[:, 1]) / 2))
        else:
            blue = 0.0
        return stroke, blue, float(np.mean(grey[core]))

    stroke, blue, level = facts(big)
    print_stroke, print_blue, print_level = facts(
        [spot for spot in print_ if spot[4] > 0.45 * capital] or print_
    )
    return Ink(
        marks=len(big),
        height=float(np.median(heights)),
        uneven=float(heights.max() - heights.min()),
        foot=float(np.median(low)),
        wavering=float(low.max() - low.min()),
        stroke=stroke / max(0.5, print_stroke),
        colour=blue - print_blue,
        lighter=(level - print_level) / max(20.0, paper - print_level),
    )


def strangeness(ink: Ink) -> float:
    """Distance of a place's ink from print: a sum of squared deviations, scaled by the usual spread of print."""
    far = ((ink.height - 1) / 0.10) ** 2 + (ink.foot / 0.08) ** 2
    far += (max(0.0, ink.colour) / 10) ** 2 + (max(0.0, ink.lighter) / 0.06) ** 2
    if ink.marks <= _FEW_MARKS:
        far += (ink.wavering / 0.12) ** 2 + (ink.uneven / 0.2) ** 2
    return far


def is_written(ink: Ink) -> bool:
    """True if it is handwritten. On samples print scores below 7 and handwriting above (tests/test_written_numbers.py)."""
    return strangeness(ink) > _PRINT
