"""Short documents as a PDF to print and sign: A4, real text in an embedded font, headings, paragraphs, tables, bars.

Text can be searched and copied; the font holds only the letters that are used. Knows nothing of what the words mean.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple

import pikepdf
from pikepdf import Dictionary, Name, Stream

from engines.pdf_faces import Face
from engines.private_files import whole_file

_WIDTH, _HEIGHT = 595.28, 841.89
_LEFT, _RIGHT, _TOP, _BOTTOM = 71.0, 42.5, 56.7, 56.7  # points; NĐ 30/2020 Phụ lục I: 25, 15, 20, 20 mm
_FONTS: Final = {"plain": "LiberationSerif-Regular.ttf", "bold": "LiberationSerif-Bold.ttf"}
_LEADING: Final = 1.3
_PAD: Final = 3.5
_STAMP_GREY: Final = 0.9

Style = Literal["plain", "bold"]
Align = Literal["left", "center", "right"]


class Line(NamedTuple):
    """A paragraph.

    `before` is the space above it, `keep` the room below it that it wants on its page, `indent` where its first line
    begins; all in points.
    """

    text: str
    size: float = 12.0
    style: Style = "plain"
    align: Align = "left"
    before: float = 4.0
    keep: float = 0.0
    indent: float = 0.0


class Columns(NamedTuple):
    """Blocks side by side, each of an equal part of the width."""

    parts: tuple[tuple[Line, ...], ...]
    before: float = 8.0


class Grid(NamedTuple):
    """A table with ruled cells; its heads are repeated on every page. `shares` are widths, fractions of 1.

    `right` are columns set to the right, `strong` rows set in bold.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    shares: tuple[float, ...]
    right: frozenset[int] = frozenset()
    size: float = 10.0
    before: float = 6.0
    strong: frozenset[int] = frozenset()


class Bar(NamedTuple):
    """A bar: its name, its length and a mark across it as fractions of the whole width, and what is said at its end."""

    name: str
    share: float
    mark: float | None
    told: str


class Bars(NamedTuple):
    """Bars below each other over a scale from 0 to the whole, drawn as lines and areas."""

    bars: tuple[Bar, ...]
    size: float = 10.0
    before: float = 8.0


class Turn(NamedTuple):
    """Begin a page, lying (`landscape`) or standing; those after it are alike."""

    landscape: bool


Block = Line | Columns | Grid | Bars | Turn


def write_pdf(blocks: Sequence[Block], out: Path, *, title: str, footer: str = "", stamp: str = "") -> None:
    """Lay blocks out on A4 pages and write them; the file is its owner's alone and appears whole or not at all.

    `footer` stands below every page before its number; `stamp` across every page, in grey, under the text.

    Raises:
        SetupError: a font is missing.
        OSError: the file cannot be written.
    """
    with pikepdf.new() as pdf:
        faces = {style: Face.load(style, name) for style, name in _FONTS.items()}
        pages = _Pages(faces)
        for block in blocks:
            pages.add(block)
        pages.number(footer)
        pages.stamp(stamp)
        fonts = Dictionary({f"/{style}": face.embedded(pdf) for style, face in faces.items()})
        for content, size in zip(pages.contents, pages.sizes, strict=True):
            page = pdf.add_blank_page(page_size=size)
            page.obj.Resources = Dictionary(Font=fonts)
            page.obj.Contents = Stream(
                pdf, zlib.compress(content.encode("ascii"), 9), Filter=Name.FlateDecode
            )
        pdf.docinfo["/Title"] = pikepdf.String(title)
        pdf.Root.Lang = pikepdf.String("vi-VN")
        held = io.BytesIO()
        pdf.save(held)
    with whole_file(out) as stream:
        stream.write(held.getvalue())


