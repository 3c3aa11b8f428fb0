"""Pictures for questions: the stored original opened once, its pages cut in the workers that read them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import NamedTuple

import structlog

from extractors.bundle import unpack
from flows.house import House
from flows.review.questions import Question, Waiting
from schemas.errors import SourceError
from schemas.reading import Box, Format, PageSource
from storage.catalogue import batches
from storage.objects import keys

log = structlog.get_logger(__name__)
_GRACE = 5.0


class _File(NamedTuple):
    """An original laid out for reading: the files that its pages lie in."""

    files: tuple[tuple[str, Format], ...]
    pages: dict[int, PageSource]


def pictures_of(
    house: House, papers: Sequence[Waiting], on_paper: Callable[[], None] = lambda: None
) -> dict[tuple[str, str, int], bytes]:
    """A JPEG for each question, by (document, target, page); a page that cannot be shown any more has none.

    Raises:
        StoreError: an original is gone or damaged.
    """
    found: dict[tuple[str, str, int], bytes] = {}
    for sha256 in dict.fromkeys(paper.row.document.sha256 for paper in papers):
        own = [paper for paper in papers if paper.row.document.sha256 == sha256]
        found |= _of_original(house, sha256, [each for paper in own for each in paper.questions])
        for _ in own:
            on_paper()
    return found


def _of_original(
    house: House, sha256: str, questions: Sequence[Question]
) -> dict[tuple[str, str, int], bytes]:
    asked: dict[int, list[Question]] = {}
    for each in questions:
        if each.page:
            asked.setdefault(each.page, []).append(each)
    if not asked:
        return {}
    folder = house.staging / f"crops-{sha256[:16]}"
    folder.mkdir(exist_ok=True)
    try:
        opened = _open(house, sha256, folder)
        facts = house.ledger.facts(sha256)
        waiting = {
            page: _submit(house, opened, page, facts[page].rotation if page in facts else 0, asked[page])
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
    finally:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


def _open(house: House, sha256: str, folder: Path) -> _File:
    original = batches.original(house.database, sha256)
    if original is None or original.page_list is None:
        return _File((), {})
    path = folder / "original"
    house.store.get(keys.original(sha256), path)
    kind = Format(original.format)
    pages = {page.number: page for page in original.page_list.pages}
    if kind is not Format.BUNDLE:
        return _File(((str(path), kind),), pages)
    return _File(tuple((member.path, member.format) for member in unpack(path, folder)), pages)


def _submit(
    house: House, opened: _File, page: int, rotation: int, questions: Sequence[Question]
) -> Future[list[bytes]]:
    source = opened.pages[page]
    path, kind = opened.files[source.member or 0]
    if source.member is not None:
        source = source.model_copy(update={"number": source.member_page})
    boxes: list[Box | None] = [question.box for question in questions]
    arguments = (path, kind, source, house.rules.reading, house.rules.limits, rotation, boxes)
    seconds = house.rules.limits.page_seconds + _GRACE
    return house.pool.submit("extractors.crops:cut_page", arguments, seconds)
