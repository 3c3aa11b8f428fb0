"""A few words of real text over an image-only PDF page: the caption that signing software adds.

Such a page is still a scan: its visible text covers almost none of its ink.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Sequence

import pikepdf
from fontTools import subset
from fontTools.ttLib import TTFont
from pikepdf import Array, Dictionary, Name

from samples import fonts

_FONT = "Tinos-Regular.ttf"
_SIZE = 8.0
_ALPHABET = "".join(chr(code) for code in range(0x20, 0x7F)) + (
    "àảãáạăằẳẵắặâầẩẫấậèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵđ"
    "ÀẢÃÁẠĂẰẲẴẮẶÂẦẨẪẤẬÈẺẼÉẸÊỀỂỄẾỆÌỈĨÍỊÒỎÕÓỌÔỒỔỖỐỘƠỜỞỠỚỢÙỦŨÚỤƯỪỬỮỨỰỲỶỸÝỴĐ"
)


@functools.cache
def _subset() -> tuple[bytes, dict[str, int], dict[str, float]]:
    """Font program with the Vietnamese alphabet only, glyph numbers and widths (per 1000)."""
    font = TTFont(fonts.font_path(_FONT), recalcTimestamp=False)
    options = subset.Options()
    options.hinting = False
    options.layout_features = []
    options.name_IDs = []
    options.notdef_outline = True
    worker = subset.Subsetter(options)
    worker.populate(text=_ALPHABET)
    worker.subset(font)
    cmap, scale = font.getBestCmap(), 1000 / font["head"].unitsPerEm
    glyphs = {char: font.getGlyphID(cmap[ord(char)]) for char in _ALPHABET}
    widths = {char: font["hmtx"][cmap[ord(char)]][0] * scale for char in _ALPHABET}
    out = io.BytesIO()
    font.save(out, reorderTables=False)
    return out.getvalue(), glyphs, widths


def caption_font(pdf: pikepdf.Pdf) -> pikepdf.Object:
    """Embed the caption's font as a Type 0 font with a ToUnicode map."""
    data, glyphs, widths = _subset()
    by_glyph = sorted((glyph, char) for char, glyph in glyphs.items())
    descriptor = pdf.make_indirect(
        Dictionary(
            Type=Name.FontDescriptor,
            FontName=Name("/SAMPLE+Tinos"),
            Flags=4,
            FontBBox=Array([-200, -300, 1200, 1000]),
            ItalicAngle=0,
            Ascent=891,
            Descent=-216,
            CapHeight=662,
            StemV=80,
            FontFile2=pdf.make_stream(data, Length1=len(data)),
        )
    )
    spans: list[object] = []
    for glyph, char in by_glyph:
        spans += [glyph, Array([round(widths[char], 1)])]
    descendant = pdf.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=Name.CIDFontType2,
            BaseFont=Name("/SAMPLE+Tinos"),
            CIDSystemInfo=Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0),
            FontDescriptor=descriptor,
            DW=500,
            W=Array(spans),
            CIDToGIDMap=Name.Identity,
        )
    )
    rows = [f"<{glyph:04X}> <{char.encode('utf-16-be').hex().upper()}>" for glyph, char in by_glyph]
    blocks = [rows[start : start + 100] for start in range(0, len(rows), 100)]
    body = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Sample def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
        f"{body}\nendcmap CMapName currentdict /CMap defineresource pop end end\n"
    )
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=Name.Type0,
            BaseFont=Name("/SAMPLE+Tinos"),
            Encoding=Name("/Identity-H"),
            DescendantFonts=Array([descendant]),
            ToUnicode=pdf.make_stream(cmap.encode("ascii")),
        )
    )


def caption_stream(lines: Sequence[str], width: float, height: float) -> bytes:
    """Content stream that sets the lines in the top right corner of a page (points)."""
    _, glyphs, _ = _subset()
    parts = [f"BT /F0 {_SIZE} Tf {_SIZE * 1.2} TL {width - 205:.2f} {height - 16:.2f} Td\n"]
    for line in lines:
        codes = "".join(f"{glyphs.get(char, glyphs[' ']):04X}" for char in line)
        parts.append(f"<{codes}> Tj T*\n")
    parts.append("ET\n")
    return "".join(parts).encode("ascii")


def caption_boxes(lines: Sequence[str], width: int, dpi: int) -> list[tuple[int, int, int, int]]:
    """Boxes of the lines in pixels of the displayed page."""
    _, _, widths = _subset()
    scale = dpi / 72
    boxes = []
    for row, line in enumerate(lines):
        baseline = (16 + row * _SIZE * 1.2) * scale
        left = width - 205 * scale
        right = left + sum(widths.get(char, 250.0) for char in line) / 1000 * _SIZE * scale
        boxes.append(
            (
                round(left),
                max(0, round(baseline - 6 * scale)),
                min(width, round(right)),
                round(baseline + 2 * scale),
            )
        )
    return boxes
