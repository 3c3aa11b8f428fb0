"""What an engine that tells letters apart lets us do with a word: part it where a space was lost, spell it otherwise.

Works on `engines.ocr.Letter`; nothing here knows which engine read.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from engines.ocr import EngineWord, Letter
from extractors.language import LanguageModel
from extractors.syllables import can_exist

_SHORTEST, _LONGEST_SYLLABLE = 5, 7
_MOST_PARTS, _LETTERS_A_PART = 6, 2.2
# Log probability that the engine gives to a space that it left out; below it there is none.
_SPACE = -9.0
# Rosettes and guilloche look like these to an engine that knows letters alone, and never quite like them.
_ROUND = frozenset("oO0QĐ()")
_ROUND_BELOW, _JUNK_BELOW = 0.95, 0.4
_LOST_BELOW, _LOST_SHARE = 0.5, 0.05
_BEAM, _MOST_COST, _MOST_SPELLINGS = 60, 9.0, 8


class Spelling(NamedTuple):
    """Another way to read a word, and how much less likely its letters are (natural logarithm, 0 or more)."""

    text: str
    cost: float


def parted(words: Sequence[EngineWord], language: LanguageModel) -> Iterator[EngineWord]:
    """The words, each that is no syllable but several run together parted where the engine saw something of a space."""
    for word in words:
        cuts = _cuts(word, language)
        for start, end in zip([0, *cuts], [*cuts, len(word.letters)], strict=True):
            yield _piece(word, start, end) if cuts else word


def without_ornament(words: Sequence[EngineWord], language: LanguageModel) -> list[EngineWord]:
    """The words without lines that are ornament: rings read as letters, and what is neither likely nor a word."""
    lines: dict[tuple[int, int, int], list[EngineWord]] = {}
    for word in words:
        lines.setdefault(word.line, []).append(word)
    return [word for line in lines.values() if not _is_ornament(line, language) for word in line]


def _is_ornament(line: Sequence[EngineWord], language: LanguageModel) -> bool:
    letters = [letter for word in line for letter in word.letters]
    if not letters:
        return False
    sure = sum(letter.probability for letter in letters) / len(letters)
    if all(letter.text in _ROUND or not letter.text.isalnum() for letter in letters):
        return sure < _ROUND_BELOW
    return sure < _JUNK_BELOW and not any(
        len(word.text) > 1 and language.id_of(word.text) >= 0 for word in line
    )


def is_lost(words: Sequence[EngineWord]) -> bool:
    """True if the engine doubts so many letters of a page that another should read it."""
    letters = [letter for word in words for letter in word.letters]
    doubted = sum(letter.probability < _LOST_BELOW for letter in letters)
    return doubted > _LOST_SHARE * len(letters)


def sense(texts: Iterable[str], language: LanguageModel) -> int:
    """Letters and digits of the words that are syllables or numbers: how much of a page an engine made sense of."""
    cores = (text.strip(".,;:()/-–\"“”'") for text in texts)
    return sum(len(core) for core in cores if core.isdigit() or (len(core) > 1 and language.id_of(core) >= 0))


def _piece(word: EngineWord, start: int, end: int) -> EngineWord:
    letters, height = word.letters[start:end], word.bottom - word.top
    left = word.left if start == 0 else round(letters[0].x - 0.25 * height)
    right = word.right if end == len(word.letters) else round(letters[-1].x + 0.3 * height)
    return word._replace(
        text=unicodedata.normalize("NFC", "".join(letter.text for letter in letters)),
        confidence=min(letter.probability for letter in letters),
        left=max(word.left, left),
        right=max(word.left + 1, min(word.right, right)),
        letters=letters,
    )


def _cuts(word: EngineWord, language: LanguageModel) -> list[int]:
    """Places at which a word is to be parted: as few as make syllables or numbers of all its parts."""
    letters = word.letters
    start, end = 0, len(letters)
    while start < end and not letters[start].text.isalnum():
        start += 1
    while end > start and not letters[end - 1].text.isalnum():
        end -= 1
    core = "".join(letter.text for letter in letters[start:end])
    if len(core) < _SHORTEST or len(core) != end - start or not core.isalnum():
        return []
    if language.id_of(core) >= 0 or can_exist(core) or core.isdigit():
        return []
    best: list[list[int] | None] = [[], *(None for _ in core)]
    for to in range(1, len(core) + 1):
        for since in range(max(0, to - _LONGEST_SYLLABLE), to):
            way, here = best[since], best[to]
            if way is None or (here is not None and len(here) <= len(way) + 1):
                continue
            if (since == 0 or letters[start + since].space > _SPACE) and _is_word(core, since, to, language):
                best[to] = [*way, to]
    found = best[-1]
    if not found or not 2 <= len(found) <= _MOST_PARTS or len(core) / len(found) < _LETTERS_A_PART:
        return []
    return [start + place for place in found[:-1]]


def _is_word(core: str, start: int, end: int, language: LanguageModel) -> bool:
    part = core[start:end]
    if part.isdigit():
        return not (core[start - 1 : start].isdigit() or core[end : end + 1].isdigit())
    in_one_case = part.islower() or part.isupper() or part[1:].islower()
    return len(part) > 1 and part.isalpha() and in_one_case and language.id_of(part) >= 0


def spellings(core: str, letters: Sequence[Letter], language: LanguageModel) -> list[Spelling]:
    """Syllables of the vocabulary that the letters may be, the likeliest first, without the one that was read.

    Args:
        core: the word's letters alone, as read.
        letters: the same letters with their alternatives.
        language: its vocabulary.
    """
    beam = [(0.0, "")]
    for char, letter in zip(core, letters, strict=True):
        seen: dict[str, float] = {}
        for text, value in letter.alternatives:
            cased = text.upper() if char.isupper() else text.lower()
            if not cased or cased.isalpha():
                seen[cased] = max(value, seen.get(cased, -math.inf))
        at_best = seen.setdefault(char, 0.0)
        costs: dict[str, float] = {}
        for cost, text in beam:
            for other, value in seen.items():
                total = cost + max(0.0, at_best - value)
                if total <= min(_MOST_COST, costs.get(text + other, math.inf)):
                    costs[text + other] = total
        beam = sorted((cost, text) for text, cost in costs.items())[:_BEAM]
    own = language.id_of(core)
    found: dict[int, Spelling] = {}
    for cost, text in beam:
        number = language.id_of(text)
        if number >= 2 and number != own:  # 0 and 1 are the ends of a clause
            found.setdefault(number, Spelling(unicodedata.normalize("NFC", text), cost))
    return list(found.values())[:_MOST_SPELLINGS]
