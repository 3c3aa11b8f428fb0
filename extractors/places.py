"""Places of a page where a pen fills in figures: between `Số:` and `/`, between `ngày`, `tháng` and `năm`.

A place is found by the print around it: whatever an engine made of the ink, the words beside it are read. Positions of
letters inside a word are taken as even, which is close enough for looking.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from extractors.anchors import Line, lines_of, upright
from extractors.dates import same_length
from extractors.numbers import number_lead
from extractors.syllables import can_exist
from schemas.reading import Box, PageReading, Word

_NUMBER_RIGHT = 0.58
_NUMBER_TOP = 0.5
_HEADING = 0.3
_NARROW = 0.55  # row heights; what is narrower holds no figure
_DATE_WORDS = 18
_YEAR_WIDE = 3.2  # row heights that four figures take
_BARE_SLASH = 0.4  # width of a slash that was taken for a digit or not read, in row heights
# `Số` as it is read when ink touches it, its colon or dot with it.
_SO = re.compile(r"^\W{0,2}S[ốôóồổoO6ỐÔ](?:\s?[:.;,])?", flags=re.IGNORECASE)
_SO_ALONE = re.compile(r"^\W{0,2}S[ốôóồổoO6ỐÔ]\W{0,3}$", flags=re.IGNORECASE)
_LABEL = re.compile(r"^\W{0,2}M[ãaàá]\s+s[ốôóo][^:]{0,40}:", flags=re.IGNORECASE)
_NOTATION = re.compile(r"[A-ZĐ]{2,}\s?-\s?[A-ZĐ]|[A-ZĐ]{3,}|[A-ZĐ]{2}(?=\W*$)")
_SLASHED = re.compile(r"/\s?[A-ZĐ]{2,}\s?-\s?[A-ZĐ]")
_YEAR_SLASH = re.compile(r"\s*/\s*(?:19|20)\d\d\s*/\s*$")
_SLASH = re.compile(r"\s*/\s*$")
_DATE = re.compile(r"ngay(?P<day>.{1,9}?)thang(?P<month>.{1,9}?)nam(?P<year>\W{0,3}\w{2,4})?")
_DAY_MONTH = re.compile(r"ngay(?P<day>.{1,9}?)thang")


class Place(NamedTuple):
    """A stretch of a row where a pen may have written.

    Attributes:
        what: number (what stands before a notation), register (a form's number, with or without its year), label (what
            follows `Mã số …:`), day, month or year.
        row: the row's box, pixels of the upright page.
        left, right: where the stretch begins and ends, pixels.
        words: the row's words.
        start, end: the stretch in the text of these words, joined by spaces.
        reach: how far behind its end print may be looked at, in row heights.
        top, bottom: the row with its marks above and tails below, pixels.
        slashed: False for a number whose slash was not read as one.
    """

    what: str
    row: Box
    left: float
    right: float
    words: tuple[Word, ...] = ()
    start: int = 0
    end: int = 0
    reach: float = 0.7
    top: float = 0.0
    bottom: float = 0.0
    slashed: bool = True

    @property
    def read(self) -> str:
        """What the engine read there, without leaders."""
        return _joined(self.words)[self.start : self.end].strip(" .…_:")


class _Row:
    """Words side by side, and where each letter of their text stands."""

    def __init__(self, words: Sequence[Word], reading: PageReading) -> None:
        self.words = tuple(words)
        self.boxes = [_turned(word.box, reading) for word in words]
        self.text = _joined(words)
        self._starts = list(np.cumsum([0, *(len(word.as_read) + 1 for word in words)]))[:-1]

    def x(self, index: int) -> float:
        """Where the letter of an index begins; a gap's index is where the word before it ends."""
        number = max(at for at, start in enumerate(self._starts) if start <= max(0, index))
        box, inside = self.boxes[number], index - self._starts[number]
        return float(box.left + box.width * min(1.0, inside / max(1, len(self.words[number].as_read))))

    def around(self, start: int, end: int) -> list[Box]:
        """Boxes of the words that an index range touches."""
        words = zip(self.boxes, self._starts, self.words, strict=True)
        return [box for box, at, word in words if at + len(word.as_read) > start and at < end] or self.boxes

    def place(self, what: str, span: tuple[int, int], around: tuple[int, int], reach: float = 0.7) -> Place:
        start, end = span
        # A stretch begins where the word before it ends, not where the gap to the next does.
        left, right = self.x(start), self.x(end + 1 if self.text[end : end + 1] == " " else end)
        boxes = self.around(*around)
        # As tall as most words: one may run into another line. Marks and tails: as a good part of them has.
        low, high, top, bottom = (
            float(np.percentile([box[side] for box in boxes], share))
            for side, share in ((1, 50), (3, 50), (1, 25), (3, 75))
        )
        row = Box(
            min(box.left for box in boxes),
            round(low),
            max(box.right for box in boxes),
            max(round(low) + 1, round(high)),
        )
        return Place(what, row, left, right, self.words, start, end, reach, top, max(top + 1, bottom))


