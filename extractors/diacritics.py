"""Restore diacritics in running text: of the syllables with the same base letters, choose the one that fits the context.

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

from engines.ocr import Letter
from extractors.language import END, START, UNKNOWN, LanguageModel
from extractors.letters import spellings
from extractors.proper import Part, in_names, parts_of
from extractors.syllables import can_exist, in_case_of, key_of, split_tone, tone_place, with_tone_at
from schemas.reading import Word
from schemas.rules import DiacriticsProfile

_WINDOW = 6
# Approximate number of syllables in use in Vietnamese.
_SYLLABLES = 6000
_IMPOSSIBLE = 1e-12
_EARLY = 1


class Choice(NamedTuple):
    """A candidate for a word.

    Attributes:
        id: in the vocabulary.
        outside: probability outside the model.
        seen: the engine's log probability, or minus what the change costs.
        text: its spelling.
        spelt: it is made of the engine's own alternatives to its letters.
    """

    id: int
    outside: float
    seen: float
    text: str
    spelt: bool = False


class Page(NamedTuple):
    """Parameters that apply to every word of a page.

    Attributes:
        language, profile: the language model, and the costs.
        strange: distance of the page from the model's training text, 0–1.
        elsewhere: probability that a possible syllable has in any other text.
        place: the page's convention for placing tone marks.
    """

    language: LanguageModel
    profile: DiacriticsProfile
    strange: float
    elsewhere: float
    place: int


def choose(
    words: Sequence[Word],
    language: LanguageModel,
    profile: DiacriticsProfile,
    letters: Sequence[Sequence[Letter]] = (),
) -> tuple[Word, ...]:
    """Words of one page, in reading order, with the diacritics that their context asks for.

    The same words give the same choice; so do words that were chosen for before, since `raw` is what is weighed. Where the
    engine tells what else each letter may be, those spellings are weighed, by what it says, and no others.

    Args:
        words: as read.
        language: what is likely.
        profile: what a change costs.
        letters: of each word, by an engine that tells letters apart.
    """
    parts = parts_of(words)
    fixed = in_names(parts, profile)
    clauses = list(_clauses(parts))
    strange = max(0.0, 1.0 - familiarity(parts, clauses, language) - profile.usual)
    elsewhere = (profile.elsewhere + profile.stranger * strange) / _SYLLABLES
    page = Page(language, profile, strange, elsewhere, _tone_habit(parts))
    new: dict[int, str] = {}
    for clause in clauses:
        run = [parts[index] for index in clause]
        free = [index not in fixed and not _foreign(parts, index, language) for index in clause]
        if letters:
            lattice = [
                _spelt(part, letters[part.word] if is_free else (), page)
                for part, is_free in zip(run, free, strict=True)
            ]
        else:
            doubted = [is_free and _doubted(part, profile) for part, is_free in zip(run, free, strict=True)]
            lattice = _lattice(run, doubted, page)
        for start, end in _stretches([len(choices) > 1 for choices in lattice]):
            for index, choice in _chosen(run, lattice, start, end, page):
                new[run[index].word] = run[index].lead + choice.text + run[index].tail
    return tuple(_with_text(word, new.get(index)) for index, word in enumerate(words))


def _stretches(open_: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """First and last of a run of open places that influence one another: at most two words lie between them."""
    start = last = -1
    for index, is_open in enumerate(open_):
        if not is_open:
            continue
        if start >= 0 and index - last > 2:
            yield start, last
            start = index
        start, last = (index if start < 0 else start), index
    if start >= 0:
        yield start, last


def _chosen(
    run: Sequence[Part], lattice: Sequence[Sequence[Choice]], start: int, end: int, page: Page
) -> Iterator[tuple[int, Choice]]:
    """Changes within a stretch of a clause that win and that a neighbour bears out."""
    language, profile = page.language, page.profile
    until = min(len(run), end + 3)
    before = [Choice(START, 0.0, 0.0, ""), *(choices[0] for choices in lattice[:start])][-2:]
    after = [] if until == end + 3 else [Choice(END, 0.0, 0.0, "")]
    window = [*lattice[start:until], *([one] for one in after)]
    breaks = [*(bool(index) and run[index].apart for index in range(start, until)), *(False for _ in after)]
    history = (before[0].id if len(before) > 1 else UNKNOWN, before[-1].id)
    best = _best(window, breaks, history, language)
    for index in range(start, end + 1):
        choice = best[index - start]
        if choice.text == run[index].core:
            continue
        left = best[index - start - 1].id if index > start else (before[-1].id if start else UNKNOWN)
        right = best[index - start + 1].id if index + 1 < len(run) else UNKNOWN
        held = language.known_pair(left, choice.id) + language.known_pair(choice.id, right)
        if choice.spelt:
            if held or not can_exist(run[index].core):
                yield index, choice
            continue
        if held == 1 and key_of(run[index].core) in _everyday(profile):
            continue
        if held == 1 and page.strange:
            other = [*best[: index - start], lattice[index][0], *best[index - start + 1 :]]
            won = _worth(best, breaks, history, language) - _worth(other, breaks, history, language)
            if won < profile.one_sided:
                continue
        if held:
            yield index, choice


def _with_text(word: Word, text: str | None) -> Word:
    read = word.as_read
    if text is None or text == read:
        return word if word.text == read else word._replace(text=read)
    return word._replace(text=text, raw=word.raw if word.raw is not None else read)


def _doubted(part: Part, profile: DiacriticsProfile) -> bool:
    """True if a word is a candidate: a whole word in one case that the engine was not sure of."""
    core = part.core
    return (
        part.confidence < profile.sure
        and len(core) > 1
        and (core.islower() or core.isupper() or (core[0].isupper() and core[1:].islower()))
    )


def _foreign(parts: Sequence[Part], at: int, language: LanguageModel) -> bool:
    """True if most surrounding words are impossible in Vietnamese, whatever their marks."""
    near = [part.core for part in parts[max(0, at - _WINDOW) : at + _WINDOW + 1] if len(part.core) > 1]
    ours = sum(can_exist(core) or bool(language.alike(core)) for core in near)
    return ours < 0.75 * len(near)


def familiarity(parts: Sequence[Part], clauses: Sequence[Sequence[int]], language: LanguageModel) -> float:
    """Share of a page's word pairs that the model has seen, 0–1; 0.5 if there are too few words."""
    known = pairs = 0
    for clause in clauses:
        ids = [language.id_of(parts[index].core) for index in clause]
        for first, second in itertools.pairwise(ids):
            pairs += 1
            known += language.known_pair(first, second)
    return known / pairs if pairs >= 12 else 0.5


