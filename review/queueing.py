"""The order in which papers are asked about: by what a wrong value would cost, the dearest first. Pure."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from review.carpets import Piece, piece_of
from review.questions import NOTHING, Question, Waiting
from schemas.review import ACCEPTANCE, KEYED_AGAIN, KIND, RESULT_TYPE, SAME_AS, UNIT, is_closed, picture_of

# What hangs on a value. A code is for ever; figures and validity can be counted again; the rest is only read.
_CODE: Final = 10.0
_COUNTED: Final = 3.0
_READ: Final = 1.0
_HANGS: Final[Mapping[str, float]] = {
    **dict.fromkeys((KIND, RESULT_TYPE, SAME_AS, "number", "owner_id"), _CODE),
    **dict.fromkeys((UNIT, "issue_date", "expiry_date", "agency", "owner_name", "birth_date"), _COUNTED),
}
_PICTURE: Final = 2.0
# Evidence that speaks against a value, however sure its reader was.
_AGAINST: Final = frozenset(
    {
        *("field_conflict", "field_malformed", *KEYED_AGAIN, "register_contradicts"),
        *("name_contradicts", "order_contradicts", "code_part_differs", "possible_duplicate"),
    }
)
_EVEN: Final = 0.5
_REASONS_OF_PICTURES: Final = "picture"


class Queued(NamedTuple):
    """A paper of the queue. `reasons` are the targets asked about, `picture` for all pictures; `pieces` lie in carpets."""

    document_id: str
    version: int
    batch: str
    unit: str | None
    kind: str | None
    reasons: tuple[str, ...]
    cost: float
    pieces: tuple[Piece, ...] = ()


def chance_wrong(question: Question) -> float:
    """Chance, 0-1, that what a question shows is not what stands on the paper.

    A value that was not read is wrong for sure. Evidence against a value makes it at least as likely wrong as right, and
    so does a reader that does not say how sure it is.
    """
    if question.target == NOTHING:
        return 0.0  # nobody at this desk can answer it
    if question.value is None:
        return 1.0
    doubt = _EVEN if question.confidence is None else 1.0 - question.confidence
    if any(reason.rule in _AGAINST for reason in question.reasons):
        doubt = max(doubt, _EVEN)
    return min(1.0, max(0.0, doubt))


def hangs_on(target: str) -> float:
    """What hangs on a target, in units of a value that is only read: parts of a code ten, what is counted three."""
    return _PICTURE if picture_of(target) else _HANGS.get(target, _READ)


def expected_cost(questions: Collection[Question]) -> float:
    """Expected cost of leaving a paper as it is: over its questions, the chance that it is wrong times what hangs on it."""
    return sum(chance_wrong(question) * hangs_on(question.target) for question in questions)


def queued(paper: Waiting) -> Queued | None:
    """A paper as it stands in the queue; None where it waits for nobody, or was closed."""
    if not paper.questions or is_closed(paper.decided):
        return None
    document = paper.row.document
    targets = [question.target for question in paper.questions]
    reasons = [_REASONS_OF_PICTURES if picture_of(target) else target for target in targets]
    return Queued(
        document.id,
        paper.row.version,
        paper.row.batch,
        document.unit,
        document.kind,
        tuple(dict.fromkeys(reasons)),
        expected_cost(paper.questions),
        tuple(piece for question in paper.questions if (piece := piece_of(question)) is not None),
    )


def in_order(papers: Collection[Queued]) -> list[Queued]:
    """The dearest first; what only waits to be accepted after what has questions; of equals, one batch after another."""
    return sorted(papers, key=rank)


def rank(paper: Queued) -> tuple[bool, float, str, str]:
    """Where a paper stands in the order; no two papers stand in one place."""
    return paper.reasons == (ACCEPTANCE,), -paper.cost, paper.batch, paper.document_id


def moved(order: Sequence[Queued], gone: Collection[Queued], come: Collection[Queued]) -> list[Queued]:
    """An order without some of its papers and with others: a new list, made without sorting what stays."""
    now = list(order)
    for paper in gone:
        del now[bisect_left(now, rank(paper), key=rank)]
    for paper in come:
        insort(now, paper, key=rank)
    return now
