"""Words for full search: how text is cut into tokens, and how what a person typed becomes terms. Pure.

A token has two spellings: `exact` (NFC, small letters, the tone mark at the end, so that `hoà` = `hòa`) and `folded`
(without accents, `đ` as `d`). What has the shape of an owner's number is one token whatever stands between its digits, so
that only the whole number finds it. Other numbers lose leading zeros.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final, NamedTuple

from schemas.text import nfc, number_key, strip_accents, syllable_key

MOST_LETTERS: Final = 400
MOST_TERMS: Final = 16
_MOST_KNOWN: Final = 100_000
# Marks of tokens that no word on a page can be.
_OWNER: Final = "ⁱ"
_NUMBER: Final = "№"
_NUMBER_SIGNS: Final = str.maketrans({"/": "⁄", "-": "‐"})
_OWNER_LENGTHS: Final = frozenset({9, 10, 12, 13})
_DASHES: Final = "-\u2010\u2011\u2012\u2013\u2014\u2212"
_GROUPS: Final = r"\d{3,}(?: \d{3,})+"
_SPREAD: Final = rf"\d(?:[{_DASHES}.]?\d){{8,}}"
_IN_THREES: Final = re.compile(r"(?<!\d)\d{3} \d{3} \d{3}(?: \d{3})?(?!\d)")
_TOKEN: Final = re.compile(
    rf"(?<!\w)(?P<owner>{_GROUPS}|{_SPREAD})(?!\w)|(?P<word>(?:[^\W_]|[\u0300-\u036f])+)"
)
# Where there is none of these, no owner's number is either.
_MANY_FIGURES: Final = re.compile(rf"\d[{_DASHES}\d .]{{8}}")
_WORD: Final = re.compile(r"(?:[^\W_]|[\u0300-\u036f])+")
_NUMBER_SHAPE: Final = re.compile(
    rf"(?<![\w/])\d+[^\W\d_]?(?:(?:\s*/\s*[^\W_][\w.]*)+(?:\s*[{_DASHES}]\s*[^\W_]\w*)*|"
    rf"\s*[{_DASHES}]\s*[^\W\d_]\w*(?:[{_DASHES}/]\w+)*)"
)


class Token(NamedTuple):
    """One token, and where it stands in its text (NFC)."""

    exact: str
    folded: str
    start: int
    end: int


class Term(NamedTuple):
    """What must be found: tokens side by side. `number`: the token of a paper's own number, which may stand for them."""

    exact: tuple[str, ...]
    folded: tuple[str, ...]
    number: str | None = None


class Terms(NamedTuple):
    """What a person typed, in terms. `cut`: more was typed than is searched for."""

    terms: tuple[Term, ...]
    cut: bool = False

    @property
    def accented(self) -> bool:
        """True if a term bears accents: papers that spell it so come first."""
        return any(term.exact != term.folded for term in self.terms)


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a text that is in NFC."""
    for found in _TOKEN.finditer(text):
        if found["owner"] is None:
            yield Token(*_SPELT[found[0]], found.start(), found.end())
            continue
        digits = _digits(found[0])
        if len(digits) in _OWNER_LENGTHS:
            yield Token(_OWNER + digits, _OWNER + digits, found.start(), found.end())
        else:
            yield from _grouped(text, found.start(), found.end())


def _grouped(text: str, at: int, end: int) -> Iterator[Token]:
    """Tokens of figures in groups: those in threes that make an owner's number are one, whatever stands before them."""
    for owner in _IN_THREES.finditer(text, at, end):
        yield from _plain(text, at, owner.start())
        digits = _OWNER + _digits(owner[0])
        yield Token(digits, digits, owner.start(), owner.end())
        at = owner.end()
    yield from _plain(text, at, end)


def _plain(text: str, at: int, end: int) -> Iterator[Token]:
    for part in _WORD.finditer(text, at, end):
        yield Token(*_SPELT[part[0]], part.start(), part.end())


