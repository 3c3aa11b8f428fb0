"""Short documents as a PDF to print and sign: A4, real text in an embedded font, headings, paragraphs, tables.

Text can be searched and copied; the font holds only the letters that are used. Knows nothing of what the words mean.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, NamedTuple

import pikepdf
from fontTools import subset
from fontTools.ttLib import TTFont
from pikepdf import Array, Dictionary, Name, Stream

from engines.fonts import find_font
from engines.private_files import whole_file

_WIDTH, _HEIGHT = 595.28, 841.89
_LEFT, _RIGHT, _TOP, _BOTTOM = 71.0, 42.5, 56.7, 56.7  # points; NĐ 30/2020 Phụ lục I: 25, 15, 20, 20 mm
_FONTS: Final = {"plain": "LiberationSerif-Regular.ttf", "bold": "LiberationSerif-Bold.ttf"}
_LEADING: Final = 1.3
_PAD: Final = 3.5
_USABLE: Final = _WIDTH - _LEFT - _RIGHT

Style = Literal["plain", "bold"]
Align = Literal["left", "center", "right"]


class Line(NamedTuple):
    """A paragraph; `before` is the space above it, `keep` the room below it that it wants on its page, in points."""

    text: str
    size: float = 12.0
    style: Style = "plain"
    align: Align = "left"
    before: float = 4.0
    keep: float = 0.0


class Columns(NamedTuple):
    """Blocks side by side, each of an equal part of the width."""

    parts: tuple[tuple[Line, ...], ...]
    before: float = 8.0


class Grid(NamedTuple):
    """A table with ruled cells; its heads are repeated on every page. `shares` are widths, fractions of 1."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    shares: tuple[float, ...]
    right: frozenset[int] = frozenset()
    size: float = 10.0
    before: float = 6.0


Block = Line | Columns | Grid


def write_pdf(blocks: Sequence[Block], out: Path, *, title: str, footer: str = "") -> None:
    """Lay blocks out on A4 pages and write them; the file is its owner's alone and appears whole or not at all.

    Raises:
        SetupError: a font is missing.
        OSError: the file cannot be written.
    """
    with pikepdf.new() as pdf:
        faces = {style: _Face.load(style, name) for style, name in _FONTS.items()}
        pages = _Pages(faces)
        for block in blocks:
            pages.add(block)
        pages.number(footer)
        fonts = Dictionary({f"/{style}": face.embedded(pdf) for style, face in faces.items()})
        for content in pages.contents:
            page = pdf.add_blank_page(page_size=(_WIDTH, _HEIGHT))
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


@dataclass
class _Face:
    """A font with the letters that were used of it."""

    name: str
    path: Path
    cmap: dict[int, str]
    widths: dict[str, float]
    order: dict[str, int]
    used: dict[int, str] = field(default_factory=dict)

    @classmethod
    def load(cls, style: str, name: str) -> _Face:
        path = find_font(name)
        with TTFont(path, lazy=True) as font:
            scale = 1000 / font["head"].unitsPerEm
            widths = {glyph: advance * scale for glyph, (advance, _) in font["hmtx"].metrics.items()}
            order = {glyph: at for at, glyph in enumerate(font.getGlyphOrder())}
            return cls(f"Sohoa{style.title()}", path, font.getBestCmap() or {}, widths, order)

    def glyph(self, char: str) -> str:
        """The glyph of a letter; a question mark's where the font has none."""
        return self.cmap.get(ord(char)) or self.cmap[ord("?")]

    def width(self, text: str, size: float) -> float:
        return sum(self.widths[self.glyph(char)] for char in text) * size / 1000

    def encode(self, text: str) -> str:
        """Hexadecimal glyph numbers of a text."""
        codes = []
        for char in text:
            number = self.order[self.glyph(char)]
            self.used.setdefault(number, char)
            codes.append(f"{number:04X}")
        return "".join(codes)

    def embedded(self, pdf: pikepdf.Pdf) -> pikepdf.Object:
        """The font as an object of a file, with the used glyphs alone, under their own numbers."""
        font = self._subset()
        held = io.BytesIO()
        font.save(held)
        descendant = Dictionary(
            Type=Name.Font,
            Subtype=Name.CIDFontType2,
            BaseFont=Name(f"/{self.name}"),
            CIDSystemInfo=Dictionary(
                Registry=pikepdf.String("Adobe"), Ordering=pikepdf.String("Identity"), Supplement=0
            ),
            FontDescriptor=pdf.make_indirect(_descriptor(pdf, self.name, font, held.getvalue())),
            W=self._widths_array(),
            CIDToGIDMap=Name.Identity,
        )
        whole = Dictionary(
            Type=Name.Font,
            Subtype=Name.Type0,
            BaseFont=Name(f"/{self.name}"),
            Encoding=Name("/Identity-H"),
            DescendantFonts=Array([pdf.make_indirect(descendant)]),
            ToUnicode=_packed(pdf, _to_unicode(self.used)),
        )
        return pdf.make_indirect(whole)

    def _subset(self) -> TTFont:
        options = subset.Options(retain_gids=True, notdef_outline=True, layout_features=[], hinting=False)
        options.drop_tables += ["FFTM"]  # an editor's note, which the library would warn about
        font = TTFont(self.path)
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=[ord(char) for char in self.used.values()])
        cutter.subset(font)
        return font

    def _widths_array(self) -> pikepdf.Object:
        names = {at: glyph for glyph, at in self.order.items()}
        widths = Array()
        for number in sorted(self.used):
            widths.append(number)
            widths.append(Array([round(self.widths[names[number]])]))
        return widths


