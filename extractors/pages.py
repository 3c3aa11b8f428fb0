"""Pages out of files: the list of pages before any pixel is decoded, and one page's pixels as a viewer shows them."""

from __future__ import annotations

import io
from typing import NamedTuple, cast

import cv2
import numpy as np
import numpy.typing as npt
import pikepdf
from PIL import Image, ImageOps, UnidentifiedImageError

from engines import poppler
from extractors.pdf_pages import list_pdf_pages, open_pdf, too_large, walk
from schemas.errors import SourceError
from schemas.findings import Finding, finding
from schemas.reading import Format, PageList, PageOrigin, PageSource, Rotation
from schemas.rules import Limits, ReadingProfile

Pixels = npt.NDArray[np.uint8]
# Pillow's own bomb guard is replaced by ours, which knows the limit of the configuration and names the page.
Image.MAX_IMAGE_PIXELS = None
_EXIF_ORIENTATION = 274
# EXIF orientation → degrees clockwise a viewer turns the stored image, after mirroring it left to right.
_TURNS: dict[int, tuple[Rotation, bool]] = {
    1: (0, False), 2: (0, True), 3: (180, False), 4: (180, True),
    5: (270, True), 6: (90, False), 7: (90, True), 8: (270, False),
}  # fmt: skip
_A_SIZES_INCHES = ((8.27, 11.69), (11.69, 16.54), (16.54, 23.39), (23.39, 33.11), (33.11, 46.81))
_BROKEN_IMAGE = (OSError, SyntaxError, ValueError, EOFError, TypeError, ZeroDivisionError, KeyError, IndexError)


class PagePixels(NamedTuple):
    """One page as a viewer shows it: H×W grey or H×W×3 RGB, its dpi and the bits a pixel was stored in."""

    array: Pixels
    dpi: float | None
    bits: int


def list_pages(path: str, kind: Format, limits: Limits) -> PageList:
    """List a file's pages. Nothing is decoded; a page over the limits or broken carries its finding.

    Raises:
        SourceError: the file as a whole cannot be used.
    """
    if kind is Format.PDF:
        return list_pdf_pages(path, limits)
    try:
        with Image.open(path) as image:
            frames = int(getattr(image, "n_frames", 1)) if kind is Format.TIFF else 1
            if frames > limits.file_pages:
                raise SourceError("too_many_pages", count=frames, limit=limits.file_pages)
            return PageList(format=kind, pages=tuple(_frame(image, number, limits) for number in range(1, frames + 1)))
    except UnidentifiedImageError as error:
        raise SourceError("image_broken", str(error), detail=f"{kind}") from error
    except _BROKEN_IMAGE as error:
        raise SourceError("image_broken", str(error), detail=str(error)[:200]) from error


def _frame(image: Image.Image, number: int, limits: Limits) -> PageSource:
    try:
        if number > 1:
            image.seek(number - 1)
        turn, mirrored = _TURNS.get(int(image.getexif().get(_EXIF_ORIENTATION, 1)), (0, False))
    except _BROKEN_IMAGE as error:
        broken = finding("page_broken", page=number, detail=str(error)[:200])
        return PageSource(number=number, width=1, height=1, findings=(broken,))
    width, height = image.size
    if turn in {90, 270}:
        width, height = height, width
    findings: list[Finding] = []
    dpi = _header_dpi(image, width, height)
    points = _points(image, width, height, turn) if dpi else None
    if width * height > limits.page_megapixels * 1e6:
        findings.append(too_large(number, width, height, limits))
    return PageSource(
        number=number,
        width=max(1, width),
        height=max(1, height),
        dpi=dpi,
        display_rotation=turn,
        mirrored=mirrored,
        page_points=points,
        findings=tuple(findings),
    )


def _header_dpi(image: Image.Image, width: int, height: int) -> float | None:
    """The header's dpi where it can be true: 72 on a page of scan size is a default nobody set."""
    try:
        dpi = float(image.info.get("dpi", (0, 0))[0])
    except _BROKEN_IMAGE:
        return None
    if not 72 <= dpi <= 2400 or max(width, height) / dpi > 60 or max(width, height) / dpi < 2:
        return None
    if dpi in {72.0, 96.0} and max(width, height) / dpi > 17:
        return None
    return round(dpi, 1)


