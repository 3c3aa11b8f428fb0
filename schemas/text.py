"""Vietnamese text: normal forms, folding for comparison, and the number and date forms people read.

Rules of DOMAIN.md §6.4. Folding is for comparison only; what is kept and shown is never folded.
"""

from __future__ import annotations

import re
import unicodedata

_ETH = str.maketrans({"Ð": "Đ", "Ɖ": "Đ", "ð": "đ", "ɖ": "đ"})
_LIKE_ETH = re.compile("[ÐƉðɖ]")
_DASHES = str.maketrans({"–": "-", "—": "-", "‐": "-", "‑": "-", "−": "-"})
_TONES = {"\u0300", "\u0301", "\u0303", "\u0309", "\u0323"}
_SPACES = re.compile(r"\s+")
_LEADERS = re.compile(r"[\s._…]+")  # dots of a form's leader are no part of a number


def nfc(text: str) -> str:
    """NFC, with look-alikes of đ mapped to it."""
    composed = unicodedata.normalize("NFC", text)
    return composed.translate(_ETH) if _LIKE_ETH.search(composed) else composed


def squeeze(text: str) -> str:
    """NFC with runs of white space as one space, ends trimmed."""
    return _SPACES.sub(" ", nfc(text)).strip()


def bare_number(number: str) -> str:
    """A paper's number without blanks, in capitals: what makes two numbers one."""
    return "".join(nfc(number).split()).upper()


def number_key(number: str) -> str:
    """Key of a number whatever its case, dashes, spaces, leading zeros and `Đ` written `D`."""
    plain = _LEADERS.sub("", fold(number))
    return plain.lstrip("0") or plain


def strip_accents(text: str) -> str:
    """Text without diacritics, đ as d; case is kept."""
    decomposed = unicodedata.normalize("NFD", nfc(text))
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return bare.replace("đ", "d").replace("Đ", "D")


def fold(text: str) -> str:
    """Key for comparison without accents: lower case, no diacritics, plain dashes, single spaces."""
    return _SPACES.sub(" ", strip_accents(text).translate(_DASHES).lower()).strip()


def fold_tone_place(text: str) -> str:
    """Key that keeps vowels and tones but not the place of the tone: `Hoà` = `Hòa`, `Thuỷ` = `Thủy`.

    The tone marks of a syllable are moved to its end; i/y is left alone (names).
    """
    return " ".join(syllable_key(part) for part in squeeze(text).lower().split(" "))


def syllable_key(syllable: str) -> str:
    """Key of one word in small letters: its tone marks at the end."""
    decomposed = unicodedata.normalize("NFD", syllable)
    tones = "".join(char for char in decomposed if char in _TONES)
    rest = "".join(char for char in decomposed if char not in _TONES)
    return unicodedata.normalize("NFC", rest) + tones


def show_bytes(name: bytes) -> str:
    r"""A file name for people and JSON: as it is (NFD stays NFD), undecodable bytes as `\xNN`."""
    return name.decode("utf-8", "backslashreplace")


def mask_identifier(identifier: str) -> str:
    """Mask an identifier except its first three and last two characters; short ones are masked completely."""
    if len(identifier) < 9:
        return "*" * len(identifier)
    return identifier[:3] + "*" * (len(identifier) - 5) + identifier[-2:]


def shown(name: str) -> str:
    r"""A file name safe for display: control characters as `\\xNN`, marks that turn text around as `\\uNNNN`.

    So that no name breaks a line, sends terminal escapes, or hides its extension.
    """
    return "".join(_escaped(char) for char in name)


def _escaped(char: str) -> str:
    if unicodedata.category(char) in {"Cf", "Zl", "Zp"}:
        return f"\\u{ord(char):04x}"
    return f"\\x{ord(char):02x}" if unicodedata.category(char) == "Cc" else char
