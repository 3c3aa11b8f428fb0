"""One PDF page as pixels: by Poppler, and by PDFium where Poppler cannot open the file or draws nothing of the page."""

from __future__ import annotations

import cv2
import numpy as np

from engines import pdfium, poppler
from engines.poppler import Rendered
from schemas.errors import SourceError

_WHITE = 250
_COARSE = 300  # pixels across at which two renderings are compared
_INK, _LEAST_INK = 200, 0.002
_OFF, _OFF_SHARE = 8.0, 0.03


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
    corners than PDFium. A page that PDFium draws carries no warnings.
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


def agreed(path: str, page: int, array: poppler.Pixels) -> bool:
    """True if PDFium independently draws the same image, and the image is not nearly empty.

    Many of Poppler's warnings have no visible effect; if two renderers agree, nothing is missing that a viewer would
    show.
    """
    height, width = array.shape[:2]
    size = max(1, min(width, _COARSE)), max(1, round(height * min(width, _COARSE) / width))
    second = pdfium.render_page(path, page, 72, grey=True, size=size)
    if second is None:
        return False
    grey = array if array.ndim == 2 else cv2.cvtColor(array, cv2.COLOR_RGB2GRAY)
    first = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.int16)
    off = np.abs(first - cv2.resize(second, size, interpolation=cv2.INTER_AREA).astype(np.int16))
    ink = float((first < _INK).mean())
    return ink >= _LEAST_INK and float(off.mean()) < _OFF and float((off > 64).mean()) < _OFF_SHARE


def _shows(array: poppler.Pixels) -> bool:
    return bool(array.size) and int(array.min()) < _WHITE