def _points(image: Image.Image, width: int, height: int, turn: int) -> tuple[float, float]:
    """Displayed size in points; fax resolutions differ across and down."""
    across, down = (float(part) for part in image.info["dpi"][:2])
    if turn in {90, 270}:
        across, down = down, across
    return width / across * 72, height / (down if down >= 72 else across) * 72


def assumed_dpi(width: int, height: int) -> float:
    """The dpi at which a page of unknown size would be A4 (its long side 11.69 inches)."""
    return round(max(width, height) / _A_SIZES_INCHES[0][1], 1)


def page_pixels(path: str, kind: Format, source: PageSource, profile: ReadingProfile, limits: Limits) -> PagePixels:
    """Decode one page into the displayed frame.

    Raises:
        SourceError: `page_broken`, `page_too_large`, `page_timed_out`.
    """
    if source.width * source.height > limits.page_megapixels * 1e6:
        raise SourceError("page_too_large", page=source.number, width=source.width, height=source.height)
    if kind is not Format.PDF:
        return _raster(path, source)
    if source.origin is PageOrigin.IMAGE:
        stored = _stored_image(path, source.number)
        if stored is not None:
            array, bits = stored
            return PagePixels(np.ascontiguousarray(np.rot90(array, -source.display_rotation // 90)), source.dpi, bits)
    dpi = source.dpi or profile.render_dpi
    array = poppler.render(path, source.number, dpi, timeout=limits.page_seconds)
    return PagePixels(_fitted(array, source), source.dpi, 24)


def _fitted(array: Pixels, source: PageSource) -> Pixels:
    """A render can be a pixel off the listed frame; boxes must not."""
    if array.shape[:2] == (source.height, source.width):
        return array
    return cast(Pixels, cv2.resize(array, (source.width, source.height), interpolation=cv2.INTER_AREA))


def _raster(path: str, source: PageSource) -> PagePixels:
    try:
        with Image.open(path) as image:
            if source.number > 1:
                image.seek(source.number - 1)
            bits = {"1": 1, "L": 8, "P": 8}.get(image.mode, 24)
            shown = ImageOps.exif_transpose(image)
            return PagePixels(_as_array(shown), source.dpi, bits)
    except _BROKEN_IMAGE as error:
        raise SourceError("page_broken", str(error), page=source.number, detail=str(error)[:200]) from error


def _as_array(image: Image.Image) -> Pixels:
    """Grey or RGB on white paper, 8 bits a channel."""
    if image.mode in {"1", "L"}:
        return np.array(image.convert("L"))
    if image.mode.startswith(("I", "F")):
        wide = np.asarray(image).astype(np.float32)
        top = 65535.0 if wide.max() > 255 else 255.0
        return cast(Pixels, np.clip(wide * (255.0 / top), 0, 255).astype(np.uint8))
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        ground = Image.new("RGBA", image.size, "white")
        return np.array(Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB"))
    return np.array(image.convert("RGB"))


def _stored_image(path: str, number: int) -> tuple[Pixels, int] | None:
    """The page's own image, decoded; None where a renderer knows better (JBIG2, masks, unusual colour)."""
    with open_pdf(path) as pdf:
        page = pdf.pages[number - 1]
        name = walk(page).images[0][0]
        image = page.resources["/XObject"][name]
        if any(key in image for key in ("/ImageMask", "/SMask", "/Mask", "/Decode")):
            return None
        filters = [str(part) for part in pikepdf.PdfImage(image).filters]
        if "/JBIG2Decode" in filters or "/JPXDecode" in filters:
            return None
        try:
            if filters == ["/DCTDecode"]:
                return _jpeg(image.read_raw_bytes())
            shown = pikepdf.PdfImage(image).as_pil_image()
            bits = 1 if shown.mode == "1" else 8 if shown.mode in {"L", "P"} else 24
            return _as_array(shown), bits
        except (pikepdf.PdfError, NotImplementedError, RuntimeError, *_BROKEN_IMAGE):
            # Whatever pikepdf cannot decode, Poppler may; if it cannot either, the page is broken and says so.
            return None


def _jpeg(data: bytes) -> tuple[Pixels, int] | None:
    with Image.open(io.BytesIO(data)) as image:
        mode = image.mode
        if mode not in {"L", "RGB"}:
            return None
    array = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION)
    if array is None:
        return None
    if array.ndim == 2:
        return cast(Pixels, array), 8
    return cast(Pixels, cv2.cvtColor(array, cv2.COLOR_BGR2RGB)), 24
