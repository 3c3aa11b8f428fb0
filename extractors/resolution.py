"""The true resolution of a page image: what its file says where that can be true, else estimated.

A missing tag says nothing, and a wrong one is common: telephones and scanner software write 72, 96 or 300 whatever they
took. Two things on the page itself tell: its paper size, and the height of its letters. Pure; pixels in, an estimate out.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple, cast

import cv2
import numpy as np
import numpy.typing as npt

from extractors.preprocess import Letters, letters_of
from schemas.findings import Finding, finding
from schemas.reading import DpiKnown

Grey = npt.NDArray[np.uint8]
_MM = 25.4


class _Size(NamedTuple):
    """A paper size in inches; `rare` is how unusual it is beside A4, `letter` the usual small letter in millimetres."""

    short: float
    long: float
    rare: float = 1.0
    letter: float = 2.1


_A4: Final = _Size(8.27, 11.69, 0.0)
# A4 first: the others are A6 to A0, letter, folio and legal, and an identity card.
_SIZES: Final = (
    _A4,
    *(_Size(4.13, 5.83), _Size(5.83, 8.27), _Size(11.69, 16.54)),
    *(_Size(16.54, 23.39, 2.0), _Size(23.39, 33.11, 2.0), _Size(33.11, 46.81, 2.0)),
    *(_Size(8.5, 11.0, 0.5), _Size(8.27, 13.0, 0.5), _Size(8.5, 14.0)),
    # A land certificate, 190 x 265 mm, a page of it and opened.
    *(_Size(7.48, 10.43, 0.5), _Size(10.43, 14.96)),
    _Size(2.13, 3.37, 1.0, 1.1),
)
_CARD: Final = _SIZES[-1]
_A6: Final = _SIZES[1]
_SIDES_AGREE = 0.025
_SCANNERS: Final = (150, 200, 240, 300, 400, 600)
_AS_SCANNED, _ODD_DPI = 0.015, 2.5
# Messengers and web pages shrink a picture to any number; below this no resolution is more usual than another.
_SHRUNK, _SHRUNK_DPI = 120, 1.0
# Standard deviation of letter height between papers (natural logarithm), and the most it weighs.
# Ornament and fine print pass for small letters more often than anything passes for large ones.
_SPREAD, _MOST_IF_SMALL, _MOST_IF_LARGE = 0.25, 3.5, 8.0
# Candidates that are nearly as likely: the finer one is taken, so that a page in doubt is not called coarse.
_DOUBT = 0.7
# Programs write these where nobody set a resolution.
_DEFAULTS: Final = frozenset({72, 96})
# Small letters of running text (11-14 pt) measure 1.6-2.6 mm as `letters_of` sees them; outside these a tag is not true.
_SMALLEST, _SMALLEST_ON_STANDARD, _LARGEST = 1.1, 0.75, 3.4
# A tag that makes the page an A6 proves little: 300 written on a page of A4 taken at 150 dpi does the same.
_SMALLEST_ON_A6, _SMALLEST_ON_CARD = 1.35, 0.55
_SMALL_TEXT, _AGREES = 1.8, 1.3
# Long side at which specks are still too small to pass for letters.
_ENOUGH = 2400


class Resolution(NamedTuple):
    """Dots per inch of a page image, and how that is known."""

    dpi: float
    known: DpiKnown


def letter_height(grey: Grey, letters: Letters) -> float:
    """Height of a small letter in pixels, also of letters too small for `letters_of`; 0 if there are few.

    A page of few pixels is enlarged first: at 70 dpi a letter is five pixels tall.
    """
    times = min(8.0, _ENOUGH / max(1, *grey.shape))
    if times <= 1.1:
        return letters.height
    large = cv2.resize(grey, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
    return letters_of(cast(Grey, large)).height / float(times)


def resolution_of(width: int, height: int, tag: float | None, letter: float) -> Resolution:
    """The resolution of a page image.

    Args:
        width: pixels.
        height: pixels.
        tag: dots per inch that the file, or the page box of a PDF, tells; None if it does not.
        letter: height of a small letter in pixels (`letter_height`), 0 if unknown.
    """
    if tag and _can_be_true(width, height, tag, letter):
        return Resolution(tag, DpiKnown.TAG)
    short, long = sorted((width, height))
    fitting = [(size, dpi) for size in _SIZES if (dpi := _dpi_on(short, long, size))]
    if not fitting:
        return _of_any_size(short, long, letter)
    scored = [(_unlikeliness(size, dpi, letter), dpi, size) for size, dpi in fitting]
    best = min(scored)
    doubtful = [one for one in scored if one[0] <= best[0] + _DOUBT and _as_scanned(one[1])]
    _, dpi, size = max((best, *doubtful), key=lambda one: one[1])
    # Letters that would be much too large on this paper say that it was taken finer.
    seen = 0 < letter / dpi * _MM <= size.letter * 1.55
    return Resolution(float(round(dpi)), DpiKnown.BOTH if seen else DpiKnown.PAPER)


def _can_be_true(width: int, height: int, tag: float, letter: float) -> bool:
    """True unless the tag is a program's default, or the letters would be absurdly small or large."""
    if round(tag) in _DEFAULTS:
        return False
    if not letter:
        return True
    short, long = sorted((width, height))
    size = next((one for one in _SIZES if _is_about(_dpi_on(short, long, one), tag)), None)
    tall = letter / tag * _MM
    least = {None: _SMALLEST, _CARD: _SMALLEST_ON_CARD, _A6: _SMALLEST_ON_A6}.get(size, _SMALLEST_ON_STANDARD)
    if tall < least:
        return False
    # Title pages and separator sheets have large letters; a page is doubted for them only if it is a large one, too.
    large = long / tag > _A4.long * 1.03 or short / tag > _A4.short * 1.03
    return not large or tall <= _LARGEST