def _clauses(parts: Sequence[Part]) -> Iterator[list[int]]:
    """Runs of words without punctuation, digits or codes between them, as the counts were made."""
    run: list[int] = []
    for index, part in enumerate(parts):
        if run and (part.starts or not part.core):
            yield run
            run = []
        if part.core:
            run.append(index)
            if part.ends:
                yield run
                run = []
    if run:
        yield run


def _lattice(run: Sequence[Part], doubted: Sequence[bool], page: Page) -> list[list[Choice]]:
    """Candidates per word of a clause: the word as read, and syllables the model has seen next to a neighbour."""
    language = page.language
    ids = [
        [
            one
            for one in (language.id_of(part.core), *(language.alike(part.core) if open_ else ()))
            if one >= 0
        ]
        for part, open_ in zip(run, doubted, strict=True)
    ]
    lattice = []
    for index, part in enumerate(run):
        outside = page.elsewhere if can_exist(part.core) else _IMPOSSIBLE
        choices = [Choice(language.id_of(part.core), outside, 0.0, part.core)]
        if doubted[index]:
            near = [(one, True) for one in ids[index - 1]] if index else []
            near += [(one, False) for one in ids[index + 1]] if index + 1 < len(ids) else []
            for one in ids[index]:
                if one != choices[0].id and any(
                    language.known_pair(*((other, one) if left else (one, other))) for other, left in near
                ):
                    choices.append(_priced(part, one, page))
        lattice.append(choices)
    return lattice


