"""Diacritics of running text by context: among syllables of the same base letters, the one that the text around asks for.

What the engine saw is weighed against what the language allows; changing a word costs more the surer the engine was, and
more where the page's words are not those that the counts know. Words are never added, dropped or joined; base letters,
capitals, punctuation and the convention of placing tone marks stay. What was read stays in `raw`. Left alone altogether:
what the engine was sure of, digits, codes, abbreviations, and whatever stands where names stand (`extractors.proper`).
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from extractors.language import END, START, UNKNOWN, LanguageModel
from extractors.proper import Part, in_names, parts_of
from extractors.syllables import can_exist, in_case_of, key_of, split_tone, tone_place, with_tone_at
from schemas.reading import Word
from schemas.rules import DiacriticsProfile

_WINDOW = 6
# Syllables in use in Vietnamese at large, about.
_SYLLABLES = 6000
_IMPOSSIBLE = 1e-12
_EARLY = 1


class Choice(NamedTuple):
    """What a word may be: place in the vocabulary, probability in any other text, the engine's word for it (log), text."""

    id: int
    outside: float
    seen: float
    text: str


def choose(words: Sequence[Word], language: LanguageModel, profile: DiacriticsProfile) -> tuple[Word, ...]:
    """Words of one page, in reading order, with the diacritics that their context asks for.

    The same words give the same choice; so do words that were chosen for before, since `raw` is what is weighed.
    """
    parts = parts_of(words)
    fixed = in_names(parts, profile)
    places = _tone_habit(parts)
    clauses = list(_clauses(parts))
    strange = max(0.0, 1.0 - familiarity(parts, clauses, language) - profile.usual)
    elsewhere = (profile.elsewhere + profile.stranger * strange) / _SYLLABLES
    new: dict[int, str] = {}
    for clause in clauses:
        open_ = [
            at
            for at in clause
            if at not in fixed and _doubted(parts[at], profile) and not _foreign(parts, at, language)
        ]
        if not open_:
            continue
        lattice = [
            _choices(parts[at], language, profile, strange, places, elsewhere)
            if at in open_
            else [_kept(parts[at], language, elsewhere)]
            for at in clause
        ]
        if all(len(choices) == 1 for choices in lattice):
            continue
        breaks = [parts[at].apart for at in clause]
        best = _best(lattice, breaks, language)
        for position, at in enumerate(clause):
            chosen = best[position]
            if chosen.text == parts[at].core:
                continue
            held = _neighbours(best, position, language)
            other = [*best[:position], lattice[position][0], *best[position + 1 :]]
            won = _worth(best, breaks, language) - _worth(other, breaks, language)
            rare = key_of(parts[at].core) in _everyday(profile)
            if held == 2 or (held == 1 and not rare and (not strange or won >= profile.one_sided)):
                new[parts[at].word] = parts[at].lead + chosen.text + parts[at].tail
    return tuple(_with_text(word, new.get(at)) for at, word in enumerate(words))


def _with_text(word: Word, text: str | None) -> Word:
    read = word.as_read
    if text is None or text == read:
        return word if word.text == read else word._replace(text=read)
    return word._replace(text=text, raw=word.raw if word.raw is not None else read)


def _doubted(part: Part, profile: DiacriticsProfile) -> bool:
    """Whether a word may be weighed at all: a whole word of one case that the engine was not sure of."""
    core = part.core
    return (
        part.confidence < profile.sure
        and len(core) > 1
        and (core.islower() or core.isupper() or (core[0].isupper() and core[1:].islower()))
    )


def _foreign(parts: Sequence[Part], at: int, language: LanguageModel) -> bool:
    """Whether the words around are mostly none that Vietnamese can have, whatever their marks."""
    near = [part.core for part in parts[max(0, at - _WINDOW) : at + _WINDOW + 1] if len(part.core) > 1]
    ours = sum(can_exist(core) or bool(language.alike(core)) for core in near)
    return ours < 0.75 * len(near)


def familiarity(parts: Sequence[Part], clauses: Sequence[Sequence[int]], language: LanguageModel) -> float:
    """Share of a page's neighbouring words that the counts know as neighbours, 0–1; few words tell nothing (0.5)."""
    known = pairs = 0
    for clause in clauses:
        ids = [language.id_of(parts[at].core) for at in clause]
        for first, second in itertools.pairwise(ids):
            pairs += 1
            known += language.known_pair(first, second)
    return known / pairs if pairs >= 12 else 0.5


def _clauses(parts: Sequence[Part]) -> Iterator[list[int]]:
    """Runs of words without punctuation, digits or codes between them, as the counts were made."""
    run: list[int] = []
    for at, part in enumerate(parts):
        if run and (part.starts or not part.core):
            yield run
            run = []
        if part.core:
            run.append(at)
            if part.ends:
                yield run
                run = []
    if run:
        yield run


