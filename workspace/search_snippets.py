"""Words around the first hit in a paper, with the page and the box of what was found. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Final, NamedTuple

from schemas.documents import Field
from schemas.masking import holds_identifier, is_identifier, mask, mask_value
from schemas.reading import Box
from schemas.search import Snippet
from schemas.search_words import Term, Token, number_token, owners_in, spellings, tokens
from schemas.text import mask_identifier, nfc
from storage.search.papers import PlacedWords

_AROUND: Final = 8  # tokens before and after


class Place(NamedTuple):
    """Where a hit is: `page` counts the pages of the paper from 0, None with `field`; `first` to `last` are tokens."""

    page: int | None
    field: str | None
    first: int
    last: int
    exact: bool


class _Text(NamedTuple):
    """A page or a field, and its tokens in both spellings."""

    page: int | None
    field: str | None
    exact: list[str]
    folded: list[str]


def place_of(terms: Sequence[Term], fields: Mapping[str, Field], pages: Sequence[str]) -> Place | None:
    """The first place of what was searched for: its own number, then all of it side by side, then any of it.

    Words spelt with the same accents come before others, words of a page before values of fields.
    """
    number = fields.get("number")
    own = number_token(number.value) if number and number.value else None
    if number and number.value and any(term.number == own for term in terms):
        return Place(None, "number", 0, len(list(tokens(nfc(number.value)))) - 1, exact=False)
    texts: list[_Text] = [_Text(at, None, *spellings(page)) for at, page in enumerate(pages)]
    texts += [_Text(None, name, *spellings(_shown(field))) for name, field in fields.items()]
    all_at_once = Term(
        tuple(token for term in terms for token in term.exact),
        tuple(token for term in terms for token in term.folded),
    )
    for wanted in (all_at_once, *terms):
        for exact in (True, False):
            needle = wanted.exact if exact else wanted.folded
            for text in texts:
                held = text.exact if exact else text.folded
                at = _index(held, needle)
                if at is not None:
                    last = _last(held, at + len(needle) - 1, terms, exact=exact)
                    return Place(text.page, text.field, at, last, exact)
    return None


def _index(held: Sequence[str], needle: Sequence[str]) -> int | None:
    at = -1
    with suppress(ValueError):
        while True:
            at = held.index(needle[0], at + 1)
            if tuple(held[at : at + len(needle)]) == tuple(needle):
                return at
    return None


def _last(held: Sequence[str], last: int, terms: Sequence[Term], *, exact: bool) -> int:
    """The last of the tokens searched for that follow each other from here."""
    wanted = {token for term in terms for token in (term.exact if exact else term.folded)}
    while last + 1 < len(held) and held[last + 1] in wanted:
        last += 1
    return last


def of_page(
    place: Place,
    text: str,
    number: int,
    words: PlacedWords | None,
    terms: Sequence[Term],
    *,
    clear: bool,
) -> Snippet:
    """The snippet of a hit on a page; without its placed words it has no box."""
    text = nfc(text)
    held = list(islice(tokens(text), place.last + _AROUND + 2))
    box = None
    if words is not None and " ".join(words.texts) == text:
        box = _box(words, held[place.first].start, held[place.last].end)
    return _cut(place, text, held, terms, number, box, clear=clear)


def of_field(place: Place, field: Field, terms: Sequence[Term], *, clear: bool) -> Snippet:
    """The snippet of a hit in a field's value; page and box are where the value was read."""
    name = place.field or ""
    text = nfc(_shown(field))
    snippet = _cut(
        place,
        text,
        list(islice(tokens(text), place.last + _AROUND + 2)),
        terms,
        field.page,
        field.box,
        clear=clear,
    )
    shown = snippet.text
    if not clear and holds_identifier(name):
        masked = mask_value(name, shown)
        shown = masked if len(masked) == len(shown) else "*" * len(shown)
    return snippet.model_copy(update={"text": shown, "field": name})


def _shown(field: Field) -> str:
    return field.value or field.raw or ""


def _box(words: PlacedWords, start: int, end: int) -> Box | None:
    """The box around the words from `start` to `end`, of the first line of them."""
    box, at = None, 0
    for word, edges in zip(words.texts, words.boxes, strict=True):
        if at >= end:
            break
        at += len(word) + 1
        if at - 1 <= start:
            continue
        placed = Box(*edges)
        if box is not None and (placed.left < box.right or placed.top >= box.bottom):
            break  # the next line
        box = placed if box is None else box.union(placed)
    return box


def _cut(
    place: Place,
    text: str,
    held: Sequence[Token],
    terms: Sequence[Term],
    page: int | None,
    box: Box | None,
    *,
    clear: bool,
) -> Snippet:
    first, last = max(0, place.first - _AROUND), min(len(held) - 1, place.last + _AROUND)
    start = held[first].start if first else 0
    end = held[last].end if last < len(held) - 1 else len(text)
    wanted = {token for term in terms for token in (term.exact if place.exact else term.folded)}
    marks = [
        (token.start - start, token.end - start)
        for at, token in enumerate(held[first : last + 1], start=first)
        if place.first <= at <= place.last or (token.exact if place.exact else token.folded) in wanted
    ]
    cut = text[start:end]  # between tokens: a number is whole in it, or not in it at all
    shown = cut if clear else masked(cut)
    return Snippet(text=shown, marks=tuple(_joined(marks, cut)), page=page, box=box)


def _joined(marks: Sequence[tuple[int, int]], text: str) -> list[tuple[int, int]]:
    """Marks with nothing but signs between them as one."""
    done: list[tuple[int, int]] = []
    for start, end in marks:
        if done and not any(char.isalnum() for char in text[done[-1][1] : start]):
            done[-1] = (done[-1][0], end)
        else:
            done.append((start, end))
    return done


def masked(text: str) -> str:
    """A text with the numbers of persons and enterprises hidden, each letter in its place."""
    chars = list(text)
    for start, end in owners_in(text):
        chars[start:end] = mask_identifier(text[start:end])
    hidden = mask("".join(chars))
    return " ".join(mask_identifier(word) if is_identifier(word) else word for word in hidden.split(" "))
