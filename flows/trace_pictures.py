"""Pictures of the pages of traced papers, identifiers painted over unless they were asked for."""

from __future__ import annotations

from typing import Final

from extractors.facsimile import Piece
from flows.house import House
from flows.pictures import PageWanted, drawn, to_cover
from schemas.documents import Document
from schemas.errors import StoreError
from schemas.reading import Box, PageReading
from schemas.traces import PagePicture
from storage.catalogue.history import History, PaperHistory

MOST_PAGES: Final = 24  # of one trace; a page is 60–200 KB
_WIDTH, _QUALITY = 1000, 62


def pictures_of(
    house: House, history: History, *, hide: bool
) -> tuple[dict[tuple[str, int], PagePicture], int]:
    """A picture of each page, by (document id, page), and of how many pages of each paper they were wanted.

    A page whose words are gone has none where identifiers are to be hidden: nobody knows what to paint over.
    """
    each_paper = max(1, MOST_PAGES // max(1, len(history.papers)))
    found: dict[tuple[str, int], PagePicture] = {}
    papers = [each.row.document for each in history.papers]
    for paper in history.papers[:MOST_PAGES]:
        found |= _of_paper(house, history.sha256, paper, papers, each_paper, hide=hide)
    return found, each_paper


def _of_paper(
    house: House, sha256: str, paper: PaperHistory, papers: list[Document], most: int, *, hide: bool
) -> dict[tuple[str, int], PagePicture]:
    document = paper.row.document
    read = house.ledger.readings(sha256, paper.row.digests.reading)
    marks = {page: _marks(document, page) for page in document.pages[:most]}
    wanted = {
        page: _wanted(read.get(page), papers, [box for _, box in marks[page]], hide=hide)
        for page in marks
        if page in read or not hide
    }
    try:
        pictures = drawn(house, sha256, wanted)
    except StoreError:
        return {}  # the trace itself says that the original is gone or damaged
    return {
        (document.id, page): PagePicture(
            each.jpeg,
            each.width,
            each.height,
            {name: box for (name, _), box in zip(marks[page], each.marks, strict=True)},
        )
        for page, (each,) in pictures.items()
    }


def _wanted(
    reading: PageReading | None, papers: list[Document], boxes: list[Box], *, hide: bool
) -> PageWanted:
    return PageWanted(
        rotation=reading.rotation if reading else 0,
        pieces=[Piece(None, _WIDTH, _QUALITY)],
        covered=to_cover(papers, reading) if hide and reading else (),
        marks=boxes,
    )


def _marks(document: Document, page: int) -> list[tuple[str, Box]]:
    return [
        (name, field.box)
        for name, field in document.fields.items()
        if field.page == page and field.box is not None
    ]
