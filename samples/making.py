"""Papers into files with truth: one sample by name, or whole batches with their sheets."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from samples import wear as wearing
from samples.containers import CONTAINERS, FilePage
from samples.overlay import caption_boxes
from samples.papers import Paper, Wish, kind_ids, print_paper
from samples.sheet import Box, Sheet, TextLine
from samples.typeset import Style, draw_paragraph
from samples.wear.marks import caption_lines
from samples.wear.scan import Pixels, Scan

__all__ = ["CONTAINERS", "KINDS", "WEARS", "Sample", "make_one"]
KINDS = kind_ids()
WEARS = tuple(wearing.WEARS)
Truth = dict[str, Any]
BASIC_WEAR = ("signature", "seal")


@dataclass(frozen=True)
class Sample:
    """One scan file: its bytes, its truth and the suffix its name should have."""

    data: bytes
    truth: Truth
    suffix: str


@dataclass
class PageMade:
    """A page ready for a container, with its truth."""

    pixels: Pixels
    dpi: int
    lines: list[TextLine]
    wear: list[str]
    blank: bool = False
    turned: int = 0
    stored_turn: int = 0
    caption: tuple[str, ...] = ()
    colour: bool = True
    codes: tuple[str, ...] = ()
    separator: bool = False


def scan_paper(paper: Paper, wears: Sequence[str], seed: str) -> list[PageMade]:
    """Put wear on each page of a paper."""
    scans = [Scan.of(sheet) for sheet in paper.sheets]
    fresh = [scan.pixels.copy() for scan in scans] if len(scans) > 1 and "bleed_through" in wears else []
    pages = []
    for number, scan in enumerate(scans):
        if fresh:
            scan.back = fresh[number - 1] if number else fresh[1]
        wearing.apply(scan, wears, f"{seed}/page{number}")
        made = PageMade(scan.pixels, scan.dpi, scan.lines, list(scan.wear), codes=tuple(scan.codes))
        pages.append(made)
    return pages


def blank_page(size: tuple[int, int], dpi: int, wears: Sequence[str], seed: str) -> PageMade:
    """The empty back of a sheet, with the wear of paper and scanner."""
    scan = Scan(np.full((size[1], size[0], 3), 255, dtype=np.uint8), dpi, [])
    fitting = [
        name for name in wears if name in {"paper_tint", "noise", "fold_lines", "shadow", "black_edges"}
    ]
    wearing.apply(scan, fitting, seed)
    return PageMade(scan.pixels, dpi, [], list(scan.wear), blank=True)


def separator_page(size_mm: tuple[float, float], dpi: int) -> PageMade:
    """The sheet that operators lay between two papers; it belongs to neither."""
    sheet = Sheet.empty(size_mm, dpi)
    width, height = size_mm
    sheet.frame(15, 15, width - 15, height - 15, 2.0)
    big, small = Style(size=34, bold=True, align="center"), Style(size=16, align="center")
    draw_paragraph(sheet, "TRANG PHÂN CÁCH", 20, width - 40, height * 0.4, big)
    draw_paragraph(sheet, "SOHOA SEPARATOR", 20, width - 40, height * 0.4 + 22, small)
    scan = Scan.of(sheet)
    return PageMade(scan.pixels, dpi, scan.lines, [], separator=True)


def turn_page(page: PageMade, degrees: int) -> PageMade:
    """The page as if fed turned clockwise by 90, 180 or 270 degrees; boxes follow."""
    height, width = page.pixels.shape[:2]
    lines = [TextLine(line.text, _turned(line.box, width, height, degrees)) for line in page.lines]
    pixels = np.ascontiguousarray(np.rot90(page.pixels, k=-degrees // 90))
    return PageMade(
        pixels,
        page.dpi,
        lines,
        page.wear,
        page.blank,
        degrees,
        0,
        (),
        page.colour,
        page.codes,
        page.separator,
    )


def _turned(box: Box, width: int, height: int, degrees: int) -> Box:
    left, top, right, bottom = box
    if degrees == 90:
        return (height - bottom, left, height - top, right)
    if degrees == 180:
        return (width - right, height - bottom, width - left, height - top)
    return (top, width - right, bottom, width - left)


def with_caption(page: PageMade, sheet_scan: Scan, seed: str) -> PageMade:
    """Add an e-signature caption as real text over the page (PDF containers only)."""
    lines = caption_lines(sheet_scan, random.Random(f"{seed}/caption"))
    boxes = caption_boxes(lines, page.pixels.shape[1], page.dpi)
    page.caption = tuple(lines)
    page.lines = [*(TextLine(text, box) for text, box in zip(lines, boxes, strict=True)), *page.lines]
    return page


def document_truth(paper: Paper, pages: Sequence[int]) -> Truth:
    """Truth of one paper that stands on such pages (from 1) of its file."""
    return {
        "pages": list(pages),
        "kind": paper.kind,
        "variant": paper.variant,
        "fields": dict(paper.fields),
        "level": paper.level,
        "unit": paper.unit,
        "handwritten": list(paper.handwritten),
    }


def write_file(container: str, pages: Sequence[PageMade], documents: Sequence[Truth], name: str) -> Sample:
    """Write pages into one file and state its truth.

    Raises:
        ValueError: several pages for a container that holds one.
    """
    kind = CONTAINERS[container]
    if len(pages) > 1 and not kind.many:
        raise ValueError(f"{container} holds one page, got {len(pages)}")
    stored = [
        FilePage(
            page.pixels,
            page.dpi,
            page.stored_turn if kind.turns else 0,
            page.caption if kind.suffix == ".pdf" else (),
            page.colour,
        )
        for page in pages
    ]
    data = kind.write(stored)
    truth: Truth = {
        "file": name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "container": container,
        "dpi": pages[0].dpi,
        "sheets": sum(not (page.blank or page.separator) for page in pages),
        "pages": [_page_truth(number, page) for number, page in enumerate(pages, start=1)],
        "documents": list(documents),
    }
    return Sample(data, truth, kind.suffix)


def _page_truth(number: int, page: PageMade) -> Truth:
    height, width = page.pixels.shape[:2]
    return {
        "number": number,
        "width": width,
        "height": height,
        "rotation": page.turned,
        "stored_rotation": page.stored_turn,
        "blank": page.blank,
        "separator": page.separator,
        "wear": page.wear,
        "qr": list(page.codes),
        "text": "\n".join(line.text for line in page.lines),
        "lines": [{"text": line.text, "box": _inside(line.box, width, height)} for line in page.lines],
    }


def _inside(box: Box, width: int, height: int) -> list[int]:
    left, top, right, bottom = box
    return [max(0, left), max(0, top), min(width, right), min(height, bottom)]


def make_one(
    kind: str,
    seed: int | str = 0,
    *,
    wear: Sequence[str] = BASIC_WEAR,
    container: str = "pdf_jpeg",
    dpi: int = 300,
    wish: Wish | None = None,
    turned: int = 0,
    stored_turn: int = 0,
    colour: bool = True,
    caption: bool = False,
    blank_back: bool = False,
    page: int | None = None,
) -> Sample:
    """One paper in one file.

    Args:
        kind: one of `KINDS`.
        seed: decides everything else; the same seed gives the same bytes.
        wear: names from `WEARS`.
        container: one of `CONTAINERS`; JPEG and PNG hold one page (`page`, by default the first).
        dpi: 200 or 300, or whatever is wanted.
        wish: days, unit and variant of the paper.
        turned: degrees clockwise by which the pages were fed wrongly.
        stored_turn: degrees by which /Rotate or EXIF turns the stored image upright again.
        colour: False for grey images.
        caption: e-signature caption as PDF text over the first page.
        blank_back: add the empty back of the sheet.
        page: keep only this page (from 1).
    """
    paper = print_paper(kind, random.Random(f"{kind}/{seed}"), wish, dpi, pen="handwriting" in wear)
    pages = scan_paper(paper, wear, f"{kind}/{seed}")
    if page is not None or not CONTAINERS[container].many:
        pages = [pages[(page or 1) - 1]]
    if caption:
        with_caption(pages[0], Scan.of(paper.sheets[0]), f"{kind}/{seed}")
    if blank_back and CONTAINERS[container].many:
        size = (pages[0].pixels.shape[1], pages[0].pixels.shape[0])
        pages.append(blank_page(size, dpi, wear, f"{kind}/{seed}/back"))
    pages = [turn_page(made, turned) for made in pages] if turned else pages
    for made in pages:
        made.stored_turn, made.colour = stored_turn if CONTAINERS[container].turns else 0, colour
    name = f"{kind}-{seed}{CONTAINERS[container].suffix}"
    numbers = [number for number, made in enumerate(pages, start=1) if not made.blank]
    return write_file(container, pages, [document_truth(paper, numbers)], name)
