"""Figures that a pen filled in: read by the net made for them, and put in place of what the page's engine made of the ink.

A place is read in several views; a string is as likely as their mean says. Days are 1 to 31, months 1 to 12, years of the
papers' age: what cannot be is no guess. Whether a guess may pass for sure is decided later, by thresholds
(`schemas.routing`), never here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, cast

import cv2
import numpy as np
import numpy.typing as npt

from engines import written_net
from engines.written_net import Stretch
from extractors.anchors import Line, lines_of, upright
from extractors.ink import ink_of, is_written
from extractors.places import Place, places_of
from extractors.preprocess import ROTATIONS
from schemas.reading import Box, PageReading, Rotation, Word, Written
from schemas.rules import Thresholds

Grey = npt.NDArray[np.uint8]
_SHORT_ROW = 11  # words of a row that is a heading's or a signature's, not running text
_GUESSES = 4
_LEAST = 0.002
_BEFORE = 0.45  # row heights looked at before a place
_CLEAR = 0.9
_TURN = 0.15  # degrees that are levelled
_LONGEST = 5
_ZERO_LED = 2  # figures of a number that may begin with 0, as `05`
_REGISTER = re.compile(r"\d{1,5}(?:/(?:19|20)\d\d)?")
_FIRST_YEAR, _LAST_YEAR = 1945, 2099
_WORDS: Final = {
    "day": tuple(dict.fromkeys(form for day in range(1, 32) for form in (str(day), f"{day:02d}"))),
    "month": tuple(dict.fromkeys(form for month in range(1, 13) for form in (str(month), f"{month:02d}"))),
}


def written_places(array: npt.NDArray[np.uint8], grey: Grey, reading: PageReading) -> tuple[Written, ...]:
    """Places of a page that were filled in by hand, and those whose print reads otherwise to the reader of handwriting.

    Args:
        array: displayed frame, H×W or H×W×3 (RGB).
        grey: the same without background and seals.
        reading: the page as read.
    """
    places = list(places_of(reading))
    if not places:
        return ()
    code = ROTATIONS.get(reading.rotation)
    page = array if code is None else cast(Grey, cv2.rotate(array, code))
    plain = grey if code is None else cast(Grey, cv2.rotate(grey, code))
    skew = reading.measures.skew or 0.0
    found = []
    for place in places:
        ink = ink_of(page, place, skew)
        hand = ink is not None and is_written(ink)
        if not hand and (len(place.words) > _SHORT_ROW or (ink is None and not place.read)):
            continue
        guesses, agreed = _guesses(plain, place, skew)
        if hand or (guesses and guesses[0][0] != _closed(place.read)):
            found.append(Written(place.what, place_box(place, reading), hand, guesses, agreed, place.read))
    return tuple(found)


def _guesses(grey: Grey, place: Place, skew: float) -> tuple[tuple[tuple[str, float], ...], bool]:
    """Strings and their probabilities, the likeliest first, and whether all views say the first."""
    if place.what == "label":
        return (), False
    strip, stretch = _levelled(grey, place, skew)
    views = written_net.read([written_net.crop(strip, stretch, view) for view in written_net.VIEWS])
    texts = _WORDS.get(place.what)
    if texts is None:
        texts = tuple(
            dict.fromkeys(
                text for steps in views for text in written_net.guesses(steps) if _may_be(place.what, text)
            )
        )
    if not texts:
        return (), False
    each = [written_net.likelihoods(steps, texts) for steps in views]
    sums: dict[str, float] = defaultdict(float)
    for text in texts:
        sums[text] = sum(view[text] for view in each) / len(each)
    ranked = sorted(sums.items(), key=lambda one: -one[1])
    first = ranked[0][0]
    agreed = all(max(view, key=view.__getitem__) == first for view in each)
    return tuple((text, round(sure, 4)) for text, sure in ranked[:_GUESSES] if sure >= _LEAST), agreed


def _closed(text: str) -> str:
    """Figures as read, without the spaces between them."""
    return "".join(text.split())


def _may_be(what: str, text: str) -> bool:
    if what == "register":
        return _REGISTER.fullmatch(text) is not None
    if "/" in text:
        return False
    if what == "year":
        return len(text) == 4 and _FIRST_YEAR <= int(text) <= _LAST_YEAR
    return 0 < len(text) <= _LONGEST


def _levelled(grey: Grey, place: Place, skew: float) -> tuple[Grey, Stretch]:
    """The surroundings of a place with its row level, and the place in them."""
    high = place.bottom - place.top
    left = max(0, round(place.left - 6 * high))
    right = min(grey.shape[1], round(place.right + 6 * high))
    top = max(0, round(place.top - 3 * high))
    bottom = min(grey.shape[0], round(place.bottom + 3 * high))
    strip = grey[top:bottom, left:right]
    if abs(skew) > _TURN and strip.size:
        centre = ((place.left + place.right) / 2 - left, (place.top + place.bottom) / 2 - top)
        turn = cv2.getRotationMatrix2D(centre, -skew, 1.0)
        size = (strip.shape[1], strip.shape[0])
        strip = cast(
            Grey, cv2.warpAffine(strip, turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        )
    stretch = Stretch(
        place.top - top,
        place.bottom - top,
        place.left - left - _BEFORE * high,
        place.right - left + place.reach * high,
    )
    return strip, stretch


def seen_at(place: Place, reading: PageReading) -> Written | None:
    """What was seen at a place of a page that was read; None for print that reads as the engine read it."""
    box = place_box(place, reading)
    return next((one for one in reading.written if (one.what, one.box) == (place.what, box)), None)


def place_box(place: Place, reading: PageReading) -> Box:
    """A place's box in the displayed frame."""
    left = round(place.left)
    box = Box(left, place.row.top, max(left + 1, round(place.right)), place.row.bottom)
    turned = reading.rotation in {90, 270}
    width, height = (reading.height, reading.width) if turned else (reading.width, reading.height)
    return upright(box, cast(Rotation, (360 - reading.rotation) % 360), width, height)