def _descriptor(pdf: pikepdf.Pdf, name: str, font: TTFont, program: bytes) -> pikepdf.Object:
    head, lines = font["head"], font["hhea"]
    scale = 1000 / head.unitsPerEm
    return Dictionary(
        Type=Name.FontDescriptor,
        FontName=Name(f"/{name}"),
        Flags=4,
        FontBBox=Array([round(side * scale) for side in (head.xMin, head.yMin, head.xMax, head.yMax)]),
        ItalicAngle=0,
        Ascent=round(lines.ascent * scale),
        Descent=round(lines.descent * scale),
        CapHeight=700,
        StemV=80,
        FontFile2=_packed(pdf, program, Length1=len(program)),
    )


def _packed(pdf: pikepdf.Pdf, data: bytes, **fields: int) -> pikepdf.Object:
    return pdf.make_indirect(Stream(pdf, zlib.compress(data, 9), Filter=Name.FlateDecode, **fields))


def _to_unicode(used: dict[int, str]) -> bytes:
    rows = [f"<{number:04X}> <{char.encode('utf-16-be').hex()}>" for number, char in sorted(used.items())]
    blocks = [rows[at : at + 100] for at in range(0, len(rows), 100)]  # 100 is the most a block may hold
    body = "".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar\n" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /Sohoa def\n/CMapType 2 def\n"
        f"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n{body}"
        "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode("ascii")


class _Pages:
    """Pages being filled from above; `y` is the place of the next line."""

    def __init__(self, faces: dict[str, _Face]) -> None:
        self._faces = faces
        self._pages: list[list[str]] = [[]]
        self._y = _HEIGHT - _TOP

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
        else:
            self._grid(block)

    def number(self, footer: str) -> None:
        """Write the footer and the number below every page."""
        for at, page in enumerate(self._pages, start=1):
            told = f"{footer}  {at}/{len(self._pages)}".strip()
            page += self._text(told, _LEFT, _USABLE, _BOTTOM - 22, 8.5, "plain", "center")

    def _line(self, line: Line) -> None:
        self._y -= line.before
        self._room(line.size * _LEADING + line.keep)
        for text in self._wrapped(line.text, _USABLE, line.size, line.style):
            self._room(line.size * _LEADING)
            self._y -= line.size * _LEADING
            self._pages[-1] += self._text(text, _LEFT, _USABLE, self._y, line.size, line.style, line.align)

    def _columns(self, columns: Columns) -> None:
        width = _USABLE / len(columns.parts)
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
        widths = [share * _USABLE / sum(grid.shares) for share in grid.shares]
        head = self._cells(grid.heads, widths, grid.size, "bold")
        first = self._cells(grid.rows[0], widths, grid.size, "plain") if grid.rows else []
        self._room(_height(head, grid.size) + _height(first, grid.size))
        self._row(head, widths, grid, "bold")
        for row in grid.rows:
            cells = self._cells(row, widths, grid.size, "plain")
            if self._room(_height(cells, grid.size)):
                self._row(head, widths, grid, "bold")
            self._row(cells, widths, grid, "plain")

    def _cells(
        self, row: Sequence[str], widths: Sequence[float], size: float, style: Style
    ) -> list[list[str]]:
        return [
            self._wrapped(text, width - 2 * _PAD, size, style)
            for text, width in zip(row, widths, strict=True)
        ]

    def _row(self, cells: list[list[str]], widths: Sequence[float], grid: Grid, style: Style) -> None:
        height = _height(cells, grid.size)
        x = _LEFT
        page = self._pages[-1]
        for at, (lines, width) in enumerate(zip(cells, widths, strict=True)):
            box = f"{x:.2f} {self._y - height:.2f} {width:.2f} {height:.2f} re"
            page.append(f"0.93 g {box} f 0 g" if style == "bold" else "0 g")
            page.append(f"0.5 w {box} S")
            align: Align = "center" if style == "bold" else "right" if at in grid.right else "left"
            for place, text in enumerate(lines):
                y = self._y - _PAD - grid.size * (1.0 + place * _LEADING)
                page += self._text(text, x + _PAD, width - 2 * _PAD, y, grid.size, style, align)
            x += width
        self._y -= height

    def _room(self, height: float) -> bool:
        """Begin a page where so much does not fit. Returns whether it did."""
        if self._y - height >= _BOTTOM or not self._pages[-1]:
            return False
        self._pages.append([])
        self._y = _HEIGHT - _TOP
        return True

    def _text(
        self, text: str, x: float, width: float, y: float, size: float, style: Style, align: Align
    ) -> list[str]:
        face = self._faces[style]
        spare = width - face.width(text, size)
        x += {"left": 0.0, "center": spare / 2, "right": spare}[align]
        return [f"BT /{style} {size:g} Tf {x:.2f} {y:.2f} Td <{face.encode(text)}> Tj ET"] if text else []

    def _wrapped(self, text: str, width: float, size: float, style: Style) -> list[str]:
        """Lines that fit a width; a word that is too long is cut."""
        face = self._faces[style]
        lines = [""]
        for word in " ".join(text.split()).split(" "):
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
