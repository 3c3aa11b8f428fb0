"""Fields of printed forms: a label and the value after, beside or below it, by the rules of `kinds/*.toml`.

A value ends where the next label of the form begins. A label whose value cannot be read leaves its field unread where
the field matters, else absent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from extractors.anchors import Found, Line, find_phrase, plain
from extractors.dates import find_date
from extractors.fields import ReadFrom, field_of, raw_of
from extractors.values import parse_value
from schemas.documents import Field
from schemas.kinds import FieldRule, Kind
from schemas.reading import Word
from schemas.rules import Rulebook

# Fields that are kept as unread when their label stands on the paper without a readable value.
_KEPT_UNREAD = frozenset(
    {"number", "issue_date", "owner_name", "owner_id", "agency", "spouse_name", "expiry_date"}
)
_ANYWHERE_STRENGTH = 0.92
# A label this long may lose more of its letters and still be no other, if its colon stands.
_LONG = 18


@dataclass(frozen=True)
class Label:
    """A printed label: its line (index and place in it) and its words as configured."""

    line: int
    start: int
    end: int
    phrase: str
    score: float


def labels_in(lines: Sequence[Line], kind: Kind) -> list[Label]:
    """All labels of a form in reading order; where two overlap, the one that explains more of the line stands."""
    phrases = tuple({label for field in kind.fields for label in field.labels} | set(kind.stops))
    found: list[Label] = []
    for index, line in enumerate(lines):
        text = plain(line.text)
        likely = [
            phrase for phrase in phrases if len(phrase) < 6 or fuzz.partial_ratio(plain(phrase), text) >= 82
        ]
        seen = [label for phrase in likely for label in _occurrences(line, index, phrase)]
        taken: list[Label] = []
        for label in sorted(seen, key=_weight, reverse=True):
            if all(label.end <= other.start or label.start >= other.end for other in taken):
                taken.append(label)
        found.extend(sorted(taken, key=lambda label: label.start))
    return found


def _weight(label: Label) -> tuple[float, int]:
    """A longer label beats a part of it, but not by pressing a wrong word into it (`người cha` for `người mẹ`)."""
    return (len(plain(label.phrase)) * label.score**4, -label.start)


def _occurrences(line: Line, at: int, phrase: str) -> list[Label]:
    done: list[Label] = []
    offset = 0
    while offset < len(line.words):
        found = find_phrase(line.words[offset:], phrase, 0.82 if len(phrase) >= _LONG else 0.88)
        if found is None:
            break
        place = Found(found.start + offset, found.end + offset, found.score)
        offset = place.end
        if _is_label(line, place, phrase):
            done.append(Label(at, place.start, place.end, phrase, place.score))
    return done


def _is_label(line: Line, place: Found, phrase: str) -> bool:
    """A label begins its line or an item of it, or is followed by a colon; short ones need the colon or the start."""
    if any(word.text.endswith(":") for word in line.words[place.start : place.end - 1]):
        return False
    if place.score < 0.88 and not line.words[place.end - 1].text.endswith(":"):
        return False
    before = line.words[place.start - 1].text if place.start else ""
    last = line.words[place.end - 1].text
    colon = last.endswith(":") or (place.end < len(line.words) and line.words[place.end].text.startswith(":"))
    starts = (
        place.start == 0
        or (place.start == 1 and len(plain(before)) <= 2)
        or before.endswith((";", ",", "(", "-", ")"))
    )
    size = len(plain(phrase).split())
    if size == 1 and len(plain(phrase)) <= 3:
        return place.start == 0 or (starts and colon)
    return colon or starts or size >= 3


def form_fields(lines: Sequence[Line], kind: Kind, rules: Rulebook, source: ReadFrom) -> dict[str, Field]:
    """Fields of a form by its kind's rules; the first label with a readable value wins."""
    labels = labels_in(lines, kind)
    fields: dict[str, Field] = {}
    for rule in kind.fields:
        found = (
            _anywhere(lines, rule, source)
            if rule.place == "anywhere"
            else _labelled(lines, labels, rule, rules, source)
        )
        if found is not None and (rule.name not in fields or fields[rule.name].value is None):
            fields[rule.name] = found
    return fields


def _labelled(
    lines: Sequence[Line], labels: Sequence[Label], rule: FieldRule, rules: Rulebook, source: ReadFrom
) -> Field | None:
    unread: Field | None = None
    for phrase in rule.labels:
        positions = _by_column(
            lines, labels, [at for at, label in enumerate(labels) if label.phrase == phrase]
        )
        if rule.occurrence == -1:
            positions = positions[-1:]
        elif rule.occurrence > 1:
            positions = positions[rule.occurrence - 1 : rule.occurrence]
        for index in positions:
            field = _read(lines, labels, index, rule, rules, source)
            if field.value is not None:
                return field
            unread = unread or field
            if rule.occurrence != 1:
                break
    return unread if unread is not None and rule.name in _KEPT_UNREAD else None


def _by_column(lines: Sequence[Line], labels: Sequence[Label], positions: list[int]) -> list[int]:
    """Places of one label, the left one first where two persons' columns stand side by side, a row apart."""
    if len(positions) != 2:
        return positions
    one, two = (lines[labels[at].line].frame for at in positions)
    apart = one.right < two.left or two.right < one.left
    near = abs(one.top - two.top) < 6 * max(one.height, two.height)
    return positions[::-1] if apart and near and two.left < one.left else positions


