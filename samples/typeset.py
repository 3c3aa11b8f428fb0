r"""Text into lines: a tiny markup, words with widths, line breaking, and drawing with truth.

Markup: `**bold**`, `__italic__`, `\x02field:mm\x03text\x04` for a blank that a pen may fill (in templates
`{~field:mm}`). Sizes are points, places millimetres, results pixels.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PIL import ImageDraw, ImageFont

from samples import fonts
from samples.sheet import BLACK, Blank, Box, Ink, Sheet, TextLine

Align = Literal["left", "center", "right", "justify"]
_TOKENS = re.compile(r"\*\*|__|\x02([^:\x03]+):([\d.]+)\x03([^\x04]*)\x04| +|[^ *_\x02]+|[*_]")
_PEN_ROOM = 1.14  # a hand needs more room than print
_FAMILY_SCALE = {"typewriter": 0.86, "sans": 0.92}


@dataclass(frozen=True)
class Style:
    """How a text is set. `size` in points, `leading` in multiples of the size."""

    family: str = "tinos"
    size: float = 13.5
    bold: bool = False
    italic: bool = False
    align: Align = "left"
    leading: float = 1.25
    ink: Ink = BLACK

    def pixels(self, sheet: Sheet) -> float:
        """Size in pixels per em."""
        return sheet.points(self.size * _FAMILY_SCALE.get(self.family, 1.0))

    def line_mm(self) -> float:
        """Distance between baselines in millimetres."""
        return self.size * self.leading * 25.4 / 72


@dataclass(frozen=True)
class Word:
    """A stretch without a space, in one style. `glued`: no space before it."""

    text: str
    font: ImageFont.FreeTypeFont
    width: float
    glued: bool
    pen: str = ""


def words_of(markup: str, style: Style, sheet: Sheet) -> list[Word]:
    """Words of a marked-up text."""
    bold, italic, glued = style.bold, style.italic, True
    size = style.pixels(sheet)
    found: list[Word] = []
    for token in _TOKENS.finditer(markup):
        text = token.group(0)
        if text == "**":
            bold = not bold
        elif text == "__":
            italic = not italic
        elif text.startswith("\x02"):
            font = fonts.styled(style.family, size, bold, italic)
            name, room = token.group(1), sheet.px(float(token.group(2)))
            for part in token.group(3).split():
                by_hand = name in sheet.pens
                wide = fonts.width(font, part) * (_PEN_ROOM if by_hand else 1.0)
                wide = max(wide, room) if by_hand or sheet.gaps else wide
                found.append(Word(part, font, wide, glued and bool(found), name))
                glued = False
            glued = True
        elif text.startswith(" "):
            glued = False
        else:
            font = fonts.styled(style.family, size, bold, italic)
            found.append(Word(text, font, fonts.width(font, text), glued and bool(found)))
            glued = True
    return found


def space_width(style: Style, sheet: Sheet) -> float:
    """Width of a word space in pixels."""
    return fonts.width(fonts.styled(style.family, style.pixels(sheet), style.bold, style.italic), " ")


def break_lines(words: Sequence[Word], first: float, rest: float, space: float) -> list[list[Word]]:
    """Greedy line breaking. `first` and `rest` are line widths in pixels; glued words stay together."""
    lines: list[list[Word]] = []
    line: list[Word] = []
    used = 0.0
    position = 0
    while position < len(words):
        end = position + 1
        while end < len(words) and words[end].glued:
            end += 1
        chunk = list(words[position:end])
        wide = sum(word.width for word in chunk)
        room = first if not lines else rest
        if line and used + space + wide > room:
            lines.append(line)
            line, used = [], 0.0
        used += wide + (space if line else 0.0)
        line.extend(chunk)
        position = end
    if line:
        lines.append(line)
    return lines


def line_width(line: Sequence[Word], space: float) -> float:
    """Natural width of a line in pixels."""
    gaps = sum(1 for index, word in enumerate(line) if index and not word.glued)
    return sum(word.width for word in line) + gaps * space


def draw_line(
    sheet: Sheet,
    line: Sequence[Word],
    left: float,
    baseline: int,
    space: float,
    style: Style,
) -> Box:
    """Draw one line at a left edge and baseline in pixels; fields in the sheet's `pens` stay blank for a pen.

    Returns:
        The box of what was drawn or left blank.
    """
    pen = sheet.pen
    x = left
    top, bottom = baseline, baseline
    for index, word in enumerate(line):
        if index and not word.glued:
            x += space
        if word.pen and word.pen in sheet.pens:
            size = style.pixels(sheet)
            sheet.blanks.append(Blank(word.pen, word.text, round(x), baseline, round(word.width), size))
            top, bottom = min(top, round(baseline - 0.7 * size)), max(bottom, round(baseline + 0.1 * size))
        elif word.text:
            shift = (word.width - fonts.width(word.font, word.text)) / 2 if word.pen else 0.0
            _draw_word(pen, (x + shift, baseline), word, style.ink)
            box = _vertical_extent(word.font, word.text)
            top, bottom = min(top, baseline + box[0]), max(bottom, baseline + box[1])
        x += word.width
    return (round(left), int(top), round(x), int(bottom))


_EXTENTS: dict[tuple[ImageFont.FreeTypeFont, str], tuple[int, int]] = {}


def _vertical_extent(font: ImageFont.FreeTypeFont, text: str) -> tuple[int, int]:
    key = (font, text)
    if key not in _EXTENTS:
        if len(_EXTENTS) > 50_000:
            _EXTENTS.clear()
        box = font.getbbox(text, anchor="ls")
        _EXTENTS[key] = (int(box[1]), int(box[3]))
    return _EXTENTS[key]


def _draw_word(pen: ImageDraw.ImageDraw, place: tuple[float, float], word: Word, ink: Ink) -> None:
    pen.text((round(place[0]), place[1]), word.text, fill=ink, font=word.font, anchor="ls")


def text_of(line: Sequence[Word]) -> str:
    """A line's text as people read it."""
    parts: list[str] = []
    for index, word in enumerate(line):
        if not word.text:
            continue
        parts.append(word.text if word.glued or not index else f" {word.text}")
    return "".join(parts).strip()


