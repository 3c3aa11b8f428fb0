"""What is searched for, and what is found: records of full search. Pure."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict

from schemas.documents import Route, ValidityState
from schemas.reading import Box

MOST_HITS = 10_000
USUAL_HITS = 20


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class Wanted(_Record):
    """What a person searches for; no two filters exclude each other, and a filter not set lets everything through.

    Attributes:
        words: as typed.
        kind: id of a kind.
        unit: a unit's name or part of it, with or without accents.
        units: exact names of the units that may be seen, None for all; a right, never shown as a filter.
        batches: names of the batches that may be seen, likewise.
        state: route of the paper.
        first, last: of the day of issue.
        batch: name of a batch.
        limit: most papers given.
    """

    words: str = ""
    kind: str | None = None
    unit: str | None = None
    units: frozenset[str] | None = None
    batches: frozenset[str] | None = None
    state: Route | None = None
    first: date | None = None
    last: date | None = None
    batch: str | None = None
    limit: int = USUAL_HITS

    @property
    def filtered(self) -> bool:
        """True if any filter is set."""
        return any((self.kind, self.unit, self.state, self.first, self.last, self.batch))


class Snippet(_Record):
    """Words around the first hit.

    Attributes:
        text: the words.
        marks: start and end, in `text`, of what was found.
        page: 1-based in the file; None where the value stands on no page.
        box: of what was found first, in the displayed frame of that page.
        field: name of the field that the words are the value of; None for words of the page.
    """

    text: str
    marks: tuple[tuple[int, int], ...] = ()
    page: int | None = None
    box: Box | None = None
    field: str | None = None

    def marked(self, before: str, after: str) -> str:
        """The words with signs around what was found."""
        parts, at = [], 0
        for start, end in self.marks:
            parts += [self.text[at:start], before, self.text[start:end], after]
            at = end
        return "".join([*parts, self.text[at:]])


class Hit(_Record):
    """A paper that was found, as the catalogue has it now.

    `blind` are fields whose value is left out, with the snippet: another person is still to key one from the image alone.
    """

    id: str
    batch: str
    file: str
    pages: tuple[int, ...]
    kind: str | None
    number: str | None
    issue_date: str | None
    agency: str | None
    subject: str | None
    owner_name: str | None
    owner_id: str | None
    unit: str | None
    state: Route
    validity: ValidityState
    code: str | None
    linked_to: str | None
    snippet: Snippet | None
    blind: tuple[str, ...] = ()


class Answer(_Record):
    """What was found, the best first.

    Attributes:
        hits: the papers.
        more: there are others beyond the limit.
        cut: more was typed than is searched for.
        indexed: papers that the index holds.
        wordless: those of them whose pages' words are kept nowhere; they are found by their fields alone.
    """

    hits: tuple[Hit, ...]
    more: bool
    cut: bool
    indexed: int
    wordless: int


class Refreshed(_Record):
    """What was done to bring the index up to date. `whole`: it was made anew."""

    whole: bool
    entered: int
    removed: int
    indexed: int
    wordless: int
