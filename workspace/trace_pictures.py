"""Pictures of the pages of traced papers, identifiers painted over unless they were asked for."""

from __future__ import annotations

from typing import Final

from extractors.facsimile import Facsimile, Piece
from schemas.documents import Document
from schemas.errors import StoreError
from schemas.reading import Box, PageReading
from schemas.traces import PagePicture
from storage.catalogue.history import History
from workspace.opening import Workspace
from workspace.pictures import PageView, drawn, to_cover

MOST_PAGES: Final = 24  # of one trace; a page is 60–200 KB
_WIDTH, _QUALITY = 1000, 62


def pictures_of(
    workspace: Workspace, history: History, *, hide: bool
) -> tuple[dict[tuple[str, int], PagePicture], int]:
    """Page pictures by (document id, page), and the maximum number of pages drawn per paper.

    If identifiers are to be hidden, pages without a reading are skipped: their identifiers cannot be located.
    """
    each_paper = max(1, MOST_PAGES // max(1, len(history.papers)))
    papers = [paper.row.document for paper in history.papers]
    words: dict[str, dict[int, PageReading]] = {}
    owners: dict[int, Document] = {}
    views: dict[int, PageView] = {}
    for row in [paper.row for paper in history.papers[:MOST_PAGES]]:
        if row.digests.reading not in words:
            words[row.digests.reading] = workspace.ledger.readings(history.sha256, row.digests.reading)
        for page in row.document.pages[:each_paper]:
            reading = words[row.digests.reading].get(page)
            if reading is None and hide:
                continue
            owners[page] = row.document
            views[page] = PageView(
                rotation=reading.rotation if reading else 0,
                pieces=[Piece(None, _WIDTH, _QUALITY)],
                covered=to_cover(papers, reading) if hide and reading else (),
                marks=[box for _, box in _marks(row.document, page)],
            )
    try:
        pictures = drawn(workspace, history.sha256, views)
    except StoreError:
        return {}, each_paper  # the trace itself says that the original is gone or damaged
    return {
        (owners[page].id, page): PagePicture(
            picture.jpeg, picture.width, picture.height, _named(owners[page], page, picture)
        )
        for page, (picture,) in pictures.items()
    }, each_paper


def _named(paper: Document, page: int, picture: Facsimile) -> dict[str, Box]:
    """Boxes of a page's fields in its picture, by field name."""
    return {name: box for (name, _), box in zip(_marks(paper, page), picture.marks, strict=True)}


def _marks(document: Document, page: int) -> list[tuple[str, Box]]:
    return [
        (name, field.box)
        for name, field in document.fields.items()
        if field.page == page and field.box is not None
    ]
