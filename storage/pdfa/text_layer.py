"""The invisible text layer: words fill their boxes, spaces fill the gaps, and copying returns the text as read.

All is laid out in pixels of the frame turned upright for reading; one matrix a page takes that to the page. So a page
that was read sideways needs no special case.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from schemas.reading import Box, PageReading, Rotation, Word
from storage.pdfa import geometry
from storage.pdfa.font import ADVANCE, ASCENT, DESCENT, encode
from storage.pdfa.geometry import Matrix, Rectangle, number

# Letters and marks that reach below the baseline: Latin descenders, and the Vietnamese dot below.
_DESCENDING = set("gjpqyQ,;()[]{}|/@_$ẠạẶặẬậẸẹỆệỊịỌọỘộỢợỤụỰựỴỵçÇỳýỷỹ")
_MAX_SLOPE = 0.05
# Of the letters' height, from one end of a line to the other. Poppler takes the far end of a line that drifts further
# for a part of its neighbour; a scan skewed by one degree does.
_MAX_DRIFT = 0.4
_MIN_SPACE = 0.2  # of the font size: a space is never narrower, even where boxes overlap


def text_operators(reading: PageReading, frame: Rectangle) -> bytes:
    """Operators that lay a page's words invisibly in their places; empty if there are none.

    Args:
        reading: words with boxes in pixels of the displayed frame.
        frame: where that frame lies on the page, in points.
    """
    lines = [kept for line in reading.lines() if (kept := [word for word in line if word.text.strip()])]
    if not lines:
        return b""
    height = reading.height if reading.rotation % 180 == 0 else reading.width
    parts = [f"q {_upright_to_page(reading, frame).operands()} cm 3 Tr"]
    lay = _upside_down_line if reading.rotation == 180 else _line
    for line in lines:
        parts += lay(line, [_upright(word.box, reading) for word in line], height)
    parts.append("Q\n")
    return "\n".join(parts).encode("ascii")


def _upright_to_page(reading: PageReading, frame: Rectangle) -> Matrix:
    """From pixels of the upright frame, y upwards, to points of the page."""
    wide, high = reading.width, reading.height
    if reading.rotation % 180:
        wide, high = high, wide
    back = geometry.turned(360 - reading.rotation)
    return geometry.scale(1 / wide, 1 / high).then(back).then(geometry.rectangle(frame))


def _upright(box: Box, reading: PageReading) -> Box:
    """A box of the displayed frame in the frame turned clockwise for reading."""
    left, top, right, bottom = box
    turn: Rotation = reading.rotation
    if turn == 90:
        return Box(reading.height - bottom, left, reading.height - top, right)
    if turn == 180:
        return Box(reading.width - right, reading.height - bottom, reading.width - left, reading.height - top)
    if turn == 270:
        return Box(top, reading.width - right, bottom, reading.width - left)
    return box


def _line(words: Sequence[Word], boxes: Sequence[Box], frame_height: int) -> list[str]:
    """One line as one text object: word, space, word …, stretched to their places."""
    levels, size = _baselines(words, boxes)
    rights = _right_edges(boxes, size)
    parts = [f"BT /F0 {number(round(size, 1))} Tf"]
    for index, (word, box, level) in enumerate(zip(words, boxes, levels, strict=True)):
        text = " ".join(word.text.split())
        y = number(round(frame_height - level, 1))
        stretch = _stretch(len(text), rights[index] - box.left, size)
        parts.append(f"1 0 0 1 {box.left} {y} Tm {stretch} Tz <{encode(text)}> Tj")
        if index + 1 < len(words):
            gap = max(boxes[index + 1].left - rights[index], _MIN_SPACE * size)
            parts.append(f"{_stretch(1, gap, size)} Tz <0020> Tj")
    return [*parts, "ET"]


def _upside_down_line(words: Sequence[Word], boxes: Sequence[Box], frame_height: int) -> list[str]:
    """One line as one string, characters moved to their places.

    PDFium puts the strings of a line in order from left to right on the page, so a line that runs the other way must
    be a single one.
    """
    levels, size = _baselines(words, boxes)
    rights = _right_edges(boxes, size)
    texts = [" ".join(word.text.split()) for word in words]
    pitches = [
        max(right - box.left, 1) / len(text) for text, box, right in zip(texts, boxes, rights, strict=True)
    ]
    width = min(median(pitches), ADVANCE * size)
    operands = []
    for index, (text, pitch) in enumerate(zip(texts, pitches, strict=True)):
        operands += [f"<{encode(char)}> {_kern(width - pitch, width)}" for char in text]
        if index + 1 < len(texts):
            gap = max(boxes[index + 1].left - rights[index], _MIN_SPACE * size)
            operands.append(f"<0020> {_kern(width - gap, width)}")
    y = number(round(frame_height - median(levels), 1))
    stretch = _stretch(1, width, size)
    head = f"BT /F0 {number(round(size, 1))} Tf {stretch} Tz 1 0 0 1 {boxes[0].left} {y} Tm"
    return [head, f"[{' '.join(operands)}] TJ ET"]


def _kern(back: float, width: float) -> str:
    """A move back, in thousandths of an em that is `width` / ADVANCE wide."""
    return number(round(1000 * ADVANCE * back / width, 1))


def _right_edges(boxes: Sequence[Box], size: float) -> list[float]:
    """Right edges of the words, moved left if the next word leaves no room for a space: viewers rely on the gap."""
    rights = [float(box.right) for box in boxes]
    for index, (box, after) in enumerate(pairwise(boxes)):
        if after.left > box.left:
            room = max(after.left - _MIN_SPACE * size, box.left + 0.5 * (after.left - box.left))
            rights[index] = min(rights[index], room)
    return rights


def _stretch(characters: int, width: float, size: float) -> str:
    """Horizontal scaling, in percent, at which so many characters are so wide."""
    return number(max(0.1, round(100 * max(width, 1) / (characters * ADVANCE * size), 2)))


def _baselines(words: Sequence[Word], boxes: Sequence[Box]) -> tuple[list[float], float]:
    """Baselines of the words (pixels from the top of the frame) and one font size for the line.

    Boxes hug the ink: a word with a descender reaches lower, a dash hovers. The line is fitted through the feet of
    words that stand on it; if there are none, every foot is lifted by a fifth of its box.
    """
    tallest = median(box.height for box in boxes)
    feet = [
        (box.left + box.width / 2, float(box.bottom))
        for word, box in zip(words, boxes, strict=True)
        if not _DESCENDING & set(word.text) and any(char.isalnum() for char in word.text)
    ]
    if not feet:
        feet = [(box.left + box.width / 2, box.bottom - DESCENT * box.height) for box in boxes]
    slope, level = _fit(feet, float(tallest))
    middles = [box.left + box.width / 2 for box in boxes]
    centre, span = (min(middles) + max(middles)) / 2, max(middles) - min(middles)
    level += slope * centre
    if abs(slope) * span > _MAX_DRIFT * tallest:
        slope *= _MAX_DRIFT * tallest / (abs(slope) * span)
    levels = [level + slope * (middle - centre) for middle in middles]
    rises = [line - box.top for line, box in zip(levels, boxes, strict=True)]
    return levels, max(2.0, min(max(rises), 1.5 * median(rises)) / ASCENT)


def _fit(feet: Sequence[tuple[float, float]], height: float) -> tuple[float, float]:
    """Slope and level of a line through points: the median of the slopes of pairs, so that one bad box moves nothing."""
    slope = 0.0
    if len(feet) >= 3:
        step = max(1, len(feet) // 2)
        slopes = [
            (right[1] - left[1]) / (right[0] - left[0])
            for left, right in zip(feet, feet[step:], strict=False)
            if right[0] - left[0] > 2 * height
        ]
        slope = median(slopes) if slopes else 0.0
        slope = slope if abs(slope) <= _MAX_SLOPE else 0.0
    return slope, median(y - slope * x for x, y in feet)
