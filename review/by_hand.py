"""Review of single papers; called by the command line and, later, a web page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from review.answers import check_target, read_answer
from review.deciding import Applied, Requested, decide
from review.keying import is_kept_from
from review.questions import NOTHING, Waiting, current_value, waiting_paper
from schemas.documents import Document, Route
from schemas.errors import UsageError
from schemas.masking import mask
from schemas.review import (
    ACCEPTANCE,
    CLOSING,
    CONFIRMED,
    GIVEN,
    KIND,
    NOT_CODABLE,
    OF_PAPER,
    REOPENED,
    Action,
    picture_of,
)
from schemas.rules import Rulebook
from schemas.second_keying import keying_of
from schemas.text import squeeze
from schemas.wording import render
from workspace.opening import Workspace


def set_values(
    workspace: Workspace,
    identifier: str,
    values: Mapping[str, str | None],
    *,
    as_of: date,
    note: str = "",
    sure: bool = False,
    how: str = "hand",
) -> list[Applied]:
    """Set values of one paper; None marks a value as absent from the paper.

    Args:
        workspace: the opened home.
        identifier: document id, code or digest.
        values: by target, as a person writes them (dates dd/mm/yyyy, kinds by title or id).
        as_of: today.
        note: why.
        sure: accept identifiers and numbers in spite of wrong check digits.
        how: source of the decision, recorded in the events.

    Raises:
        UsageError: no such paper, or several.
        WrongAnswer: a value cannot be.
        BatchHeld: a run is at work on its batch.
    """
    paper = _current_paper(workspace, identifier)
    entries = requested_values(paper.row.document, values, workspace.rules.book, as_of, sure=sure, note=note)
    return decide(workspace, paper.row.batch, entries, as_of=as_of, how=how)


def confirm_values(
    workspace: Workspace,
    identifier: str,
    values: Mapping[str, str | None],
    *,
    as_of: date,
    note: str = "",
    sure: bool = False,
) -> list[Applied]:
    """Confirm typed values by entering them a second time.

    Raises:
        UsageError: a value differs from the current one, or needs no confirmation.
    """
    paper = _current_paper(workspace, identifier)
    entries = requested_values(paper.row.document, values, workspace.rules.book, as_of, sure=sure, note=note)
    for entry in entries:
        held = paper.decided.get(entry.target)
        known = held is not None and entry.action is Action.SET and held.value == entry.value
        if is_kept_from(paper.row.document, entry.target, paper.decided, workspace.operator):
            raise UsageError(f"{entry.target} was keyed", remedy="keyed_before", value=entry.target)
        if keying_of(paper.row.document, entry.target) is not None:
            continue  # whether it is what another person keyed is not told
        if entry.target not in CONFIRMED or not known:
            raise UsageError(f"{entry.target} differs", remedy="confirm_differs", value=entry.target)
    return decide(workspace, paper.row.batch, entries, as_of=as_of, how="hand")


def close_paper(
    workspace: Workspace, identifier: str, reason: str, *, as_of: date, reopen: bool = False
) -> list[Applied]:
    """Close a paper that does not qualify for a code, or reopen it; it stays stored.

    Raises:
        UsageError: no such paper, no reason, or the paper has a code.
    """
    paper = _current_paper(workspace, identifier)
    if not reopen and not squeeze(reason):
        raise UsageError("no reason", remedy="close_reason")
    if paper.row.document.route is Route.ACCEPTED or (paper.row.code is not None and not reopen):
        raise UsageError("the paper is accepted", remedy="close_accepted", value=paper.row.document.id)
    value = REOPENED if reopen else NOT_CODABLE
    entry = Requested(paper.row.document.id, CLOSING, Action.SET, value, squeeze(reason))
    return decide(workspace, paper.row.batch, [entry], as_of=as_of, how="hand")


def _current_paper(workspace: Workspace, identifier: str) -> Waiting:
    """A paper with its questions.

    Raises:
        UsageError: no such paper, or several, or others replaced it.
    """
    paper = waiting_paper(workspace.database, identifier, workspace.rules.book)
    if paper.row.replaced_by:
        by = ", ".join(paper.row.replaced_by)
        raise UsageError(f"document was replaced by {by}", remedy="document_replaced", by=by)
    return paper


def requested_values(
    paper: Document,
    values: Mapping[str, str | None],
    rules: Rulebook,
    as_of: date,
    *,
    sure: bool = False,
    note: str = "",
) -> list[Requested]:
    """Validate typed values; the kind first, because other answers depend on it.

    Raises:
        WrongAnswer: a value cannot be.
    """
    if values.get(KIND):
        kind = read_answer(values[KIND], KIND, paper, rules, as_of)
        paper = paper.model_copy(update={"kind": kind})
    requested = []
    for target, given in values.items():
        if given is None:
            check_target(target, paper, rules)
            if target in OF_PAPER:
                raise UsageError(f"{target} cannot be absent", remedy="target_not_absent", value=target)
            requested.append(Requested(paper.id, target, Action.ABSENT, None, note))
        else:
            value = read_answer(given, target, paper, rules, as_of, sure=sure)
            requested.append(Requested(paper.id, target, Action.SET, value, note))
    return requested


def accept_paper(
    workspace: Workspace, identifier: str, *, as_of: date, note: str = "", how: str = "hand"
) -> list[Applied]:
    """Accept all questioned values and pictures of one paper as they are.

    Questions without a value stay open; route and findings of the result show what is missing.

    Raises:
        UsageError: no such paper, or several; or nothing of it can be accepted (a lost page, no value read).
        BatchHeld: a run is at work on its batch.
    """
    paper = _current_paper(workspace, identifier)
    entries: list[Requested] = []
    for question in paper.questions:
        if question.target == NOTHING or question.keying:
            continue  # a value that another person keys is keyed, not accepted
        if picture_of(question.target):
            entries.append(Requested(question.document_id, question.target, Action.ACCEPT, None, note))
            continue
        value = GIVEN if question.target == ACCEPTANCE else current_value(paper.row.document, question.target)
        if value is not None:
            entries.append(Requested(question.document_id, question.target, Action.SET, value, note))
    if paper.questions and not entries:
        raise UsageError("nothing to accept", remedy="accept_nothing", why=_reasons(workspace, paper))
    return decide(workspace, paper.row.batch, entries, as_of=as_of, how=how)


def _reasons(workspace: Workspace, paper: Waiting) -> str:
    """Why a paper waits and what to do, one line a finding; identifiers masked."""
    lang = workspace.settings.lang
    notes = dict.fromkeys(
        " ".join(part for part in render(reason, lang) if part)
        for question in paper.questions
        for reason in question.reasons
    )
    return "\n".join(f"  • {mask(note)}" for note in notes)
