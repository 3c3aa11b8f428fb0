"""Crops for questions: opens a stored original once and cuts its pages in the workers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from review.questions import Question, Waiting
from workspace.opening import Workspace
from workspace.pictures import on_pages


def pictures_of(
    workspace: Workspace, papers: Sequence[Waiting], on_paper: Callable[[], None] = lambda: None
) -> dict[tuple[str, str, int], bytes]:
    """A JPEG per question, by (document, target, page); pages that can no longer be drawn have none.

    Raises:
        StoreError: an original is gone or damaged.
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
    return {
        (question.document_id, question.target, page): piece
        for page, pieces in on_pages(workspace, sha256, cut_page, views).items()
        for question, piece in zip(asked[page], pieces, strict=True)
    }
