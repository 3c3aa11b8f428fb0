"""Reading order: turn the engine's word groups into lines and blocks as a person reads them.

Administrative papers begin with two centred columns, the agency on the left and the national motto on the right, and end
with two more, the recipients and the signature. Those are read one column after the other; tables and forms row by row.
Everything here works in the frame of the upright image.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median, pstdev
from typing import NamedTuple

from engines.ocr import EngineWord
from schemas.text import fold

# Gaps wider than this many line heights part the cells of a row; narrower ones are spaces.
_CELL_GAP = 1.7
_COLUMN_GAP = 0.6
_RECIPIENTS = "noi nhan"


class Segment(NamedTuple):
    """Words of one text line without a wide gap between them."""

    words: tuple[EngineWord, ...]
    left: int
    top: int
    right: int
    bottom: int

    @property
    def centre(self) -> float:
        """Middle across, pixels."""
        return (self.left + self.right) / 2

    @property
    def middle(self) -> float:
        """Middle down, pixels."""
        return (self.top + self.bottom) / 2

    @property
    def height(self) -> int:
        """Pixels."""
        return self.bottom - self.top


class Ordered(NamedTuple):
    """A word with its line and block, both counted from 0 in reading order."""

    word: EngineWord
    line: int
    block: int


def order(words: Sequence[EngineWord], width: int) -> list[Ordered]:
    """Words in reading order.

    Args:
        words: of one upright page.
        width: of the page, pixels.
    """
    waiting = sorted(_segments(words), key=lambda segment: (segment.middle, segment.left))
    ordered: list[Ordered] = []
    line = block = 0
    while waiting:
        columns = _columns(waiting, width)
        if columns is None:
            row = _row(waiting)
            ordered += [Ordered(word, line, block) for segment in row for word in segment.words]
            taken, line = row, line + 1
        else:
            for column in columns:
                block += 1
                for row in _rows(column):
                    ordered += [Ordered(word, line, block) for segment in row for word in segment.words]
                    line += 1
            taken, block = [*columns[0], *columns[1]], block + 1
        used = {id(segment) for segment in taken}
        waiting = [segment for segment in waiting if id(segment) not in used]
    return ordered


def _segments(words: Sequence[EngineWord]) -> list[Segment]:
    lines: dict[tuple[int, int, int], list[EngineWord]] = {}
    for word in words:
        lines.setdefault(word.line, []).append(word)
    found = []
    for line in lines.values():
        line.sort(key=lambda word: word.left)
        height = median(word.bottom - word.top for word in line)
        part = [line[0]]
        for word in line[1:]:
            if word.left - max(before.right for before in part) > _CELL_GAP * height:
                found.append(_segment(part))
                part = []
            part.append(word)
        found.append(_segment(part))
    return found


def _segment(words: Sequence[EngineWord]) -> Segment:
    return Segment(
        tuple(words),
        min(word.left for word in words),
        min(word.top for word in words),
        max(word.right for word in words),
        max(word.bottom for word in words),
    )


def _row(waiting: Sequence[Segment]) -> list[Segment]:
    """The topmost row: its first segment and whatever stands beside it, left to right."""
    first = waiting[0]
    row = [first]
    for other in waiting[1:]:
        if other.top > first.bottom:
            break
        beside = all(other.left >= one.right or other.right <= one.left for one in row)
        if beside and _overlap(first, other) > 0.5:
            row.append(other)
    return sorted(row, key=lambda segment: segment.left)


def _rows(column: Iterable[Segment]) -> list[list[Segment]]:
    waiting, rows = sorted(column, key=lambda segment: segment.middle), []
    while waiting:
        rows.append(_row(waiting))
        used = {id(segment) for segment in rows[-1]}
        waiting = [segment for segment in waiting if id(segment) not in used]
    return rows


def _overlap(one: Segment, other: Segment) -> float:
    """Vertical overlap of two segments, as a share of the lower one."""
    shared = min(one.bottom, other.bottom) - max(one.top, other.top)
    return shared / max(1, min(one.height, other.height))


def _columns(waiting: Sequence[Segment], width: int) -> tuple[list[Segment], list[Segment]] | None:
    """Two columns that begin at the top of what waits; None where rows are to be read."""
    for gutter in _gutters(waiting):
        left, right = _beside(waiting, gutter, width)
        if len(left) >= 2 and len(right) >= 2 and _reads_as_columns(left, right):
            return left, right
    return None


def _gutters(waiting: Sequence[Segment]) -> list[float]:
    """Candidate gutters between columns beside the topmost rows."""
    found = []
    for number, first in enumerate(waiting[:3]):
        for other in waiting[number + 1 : number + 6]:
            low, high = sorted((first, other), key=lambda segment: segment.left)
            near = other.top - first.bottom < 2 * first.height
            if near and high.left - low.right > _COLUMN_GAP * min(first.height, other.height):
                found.append((low.right + high.left) / 2)
    return found


def _beside(waiting: Sequence[Segment], gutter: float, width: int) -> tuple[list[Segment], list[Segment]]:
    """Segments from the top on that lie left and right of a gutter, up to the first that belongs to neither."""
    sides: tuple[list[Segment], list[Segment]] = ([], [])
    for segment in waiting:
        if segment.left < gutter < segment.right:
            break
        side = sides[segment.left >= gutter]
        if side and not _belongs(segment, side, width):
            break
        below = max((one.bottom for one in (*sides[0], *sides[1])), default=segment.top)
        if segment.top - below > 8 * segment.height and not (sides[0] and sides[1]):
            break
        side.append(segment)
    return sides


def _belongs(segment: Segment, side: Sequence[Segment], width: int) -> bool:
    centre, left = median(one.centre for one in side), median(one.left for one in side)
    return abs(segment.centre - centre) < 0.1 * width or abs(segment.left - left) < 0.04 * width


def _reads_as_columns(left: Sequence[Segment], right: Sequence[Segment]) -> bool:
    """True if two sides are separate columns and not the cells of a table or form."""
    level = min(left[-1].bottom, right[-1].bottom) - max(left[0].top, right[0].top)
    if level <= 0:
        return False
    sides = (left, right)
    if any(len(_rows(side)) < 0.8 * len(side) for side in sides):
        return False
    if any(_text(one).startswith(_RECIPIENTS) for one in left) or len(_labels(left) & _labels(right)) >= 3:
        return True
    return _is_centred(right) or (_is_centred(left) and len(left) > 2)


def _text(segment: Segment) -> str:
    return fold(" ".join(word.text for word in segment.words))


def _labels(side: Sequence[Segment]) -> set[str]:
    """Labels of a form; two columns with the same labels describe two people."""
    return {_text(one).partition(":")[0] for one in side if ":" in _text(one)}


def _is_centred(side: Sequence[Segment]) -> bool:
    """True if lines of different lengths are centred rather than left-aligned."""
    lefts, centres = [one.left for one in side], [one.centre for one in side]
    height = median(one.height for one in side)
    return pstdev(lefts) > 0.8 * height and pstdev(centres) < 0.5 * pstdev(lefts)
