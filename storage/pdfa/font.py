"""The glyphless font: one empty glyph for all characters, fully embedded, once per file.

A character's code is its UTF-16 unit (Identity-H), so the font serves the whole Basic Multilingual Plane. ToUnicode has
one range a high byte: a longer one breaks PDF/A-2u, as do surrogates, U+0000, U+FEFF and U+FFFE.
"""

from __future__ import annotations

import functools
import re
import zlib
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream

ASCENT, DESCENT, ADVANCE = 0.8, 0.2, 0.5  # of the font size; the same figures lie in the font program
_PROGRAM = Path(__file__).resolve().parent.parent / "assets" / "glyphless.ttf"
_NAME = Name("/SohoaGlyphless")
_SURROGATES = range(0xD8, 0xE0)
_SPACE = re.compile(r"[^\S\xa0]")
_UNMAPPED = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff\U00010000-\U0010ffff]")


def encode(text: str) -> str:
    """Hexadecimal codes of a text; white space becomes a space, what cannot be mapped U+FFFD.

    Controls, surrogates, U+FEFF, U+FFFE, U+FFFF and characters beyond the Basic Multilingual Plane cannot be mapped.
    """
    mapped = _UNMAPPED.sub("\ufffd", _SPACE.sub(" ", text))
    return mapped.encode("utf-16-be").hex().upper()


def add_font(pdf: pikepdf.Pdf) -> pikepdf.Object:
    """The font as an indirect object of a file."""
    program = _PROGRAM.read_bytes()
    descriptor = Dictionary(
        Type=Name.FontDescriptor,
        FontName=_NAME,
        Flags=4,
        # Not empty as the glyph is: PDFium distinguishes lines and hyphens by these boxes.
        FontBBox=Array([0, -round(1000 * DESCENT), round(1000 * ADVANCE), round(1000 * ASCENT)]),
        ItalicAngle=0,
        Ascent=round(1000 * ASCENT),
        Descent=-round(1000 * DESCENT),
        CapHeight=round(1000 * ASCENT),
        StemV=80,
        FontFile2=_stream(pdf, program, Length1=len(program)),
    )
    descendant = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType2,
        BaseFont=_NAME,
        CIDSystemInfo=Dictionary(
            Registry=pikepdf.String("Adobe"), Ordering=pikepdf.String("Identity"), Supplement=0
        ),
        FontDescriptor=pdf.make_indirect(descriptor),
        DW=round(1000 * ADVANCE),
        CIDToGIDMap=_stream(pdf, b"\0\1" * 65536),  # every code shows glyph 1, the empty one
    )
    font = Dictionary(
        Type=Name.Font,
        Subtype=Name.Type0,
        BaseFont=_NAME,
        Encoding=Name("/Identity-H"),
        DescendantFonts=Array([pdf.make_indirect(descendant)]),
        ToUnicode=_stream(pdf, _to_unicode()),
    )
    return pdf.make_indirect(font)


def _stream(pdf: pikepdf.Pdf, data: bytes, **fields: int) -> pikepdf.Object:
    return pdf.make_indirect(Stream(pdf, zlib.compress(data, 9), Filter=Name.FlateDecode, **fields))


@functools.cache
def _to_unicode() -> bytes:
    ranges = []
    for high in range(0x100):
        if high in _SURROGATES:
            continue
        low = 0x01 if high == 0x00 else 0x00
        last = {0xFE: 0xFE, 0xFF: 0xFD}.get(high, 0xFF)  # U+FEFF, U+FFFE and U+FFFF stay out
        ranges.append(f"<{high:02X}{low:02X}> <{high:02X}{last:02X}> <{high:02X}{low:02X}>")
    blocks = [
        ranges[start : start + 100] for start in range(0, len(ranges), 100)
    ]  # 100 is the most a block may hold
    body = "".join(f"{len(block)} beginbfrange\n" + "\n".join(block) + "\nendbfrange\n" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        f"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n{body}"
        "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode("ascii")
