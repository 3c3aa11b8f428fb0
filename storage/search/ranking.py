"""In which order papers are found, whatever holds the index: falling ranks, the last of them the widest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from schemas.search_words import Term, Terms

Spelling = Literal["exact", "folded"]
Places = Literal["fields", "everywhere"]


class Rank(NamedTuple):
    """What papers of a rank hold: every term, spelt so, there.

    Attributes:
        spelling: with its own accents, or without any.
        places: in the fields, or in fields and pages.
        together: all terms stand side by side.
        own_number: a term that is a number is the paper's own.
    """

    spelling: Spelling
    places: Places
    together: bool = False
    own_number: bool = False


def ranks(terms: Terms) -> Iterator[Rank]:
    """Ranks of a search for one term or more: its own number, its own accents, in its fields, side by side."""
    if any(term.number is not None for term in terms.terms):
        yield Rank("folded", "everywhere", own_number=True)
    spellings: tuple[Spelling, ...] = ("exact", "folded") if terms.accented else ("folded",)
    for spelling in spellings:
        for places in ("fields", "everywhere"):
            if len(terms.terms) > 1:
                yield Rank(spelling, places, together=True)
            yield Rank(spelling, places)


def spelt(term: Term, spelling: Spelling) -> tuple[str, ...]:
    """The tokens of a term."""
    return term.exact if spelling == "exact" else term.folded
