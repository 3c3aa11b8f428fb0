"""Spelling of Vietnamese syllables: validity, base letters, tones and the two positions of a tone mark.

A syllable is an onset, a rhyme and a tone; onsets and rhymes are closed lists, and rhymes that end in a stop take two of
the six tones only. `quyèn` cannot exist, `thồng` can though nobody writes it. Nothing here knows how often.
"""

from __future__ import annotations

import functools
import unicodedata
from typing import Final

from schemas.text import strip_accents

_TONES: Final = "\u0300\u0301\u0303\u0309\u0323"
_STOPPED: Final = ("c", "ch", "p", "t")
_ONSETS: Final = (
    "ngh", "ch", "gh", "gi", "kh", "ng", "nh", "ph", "qu", "th", "tr",
    "b", "c", "d", "đ", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "x", "",
)  # fmt: skip
_RHYMES: Final = frozenset(
    """
    a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây
    e ec em en eng eo ep et ê êch êm ên ênh êp êt êu
    i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt iêu y yêm yên yêng yêt yêu
    o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oc oe oen oeo oet oi om on ong oong ooc
    op ot ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt
    u ua uân uâng uât uây uc uê uêch uênh uêu ui um un ung uôc uôi uôm uôn uông uôt up ut uy uya uych uyên uyêt uyn uynh
    uyp uyt uyu uơ ư ưa ưc ưi ưm ưn ưng ươc ươi ươm ươn ương ươp ươt ươu ưt ưu
    """.split()  # noqa: SIM905 - a list of words reads as one
)
_AFTER_QU: Final = frozenset(
    """
    a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt ân âng ât âu ây e en eo et ê êch ên ênh êt êu
    i it in inh y ych yên yêt yêu ynh yt ơ ơn ơi ôc
    """.split()  # noqa: SIM905 - a list of words reads as one
)
_AFTER_GI: Final = frozenset({rhyme for rhyme in _RHYMES if rhyme[0] not in "iy"} | {"", "êc", "êng"})
# Rhymes whose tone mark has two places in use: `hòa` and `hoà`, `thủy` and `thuỷ`.
_TWO_PLACES: Final = ("oa", "oe", "uy")


@functools.lru_cache(maxsize=16384)
def split_tone(syllable: str) -> tuple[str, str]:
    """A syllable in small letters without its tone, and the tone's combining mark ("" for the level tone)."""
    parts = unicodedata.normalize("NFD", syllable.lower())
    tone = "".join(char for char in parts if char in _TONES)
    return unicodedata.normalize("NFC", "".join(char for char in parts if char not in _TONES)), tone


@functools.lru_cache(maxsize=16384)
def key_of(syllable: str) -> str:
    """Canonical spelling of a syllable: lower case, the tone at the end (`Hoà` = `hòa`)."""
    toneless, tone = split_tone(syllable)
    return toneless + tone


@functools.lru_cache(maxsize=16384)
def base_of(syllable: str) -> str:
    """Lower-case letters without marks, đ as d: an engine seldom misreads these."""
    return strip_accents(syllable).lower()


@functools.lru_cache(maxsize=16384)
def can_exist(syllable: str) -> bool:
    """True if Vietnamese can have this syllable, whatever the case and the place of its tone."""
    toneless, tone = split_tone(syllable)
    return len(tone) <= 1 and any(
        toneless.startswith(onset) and _fits(onset, toneless[len(onset) :], tone) for onset in _ONSETS
    )


def _fits(onset: str, rhyme: str, tone: str) -> bool:
    rhymes = {"qu": _AFTER_QU, "gi": _AFTER_GI}.get(onset, _RHYMES)
    if rhyme not in rhymes:
        return False
    return not rhyme.endswith(_STOPPED) or tone in {"\u0301", "\u0323"}


@functools.lru_cache(maxsize=16384)
def tone_place(syllable: str) -> int:
    """Tone position of a syllable that has two possible ones: 1 early (`hòa`), 2 late (`hoà`), 0 if undetermined."""
    toneless, tone = split_tone(syllable)
    if not tone or not _has_two_places(toneless):
        return 0
    return 2 if split_tone(syllable[-1])[1] else 1


def with_tone_at(syllable: str, place: int) -> str:
    """The same syllable with its tone early (1) or late (2), where both are in use."""
    now = tone_place(syllable)
    if not now or place not in {1, 2} or now == place:
        return syllable
    toneless, tone = split_tone(syllable)
    index = len(toneless) - 2 + (place - 1)
    return unicodedata.normalize("NFC", toneless[: index + 1] + tone + toneless[index + 1 :])


def _has_two_places(toneless: str) -> bool:
    return toneless.endswith(_TWO_PLACES) and not toneless.startswith("qu")


def in_case_of(syllable: str, like: str) -> str:
    """A syllable with capitals where another of the same base letters has them."""
    return "".join(
        char.upper() if model.isupper() else char for char, model in zip(syllable, like, strict=True)
    )