def _is_about(dpi: float | None, tag: float) -> bool:
    return dpi is not None and abs(dpi / tag - 1) <= _SIDES_AGREE


def _dpi_on(short: int, long: int, size: _Size) -> float | None:
    """Dots per inch if the page is of a size; None if its shape is another."""
    across, down = short / size.short, long / size.long
    return (across + down) / 2 if abs(across / down - 1) <= _SIDES_AGREE else None


def _as_scanned(dpi: float) -> bool:
    """True for a resolution that scanners have."""
    return dpi >= _SHRUNK and any(abs(dpi / usual - 1) <= _AS_SCANNED for usual in _SCANNERS)


def _unlikeliness(size: _Size, dpi: float, letter: float) -> float:
    """How unlikely a page of a size was taken at a resolution: rare size, odd resolution, letters of another height."""
    unlikely = size.rare + (_SHRUNK_DPI if dpi < _SHRUNK else 0.0 if _as_scanned(dpi) else _ODD_DPI)
    if letter:
        off = math.log(letter / dpi * _MM / size.letter) / _SPREAD
        unlikely += min(_MOST_IF_SMALL if off < 0 else _MOST_IF_LARGE, off * off / 2)
    return unlikely


def _of_any_size(short: int, long: int, letter: float) -> Resolution:
    """The resolution of a page of no known shape: a photograph, or one cut to its content.

    It is taken to fit on A4; if it is a smaller paper its letters say so.
    """
    paper = max(short / _A4.short, long / _A4.long)
    if not letter:
        return Resolution(float(round(paper)), DpiKnown.PAPER)
    if letter / _A4.letter * _MM <= _AGREES * paper:
        return Resolution(float(round(paper)), DpiKnown.BOTH)
    return Resolution(float(round(letter / _SMALL_TEXT * _MM)), DpiKnown.LETTERS)


def resolution_findings(found: Resolution, tag: float | None, page: int) -> list[Finding]:
    """What is to be said of a resolution that the file does not tell, or tells wrongly."""
    if found.known is DpiKnown.TAG:
        return []
    dpi, known = round(found.dpi), str(found.known)
    if tag is None:
        return [finding("dpi_assumed", page=page, dpi=dpi, known=known)]
    if abs(tag / found.dpi - 1) <= 0.1:
        return []
    return [finding("dpi_contradicted", page=page, tag=round(tag), dpi=dpi, known=known)]
