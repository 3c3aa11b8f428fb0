"""How each page of a PDF is made: one image, a born-digital text, or something that must be rendered.

Only the content stream is walked here; no pixel is decoded. Hostile page trees and endless streams are bounded.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import pikepdf

from schemas.errors import SourceError
from schemas.findings import Finding, finding
from schemas.reading import Format, PageList, PageOrigin, PageSource, Rotation
from schemas.rules import Limits

_MAX_OPERATORS = 400_000
_COVERS = 0.95
_BORN_DIGITAL_LETTERS = 40
_PAINT = {"f", "F", "f*", "S", "s", "B", "B*", "b", "b*", "sh"}
_SHOW = {"Tj", "TJ", "'", '"'}
_RENDER_DPI = 300.0
_MAX_POINTS = 14_400 * 10.0


class Geometry(NamedTuple):
    """The visible box of a page in points (UserUnit applied by `unit`), and its /Rotate."""

    left: float
    bottom: float
    width: float
    height: float
    rotation: Rotation
    unit: float


class Content(NamedTuple):
    """What a page's content stream shows: placed images (name, matrix), visible letters, painted paths."""

    images: list[tuple[str, pikepdf.Matrix]]
    letters: int
    paints: int
    others: int


def list_pdf_pages(path: str, limits: Limits) -> PageList:
    """List the pages of a PDF.

    Raises:
        SourceError: `pdf_password`, `pdf_broken`, `pdf_no_pages`, `too_many_pages`.
    """
    with open_pdf(path) as pdf:
        try:
            count = len(pdf.pages)
        except (pikepdf.PdfError, RuntimeError, ValueError) as error:
            raise SourceError("pdf_broken", str(error), detail=str(error)[:200]) from error
        if count == 0:
            raise SourceError("pdf_no_pages")
        if count > limits.file_pages:
            raise SourceError("too_many_pages", count=count, limit=limits.file_pages)
        pages = tuple(_source(pdf, number, limits) for number in range(1, count + 1))
        repaired = [str(warning) for warning in pdf.get_warnings()]
    findings: tuple[Finding, ...] = ()
    if repaired:
        findings = (finding("pdf_repaired", detail=_without_path(repaired[0])),)
    return PageList(format=Format.PDF, pages=pages, findings=findings)


def open_pdf(path: str) -> pikepdf.Pdf:
    """Open a PDF for reading, recovery allowed.

    Raises:
        SourceError: `pdf_password` or `pdf_broken`.
    """
    try:
        return pikepdf.open(path, suppress_warnings=True)
    except pikepdf.PasswordError as error:
        raise SourceError("pdf_password") from error
    except (pikepdf.PdfError, RuntimeError, ValueError) as error:
        detail = _without_path(str(error))
        raise SourceError("pdf_broken", detail, detail=detail) from error


def _without_path(message: str) -> str:
    """QPDF begins its messages with the staged path, which says nothing to anyone."""
    return message.rpartition("/")[2].partition(": ")[2][:200] or message[:200]