def _kept(part: Part, language: LanguageModel, elsewhere: float) -> Choice:
    outside = elsewhere if can_exist(part.core) else _IMPOSSIBLE
    return Choice(language.id_of(part.core), outside, 0.0, part.core)


def _choices(
    part: Part,
    language: LanguageModel,
    profile: DiacriticsProfile,
    strange: float,
    place: int,
    elsewhere: float,
) -> list[Choice]:
    """The word as read, and every syllable of the same base letters at its price."""
    read = _kept(part, language, elsewhere)
    found = [read]
    share = max(0.0, part.confidence - profile.doubted) / (profile.sure - profile.doubted)
    price = profile.least + (profile.most - profile.least) * min(1.0, share)
    price += profile.strange * strange
    place = tone_place(part.core) or place
    for one in language.alike(part.core):
        if one == read.id:
            continue
        text = with_tone_at(language.words[one], place)
        found.append(
            Choice(one, elsewhere, -price - _distance(part.core.lower(), text), in_case_of(text, part.core))
        )
    return found


def _distance(read: str, wanted: str) -> float:
    """How far apart two syllables of the same base letters look, beyond one mark of one kind: 0 and up."""
    (read_vowels, read_tone), (vowels, tone) = split_tone(read), split_tone(wanted)
    bars = sum(a != b and "đ" in (a, b) for a, b in zip(read_vowels, vowels, strict=True))
    marks = sum(a != b for a, b in zip(read_vowels, vowels, strict=True)) - bars
    return 1.0 * bars + 0.7 * max(0, marks - 1) + (0.7 if marks and read_tone != tone else 0.0)


def _best(
    lattice: Sequence[Sequence[Choice]], breaks: Sequence[bool], language: LanguageModel
) -> list[Choice]:
    """The likeliest way through a clause, each word weighed by the two before it and those after."""
    before: dict[tuple[int, int], tuple[float, tuple[int, ...]]] = {(-1, -1): (0.0, ())}
    for position in range(len(lattice) + 1):
        here: dict[tuple[int, int], tuple[float, tuple[int, ...]]] = {}
        last = position == len(lattice)
        choices = (Choice(END, 0.0, 0.0, ""),) if last else lattice[position]
        for (one, two), (score, way) in before.items():
            first = _id_at(lattice, position - 2, one)
            second = _id_at(lattice, position - 1, two)
            for number, choice in enumerate(choices):
                anew = not last and position > 0 and breaks[position]
                chance = _chance(choice, first, second, anew, language)
                total = score + math.log(chance) + choice.seen
                state = (two, number)
                if state not in here or total > here[state][0]:
                    here[state] = (total, (*way, number))
        before = here
    way = max(before.values())[1]
    return [choices[number] for choices, number in zip(lattice, way, strict=False)]


def _id_at(lattice: Sequence[Sequence[Choice]], position: int, number: int) -> int:
    if position == -1:
        return START
    return lattice[position][number].id if position >= 0 else UNKNOWN


def _worth(way: Sequence[Choice], breaks: Sequence[bool], language: LanguageModel) -> float:
    """What a way through a clause is worth: logarithm of its probability, prices paid."""
    total, first, second = 0.0, UNKNOWN, START
    for choice, anew in zip((*way, Choice(END, 0.0, 0.0, "")), (*breaks, False), strict=True):
        total += math.log(_chance(choice, first, second, anew and second != START, language)) + choice.seen
        first, second = second, choice.id
    return total


def _chance(choice: Choice, first: int, second: int, anew: bool, language: LanguageModel) -> float:
    """Probability of a choice after two others; where a clause may begin anew, of either reading the better."""
    chance = language.probability(first, second, choice.id)
    if anew:
        chance = max(chance, language.probability(UNKNOWN, START, choice.id))
    return chance + choice.outside


def _neighbours(best: Sequence[Choice], position: int, language: LanguageModel) -> int:
    """How many neighbours of a chosen word are known beside it: 0, 1 or 2."""
    here = best[position].id
    before = best[position - 1].id if position else UNKNOWN
    after = best[position + 1].id if position + 1 < len(best) else UNKNOWN
    return language.known_pair(before, here) + language.known_pair(here, after)


@functools.lru_cache(maxsize=4)
def _everyday(profile: DiacriticsProfile) -> frozenset[str]:
    return frozenset(key_of(word) for word in profile.everyday)


def _tone_habit(parts: Sequence[Part]) -> int:
    """Where this page places its tones, by the words that tell; the early place where none does."""
    told = [place for part in parts if (place := tone_place(part.core.lower()))]
    return 2 if told and sum(place == 2 for place in told) > len(told) / 2 else _EARLY
