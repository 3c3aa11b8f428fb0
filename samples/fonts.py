"""The type families and pens of the samples. `engines.fonts` finds the files by content, so that a seed gives the same page
on every machine.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from PIL import ImageFont

from engines.fonts import find_font


@dataclass(frozen=True)
class Family:
    """File names of the four styles of one type family."""

    regular: str
    bold: str
    italic: str
    bold_italic: str


FAMILIES: dict[str, Family] = {
    "tinos": Family("Tinos-Regular.ttf", "Tinos-Bold.ttf", "Tinos-Italic.ttf", "Tinos-BoldItalic.ttf"),
    "liberation": Family(
        "LiberationSerif-Regular.ttf",
        "LiberationSerif-Bold.ttf",
        "LiberationSerif-Italic.ttf",
        "LiberationSerif-BoldItalic.ttf",
    ),
    "termes": Family(
        "texgyretermes-regular.otf",
        "texgyretermes-bold.otf",
        "texgyretermes-italic.otf",
        "texgyretermes-bolditalic.otf",
    ),
    "typewriter": Family(
        "Cousine-Regular.ttf", "Cousine-Bold.ttf", "Cousine-Italic.ttf", "Cousine-BoldItalic.ttf"
    ),
    "sans": Family("Arimo-Regular.ttf", "Arimo-Bold.ttf", "Arimo-Italic.ttf", "Arimo-BoldItalic.ttf"),
}
PRINT_FAMILIES = ("tinos", "liberation", "termes")

PENS: dict[str, str] = {
    "breip": "Breip.ttf",
    "dancing": "DancingScript-Regular.otf",
    "kristi": "Kristi.ttf",
    "dkg": "dkg.ttf",
    "dkg_italic": "dkgIt.ttf",
    "ruf": "Rufscript010.ttf",
}
"""Handwriting-like fonts: digits and plain letters; Vietnamese marks are drawn by `samples.handwriting`."""


def font_path(file_name: str) -> Path:
    """Where a font file lies.

    Raises:
        SetupError: it is on none of the usual places, or lacks Vietnamese letters.
    """
    return find_font(file_name)


@functools.lru_cache(maxsize=512)
def load(file_name: str, pixels: float) -> ImageFont.FreeTypeFont:
    """A font at a size in pixels per em, without text shaping (which machines may lack)."""
    return ImageFont.truetype(str(font_path(file_name)), pixels, layout_engine=ImageFont.Layout.BASIC)


@functools.lru_cache(maxsize=2048)
def styled(family: str, pixels: float, bold: bool, italic: bool) -> ImageFont.FreeTypeFont:
    """A style of one of `FAMILIES` at a size in pixels per em."""
    faces = FAMILIES[family]
    if bold:
        return load(faces.bold_italic if italic else faces.bold, pixels)
    return load(faces.italic if italic else faces.regular, pixels)


@functools.lru_cache(maxsize=65536)
def width(font: ImageFont.FreeTypeFont, text: str) -> float:
    """Advance width of a text in pixels."""
    return font.getlength(text)
