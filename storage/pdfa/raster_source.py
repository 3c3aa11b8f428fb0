"""Pages of an image original: its own stream where PDF knows the encoding, else its pixels encoded anew."""

from __future__ import annotations

import hashlib
import mmap
import struct
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import pikepdf
from pikepdf import Name
from PIL import Image, UnidentifiedImageError

from schemas.findings import Finding, finding
from schemas.reading import Format, PageSource
from storage.pdfa import geometry, jpeg, jpx, png, tiff
from storage.pdfa.damage import fax_complaints
from storage.pdfa.drawn import Drawn
from storage.pdfa.encode import encode_image, encode_rgb16, lift_png
from storage.pdfa.images import Colour, ColourSpaces, ImageStream, add_image, g4_parms

# Pages over the limit were set aside when they were listed; Pillow's own guard would refuse fine A3 scans.
Image.MAX_IMAGE_PIXELS = None
_ORIENTATION = 274
_RGB = 2  # TIFF's photometric interpretation
_UNFOLLOWED = tiff.Frame(0, 0, 0, 0, 0, 0, 1, 0, (), (), tiled=False, orientation=1)
# EXIF: mirrored left to right first, then turned clockwise.
_TURNS = {
    1: (0, False), 2: (0, True), 3: (180, False), 4: (180, True),
    5: (270, True), 6: (90, False), 7: (90, True), 8: (270, False),
}  # fmt: skip


class _Picture(NamedTuple):
    """An encoded page, the EXIF orientation still to be applied, and why it was encoded anew, if it was."""

    stream: ImageStream
    orientation: int = 1
    reason: str | None = None
    lossless: bool = True


class RasterSource:
    """An open image original. Frames are decoded one at a time."""

    def __init__(self, path: str, kind: Format) -> None:
        self._path, self._kind = path, kind
        self._stack = ExitStack()
        self._view: mmap.mmap | None = None
        self._frames: list[tiff.Frame] = []
        self._image: Image.Image | None = None
        if kind is Format.TIFF:
            with Path(path).open("rb") as stream:
                self._view = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
            self._stack.enter_context(self._view)
            # What Pillow can follow and we cannot is decoded.
            with memoryview(self._view) as view, suppress(ValueError):
                self._frames = tiff.frames(view)

    def close(self) -> None:
        """Close the file."""
        self._stack.close()

    def draw(self, source: PageSource, out: pikepdf.Pdf, spaces: ColourSpaces) -> Drawn:
        """Put one page's picture into the file being written.

        Raises:
            ValueError, OSError: the image is damaged or cut off.
        """
        picture = self._picture(source)
        stream = picture.stream
        found: list[Finding] = []
        if picture.reason:
            why, lossless = picture.reason, picture.lossless
            found.append(finding("stream_reencoded", page=source.number, reason=why, lossless=lossless))
        width, height, assumed = _page_size(source)
        if assumed and not any(known.rule == "dpi_assumed" for known in source.findings):
            found.append(finding("dpi_assumed", page=source.number, dpi=round(assumed)))
        turn, mirrored = _TURNS.get(picture.orientation, (0, False))
        matrix = geometry.turned(turn, mirrored=mirrored).then(geometry.scale(width, height))
        digest = hashlib.sha256(stream.data).hexdigest() if stream.taken_over else None
        image = add_image(out, stream, spaces)
        return Drawn(image, matrix, width, height, len(stream.data), digest, findings=tuple(found))

    def _picture(self, source: PageSource) -> _Picture:
        if self._kind is Format.TIFF:
            return self._tiff(source.number)
        data = Path(self._path).read_bytes()
        taken, irregular = None, False
        try:
            if self._kind is Format.PNG and _is_rgb16(data):
                return _Picture(self._rgb16(0), reason="interlaced")
            taken = _TAKEN[self._kind](data) if self._kind in _TAKEN else None
        except (ValueError, LookupError, struct.error):
            irregular = True  # a decoder may still know how to read it, or will say that it is damaged
        with Image.open(self._path) as image:
            orientation = int(Image.Image.getexif(image).get(_ORIENTATION, 1))
            if taken is not None:
                return _Picture(taken, orientation)
            image.load()
            stream, given_up = encode_image(image)
        why = given_up or ("undecodable_as_is" if irregular else str(self._kind))
        return _Picture(stream, orientation, why, given_up is None)

    def _tiff(self, number: int) -> _Picture:
        frame = self._frames[number - 1] if number <= len(self._frames) else _UNFOLLOWED
        strip = tiff.group4_strip(self._view, frame) if self._view is not None else None
        damaged = strip is not None and not self._fax_is_whole(number)
        if strip is not None and not damaged:
            return _group4(strip, frame)
        if frame.bits == 16 and frame.samples == 3 and frame.photometric == _RGB:
            return _Picture(self._rgb16(number - 1), frame.orientation, "tiff")
        stream, given_up = encode_image(self._loaded(number))
        why = "undecodable_as_is" if damaged else f"tiff_{frame.compression}"
        return _Picture(stream, 1, given_up or why, given_up is None)

    def _loaded(self, number: int) -> Image.Image:
        try:
            if self._image is None:
                self._image = self._stack.enter_context(Image.open(self._path))
            self._image.seek(number - 1)
            self._image.load()  # Pillow applies a TIFF's orientation while loading
        except (UnidentifiedImageError, EOFError) as error:
            raise ValueError(f"frame {number} cannot be decoded: {error}") from error
        return self._image

    def _fax_is_whole(self, number: int) -> bool:
        """True if fax data decode without errors: after an error, viewers show different results."""
        with fax_complaints() as complaints:
            self._loaded(number)
        return not complaints

    def _rgb16(self, index: int) -> ImageStream:
        """16-bit RGB: Pillow would cut it to 8 bits."""
        flags = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
        if self._kind is Format.TIFF:
            done, pages = cv2.imreadmulti(self._path, index, 1, flags=flags)
            pixels: Any = pages[0] if done and pages else None
        else:
            pixels = cv2.imread(self._path, flags)
        if pixels is None or pixels.ndim != 3 or pixels.dtype != np.uint16:
            raise ValueError("16-bit pixels could not be decoded")
        return encode_rgb16(pixels[..., 2::-1])


