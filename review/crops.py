"""Crops for questions: opens a stored original once and cuts its pages in the workers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future

import structlog

from review.questions import Question, Waiting
from schemas.errors import SourceError
from schemas.reading import Box, Rotation
from workspace.opening import Workspace
from workspace.pictures import LaidOut, laid_out

log = structlog.get_logger(__name__)
_GRACE_SECONDS = 5.0


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
    with laid_out(workspace, sha256) as opened:
        facts = workspace.ledger.facts(sha256)
        waiting = {
            page: _submit(workspace, opened, page, facts[page].rotation if page in facts else 0, asked[page])
            for page in asked
            if page in opened.pages
        }
        found = {}
        for page, future in waiting.items():
            try:
                pieces = future.result()
            except SourceError as error:
                log.warning("no picture", sha256=sha256, page=page, rule=error.rule)
                continue
            for question, piece in zip(asked[page], pieces, strict=True):
                found[question.document_id, question.target, page] = piece
        return found


def _submit(
    workspace: Workspace, opened: LaidOut, page: int, rotation: Rotation, questions: Sequence[Question]
) -> Future[list[bytes]]:
    path, kind, source = opened.place(page)
    boxes: Sequence[Box | None] = [question.box for question in questions]
    arguments = (path, kind, source, workspace.rules.reading, workspace.rules.limits, rotation, boxes)
    seconds = workspace.rules.limits.page_seconds + _GRACE_SECONDS
    from extractors.crops import cut_page  # noqa: PLC0415 - OpenCV: only where pictures are cut

    return workspace.pool.submit(cut_page, arguments, seconds)
