"""Terms as expressions of SQLite's FTS5. Tokens hold no sign that FTS5 knows, and stand in quotes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from schemas.search_words import Term, Terms

Spelling = Literal["exact", "folded"]
COLUMNS: Final = ("field_exact", "field_folded", "page_exact", "page_folded")


def ranks(terms: Terms) -> Iterator[str]:
    """Expressions of falling rank: its own number, its own accents, in its fields, side by side; the last is the widest."""
    numbers = [term for term in terms.terms if term.number is not None]
    if numbers:
        yield _every(terms.terms, "folded", ("field", "page"), own_number=True)
    spellings: tuple[Spelling, ...] = ("exact", "folded") if terms.accented else ("folded",)
    for spelling in spellings:
        for places in (("field",), ("field", "page")):
            if len(terms.terms) > 1:
                yield _side_by_side(terms.terms, spelling, places)
            yield _every(terms.terms, spelling, places)


def _every(
    terms: Sequence[Term], spelling: Spelling, places: Sequence[str], *, own_number: bool = False
) -> str:
    return " AND ".join(_term(term, spelling, places, own_number=own_number) for term in terms)


def _side_by_side(terms: Sequence[Term], spelling: Spelling, places: Sequence[str]) -> str:
    tokens = [token for term in terms for token in _tokens(term, spelling)]
    return f"{_columns(spelling, places)} : {_phrase(tokens)}"


def _term(term: Term, spelling: Spelling, places: Sequence[str], *, own_number: bool) -> str:
    phrase = _phrase(_tokens(term, spelling))
    if term.number is not None:
        number = _phrase([term.number])
        phrase = number if own_number else f"({number} OR {phrase})"
    return f"({_columns(spelling, places)} : {phrase})"


def _tokens(term: Term, spelling: Spelling) -> tuple[str, ...]:
    return term.exact if spelling == "exact" else term.folded


def _columns(spelling: Spelling, places: Sequence[str]) -> str:
    return "{" + " ".join(f"{place}_{spelling}" for place in places) + "}"


def _phrase(tokens: Sequence[str]) -> str:
    return '"' + " ".join(tokens) + '"'
