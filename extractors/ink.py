"""Handwritten ink: numbers and dates filled in by pen on a printed line.

Runs inside a worker on one page's pixels. Handwriting is never reliable, whatever an engine's confidence
(the engine was made for print): a person must check it. Measured per place: height, baseline, stroke width and
colour of the digits, against the printed words of the same line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, cast

import cv2
import numpy as np
import numpy.typing as npt

from extractors.anchors import Line, lines_of, plain, upright
from extractors.numbers import number_lead
from schemas.reading import Box, PageReading, Rotation, Word

Grey = npt.NDArray[np.uint8]
_NUMBER_RIGHT = 0.58
_NUMBER_TOP = 0.5
_DATE_WORDS = 16
_FEW_MARKS = 5
_PRINT = 7.0
_SO = re.compile(r"^\W{0,2}S[ốôóồổoO6ỐÔ]\W{0,3}$", flags=re.IGNORECASE)
_LABEL = re.compile(r"^\W{0,2}M[ãaàá]\s+s[ốôóo][^:]{0,40}:", flags=re.IGNORECASE)
_CODES: Final[dict[int, int]] = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}


class Place(NamedTuple):
    """A stretch of a line where a pen may have written: number, day, month or year; pixels of the upright page."""

    what: str
    row: Box
    left: float
    right: float


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


def places_of(reading: PageReading) -> Iterator[Place]:
    """Places of a page where a number or a day stands: `Số: … /`, `ngày … tháng … năm …`."""
    lines = lines_of(reading)
    for line in lines:
        if line.top < _NUMBER_TOP:
            yield from _number_place(line, lines, reading)
        yield from _date_places(line, lines, reading)


def _row(line: Line, lines: Sequence[Line], right: float) -> list[tuple[Word, Box]]:
    """Words of a line and of what stands right of it, left to right, with boxes of the upright page."""
    centre = line.frame.top + line.frame.bottom
    beside = [
        other
        for other in lines
        if other is line
        or (
            other.frame.left >= line.frame.right
            and other.frame.left < right * line.width
            and abs(other.frame.top + other.frame.bottom - centre) < 1.2 * line.frame.height
        )
    ]
    return [(word, word.box) for other in beside for word in other.words]


def _turned(box: Box, reading: PageReading) -> Box:
    return upright(box, reading.rotation, reading.width, reading.height)


def _frame(boxes: Sequence[Box]) -> Box:
    """The stretch that words take across, as tall as most of them: one box may run into the line below."""
    top, bottom = (round(float(np.median([box[side] for box in boxes]))) for side in (1, 3))
    return Box(min(box.left for box in boxes), top, max(box.right for box in boxes), max(top + 1, bottom))


def _number_place(line: Line, lines: Sequence[Line], reading: PageReading) -> Iterator[Place]:
    """The stretch between `Số:` and `/`; without a notation, what follows `Số:` or `Mã số …:`."""
    first = line.words[0].as_read
    labelled = _LABEL.match(line.text)
    if number_lead(line.text) is None and not _SO.match(first) and labelled is None:
        return
    right_side = max(_NUMBER_RIGHT, line.frame.right / line.width)
    row = [(word.as_read, _turned(box, reading)) for word, box in _row(line, lines, right_side)]
    if labelled is not None:
        start = len(labelled.group(0).split()) - 1
        left = float(row[min(start, len(row) - 1)][1].right)
    else:
        box = row[0][1]
        lead = number_lead(first + " ") or 0
        left = box.left + box.width * lead / len(first) if lead < len(first) else float(box.right)
    right = None
    for text, box in row:
        index = text.find("/")
        if index >= 0 and box.right > left:
            right = box.left + box.width * index / len(text)
            break
    if right is None:
        behind = [box for text, box in row if box.right > left and any(char.isdigit() for char in text)]
        right = float(max((box.right for box in behind[:3]), default=left))
    if right - left > 4:
        yield Place("number", _frame([box for _, box in row]), left, right)


def _date_places(line: Line, lines: Sequence[Line], reading: PageReading) -> Iterator[Place]:
    """The gaps between `ngày`, `tháng` and `năm`, for every occurrence of the sequence."""
    if "ngay" not in plain(line.text).split() or len(line.words) > _DATE_WORDS:
        return
    row = [(plain(word.as_read), _turned(box, reading)) for word, box in _row(line, lines, 1.0)]
    names = [name for name, _ in row]
    for at in (index for index, name in enumerate(names) if name == "ngay"):
        month = next(
            (index for index in range(at + 1, min(at + 5, len(names))) if names[index] == "thang"), None
        )
        if month is None or row[month][1].left - row[at][1].right < 0.6 * row[at][1].height:
            continue
        year = next(
            (index for index in range(month + 1, min(month + 5, len(names))) if names[index] == "nam"), None
        )
        frame = _frame([box for _, box in row[at : (year or month) + 2]])
        yield Place("day", frame, row[at][1].right, row[month][1].left)
        if year is None:
            continue
        yield Place("month", frame, row[month][1].right, row[year][1].left)
        if year + 1 < len(row) and any(char.isdigit() for char in names[year + 1]):
            yield Place("year", frame, row[year][1].right, row[year + 1][1].right)


def ink_of(array: npt.NDArray[np.uint8], place: Place, skew: float) -> Ink | None:
    """Measure a place; None if it holds no digit-like ink, or its line no print to hold it against.

    Args:
        array: upright page, H×W or H×W×3 (RGB).
        place: from `places_of`.
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
    return _compared(cut, grey, numbered, digits, print_, paper, figures=place.what == "number")


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


def written_places(array: npt.NDArray[np.uint8], reading: PageReading) -> tuple[tuple[str, Box], ...]:
    """Places of a page that were filled in by hand, in its displayed frame.

    Args:
        array: displayed frame, H×W or H×W×3 (RGB).
        reading: the page as read.
    """
    places = list(places_of(reading))
    if not places:
        return ()
    turned = cv2.rotate(array, _CODES[reading.rotation]) if reading.rotation else array
    page = cast(npt.NDArray[np.uint8], turned)
    skew = reading.measures.skew or 0.0
    found = []
    for place in places:
        ink = ink_of(page, place, skew)
        if ink is not None and is_written(ink):
            box = Box(
                round(place.left),
                place.row.top,
                max(round(place.left) + 1, round(place.right)),
                place.row.bottom,
            )
            found.append((place.what, _back(box, reading)))
    return tuple(found)


def _back(box: Box, reading: PageReading) -> Box:
    """A box of the upright page in the displayed frame."""
    turned = reading.rotation in {90, 270}
    width, height = (reading.height, reading.width) if turned else (reading.width, reading.height)
    back = cast(Rotation, (360 - reading.rotation) % 360)
    return upright(box, back, width, height)


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