def _source(pdf: pikepdf.Pdf, number: int, limits: Limits) -> PageSource:
    try:
        page = pdf.pages[number - 1]
        where = geometry(page)
        content = walk(page)
        return _judge(page, number, where, content, limits)
    except (pikepdf.PdfError, RuntimeError, ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        detail = f"{type(error).__name__}: {error}"[:200]
        return PageSource(number=number, width=1, height=1, findings=(finding("page_broken", page=number, detail=detail),))


def geometry(page: pikepdf.Page) -> Geometry:
    """Visible box and rotation of a page as a viewer applies them."""
    media = [float(cast(Any, edge)) for edge in page.mediabox]
    crop = [float(cast(Any, edge)) for edge in page.cropbox]
    left, right = sorted((crop[0], crop[2]))
    bottom, top = sorted((crop[1], crop[3]))
    media_x, media_y = sorted((media[0], media[2])), sorted((media[1], media[3]))
    left, right = max(left, media_x[0]), min(right, media_x[1])
    bottom, top = max(bottom, media_y[0]), min(top, media_y[1])
    if right <= left or top <= bottom:
        left, right, bottom, top = *media_x, *media_y
    rotation = int(cast(Any, page.obj.get("/Rotate", 0))) if "/Rotate" in page.obj else _inherited_rotation(page)
    unit = float(cast(Any, page.obj.get("/UserUnit", 1.0)))
    width, height = (right - left) * unit, (top - bottom) * unit
    if not (0 < width <= _MAX_POINTS and 0 < height <= _MAX_POINTS):
        raise ValueError(f"page box {width:g} x {height:g} pt")
    return Geometry(left, bottom, width, height, cast(Rotation, rotation // 90 * 90 % 360), unit)


def _inherited_rotation(page: pikepdf.Page) -> int:
    node: Any = page.obj
    for _ in range(64):
        node = node.get("/Parent")
        if node is None:
            return 0
        if "/Rotate" in node:
            return int(node["/Rotate"])
    return 0


def walk(page: pikepdf.Page) -> Content:
    """Walk a page's content stream and say what it shows. Forms are not entered: they make a page one to render."""
    images: list[tuple[str, pikepdf.Matrix]] = []
    letters = paints = others = 0
    stack: list[tuple[pikepdf.Matrix, int]] = []
    matrix, mode = pikepdf.Matrix(), 0
    resources = page.resources.get("/XObject", pikepdf.Dictionary())
    for count, instruction in enumerate(pikepdf.parse_content_stream(page)):
        if count > _MAX_OPERATORS:
            others += 1
            break
        operator = str(instruction.operator)
        operands = cast(Any, instruction.operands)
        if operator == "q":
            stack.append((matrix, mode))
        elif operator == "Q" and stack:
            matrix, mode = stack.pop()
        elif operator == "cm":
            matrix = pikepdf.Matrix(*(float(part) for part in operands)) @ matrix
        elif operator == "Tr":
            mode = int(operands[0])
        elif operator in _SHOW:
            letters += _letters(operands) if mode not in {3, 7} else 0
        elif operator in _PAINT:
            paints += 1
        elif operator == "Do":
            name = str(operands[0])
            target = resources.get(name)
            if target is not None and target.get("/Subtype") == "/Image":
                images.append((name, matrix))
            elif target is not None:
                others += 1
        elif operator == "INLINE IMAGE":
            others += 1
    return Content(images, letters, paints, others + _visible_annotations(page))


def _letters(operands: Any) -> int:
    total = 0
    for operand in operands:
        if isinstance(operand, pikepdf.Array):
            total += sum(len(bytes(part)) for part in operand if isinstance(part, pikepdf.String))
        elif isinstance(operand, pikepdf.String):
            total += len(bytes(operand))
    return total


def _visible_annotations(page: pikepdf.Page) -> int:
    """Annotations with an appearance that a viewer shows: e-signature captions among them."""
    seen = 0
    for annotation in cast(Any, page.obj.get("/Annots", ())):
        if not isinstance(annotation, pikepdf.Dictionary) or annotation.get("/Subtype") in {"/Link", "/Popup"}:
            continue
        box = [float(edge) for edge in cast(Any, annotation.get("/Rect", (0, 0, 0, 0)))]
        hidden = int(cast(Any, annotation.get("/F", 0))) & 0b100010
        seen += "/AP" in annotation and not hidden and abs(box[2] - box[0]) > 1 and abs(box[3] - box[1]) > 1
    return seen


def _judge(page: pikepdf.Page, number: int, where: Geometry, content: Content, limits: Limits) -> PageSource:
    swapped = where.rotation in {90, 270}
    points = (where.height, where.width) if swapped else (where.width, where.height)
    alone = len(content.images) == 1 and not (content.letters or content.paints or content.others)
    if alone and _covers(content.images[0][1], where):
        name, matrix = content.images[0]
        image = page.resources["/XObject"][name]
        width, height = int(image["/Width"]), int(image["/Height"])
        source = PageSource(
            number=number,
            width=max(1, height if swapped else width),
            height=max(1, width if swapped else height),
            dpi=round(width / (float(matrix.a) * where.unit / 72), 1),
            display_rotation=where.rotation,
            origin=PageOrigin.IMAGE,
            page_points=points,
            image=name,
            placement=_placement(matrix, where),
        )
    else:
        dpi, big_image = _render_dpi(page, where, content, limits)
        digital = content.letters >= _BORN_DIGITAL_LETTERS and not big_image
        source = PageSource(
            number=number,
            width=max(1, round(points[0] / 72 * dpi)),
            height=max(1, round(points[1] / 72 * dpi)),
            dpi=round(dpi, 1),
            display_rotation=where.rotation,
            origin=PageOrigin.TEXT if digital else PageOrigin.RENDER,
            page_points=points,
        )
    if source.width * source.height > limits.page_megapixels * 1e6:
        return source.model_copy(update={"findings": (too_large(number, source.width, source.height, limits),)})
    return source


def _render_dpi(page: pikepdf.Page, where: Geometry, content: Content, limits: Limits) -> tuple[float, bool]:
    """Resolution to render at: never coarser than a big image on the page; and whether there is one."""
    dpi, big_image = _RENDER_DPI, False
    for name, matrix in content.images:
        share = abs(matrix.a * matrix.d - matrix.b * matrix.c) * where.unit**2 / (where.width * where.height)
        big_image = big_image or share > 0.5
        across = max(abs(matrix.a), abs(matrix.b)) * where.unit / 72
        if share > 0.3 and across > 0:
            dpi = max(dpi, min(600.0, int(page.resources["/XObject"][name]["/Width"]) / across))
    pixels = where.width * where.height * (dpi / 72) ** 2
    if pixels > limits.page_megapixels * 1e6:
        dpi *= (limits.page_megapixels * 0.98e6 / pixels) ** 0.5
    return dpi, big_image


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
    shown = scaled @ turns[where.rotation]
    return (float(shown.a), float(shown.b), float(shown.c), float(shown.d), float(shown.e), float(shown.f))


def _covers(matrix: pikepdf.Matrix, where: Geometry) -> bool:
    """Whether an upright image shows on the whole page and is not cut by it."""
    if abs(matrix.b) > 0.01 or abs(matrix.c) > 0.01 or matrix.a <= 0 or matrix.d <= 0:
        return False
    width, height = where.width / where.unit, where.height / where.unit
    across = min(matrix.e + matrix.a, where.left + width) - max(matrix.e, where.left)
    up = min(matrix.f + matrix.d, where.bottom + height) - max(matrix.f, where.bottom)
    fills = across >= _COVERS * width and up >= _COVERS * height
    return fills and across >= _COVERS * matrix.a and up >= _COVERS * matrix.d


def too_large(number: int, width: int, height: int, limits: Limits) -> Finding:
    """The finding of a page with more pixels than the limit."""
    return finding("page_too_large", page=number, width=width, height=height, limit=limits.page_megapixels)
