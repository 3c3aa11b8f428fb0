"""Marks of secrecy in ink that OCR preprocessing removes: red stamps, framed or not, level or tilted; framed grey ones.

Runs inside a worker on one page's pixels, before anything is kept. Nothing that was read here leaves it but the mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple, cast

import cv2
import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import Levenshtein

from engines import ocr
from schemas.reading import Rotation
from schemas.rules import MarkRules, ReadingProfile
from schemas.text import strip_accents

Grey = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.uint8]
_MM = 1 / 25.4
_SEARCH_DPI = 100.0
_READ_DPI = 200.0
_REDDER = (45, 20)  # clean ink, and worn
_DARKER = (0.78, 0.91)  # shares of the paper's brightness
_MAX_STAMPS = 6
_ONE_LINE, _ONE_BLOCK = 7, 6  # Tesseract's page segmentation modes
_MIN_CONFIDENCE = 0.5
# Share of a stamp's inside that the ink of a word takes at least; an ornament's cell has less.
_INKED, _WORDS_INK = 215, 0.03
_TURNS: Final[dict[int, int]] = {0: 0, 90: -1, 180: 2, 270: 1}


class Region(NamedTuple):
    """A candidate for a stamp: a rectangle of the search image, levelled by `angle` degrees.

    Attributes:
        width, height: millimetres.
        framed: its sides are drawn.
        red: found in red ink.
        double: a second frame runs inside the first.
    """

    centre: tuple[float, float]
    width: float
    height: float
    angle: float
    framed: bool
    red: bool
    double: bool


class Stamps(NamedTuple):
    """The result: a listed mark, or a possible mark that could not be read."""

    mark: str | None = None
    possible: bool = False


def find_stamps(
    array: npt.NDArray[np.uint8],
    dpi: float,
    rotation: Rotation,
    profile: ReadingProfile,
    timeout: float,
) -> Stamps:
    """Look for a mark of secrecy among a page's stamps.

    Args:
        array: displayed frame, H×W or H×W×3 (RGB).
        dpi: of the frame.
        rotation: degrees clockwise that the frame is turned to stand upright.
        profile: the engine, and the closed list of marks with their forms.
        timeout: seconds per OCR pass.
    """
    rules = profile.marks
    if not rules.secret:
        return Stamps()
    upright = np.ascontiguousarray(np.rot90(array, k=_TURNS[rotation]))
    possible = False
    for region in _regions(upright, dpi, rules):
        legible, inked = False, False
        for image in _views(upright, dpi, region):
            inked = inked or float((image < _INKED).mean()) > _WORDS_INK
            words = _read(image, profile, timeout)
            mark = match([text for text, _ in words], rules, loose=region.framed)
            if mark is not None:
                return Stamps(mark)
            legible = _is_legible(words)
            if legible:
                break
        possible = possible or (inked and not legible and _could_be(region, rules))
    return Stamps(None, possible)


def match(words: Sequence[str], rules: MarkRules, *, loose: bool) -> str | None:
    """The listed mark that a stamp's words are, or None.

    Args:
        words: as read, in order.
        rules: the closed list.
        loose: the words are in a separate frame, where a misread letter is tolerated.
    """
    letters = [re.sub(r"[^A-Z]", "", strip_accents(word).replace("Đ", "D").upper()) for word in words]
    capitals = sum(char.isupper() for word in words for char in word)
    if capitals < 0.6 * sum(char.isalpha() for word in words for char in word):
        return None
    joined = "".join(letters)
    if any(joined == _key(other) for other in rules.harmless):
        return None
    best: tuple[int, int, str] | None = None
    for mark in rules.secret:
        key = _key(mark)
        allowed = (1 if len(key) <= 4 else 2) if loose else (0 if len(key) <= 4 else 1)
        distance = _distance(joined, key, letters)
        if distance <= allowed:
            # `TỐI MẬT` holds `MẬT`: the longer mark is the one that stands there.
            here = distance, -len(key), mark
            best = min(best, here) if best else here
    return best[2] if best else None


def _distance(joined: str, key: str, letters: Sequence[str]) -> int:
    whole = Levenshtein.distance(joined, key)
    # A second row (`Từ: …`) or a scrap of the frame stands beside the words.
    parts = (
        Levenshtein.distance("".join(letters[start:end]), key)
        for start in range(len(letters))
        for end in range(start + 1, min(len(letters), start + 3) + 1)
        if len(letters) <= 8
    )
    return min((whole, *(part + (0 if part == 0 else 1 if len(key) > 4 else 9) for part in parts)))


def _key(mark: str) -> str:
    return re.sub(r"[^A-Z]", "", strip_accents(mark).replace("Đ", "D").upper())


def _could_be(region: Region, rules: MarkRules) -> bool:
    """A frame of about the size that the form of a mark has, in its red ink, or twice drawn in grey."""
    if not region.framed or not (region.red or region.double):
        return False
    return any(
        abs(region.width - wide) <= rules.slack * wide and abs(region.height - tall) <= rules.slack * tall
        for wide, tall in rules.sizes
    )


def _is_legible(words: Sequence[tuple[str, float]]) -> bool:
    """True if other words were clearly read: a stamp with another purpose."""
    sure = [text for text, confidence in words if confidence >= _MIN_CONFIDENCE]
    return sum(char.isalnum() for text in sure for char in text) >= 4


def _regions(upright: npt.NDArray[np.uint8], dpi: float, rules: MarkRules) -> list[Region]:
    scale = min(1.0, _SEARCH_DPI / dpi)
    small = _shrunk(upright, scale)
    unit = dpi * scale * _MM  # pixels a millimetre
    found: list[Region] = []
    if small.ndim == 3:
        for over in _REDDER:
            red = _red(small, over)
            if red.any():
                found += _new(_framed(red, unit, scale, rules, is_red=True), found, 8 * unit / scale)
                found += _new(_unframed(red, unit, scale, rules), found, 8 * unit / scale)
        small = cast(Grey, cv2.extractChannel(small, 0))
    paper = _paper(small)
    for share in _DARKER:
        dark = cast(Mask, (small < paper * share).astype(np.uint8))
        for close in (False, True):
            framed = _framed(dark, unit, scale, rules, is_red=False, close=close)
            found += _new(framed, found, 8 * unit / scale)
    return sorted(found, key=lambda region: (not region.framed, not region.red, region.centre[1]))[
        :_MAX_STAMPS
    ]


def _shrunk(image: npt.NDArray[np.uint8], scale: float) -> npt.NDArray[np.uint8]:
    """The image at a smaller scale; halved first, which costs a fifth of one step at an odd ratio."""
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    while image.shape[0] >= 2 * height and image.shape[1] >= 2 * width:
        half = (image.shape[1] // 2, image.shape[0] // 2)
        image = cast(Grey, cv2.resize(image, half, interpolation=cv2.INTER_AREA))
    return cast(Grey, cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA))


def _new(regions: Iterable[Region], known: Sequence[Region], near: float) -> list[Region]:
    """Regions that do not lie where one of the known ones does, unless they are framed and that one is not."""
    return [
        region
        for region in regions
        if not any(
            abs(region.centre[0] - other.centre[0]) < near
            and abs(region.centre[1] - other.centre[1]) < near
            and other.framed >= region.framed
            for other in known
        )
    ]


def _red(small: npt.NDArray[np.uint8], redder: int) -> Mask:
    """Mask of red ink, relative to the tint of the paper."""
    over = cast(Grey, cv2.subtract(cv2.extractChannel(small, 0), cv2.extractChannel(small, 1)))
    usual = int(np.median(over[::8, ::8]))
    return cast(Mask, (over > redder + usual).astype(np.uint8))


def _paper(grey: Grey) -> Grey:
    """Brightness of the paper around each pixel."""
    coarse = cv2.resize(grey, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    size = (grey.shape[1], grey.shape[0])
    return cast(Grey, cv2.resize(cv2.medianBlur(coarse, 5), size, interpolation=cv2.INTER_LINEAR))


def _parts(mask: Mask) -> tuple[npt.NDArray[np.integer], list[list[int]]]:
    """Connected parts of a mask: labels, and left, top, width, height, area of each but the background."""
    try:
        # A third of the time of 32 bits; a page of dots has more parts than 16 bits can number.
        _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_16U)
    except cv2.error:
        _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_32S)
    return cast(npt.NDArray[np.integer], labels), stats[1:].tolist()


def _framed(
    mask: Mask, unit: float, scale: float, rules: MarkRules, *, is_red: bool, close: bool = True
) -> Iterator[Region]:
    """Drawn rectangles of the size of a stamp, tilted a little at most."""
    joined = cast(Mask, cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))) if close else mask
    labels, parts = _parts(joined)
    least_wide, most_wide, least_tall, most_tall = rules.frame
    for index, (left, top, width, height, area) in enumerate(parts, start=1):
        if not (least_wide * unit <= width <= (most_wide + 4) * unit):
            continue
        if not (least_tall * unit <= height <= (most_tall + 10) * unit) or area > 0.7 * width * height:
            continue
        part = (labels[top : top + height, left : left + width] == index).astype(np.uint8)
        centre, wide, tall, angle = _rectangle(part)
        if (
            abs(angle) > rules.tilt
            or not (least_tall * unit <= tall <= most_tall * unit)
            or wide < 1.4 * tall
        ):
            continue
        if _drawn(part, centre, wide, tall, angle, 0.0, unit) < rules.drawn:
            continue
        double = max(_drawn(part, centre, wide, tall, angle, inset * unit, unit) for inset in (1.0, 1.4, 1.8))
        place = ((centre[0] + left) / scale, (centre[1] + top) / scale)
        yield Region(place, wide / unit, tall / unit, angle, True, is_red, double >= rules.drawn)


def _rectangle(part: Mask) -> tuple[tuple[float, float], float, float, float]:
    """Smallest rectangle around the ink: centre, long side, short side, angle of the long side (degrees)."""
    outline, _ = cv2.findContours(part, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    points = np.vstack(list(outline))
    (x, y), (wide, tall), angle = cv2.minAreaRect(points)
    if wide < tall:
        wide, tall, angle = tall, wide, angle - 90
    angle = (angle + 90) % 180 - 90
    return (float(x), float(y)), float(wide), float(tall), float(angle)


def _drawn(
    part: Mask, centre: tuple[float, float], wide: float, tall: float, angle: float, inset: float, unit: float
) -> float:
    """Share of a rectangle's sides on which there is ink; the least of its four sides counts half."""
    thick = cv2.dilate(part, np.ones((3, 3), np.uint8)) if unit > 2 else part
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    half_w, half_h = wide / 2 - inset - 1, tall / 2 - inset - 1
    along = np.linspace(-0.94, 0.94, 60)
    shares = []
    for across, down in (
        (along * half_w, np.full(60, -half_h)),
        (along * half_w, np.full(60, half_h)),
        (np.full(60, -half_w), along * half_h),
        (np.full(60, half_w), along * half_h),
    ):
        x = np.clip(np.round(centre[0] + across * cos - down * sin), 0, part.shape[1] - 1).astype(int)
        y = np.clip(np.round(centre[1] + across * sin + down * cos), 0, part.shape[0] - 1).astype(int)
        shares.append(float(thick[y, x].mean()))
    return (sum(shares) / 4 + min(shares)) / 2


