"""Pages out of files: the list of pages before any pixel is decoded, and one page's pixels as a viewer shows them.

Pixels come from the file's own streams where a page is one image; otherwise from a renderer. Limits are held against what
headers say, before anything is decoded.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any, NamedTuple, cast

import cv2
import numpy as np
import numpy.typing as npt
import pikepdf
from pikepdf.models.image import ImageDecompressionError
from PIL import Image, UnidentifiedImageError

from engines import poppler, rendering
from extractors.pdf_pages import list_pdf_pages, open_pdf, too_large
from schemas.errors import SourceError
from schemas.findings import finding
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
_PILLOW = {
    Format.JPEG: ("JPEG", "MPO"), Format.PNG: ("PNG",), Format.TIFF: ("TIFF",),
    Format.JPX: ("JPEG2000",), Format.WEBP: ("WEBP",), Format.BMP: ("BMP",),
}  # fmt: skip
# Long sides of ISO A4 to A0 in inches, and the resolutions scanners have.
_LONG_SIDES = (11.69, 16.54, 23.39, 33.11, 46.81)
_SCANNED_DPI = (100, 150, 200, 240, 300, 400, 600)
_BROKEN_IMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    TypeError,
    ZeroDivisionError,
    KeyError,
    IndexError,
)
_BITS = {"1": 1, "L": 8, "P": 8, "I;16": 8, "I": 8, "F": 8, "LA": 8}


class PagePixels(NamedTuple):
    """One page as a viewer shows it.

    Attributes:
        array: H×W grey or H×W×3 RGB.
        dpi: pixels an inch, None if the file does not say.
        bits: a pixel's bits as stored: 1, 8 or 24.
        complaint: warnings of the renderer, empty if none.
    """

    array: Pixels
    dpi: float | None
    bits: int
    complaint: str = ""


def list_pages(path: str, kind: Format, limits: Limits) -> PageList:
    """List a file's pages. Nothing is decoded; a page over the limits or broken carries its finding.

    Raises:
        SourceError: the file as a whole cannot be used.
    """
    if kind is Format.PDF:
        return list_pdf_pages(path, limits)
    try:
        with Image.open(path, formats=_PILLOW[kind]) as image:
            frames = _count(image, limits) if kind is Format.TIFF else 1
            pages = tuple(_frame(image, kind, number, limits) for number in range(1, frames + 1))
    except UnidentifiedImageError as error:
        raise SourceError("image_broken", f"not a readable {kind}", detail=f"{kind}") from error
    except _BROKEN_IMAGE as error:
        raise SourceError("image_broken", str(error), detail=str(error)[:200]) from error
    first = pages[0]
    if frames == 1 and any(one.rule == "page_too_large" for one in first.findings):
        limit = limits.page_megapixels
        raise SourceError("image_too_large", width=first.width, height=first.height, limit=limit)
    return PageList(format=kind, pages=pages)


def _count(image: Image.Image, limits: Limits) -> int:
    """Frames of a TIFF, followed no further than the limit."""
    count = 0
    try:
        while count <= limits.file_pages:
            image.seek(count)
            count += 1
    except EOFError:
        return count
    raise SourceError("too_many_pages", count=count, limit=limits.file_pages)


def _frame(image: Image.Image, kind: Format, number: int, limits: Limits) -> PageSource:
    try:
        image.seek(number - 1)
        # Pillow's PNG plugin would decode the whole image to look for EXIF behind it.
        orientation = Image.Image.getexif(image).get(_EXIF_ORIENTATION, 1)
        turn, mirrored = _TURNS.get(int(orientation), (0, False))
        width, height = image.size
    except _BROKEN_IMAGE as error:
        broken = finding("page_broken", page=number, detail=str(error)[:200])
        return PageSource(number=number, width=1, height=1, findings=(broken,))
    # Pillow reports the displayed size of a TIFF, and the stored size of other formats.
    if turn in {90, 270} and kind is not Format.TIFF:
        width, height = height, width
    dpi = _header_dpi(image, width, height, turn)
    large = width * height > limits.page_megapixels * 1e6
    return PageSource(
        number=number,
        width=max(1, width),
        height=max(1, height),
        dpi=round(dpi[0], 1) if dpi else None,
        display_rotation=turn,
        mirrored=mirrored,
        page_points=(width / dpi[0] * 72, height / dpi[1] * 72) if dpi else None,
        findings=(too_large(number, width, height, limits),) if large else (),
    )


def _header_dpi(image: Image.Image, width: int, height: int, turn: Rotation) -> tuple[float, float] | None:
    """The header's horizontal and vertical dpi of the displayed page, if plausible.

    72 or 96 on a page of scan size is a default nobody set. Fax resolutions differ across and down.
    """
    try:
        across, down = (float(part) for part in image.info["dpi"][:2])
    except _BROKEN_IMAGE:
        return None
    if turn in {90, 270}:
        across, down = down, across
    if not (71 <= across <= 2400 and 71 <= down <= 2400):
        return None
    inches = max(width / across, height / down)
    unset = round(across) in {72, 96} and inches > 17
    return None if unset or not 2 <= inches <= 60 else (across, down)


def assumed_dpi(width: int, height: int) -> float:
    """The dpi of a page whose file does not say: that of a scanner at which it comes nearest to an ISO A size."""
    long = max(width, height)
    fits = [(abs(long / side / dpi - 1), side, dpi) for dpi in _SCANNED_DPI for side in _LONG_SIDES]
    error, _, dpi = min(fits, key=lambda fit: (fit[0] > 0.03, fit[1] if fit[0] <= 0.03 else 0, fit[0]))
    return float(dpi) if error <= 0.03 else round(long / _LONG_SIDES[0], 1)


def page_pixels(
    path: str, kind: Format, source: PageSource, profile: ReadingProfile, limits: Limits
) -> PagePixels:
    """Decode one page into the displayed frame.

    Raises:
        SourceError: `page_broken`, `page_too_large`, `page_timed_out`.
    """
    if source.width * source.height > limits.page_megapixels * 1e6:
        raise SourceError("page_too_large", page=source.number, width=source.width, height=source.height)
    if kind is not Format.PDF:
        return _raster(path, kind, source)
    if source.origin is PageOrigin.IMAGE:
        return _own_image(path, source, limits)
    dpi = source.dpi or float(profile.render_dpi)
    # Poppler scales a page to a size before it turns it or after, depending on its version.
    size = None if source.display_rotation in {90, 270} else (source.width, source.height)
    array, complaint = rendering.render_page(path, source.number, dpi, timeout=limits.page_seconds, size=size)
    return PagePixels(_as_listed(array, source), source.dpi, 24, complaint)


def _as_listed(array: Pixels, source: PageSource) -> Pixels:
    """Pixels resized to the listed size. A render may be a pixel off, and a broken header may be wrong."""
    over, wide = source.height - array.shape[0], source.width - array.shape[1]
    if not (over or wide):
        return array
    if max(abs(over), abs(wide)) <= 2:
        white = (255, 255, 255)
        padded = cv2.copyMakeBorder(array, 0, max(0, over), 0, max(0, wide), cv2.BORDER_CONSTANT, value=white)
        return np.ascontiguousarray(padded[: source.height, : source.width])
    return cast(Pixels, cv2.resize(array, (source.width, source.height), interpolation=cv2.INTER_AREA))


def _raster(path: str, kind: Format, source: PageSource) -> PagePixels:
    try:
        if kind is Format.JPEG and (decoded := _jpeg(Path(path).read_bytes(), source)) is not None:
            array, bits = decoded
            return PagePixels(_turned(array, source), source.dpi, bits)
        with Image.open(path, formats=_PILLOW[kind]) as image:
            image.seek(source.number - 1)
            bits, array = _BITS.get(image.mode, 24), _as_array(image)
            # Pillow turns a TIFF as it loads it, and nothing else.
            pixels = _as_listed(array, source) if kind is Format.TIFF else _turned(array, source)
            return PagePixels(pixels, source.dpi, bits)
    except _BROKEN_IMAGE as error:
        raise SourceError("page_broken", str(error), page=source.number, detail=str(error)[:200]) from error


def _turned(array: Pixels, source: PageSource) -> Pixels:
    """Stored pixels as a viewer turns them."""
    flipped = array[:, ::-1] if source.mirrored else array
    return _as_listed(np.ascontiguousarray(np.rot90(flipped, -source.display_rotation // 90)), source)


def _as_array(image: Image.Image) -> Pixels:
    """Grey or RGB on white paper, 8 bits a channel."""
    if image.mode in {"1", "L"}:
        return np.array(image.convert("L"))
    if image.mode.startswith(("I", "F")):
        wide = np.asarray(image).astype(np.float32)
        top = 65535.0 if wide.max(initial=0) > 255 else 255.0
        return cast(Pixels, np.clip(wide * (255.0 / top), 0, 255).astype(np.uint8))
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        ground = Image.new("RGBA", image.size, "white")
        return np.array(Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB"))
    return np.array(image.convert("RGB"))


def _own_image(path: str, source: PageSource, limits: Limits) -> PagePixels:
    """A page's own image: its stream decoded, or drawn alone, pixel for pixel, where only a renderer knows how."""
    with open_pdf(path) as pdf:
        page = pdf.pages[source.number - 1]
        image = page.resources["/XObject"][str(source.image)]
        decoded = _decoded(image, source)
        complaint = ""
        if decoded is None:
            array, complaint = _drawn_alone(image, limits, source.number)
            bits = 1 if int(cast(Any, image.get("/BitsPerComponent", 1))) == 1 else 24
        else:
            array, bits = decoded
    return PagePixels(_turned(array, source), source.dpi, bits, complaint)


