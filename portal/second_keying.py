"""A value of a code that another person must key, drawn or by `confirm_typed`: never the same person twice."""

from __future__ import annotations

from collections.abc import Sequence

from portal.review_sheet import Line
from portal.visits import Visit
from review.deciding import Requested
from review.keying import is_kept_from
from review.questions import Waiting
from schemas.review import CONFIRMED, KEYED_BLIND, Action, confirmed
from schemas.second_keying import keying_of
from schemas.wording import text
from storage.catalogue import decisions


def keyed_before(visit: Visit, paper: Waiting) -> frozenset[str]:
    """Values of the paper that wait for another hand than the person's, who has keyed them already."""
    document, person = paper.row.document, visit.person.name
    drawn = {name for name in CONFIRMED if is_kept_from(document, name, paper.decided, person)}
    if visit.house.workspace.rules.book.confirm_typed != "other_operator":
        return frozenset(drawn)
    waiting = {
        question.target
        for question in paper.questions
        if question.target in CONFIRMED
        and any(reason.rule == "field_unconfirmed" for reason in question.reasons)
    }
    if not waiting:
        return frozenset(drawn)
    own = document.id
    history = decisions.of_documents(visit.house.database, [own]).get(own, ())
    return frozenset(drawn) | frozenset(
        confirmed(each.target)
        for each in history
        if each.operator == person and each.action is Action.SET and confirmed(each.target) in waiting
    )


def refused_again(visit: Visit, paper: Waiting, requested: Sequence[Requested]) -> bool:
    """True if the person answers about a value that waits for another hand, but to mend the own answer nobody saw yet."""
    kept = keyed_before(visit, paper)
    return any(each.target in kept and not _mends(paper, each) for each in requested)


def _mends(paper: Waiting, answer: Requested) -> bool:
    first = paper.decided.get(answer.target)
    drawn = keying_of(paper.row.document, answer.target) == KEYED_BLIND
    return drawn and first is not None and (first.action, first.value) != (answer.action, answer.value)


def told_kept(visit: Visit, paper: Waiting, lines: Sequence[Line]) -> list[Line]:
    """Lines of the page; of values that wait for another hand it is said so, before the person types."""
    kept, lang = keyed_before(visit, paper), visit.house.lang
    document = paper.row.document
    return [
        line._replace(reasons=(*line.reasons, text(f"portal.review_{key}", lang)))
        if line.target in kept
        and (key := "keyed_own" if keying_of(document, line.target) == KEYED_BLIND else "keyed_before")
        else line
        for line in lines
    ]


def waits_for_others(visit: Visit, paper: Waiting) -> bool:
    """True if all that the paper waits for are values that the person keyed: it is offered to others alone."""
    asked = {question.target for question in paper.questions if question.required}
    return bool(asked) and asked <= keyed_before(visit, paper)


def foretold(paper: Waiting, requested: Sequence[Requested]) -> list[Requested]:
    """Answers whose outcome may be told before they are given: what it would be tells whether a blind one agrees."""
    blind = {question.target for question in paper.questions if question.keying == KEYED_BLIND}
    return [each for each in requested if each.target not in blind]
