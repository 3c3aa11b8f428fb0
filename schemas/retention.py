"""Retention: for how long a paper is kept, when that is over, and what a person then decided. Nothing is ever erased."""

from __future__ import annotations

from datetime import date
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from schemas.rules import DatedRow

# `due` and `unknown` are listed for a person; the others are counted.
RetentionState = Literal["due", "unknown", "running", "permanent", "kept_longer", "handed_over"]
Unknown = Literal["no_term", "term_unlisted", "no_start"]


class RetentionTerm(DatedRow):
    """One term of the list, by its code or its words; `years` None: for ever."""

    code: str
    term: str
    years: int | None = None


class RetentionDecision(NamedTuple):
    """What a person decided of one paper, by which paper, and when. The last one stands.

    `keep_until` and `handed_to`: one of them is given.
    """

    at: str
    operator: str
    keep_until: date | None
    handed_to: str
    reason: str
    document: str
    document_date: date | None
    signer: str


class KeptPaper(NamedTuple):
    """A stored paper as its retention is judged: what the batch sheet says, and when it was issued."""

    document: str
    batch: str
    file: str
    place: str
    code: str | None
    kind: str | None
    number: str
    term: str
    last_year: int | None
    issued: date | None
    held: bool = False
    decision: RetentionDecision | None = None


class ReviewedPaper(BaseModel):
    """A paper on the list.

    Attributes:
        term: as the batch sheet has it.
        start: the year from whose end the term runs: the last year of the file, or that of issue if later.
        over_on: last day of the term, or of the longer keeping that was decided.
        why: for `unknown`, what is missing.
        held: under a legal hold: kept whatever its term.
        kept_until: the last day of a longer keeping that was decided and is over.
    """

    model_config = ConfigDict(frozen=True)

    document: str
    batch: str
    file: str
    place: str
    code: str | None
    kind: str | None
    number: str
    term: str
    start: int | None
    over_on: date | None
    state: RetentionState
    why: Unknown | None = None
    held: bool = False
    kept_until: date | None = None


class RetentionReview(BaseModel):
    """The answer for one day: papers due, papers whose term is not known, and how many there are of each state."""

    model_config = ConfigDict(frozen=True)

    as_of: date
    due: tuple[ReviewedPaper, ...]
    unknown: tuple[ReviewedPaper, ...]
    counts: dict[RetentionState, int]