def spellings(text: str) -> tuple[list[str], list[str]]:
    """The tokens of a text in both spellings: what `tokens` gives, without their places, and much sooner."""
    exact, folded = token_lines(text)
    return exact.split(), folded.split()


def token_lines(text: str) -> tuple[str, str]:
    """The tokens of a text in both spellings, each joined by blanks."""
    text = nfc(text)
    if _MANY_FIGURES.search(text) is None:
        found = list(map(_PARTS.__getitem__, text.split()))
    else:
        found = [(token.exact, token.folded) for token in tokens(text)]
    return " ".join([exact for exact, _ in found]), " ".join([folded for _, folded in found])


def owners_in(text: str) -> Iterator[tuple[int, int]]:
    """Where a text in NFC holds what has the shape of an owner's number."""
    for token in tokens(text):
        if token.exact.startswith(_OWNER):
            yield token.start, token.end


def number_token(number: str) -> str:
    """The token that a paper bears for its own number, however it is spelt."""
    return _NUMBER + "".join(
        char for char in number_key(number).translate(_NUMBER_SIGNS) if char.isalnum() or char in "⁄‐"
    )


def terms_of(typed: str) -> Terms:
    """Terms of what a person typed: words, `"phrases"`, numbers such as `176/QĐ-UBND`.

    Nothing in it is an operator; signs are left out, an open quote ends with the text, what is beyond the limits is cut.
    """
    typed = "".join(
        " " if unicodedata.category(char) in {"Cc", "Cf", "Cs"} else char
        for char in typed[: 4 * MOST_LETTERS]
    )
    text = nfc(typed)
    cut = len(text) > MOST_LETTERS
    terms: list[Term] = []
    for at, part in enumerate(re.split('["“”]', text[:MOST_LETTERS])):
        terms += _loose(part) if at % 2 == 0 else _phrase(part)
    distinct = list(dict.fromkeys(terms))
    return Terms(tuple(distinct[:MOST_TERMS]), cut or len(distinct) > MOST_TERMS)


def _phrase(text: str) -> list[Term]:
    found = list(tokens(text))[:MOST_TERMS]
    if not found:
        return []
    number = number_token(text) if _NUMBER_SHAPE.fullmatch(text.strip()) else None
    return [Term(tuple(token.exact for token in found), tuple(token.folded for token in found), number)]


def _loose(text: str) -> list[Term]:
    terms: list[Term] = []
    at = 0
    for found in _NUMBER_SHAPE.finditer(text):
        if any(True for _ in owners_in(found[0])):
            continue
        terms += _words(text[at : found.start()]) + _phrase(found[0])
        at = found.end()
    return terms + _words(text[at:])


def _words(text: str) -> list[Term]:
    return [Term((token.exact,), (token.folded,)) for token in tokens(text)]


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())


def _spelt(word: str) -> tuple[str, str]:
    small = word.lower()
    if small.isdigit():
        if len(small) in _OWNER_LENGTHS:
            return _OWNER + small, _OWNER + small
        bare = small.lstrip("0") or "0"
        return bare, bare
    exact = syllable_key(nfc(small))
    return exact, strip_accents(small)


class _Spelt(dict[str, tuple[str, str]]):
    """Both spellings by word. A running text has few different ones; they are forgotten when they become too many."""

    def __missing__(self, word: str) -> tuple[str, str]:
        if len(self) >= _MOST_KNOWN:
            self.clear()
        self[word] = spelt = self.spell(word)
        return spelt

    def spell(self, word: str) -> tuple[str, str]:
        """Both spellings of a word."""
        return _spelt(word)


class _Parts(_Spelt):
    """The same by what stands between blanks, signs and all: the tokens in it, joined by blanks."""

    def spell(self, word: str) -> tuple[str, str]:
        """The tokens in a part of a text, in both spellings."""
        found = [_SPELT[each] for each in _WORD.findall(word)]
        return " ".join(exact for exact, _ in found), " ".join(folded for _, folded in found)


_SPELT: Final = _Spelt()
_PARTS: Final = _Parts()
