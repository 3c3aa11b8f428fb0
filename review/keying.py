"""What an answer about a part of a code becomes: a first answer, a confirmation, a second keying, or what settles one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from review.questions import Question
from schemas.documents import Document
from schemas.errors import UsageError
from schemas.masking import mask_value
from schemas.review import (
    CONFIRMED,
    KEYED_BLIND,
    Action,
    Decision,
    confirmed,
    confirming,
    is_confirmed,
    keyed_second,
    settling,
)
from schemas.second_keying import Keyed, blind_fields, keyed_by, keying_of, standing
from schemas.wording import text

_OF_KEYING = (Keyed.SAME, Keyed.SETTLED)


def targets_of(
    paper: Document,
    target: str,
    answer: tuple[Action, str | None],
    decided: Mapping[str, Decision],
    operator: str,
) -> tuple[str, ...]:
    """Targets of the decisions that an answer makes; none where it repeats what is known.

    Raises:
        UsageError: the person has keyed a value that waits for a third one.
    """
    known = decided.get(target)
    same = known is not None and (known.action, known.value) == answer
    if known is None or (not same and keying_of(paper, target) is None):
        return (target,)
    if (keying := keying_of(paper, target)) is not None:
        if operator not in keyed_by(decided, target):
            if keying == KEYED_BLIND:
                return (keyed_second(target),)
            return (settling(target),) if same else (target, settling(target))
        if keying != KEYED_BLIND:
            raise UsageError(f"{operator} keyed {target}", remedy="keyed_before", value=target)
        return () if same else (target,)  # corrects the own answer, which nobody has seen
    other = operator != known.operator
    if target not in CONFIRMED or is_confirmed(decided, target, by_other=other):
        return ()
    # Entered a second time: this confirms a value that becomes part of a code.
    return () if standing(decided, target) in _OF_KEYING else (confirming(target),)


def is_kept_from(paper: Document, target: str, decided: Mapping[str, Decision], operator: str) -> bool:
    """True if a value waits for somebody else than this person, who has keyed it."""
    return keying_of(paper, target) is not None and operator in keyed_by(decided, target)


def without_blind(paper: Document, history: Sequence[Decision]) -> list[Decision]:
    """Decisions as they may be shown to who keys next: nothing of a value that is asked blind."""
    hidden = blind_fields(paper)
    return [
        each.model_copy(update={"value": None, "old": None}) if confirmed(each.target) in hidden else each
        for each in history
    ]


def answers_line(question: Question, lang: str, *, clear: bool = True) -> str | None:
    """The sentence with the two answers that a third person decides between; None for any other question."""
    if not question.answers:
        return None
    shown = [
        text("review.not_on_paper", lang)
        if value is None
        else value
        if clear
        else mask_value(question.target, value)
        for value in question.answers
    ]
    return text("review.keyed_both", lang, first=shown[0], second=shown[1])
