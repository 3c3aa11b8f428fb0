"""Which printed words a typed value replaces, and the boxes its words get. Pure.

A value is aligned with the words of its field's box, so that words that agree keep their places; where numbers of words
differ, the new ones share the place of the old ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from difflib import SequenceMatcher
from itertools import groupby
from typing import Final, NamedTuple

from schemas.reading import Box, Rotation, Word
from schemas.text import fold

_EDGE: Final = " .,;:…_\"'()"
_LABEL: Final = re.compile(r"^.*:(?=[^:])")
_TAIL: Final = re.compile(r"[.,;:]+$")
_NUMERIC_DATE: Final = re.compile(
    r"(?P<day>[^\s/.-]{1,2})(?P<s>[/.-])(?P<month>[^\s/.-]{1,2})[/.-](?P<year>[^\s/.-]{2,4})"
)
_ISO: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_ALIKE: Final = 0.75


class Group(NamedTuple):
    """Words, by their indices in reading order, and the words that replace them."""

    at: tuple[int, ...]
    tokens: tuple[str, ...]


def matched_groups(words: Sequence[Word], old: str, value: str) -> list[Group]:
    """Groups that turn the words of a box into those of a value.

    Args:
        words: of the box, in reading order.
        old: the machine's value, or its raw text where it had no value.
        value: as a person typed it.
    """
    first, last = _span(words, old)
    tokens = value.split()
    before = [_key(word.text) for word in words[first : last + 1]]
    matcher = SequenceMatcher(None, before, [_key(token) for token in tokens], autojunk=False)
    groups: list[tuple[list[int], list[str]]] = []
    pending: list[str] = []
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        new = tokens[new_start:new_end]
        if tag == "insert" and groups:
            groups[-1][1].extend(new)
        elif tag == "insert":
            pending = new
        elif end - start == len(new):
            groups += [([first + start + at], [token]) for at, token in enumerate(new)]
        else:
            groups.append((list(range(first + start, first + end)), new))
        if pending and groups:
            groups[0][1][:0] = pending
            pending = []
    made = [Group(tuple(at), _dressed(words, at, new)) for at, new in groups]
    return [*made, *_printed_apart(words, range(first, last + 1), old.split(), tokens)]


def printed_date(words: Sequence[Word], value: str) -> list[Group] | None:
    """Groups that put a date into its printed form; None if the value is no date or the form is not recognised."""
    if not _ISO.fullmatch(value):
        return None
    day = date.fromisoformat(value)
    for at, word in enumerate(words):
        found = _NUMERIC_DATE.search(word.text)
        if found:
            printed = f"{day:%d}{found['s']}{day:%m}{found['s']}{day:%Y}"
            return [Group((at,), (word.text[: found.start()] + printed + word.text[found.end() :],))]
    named = _named_date(words, day)
    if named is not None:
        return named
    first, last = _span(words, "")
    whole = tuple(range(first, last + 1))
    return [Group(whole, _dressed(words, whole, [f"{day:%d/%m/%Y}"]))]


def laid_out(words: Sequence[Word], tokens: Sequence[str], rotation: Rotation) -> tuple[Word, ...]:
    """Words with the given texts in the place of others, line by line as wide as the old ones were."""
    if len(words) == len(tokens):
        return tuple(_typed(word, token, word.box) for word, token in zip(words, tokens, strict=True))
    lines = [list(line) for _, line in groupby(words, key=lambda word: word.line)]
    made: list[Word] = []
    for line, own in zip(lines, _shared_out(lines, tokens), strict=True):
        box = line[0].box
        for word in line[1:]:
            box = box.union(word.box)
        made += [
            _typed(line[0], token, part) for token, part in zip(own, _parts(box, own, rotation), strict=True)
        ]
    return tuple(made)


def _typed(word: Word, token: str, box: Box) -> Word:
    if token == word.text and box == word.box:
        return word
    return word._replace(text=token, raw=None, confidence=1.0, box=box)


def _key(text: str) -> str:
    return _LABEL.sub("", text).strip(_EDGE).casefold()


def _span(words: Sequence[Word], old: str) -> tuple[int, int]:
    """First and last word that the old value is printed in; words before and after are labels and other context."""
    keys = [_key(word.text) for word in words]
    joined = "".join(_key(part) for part in old.split())
    for first in range(len(keys)):
        for last in range(first, len(keys)):
            if joined and "".join(keys[first : last + 1]) == joined:
                return first, last
    parts = [_key(part) for part in old.split()]
    blocks = [
        block
        for block in SequenceMatcher(None, keys, parts, autojunk=False).get_matching_blocks()
        if block.size
    ]
    if blocks:
        first, last = blocks[0].a, blocks[-1].a + blocks[-1].size - 1
        return (
            _line_edge(words, first, -1) if blocks[0].b > 0 else first,
            _line_edge(words, last, 1) if blocks[-1].b + blocks[-1].size < len(parts) else last,
        )
    labels = [at for at, word in enumerate(words[:-1]) if word.text.endswith(":")]
    return (labels[-1] + 1 if labels else 0), len(words) - 1


def _printed_apart(
    words: Sequence[Word], span: range, old: Sequence[str], tokens: Sequence[str]
) -> Iterator[Group]:
    """The group for the end of a value that is printed apart from the rest, as a parent's place above its agency."""
    keys, before = [_key(word.text) for word in words], [_key(part) for part in old]
    after = [_key(token) for token in tokens]
    for start in range(1, len(before) - 1):
        if after[:start] != before[:start] or not tokens[start:] or after[start:] == before[start:]:
            continue
        size = len(before) - start
        for at in range(len(keys) - size + 1):
            run = range(at, at + size)
            if keys[at : at + size] == before[start:] and not set(run) & set(span):
                yield Group(tuple(run), _dressed(words, run, tokens[start:]))
                return


