"""Font files chosen by content: the same glyphs on every machine, regardless of installed fonts.

File names are not reliable: `fonts-liberation` 1.07 and `fonts-liberation2` have equal names, and the former lacks Ế Ệ
Ủ Ị Ộ ệ ự ơ. The files named in `fonts.toml` are recognised by their SHA-256. Where a release of the distribution has
only another build, it is taken if it draws every Vietnamese letter, with a warning that prints will differ in a pixel
here and there.
"""

from __future__ import annotations

import functools
import hashlib
import tomllib
import unicodedata
from pathlib import Path
from typing import Final

import structlog
from fontTools.ttLib import TTFont, TTLibError

from schemas.errors import SetupError

ROOTS: Final = (
    Path("/usr/share/fonts"),
    Path("/usr/share/texmf/fonts/opentype"),
    Path("/usr/local/share/fonts"),
    Path.home() / ".local/share/fonts",
)
PACKAGES: Final = (
    "fonts-liberation2 fonts-croscore fonts-texgyre fonts-breip fonts-dancingscript fonts-kristi "
    "fonts-dkg-handwriting fonts-rufscript"
)
_BASES: Final = "AĂÂEÊIOÔƠUƯYĐ"
_TONES: Final = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")


def find_font(name: str) -> Path:
    """The font file of a name in `fonts.toml`.

    Raises:
        SetupError: it is on none of the usual places, or what is there lacks Vietnamese letters.
    """
    entry = _table()[name]
    candidates = _installed().get(name, ())
    for path in candidates:
        if _sha256(path) == entry["sha256"]:
            return path
    for path in candidates:
        if not entry.get("vietnamese", True) or not missing_letters(path):
            structlog.get_logger().warning("font_of_another_build", font=name, path=str(path))
            return path
    lacking = ", ".join(str(path) for path in candidates)
    raise SetupError(
        f"font {name} is missing" + (f"; {lacking} lacks Vietnamese letters" if lacking else ""),
        remedy="font_incomplete" if lacking else "font_missing",
        name=name,
        path=lacking,
        packages=PACKAGES,
    )


def missing_letters(path: Path) -> str:
    """Vietnamese letters that a font cannot draw, or all of them where the file is no font."""
    try:
        with TTFont(path, lazy=True) as font:
            known = font.getBestCmap() or {}
    except (TTLibError, OSError):
        known = {}
    return "".join(letter for letter in vietnamese_letters() if ord(letter) not in known)


@functools.cache
def vietnamese_letters() -> str:
    """Every precomposed letter of the alphabet, capitals and small ones."""
    toned = [
        unicodedata.normalize("NFC", base + tone)
        for base in _BASES
        for tone in (_TONES if base != "Đ" else ("",))
    ]
    return "".join(toned) + "".join(toned).lower()


@functools.cache
def _table() -> dict[str, dict[str, str | bool]]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


@functools.cache
def _installed() -> dict[str, tuple[Path, ...]]:
    """Every font file on the usual places, by file name, in order of path."""
    found: dict[str, tuple[Path, ...]] = {}
    for root in ROOTS:
        for path in sorted(root.rglob("*")) if root.is_dir() else ():
            if path.suffix.lower() in {".ttf", ".otf"}:
                found[path.name] = (*found.get(path.name, ()), path)
    return found


@functools.cache
def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
