"""Classify a paper by its title, else by its notation, else by phrases of the form; otherwise it stays unknown.

The subject under the title tells kinds of one title apart (`Kind.of_kind`): decisions of many procedures.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

from rapidfuzz import fuzz

from extractors.anchors import Line, confidence_of, has_phrase, plain
from extractors.numbers import Number
from schemas.kinds import Kind
from schemas.rules import Rulebook

_TOP = 0.62
_MIN_LIKENESS = 0.84
_ALONE = 0.9
_HEAD = 0.2
_SUBJECT_LINES = 6
_GROUNDS = ("can cu", "chu tich", "giam doc", "uy ban nhan dan", "truong phong", "quyet dinh")


class Title(NamedTuple):
    """A title that was found: its kind, its similarity (0–1), and its lines."""

    kind: Kind
    score: float
    phrase: str
    lines: tuple[Line, ...]


class Classified(NamedTuple):
    """A kind with its confidence; `title` is where the title was read, None if the kind follows from other signs."""

    kind: Kind | None
    confidence: float | None
    title: Title | None


UNKNOWN = Classified(None, None, None)


def title_of(lines: Sequence[Line], kinds: Sequence[Kind]) -> Title | None:
    """The best title among the centred capitals of a page's upper part, or None."""
    caps = [line for line in lines if line.top < _TOP and line.is_caps and 0.22 < line.middle < 0.78]
    best: Title | None = None
    for index, line in enumerate(caps):
        for span in (1, 2, 3):
            window = caps[index : index + span]
            if len(window) < span or not _stacked(window):
                break
            for kind in kinds:
                found = _like(kind, line, tuple(window))
                if found and (best is None or _better(found, best)):
                    best = found
    return best


def _stacked(lines: Sequence[Line]) -> bool:
    return all(
        below.frame.top - above.frame.bottom < 2.2 * max(above.frame.height, below.frame.height)
        for above, below in itertools.pairwise(lines)
    )


def _better(found: Title, best: Title) -> bool:
    """A longer title beats a shorter one that is part of it; the higher one on the page beats its repetition."""
    new, old = plain(found.phrase), plain(best.phrase)
    if abs(found.score - best.score) < 0.08 and (new in old or old in new):
        return len(new) > len(old)
    return found.score > best.score


def _like(kind: Kind, first: Line, window: tuple[Line, ...]) -> Title | None:
    text = plain(" ".join(line.text for line in window))
    if any(text.startswith(plain(word)) for word in kind.excludes):
        return None
    best: Title | None = None
    for phrase in kind.titles:
        folded = plain(phrase)
        score = fuzz.ratio(text, folded, score_cutoff=_MIN_LIKENESS * 100) / 100
        if len(folded) < 14 and score < _ALONE:
            # A short title (`KẾ HOẠCH`) may begin a longer line of capitals; inside one it is only a word.
            score = (
                0.85 if len(window) == 1 and text.startswith(folded + " ") and not _is_left(first) else 0.0
            )
        elif score < _MIN_LIKENESS and len(text) > len(folded) and len(window) == 1 + folded.count("\n"):
            head = fuzz.ratio(text[: len(folded)], folded) / 100
            score = head * 0.97 if head >= 0.9 else 0.0
        if score >= _MIN_LIKENESS and (best is None or score > best.score):
            best = Title(kind, score, phrase, window)
    return best


def _is_left(line: Line) -> bool:
    return line.middle < 0.38


def classify(pages: Sequence[Sequence[Line]], number: Number | None, rules: Rulebook) -> Classified:
    """Classify a paper.

    Args:
        pages: lines of its pages, in order; empty for pages without text.
        number: its number line as parsed, or None.
        rules: kinds and abbreviations.

    Returns:
        The kind with a confidence; `UNKNOWN` where no sign is strong enough to claim one.
    """
    first = next((lines for lines in pages if lines), ())
    body = plain(" ".join(line.text for lines in pages[:3] for line in lines))
    title = title_of(first, rules.kinds)
    if title:
        title = title._replace(kind=_of_subject(title, first, rules))
        words = [word for line in title.lines for word in line.words]
        support = _support(title.kind, body)
        clear = 0.78 + 0.9 * (title.score - 0.84)
        sure = min(0.99, clear * (0.7 + 0.3 * confidence_of(words)) + 0.1 * support)
        return Classified(title.kind, round(sure, 3), title)
    return _by_notation(first, number, rules) or _by_phrases(body, rules)


