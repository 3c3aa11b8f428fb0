"""Makes the fixed assets of the PDF/A writer: the sRGB profile, the glyphless font, the words of a placeholder page.

All are committed; this script says how they came to be and is not needed at run time. It writes the same bytes every
time, so `python scripts/make_assets.py --check` tells whether the committed ones are still those. The words are drawn
with Debian's `fonts-croscore` and only where `--notice` asks for them: another FreeType may shade a pixel otherwise.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import math
import struct
import sys
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib.tables._g_l_y_f import Glyph
from PIL import Image, ImageCms, ImageDraw, ImageFont

ASSETS = Path(__file__).resolve().parents[1] / "storage" / "assets"
_DATE = (2024, 1, 1, 0, 0, 0)
_MAC_EPOCH_SECONDS = 3_786_825_600  # 2024-01-01 in seconds since 1904
ADVANCE = 500
ASCENT, DESCENT = 800, -200
NOTICE_SIZE, NOTICE_ROW = 64, 80  # pixels; storage.pdfa.placeholder cuts the rows apart


def srgb_profile() -> bytes:
    """LittleCMS's built-in sRGB with a fixed date and the profile id recomputed (ICC.1:2010 clause 7.2.18)."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[8:10] = b"\x04\x20"  # 4.2, the newest PDF 1.7 knows; the tags used are all of that version
    struct.pack_into(">6H", profile, 24, *_DATE)
    for start, end in ((44, 48), (64, 68), (84, 100)):  # flags, intent and id do not count towards the id
        profile[start:end] = bytes(end - start)
    if profile[8] >= 4:
        profile[84:100] = hashlib.md5(profile, usedforsecurity=False).digest()
    return bytes(profile)


def glyphless_font() -> bytes:
    """A TrueType font with `.notdef` and one inkless glyph; a CIDToGIDMap sends every character to the latter.

    The glyph is a line there and back: no area, so no ink, but a box from descender to ascender. Without a box PDFium
    finds no text on pages read sideways, and takes a lone hyphen for one that ends a line.
    """
    line = TTGlyphPen(None)
    line.moveTo((0, DESCENT))
    line.lineTo((ADVANCE, ASCENT))
    line.closePath()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "blank"])
    builder.setupCharacterMap({0x20: "blank"})
    builder.setupGlyf({".notdef": Glyph(), "blank": line.glyph()})
    builder.setupHorizontalMetrics({".notdef": (ADVANCE, 0), "blank": (ADVANCE, 0)})
    builder.setupHorizontalHeader(ascent=ASCENT, descent=DESCENT)
    builder.setupNameTable(
        {"familyName": "Sohoa Glyphless", "styleName": "Regular", "psName": "SohoaGlyphless"}
    )
    builder.setupOS2(sTypoAscender=ASCENT, sTypoDescender=DESCENT, usWinAscent=ASCENT, usWinDescent=-DESCENT)
    builder.setupPost(isFixedPitch=1)
    builder.updateHead(created=_MAC_EPOCH_SECONDS, modified=_MAC_EPOCH_SECONDS)
    builder.font.recalcTimestamp = False
    out = io.BytesIO()
    builder.save(out)
    return out.getvalue()


def notice_words() -> bytes:
    """A bilevel PNG of three rows: the words before a page number, the ten digits in equal cells, the words after it."""
    font = ImageFont.truetype("/usr/share/fonts/truetype/croscore/Tinos-Regular.ttf", NOTICE_SIZE)
    cell = round(font.getlength("0"))
    after = "không đọc được – xem bản gốc"
    sheet = Image.new("L", (math.ceil(font.getlength(after)) + 4, 3 * NOTICE_ROW), 255)
    draw = ImageDraw.Draw(sheet)
    draw.text((0, 0), "Trang", fill=0, font=font)
    for digit in range(10):
        draw.text((digit * cell, NOTICE_ROW), str(digit), fill=0, font=font)
    draw.text((0, 2 * NOTICE_ROW), after, fill=0, font=font)
    out = io.BytesIO()
    sheet.point(lambda value: 255 if value > 127 else 0).convert("1").save(out, "PNG", optimize=True)
    return out.getvalue()


def main() -> int:
    """Write the assets, or with `--check` compare them; exit 1 if they differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--notice", action="store_true", help="draw the words of the placeholder page too")
    given = parser.parse_args()
    check, differs = given.check, False
    if given.notice:
        (ASSETS / "notice.png").write_bytes(notice_words())
    for name, data in (("srgb.icc", srgb_profile()), ("glyphless.ttf", glyphless_font())):
        path = ASSETS / name
        if check:
            same = path.is_file() and path.read_bytes() == data
            differs |= not same
            print(f"{name}: {'same' if same else 'differs'}")
        else:
            path.write_bytes(data)
            print(f"{name}: {len(data)} bytes")
    return int(differs)


if __name__ == "__main__":
    sys.exit(main())
