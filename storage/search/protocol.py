"""What an index of kept papers does, whatever holds it. Derived: it says how much of the catalogue it knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from schemas.search_words import Terms


class IndexDamaged(Exception):
    """What an index is kept in is no index any more, or one of another version: it is to be made anew."""


class Mark(NamedTuple):
    """How much of the catalogue is known: the last object of its chains, and that object's digest."""

    order: int
    sha256: str


class Indexed(NamedTuple):
    """A paper as it is indexed.

    Attributes:
        id: of the document.
        stamp: changes when what is indexed of it changes.
        sha256: of its original.
        batch, kind, unit, state, issued: what it is filtered by; `issued` as ISO date or "".
        number: its own number, or "".
        fields: values of its fields, a line each.
        pages: text of its pages; None where their words are kept nowhere.
    """

    id: str
    stamp: str
    sha256: str
    batch: str
    kind: str
    unit: str
    state: str
    issued: str
    number: str
    fields: str
    pages: tuple[str, ...] | None


class Filters(NamedTuple):
    """What a paper must be; None lets everything through. `unit` is folded, part of a name; the sets are whole names."""

    kind: str | None = None
    unit: str | None = None
    units: frozenset[str] | None = None
    batches: frozenset[str] | None = None
    state: str | None = None
    first: str | None = None
    last: str | None = None
    batch: str | None = None


class Found(NamedTuple):
    """A paper that was found, and what is kept of its pages' text."""

    id: str
    pages: tuple[str, ...]


class SearchIndex(Protocol):
    """An index. Every method raises `IndexDamaged`, or `SetupError` where its place cannot be used."""

    def mark(self) -> Mark | None:
        """How much of the catalogue it knows; None if it is new."""

    def stamps(self) -> Mapping[str, str]:
        """The stamp of every paper that it holds, by id."""

    def change(self, papers: Iterable[Indexed], gone: Iterable[str], mark: Mark | None) -> int:
        """Enter papers in place of what is held of them and remove others, by and by; remember the mark at the end.

        What was done before an interruption stands and is not done again. Returns how many papers were entered.
        """

    def forget(self, sha256: str) -> bool:
        """Remove what is held of an original's papers, in free pages too. True if there was something."""

    def find(self, terms: Terms, filters: Filters, limit: int) -> list[Found]:
        """Papers that hold every term, the best first; without terms all, the newest first."""

    def counts(self) -> tuple[int, int]:
        """How many papers it holds, and how many of them without their pages' words."""

    def close(self) -> None:
        """Let go of it."""