class _Pages:
    """Pages being filled from above; `y` is the place of the next line."""

    def __init__(self, faces: dict[str, Face]) -> None:
        self._faces = faces
        self._pages: list[list[str]] = [[]]
        self._size = (_WIDTH, _HEIGHT)
        self.sizes = [self._size]  # of each page, width and height
        self._y = _HEIGHT - _TOP

    @property
    def _usable(self) -> float:
        return self._size[0] - _LEFT - _RIGHT

    @property
    def contents(self) -> list[str]:
        """Content streams, one a page."""
        return ["\n".join(page) for page in self._pages]

    def add(self, block: Block) -> None:
        """Put a block below the last one, on the next page where it does not fit."""
        if isinstance(block, Line):
            self._line(block)
        elif isinstance(block, Columns):
            self._columns(block)
        elif isinstance(block, Grid):
            self._grid(block)
        elif isinstance(block, Bars):
            self._bars(block)
        else:
            self._size = (_HEIGHT, _WIDTH) if block.landscape else (_WIDTH, _HEIGHT)
            self._new_page()

    def number(self, footer: str) -> None:
        """Write the footer and the number below every page."""
        for at, page in enumerate(self._pages, start=1):
            told = f"{footer}  {at}/{len(self._pages)}".strip()
            usable = self.sizes[at - 1][0] - _LEFT - _RIGHT
            page += self._text(told, _LEFT, usable, _BOTTOM - 22, 8.5, "plain", "center")

    def stamp(self, words: str) -> None:
        """Write words across every page, under what stands there."""
        if not words:
            return
        face, size = self._faces["bold"], 84.0
        half = face.width(words, size) / 2
        slant = 0.7071  # of 45 degrees
        for page, (width, height) in zip(self._pages, self.sizes, strict=True):
            x, y = width / 2 - half * slant, height / 2 - half * slant
            turned = f"{slant} {slant} -{slant} {slant} {x:.2f} {y:.2f} Tm"
            told = f"BT {_STAMP_GREY} g /bold {size:g} Tf {turned} <{face.encode(words)}> Tj ET 0 g"
            page.insert(0, told)

    def _line(self, line: Line) -> None:
        self._y -= line.before
        self._room(line.size * _LEADING + line.keep)
        laid = self._wrapped(line.text, self._usable, line.size, line.style, line.indent)
        for at, text in enumerate(laid):
            self._room(line.size * _LEADING)
            self._y -= line.size * _LEADING
            x = _LEFT + (0.0 if at else line.indent)
            self._pages[-1] += self._text(text, x, self._usable, self._y, line.size, line.style, line.align)

    def _columns(self, columns: Columns) -> None:
        width = self._usable / len(columns.parts)
        laid = [
            [
                (line, text)
                for line in part
                for text in self._wrapped(line.text, width - 8, line.size, line.style)
            ]
            for part in columns.parts
        ]
        height = max(sum(line.size * _LEADING + line.before for line, _ in part) for part in laid)
        self._y -= columns.before
        self._room(height)
        for at, part in enumerate(laid):
            y = self._y
            for line, text in part:
                y -= line.size * _LEADING + line.before
                self._pages[-1] += self._text(
                    text, _LEFT + at * width, width, y, line.size, line.style, line.align
                )
        self._y -= height

    def _grid(self, grid: Grid) -> None:
        self._y -= grid.before
        widths = [share * self._usable / sum(grid.shares) for share in grid.shares]
        head = self._cells(grid.heads, widths, grid.size, "bold")
        first = self._cells(grid.rows[0], widths, grid.size, "bold") if grid.rows else []
        self._room(_height(head, grid.size) + _height(first, grid.size))
        self._row(head, widths, grid, "bold", head=True)
        for at, row in enumerate(grid.rows):
            style: Style = "bold" if at in grid.strong else "plain"
            cells = self._cells(row, widths, grid.size, style)
            if self._room(_height(cells, grid.size)):
                self._row(head, widths, grid, "bold", head=True)
            self._row(cells, widths, grid, style)

    def _bars(self, bars: Bars) -> None:
        size, tall = bars.size, bars.size * 1.1
        step = size * 2.1
        left, width = _LEFT + self._usable * 0.26, self._usable * 0.5
        self._y -= bars.before
        self._room(step * len(bars.bars) + size * 2)
        page, top = self._pages[-1], self._y
        bottom = top - step * len(bars.bars)
        for tenth in range(0, 11, 2):
            x = left + width * tenth / 10
            page.append(f"0.8 G 0.4 w {x:.2f} {bottom:.2f} m {x:.2f} {top:.2f} l S 0 G")
            page += self._text(f"{tenth * 10} %", x - 20, 40, bottom - size, size - 2, "plain", "center")
        for bar in bars.bars:
            self._y -= step
            low = self._y + (step - tall) / 2
            if bar.share > 0:
                length = min(bar.share, 1.0) * width
                page.append(f"0.18 0.37 0.49 rg {left:.2f} {low:.2f} {length:.2f} {tall:.2f} re f 0 g")
            if bar.mark is not None:
                x = left + min(bar.mark, 1.0) * width
                page.append(
                    f"0.8 0.2 0.1 RG 1.6 w {x:.2f} {low - 2:.2f} m {x:.2f} {low + tall + 2:.2f} l S 0 G"
                )
            page += self._text(bar.name, _LEFT, left - _LEFT - 8, low + 2, size, "plain", "right")
            end = _LEFT + self._usable
            page += self._text(
                bar.told, left + width + 8, end - left - width - 8, low + 2, size, "bold", "left"
            )
        self._y = bottom - size * 1.6

    def _cells(
        self, row: Sequence[str], widths: Sequence[float], size: float, style: Style
    ) -> list[list[str]]:
        return [
            self._wrapped(text, width - 2 * _PAD, size, style)
            for text, width in zip(row, widths, strict=True)
        ]

    def _row(
        self,
        cells: list[list[str]],
        widths: Sequence[float],
        grid: Grid,
        style: Style,
        *,
        head: bool = False,
    ) -> None:
        height = _height(cells, grid.size)
        x = _LEFT
        page = self._pages[-1]
        for at, (lines, width) in enumerate(zip(cells, widths, strict=True)):
            box = f"{x:.2f} {self._y - height:.2f} {width:.2f} {height:.2f} re"
            page.append(f"0.93 g {box} f 0 g" if head else "0 g")
            page.append(f"0.5 w {box} S")
            align: Align = "center" if head else "right" if at in grid.right else "left"
            for place, text in enumerate(lines):
                y = self._y - _PAD - grid.size * (1.0 + place * _LEADING)
                page += self._text(text, x + _PAD, width - 2 * _PAD, y, grid.size, style, align)
            x += width
        self._y -= height

    def _room(self, height: float) -> bool:
        """Begin a page where so much does not fit. Returns whether it did."""
        if self._y - height >= _BOTTOM or not self._pages[-1]:
            return False
        self._new_page()
        return True

    def _new_page(self) -> None:
        self._pages.append([])
        self.sizes.append(self._size)
        self._y = self._size[1] - _TOP

    def _text(
        self, text: str, x: float, width: float, y: float, size: float, style: Style, align: Align
    ) -> list[str]:
        face = self._faces[style]
        spare = width - face.width(text, size)
        x += {"left": 0.0, "center": spare / 2, "right": spare}[align]
        return [f"BT /{style} {size:g} Tf {x:.2f} {y:.2f} Td <{face.encode(text)}> Tj ET"] if text else []

    def _wrapped(self, text: str, full: float, size: float, style: Style, indent: float = 0.0) -> list[str]:
        """Lines that fit a width, the first one less its indent; a word that is too long is cut."""
        face = self._faces[style]
        lines = [""]
        for word in " ".join(text.split()).split(" "):
            width = full - (indent if len(lines) == 1 else 0.0)
            while face.width(word, size) > width and len(word) > 1:
                kept = next(
                    at
                    for at in range(len(word) - 1, 0, -1)
                    if at == 1 or face.width(word[:at], size) <= width
                )
                lines.append(word[:kept])
                word = word[kept:]
            longer = f"{lines[-1]} {word}".strip()
            if face.width(longer, size) <= width:
                lines[-1] = longer
            else:
                lines.append(word)
        return [line for line in lines if line] or [""]


def _height(cells: list[list[str]], size: float) -> float:
    return max((len(lines) for lines in cells), default=0) * size * _LEADING + 2 * _PAD