def _line_edge(words: Sequence[Word], at: int, step: int) -> int:
    """The first or last word of a word's line that is no label."""
    while 0 <= at + step < len(words):
        beyond = words[at + step]
        if beyond.line != words[at].line or beyond.text.endswith(":"):
            break
        at += step
    return at


def _dressed(words: Sequence[Word], at: Sequence[int], tokens: Sequence[str]) -> tuple[str, ...]:
    """Tokens with the label glued to the first old word, and the punctuation after the last one."""
    if not tokens:
        return ()
    label, tail = _LABEL.match(words[at[0]].text), _TAIL.search(words[at[-1]].text)
    done = list(tokens)
    if label and not done[0].startswith(label[0]):
        done[0] = label[0] + done[0]
    if tail and not _TAIL.search(done[-1]):
        done[-1] += tail[0]
    return tuple(done)


def _named_date(words: Sequence[Word], day: date) -> list[Group] | None:
    """Groups for a date printed as `ngày … tháng … năm …`; parts that agree stay as they are."""
    month_at, year_at = _find(words, "thang", 0), _find(words, "nam", 1)
    if month_at is None or year_at is None or year_at < month_at or year_at + 1 >= len(words):
        return None
    day_at = _find(words, "ngay", 0)
    days = range(day_at + 1 if day_at is not None and day_at < month_at else max(0, month_at - 1), month_at)
    month = f"{day.month:02d}" if day.month < 3 else str(day.month)  # NĐ 30/2020: 01 and 02, then 3 … 12
    slots = (
        (days, f"{day.day:02d}", day.day, month_at),
        (range(month_at + 1, year_at), month, day.month, year_at),
        (range(year_at + 1, year_at + 2), str(day.year), day.year, year_at + 1),
    )
    groups = []
    for slot, printed, number, following in slots:
        text = "".join(words[at].text for at in slot)
        if text.strip(_EDGE).isdecimal() and int(text.strip(_EDGE)) == number:
            continue
        if slot:
            groups.append(Group(tuple(slot), _dressed(words, slot, [printed])))
        else:
            groups.append(Group((following,), (printed, words[following].text)))
    return groups


def _find(words: Sequence[Word], name: str, start: int) -> int | None:
    for at, word in enumerate(words[start:], start):
        if SequenceMatcher(None, fold(word.text).strip(_EDGE), name).ratio() >= _ALIKE:
            return at
    return None


def _shared_out(lines: Sequence[Sequence[Word]], tokens: Sequence[str]) -> Iterator[list[str]]:
    """Tokens of each line, by the share of the whole width that the line has."""
    widths = [sum(max(word.box.width, word.box.height) for word in line) for line in lines]
    letters, place = sum(map(len, tokens)), 0.0
    share = []
    for token in tokens:
        share.append((place + len(token) / 2) / letters)
        place += len(token)
    passed = 0
    for at, width in enumerate(widths):
        low, high = passed / sum(widths), (passed + width) / sum(widths)
        last = at == len(widths) - 1
        yield [
            token
            for token, middle in zip(tokens, share, strict=True)
            if low <= middle and (middle < high or last)
        ]
        passed += width


def _parts(box: Box, tokens: Sequence[str], rotation: Rotation) -> Iterator[Box]:
    """A box cut along the direction of reading, one part a token, a letter's width between two."""
    units, place = sum(map(len, tokens)) + len(tokens) - 1, 0
    for token in tokens:
        start, end = place / units, (place + len(token)) / units
        place += len(token) + 1
        if rotation in {180, 90}:
            start, end = 1 - end, 1 - start
        if rotation % 180:
            top, bottom = box.top + round(start * box.height), box.top + round(end * box.height)
            yield Box(box.left, top, box.right, max(bottom, top + 1))
        else:
            left, right = box.left + round(start * box.width), box.left + round(end * box.width)
            yield Box(left, box.top, max(right, left + 1), box.bottom)
