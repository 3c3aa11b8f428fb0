"""Faces of a PDF's text: measured, and embedded with the letters that were used alone."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import pikepdf
from fontTools import subset
from fontTools.ttLib import TTFont
from pikepdf import Array, Dictionary, Name, Stream

from engines.fonts import find_font


@dataclass
class Face:
    """A font with the letters that were used of it."""

    name: str
    path: Path
    cmap: dict[int, str]
    widths: dict[str, float]
    order: dict[str, int]
    used: dict[int, str] = field(default_factory=dict)

    @classmethod
    def load(cls, style: str, name: str) -> Face:
        """The face of a style from a font's file name."""
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
        """Width of a text in points."""
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
