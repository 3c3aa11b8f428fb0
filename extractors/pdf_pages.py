"""Classify the pages of a PDF: a single image, born-digital text, or content that must be rendered.

Only the content stream is walked here; no pixel is decoded. Hostile page trees and endless streams are bounded.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import pikepdf

from extractors.pdf_content import Content, Corners, PlacedImage, walk
from schemas.errors import SourceError
from schemas.findings import Finding, finding
from schemas.reading import Format, PageList, PageOrigin, PageSource, Rotation
from schemas.rules import Limits

_COVERS = 0.95
_MOSTLY = 0.5
_BORN_DIGITAL_LETTERS = 40
_RENDER_DPI = 300.0
_FINEST = 600.0
_COARSEST = 100.0
_MAX_POINTS = 14_400 * 10.0
_LETTER = (0.0, 0.0, 612.0, 792.0)
# pikepdf lets through what its C++ and its model code raise: a missing JBIG2 decoder, an index out of range.
_MALFORMED = (
    pikepdf.PdfError,
    pikepdf.DependencyError,
    RuntimeError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
)
_UNFOLLOWED = Content((), 0, 0, 1)


class Geometry(NamedTuple):
    """The visible box of a page in points (UserUnit applied by `unit`), and its /Rotate."""

    left: float
    bottom: float
    width: float
    height: float
    rotation: Rotation
    unit: float


def list_pdf_pages(path: str, limits: Limits) -> PageList:
    """List the pages of a PDF.

    Raises:
        SourceError: `pdf_password`, `pdf_broken`, `pdf_no_pages`, `too_many_pages`.
    """
    with open_pdf(path) as pdf:
        try:
            count = len(pdf.pages)
        except _MALFORMED as error:
            detail = _without_path(str(error), path)
            raise SourceError("pdf_broken", detail, detail=detail) from error
        if count == 0:
            raise SourceError("pdf_no_pages")
        if count > limits.file_pages:
            raise SourceError("too_many_pages", count=count, limit=limits.file_pages)
        pages = tuple(_source(pdf, number, limits) for number in range(1, count + 1))
        findings = _repairs(pdf, count)
    return PageList(format=Format.PDF, pages=pages, findings=findings)


def _repairs(pdf: pikepdf.Pdf, count: int) -> tuple[Finding, ...]:
    """Findings for repairs made while opening the file, and for pages that the page count includes but are missing."""
    findings: list[Finding] = []
    warnings = [str(warning) for warning in pdf.get_warnings()]
    if warnings:
        findings.append(finding("pdf_repaired", detail=_without_path(warnings[0], pdf.filename)))
    promised = cast(Any, pdf.Root.get("/Pages", pikepdf.Dictionary())).get("/Count", count)
    if isinstance(promised, int) and promised > count:
        findings.append(finding("pages_missing", expected=int(promised), found=count))
    return tuple(findings)


def open_pdf(path: str) -> pikepdf.Pdf:
    """Open a PDF for reading, recovery allowed.

    Raises:
        SourceError: `pdf_password` or `pdf_broken`.
    """
    try:
        return pikepdf.open(path, suppress_warnings=True)
    except pikepdf.PasswordError as error:
        raise SourceError("pdf_password") from error
    except _MALFORMED as error:
        detail = _without_path(str(error), path)
        raise SourceError("pdf_broken", detail, detail=detail) from error


def _without_path(message: str, path: str) -> str:
    """A QPDF message without the staged path at its beginning, which means nothing to a reader."""
    return message.removeprefix(path).lstrip(": ")[:200]


def _source(pdf: pikepdf.Pdf, number: int, limits: Limits) -> PageSource:
    try:
        page = pdf.pages[number - 1]
        where = geometry(page)
    except _MALFORMED as error:
        detail = f"{type(error).__name__}: {error}"[:200]
        broken = finding("page_broken", page=number, detail=detail)
        return PageSource(number=number, width=1, height=1, findings=(broken,))
    try:
        return _judge(page, number, where, walk(page), limits)
    except _MALFORMED:
        # A renderer may still show what we cannot parse.
        return _judge(page, number, where, _UNFOLLOWED, limits)


def geometry(page: pikepdf.Page) -> Geometry:
    """Visible box and rotation of a page as a viewer applies them."""
    try:
        media = _box(page.mediabox)
    except _MALFORMED:
        media = _LETTER  # What viewers assume.
    try:
        crop = _box(page.cropbox)
    except _MALFORMED:
        crop = media
    left, right = sorted((crop[0], crop[2]))
    bottom, top = sorted((crop[1], crop[3]))
    media_x, media_y = sorted((media[0], media[2])), sorted((media[1], media[3]))
    left, right = max(left, media_x[0]), min(right, media_x[1])
    bottom, top = max(bottom, media_y[0]), min(top, media_y[1])
    if right <= left or top <= bottom:
        left, right, bottom, top = *media_x, *media_y
    rotation = (
        int(cast(Any, page.obj.get("/Rotate", 0))) if "/Rotate" in page.obj else _inherited_rotation(page)
    )
    unit = float(cast(Any, page.obj.get("/UserUnit", 1.0)))
    width, height = (right - left) * unit, (top - bottom) * unit
    if not (0 < width <= _MAX_POINTS and 0 < height <= _MAX_POINTS):
        raise ValueError(f"page box {width:g} x {height:g} pt")
    return Geometry(left, bottom, width, height, cast(Rotation, rotation // 90 * 90 % 360), unit)


def _box(edges: Any) -> Corners:
    left, bottom, right, top = (float(edge) for edge in edges)
    return (left, bottom, right, top)


def _inherited_rotation(page: pikepdf.Page) -> int:
    node: Any = page.obj
    for _ in range(64):
        node = node.get("/Parent")
        if node is None:
            return 0
        if "/Rotate" in node:
            return int(node["/Rotate"])
    return 0


def _judge(page: pikepdf.Page, number: int, where: Geometry, content: Content, limits: Limits) -> PageSource:
    swapped = where.rotation in {90, 270}
    points = (where.height, where.width) if swapped else (where.width, where.height)
    own = _own_image(where, content)
    if own is not None:
        width, height = int(own.image["/Width"]), int(own.image["/Height"])
        source = PageSource(
            number=number,
            width=height if swapped else width,
            height=width if swapped else height,
            dpi=round(width / (float(own.matrix.a) * where.unit / 72), 1),
            display_rotation=where.rotation,
            origin=PageOrigin.IMAGE,
            page_points=points,
            image=own.name,
            placement=_placement(own.matrix, where),
        )
    else:
        dpi = _render_dpi(where, content, limits)
        share = sum(_share(placed, where) for placed in content.images)
        digital = content.letters >= _BORN_DIGITAL_LETTERS and share < _MOSTLY
        source = PageSource(
            number=number,
            width=max(1, round(points[0] / 72 * dpi)),
            height=max(1, round(points[1] / 72 * dpi)),
            dpi=round(dpi, 1),
            display_rotation=where.rotation,
            origin=PageOrigin.TEXT if digital else PageOrigin.RENDER,
            page_points=points,
            image_dpi=None if digital else _scanned_dpi(where, content),
        )
    if source.width * source.height > limits.page_megapixels * 1e6 or (
        (source.dpi or 0) < _COARSEST and own is None
    ):
        return source.model_copy(
            update={"findings": (too_large(number, source.width, source.height, limits),)}
        )
    return source


def _own_image(where: Geometry, content: Content) -> PlacedImage | None:
    """The image that is the whole page, upright, with square pixels and nothing else to see; None if there is none."""
    if len(content.images) != 1 or content.letters or content.paints or content.others:
        return None
    placed = content.images[0]
    matrix = placed.matrix
    if placed.name is None or abs(matrix.b) > 0.01 or abs(matrix.c) > 0.01 or matrix.a <= 0 or matrix.d <= 0:
        return None
    width, height = int(placed.image["/Width"]), int(placed.image["/Height"])
    if width < 1 or height < 1 or not 0.95 < (width / matrix.a) / (height / matrix.d) < 1.05:
        return None
    stencil = bool(placed.image.get("/ImageMask", False))
    return placed if _covers(placed, where) and (placed.black or not stencil) else None


def _share(placed: PlacedImage, where: Geometry) -> float:
    """Share of the page an image takes, clip and overlap left aside."""
    matrix = placed.matrix
    return (
        float(abs(matrix.a * matrix.d - matrix.b * matrix.c)) * where.unit**2 / (where.width * where.height)
    )


def _scanned_dpi(where: Geometry, content: Content) -> float | None:
    """Finest resolution among the large images of a page that images mostly cover; None if they do not.

    Images far smaller than the largest are left out: a logo may be fine on a coarse scan. A scan may lie in strips.
    """
    shares = [_share(placed, where) for placed in content.images]
    if sum(shares) < _MOSTLY:
        return None
    found = [
        int(placed.image["/Width"]) / across
        for placed, share in zip(content.images, shares, strict=True)
        if share >= 0.3 * max(shares) and (across := _across(placed, where)) > 0
    ]
    return round(max(found), 1) if found else None


def _across(placed: PlacedImage, where: Geometry) -> float:
    """Width in inches at which an image is placed."""
    return float((placed.matrix.a**2 + placed.matrix.b**2) ** 0.5) * where.unit / 72


def _render_dpi(where: Geometry, content: Content, limits: Limits) -> float:
    """Resolution to render at: never coarser than an image that matters on the page, nor finer than the limits bear."""
    dpi = _RENDER_DPI
    for placed in content.images:
        across = _across(placed, where)
        if _share(placed, where) > 0.05 and across > 0:
            dpi = max(dpi, min(_FINEST, int(placed.image.get("/Width", 1)) / across))
    pixels = where.width * where.height * (dpi / 72) ** 2
    if pixels > limits.page_megapixels * 1e6:
        dpi *= (limits.page_megapixels * 0.98e6 / pixels) ** 0.5
    return dpi


def _placement(matrix: pikepdf.Matrix, where: Geometry) -> tuple[float, float, float, float, float, float]:
    """The image's matrix in the displayed page: crop box moved to the origin, UserUnit and /Rotate applied."""
    moved = matrix @ pikepdf.Matrix(1, 0, 0, 1, -where.left, -where.bottom)
    scaled = moved @ pikepdf.Matrix(where.unit, 0, 0, where.unit, 0, 0)
    turns = {
        0: pikepdf.Matrix(),
        90: pikepdf.Matrix(0, -1, 1, 0, 0, where.width),
        180: pikepdf.Matrix(-1, 0, 0, -1, where.width, where.height),
        270: pikepdf.Matrix(0, 1, -1, 0, where.height, 0),
    }
    displayed = scaled @ turns[where.rotation]
    return (
        float(displayed.a),
        float(displayed.b),
        float(displayed.c),
        float(displayed.d),
        float(displayed.e),
        float(displayed.f),
    )


def _covers(placed: PlacedImage, where: Geometry) -> bool:
    """True if an upright image shows on the whole page and is cut neither by it nor by a clip."""
    matrix, clip = placed.matrix, placed.clip
    if clip is None:
        return False
    width, height = where.width / where.unit, where.height / where.unit
    left, bottom = max(matrix.e, where.left, clip[0]), max(matrix.f, where.bottom, clip[1])
    across = min(matrix.e + matrix.a, where.left + width, clip[2]) - left
    up = min(matrix.f + matrix.d, where.bottom + height, clip[3]) - bottom
    fills = across >= _COVERS * width and up >= _COVERS * height
    return bool(fills and across >= _COVERS * matrix.a and up >= _COVERS * matrix.d)


def too_large(number: int, width: int, height: int, limits: Limits) -> Finding:
    """The finding of a page with more pixels than the limit."""
    return finding("page_too_large", page=number, width=width, height=height, limit=limits.page_megapixels)
