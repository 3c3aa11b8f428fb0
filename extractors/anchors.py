"""Text lines of a page for the understanding stage, and a search for printed phrases in them.

Geometry is that of the page as read (turned upright); every line keeps its words with boxes of the displayed frame.
Phrases are compared without accents and a little fuzzily: what remains of OCR's errors is mostly diacritics.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rapidfuzz import fuzz

from schemas.reading import Box, PageReading, PageState, Rotation, Word
from schemas.text import fold

NATIONAL = ("cong hoa xa hoi chu nghia viet nam", "doc lap - tu do - hanh phuc")
_PUNCTUATION = re.compile(r"[^\w]+")
_SHORT = 120
_LEADERS = re.compile(r"[.…_·]{3,}|(?:\. ){3,}")


@dataclass(frozen=True)
class Line:
    """A run of words that stand together on one line.

    Attributes:
        words: left to right, boxes in the displayed frame.
        frame: box in the frame of the page as read.
        page: 1-based number of its page.
        width, height: size of the page as read.
    """

    words: tuple[Word, ...]
    frame: Box
    page: int
    width: int
    height: int

    @functools.cached_property
    def text(self) -> str:
        """Words joined by spaces, as they were read: names, numbers and codes never take what context chose."""
        return " ".join(word.as_read for word in self.words)

    @property
    def chosen(self) -> str:
        """Words joined by spaces, diacritics as their context asks for: running text only."""
        return " ".join(word.text for word in self.words)

    @functools.cached_property
    def folded(self) -> str:
        """Text for comparison."""
        return fold(self.text)

    @property
    def box(self) -> Box:
        """Box in the displayed frame."""
        return box_of(self.words)

    @property
    def middle(self) -> float:
        """Horizontal centre as a share of the page's width."""
        return (self.frame.left + self.frame.right) / 2 / self.width

    @property
    def top(self) -> float:
        """Upper edge as a share of the page's height."""
        return self.frame.top / self.height

    @property
    def is_caps(self) -> bool:
        """True if its letters are (nearly) all capitals."""
        letters = [char for char in self.text if char.isalpha()]
        return len(letters) >= 2 and sum(char.isupper() for char in letters) >= 0.8 * len(letters)


class Found(NamedTuple):
    """Position of a phrase in a line: words `start` to `end` (exclusive), and the similarity, 0–1."""

    start: int
    end: int
    score: float


def box_of(words: Iterable[Word]) -> Box:
    """Smallest box that holds all words."""
    return functools.reduce(Box.union, (word.box for word in words))


def confidence_of(words: Iterable[Word]) -> float:
    """Mean confidence of words, weighted by their letters; 0 for none."""
    total = weight = 0.0
    for word in words:
        size = max(1, sum(char.isalnum() for char in word.text))
        total += word.confidence * size
        weight += size
    return total / weight if weight else 0.0


def upright(box: Box, rotation: Rotation, width: int, height: int) -> Box:
    """A box of the displayed frame (width × height) in the frame turned clockwise by `rotation`."""
    if rotation == 90:
        return Box(height - box.bottom, box.left, height - box.top, box.right)
    if rotation == 180:
        return Box(width - box.right, height - box.bottom, width - box.left, height - box.top)
    if rotation == 270:
        return Box(box.top, width - box.right, box.bottom, width - box.left)
    return box


def lines_of(page: PageReading) -> tuple[Line, ...]:
    """Lines of a page from top to bottom, levelled; words far apart on one line become separate lines."""
    if page.state is not PageState.READ:
        return ()
    turned = page.rotation in {90, 270}
    width, height = (page.height, page.width) if turned else (page.width, page.height)
    rows = [
        [
            (part, upright(part.box, page.rotation, page.width, page.height))
            for word in words
            for part in _unglued(word, page.rotation)
        ]
        for words in page.lines()
    ]
    slope = _slope(rows)
    found: list[Line] = []
    for row in rows:
        for run in _runs([(word, _levelled(box, slope)) for word, box in row]):
            frame = functools.reduce(Box.union, (box for _, box in run))
            found.append(Line(tuple(word for word, _ in run), frame, page.number, width, height))
    return tuple(_in_order(found))


def _unglued(word: Word, rotation: Rotation) -> tuple[Word, ...]:
    """A label read together with its value (`tính:Nam`) as two words; the place of the cut is by letters."""
    label, colon, value = word.as_read.partition(":")
    if not colon or not label.isalpha() or len(value) < 2 or not value[0].isalpha() or rotation:
        return (word,)
    box = word.box
    cut = box.left + box.width * (len(label) + 1) // len(word.as_read)
    left, right = Box(box.left, box.top, cut, box.bottom), Box(cut, box.top, box.right, box.bottom)
    return (
        word._replace(text=label + ":", box=left, raw=None),
        word._replace(text=value, box=right, raw=None),
    )


