"""The reading of a page: the displayed frame, its measurements, its words.

Frame: the page image *as a viewer shows it* (EXIF orientation and /Rotate applied), before our turning, levelling and
scaling. Width, height and boxes are pixels of that frame; boxes are `[left, top, right, bottom]`, right and bottom
exclusive. Confidences are 0–1.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from schemas.findings import Finding
from schemas.text import nfc

Rotation = Literal[0, 90, 180, 270]


class Format(StrEnum):
    """File format by content, regardless of the name."""

    PDF = "pdf"
    JPEG = "jpeg"
    PNG = "png"
    TIFF = "tiff"
    JPX = "jpx"
    WEBP = "webp"
    BMP = "bmp"
    BUNDLE = "zip"  # a paper in several files, joined by ourselves (`extractors.bundle`); never taken from an inbox


class Box(NamedTuple):
    """A rectangle in pixels of the displayed frame; right and bottom exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self.right - self.left

    def union(self, other: Box) -> Box:
        """Smallest box that holds both."""
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


class Word(NamedTuple):
    """One word. `line` counts text lines down the page in reading order; `block` the regions they lie in.

    `text` is what was chosen, NFC; `raw` what the engine read, where the two differ. The text layer, search and a
    paper's subject take what was chosen; names, numbers, codes and every other field take `as_read`.
    """

    text: str
    confidence: float
    box: Box
    line: int
    block: int = 0
    raw: str | None = None

    @property
    def as_read(self) -> str:
        """The engine's text in normal form, before correction by context."""
        return self.text if self.raw is None else nfc(self.raw)


class Written(NamedTuple):
    """A place for figures that was looked at: filled in by hand, or print that the reader of handwriting read otherwise.

    Attributes:
        what: as of `extractors.places.Place`.
        box: in the displayed frame.
        hand: whether the ink is a pen's.
        guesses: strings of figures and their probabilities, the likeliest first; none where no reader looked.
        agreed: whether every view of the place says the first of them.
        read: what the page's engine made of it.
    """

    what: str
    box: Box
    hand: bool = True
    guesses: tuple[tuple[str, float], ...] = ()
    agreed: bool = False
    read: str = ""


class PageOrigin(StrEnum):
    """How a page's pixels are obtained."""

    IMAGE = "image"  # the page is exactly one image: its own stream
    RENDER = "render"  # overlays, vectors, several images: rendered
    TEXT = "text"  # born digital: visible text covers the ink


class PageSource(BaseModel):
    """One page of an original, as listed before any pixel is decoded.

    Attributes:
        number: 1-based in the file.
        width, height: pixels of the displayed frame.
        dpi: pixels per inch from the page's size, None if the file does not say.
        display_rotation: degrees clockwise that a viewer turns the stored image (EXIF or /Rotate).
        mirrored: EXIF orientations 2, 4, 5, 7.
        origin: how its pixels are obtained.
        page_points: width and height of the displayed page in points, None if the file does not say.
        image_dpi: of a rendered page whose larger part is scanned images: theirs, from the page's size.
        image: name of the page's own image among its XObjects (PDF, origin `image`).
        placement: matrix that places that image's unit square on the displayed page, in points.
        member: 0-based index of the file it lies in, where a paper was joined from several (`extractors.bundle`).
        member_page: its 1-based number in that file.
        turned: degrees clockwise that a person had the displayed page turned for reading and in the PDF/A.
        substitute: SHA-256 of the original whose image stands for this page, where a person replaced it.
        findings: e.g. `page_broken`, `page_too_large`; a page with an error finding is set aside, not read.
    """

    model_config = ConfigDict(frozen=True)

    number: int
    width: int
    height: int
    dpi: float | None = None
    display_rotation: Rotation = 0
    mirrored: bool = False
    origin: PageOrigin = PageOrigin.IMAGE
    page_points: tuple[float, float] | None = None
    image_dpi: float | None = None
    image: str | None = None
    placement: tuple[float, float, float, float, float, float] | None = None
    member: int | None = None
    member_page: int | None = None
    turned: Rotation = 0
    substitute: str | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def edit(self) -> str:
        """Identifies a person's edits of the page; empty if none. Readings of an edited page are stored under it."""
        return f"{self.substitute or ''}:{self.turned}" if self.substitute or self.turned else ""


