"""Small pictures for a batch's report: the first examples of each error and warning, identifiers painted over.

Bounded in number and size. They are kept beside the report by what they show, so that a report written again draws
only what is new; what the report shows no longer is deleted.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from extractors.facsimile import Piece
from schemas.documents import Document
from schemas.errors import StoreError
from schemas.findings import Finding, Severity
from schemas.masking import holds_identifier
from schemas.reading import Box, PageReading, PageState
from schemas.reports import Example
from storage.catalogue.batches import FileRow
from storage.catalogue.documents import DocumentRow
from workspace.opening import Workspace
from workspace.pictures import PageWanted, drawn, to_cover

log = structlog.get_logger(__name__)
MOST_OF_A_RULE: Final = 2
MOST: Final = 16
_CROP, _PAGE = 420, 200  # pixels wide
_QUALITY: Final = 64


class _Chosen(NamedTuple):
    rule: str
    row: DocumentRow
    page: int
    box: Box | None


class _Placed(NamedTuple):
    """A chosen example, where its picture is kept, and how to draw it."""

    chosen: _Chosen
    path: Path
    wanted: PageWanted


def examples(
    workspace: Workspace, rows: Sequence[DocumentRow], files: Sequence[FileRow], folder: Path
) -> tuple[Example, ...]:
    """The examples of a batch's report; where an original cannot be shown, its are left out.

    Args:
        workspace: the opened home.
        rows: the batch's documents, in their order.
        files: its files, for what was found on pages before they became documents.
        folder: where pictures are kept; the report's own.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    placed = _placed(workspace, _chosen(rows, files), rows, folder)
    kept = {each.path.name for each in placed}
    for path in folder.iterdir():
        if path.name not in kept:
            path.unlink()
    for sha256 in dict.fromkeys(each.chosen.row.document.sha256 for each in placed):
        own = [each for each in placed if each.chosen.row.document.sha256 == sha256]
        _draw(workspace, sha256, [each for each in own if not each.path.exists()])
    return tuple(
        Example(each.chosen.rule, each.chosen.row.file, each.chosen.page, each.path.read_bytes())
        for each in placed
        if each.path.exists()
    )


def _chosen(rows: Sequence[DocumentRow], files: Sequence[FileRow]) -> list[_Chosen]:
    """The first examples of each rule, errors before warnings, in the order of the papers."""
    noted = {file.sha256: file.findings for file in files if not file.duplicate_of}
    found: list[_Chosen] = []
    for severity in (Severity.ERROR, Severity.WARNING):
        seen: Counter[str] = Counter()
        for row in rows:
            of_pages = [
                each for each in noted.get(row.document.sha256, ()) if each.page in row.document.pages
            ]
            for each in (*row.document.findings, *of_pages):
                place = _place(row.document, each)
                if each.severity is severity and place and seen[each.rule] < MOST_OF_A_RULE:
                    seen[each.rule] += 1
                    found.append(_Chosen(each.rule, row, *place))
    return found[:MOST]


def _place(paper: Document, each: Finding) -> tuple[int, Box | None] | None:
    """Where to look: the field it speaks of, else its page, else the paper's first; not at a number that is hidden."""
    name = str(each.params.get("field", ""))
    field = paper.fields.get(name)
    if holds_identifier(name) and field is not None:
        return None
    if field is not None and field.page and field.box:
        return field.page, field.box
    return each.page or paper.pages[0], None


def _placed(
    workspace: Workspace, chosen: Sequence[_Chosen], rows: Sequence[DocumentRow], folder: Path
) -> list[_Placed]:
    readings: dict[str, dict[int, PageReading]] = {}
    found = []
    for each in chosen:
        paper = each.row.document
        if paper.sha256 not in readings:
            readings[paper.sha256] = workspace.ledger.readings(paper.sha256, each.row.digests.reading)
        reading = readings[paper.sha256].get(each.page)
        if reading is None or reading.state is PageState.FAILED:
            continue  # without its words nobody knows what to hide
        papers = [row.document for row in rows if row.document.sha256 == paper.sha256]
        piece = Piece(each.box, _CROP if each.box else _PAGE, _QUALITY)
        wanted = PageWanted(reading.rotation, [piece], to_cover(papers, reading))
        told = json.dumps([paper.sha256, each.page, wanted], default=str)
        found.append(_Placed(each, folder / f"{hashlib.sha256(told.encode()).hexdigest()[:32]}.jpg", wanted))
    return found


def _draw(workspace: Workspace, sha256: str, placed: Sequence[_Placed]) -> None:
    """Draw what is missing of one original, a page once however many pieces it is shown in."""
    by_page: dict[int, list[_Placed]] = {}
    for each in placed:
        by_page.setdefault(each.chosen.page, []).append(each)
    wanted = {
        page: own[0].wanted._replace(pieces=[piece for each in own for piece in each.wanted.pieces])
        for page, own in by_page.items()
    }
    try:
        pictures = drawn(workspace, sha256, wanted)
    except StoreError as error:
        log.warning("no example", sha256=sha256, reason=str(error))
        return
    for page, pieces in pictures.items():
        for each, piece in zip(by_page[page], pieces, strict=True):
            beside = each.path.with_suffix(".part")
            beside.unlink(missing_ok=True)
            with open(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                file.write(piece.jpeg)
            os.replace(beside, each.path)
