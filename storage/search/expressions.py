"""Terms as expressions of SQLite's FTS5. Tokens hold no sign that FTS5 knows, and stand in quotes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from schemas.search_words import Term, Terms
from storage.search.ranking import Places, Rank, Spelling, spelt

COLUMNS: Final = ("field_exact", "field_folded", "page_exact", "page_folded")
_PLACES: Final[dict[Places, tuple[str, ...]]] = {"fields": ("field",), "everywhere": ("field", "page")}


def expression(terms: Terms, rank: Rank) -> str:
    """What finds the papers of a rank."""
    if rank.together:
        tokens = [token for term in terms.terms for token in spelt(term, rank.spelling)]
        return f"{_columns(rank.spelling, rank.places)} : {_phrase(tokens)}"
    return " AND ".join(_term(term, rank) for term in terms.terms)


def _term(term: Term, rank: Rank) -> str:
    phrase = _phrase(spelt(term, rank.spelling))
    if term.number is not None:
        number = _phrase([term.number])
        phrase = number if rank.own_number else f"({number} OR {phrase})"
    return f"({_columns(rank.spelling, rank.places)} : {phrase})"


def _columns(spelling: Spelling, places: Places) -> str:
    return "{" + " ".join(f"{place}_{spelling}" for place in _PLACES[places]) + "}"


def _phrase(tokens: Sequence[str]) -> str:
    return '"' + " ".join(tokens) + '"'
