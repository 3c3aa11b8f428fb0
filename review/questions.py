"""Questions to a person about a paper: one per value, with reasons.

A question is answered by a decision about its target. A problem that no decision can fix (a lost page, a broken
rendition) is a question without an answer, shown to explain why the paper waits.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from schemas.documents import Document, Route
from schemas.findings import Finding, Severity, finding
from schemas.reading import Box
from schemas.review import (
    ACCEPTANCE,
    CLOSING,
    KEYED_AGAIN,
    KEYINGS_DIFFER,
    KIND,
    RESULT_TYPE,
    SAME_AS,
    UNIT,
    VALIDITY,
    Action,
    Decision,
    is_closed,
    keyed_second,
    picture,
    picture_of,
)
from schemas.routing import about_picture, lacks
from schemas.rules import Rulebook
from schemas.second_keying import keying_of
from storage.catalogue import batches, decisions, documents
from storage.catalogue.database import Database
from storage.catalogue.documents import DocumentRow

_ABOUT_FIELD: Final = frozenset(
    {
        "field_missing",
        "field_unread",
        "field_uncertain",
        "field_written",
        *KEYED_AGAIN,
        "field_malformed",
        "field_conflict",
        "register_contradicts",
        "name_contradicts",
        "order_contradicts",
        "date_in_future",
    }
)
_CODE_PARTS: Final = {"owner": "owner_id", "result_type": RESULT_TYPE, "number": "number"}
# If the kind is unknown, only the person can tell if the paper has an owner.
_UNKNOWN_KIND_TOO: Final = ("owner_name", "owner_id")
_FIRST: Final = (
    KIND,
    RESULT_TYPE,
    "number",
    "issue_date",
    "agency",
    "owner_name",
    "owner_id",
    "birth_date",
    UNIT,
)
# The catalogue refused a code for a reason that no decision about a value can fix.
_REFUSED: Final = frozenset({"code_voided", "code_part_differs"})
NOTHING: Final = "-"


class Question(NamedTuple):
    """A question to a person.

    Attributes:
        document_id: the paper.
        target: as in `schemas.review.Decision`; `-` if no decision helps.
        value, raw, confidence, page, box: what was read, as `schemas.documents.Field` has it.
        reasons: the findings behind it.
        required: True if the paper waits for it.
        keying: `KEYED_BLIND` or `KEYINGS_DIFFER` where a person who has not keyed it keys it; what is known is not shown.
        answers: the two answers that differ.
    """

    document_id: str
    target: str
    value: str | None
    raw: str | None
    confidence: float | None
    page: int | None
    box: Box | None
    reasons: tuple[Finding, ...]
    required: bool
    keying: str = ""
    answers: tuple[str | None, ...] = ()

    @property
    def shown(self) -> str:
        """Digest of the displayed question, used to detect later changes."""
        plain = [self.document_id, self.target, self.value, self.raw, self.page]
        plain += [self.keying] if self.keying else []
        return hashlib.sha256(json.dumps(plain, ensure_ascii=False).encode()).hexdigest()[:12]


class Waiting(NamedTuple):
    """A paper that waits for a person: `lacks` lists what prevents acceptance."""

    row: DocumentRow
    questions: tuple[Question, ...]
    lacks: tuple[str, ...]
    decided: Mapping[str, Decision]


def waiting(
    database: Database, batch: str | None, rules: Rulebook, *, every: bool = False, closed: bool = False
) -> list[Waiting]:
    """Papers that wait for a person.

    Args:
        database: the catalogue.
        batch: name of the batch, None for all of them.
        rules: kinds and thresholds.
        every: doubtful values of accepted papers too.
        closed: instead, papers that a person closed without a code.

    Raises:
        UsageError: there is no such batch.
    """
    names = (
        [batches.batch(database, batch).name] if batch else [row.name for row in batches.batches(database)]
    )
    found = []
    for name in names:
        rows = documents.of_batch(database, name)
        files = batches.files(database, name)
        by_document = decisions.of_documents(database, [row.document.id for row in rows])
        for row in rows:
            if row.document.route is Route.ACCEPTED and not every:
                continue
            if (
                is_closed({decision.target: decision for decision in by_document.get(row.document.id, ())})
                is not closed
            ):
                continue
            notes = files[row.file].findings if row.file in files else ()
            paper = _waiting(row, notes, by_document.get(row.document.id, ()), rules)
            if paper.questions or row.document.route is not Route.ACCEPTED:
                found.append(paper)
    return found


def waiting_paper(database: Database, identifier: str, rules: Rulebook) -> Waiting:
    """One paper with its questions, whatever its route.

    Raises:
        UsageError: there is no such document, or several.
    """
    row = documents.find_one(database, identifier)
    notes = batches.file_findings(database, [(row.batch, row.file)])
    own_decisions = decisions.of_documents(database, [row.document.id]).get(row.document.id, ())
    return _waiting(row, notes.get((row.batch, row.file), ()), own_decisions, rules)


def waiting_papers(database: Database, ids: Sequence[str], rules: Rulebook) -> dict[str, Waiting]:
    """Papers by id with their questions, whatever their route; those that others replaced are left out."""
    rows = documents.of_ids(database, ids)
    notes = batches.file_findings(database, {(row.batch, row.file) for row in rows.values()})
    held = decisions.of_documents(database, list(rows))
    return {
        own: _waiting(row, notes.get((row.batch, row.file), ()), held.get(own, ()), rules)
        for own, row in rows.items()
    }


def _waiting(
    row: DocumentRow, notes: Sequence[Finding], own_decisions: Sequence[Decision], rules: Rulebook
) -> Waiting:
    decided = {decision.target: decision for decision in own_decisions}
    own = [note for note in notes if note.page in row.document.pages]
    questions = questions_of(row.document, own, decided, rules)
    return Waiting(row, questions, lacks(row.document, rules, _absent(decided)), decided)


def _absent(decided: Mapping[str, Decision]) -> set[str]:
    """Targets that a person marked as absent from the paper."""
    return {target for target, held in decided.items() if held.action is Action.ABSENT}


def questions_of(
    paper: Document, notes: Sequence[Finding], decided: Mapping[str, Decision], rules: Rulebook
) -> tuple[Question, ...]:
    """Questions about one paper, required ones first. `notes` are findings of its pages."""
    absent = _absent(decided)
    lacking = tuple(missing for missing in lacks(paper, rules, absent) if missing != CLOSING)
    # Required values remain questions even if marked absent, to explain why the paper waits.
    asked: dict[str, list[Finding]] = {
        target: [finding("required_absent", field=target)] if target in absent else [] for target in lacking
    }
    if paper.kind is None:
        unknown = finding("kind_unknown")
        asked |= {name: [unknown] for name in _UNKNOWN_KIND_TOO if name not in paper.fields}
    blocked: list[Finding] = []
    for noted in (*paper.findings, *notes):
        targets = _targets(noted)
        for target in targets:
            asked.setdefault(target, []).append(noted)
        if not targets and (noted.severity is Severity.ERROR or noted.rule in _REFUSED):
            blocked.append(noted)
    if "number" in asked:
        asked.pop("notation", None)  # part of the number: answering one answers both
    open_now = {
        target: why for target, why in asked.items() if _is_open(target, why, decided.get(target), lacking)
    }
    order = {target: at for at, target in enumerate((*lacking, *_FIRST))}
    names = sorted(open_now, key=lambda target: (target not in lacking, order.get(target, 99), target))
    questions = [
        _with_answers(_question(paper, target, tuple(open_now[target]), target in lacking), decided)
        for target in names
    ]
    questions += [
        Question(paper.id, NOTHING, None, None, None, noted.page, None, (noted,), True) for noted in blocked
    ]
    if not questions and paper.route is Route.REVIEW and not is_closed(decided):
        # Rules have changed since: a decision about the kind triggers new analysis and routing.
        questions.append(_question(paper, KIND, (), required=True))
    return tuple(questions)


def _targets(noted: Finding) -> tuple[str, ...]:
    if noted.rule in _ABOUT_FIELD:
        named = [str(noted.params[key]) for key in ("field", "other") if noted.params.get(key)]
        return tuple("number" if name == "code" else name for name in named)
    if noted.rule == "kind_unknown":
        return (KIND,)
    if noted.rule == "result_code_ambiguous":
        return (RESULT_TYPE,)
    if noted.rule == "unit_unresolved":
        return (UNIT,)
    if noted.rule == "possible_duplicate":
        return (SAME_AS,)
    if noted.rule == "acceptance_awaited":
        return (ACCEPTANCE,)
    if noted.rule == "code_part_differs":
        # A component's procedure and code are the batch sheet's word, which no answer about a field changes.
        target = _CODE_PARTS.get(str(noted.params["part"]))
        return (target,) if target else ()
    if noted.severity is Severity.ERROR and about_picture(noted) and noted.page:
        return (picture(noted.rule, noted.page),)
    return ()


def _is_open(target: str, why: Sequence[Finding], held: Decision | None, lacking: Sequence[str]) -> bool:
    """True if a target is undecided, still conflicts with something, or is still lacking."""
    if held is None:
        return True
    if any(reason.rule in {"code_part_differs", "field_conflict"} for reason in why):
        return True
    return target in lacking


def _question(paper: Document, target: str, why: tuple[Finding, ...], required: bool) -> Question:
    of_picture = picture_of(target)
    if of_picture is not None:
        return Question(paper.id, target, None, None, None, of_picture[1], None, why, True)
    if target in {KIND, RESULT_TYPE, UNIT, VALIDITY, SAME_AS, ACCEPTANCE}:
        first = paper.pages[0] if paper.pages else None
        value = current_value(paper, target)
        confidence = paper.kind_confidence if target == KIND else None
        box = (
            paper.fields["document_type"].box if target == KIND and "document_type" in paper.fields else None
        )
        return Question(paper.id, target, value, None, confidence, first, box, why, required)
    field = paper.fields.get(target)
    if not why:
        why = (
            finding("field_missing" if field is None else "field_uncertain", field=target, confidence=0.0),
        )
    if field is None:
        return Question(paper.id, target, None, None, None, paper.pages[0], None, why, required)
    page = field.page or paper.pages[0]
    if (keying := keying_of(paper, target)) is not None:
        # Neither what was read, which the first answer may repeat, nor how sure it was: the image alone.
        own = tuple(reason for reason in why if reason.rule == keying)
        return Question(paper.id, target, None, None, None, page, field.box, own, required, keying)
    return Question(
        paper.id, target, field.value, field.raw, field.confidence, page, field.box, why, required
    )


def _with_answers(question: Question, decided: Mapping[str, Decision]) -> Question:
    """A question with the two answers between which a third person decides."""
    if question.keying != KEYINGS_DIFFER:
        return question
    both = (decided[question.target], decided[keyed_second(question.target)])
    return question._replace(answers=tuple(each.value for each in both))


def shown_of(paper: Document, target: str) -> str:
    """Digest of what a question about a target would show now."""
    return _question(paper, target, (), False).shown


def current_value(paper: Document, target: str) -> str | None:
    """Current value of a target."""
    if target == KIND:
        return paper.kind
    if target == RESULT_TYPE:
        return paper.result_type.value if paper.result_type else None
    if target == UNIT:
        return paper.unit
    if target == VALIDITY:
        return str(paper.validity.state)
    if target in {SAME_AS, ACCEPTANCE}:
        return None
    return paper.value(target)