def _decoded(image: Any, source: PageSource) -> tuple[Pixels, int] | None:
    """An image stream's pixels and bits; None where a renderer knows better (JBIG2, masks, unusual colour)."""
    if any(key in image for key in ("/ImageMask", "/SMask", "/Mask", "/Decode")):
        return None
    held = pikepdf.PdfImage(image)
    filters = [str(part) for part in held.filters]
    if "/JBIG2Decode" in filters or "/JPXDecode" in filters:
        return None
    try:
        if filters == ["/DCTDecode"]:
            return _jpeg(image.read_raw_bytes(), source)
        if "/DCTDecode" in filters:
            return None
        decoded = held.as_pil_image()
        return _as_array(decoded), _BITS.get(decoded.mode, 24)
    except (ImageDecompressionError, OSError) as error:
        raise SourceError("page_broken", str(error), page=source.number, detail=str(error)[:200]) from error
    except (pikepdf.PdfError, NotImplementedError, RuntimeError, ValueError, TypeError, KeyError):
        return None


def _jpeg(data: bytes, source: PageSource) -> tuple[Pixels, int] | None:
    """Pixels of a whole JPEG in grey or RGB; None for other modes.

    Raises:
        OSError: it is cut short, which OpenCV would fill with grey without a word.
    """
    with Image.open(io.BytesIO(data), formats=("JPEG", "MPO")) as header:
        mode, size = header.mode, header.size
        if size[0] * size[1] > 2 * source.width * source.height:
            raise OSError(f"a JPEG of {size[0]} x {size[1]} pixels where another size was said")
        if mode not in {"L", "RGB"}:
            return None
        if b"\xff\xd9" not in data[-2048:]:
            header.load()
    flags = cv2.IMREAD_GRAYSCALE if mode == "L" else cv2.IMREAD_COLOR_RGB
    array = cv2.imdecode(np.frombuffer(data, np.uint8), flags | cv2.IMREAD_IGNORE_ORIENTATION)
    return None if array is None else (cast(Pixels, array), 8 if mode == "L" else 24)


def _drawn_alone(image: Any, limits: Limits, number: int) -> poppler.Rendered:
    """An image drawn by the renderer on a page of just its size: exactly its own pixels."""
    width, height = int(image["/Width"]), int(image["/Height"])
    grey = int(cast(Any, image.get("/BitsPerComponent", 1))) == 1
    with tempfile.NamedTemporaryFile(prefix="page-", suffix=".pdf") as file, pikepdf.new() as alone:
        page = alone.add_blank_page()
        page.MediaBox = pikepdf.Array([0, 0, width, height])  # of any size, down to a single pixel
        page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im=alone.copy_foreign(image)))
        page.Contents = alone.make_stream(f"q {width} 0 0 {height} 0 0 cm /Im Do Q".encode())
        alone.save(file.name)
        size = (width, height)
        try:
            return rendering.render_page(file.name, 1, 72, timeout=limits.page_seconds, grey=grey, size=size)
        except SourceError as error:
            error.page = number
            raise
