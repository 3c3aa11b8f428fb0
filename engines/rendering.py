"""One PDF page as pixels: by Poppler, and by PDFium where Poppler cannot open the file or draws nothing of the page."""

from __future__ import annotations

from engines import pdfium, poppler
from engines.poppler import Rendered
from schemas.errors import SourceError

_WHITE = 250


def render_page(
    path: str,
    page: int,
    dpi: float,
    *,
    timeout: float,
    grey: bool = False,
    size: tuple[int, int] | None = None,
) -> Rendered:
    """Render one page; arguments, result and errors as of `poppler.render_page`.

    Poppler needs data files for some languages, opens fewer damaged files than QPDF does, and knows fewer of JBIG2's
    corners than PDFium. A page that PDFium draws carries no complaint.
    """
    try:
        rendered = poppler.render_page(path, page, dpi, timeout=timeout, grey=grey, size=size)
    except SourceError as error:
        if error.rule != "page_broken":
            raise
        second = pdfium.render_page(path, page, dpi, grey=grey, size=size)
        if second is None:
            raise
        return Rendered(second, "" if _shows(second) else str(error.params.get("detail", error)))
    if rendered.complaint and not _shows(rendered.array):
        second = pdfium.render_page(path, page, dpi, grey=grey, size=size)
        if second is not None and _shows(second):
            return Rendered(second, "")
    return rendered


def _shows(array: poppler.Pixels) -> bool:
    return bool(array.size) and int(array.min()) < _WHITE
