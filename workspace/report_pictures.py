"""Small pictures for a batch's report: the first examples of each error and warning, identifiers painted over.

Bounded in number and size. They are cached beside the report under a content hash, so that a rewritten report draws
only new ones; pictures no longer shown are deleted.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from engines.private_files import whole_file
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
from workspace.pictures import PageView, drawn, to_cover

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
    view: PageView


def examples(
    workspace: Workspace, rows: Sequence[DocumentRow], files: Sequence[FileRow], folder: Path
) -> tuple[Example, ...]:
    """Example pictures for a batch's report; originals that cannot be drawn are skipped.

    Args:
        workspace: the opened home.
        rows: the batch's documents, in their order.
        files: its files, for what was found on pages before they became documents.
        folder: where pictures are kept; the report's own.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    placed = _placed(workspace, _chosen(rows, files), rows, folder)
    kept = {picture.path.name for picture in placed}
    for path in folder.iterdir():
        if path.name not in kept:
            path.unlink()
    for sha256 in dict.fromkeys(picture.chosen.row.document.sha256 for picture in placed):
        own = [picture for picture in placed if picture.chosen.row.document.sha256 == sha256]
        _draw(workspace, sha256, [picture for picture in own if not picture.path.exists()])
    return tuple(
        Example(picture.chosen.rule, picture.chosen.row.file, picture.chosen.page, picture.path.read_bytes())
        for picture in placed
        if picture.path.exists()
    )


def _chosen(rows: Sequence[DocumentRow], files: Sequence[FileRow]) -> list[_Chosen]:
    """The first examples of each rule, errors before warnings, in the order of the papers."""
    noted = {file.sha256: file.findings for file in files if not file.duplicate_of}
    found: list[_Chosen] = []
    for severity in (Severity.ERROR, Severity.WARNING):
        seen: Counter[str] = Counter()
        for row in rows:
            of_pages = [
                finding
                for finding in noted.get(row.document.sha256, ())
                if finding.page in row.document.pages
            ]
            for finding in (*row.document.findings, *of_pages):
                place = _place(row.document, finding)
                if finding.severity is severity and place and seen[finding.rule] < MOST_OF_A_RULE:
                    seen[finding.rule] += 1
                    found.append(_Chosen(finding.rule, row, *place))
    return found[:MOST]


def _place(paper: Document, finding: Finding) -> tuple[int, Box | None] | None:
    """Location of a finding: its field, else its page, else the first page; None if the field holds an identifier."""
    name = str(finding.params.get("field", ""))
    field = paper.fields.get(name)
    if holds_identifier(name) and field is not None:
        return None
    if field is not None and field.page and field.box:
        return field.page, field.box
    return finding.page or paper.pages[0], None


def _placed(
    workspace: Workspace, chosen: Sequence[_Chosen], rows: Sequence[DocumentRow], folder: Path
) -> list[_Placed]:
    readings: dict[str, dict[int, PageReading]] = {}
    found = []
    for example in chosen:
        paper = example.row.document
        if paper.sha256 not in readings:
            readings[paper.sha256] = workspace.ledger.readings(paper.sha256, example.row.digests.reading)
        reading = readings[paper.sha256].get(example.page)
        if reading is None or reading.state is PageState.FAILED:
            continue  # identifiers cannot be located without a reading
        papers = [row.document for row in rows if row.document.sha256 == paper.sha256]
        piece = Piece(example.box, _CROP if example.box else _PAGE, _QUALITY)
        view = PageView(reading.rotation, [piece], to_cover(papers, reading))
        identity = json.dumps([paper.sha256, example.page, view], default=str)
        found.append(
            _Placed(example, folder / f"{hashlib.sha256(identity.encode()).hexdigest()[:32]}.jpg", view)
        )
    return found


def _draw(workspace: Workspace, sha256: str, placed: Sequence[_Placed]) -> None:
    """Draw the missing pictures of one original, rendering every page only once."""
    by_page: dict[int, list[_Placed]] = {}
    for picture in placed:
        by_page.setdefault(picture.chosen.page, []).append(picture)
    views = {
        page: own[0].view._replace(pieces=[piece for picture in own for piece in picture.view.pieces])
        for page, own in by_page.items()
    }
    try:
        pictures = drawn(workspace, sha256, views)
    except StoreError as error:
        log.warning("no example", sha256=sha256, reason=str(error))
        return
    for page, pieces in pictures.items():
        for picture, piece in zip(by_page[page], pieces, strict=True):
            with whole_file(picture.path) as file:
                file.write(piece.jpeg)
