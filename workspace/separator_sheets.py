"""Separator sheets as a PDF to print: A4, bitonal, a QR for the machine and the same in words for people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import zxingcpp
from PIL import Image, ImageDraw, ImageFont

from engines.fonts import find_font
from engines.private_files import whole_file
from extractors.sheets import SheetMark, payload_of
from schemas.errors import SetupError
from schemas.wording import say

_DPI: Final = 300
_SIZE: Final = (2480, 3508)  # A4
_QR: Final = 1000  # pixels: 85 mm
_FONTS: Final = ("LiberationSans-Bold.ttf", "LiberationSans-Regular.ttf")


def print_sheets(marks: Sequence[SheetMark], out: Path, lang: str = "vi") -> None:
    """Write one page a mark; the file is the owner's alone and appears whole or not at all.

    Raises:
        SetupError: a font is missing, or the file cannot be written.
    """
    bold, plain = (find_font(name) for name in _FONTS)
    pages = [_page(mark, bold, plain, lang) for mark in marks]
    try:
        with whole_file(out) as stream:
            pages[0].save(stream, "PDF", resolution=_DPI, save_all=True, append_images=pages[1:])
    except OSError as error:
        raise SetupError(f"cannot write {out}: {error}", remedy="sheets_unwritable", path=out) from error


def _page(mark: SheetMark, bold: Path, plain: Path, lang: str) -> Image.Image:
    page = Image.new("1", _SIZE, 1)
    pen = ImageDraw.Draw(page)
    middle = _SIZE[0] // 2

    def line(text: str, y: int, size: int, font: Path) -> None:
        pen.text((middle, y), text, fill=0, font=_font(font, size), anchor="mm")

    pen.rectangle((150, 150, _SIZE[0] - 150, _SIZE[1] - 150), outline=0, width=8)
    line(say("sheet_page", "heading", lang), 420, 170, bold)
    line(say("sheet_page", "how", lang), 590, 58, plain)
    code = _qr(payload_of(mark))
    page.paste(code, (middle - code.width // 2, 800))
    rows = [("box", mark.box), ("file", mark.file), ("ordinal", str(mark.ordinal))]
    y = 800 + code.height + 220
    for name, value in rows:
        if value:
            text = f"{say('sheet_page', name, lang)}: {value}"
            line(text, y, _fitting(text, bold), bold)
            y += 210
    line(payload_of(mark)[-8:], _SIZE[1] - 260, 44, plain)
    return page


def _font(file: Path, size: int) -> ImageFont.FreeTypeFont:
    """A font without text shaping, which Pillow has on some machines only: sheets are to be alike everywhere."""
    return ImageFont.truetype(file, size, layout_engine=ImageFont.Layout.BASIC)


def _fitting(text: str, font: Path) -> int:
    """A size at which a line stays inside the frame."""
    size = 130
    while size > 30 and _font(font, size).getlength(text) > _SIZE[0] - 460:
        size -= 10
    return size


def _qr(payload: str) -> Image.Image:
    """The code with a third of its area to spare (level Q): stains, folds and staples are usual."""
    code = zxingcpp.create_barcode(payload, zxingcpp.BarcodeFormat.QRCode, ec_level="Q")
    image = Image.fromarray(code.to_image(scale=1, add_quiet_zones=True))
    scale = max(1, _QR // image.width)
    return image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST).convert("1")