def _of_subject(title: Title, lines: Sequence[Line], rules: Rulebook) -> Kind:
    """The kind that the subject under a title names; the title's own where it names none.

    The subject ends where the grounds (`Căn cứ`) or the signing authority begin. A phrase that stands nearer to the
    title wins, of those at one place the longest.
    """
    narrower = [kind for kind in rules.kinds if kind.of_kind == title.kind.id]
    if not narrower:
        return title.kind
    below = [line for line in lines if line.frame.top >= title.lines[-1].frame.bottom - 5][:_SUBJECT_LINES]
    grounds = itertools.takewhile(lambda line: not plain(line.text).startswith(_GROUNDS), below)
    subject = plain(" ".join(line.text for line in grounds))
    found = [
        (subject.find(plain(phrase)), -len(phrase), at)
        for at, kind in enumerate(narrower)
        for phrase in kind.subjects
        if has_phrase(subject, phrase)
    ]
    return narrower[min(found)[2]] if found else title.kind


def is_addressed(line: Line) -> bool:
    """True if a line begins with `Kính gửi`, allowing for a misread letter."""
    return fuzz.ratio(" ".join(plain(line.text).split()[:2]), "kinh gui") >= 85


def _support(kind: Kind, body: str) -> float:
    """Share of a kind's phrases that the paper holds; two of three or more count as all."""
    if not kind.anchors:
        return 0.5
    found = sum(has_phrase(body, phrase) for phrase in kind.anchors)
    return min(1.0, found / max(1, min(3, len(kind.anchors))))


def _by_notation(lines: Sequence[Line], number: Number | None, rules: Rulebook) -> Classified | None:
    """A dispatch has no title; any other paper whose title was not read may still be classified by its notation."""
    addressed = any(is_addressed(line) for line in lines if line.top < 0.5)
    about = any(
        plain(line.text).startswith(("v v ", "vv ", "ve viec "))
        for line in lines
        if line.top < 0.45 and line.middle < 0.55
    )
    notation = number.notation if number else None
    if notation:
        parts = notation.split("-")
        if parts[0] in rules.abbreviations and not (addressed and about) and not _is_agency(parts[0], lines):
            name = rules.abbreviations[parts[0]]
            kind = next(
                (one for one in rules.kinds if one.document_type == name and one.of_kind is None), None
            )
            return Classified(kind, 0.62, None) if kind else None
        sure = 0.55 + 0.2 * addressed + 0.2 * about
        kind = rules.kind("dispatch")
        signs = (addressed or about) if len(parts) > 1 else (addressed and about)
        return Classified(kind, sure, None) if kind and signs else None
    if addressed and about:
        return Classified(rules.kind("dispatch"), 0.6, None)
    return None


def _is_agency(letters: str, lines: Sequence[Line]) -> bool:
    """True if letters that also stand for a type begin an agency line: `CT` on a paper of a `Cục Thuế`."""
    heads = [line for line in lines if line.top < _HEAD and line.middle < 0.5 and line.is_caps]
    return any(
        "".join(word[0] for word in line.text.upper().split() if word[0].isalpha()).startswith(
            letters.upper()
        )
        for line in heads
    )


def _by_phrases(body: str, rules: Rulebook) -> Classified:
    """A form whose title was lost: at least four of its phrases, and twice as many as of any other kind."""
    counts = sorted(
        (
            (sum(has_phrase(body, phrase) for phrase in kind.anchors), kind)
            for kind in rules.kinds
            if kind.layout == "form" and len(kind.anchors) >= 4
        ),
        key=lambda pair: -pair[0],
    )
    if not counts or counts[0][0] < 4:
        return UNKNOWN
    second = counts[1][0] if len(counts) > 1 else 0
    return Classified(counts[0][1], 0.55, None) if counts[0][0] >= 2 * second else UNKNOWN