def _joined(words: Sequence[Word]) -> str:
    return " ".join(word.as_read for word in words)


def places_of(reading: PageReading) -> Iterator[Place]:
    """Places of a page where a number or a day stands: `Số: … /`, `ngày … tháng … năm …`."""
    lines = lines_of(reading)
    for line in lines:
        if line.top < _NUMBER_TOP:
            yield from _number_place(line, lines, reading)
        yield from _date_places(line, lines, reading)


def _row_of(line: Line, lines: Sequence[Line], right: float, reading: PageReading) -> _Row:
    """A line and what stands right of it, up to a share of the page's width."""
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
    return _Row([word for other in beside for word in other.words], reading)


def _turned(box: Box, reading: PageReading) -> Box:
    return upright(box, reading.rotation, reading.width, reading.height)


def _number_place(line: Line, lines: Sequence[Line], reading: PageReading) -> Iterator[Place]:
    """The stretch between `Số:` and `/`; without a notation, what follows `Số:` or `Mã số …:`."""
    labelled = _LABEL.match(line.text)
    lead = labelled or _SO.match(line.text)
    if lead is None or (labelled is None and not _begins_number(line)):
        return
    row = _row_of(line, lines, max(_NUMBER_RIGHT, line.frame.right / line.width), reading)
    start = lead.end()
    notation = _NOTATION.search(row.text, start) if labelled is None else None
    if notation is not None:
        gap = row.text[start : notation.start()]
        if not _has_words(gap) and (gap.strip() or row.text[start - 1] in ":.;,"):
            yield _before_notation(row, start, notation)
        return
    figures = _figures_end(row.text, start)
    if figures > start:
        yield row.place("register" if labelled is None else "label", (start, figures), (0, figures), 0.5)


def _has_words(text: str) -> bool:
    """True for words of the language, as in `Số định danh cá nhân/CCCD`: what was made of ink seldom is one."""
    return any(len(word) > 2 and word.islower() and can_exist(word) for word in re.split(r"[\W\d_]+", text))


def _figures_end(text: str, start: int) -> int:
    """Where what follows `Số:` on a form ends: before a word of the language, or after three stretches of signs."""
    end = start
    for match in itertools.islice(re.finditer(r"\S+", text[start:]), 3):
        if len(match.group()) > 2 and can_exist(match.group().strip(".:,;").lower()):
            break
        end = start + match.end()
    return end


def _before_notation(row: _Row, start: int, notation: re.Match[str]) -> Place:
    """The figures before `/QĐ-UBND` or `/2021/QĐ-UBND`; a slash that was taken for ink stands just before the letters."""
    gap, around = row.text[start : notation.start()], (0, notation.end())
    slash = _YEAR_SLASH.search(gap) or _SLASH.search(gap)
    if slash is not None and slash.start() > 0:
        after = 0.35 if slash.re is _YEAR_SLASH else 1.1
        return row.place("number", (start, start + slash.start()), around, after)
    place = row.place("number", (start, notation.start()), around, 1.1)
    tall = place.row.height
    right = max(place.left + 0.3 * tall, place.right - _BARE_SLASH * tall)
    return place._replace(right=right, slashed=False)


def _begins_number(line: Line) -> bool:
    """True behind `Số`, be it run together with the ink behind it."""
    if number_lead(line.text) is not None or _SO_ALONE.match(line.words[0].as_read) is not None:
        return True
    return line.top < _HEADING and _SLASHED.search(line.text) is not None


def _date_places(line: Line, lines: Sequence[Line], reading: PageReading) -> Iterator[Place]:
    """The gaps between `ngày`, `tháng` and `năm`, for every occurrence of the sequence."""
    if "ngay" not in same_length(line.text) or len(line.words) > _DATE_WORDS:
        return
    row = _Row(line.words, reading)
    if not _DATE.search(same_length(row.text)):
        row = _row_of(line, lines, 1.0, reading)
    text = same_length(row.text)
    at = 0
    while (match := _DATE.search(text, at) or _DAY_MONTH.search(text, at)) is not None:
        at = match.end()
        around = (match.start(), match.end())
        parts = match.groupdict()
        day = row.place("day", match.span("day"), around)
        narrow = day.right - day.left < _NARROW * day.row.height and not any(map(str.isalnum, day.read))
        if narrow or _is_label(parts):
            continue
        yield day
        if "month" in parts:
            yield row.place("month", match.span("month"), around)
            if parts["year"] and not parts["year"].strip().isalpha():
                yield row.place("year", match.span("year"), around, 0.3)
            elif match.end() >= len(text.rstrip(" .…_")):
                # Ink that no engine took for a word, where the year belongs.
                open_ = row.place("year", (len(text), len(text)), around, 0.3)
                yield open_._replace(right=open_.left + _YEAR_WIDE * open_.row.height)


def _is_label(parts: Mapping[str, str | None]) -> bool:
    """True for `Ngày, tháng, năm sinh`: the words of a form's label, with nothing to be filled in between."""
    between = (parts["day"], parts.get("month"))
    return all(text is None or text.strip() in {",", "/", ", ", ""} for text in between)