def _unframed(red: Mask, unit: float, scale: float, rules: MarkRules) -> Iterator[Region]:
    """Short lines of red capitals in the upper part of the page."""
    upper = red[: round(red.shape[0] * rules.unframed_above)]
    near = np.ones((round(1.2 * unit) | 1, round(4 * unit) | 1), np.uint8)
    joined = cast(Mask, cv2.morphologyEx(upper, cv2.MORPH_CLOSE, near))
    labels, parts = _parts(joined)
    for index, (left, top, width, height, _) in enumerate(parts, start=1):
        if not (6 * unit <= width <= 60 * unit and 2 * unit <= height <= 16 * unit) or width < 1.2 * height:
            continue
        ink = upper[top : top + height, left : left + width] & (
            labels[top : top + height, left : left + width] == index
        )
        down, across = np.nonzero(ink)
        if not 0.04 < len(down) / (width * height) < 0.7:
            continue
        slope = float(np.polyfit(across, down, 1)[0])
        angle = float(np.clip(np.degrees(np.arctan(slope)), -rules.tilt, rules.tilt))
        centre = ((left + width / 2) / scale, (top + height / 2) / scale)
        yield Region(centre, width / unit + 3, height / unit + 3, angle, False, True, False)


def _views(upright: npt.NDArray[np.uint8], dpi: float, region: Region) -> Iterator[Grey]:
    """Variants of the region for the engine: level and without its frame; then smoothed, and at other angles."""
    yield _levelled(upright, dpi, region)
    yield _levelled(upright, dpi, region, smooth=True)
    if not region.framed:
        yield _levelled(upright, dpi, region._replace(angle=0.0))
    for more in (-4.0, 4.0):
        yield _levelled(upright, dpi, region._replace(angle=region.angle + more), smooth=not region.framed)


