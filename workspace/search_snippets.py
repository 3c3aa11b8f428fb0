"""Words around the first hit in a paper, with the page and the box of what was found. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from schemas.documents import Field
from schemas.masking import holds_identifier, is_identifier, mask, mask_value
from schemas.reading import Box
from schemas.search import Snippet
from schemas.search_words import Term, Token, number_token, owners_in, tokens
from schemas.text import mask_identifier, nfc
from storage.search.papers import PlacedWord

_AROUND: Final = 8  # tokens before and after


class Place(NamedTuple):
    """Where a hit is: `page` counts the pages of the paper from 0, None with `field`; `first` to `last` are tokens."""

    page: int | None
    field: str | None
    first: int
    last: int
    exact: bool


def place_of(terms: Sequence[Term], fields: Mapping[str, Field], pages: Sequence[str]) -> Place | None:
    """The first place of what was searched for: its own number, then all of it side by side, then any of it.

    Words spelt with the same accents come before others, words of a page before values of fields.
    """
    number = fields.get("number")
    own = number_token(number.value) if number and number.value else None
    if number and number.value and any(term.number == own for term in terms):
        return Place(None, "number", 0, len(list(tokens(nfc(number.value)))) - 1, exact=False)
    texts: list[tuple[int | None, str | None, list[Token]]] = [
        (at, None, list(tokens(nfc(page)))) for at, page in enumerate(pages)
    ]
    texts += [
        (None, name, list(tokens(nfc(_shown(field))))) for name, field in fields.items() if _shown(field)
    ]
    all_at_once = Term(
        tuple(token for term in terms for token in term.exact),
        tuple(token for term in terms for token in term.folded),
    )
    for wanted in (all_at_once, *terms):
        for exact in (True, False):
            needle = wanted.exact if exact else wanted.folded
            for page, field, held in texts:
                at = _index(held, needle, exact=exact)
                if at is not None:
                    last = _last(held, at + len(needle) - 1, terms, exact=exact)
                    return Place(page, field, at, last, exact)
    return None


def _last(held: Sequence[Token], last: int, terms: Sequence[Term], *, exact: bool) -> int:
    """The last of the tokens searched for that follow each other from here."""
    wanted = {token for term in terms for token in (term.exact if exact else term.folded)}
    while last + 1 < len(held) and (held[last + 1].exact if exact else held[last + 1].folded) in wanted:
        last += 1
    return last


def of_page(
    place: Place,
    text: str,
    number: int,
    words: Sequence[PlacedWord] | None,
    terms: Sequence[Term],
    *,
    clear: bool,
) -> Snippet:
    """The snippet of a hit on a page; without its placed words it has no box."""
    text = nfc(text)
    held = list(tokens(text))
    box = None
    if words and nfc(" ".join(word.text for word in words)) == text:
        box = _box(words, held[place.first].start, held[place.last].end)
    return _cut(place, text, held, terms, number, box, clear=clear)


def of_field(place: Place, field: Field, terms: Sequence[Term], *, clear: bool) -> Snippet:
    """The snippet of a hit in a field's value; page and box are where the value was read."""
    name = place.field or ""
    text = nfc(_shown(field))
    snippet = _cut(place, text, list(tokens(text)), terms, field.page, field.box, clear=clear)
    shown = snippet.text
    if not clear and holds_identifier(name):
        masked = mask_value(name, shown)
        shown = masked if len(masked) == len(shown) else "*" * len(shown)
    return snippet.model_copy(update={"text": shown, "field": name})


def _shown(field: Field) -> str:
    return field.value or field.raw or ""


def _index(held: Sequence[Token], needle: Sequence[str], *, exact: bool) -> int | None:
    spelt = [token.exact if exact else token.folded for token in held]
    for at in range(len(spelt) - len(needle) + 1):
        if spelt[at] == needle[0] and tuple(spelt[at : at + len(needle)]) == tuple(needle):
            return at
    return None


def _box(words: Sequence[PlacedWord], start: int, end: int) -> Box | None:
    """The box around the words from `start` to `end`, of the first line of them."""
    starts, at = [], 0
    for word in words:
        starts.append(at)
        at += len(nfc(word.text)) + 1
    chosen = words[max(0, bisect_right(starts, start) - 1) : bisect_right(starts, max(start, end - 1))]
    if not chosen:
        return None
    box = chosen[0].box
    for word in chosen[1:]:
        if word.box.left < box.right or word.box.top >= box.bottom:
            break  # the next line
        box = box.union(word.box)
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
    shown = text if clear else masked(text)
    wanted = {token for term in terms for token in (term.exact if place.exact else term.folded)}
    marks = [
        (token.start - start, token.end - start)
        for at, token in enumerate(held[first : last + 1], start=first)
        if place.first <= at <= place.last or (token.exact if place.exact else token.folded) in wanted
    ]
    return Snippet(text=shown[start:end], marks=tuple(_joined(marks, shown[start:end])), page=page, box=box)


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
