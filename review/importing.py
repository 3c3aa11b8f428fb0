"""Imports a filled review workbook: all rows are checked first; then all are applied, or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from review.answers import WrongAnswer, check_target, read_answer
from review.deciding import Applied, Requested, apply
from review.drop_downs import (
    ANSWER,
    AS_PRINTED,
    IDENTITY,
    NOT_THERE,
    PICTURE_FINE,
    READ,
    READ_RIGHT,
    SCAN_AGAIN,
    VALUE,
)
from review.filled import Filled, Problem, Row, read_filled
from review.keying import is_kept_from
from review.questions import NOTHING, current_value, shown_of
from review.units import requested_units
from review.workbook import EVERY_PAPER, WHO
from schemas.documents import Document, Field
from schemas.review import (
    CONFIRMED,
    KIND,
    OF_PAPER,
    UNIT,
    Action,
    Decision,
    in_force,
    is_confirmed,
    keyed_second,
    picture_of,
)
from schemas.rules import Rulebook
from schemas.second_keying import keyed_by, keying_of
from schemas.text import mask_identifier
from storage.catalogue import batches, decisions, documents
from storage.objects import sha256_of
from workspace.opening import Workspace

_ORDER = {KIND: 0, "issue_date": 1}


class Imported(NamedTuple):
    """Result of an import. If there are problems, nothing was applied.

    Attributes:
        batch: the workbook's batch; empty if unknown.
        answered, unanswered: numbers of rows.
        already: rows that repeat an earlier decision.
        again: rows that ask for a new scan; they change nothing here.
        applied: papers that have a new version.
        problems: what to fix before the workbook can be imported.
    """

    batch: str
    answered: int
    unanswered: int
    already: int
    again: int
    applied: tuple[Applied, ...]
    problems: tuple[Problem, ...]


class _Checked(NamedTuple):
    requested: list[Requested]
    already: int
    again: int
    problems: list[Problem]


def import_workbook(
    workspace: Workspace, path: Path, *, as_of: date, operator: str | None = None
) -> Imported:
    """Check a filled workbook and apply it atomically; importing it twice changes nothing the second time.

    Args:
        workspace: the opened home.
        path: the workbook.
        as_of: today.
        operator: the responsible person; None takes the name written in the workbook.

    Raises:
        BatchHeld: a run is at work on the batch.
        CatalogueError, StoreError: records cannot be kept.
    """
    filled = read_filled(path)
    problems = list(filled.problems)
    who = operator or filled.operator
    if not who and not problems:
        problems.append(
            Problem(filled.rows[0].sheet if filled.rows else path.name, 3, WHO, "operator_missing")
        )
    batch = _batch_of(workspace, filled)
    if not batch:
        problems += [_stranger(workspace, batch, row) for row in filled.rows]
    if not batch or not filled.rows:
        return Imported(batch, len(filled.rows), filled.unanswered, 0, 0, (), tuple(problems))
    with workspace.hold(batch):
        checked = _check(workspace, batch, filled.rows, as_of, who[:200])
        problems += checked.problems
        applied: list[Applied] = []
        if not problems:
            how = f"workbook {sha256_of(path)[:12]}"
            applied = apply(workspace, batch, checked.requested, as_of=as_of, operator=who[:200], how=how)
    return Imported(
        batch,
        len(filled.rows),
        filled.unanswered,
        checked.already,
        checked.again,
        tuple(applied),
        tuple(sorted(problems, key=lambda problem: (problem.sheet, problem.row))),
    )


def _batch_of(workspace: Workspace, filled: Filled) -> str:
    """The batch named in the workbook, else that of its first known paper; empty if no paper is known."""
    if filled.batch:
        return filled.batch
    for row in filled.rows:
        found = documents.find(workspace.database, row.document_id)
        if found:
            return found[0].batch
    return ""


def _check(workspace: Workspace, batch: str, rows: Sequence[Row], as_of: date, who: str) -> _Checked:
    known = {row.document.id: row.document for row in documents.of_batch(workspace.database, batch)}
    history = decisions.of_documents(workspace.database, sorted({row.document_id for row in rows}))
    checked = _Checked([], 0, 0, [])
    already = again = 0
    papers: dict[str, Document] = {}
    own = [row for row in rows if row.document_id != EVERY_PAPER]
    for row in sorted(own, key=lambda answered: (_ORDER.get(answered.target, 2), answered.number)):
        paper = papers.get(row.document_id) or known.get(row.document_id)
        if paper is None:
            checked.problems.append(_stranger(workspace, batch, row))
            continue
        if row.answer == SCAN_AGAIN and picture_of(row.target):
            again += 1
            continue
        requested = _requested(row, paper, known[row.document_id], workspace.rules.book, as_of)
        if isinstance(requested, Problem):
            checked.problems.append(requested)
            continue
        papers[row.document_id] = _with(paper, requested)
        held = in_force(history.get(row.document_id, ()))
        fresh = shown_of(known[row.document_id], row.target) == row.shown
        unconfirmed = row.target in CONFIRMED and not is_confirmed(held, row.target, by_other=False)
        if _is_known(requested, known[row.document_id], held, who) and not (fresh and unconfirmed):
            already += 1
        elif not fresh:
            checked.problems.append(_stale(row, known[row.document_id]))
        elif is_kept_from(known[row.document_id], row.target, held, who):
            checked.problems.append(Problem(row.sheet, row.number, VALUE, "keyed_before"))
        else:
            checked.requested.append(requested)
    for row in rows:
        if row.document_id == EVERY_PAPER:
            _check_unit(workspace, batch, row, known, papers, checked, as_of)
    return checked._replace(already=already, again=again)


def _check_unit(
    workspace: Workspace,
    batch: str,
    row: Row,
    known: Mapping[str, Document],
    answered: Mapping[str, Document],
    checked: _Checked,
    as_of: date,
) -> None:
    """Check the row that gives the unit of all papers without one that have no answer of their own."""
    apart = {requested.document_id for requested in checked.requested if requested.target == UNIT}
    papers = [paper for paper in known.values() if paper.id not in apart]
    sheet = batches.batch(workspace.database, batch).sheet
    if row.value is None:
        checked.problems.append(
            Problem(row.sheet, row.number, VALUE, "value_missing", {"answer": row.answer})
        )
        return
    try:
        checked.requested.extend(
            requested_units(papers, row.value, answered, sheet, workspace.rules.book, as_of, row.note)
        )
    except WrongAnswer as error:
        problem = f"answer_{error.problem}"
        checked.problems.append(Problem(row.sheet, row.number, VALUE, problem, dict(error.params)))


def _is_known(requested: Requested, paper: Document, held: Mapping[str, Decision], who: str) -> bool:
    """Whether the answer is in force already, or is what this person keyed beside another's.

    Of a value that another person is still to key, only who keyed it is told so: it would tell whether they agree.
    """
    if keying_of(paper, requested.target) is not None and who not in keyed_by(held, requested.target):
        return False
    answer = (requested.action, requested.value)
    known, second = held.get(requested.target), held.get(keyed_second(requested.target))
    if known is not None and (known.action, known.value) == answer:
        return True
    return second is not None and (second.action, second.value, second.operator) == (*answer, who)


def _with(paper: Document, requested: Requested) -> Document:
    """The paper with an answer applied that the checks of later answers depend on: kind, issue date or agency."""
    if requested.target == KIND:
        return paper.model_copy(update={"kind": requested.value})
    held = paper.fields.get(requested.target)
    if requested.target not in {"issue_date", "agency"}:
        return paper
    place = held.model_copy(update={"value": requested.value}) if held else Field(value=requested.value)
    dated = {**paper.fields, requested.target: place}
    return paper.model_copy(update={"fields": dated})


def _stranger(workspace: Workspace, batch: str, row: Row) -> Problem:
    found = documents.find(workspace.database, row.document_id)
    if found:
        params = {"other": found[0].batch, "batch": batch}
        return Problem(row.sheet, row.number, IDENTITY, "other_batch", params)
    return Problem(row.sheet, row.number, IDENTITY, "document_absent")


def _stale(row: Row, paper: Document) -> Problem:
    hidden = keying_of(paper, row.target) is not None
    now = (None if hidden else current_value(paper, row.target)) or "–"
    shown = mask_identifier(now) if row.target.endswith("_id") else now
    return Problem(row.sheet, row.number, READ, "stale", {"now": shown})


def _requested(
    row: Row, paper: Document, stored: Document, rules: Rulebook, as_of: date
) -> Requested | Problem:
    """The decision that a row requests, or its problem."""

    def wrong(column: str, problem: str, **params: Any) -> Problem:
        return Problem(row.sheet, row.number, column, problem, params)

    if row.target == NOTHING:
        return wrong(VALUE, "not_answerable")
    if picture_of(row.target):
        if row.answer != PICTURE_FINE or row.value is not None:
            choices = f"{PICTURE_FINE}, {SCAN_AGAIN}"
            return wrong(ANSWER, "answer_unknown", value=row.answer or str(row.value), choices=choices)
        return Requested(row.document_id, row.target, Action.ACCEPT, None, row.note)
    if row.answer not in {"", READ_RIGHT, AS_PRINTED, NOT_THERE}:
        choices = ", ".join((READ_RIGHT, AS_PRINTED, NOT_THERE))
        return wrong(ANSWER, "answer_unknown", value=row.answer, choices=choices)
    try:
        check_target(row.target, paper, rules)
    except WrongAnswer:
        return wrong(IDENTITY, "identity_damaged")
    read = None if keying_of(stored, row.target) is not None else current_value(stored, row.target)
    if row.value is not None:
        return _typed(row, paper, read, rules, as_of)
    if row.answer == NOT_THERE:
        if row.target in OF_PAPER:
            return wrong(ANSWER, "not_absent")
        return Requested(row.document_id, row.target, Action.ABSENT, None, row.note)
    if read is None and row.prefill is not None:
        answer = "" if row.answer == READ_RIGHT else row.answer
        return _typed(row._replace(value=row.prefill, answer=answer), paper, read, rules, as_of)
    if read is None:
        if row.answer == READ_RIGHT and keying_of(stored, row.target) is not None:
            return wrong(VALUE, "keyed_unseen", answer=row.answer)
        problem = "nothing_read" if row.answer == READ_RIGHT else "value_missing"
        return wrong(VALUE, problem, answer=row.answer)
    return Requested(row.document_id, row.target, Action.SET, read, row.note)


def _typed(row: Row, paper: Document, read: str | None, rules: Rulebook, as_of: date) -> Requested | Problem:
    try:
        value = read_answer(row.value, row.target, paper, rules, as_of, sure=row.answer == AS_PRINTED)
    except WrongAnswer as error:
        problem = f"answer_{error.problem}"
        return Problem(row.sheet, row.number, VALUE, problem, dict(error.params))
    if row.answer == NOT_THERE or (row.answer == READ_RIGHT and value != read):
        return Problem(row.sheet, row.number, ANSWER, "contradiction", {"answer": row.answer})
    return Requested(row.document_id, row.target, Action.SET, value, row.note)