def _levelled(upright: npt.NDArray[np.uint8], dpi: float, region: Region, *, smooth: bool = False) -> Grey:
    """The region cut out, level, at the engine's resolution, its frame taken out."""
    zoom = _READ_DPI / dpi
    unit = _READ_DPI * _MM
    size = (round(region.width * unit), round(region.height * unit))
    turn = cv2.getRotationMatrix2D(region.centre, region.angle, zoom)
    turn[:, 2] += np.array([size[0] / 2, size[1] / 2]) - np.array(region.centre)
    interpolation = cv2.INTER_LINEAR if zoom < 1 else cv2.INTER_CUBIC
    cut = cv2.warpAffine(upright, turn, size, flags=interpolation, borderMode=cv2.BORDER_REPLICATE)
    if cut.ndim == 3 and region.red:
        over = cv2.subtract(cv2.extractChannel(cut, 0), cv2.extractChannel(cut, 1)).astype(np.float32)
        over -= np.percentile(over, 20)
        full = max(30.0, float(np.percentile(over, 92)))
        grey = cast(Grey, (255 - np.clip(over * 255 / full, 0, 255)).astype(np.uint8))
    else:
        grey = cast(Grey, cv2.extractChannel(cut, 0) if cut.ndim == 3 else cut)
        ink, paper = float(np.percentile(grey, 6)), float(np.percentile(grey, 75))
        grey = cast(Grey, np.clip((grey - ink) * 255 / max(20.0, paper - ink), 0, 255).astype(np.uint8))
    if smooth:
        grey = cast(Grey, cv2.GaussianBlur(grey, (0, 0), 0.2 * unit))
        level = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[0]
        grey = cast(Grey, cv2.threshold(grey, level + 15, 255, cv2.THRESH_BINARY)[1])
    if region.framed:
        grey = _unbound(grey, unit)
    return cast(Grey, cv2.copyMakeBorder(grey, 20, 20, 24, 24, cv2.BORDER_CONSTANT, value=255))


