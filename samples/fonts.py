"""Fonts by file name, from the places where Debian puts them.

Only the fonts named here are used, so that the same seed gives the same page everywhere. A missing font is
an error that names the packages to install.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from PIL import ImageFont

ROOTS = (
    Path("/usr/share/fonts"),
    Path("/usr/share/texmf/fonts/opentype"),
    Path("/usr/local/share/fonts"),
    Path.home() / ".local/share/fonts",
)
PACKAGES = (
    "fonts-liberation2 fonts-croscore fonts-texgyre fonts-breip fonts-dancingscript fonts-kristi "
    "fonts-dkg-handwriting fonts-rufscript"
)


class FontMissingError(RuntimeError):
    """A font file is not on this machine; the message says which packages to install."""


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


@functools.cache
def _index() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for root in ROOTS:
        for path in sorted(root.rglob("*")) if root.is_dir() else ():
            if path.suffix.lower() in {".ttf", ".otf"}:
                found.setdefault(path.name, path)
    return found


def font_path(file_name: str) -> Path:
    """Where a font file lies.

    Raises:
        FontMissingError: it is on none of the usual places.
    """
    path = _index().get(file_name)
    if path is None:
        raise FontMissingError(
            f"font {file_name} not found under {', '.join(str(root) for root in ROOTS)}; "
            f"install it: apt-get install -y --no-install-recommends {PACKAGES}"
        )
    return path


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
