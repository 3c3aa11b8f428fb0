"""Crops for questions: opens a stored original once and cuts its pages in the workers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import structlog

from review.questions import Question, Waiting
from schemas.errors import StoreError
from workspace.opening import Workspace
from workspace.pictures import on_pages

log = structlog.get_logger(__name__)
_LOST: Final = frozenset({"object_absent", "object_damaged"})


def pictures_of(
    workspace: Workspace, papers: Sequence[Waiting], on_paper: Callable[[], None] = lambda: None
) -> dict[tuple[str, str, int], bytes]:
    """A JPEG per question, by (document, target, page); pages that can no longer be drawn have none.

    An original that is gone or damaged takes the pictures of its own papers only; `verify` names it.

    Raises:
        StoreError: the store cannot be reached.
    """
    found: dict[tuple[str, str, int], bytes] = {}
    for sha256 in dict.fromkeys(paper.row.document.sha256 for paper in papers):
        own = [paper for paper in papers if paper.row.document.sha256 == sha256]
        found |= _of_original(workspace, sha256, [question for paper in own for question in paper.questions])
        for _ in own:
            on_paper()
    return found


def _of_original(
    workspace: Workspace, sha256: str, questions: Sequence[Question]
) -> dict[tuple[str, str, int], bytes]:
    asked: dict[int, list[Question]] = {}
    for question in questions:
        if question.page:
            asked.setdefault(question.page, []).append(question)
    if not asked:
        return {}
    from extractors.crops import cut_page  # noqa: PLC0415 - OpenCV: only where pictures are cut

    facts = workspace.ledger.facts(sha256)
    views = {
        page: (facts[page].rotation if page in facts else 0, [question.box for question in asked[page]])
        for page in asked
    }
    try:
        cut = on_pages(workspace, sha256, cut_page, views)
    except StoreError as error:
        if error.remedy not in _LOST:
            raise
        log.warning("no picture", sha256=sha256, reason=str(error))
        return {}
    return {
        (question.document_id, question.target, page): piece
        for page, pieces in cut.items()
        for question, piece in zip(asked[page], pieces, strict=True)
    }
