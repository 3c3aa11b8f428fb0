"""Files that scanners leave: JPEG, PNG, TIFF (G4, LZW) and PDF with JPEG, G4, JBIG2 or JPEG 2000 pages.

Every writer is deterministic: no dates, no random ids. How an image lies in its container (turned, with a
/Rotate or an EXIF orientation) is part of the page, see `FilePage`.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
import pikepdf
from pikepdf import Array, Dictionary, Name
from PIL import Image, ImageOps

from samples.overlay import caption_font, caption_stream
from samples.wear.scan import Pixels

_EXIF_TURNS = {90: 6, 180: 3, 270: 8}
PRODUCER = "Canon iR-ADV C3525"


@dataclass(frozen=True)
class FilePage:
    """One page for a container, upright as displayed.

    Attributes:
        pixels: height x width x 3, as a viewer shall show it.
        dpi: resolution.
        stored_turn: degrees clockwise by which a viewer turns the stored image (/Rotate, EXIF): 0, 90, 180,
        270.
        caption: lines of text laid over the page as real PDF text (e-signature caption); PDF only.
        colour: False for a grey image.
    """

    pixels: Pixels
    dpi: int
    stored_turn: int = 0
    caption: tuple[str, ...] = ()
    colour: bool = True
    quality: int = 82

    def stored(self) -> Image.Image:
        """The image as it lies in the file."""
        image = Image.fromarray(self.pixels)
        if not self.colour:
            image = image.convert("L")
        turns = {
            90: Image.Transpose.ROTATE_90,
            180: Image.Transpose.ROTATE_180,
            270: Image.Transpose.ROTATE_270,
        }
        return image.transpose(turns[self.stored_turn]) if self.stored_turn else image


def bitonal(image: Image.Image) -> Image.Image:
    """Black and white by local threshold, as office scanners do."""
    grey = np.array(image.convert("L"), dtype=np.uint8)
    small = cv2.resize(
        grey, (max(1, grey.shape[1] // 8), max(1, grey.shape[0] // 8)), interpolation=cv2.INTER_AREA
    )
    ground = cv2.resize(cv2.dilate(small, np.ones((7, 7), np.uint8)), (grey.shape[1], grey.shape[0]))
    level = np.where(grey.astype(np.uint16) * 100 < ground.astype(np.uint16) * 68, 0, 255).astype(np.uint8)
    return Image.fromarray(level).convert("1", dither=Image.Dither.NONE)


def _jpeg(page: FilePage, exif: bool = True) -> bytes:
    out = io.BytesIO()
    options: dict[str, Any] = {"quality": page.quality, "dpi": (page.dpi, page.dpi)}
    if exif and page.stored_turn:
        tags = Image.Exif()
        tags[0x0112] = _EXIF_TURNS[page.stored_turn]
        options["exif"] = tags
    page.stored().save(out, "JPEG", **options)
    return out.getvalue()


def _png(page: FilePage) -> bytes:
    out = io.BytesIO()
    options: dict[str, Any] = {"dpi": (page.dpi, page.dpi), "compress_level": 1}
    page.stored().save(out, "PNG", **options)
    return out.getvalue()


def _tiff(pages: Sequence[FilePage], compression: str) -> bytes:
    images = [bitonal(page.stored()) if compression == "group4" else page.stored() for page in pages]
    out = io.BytesIO()
    dpi = float(pages[0].dpi)
    images[0].save(
        out, "TIFF", compression=compression, save_all=True, append_images=images[1:], dpi=(dpi, dpi)
    )
    return out.getvalue()


def group4(image: Image.Image) -> bytes:
    """The bare CCITT G4 stream of a black-and-white image, one strip, black as fax black."""
    out = io.BytesIO()
    ImageOps.invert(image.convert("L")).convert("1", dither=Image.Dither.NONE).save(
        out, "TIFF", compression="group4", strip_size=image.width * image.height
    )
    data = out.getvalue()
    with Image.open(io.BytesIO(data)) as written:
        tags = written.tag_v2  # type: ignore[attr-defined]  # only TIFF images have it
        start, length = tags[273], tags[279]
        if len(start) != 1:
            raise RuntimeError(f"expected one strip, got {len(start)}")
        return data[start[0] : start[0] + length[0]]


def jbig2(image: Image.Image) -> bytes:
    """An embedded JBIG2 stream: page information and one immediate generic region coded as MMR."""
    width, height = image.size
    coded = group4(image)
    page = struct.pack(">IIIIBH", width, height, 0, 0, 0, 0)
    region = struct.pack(">IIIIB", width, height, 0, 0, 0) + b"\x01" + coded
    return (
        struct.pack(">IBBBI", 0, 48, 0, 1, len(page))
        + page
        + struct.pack(">IBBBI", 1, 38, 0, 1, len(region))
        + region
    )


def _jpx(page: FilePage) -> bytes:
    out = io.BytesIO()
    page.stored().save(out, "JPEG2000", quality_mode="rates", quality_layers=[24], irreversible=True)
    return out.getvalue()


def _image_object(pdf: pikepdf.Pdf, page: FilePage, codec: str) -> tuple[pikepdf.Object, tuple[int, int]]:
    image = page.stored()
    width, height = image.size
    entries: dict[str, Any] = {"Type": Name.XObject, "Subtype": Name.Image, "Width": width, "Height": height}
    space = Name.DeviceRGB if page.colour else Name.DeviceGray
    if codec == "jpeg":
        data = _jpeg(page, exif=False)
        entries |= {"Filter": Name.DCTDecode, "ColorSpace": space, "BitsPerComponent": 8}
    elif codec == "jpx":
        data = _jpx(page)
        entries |= {"Filter": Name.JPXDecode, "ColorSpace": space, "BitsPerComponent": 8}
    else:
        entries |= {"ColorSpace": Name.DeviceGray, "BitsPerComponent": 1}
        black = bitonal(image)
        if codec == "g4":
            data = group4(black)
            entries["Filter"] = Name.CCITTFaxDecode
            entries["DecodeParms"] = Dictionary(K=-1, Columns=width, Rows=height, BlackIs1=False)
        else:
            data = jbig2(black)
            entries["Filter"] = Name.JBIG2Decode
    return pdf.make_stream(data, **entries), (width, height)


def _pdf(pages: Sequence[FilePage], codec: str) -> bytes:
    pdf = pikepdf.new()
    font: pikepdf.Object | None = None
    for page in pages:
        image, (width, height) = _image_object(pdf, page, codec)
        wide, high = width * 72 / page.dpi, height * 72 / page.dpi
        content = f"q {wide:.3f} 0 0 {high:.3f} 0 0 cm /Im0 Do Q\n".encode("ascii")
        resources = Dictionary(XObject=Dictionary(Im0=image))
        if page.caption:
            font = font or caption_font(pdf)
            resources.Font = Dictionary(F0=font)
            content += caption_stream(page.caption, wide, high)
        entries = Dictionary(
            Type=Name.Page,
            # A hair less than the image: renderers round page sizes up to whole pixels.
            MediaBox=Array([0, 0, round(wide - 0.002, 3), round(high - 0.002, 3)]),
            Resources=resources,
            Contents=pdf.make_stream(content),
        )
        if page.stored_turn:
            entries.Rotate = page.stored_turn
        pdf.pages.append(pikepdf.Page(pdf.make_indirect(entries)))
    pdf.docinfo["/Producer"] = PRODUCER
    out = io.BytesIO()
    pdf.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return out.getvalue()


Suffix = Literal[".jpg", ".png", ".tif", ".pdf"]


@dataclass(frozen=True)
class Container:
    """A kind of file. `many`: holds several pages. `turns`: can say how a viewer shall turn a page."""

    suffix: Suffix
    write: Callable[[Sequence[FilePage]], bytes]
    many: bool
    turns: bool
    bitonal: bool = False


CONTAINERS: dict[str, Container] = {
    "jpeg": Container(".jpg", lambda pages: _jpeg(pages[0]), many=False, turns=True),
    "png": Container(".png", lambda pages: _png(pages[0]), many=False, turns=False),
    "tiff_g4": Container(".tif", lambda pages: _tiff(pages, "group4"), many=True, turns=False, bitonal=True),
    "tiff_lzw": Container(".tif", lambda pages: _tiff(pages, "tiff_lzw"), many=True, turns=False),
    "pdf_jpeg": Container(".pdf", lambda pages: _pdf(pages, "jpeg"), many=True, turns=True),
    "pdf_g4": Container(".pdf", lambda pages: _pdf(pages, "g4"), many=True, turns=True, bitonal=True),
    "pdf_jbig2": Container(".pdf", lambda pages: _pdf(pages, "jbig2"), many=True, turns=True, bitonal=True),
    "pdf_jpx": Container(".pdf", lambda pages: _pdf(pages, "jpx"), many=True, turns=True),
}
