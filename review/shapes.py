"""Questions and outcomes as JSON, in the shapes of docs/review.md; keys may be added but not changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from review.deciding import Applied
from review.filled import Problem
from review.importing import Imported
from review.keying import without_blind
from review.questions import Question, Waiting
from schemas.findings import Finding
from schemas.review import Decision
from schemas.second_keying import blind_fields
from schemas.wording import render, text


def _reason(finding: Finding, lang: str) -> dict[str, Any]:
    message, remedy = render(finding, lang)
    return {"rule": finding.rule, "severity": str(finding.severity), "message": message, "remedy": remedy}


def question_json(question: Question, lang: str) -> dict[str, Any]:
    """One question."""
    return {
        "target": question.target,
        "value": question.value,
        "raw": question.raw,
        "confidence": question.confidence,
        "page": question.page,
        "box": list(question.box) if question.box else None,
        "required": question.required,
        "reasons": [_reason(reason, lang) for reason in question.reasons],
        **({"answers": list(question.answers)} if question.answers else {}),
    }


def waiting_json(paper: Waiting, lang: str) -> dict[str, Any]:
    """One paper that waits."""
    document = paper.row.document
    return {
        "id": document.id,
        "batch": paper.row.batch,
        "file": paper.row.file,
        "pages": list(document.pages),
        "version": paper.row.version,
        "kind": document.kind,
        "route": str(document.route),
        "code": paper.row.code,
        "lacks": list(paper.lacks),
        "questions": [question_json(question, lang) for question in paper.questions],
    }


def paper_json(paper: Waiting, history: Sequence[Decision], lang: str) -> dict[str, Any]:
    """One paper with its values and all decisions about it."""
    document = paper.row.document
    hidden = blind_fields(document)
    return {
        **waiting_json(paper, lang),
        "unit": document.unit,
        "level": document.level,
        "result_type": document.result_type.value if document.result_type else None,
        "candidates": list(document.result_type.candidates) if document.result_type else [],
        "validity": str(document.validity.state),
        "fields": {
            name: {
                "value": None if name in hidden else field.value,
                "raw": None if name in hidden else field.raw,
                "confidence": None if name in hidden else field.confidence,
                "source": field.source,
            }
            for name, field in document.fields.items()
        },
        "decisions": [decision.model_dump(mode="json") for decision in without_blind(document, history)],
    }


def applied_json(applied: Applied, lang: str) -> dict[str, Any]:
    """Outcome for one paper."""
    after = applied.after
    return {
        "id": after.document.id,
        "file": applied.before.file,
        "decisions": len(applied.decisions),
        "route": str(after.document.route),
        "code": after.code,
        "new_code": after.new_code,
        "linked_to": after.linked_to,
        "findings": [
            _reason(finding, lang) for finding in after.document.findings if finding.severity != "info"
        ],
    }


def problem_text(problem: Problem, lang: str) -> str:
    """Problem of a cell and its remedy."""
    params = dict(problem.params)
    if problem.problem == "workbook":
        params["reason"] = text(f"review_wrong.file_{params['reason']}", lang)
    section = (
        "error"
        if problem.problem.startswith("answer_") and problem.problem != "answer_unknown"
        else "review_wrong"
    )
    return text(f"{section}.{problem.problem}", lang, **params)


def imported_json(imported: Imported, workbook: str, lang: str) -> dict[str, Any]:
    """Outcome of an import."""
    return {
        "workbook": workbook,
        "batch": imported.batch,
        "rows": {
            "answered": imported.answered,
            "unanswered": imported.unanswered,
            "already": imported.already,
            "rescan": imported.again,
        },
        "papers": [applied_json(paper, lang) for paper in imported.applied],
        "problems": [
            {
                "sheet": problem.sheet,
                "row": problem.row,
                "column": problem.column,
                "problem": problem.problem,
                "message": problem_text(problem, lang),
            }
            for problem in imported.problems
        ],
    }
