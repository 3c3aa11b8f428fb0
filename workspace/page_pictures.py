"""One page of a paper as a picture for the screen, and where its fields lie on it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final, NamedTuple

from extractors.facsimile import Facsimile, Piece
from schemas.reading import Box, PageReading
from storage.catalogue.documents import DocumentRow
from workspace.opening import Workspace
from workspace.pictures import PageView, drawn, to_cover

WIDTH: Final = 1500  # letters of 2 mm are then 12 pixels high
_QUALITY: Final = 68


class Frame(NamedTuple):
    """A page as it was turned for reading: number, size in pixels of the scan, and the digest of what it shows."""

    page: int
    width: int
    height: int
    digest: str


class Place(NamedTuple):
    """A box on a turned page, in shares of its width and height."""

    left: float
    top: float
    width: float
    height: float


def readings_of(workspace: Workspace, row: DocumentRow) -> Mapping[int, PageReading]:
    """Readings of a paper's pages, by number; those that are kept."""
    kept = workspace.ledger.readings(row.document.sha256, row.digests.reading)
    return {page: kept[page] for page in row.document.pages if page in kept}


def frame_of(row: DocumentRow, reading: PageReading) -> Frame:
    """The page as it is shown. Its digest changes with the original, the reading, and what is covered of it."""
    size = (reading.width, reading.height)
    width, height = size if reading.rotation in {0, 180} else size[::-1]
    told = [row.document.sha256, row.digests.reading, reading.number, reading.rotation, row.version]
    digest = hashlib.sha256(repr(told).encode()).hexdigest()[:16]
    return Frame(reading.number, width, height, digest)


def place_of(box: Box, reading: PageReading) -> Place:
    """A box of a field on the page as it is shown."""
    from extractors.crops import turn  # noqa: PLC0415 - OpenCV: only where pages are shown

    turned = turn(box, reading.width, reading.height, reading.rotation)
    across = reading.rotation in {90, 270}
    width, height = (reading.height, reading.width) if across else (reading.width, reading.height)
    return Place(turned.left / width, turned.top / height, turned.width / width, turned.height / height)


def page_picture(workspace: Workspace, row: DocumentRow, page: int, *, hide: bool) -> Facsimile | None:
    """A page at reading size; None where it cannot be drawn, or its identifiers could not be found to be covered.

    Raises:
        StoreError: the original is gone or damaged.
    """
    reading = readings_of(workspace, row).get(page)
    if reading is None and hide:
        return None
    view = PageView(
        rotation=reading.rotation if reading else 0,
        pieces=[Piece(None, WIDTH, _QUALITY)],
        covered=to_cover([row.document], reading) if hide and reading else (),
    )
    # Two requests for pages of one original would lay it out in one folder.
    with workspace.document_locks.hold(row.document.sha256):
        found = drawn(workspace, row.document.sha256, {page: view})
    return found[page][0] if page in found else None
