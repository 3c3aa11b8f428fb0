"""Text in the 8-bit Vietnamese encodings of the 1990s, TCVN3 (ABC, `.Vn…` fonts) and VNI, converted to Unicode NFC.

Spreadsheets keep such text as if it were Western (Latin-1): `Hä tªn` is `Họ tên` in TCVN3, `Hoï teân` in VNI. Which
one it is shows only in a whole table: the reading that gives the most possible syllables. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final, Literal

from extractors.syllables import can_exist
from schemas.text import nfc

Encoding = Literal["unicode", "tcvn3", "vni"]

_TCVN3: Final = dict(
    zip(
        "µ¸¶·¹¨»¾¼½Æ©ÇÊÈÉË®ÌÐÎÏÑªÒÕÓÔÖ×ÝØÜÞßãáâä«åèæçé¬êíëìîïóñòô\xadõøö÷ùúýûüþ¡¢£¤¥¦§",
        "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵĂÂÊÔƠƯĐ",
        strict=True,
    )
)
_TONES: Final = dict(zip("ùøûõï", "\u0301\u0300\u0309\u0303\u0323", strict=True))
_ON_CIRCUMFLEX: Final = dict(zip("áàåãä", _TONES.values(), strict=True))
_ON_BREVE: Final = dict(zip("éèúüë", _TONES.values(), strict=True))
_SINGLE: Final = {"ñ": "đ", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "ô": "ơ", "ö": "ư", "î": "ỵ", "í": "í", "ì": "ì"}
_ANY_LATIN: Final = re.compile(r"[\u0080-\u00ff\u0192\u0152-\u0161\u2013-\u203a]")
_WORD: Final = re.compile(r"[^\W\d_]+")
_CLEARLY: Final = 0.6  # share of marked words that must be possible syllables
_AHEAD: Final = 1.2  # how much better an old encoding must be than the text as it is


def _vni_pairs() -> dict[str, str]:
    pairs = {}
    for base in "aeouyôö":
        for mark, tone in _TONES.items():
            pairs[base + mark] = unicodedata.normalize("NFC", _SINGLE.get(base, base) + tone)
    for base, wide in (("a", "â"), ("e", "ê"), ("o", "ô")):
        pairs[base + "â"] = wide
        for mark, tone in _ON_CIRCUMFLEX.items():
            pairs[base + mark] = unicodedata.normalize("NFC", wide + tone)
    pairs["aê"] = "ă"
    for mark, tone in _ON_BREVE.items():
        pairs["a" + mark] = unicodedata.normalize("NFC", "ă" + tone)
    upper = {key.upper(): value.upper() for key, value in (pairs | _SINGLE).items()}
    mixed = {key[0].upper() + key[1:]: value.upper() for key, value in pairs.items()}
    return mixed | upper | pairs | _SINGLE


_VNI: Final = _vni_pairs()
_VNI_PIECE: Final = re.compile("|".join(sorted(map(re.escape, _VNI), key=len, reverse=True)))


def converted(text: str, encoding: Encoding) -> str:
    """Text in Unicode NFC; a cell that has Vietnamese letters of its own is left as it is."""
    if encoding == "unicode" or _is_modern(text):
        return nfc(text)
    if encoding == "tcvn3":
        # Readers of tables take the Icelandic letter that stands for `é` in TCVN3 for a `Đ`, which TCVN3 writes `§`.
        return nfc("".join(_TCVN3.get(char, char) for char in text.replace("Đ", "Ð")))
    return nfc(_VNI_PIECE.sub(lambda found: _VNI[found[0]], text))


def encoding_of(cells: Iterable[str]) -> Encoding:
    """The encoding of a table, from all its texts. Without marked letters it is `unicode`."""
    old = [cell for cell in cells if not _is_modern(cell) and _ANY_LATIN.search(cell)]
    as_is, *others = (
        (_possible(old, "unicode"), "unicode"),
        (_possible(old, "tcvn3"), "tcvn3"),
        (_possible(old, "vni"), "vni"),
    )
    best: tuple[float, Encoding] = max(others)  # type: ignore[assignment]
    return best[1] if best[0] >= _CLEARLY and best[0] > _AHEAD * as_is[0] else "unicode"


def _is_modern(text: str) -> bool:
    """True if a text has letters that only Unicode has, `ạ`, `ơ` …; `Đ` may come from an old encoding, too."""
    return any(char in "ăĂĩĨũŨơƠưƯ" or "\u1ea0" <= char <= "\u1ef9" for char in nfc(text))


def _possible(cells: Iterable[str], encoding: Encoding) -> float:
    """Share of words with marked letters that are possible syllables once converted."""
    marked = possible = 0
    for cell in cells:
        for piece in cell.split():
            if not _ANY_LATIN.search(piece):
                continue
            words = _WORD.findall(converted(piece, encoding))
            marked += 1
            stray = bool(re.search(r"[\u0080-\u00bf]", converted(piece, encoding)))
            possible += bool(words) and not stray and all(can_exist(word) for word in words)
    return possible / marked if marked else 0.0
