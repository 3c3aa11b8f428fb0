"""Split the words of a page into letters and punctuation, and detect which may be names.

Better too many than too few: a name that is taken for a word may be spelt anew, a word taken for a name only stays as
it was read.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

from extractors.syllables import base_of, key_of
from schemas.reading import Word
from schemas.rules import DiacriticsProfile

_NAME_LENGTH = 5
_GAP = 1.7


class Part(NamedTuple):
    """A word as read, between its punctuation. `core` is "" for what holds digits or is a code.

    Attributes:
        word: its place among the page's words.
        lead, core, tail: what was read, in three pieces.
        confidence: the engine's.
        line: its text line.
        starts, ends: whether punctuation (or a code) parts it from the word before and after.
        apart: whether it begins a line or stands after a wide gap.
        valued: whether a colon stands right before it on its line.
    """

    word: int
    lead: str
    core: str
    tail: str
    confidence: float
    line: int
    starts: bool
    ends: bool
    apart: bool
    valued: bool


def parts_of(words: Sequence[Word]) -> list[Part]:
    """Split every word of a page."""
    parts: list[Part] = []
    for index, word in enumerate(words):
        lead, core, tail = _split(word.as_read)
        before = words[index - 1] if index else None
        new = before is None or before.line != word.line
        wide = before is not None and _gap(before, word) > _GAP * min(
            before.box.height, before.box.width, 10**6
        )
        valued = not new and before is not None and before.as_read.endswith(":")
        other_block = before is not None and before.block != word.block
        parts.append(
            Part(
                index, lead, core, tail, word.confidence, word.line,
                bool(lead) or other_block, bool(tail), new or wide, valued,
            )
        )  # fmt: skip
    return parts


def _gap(before: Word, word: Word) -> int:
    return max(word.box.left - before.box.right, word.box.top - before.box.bottom)


def _split(text: str) -> tuple[str, str, str]:
    """Punctuation, letters, punctuation; no letters where anything else stands among them."""
    start, end = 0, len(text)
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    core = text[start:end]
    return (text[:start], core, text[end:]) if core.isalpha() else (text, "", "")


class Guards(NamedTuple):
    """The profile's lists as they are compared: ranks and forms of address as spelt, and all by their base letters."""

    leads: frozenset[str]
    lead_bases: frozenset[str]
    office_bases: frozenset[str]
    surname_bases: frozenset[str]


@functools.lru_cache(maxsize=4)
def _guards(profile: DiacriticsProfile) -> Guards:
    return Guards(
        frozenset(key_of(word) for word in profile.name_leads),
        frozenset(base_of(word) for word in profile.name_leads),
        frozenset(base_of(word) for word in profile.offices),
        frozenset(base_of(word) for word in profile.surnames),
    )


def in_names(parts: Sequence[Part], profile: DiacriticsProfile) -> frozenset[int]:
    """Places of the parts that are names, may be names, or are values of a form."""
    guards = _guards(profile)
    return frozenset(_title_names(parts, guards) | _capital_names(parts, guards, profile.doubted))


def _is_title(core: str) -> bool:
    return len(core) > 1 and core[0].isupper() and core[1:].islower()


def _title_names(parts: Sequence[Part], guards: Guards) -> set[int]:
    """Two or more capitalised words in a row, or one after a rank, a form of address or a colon."""
    found: set[int] = set()
    index = 0
    while index < len(parts):
        end = index
        while end < len(parts) and _is_title(parts[end].core) and (end == index or _joined(parts, end)):
            end += 1
        if end == index:
            index += 1
            continue
        alone = end - index == 1
        led = index > 0 and not parts[index].starts and base_of(parts[index - 1].core) in guards.lead_bases
        if parts[index].valued or led or (not alone and not _is_office(parts, index, end, guards)):
            found.update(range(index, end))
        # `Nguyễn văn An`: old papers write the middle name small.
        after = end + 1
        if after < len(parts) and base_of(parts[end].core) in {"van", "thi"} and _is_title(parts[after].core):
            found.update(range(index, after + 1))
        index = end
    return found


def _joined(parts: Sequence[Part], at: int) -> bool:
    return not parts[at].starts and not parts[at - 1].ends


def _is_office(parts: Sequence[Part], start: int, end: int, guards: Guards) -> bool:
    """`Sở Tư pháp`, `Luật Tổ chức`: an office or a law before a word whose second syllable is small."""
    heads = all(base_of(part.core) in guards.office_bases for part in parts[start : end - 1])
    return heads and end < len(parts) and _joined(parts, end) and parts[end].core.islower()


def _capital_names(parts: Sequence[Part], guards: Guards, doubted: float) -> set[int]:
    """In capitals: what begins with a family name, what follows a rank, a company's word or a colon."""
    found: set[int] = set()
    index = 0
    while index < len(parts):
        end = index
        while end < len(parts) and parts[end].core.isupper() and (end == index or _joined(parts, end)):
            end += 1
        if end == index:
            index += 1
            continue
        run = parts[index:end]
        bases = [base_of(part.core) for part in run]
        led = index > 0 and not parts[index].starts and _leads(parts[index - 1], guards, doubted)
        named = bases[0] in guards.surname_bases and 2 <= len(run) <= _NAME_LENGTH
        # A lone word of capitals among small letters is an abbreviation.
        lone = len(run) == 1 and not (run[0].apart and (end == len(parts) or parts[end].apart))
        if run[0].valued or led or named or lone:
            found.update(range(index, end))
        else:
            found.update(index + place for place in _after_leads(run, bases, guards, doubted))
        index = end
    return found


def _leads(part: Part, guards: Guards, doubted: float) -> bool:
    """A rank or form of address as spelt; by its base letters alone only where the engine itself doubts the word."""
    if key_of(part.core) in guards.leads:
        return True
    return part.confidence < doubted and base_of(part.core) in guards.lead_bases


def _after_leads(run: Sequence[Part], bases: Sequence[str], guards: Guards, doubted: float) -> set[int]:
    """Places after a rank (to the end of a name's length) or a company's word (to the end)."""
    found: set[int] = set()
    for place, base in enumerate(bases):
        following = bases[place + 1] if place + 1 < len(bases) else ""
        if (base, following) in {("cong", "ty"), ("doanh", "nghiep"), ("hop", "tac")}:
            found.update(range(place + 2, len(bases)))
        elif _leads(run[place], guards, doubted) and (base, following) != ("xa", "hoi"):
            found.update(range(place + 1, min(len(bases), place + 1 + _NAME_LENGTH)))
    return found