def _slope(rows: Sequence[Sequence[tuple[Word, Box]]]) -> float:
    """Slope of the text lines, pixels per pixel, positive downwards: the scan itself may be tilted."""
    slopes = []
    for row in rows:
        first, last = row[0][1], row[-1][1]
        across = last.left - first.left
        if len(row) >= 4 and across > 12 * first.height:
            slopes.append(((last.top + last.bottom) - (first.top + first.bottom)) / 2 / across)
    slopes.sort()
    middle = slopes[len(slopes) // 2] if len(slopes) >= 3 else 0.0
    return middle if 0.002 < abs(middle) < 0.12 else 0.0


def _levelled(box: Box, slope: float) -> Box:
    sink = round(slope * (box.left + box.right) / 2)
    return Box(box.left, box.top - sink, box.right, box.bottom - sink) if sink else box


def _runs(placed: list[tuple[Word, Box]]) -> list[list[tuple[Word, Box]]]:
    """Split a line at gaps wider than any word space, and before the national motto."""
    heights = sorted(box.height for _, box in placed)
    wide = 2.2 * heights[len(heights) // 2]
    runs = [[placed[0]]]
    for index, (before, after) in enumerate(itertools.pairwise(placed), start=1):
        gap = after[1].left - before[1].right
        motto = plain(" ".join(word.text for word, _ in placed[index : index + 3]))
        if gap > wide or (motto in {"cong hoa xa", "doc lap tu"} and gap > 0):
            runs.append([])
        runs[-1].append(after)
    return runs


def _in_order(lines: list[Line]) -> list[Line]:
    """Top to bottom; lines that overlap by half their height stand side by side and go left to right."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda one: one.frame.top + one.frame.bottom):
        if rows:
            last = rows[-1][0].frame
            overlap = min(last.bottom, line.frame.bottom) - max(last.top, line.frame.top)
            if overlap > 0.5 * min(last.height, line.frame.height):
                rows[-1].append(line)
                continue
        rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda one: one.frame.left)]


def plain(text: str) -> str:
    """A phrase for comparison: folded, letters and digits only, single spaces."""
    return _plain_short(text) if len(text) < _SHORT else _PUNCTUATION.sub(" ", fold(text)).strip()


@functools.lru_cache(maxsize=32768)
def _plain_short(text: str) -> str:
    # The same labels, titles and words are compared over and over; folding them anew was nine tenths of the time.
    return _PUNCTUATION.sub(" ", fold(text)).strip()


@functools.lru_cache(maxsize=4096)
def _phrase(text: str) -> tuple[str, int]:
    # OCR may split or join words: `thường trú/tạm trú` is three.
    return plain(text), sum(bool(plain(word)) for word in text.split())


def find_phrase(line: Sequence[Word], phrase: str, threshold: float = 0.86) -> Found | None:
    """Best place of a phrase among words, or None. Short phrases must match exactly (accents apart)."""
    folded, size = _phrase(phrase)
    if not folded:
        return None
    words = [plain(word.text) for word in line]
    exact = len(folded) < 6
    best: Found | None = None
    for start in range(len(words)):
        for length in (size, size + 1, size - 1) if not exact else (size,):
            if length < 1 or start + length > len(words):
                continue
            here = " ".join(word for word in words[start : start + length] if word)
            if exact:
                score = 1.0 if here == folded else 0.0
            else:
                score = fuzz.ratio(here, folded, score_cutoff=threshold * 100) / 100
            if score >= threshold and (best is None or score > best.score + 0.001):
                best = Found(start, start + length, score)
        if best and best.score == 1.0:
            break
    return best


def has_phrase(text: str, phrase: str) -> bool:
    """True if a phrase stands in a folded text, as whole words."""
    folded = plain(phrase)
    return bool(re.search(rf"(?<!\w){re.escape(folded)}(?!\w)", text))


def without_leaders(text: str) -> str:
    """Text without the dotted lines that forms are filled in on."""
    return re.sub(r"\s+", " ", _LEADERS.sub(" ", text)).strip()


def national_at(lines: Sequence[Line]) -> int | None:
    """Index of the line with the national name or motto, or None."""
    for index, line in enumerate(lines):
        text = line.folded
        if any(
            fuzz.partial_ratio(text, anchor) >= 82 and len(text) >= 0.6 * len(anchor) for anchor in NATIONAL
        ):
            return index
    return None
