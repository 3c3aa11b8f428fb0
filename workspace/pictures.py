"""Renders pages of stored originals: downloads an original once and draws its pages in workers."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import structlog

from extractors.bundle import unpack
from extractors.facsimile import Facsimile, Piece, identifier_boxes
from schemas.documents import Document
from schemas.errors import SourceError
from schemas.masking import holds_identifier
from schemas.reading import Box, Format, PageReading, PageSource, Rotation
from storage.catalogue import originals
from storage.objects import keys
from workspace.opening import Workspace
from workspace.substitutes import fetched, substitutes_of

T = TypeVar("T")
log = structlog.get_logger(__name__)
_GRACE_SECONDS = 5.0


class LaidOut(NamedTuple):
    """An original prepared for reading: the files of its pages, empty if it cannot be opened."""

    files: tuple[tuple[str, Format], ...]
    pages: dict[int, PageSource]

    def place(self, page: int) -> tuple[str, Format, PageSource]:
        """File, format and page there of a page of the original."""
        source = self.pages[page]
        path, kind = self.files[source.member or 0]
        if source.member is not None:
            source = source.model_copy(update={"number": source.member_page})
        return path, kind, source


class PageView(NamedTuple):
    """What to draw of one page: rotation, pieces, boxes to cover, and boxes whose positions to return."""

    rotation: Rotation
    pieces: Sequence[Piece]
    covered: Sequence[Box] = ()
    marks: Sequence[Box] = ()


@contextmanager
def laid_out(workspace: Workspace, sha256: str) -> Iterator[LaidOut]:
    """An original's files for as long as they are needed.

    Raises:
        StoreError: it is gone or damaged.
    """
    folder = workspace.staging / f"pages-{sha256[:16]}"
    folder.mkdir(exist_ok=True)
    try:
        yield _open(workspace, sha256, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _open(workspace: Workspace, sha256: str, folder: Path) -> LaidOut:
    original = originals.find(workspace.database, sha256)
    if original is None or original.page_list is None:
        return LaidOut((), {})
    path = folder / "original"
    workspace.store.get(keys.original(sha256), path)
    kind = Format(original.format)
    pages = {page.number: page for page in original.page_list.pages}
    files: tuple[tuple[str, Format], ...] = ((str(path), kind),)
    if kind is Format.BUNDLE:
        files = tuple((member.path, member.format) for member in unpack(path, folder))
    others = (fetched(workspace, other, folder) for other in substitutes_of(original.page_list.pages))
    return LaidOut((*files, *((other.path, other.format) for other in others)), pages)


def drawn(workspace: Workspace, sha256: str, views: Mapping[int, PageView]) -> dict[int, list[Facsimile]]:
    """Pictures of an original's pages, by page; pages that can no longer be drawn are absent.

    Raises:
        StoreError: the original is gone or damaged.
    """
    from extractors.facsimile import draw  # noqa: PLC0415 - OpenCV: only where pages are drawn

    arguments = {
        page: (view.rotation, list(view.pieces), list(view.covered), list(view.marks))
        for page, view in views.items()
    }
    return on_pages(workspace, sha256, draw, arguments)


def on_pages(
    workspace: Workspace, sha256: str, draw: Callable[..., list[T]], views: Mapping[int, tuple[Any, ...]]
) -> dict[int, list[T]]:
    """Draw pages of an original in the workers; pages that can no longer be drawn are absent.

    Args:
        workspace: the opened home.
        sha256: the original.
        draw: takes a page's file, format, source, reading profile and limits, and what `views` has of it.
        views: remaining arguments of `draw`, by page.

    Raises:
        StoreError: the original is gone or damaged.
    """
    if not views:
        return {}
    rules = workspace.rules
    with laid_out(workspace, sha256) as opened:
        waiting = {
            page: workspace.pool.submit(
                draw,
                (*opened.place(page), rules.reading, rules.limits, *view),
                rules.limits.page_seconds + _GRACE_SECONDS,
            )
            for page, view in views.items()
            if page in opened.pages
        }
        found = {}
        for page, future in waiting.items():
            try:
                found[page] = future.result()
            except SourceError as error:
                log.warning("no picture", sha256=sha256, page=page, rule=error.rule)
        return found


def to_cover(papers: Iterable[Document], reading: PageReading) -> list[Box]:
    """Boxes to cover if identifiers are hidden: fields that hold one, and words that look like one."""
    fields = [
        field.box
        for paper in papers
        for name, field in paper.fields.items()
        if holds_identifier(name) and field.box and field.page == reading.number
    ]
    return [*fields, *identifier_boxes(reading)]