def _group4(strip: bytes, frame: tiff.Frame) -> _Picture:
    untouched = frame.fill_order == 1
    stream = ImageStream(
        data=strip,
        width=frame.width,
        height=frame.height,
        filter=Name.CCITTFaxDecode,
        parms=g4_parms(frame.width, frame.height, black_is_one=frame.photometric == 1),
        bits=1,
        colour=Colour(1),
        taken_over=untouched,
    )
    return _Picture(stream, frame.orientation, None if untouched else "fill_order")


def _jpeg(data: bytes) -> ImageStream | None:
    """The JPEG as a DCT stream; None where PDF or sRGB cannot hold it, or decoding must prove it whole."""
    header = jpeg.parse(data)
    if not header.dct or header.components not in (1, 3) or header.end is None or header.contradictory:
        return None
    parms: dict[str, int | bool] = {"/ColorTransform": 0} if header.stored_rgb else {}
    return ImageStream(
        data=data[: header.end],
        width=header.width,
        height=header.height,
        filter=Name.DCTDecode,
        parms=parms,
        colour=Colour(header.components, b"", header.profile),
        taken_over=True,
    )


def _jpx(data: bytes) -> ImageStream | None:
    header = jpx.parse(data)
    if not header.legal:
        return None
    return ImageStream(data, header.width, header.height, Name.JPXDecode, {}, None, None, taken_over=True)


def _png(data: bytes) -> ImageStream | None:
    return lift_png(data, taken_over=True) if png.parse(data).plain else None


def _is_rgb16(data: bytes) -> bool:
    """True if a PNG holds opaque 16-bit RGB that cannot be taken over."""
    header = png.parse(data)
    return not header.plain and header.bits == 16 and header.colour == 2 and not header.transparency


_TAKEN: dict[Format, Callable[[bytes], ImageStream | None]] = {
    Format.JPEG: _jpeg,
    Format.PNG: _png,
    Format.JPX: _jpx,
}


def _page_size(source: PageSource) -> tuple[float, float, float | None]:
    """Width and height in points, and the resolution assumed where the file gives none that can be true."""
    if source.page_points and geometry.fits_page(*source.page_points):
        return (*source.page_points, None)
    if source.dpi:
        width, height = source.width / source.dpi * 72, source.height / source.dpi * 72
        if geometry.fits_page(width, height):
            return width, height, None
    dpi = geometry.assumed_dpi(source.width, source.height)
    return (*geometry.within_page(source.width / dpi * 72, source.height / dpi * 72), dpi)
