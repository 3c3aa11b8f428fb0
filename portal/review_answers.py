"""Answers of the page of review: read from what the browser sends, checked as the command line checks, and applied."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException

from review.answers import WrongAnswer
from review.by_hand import requested_values
from review.deciding import Applied, Requested, decide_open, foresee
from review.questions import NOTHING, Waiting, questions_of
from schemas.documents import Document, Route
from schemas.errors import BatchHeld
from schemas.review import ACCEPTANCE, AWAITED, GIVEN, KIND, Action, Decision, picture_of
from schemas.rules import Rulebook
from storage.catalogue import batches
from storage.catalogue.documents import Committed
from storage.catalogue.foreseeing import foreseen
from workspace.opening import Workspace

HOW: Final = "page"
_MOST: Final = 80
_PATIENCE: Final = 10.0  # seconds to wait for a run that holds the batch
_PAUSE: Final = 0.3


class Answer(BaseModel):
    """One answer. `sure`: the paper does read so, in spite of its check digit; `ms`: how long the person took."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: str = Field(max_length=100)
    action: Action = Action.SET
    value: str | None = Field(default=None, max_length=600)
    sure: bool = False
    ms: int = Field(default=0, ge=0, le=86_400_000)
    shown: str = Field(default="", max_length=12)


class Problem(NamedTuple):
    """An answer that cannot be."""

    target: str
    error: WrongAnswer


def read(form: Mapping[str, str]) -> list[Answer]:
    """The answers of a form."""
    try:
        given = json.loads(form.get("answers", "[]"))
        if not isinstance(given, list) or len(given) > _MOST:
            raise HTTPException(400)
        return [Answer.model_validate(each) for each in given]
    except (ValueError, ValidationError) as error:
        raise HTTPException(400) from error


def checked(
    paper: Document, answers: Sequence[Answer], rules: Rulebook, as_of: date
) -> tuple[list[Requested], list[Problem]]:
    """Decisions that the answers ask for, and the answers that cannot be; the kind first, since others depend on it."""
    requested: list[Requested] = []
    problems: list[Problem] = []
    for answer in sorted(answers, key=lambda each: each.target != KIND):
        try:
            made = _requested(paper, answer, rules, as_of)
        except WrongAnswer as error:
            problems.append(Problem(answer.target, error))
            continue
        if answer.target == KIND and made.value:
            paper = paper.model_copy(update={"kind": made.value})
        requested.append(made._replace(took=answer.ms, shown=answer.shown or None))
    return requested, problems


def _requested(paper: Document, answer: Answer, rules: Rulebook, as_of: date) -> Requested:
    target = answer.target
    if target in {NOTHING, ACCEPTANCE}:
        raise WrongAnswer("target", value=target)
    if picture_of(target):
        return Requested(paper.id, target, Action.ACCEPT)
    value = None if answer.action is Action.ABSENT else answer.value or ""
    (made,) = requested_values(paper, {target: value}, rules, as_of, sure=answer.sure)
    return made


def apply(
    workspace: Workspace, paper: Waiting, requested: Sequence[Requested], as_of: date, *, accepts: bool
) -> list[Applied]:
    """Apply answers. Those of somebody who may not accept leave the paper in review, whatever they complete.

    Raises:
        BatchHeld: a run holds the batch, and held it for as long as this waits.
    """
    own, entries = paper.row.document.id, list(requested)
    if not accepts and entries:
        entries.append(Requested(own, ACCEPTANCE, Action.SET, AWAITED))
    elif accepts and any(question.target == ACCEPTANCE for question in paper.questions):
        entries.append(Requested(own, ACCEPTANCE, Action.SET, GIVEN))
    return decided(workspace, paper.row.batch, entries, as_of, how=HOW)


def decided(
    workspace: Workspace, batch: str, entries: Sequence[Requested], as_of: date, *, how: str
) -> list[Applied]:
    """Apply decisions about papers of one batch at once; waits a while for a run that holds it.

    Raises:
        BatchHeld: a run held the batch for as long as this waits.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return decide_open(workspace, batch, entries, as_of=as_of, how=how)
        except BatchHeld:
            if time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE)


def preview(
    workspace: Workspace, paper: Waiting, requested: Sequence[Requested], as_of: date, *, accepts: bool
) -> Committed:
    """What these answers would make of the paper, and the code that it would get."""
    row, entries = paper.row, list(requested)
    held = any(question.target == ACCEPTANCE for question in paper.questions)
    if not accepts:
        entries.append(Requested(row.document.id, ACCEPTANCE, Action.SET, AWAITED))
    elif held:
        entries.append(Requested(row.document.id, ACCEPTANCE, Action.SET, GIVEN))
    document = foresee(workspace, row, entries, as_of)
    return foreseen(
        workspace.database, row.batch, document, row.verdict, has_rendition=row.pdfa_key is not None
    )


def anticipated(workspace: Workspace, paper: Waiting, requested: Sequence[Requested], as_of: date) -> Waiting:
    """The paper with its questions as these answers would leave it; nothing is written."""
    document = foresee(workspace, paper.row, requested, as_of)
    said = {
        each.target: Decision(target=each.target, action=each.action, value=each.value) for each in requested
    }
    place = (paper.row.batch, paper.row.file)
    of_file = batches.file_findings(workspace.database, [place]).get(place, ())
    notes = [note for note in of_file if note.page in document.pages]
    decided = {**paper.decided, **said}
    questions = questions_of(document, notes, decided, workspace.rules.book)
    return paper._replace(row=paper.row._replace(document=document), questions=questions, decided=decided)


def outcome(after: Committed) -> dict[str, Any]:
    """What became, or would become, of a paper, for the page."""
    return {
        "accepted": after.document.route is Route.ACCEPTED,
        "code": after.code,
        "linked": after.linked_to is not None,
    }
