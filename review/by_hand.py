"""Review by hand, a paper at a time: what the command line and, later, a web page call."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from review.answers import check_target, read_answer
from review.deciding import Applied, Wanted, decide
from review.questions import NOTHING, Waiting, current_value, waiting_paper
from schemas.documents import Document
from schemas.errors import UsageError
from schemas.review import KIND, OF_PAPER, Action, picture_of
from schemas.rules import Rulebook
from workspace.opening import Workspace


def set_values(
    workspace: Workspace,
    wanted: str,
    values: Mapping[str, str | None],
    *,
    as_of: date,
    note: str = "",
    sure: bool = False,
    how: str = "hand",
) -> list[Applied]:
    """Set values of one paper; None says that a value is not on the paper.

    Args:
        workspace: the opened home.
        wanted: document id, code or digest.
        values: by target, as a person writes them (dates dd/mm/yyyy, kinds by title or id).
        as_of: today.
        note: why.
        sure: identifiers and numbers stand so on the paper, whatever check digits say.
        how: where it was said, for the events.

    Raises:
        UsageError: no such paper, or several.
        WrongAnswer: a value cannot be.
        BatchHeld: a run is at work on its batch.
    """
    paper = waiting_paper(workspace.database, wanted, workspace.rules.book)
    _require_current(paper)
    said = wanted_values(paper.row.document, values, workspace.rules.book, as_of, sure=sure, note=note)
    return decide(workspace, paper.row.batch, said, as_of=as_of, how=how)


def _require_current(paper: Waiting) -> None:
    if paper.row.replaced_by:
        by = ", ".join(paper.row.replaced_by)
        raise UsageError(f"document was replaced by {by}", remedy="document_replaced", by=by)


def wanted_values(
    paper: Document,
    values: Mapping[str, str | None],
    rules: Rulebook,
    as_of: date,
    *,
    sure: bool = False,
    note: str = "",
) -> list[Wanted]:
    """Values as a person writes them, checked; the kind first, for other answers hang on it.

    Raises:
        WrongAnswer: a value cannot be.
    """
    if values.get(KIND):
        kind = read_answer(values[KIND], KIND, paper, rules, as_of)
        paper = paper.model_copy(update={"kind": kind})
    said = []
    for target, given in values.items():
        if given is None:
            check_target(target, paper, rules)
            if target in OF_PAPER:
                raise UsageError(f"{target} cannot be absent", remedy="target_not_absent", value=target)
            said.append(Wanted(paper.id, target, Action.ABSENT, None, note))
        else:
            value = read_answer(given, target, paper, rules, as_of, sure=sure)
            said.append(Wanted(paper.id, target, Action.SET, value, note))
    return said


def accept_paper(
    workspace: Workspace, wanted: str, *, as_of: date, note: str = "", how: str = "hand"
) -> list[Applied]:
    """Say of one paper that all that is asked about it was read right, and that its pictures will do.

    What has no value stays open; the answer's route and findings say what is still lacking.

    Raises:
        UsageError: no such paper, or several.
        BatchHeld: a run is at work on its batch.
    """
    paper = waiting_paper(workspace.database, wanted, workspace.rules.book)
    _require_current(paper)
    said = []
    for each in paper.questions:
        if each.target == NOTHING:
            continue
        if picture_of(each.target):
            said.append(Wanted(each.document_id, each.target, Action.ACCEPT, None, note))
            continue
        value = current_value(paper.row.document, each.target)
        if value is not None:
            said.append(Wanted(each.document_id, each.target, Action.SET, value, note))
    return decide(workspace, paper.row.batch, said, as_of=as_of, how=how)
