"""PDFium through pypdfium2, in process: the second renderer, for what Poppler cannot open or draw.

It runs inside a worker, whose time and memory are bounded and whose crash costs one page.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pypdfium2


def render_page(
    path: str, page: int, dpi: float, *, grey: bool = False, size: tuple[int, int] | None = None
) -> npt.NDArray[np.uint8] | None:
    """One page as a viewer shows it, H×W×3 RGB or H×W; None where PDFium cannot draw it either.

    Args:
        path: the PDF.
        page: 1-based.
        dpi: pixels an inch.
        grey: one channel.
        size: wanted width and height in pixels; the page is drawn so that it fills them, a pixel more or less.
    """
    try:
        with pypdfium2.PdfDocument(path) as document:
            document.init_forms()
            if page > len(document):
                return None
            sheet = document[page - 1]
            scale = dpi / 72 if size is None else size[0] / max(1.0, sheet.get_width())
            drawn = sheet.render(scale=scale, grayscale=grey, rev_byteorder=True).to_numpy()
            return np.array(drawn[..., 0] if grey and drawn.ndim == 3 else drawn)
    except pypdfium2.PdfiumError:
        return None