def _read(
    lines: Sequence[Line],
    labels: Sequence[Label],
    at: int,
    rule: FieldRule,
    rules: Rulebook,
    source: ReadFrom,
) -> Field:
    label = labels[at]
    line = lines[label.line]
    for words in _stretches(lines, labels, at, rule.lines, rule.type):
        parsed = parse_value(" ".join(word.as_read for word in words), rule, rules)
        if parsed is not None and parsed.value is not None:
            used = _words_used(words, parsed.value) or words
            return field_of(
                parsed.value, used, line.page, source, parsed.strength * label.score, raw=raw_of(words)
            )
    words = next(iter(_stretches(lines, labels, at, 1, rule.type)), ()) or line.words[label.start : label.end]
    return field_of(None, words, line.page, source)


def _stretches(
    lines: Sequence[Line], labels: Sequence[Label], at: int, most: int, kind: str = "text"
) -> list[tuple[Word, ...]]:
    """Possible positions of a value, likeliest first: after the label with the lines below, after it, beside it, below it.

    The second line of a name in capitals is in capitals too. A date may have a wide blank in its midst.
    """
    name = kind == "name"
    label = labels[at]
    line = lines[label.line]
    following = labels[at + 1] if at + 1 < len(labels) and labels[at + 1].line == label.line else None
    same = tuple(
        word for word in line.words[label.end : following.start if following else None] if _is_word(word)
    )
    starts = {entry.line: entry.start for entry in reversed(labels)}
    beside = None if following else _beside(lines, label.line, starts)
    if beside is not None and (
        not same or (kind == "date" and find_date(" ".join(map(_text, same))) is None)
    ):
        same = (*same, *beside.words[: starts.get(lines.index(beside))])
    below: list[tuple[Word, ...]] = []
    line_caps = "".join(word.text for word in same).isupper()
    if following is None:
        for index in _below(lines, label.line, max(1, most - 1) if same else most):
            words = lines[index].words[: starts.get(index)]
            # The item letter before a label (`g) Nguồn gốc sử dụng`) is not a value.
            if (
                words
                and (index not in starts or starts[index] > 1)
                and (not name or lines[index].is_caps == line_caps)
            ):
                below.append(words)
            if index in starts:
                break
    tried: list[tuple[Word, ...]] = []
    if same and most > 1:
        tried.extend(tuple(same) + sum(below[:size], ()) for size in range(len(below[: most - 1]), 0, -1))
    if same:
        tried.append(tuple(same))
    elif below:
        tried.append(sum(below[:most], ()))
        tried.append(below[0])
    return tried


def _text(word: Word) -> str:
    return word.text


def _is_word(word: Word) -> bool:
    return any(char.isalnum() for char in word.text) or word.text in {"-", "/", ",", "(", ")"}


def _beside(lines: Sequence[Line], index: int, starts: dict[int, int]) -> Line | None:
    """The next run of words on the same row to the right."""
    line = lines[index]
    row = [
        (other.frame.left, at)
        for at, other in enumerate(lines)
        if other.page == line.page
        and other.frame.left >= line.frame.right
        and min(other.frame.bottom, line.frame.bottom) - max(other.frame.top, line.frame.top)
        > 0.4 * line.frame.height
    ]
    if not row:
        return None
    at = min(row)[1]
    return None if starts.get(at) == 0 or _has_labels(lines, at, starts) else lines[at]


def _has_labels(lines: Sequence[Line], index: int, starts: dict[int, int]) -> bool:
    """True if a line stands in a column with labels of its own: what is there belongs to them (the other spouse's)."""
    line = lines[index]
    labelled = (lines[at] for at, start in starts.items() if start == 0 and at != index)
    return sum(abs(other.frame.left - line.frame.left) < 0.015 * line.width for other in labelled) >= 2


def _below(lines: Sequence[Line], index: int, most: int) -> list[int]:
    """Indices of the lines straight below, in the same column and close by."""
    line = lines[index]
    found: list[int] = []
    last = line
    for at in range(index + 1, len(lines)):
        other = lines[at]
        if other.page != line.page or len(found) >= most:
            break
        if other.frame.top < last.frame.top + 0.5 * last.frame.height:
            continue
        across = min(other.frame.right, line.frame.right) - max(other.frame.left, line.frame.left)
        if across <= 0:
            continue
        if other.frame.top - last.frame.bottom > 1.6 * max(line.frame.height, other.frame.height):
            break
        found.append(at)
        last = other
    return found


def _words_used(words: Sequence[Word], value: str) -> tuple[Word, ...]:
    """Words that hold the value's letters or digits: its confidence is theirs."""
    expected = plain(value).split()
    if not expected:
        return ()
    texts = [plain(word.text) for word in words]
    return tuple(
        word
        for word, text in zip(words, texts, strict=True)
        if text and (text in expected or text in plain(value))
    )


def _anywhere(lines: Sequence[Line], rule: FieldRule, source: ReadFrom) -> Field | None:
    """A value recognised by its pattern alone (the serial on a land certificate), on a short separate line."""
    if not rule.pattern:
        return None
    found: list[tuple[float, Field]] = []
    for line in lines:
        if len(line.words) > 4:
            continue
        match = re.search(rule.pattern, line.text)
        if match:
            value = (match.group(1) if match.groups() else match.group(0)).strip()
            outside = len(line.text) - len(match.group(0))
            field = field_of(value, line.words, line.page, source, _ANYWHERE_STRENGTH)
            found.append((outside - (field.confidence or 0.0), field))
    return min(found, key=lambda pair: pair[0])[1] if found else None