class PageList(BaseModel):
    """The pages of one original. `findings` are those of the file (`pdf_repaired` …)."""

    model_config = ConfigDict(frozen=True)

    format: Format
    pages: tuple[PageSource, ...]
    findings: tuple[Finding, ...] = ()

    def with_page(self, edited: PageSource) -> PageList:
        """The same list with another source for one page."""
        pages = tuple(edited if source.number == edited.number else source for source in self.pages)
        return self.model_copy(update={"pages": pages})


class DpiKnown(StrEnum):
    """How a page's resolution is known: what its file says, or an estimate from paper size, letter height, or both."""

    TAG = "tag"
    PAPER = "paper"
    LETTERS = "letters"
    BOTH = "paper_and_letters"


class ImageMeasures(BaseModel):
    """Measurements of image QA; every property a rule in `configs/image_rules.csv` can name.

    Attributes:
        dpi: true or estimated, of the image that was scanned; None in readings of earlier versions that knew none.
        dpi_known: how it is known; None in readings of earlier versions.
        bits: 1, 8 or 24 as stored.
        skew: degrees, anticlockwise positive, None if unknown.
        sharpness: gradient energy at text edges, 0–1; lower is blurrier.
        contrast: paper minus ink, 0–1.
        ink: share of the page that is ink, 0–1.
        black_edge: share of the border band that is scanner black, 0–1.
        touching_edge: share of the page edges that text runs into, 0–1.
        a4_equivalents: 1 for A4 and smaller, 2 A3, 4 A2, 8 A1, 16 A0 (DOMAIN.md §2.5).
    """

    model_config = ConfigDict(frozen=True)

    dpi: float | None = None
    dpi_known: DpiKnown | None = None
    bits: int = 8
    skew: float | None = None
    sharpness: float | None = None
    contrast: float | None = None
    ink: float | None = None
    black_edge: float | None = None
    touching_edge: float | None = None
    a4_equivalents: int = 1


class PageState(StrEnum):
    """Outcome of reading a page."""

    READ = "read"
    BLANK = "blank"
    FAILED = "failed"


class PageReading(BaseModel):
    """The complete result of reading one page, as kept in the ledger.

    `rotation` says how many degrees clockwise the displayed image was turned for reading. `source` is `ocr` or
    `text_layer`. `qr` holds decoded machine-readable payloads (text, box). `written` holds the places for figures that
    were looked at for handwriting.
    """

    model_config = ConfigDict(frozen=True)

    number: int
    state: PageState
    width: int
    height: int
    dpi: float | None = None
    rotation: Rotation = 0
    confidence: float | None = None
    words: tuple[Word, ...] = ()
    source: Literal["ocr", "text_layer"] = "ocr"
    qr: tuple[tuple[str, Box], ...] = ()
    written: tuple[Written, ...] = ()
    measures: ImageMeasures = ImageMeasures()
    findings: tuple[Finding, ...] = ()
    engine_seconds: float = 0.0
    total_seconds: float = 0.0

    def lines(self) -> list[list[Word]]:
        """Words grouped by line, in reading order."""
        grouped: dict[int, list[Word]] = {}
        for word in self.words:
            grouped.setdefault(word.line, []).append(word)
        return [grouped[key] for key in sorted(grouped)]

    @property
    def text(self) -> str:
        """Words joined by spaces, lines by newlines."""
        return "\n".join(" ".join(word.text for word in line) for line in self.lines())


def failed_page(source: PageSource, *findings: Finding) -> PageReading:
    """A placeholder for a page that could not be read, so that it is still counted."""
    return PageReading(
        number=source.number,
        state=PageState.FAILED,
        width=max(1, source.width),
        height=max(1, source.height),
        dpi=source.dpi,
        findings=(*source.findings, *findings),
    )