class _Cut(NamedTuple):
    """Letters of a word that give way to figures: from, to, and the figures, None where another word has them."""

    start: int
    end: int
    figures: Word | None


def lines_with_written(reading: PageReading) -> tuple[Line, ...]:
    """Lines of a page, with figures read by the reader of handwriting where a pen wrote.

    Words that were read hold their confidence; figures that a pen wrote hold theirs.
    """
    lines = lines_of(reading)
    read = {(one.what, one.box): one for one in reading.written if one.guesses}
    if not read:
        return lines
    cuts: dict[Word, list[_Cut]] = defaultdict(list)
    for place in places_of(reading):
        seen = read.get((place.what, place_box(place, reading)))
        if seen is not None and goes_before(seen, place):
            for word, cut in _cuts(place, seen):
                cuts[word].append(cut)
    return tuple(_line_with(line, cuts) for line in lines)


def goes_before(seen: Written, place: Place) -> bool:
    """True if what was read by hand's reader stands for what the engine read: a pen's ink, or print that it misread."""
    clear = seen.agreed and seen.guesses[0][1] >= _CLEAR
    known = place.read.isdigit() or (seen.what == "register" and _REGISTER.fullmatch(place.read) is not None)
    return seen.hand or (bool(place.read) and not known) or clear


def _cuts(place: Place, seen: Written) -> Iterator[tuple[Word, _Cut]]:
    """What a place takes of each word; its figures go to the word in which, or behind which, it begins."""
    text, sure = seen.guesses[0]
    figures = Word(
        text if place.slashed else f"{text}/", sure, seen.box, place.words[0].line, place.words[0].block
    )
    at, given = 0, False
    for number, word in enumerate(place.words):
        long = len(word.as_read)
        start, end = max(0, place.start - at), min(long, place.end - at)
        last = number == len(place.words) - 1
        here = not given and (place.start <= at + long or last)
        if here or start < end:
            yield word, _Cut(min(start, long), max(min(start, long), end), figures if here else None)
        given = given or here
        at += long + 1


def _line_with(line: Line, cuts: dict[Word, list[_Cut]]) -> Line:
    if not any(word in cuts for word in line.words):
        return line
    words: list[Word] = []
    for word in line.words:
        words += _pieces(word, sorted(cuts.get(word, ()), key=lambda cut: cut.start))
    return Line(tuple(words) or line.words, line.frame, line.page, line.width, line.height)


def _pieces(word: Word, cuts: Sequence[_Cut]) -> Iterator[Word]:
    if not cuts:
        yield word
        return
    text, at = word.as_read, 0
    for cut in cuts:
        yield from _piece(word, text[at : cut.start])
        if cut.figures is not None:
            yield cut.figures
        at = max(at, cut.end)
    yield from _piece(word, text[at:])


def _piece(word: Word, text: str) -> Iterator[Word]:
    if text.strip():
        yield word._replace(text=text.strip(), raw=None)


def is_sure(seen: Written, sure: Thresholds) -> bool:
    """True if the reader of handwriting is surer than its threshold, in every view; print that it contradicts never is.

    Less will do where the page's engine, another reader, says the same.
    """
    if not seen.hand or not seen.guesses or not seen.agreed:
        return False
    text, probability = seen.guesses[0]
    if seen.what == "number" and text.startswith("0") and len(text) > _ZERO_LED:
        # Few offices write `023`; a hasty 8, 2 or 6 looks like it.
        return False
    return probability >= (sure.written_twice if text == _closed(seen.read) else sure.written)