def _spelt(part: Part, letters: Sequence[Letter], page: Page) -> list[Choice]:
    """The word as read, and what the engine's other letters spell; alone if it was sure, or its letters are not at hand."""
    language, profile = page.language, page.profile
    outside = page.elsewhere if can_exist(part.core) else _IMPOSSIBLE
    choices = [Choice(language.id_of(part.core), outside, 0.0, part.core)]
    start = len(part.lead)
    inside = letters[start : start + len(part.core)]
    whole = "".join(letter.text for letter in inside) == part.core
    if whole and len(part.core) > 1 and part.confidence < profile.spelt_sure:
        for spelling in spellings(part.core, inside, language):
            seen = -profile.spelt * spelling.cost
            choices.append(
                Choice(language.id_of(spelling.text), page.elsewhere, seen, spelling.text, spelt=True)
            )
    return choices


def _priced(part: Part, one: int, page: Page) -> Choice:
    """Another syllable with the same base letters, with its cost."""
    profile = page.profile
    share = max(0.0, part.confidence - profile.doubted) / (profile.sure - profile.doubted)
    price = profile.least + (profile.most - profile.least) * min(1.0, share) + profile.strange * page.strange
    text = with_tone_at(page.language.words[one], tone_place(part.core) or page.place)
    apart = _distance(part.core.lower(), text)
    return Choice(one, page.elsewhere, -price - apart, in_case_of(text, part.core))


@functools.lru_cache(maxsize=16384)
def _distance(read: str, intended: str) -> float:
    """Visual distance of two syllables with the same base letters, beyond a single mark; 0 or more."""
    (read_vowels, read_tone), (vowels, tone) = split_tone(read), split_tone(intended)
    bars = sum(a != b and "đ" in (a, b) for a, b in zip(read_vowels, vowels, strict=True))
    marks = sum(a != b for a, b in zip(read_vowels, vowels, strict=True)) - bars
    return 1.0 * bars + 0.7 * max(0, marks - 1) + (0.7 if marks and read_tone != tone else 0.0)


def _best(
    lattice: Sequence[Sequence[Choice]],
    breaks: Sequence[bool],
    history: tuple[int, int],
    language: LanguageModel,
) -> list[Choice]:
    """Viterbi search over a span under the trigram model, given the two preceding words."""
    none, start = (Choice(one, 0.0, 0.0, "") for one in history)
    ways: dict[tuple[int, int], tuple[float, tuple[Choice, ...]]] = {history: (0.0, (none, start))}
    for choices, anew in zip(lattice, breaks, strict=True):
        here: dict[tuple[int, int], tuple[float, tuple[Choice, ...]]] = {}
        for number, choice in enumerate(choices):
            for state, (score, way) in ways.items():
                total = score + choice.seen
                total += math.log(_chance(choice, way[-2].id, way[-1].id, anew, language))
                reached = (state[1], number)
                if reached not in here or total > here[reached][0]:
                    here[reached] = (total, (*way, choice))
        ways = here
    return list(max(ways.values(), key=lambda one: one[0])[1][2:])


def _worth(
    way: Sequence[Choice], breaks: Sequence[bool], history: tuple[int, int], language: LanguageModel
) -> float:
    """Score of a path through a span: its log probability minus its costs."""
    total, (first, second) = 0.0, history
    for choice, anew in zip(way, breaks, strict=True):
        total += math.log(_chance(choice, first, second, anew, language)) + choice.seen
        first, second = second, choice.id
    return total


def _chance(choice: Choice, first: int, second: int, anew: bool, language: LanguageModel) -> float:
    """Probability of a choice after two others; where a clause may begin anew, of either reading the better."""
    chance = language.probability(first, second, choice.id)
    if anew:
        chance = max(chance, language.probability(UNKNOWN, START, choice.id))
    return chance + max(choice.outside, _IMPOSSIBLE)


@functools.lru_cache(maxsize=4)
def _everyday(profile: DiacriticsProfile) -> frozenset[str]:
    return frozenset(key_of(word) for word in profile.everyday)


def _tone_habit(parts: Sequence[Part]) -> int:
    """The page's convention for placing tone marks, by majority; early if no word shows it."""
    places = [place for part in parts if part.core and (place := tone_place(part.core))]
    return 2 if places and sum(place == 2 for place in places) > len(places) / 2 else _EARLY