def draw_paragraph(
    sheet: Sheet,
    markup: str,
    left: float,
    width: float,
    y: float,
    style: Style,
    indent: float = 0.0,
) -> float:
    """Set a paragraph whose first line's top is at `y` (all in millimetres) on one sheet.

    Returns:
        The y below it. Lines are added to the sheet's truth.
    """
    for line, last, first in layout(sheet, markup, width, style, indent):
        y = place_line(sheet, line, left, width, y, style, indent if first else 0.0, last)
    return y


def layout(
    sheet: Sheet, markup: str, width: float, style: Style, indent: float = 0.0
) -> list[tuple[list[Word], bool, bool]]:
    """Lines of a paragraph as (words, is last, is first)."""
    space = space_width(style, sheet)
    words = words_of(markup, style, sheet)
    lines = break_lines(words, sheet.px(width - indent), sheet.px(width), space)
    return [(line, number == len(lines) - 1, number == 0) for number, line in enumerate(lines)]


def place_line(
    sheet: Sheet,
    line: list[Word],
    left: float,
    width: float,
    y: float,
    style: Style,
    indent: float,
    last: bool,
) -> float:
    """Draw a line at `y` millimetres and record its truth; returns the y of the next line's top."""
    space = space_width(style, sheet)
    room = sheet.px(width - indent)
    natural = line_width(line, space)
    x = float(sheet.px(left + indent))
    if style.align == "center":
        x += (room - natural) / 2
    elif style.align == "right":
        x += room - natural
    elif style.align == "justify" and not last:
        gaps = sum(1 for index, word in enumerate(line) if index and not word.glued)
        if gaps:
            space += (room - natural) / gaps
    baseline = sheet.px(y + style.size * 0.98 * 25.4 / 72)
    box = draw_line(sheet, line, x, baseline, space, style)
    text = text_of(line)
    if text:
        sheet.lines.append(TextLine(text, box))
    return y + style.line_mm()
