"""Readings as a perfect reader would bring them, from the truth of a printed sample; no test lives here."""

from __future__ import annotations

from samples.papers import Paper
from samples.sheet import Sheet
from schemas.reading import Box, PageReading, PageState, Word


def true_pages(paper: Paper) -> list[PageReading]:
    """Readings of all pages of a paper: every word of the truth, where it was printed."""
    return [_page(sheet, number) for number, sheet in enumerate(paper.sheets, start=1)]


def _page(sheet: Sheet, number: int) -> PageReading:
    width, height = sheet.image.size
    words: list[Word] = []
    for at, line in enumerate(sheet.lines):
        left, top, right, bottom = line.box
        letter = (right - left) / max(1, len(line.text))
        place = 0
        for part in line.text.split(" "):
            if part:
                box = Box(int(left + place * letter), top, int(left + (place + len(part)) * letter), bottom)
                words.append(Word(part, 0.95, box, at, at))
            place += len(part) + 1
    return PageReading(
        number=number,
        state=PageState.READ,
        width=width,
        height=height,
        dpi=float(sheet.dpi),
        confidence=0.95,
        words=tuple(words),
    )
