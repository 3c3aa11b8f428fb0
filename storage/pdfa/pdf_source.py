"""Pages of a PDF original: the page's own image stream where it may stay, else the page rendered."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple, cast

import pikepdf

from engines import rendering
from schemas.errors import SourceError
from schemas.findings import Finding, finding
from schemas.reading import PageOrigin, PageSource
from schemas.rules import RenditionProfile
from storage.pdfa import geometry, pdf_images
from storage.pdfa.drawn import Drawn
from storage.pdfa.encode import encode_array
from storage.pdfa.geometry import Matrix, Rectangle
from storage.pdfa.images import GREY, ColourSpaces, ImageStream, add_image
from storage.pdfa.pdf_content import drawing_of

_RENDER_SECONDS = 120.0
_MAX_RENDER_DPI = 1200.0
_DEFAULTS = {"/DeviceGray": "/DefaultGray", "/DeviceRGB": "/DefaultRGB"}
_A4 = (595.276, 841.89)


class _Taken(NamedTuple):
    """An image XObject for the output: bytes held in memory, digest if they are the original's, why if not."""

    image: pikepdf.Object
    held: int
    digest: str | None
    fill: str
    reason: str | None


class PdfSource:
    """An open PDF original. Streams are copied when a page is drawn."""

    def __init__(self, path: str, profile: RenditionProfile) -> None:
        self._path = path
        self._profile = profile
        try:
            self._pdf = pikepdf.open(path, access_mode=pikepdf.AccessMode.stream)
        except pikepdf.PasswordError as error:
            raise SourceError("pdf_password") from error
        except (pikepdf.PdfError, OSError, RuntimeError, ValueError) as error:
            raise SourceError("pdf_broken", str(error), detail=type(error).__name__) from error

    def close(self) -> None:
        """Close the file."""
        self._pdf.close()

    def draw(self, source: PageSource, out: pikepdf.Pdf, spaces: ColourSpaces) -> Drawn:
        """Put one page's picture into the file being written.

        Raises:
            SourceError: `page_broken`, `page_timed_out`.
            ValueError, pikepdf.PdfError: the page's data are damaged.
        """
        drawn = self._draw(source, out, spaces)
        width, height = geometry.within_page(drawn.width, drawn.height)
        if (width, height) == (drawn.width, drawn.height):
            return drawn
        across, up = width / drawn.width, height / drawn.height
        found = finding("dpi_assumed", page=source.number, dpi=round((source.dpi or 72) / across))
        return drawn._replace(
            matrix=drawn.matrix.then(geometry.scale(across, up)),
            width=width,
            height=height,
            findings=(*drawn.findings, found),
        )

    def _draw(self, source: PageSource, out: pikepdf.Pdf, spaces: ColourSpaces) -> Drawn:
        width, height = source.page_points or _points(source)
        if source.origin is PageOrigin.IMAGE and source.image and source.placement:
            page = self._pdf.pages[source.number - 1]
            taken = self._take(page, source.image, out, spaces)
            if taken is not None:
                found = _reencoded(source.number, taken.reason) if taken.reason else ()
                matrix = Matrix(*source.placement)
                return Drawn(taken.image, matrix, width, height, taken.held, taken.digest, taken.fill, found)
        return self._render(source, out, spaces, width, height)

    def _take(self, page: pikepdf.Page, name: str, out: pikepdf.Pdf, spaces: ColourSpaces) -> _Taken | None:
        """The page's own image, untouched or encoded anew; None if only a renderer knows what it shows."""
        drawing = drawing_of(page, name)
        image = cast(Any, page.resources).XObject[name]
        stencil = bool(image.get("/ImageMask", False))
        if not drawing.plain or (stencil and drawing.fill is None):
            return None
        colour = None if stencil else pdf_images.colour_of(_default_space(page, image.get("/ColorSpace")))
        fill = drawing.fill or "0 g "
        raw = image.read_raw_bytes()
        if pdf_images.may_stay(image, colour, raw):
            copy = out.copy_foreign(image)
            pdf_images.keep_essentials(copy)
            if "/ColorSpace" in copy and colour is not None:
                copy.ColorSpace = spaces.of(colour)
            return _Taken(copy, len(raw), hashlib.sha256(raw).hexdigest(), fill if stencil else "", None)
        anew = pdf_images.decode(image, colour or GREY)
        if anew is None or (colour is None and not stencil):
            return None
        copy = add_image(out, anew, spaces)
        if "/Decode" in image:
            copy.Decode = pikepdf.Array([float(part) for part in cast(Any, image.Decode)])
        if stencil:
            del copy.ColorSpace
            copy.ImageMask = True
        reason = "+".join(filter_.strip("/") for filter_ in pdf_images.filters_of(image)) or "uncompressed"
        return _Taken(copy, len(anew.data), None, fill if stencil else "", reason)

    def _render(
        self, source: PageSource, out: pikepdf.Pdf, spaces: ColourSpaces, width: float, height: float
    ) -> Drawn:
        own_image = source.origin is PageOrigin.IMAGE
        native = source.dpi or self._profile.render_dpi
        if own_image:
            # Poppler draws an image that ends on a pixel's edge one pixel too wide: a hair less keeps its own grid.
            dpi = min(_MAX_RENDER_DPI, native * (1 - 0.02 / max(source.width, source.height)))
        else:
            dpi = min(_MAX_RENDER_DPI, max(float(self._profile.render_dpi), native))
        pixels, complaint = rendering.render_page(self._path, source.number, dpi, timeout=_RENDER_SECONDS)
        if complaint and int(pixels.min()) == 255:  # nothing of the page could be drawn
            raise SourceError("page_broken", complaint, page=source.number, detail=complaint)
        stream: ImageStream = encode_array(pixels)
        found: tuple[Finding, ...] = (finding("page_rendered", page=source.number, dpi=round(dpi)),)
        if own_image:
            found = _reencoded(source.number, "colour_space", lossless=False)
        matrix = geometry.rectangle(Rectangle(0, 0, width, height))
        image = add_image(out, stream, spaces)
        return Drawn(image, matrix, width, height, len(stream.data), findings=found)


def _reencoded(page: int, reason: str, *, lossless: bool = True) -> tuple[Finding, ...]:
    return (finding("stream_reencoded", page=page, reason=reason, lossless=lossless),)


def _points(source: PageSource) -> tuple[float, float]:
    if source.dpi:
        return source.width / source.dpi * 72, source.height / source.dpi * 72
    return _A4


def _default_space(page: pikepdf.Page, space: Any) -> Any:
    """The colour space that DefaultGray or DefaultRGB substitutes for a device space on this page."""
    default = _DEFAULTS.get(str(space)) if isinstance(space, pikepdf.Name) else None
    spaces = page.resources.get("/ColorSpace")
    if default and isinstance(spaces, pikepdf.Dictionary) and default in spaces:
        return spaces[default]
    return space
