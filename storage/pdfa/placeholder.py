"""The placeholder sheet for an unreadable page, so that a document's pages keep their numbers.

It says in Vietnamese that the page could not be read and that the original has it. The words lie ready as a picture
(`scripts/make_assets.py`), because a machine need have no font; they are in the text layer too.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import NamedTuple

import pikepdf
from PIL import Image

from schemas.findings import finding
from schemas.reading import Box, PageReading, PageSource, PageState, Word
from storage.pdfa import geometry
from storage.pdfa.drawn import Drawn
from storage.pdfa.encode import encode_image
from storage.pdfa.images import ColourSpaces, add_image

_WORDS = Path(__file__).resolve().parent.parent / "assets" / "notice.png"
_ROW, _DIGIT, _SPACE = 80, 32, 16  # pixels of the picture
_FILLS = 0.7  # share of the page's width that the line takes
_A4 = (595.276, 841.89)
_LEAST, _LONGEST = 72.0, 4.0  # points a side, and times longer than wide: what lies beyond is drawn on A4


class Placeholder(NamedTuple):
    """A sheet and its words, in pixels of the sheet's picture."""

    drawn: Drawn
    reading: PageReading


def placeholder(source: PageSource, out: pikepdf.Pdf, spaces: ColourSpaces) -> Placeholder:
    """A sheet of the page's own size, where that is known and sensible, else A4."""
    points = source.page_points
    sensible = points is not None and geometry.fits_page(*points) and min(points) >= _LEAST
    width, height = points if points and sensible and max(points) <= _LONGEST * min(points) else _A4
    line, words = _line(source.number)
    across = round(line.width / _FILLS)
    sheet = Image.new("1", (across, round(across * height / width)), 1)
    left, top = (sheet.width - line.width) // 2, max(0, (sheet.height - line.height) // 3)
    sheet.paste(line, (left, top))
    stream, _ = encode_image(sheet)
    drawn = Drawn(
        image=add_image(out, stream, spaces),
        matrix=geometry.scale(width, height),
        width=width,
        height=height,
        held=len(stream.data),
        findings=(finding("page_placeholder", page=source.number),),
    )
    moved = tuple(
        Word(text, 1.0, Box(left + start, top, left + end, top + line.height), line=0)
        for text, start, end in words
    )
    reading = PageReading(
        number=source.number, state=PageState.FAILED, width=sheet.width, height=sheet.height, words=moved
    )
    return Placeholder(drawn, reading)


def _line(page: int) -> tuple[Image.Image, list[tuple[str, int, int]]]:
    """The line as an image, with the left and right edges of its parts."""
    before, digits, after = _rows()
    number = str(page)
    start = before.width + _SPACE
    end = start + _DIGIT * len(number)
    line = Image.new("1", (end + _SPACE + after.width, _ROW), 1)
    line.paste(before, (0, 0))
    for place, digit in enumerate(number):
        cell = digits.crop((int(digit) * _DIGIT, 0, (int(digit) + 1) * _DIGIT, _ROW))
        line.paste(cell, (start + place * _DIGIT, 0))
    line.paste(after, (end + _SPACE, 0))
    words = [("Trang", 0, before.width), (number, start, end)]
    words.append(("không đọc được – xem bản gốc", end + _SPACE, line.width))
    return line, words


@functools.cache
def _rows() -> tuple[Image.Image, Image.Image, Image.Image]:
    """The words before the number, the digits, the words after it."""
    with Image.open(_WORDS) as sheet:
        rows = [sheet.crop((0, top, sheet.width, top + _ROW)) for top in (0, _ROW, 2 * _ROW)]
    return _as_wide_as_ink(rows[0]), rows[1], _as_wide_as_ink(rows[2])


def _as_wide_as_ink(row: Image.Image) -> Image.Image:
    ink = row.point(lambda value: 255 - value).getbbox()
    return row.crop((0, 0, ink[2] if ink else row.width, _ROW))
