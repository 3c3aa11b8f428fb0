"""A value of a code that another person must key (`confirm_typed = other_operator`): never the same person twice."""

from __future__ import annotations

from portal.visits import Visit
from review.questions import Waiting
from schemas.review import CONFIRMED, Action, confirmed
from storage.catalogue import decisions


def keyed_before(visit: Visit, paper: Waiting) -> frozenset[str]:
    """Values of the paper that wait for another hand than the person's, who has keyed them already."""
    if visit.house.workspace.rules.book.confirm_typed != "other_operator":
        return frozenset()
    waiting = {
        question.target
        for question in paper.questions
        if question.target in CONFIRMED
        and any(reason.rule == "field_unconfirmed" for reason in question.reasons)
    }
    if not waiting:
        return frozenset()
    own = paper.row.document.id
    history = decisions.of_documents(visit.house.database, [own]).get(own, ())
    return frozenset(
        confirmed(each.target)
        for each in history
        if each.operator == visit.person.name
        and each.action is Action.SET
        and confirmed(each.target) in waiting
    )


def waits_for_others(visit: Visit, paper: Waiting) -> bool:
    """True if all that the paper waits for are values that the person keyed: it is offered to others alone."""
    asked = {question.target for question in paper.questions if question.required}
    return bool(asked) and asked <= keyed_before(visit, paper)