def _unbound(grey: Grey, unit: float) -> Grey:
    """Without the frame: what spans the cut, and what lies within its outer band."""
    level = float(cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)[0])
    dark = (grey < level + 20).astype(np.uint8)
    height, width = dark.shape
    labels, parts = _parts(dark)
    band = 1.5 * unit
    gone = np.zeros(len(parts) + 1, bool)
    for index, (left, top, wide, tall, _) in enumerate(parts, start=1):
        spans = wide > 0.6 * width or (tall > 0.75 * height)
        thin = (wide > 0.25 * width and tall < 1.2 * unit) or (tall > 0.5 * height and wide < 0.8 * unit)
        outer = left + wide < band or left > width - band or top + tall < band or top > height - band
        gone[index] = spans or thin or outer
    cleaned = grey.copy()
    cleaned[cv2.dilate(gone[labels].astype(np.uint8), np.ones((3, 3), np.uint8)) > 0] = 255
    return cleaned


def _read(image: Grey, profile: ReadingProfile, timeout: float) -> list[tuple[str, float]]:
    """Words of a small image, as one line; with several rows as a block."""
    mode = _ONE_BLOCK if image.shape[0] > 40 + 10.5 * _READ_DPI * _MM else _ONE_LINE
    update = {"engine": profile.second, "page_segmentation": mode, "variables": ()}
    one_line = profile.model_copy(update=update)
    seen = ocr.recognise(image, one_line, dpi=round(_READ_DPI), timeout=timeout)
    return [(word.text, word.confidence) for word in seen]
