"""Small originals of every container and colour mode, made on the spot; none was ever a real paper."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pikepdf
from pikepdf import Array, Dictionary, Name, Stream
from PIL import Image, ImageCms, ImageDraw

from schemas.reading import Format

WIDTH, HEIGHT, DPI = 200, 300, 100
POINTS = (WIDTH / DPI * 72, HEIGHT / DPI * 72)
Maker = Callable[[Path], Path]


def picture(mode: str = "RGB", size: tuple[int, int] = (WIDTH, HEIGHT)) -> Image.Image:
    """A page that no turn or mirroring leaves the same: gradients, a frame, a corner mark, a little noise."""
    width, height = size
    across, down = np.meshgrid(np.linspace(40, 250, width), np.linspace(250, 60, height))
    noise = np.random.default_rng(5).integers(-4, 5, (height, width))
    pixels = (
        np.stack([across + noise, down + noise, (across + down) / 2], axis=-1).clip(0, 255).astype(np.uint8)
    )
    image = Image.fromarray(pixels)
    draw = ImageDraw.Draw(image)
    draw.rectangle((5, 5, width - 6, height - 6), outline=(0, 0, 0))
    draw.rectangle((10, 10, 60, 30), fill=(200, 0, 0))
    for row in range(50, height - 30, 20):
        draw.line((20, row, width - 20 - row // 4, row), fill=(0, 0, 0), width=3)
    if mode == "1":
        return image.convert("L").point(lambda value: 255 if value > 140 else 0).convert("1")
    if mode == "P":
        return image.quantize(32)
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize(size))
        return image
    return image.convert(mode)


def rgb16() -> npt.NDArray[np.uint16]:
    """16-bit RGB whose low bytes carry something."""
    pixels = np.asarray(picture()).astype(np.uint16)
    return pixels * 257 - (pixels // 3)


def grey16() -> Image.Image:
    """16-bit grey."""
    return Image.fromarray(np.asarray(picture("L")).astype(np.uint16) * 255 + 7)


def jpeg(mode: str = "RGB", **options: Any) -> bytes:
    """A JPEG file's bytes."""
    out = io.BytesIO()
    picture(mode).save(out, "JPEG", quality=90, dpi=(DPI, DPI), **options)
    return out.getvalue()


def jp2(mode: str = "RGB") -> bytes:
    """A JP2 file's bytes."""
    out = io.BytesIO()
    picture(mode).save(out, "JPEG2000")
    return out.getvalue()


def strip(image: Image.Image, compression: str) -> tuple[bytes, int]:
    """The one strip of a TIFF that libtiff writes, and its photometric interpretation."""
    out = io.BytesIO()
    image.save(out, "TIFF", compression=compression, strip_size=10_000_000)
    with Image.open(io.BytesIO(out.getvalue())) as tiff:
        tags: Any = tiff.tag_v2  # type: ignore[attr-defined]
        assert len(tags[273]) == 1
        return out.getvalue()[tags[273][0] : tags[273][0] + tags[279][0]], tags[262]


def jbig2(image: Image.Image) -> bytes:
    """An embedded JBIG2 stream: page information and one generic region coded with MMR."""
    data, photometric = strip(image, "group4")
    if photometric != 0:  # MMR's black is one; turn the picture so that the coded bits mean ink
        data, _ = strip(Image.fromarray(255 - np.asarray(image.convert("L"))).convert("1"), "group4")
    size = struct.pack(">II", image.width, image.height)
    page = struct.pack(">IBBBI", 0, 48, 0, 1, 19) + size + struct.pack(">IIBH", 0, 0, 0, 0)
    region = size + struct.pack(">IIB", 0, 0, 0) + b"\x01" + data
    return page + struct.pack(">IBBBI", 1, 38, 0, 1, len(region)) + region


def pdf_of(
    path: Path,
    data: bytes,
    *,
    space: Any = Name.DeviceRGB,
    bits: int | None = 8,
    filters: Any = None,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    content: bytes | None = None,
    page: dict[str, Any] | None = None,
    resources: dict[str, Any] | None = None,
    **keys: Any,
) -> Path:
    """A PDF whose one page is one image."""
    with pikepdf.new() as pdf:
        image = Stream(pdf, data, Type=Name.XObject, Subtype=Name.Image, Width=size[0], Height=size[1])
        if space is not None:
            image.ColorSpace = space
        if bits is not None:
            image.BitsPerComponent = bits
        if filters is not None:
            image.Filter = filters
        for key, value in keys.items():
            image[f"/{key}"] = pdf.make_indirect(value(pdf)) if callable(value) else value
        drawn = content or b"q %g 0 0 %g 0 0 cm /Im0 Do Q" % POINTS
        page_object = Dictionary(
            Type=Name.Page,
            MediaBox=Array([0, 0, *POINTS]),
            Resources=Dictionary(XObject=Dictionary(Im0=pdf.make_indirect(image)), **(resources or {})),
            Contents=pdf.make_indirect(Stream(pdf, drawn)),
            **(page or {}),
        )
        pdf.pages.append(pikepdf.Page(pdf.make_indirect(page_object)))
        pdf.save(path, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    return path


def _flate(image: Image.Image) -> bytes:
    return zlib.compress(image.tobytes())


def _png_rows(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    data, rows, at = out.getvalue(), b"", 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        rows += data[at + 8 : at + 8 + length] if data[at + 4 : at + 8] == b"IDAT" else b""
        at += 12 + length
    return rows


def _predicted(colors: int) -> Dictionary:
    return Dictionary(Predictor=15, Colors=colors, BitsPerComponent=8, Columns=WIDTH)


def _g4(path: Path, **keys: Any) -> Path:
    data, photometric = strip(picture("1"), "group4")
    parms = Dictionary(K=-1, Columns=WIDTH, Rows=HEIGHT, BlackIs1=photometric == 1)
    return pdf_of(
        path, data, space=Name.DeviceGray, bits=1, filters=Name.CCITTFaxDecode, DecodeParms=parms, **keys
    )


def _stencil(colour: bytes) -> Maker:
    content = b"q " + colour + b" %g 0 0 %g 0 0 cm /Im0 Do Q" % POINTS
    data = zlib.compress(picture("1").tobytes())
    return _pdf(lambda: data, space=None, bits=1, filters=Name.FlateDecode, content=content, ImageMask=True)


def _palette(path: Path) -> Path:
    image = picture("P")
    table = bytes(image.getpalette() or b"")
    space = Array([Name.Indexed, Name.DeviceRGB, len(table) // 3 - 1, pikepdf.String(table)])
    return pdf_of(path, _flate(image), space=space, filters=Name.FlateDecode)


def _soft_mask(path: Path) -> Path:
    def mask(pdf: pikepdf.Pdf) -> Stream:
        fade = Image.linear_gradient("L").resize((WIDTH, HEIGHT))
        return Stream(
            pdf, _flate(fade), Type=Name.XObject, Subtype=Name.Image, Width=WIDTH, Height=HEIGHT,
            ColorSpace=Name.DeviceGray, BitsPerComponent=8, Filter=Name.FlateDecode,
        )  # fmt: skip

    return pdf_of(path, _flate(picture()), filters=Name.FlateDecode, SMask=mask)


def _separation(path: Path) -> Path:
    tint = Dictionary(FunctionType=2, Domain=[0, 1], C0=[1, 1, 1], C1=[0.1, 0.2, 0.5], N=1)
    space = Array([Name.Separation, Name("/Spot"), Name.DeviceRGB, tint])
    return pdf_of(path, _flate(picture("L")), space=space, filters=Name.FlateDecode)


def _globals(path: Path) -> Path:
    def parms(pdf: pikepdf.Pdf) -> Dictionary:
        # An empty extension segment of the dictionary kind: legal, and proves that Globals travel along.
        segment = struct.pack(">IBBBI", 7, 62, 0, 0, 6) + struct.pack(">I", 0x20000000) + b"\0\0"
        return Dictionary(JBIG2Globals=pdf.make_indirect(Stream(pdf, segment)))

    return pdf_of(
        path, jbig2(picture("1")), space=Name.DeviceGray, bits=1, filters=Name.JBIG2Decode, DecodeParms=parms
    )


def _lab(path: Path) -> Path:
    lab = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    lab[..., 0] = np.asarray(picture("L"))
    space = Array([Name.Lab, Dictionary(WhitePoint=[0.9505, 1, 1.089], Range=[-128, 127, -128, 127])])
    return pdf_of(path, zlib.compress(lab.tobytes()), space=space, filters=Name.FlateDecode)


def _with_baggage(path: Path) -> Path:
    """A page that carries all that must not travel: scripts, attachments, metadata, alternates, interpolation."""
    _g4(path, Interpolate=True, Intent=Name("/Made-up"), Metadata=lambda pdf: Stream(pdf, b"<secret/>"))
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        script = Dictionary(S=Name.JavaScript, JS=pikepdf.String("app.alert('x')"))
        pdf.Root.OpenAction = script
        pdf.pages[0].obj.AA = Dictionary(O=script)
        pdf.pages[0].obj.Annots = Array(
            [Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 9, 9], A=script)]
        )
        pdf.attachments["secret.txt"] = b"secret"
        pdf.docinfo["/Author"] = "Somebody"
        pdf.save(path, linearize=True)
    return path


def _tiff(mode: str, **options: Any) -> Maker:
    def make(path: Path) -> Path:
        picture(mode).save(path, "TIFF", dpi=(DPI, DPI), **options)
        return path

    return make


def _grey16(kind: str) -> Maker:
    def make(path: Path) -> Path:
        grey16().save(path, kind)
        return path

    return make


def _sixteen(extension: str) -> Maker:
    def make(path: Path) -> Path:
        done, data = cv2.imencode(extension, rgb16()[..., ::-1])
        assert done
        path.write_bytes(data.tobytes())
        return path

    return make


def _png(mode: str, **options: Any) -> Maker:
    def make(path: Path) -> Path:
        picture(mode).save(path, "PNG", dpi=(DPI, DPI), **options)
        return path

    return make


def _png_interlaced(path: Path) -> Path:
    """Adam7 by hand: Pillow reads it and does not write it."""
    pixels = np.asarray(picture("L"))
    rows = b""
    for x, y, step_x, step_y in (
        (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
    ):  # fmt: skip
        rows += b"".join(b"\0" + row.tobytes() for row in pixels[y::step_y, x::step_x])
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 1)),
        (b"IDAT", zlib.compress(rows)),
    ]
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in [*chunks, (b"IEND", b"")]
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return path


def _written(data: Callable[[], bytes]) -> Maker:
    def make(path: Path) -> Path:
        path.write_bytes(data())
        return path

    return make


def _saved(mode: str, kind: str, **options: Any) -> Maker:
    def make(path: Path) -> Path:
        picture(mode).save(path, kind, **options)
        return path

    return make


def _pdf(data: Callable[[], bytes], **keys: Any) -> Maker:
    return lambda path: pdf_of(path, data(), **keys)


def profiled_jpeg() -> bytes:
    """A JPEG with an ICC profile that PDF/A takes."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return jpeg(icc_profile=profile)


def rgb_jpeg_without_markers() -> bytes:
    """A JPEG that only its component names tell to be RGB."""
    data = jpeg(keep_rgb=True)
    assert data[2:4] == b"\xff\xe0" and data[20:22] == b"\xff\xee"
    return data[:2] + data[36:]


_DCT, _FLATE, _LZW = Name.DCTDecode, Name.FlateDecode, Name.LZWDecode
_FILL_TWO = {"tiffinfo": {266: 2}}

# name -> (format, maker, whether the original's stream must be taken over byte for byte)
CASES: dict[str, tuple[Format, Maker, bool]] = {
    "jpeg rgb": (Format.JPEG, _written(jpeg), True),
    "jpeg grey": (Format.JPEG, _written(lambda: jpeg("L")), True),
    "jpeg progressive": (Format.JPEG, _written(lambda: jpeg(progressive=True)), True),
    "jpeg with profile": (Format.JPEG, _written(profiled_jpeg), True),
    "jpeg stored as rgb": (Format.JPEG, _written(lambda: jpeg(keep_rgb=True)), False),
    "jpeg stored as rgb without jfif": (Format.JPEG, _written(rgb_jpeg_without_markers), True),
    "jpeg cmyk": (Format.JPEG, _written(lambda: jpeg("CMYK")), False),
    "png rgb": (Format.PNG, _png("RGB"), True),
    "png grey": (Format.PNG, _png("L"), True),
    "png bilevel": (Format.PNG, _png("1"), True),
    "png indexed": (Format.PNG, _png("P"), True),
    "png indexed 4 bits": (Format.PNG, _png("P", bits=4), True),
    "png grey 16": (Format.PNG, _grey16("PNG"), True),
    "png rgb 16": (Format.PNG, _sixteen(".png"), True),
    "png alpha": (Format.PNG, _png("RGBA"), False),
    "png grey alpha": (Format.PNG, _png("LA"), False),
    "png interlaced": (Format.PNG, _png_interlaced, False),
    "tiff g4": (Format.TIFF, _tiff("1", compression="group4", strip_size=10_000_000), True),
    "tiff g4 many strips": (Format.TIFF, _tiff("1", compression="group4", strip_size=500), False),
    "tiff g3": (Format.TIFF, _tiff("1", compression="group3"), False),
    "tiff packbits": (Format.TIFF, _tiff("1", compression="packbits"), False),
    "tiff raw bilevel": (Format.TIFF, _tiff("1"), False),
    "tiff lzw rgb": (Format.TIFF, _tiff("RGB", compression="tiff_lzw"), False),
    "tiff deflate grey": (Format.TIFF, _tiff("L", compression="tiff_adobe_deflate"), False),
    "tiff jpeg": (Format.TIFF, _tiff("RGB", compression="jpeg"), False),
    "tiff palette": (Format.TIFF, _tiff("P"), False),
    "tiff cmyk": (Format.TIFF, _tiff("CMYK"), False),
    "tiff alpha": (Format.TIFF, _tiff("RGBA"), False),
    "tiff grey 16": (Format.TIFF, _grey16("TIFF"), False),
    "tiff rgb 16": (Format.TIFF, _sixteen(".tiff"), False),
    "jpx rgb": (Format.JPX, _written(jp2), True),
    "jpx grey": (Format.JPX, _written(lambda: jp2("L")), True),
    "jpx alpha": (Format.JPX, _written(lambda: jp2("RGBA")), False),
    "webp": (Format.WEBP, _saved("RGB", "WEBP", lossless=True), False),
    "webp alpha": (Format.WEBP, _saved("RGBA", "WEBP", lossless=True, exact=True), False),
    "bmp rgb": (Format.BMP, _saved("RGB", "BMP"), False),
    "bmp bilevel": (Format.BMP, _saved("1", "BMP"), False),
    "pdf jpeg": (Format.PDF, _pdf(jpeg, filters=_DCT), True),
    "pdf jpeg grey": (Format.PDF, _pdf(lambda: jpeg("L"), space=Name.DeviceGray, filters=_DCT), True),
    "pdf jpeg cmyk": (Format.PDF, _pdf(lambda: jpeg("CMYK"), space=Name.DeviceCMYK, filters=_DCT), False),
    "pdf g4": (Format.PDF, _g4, True),
    "pdf g4 decode": (Format.PDF, lambda path: _g4(path, Decode=Array([1, 0])), True),
    "pdf jbig2": (
        Format.PDF,
        _pdf(lambda: jbig2(picture("1")), space=Name.DeviceGray, bits=1, filters=Name.JBIG2Decode),
        True,
    ),
    "pdf jbig2 globals": (Format.PDF, _globals, True),
    "pdf jpx": (Format.PDF, _pdf(jp2, space=None, bits=None, filters=Name.JPXDecode), True),
    "pdf jpx alpha": (
        Format.PDF,
        _pdf(lambda: jp2("RGBA"), space=None, bits=None, filters=Name.JPXDecode),
        False,
    ),
    "pdf flate": (Format.PDF, _pdf(lambda: _flate(picture()), filters=_FLATE), True),
    "pdf flate predictor": (
        Format.PDF,
        _pdf(lambda: _png_rows(picture()), filters=_FLATE, DecodeParms=_predicted(3)),
        True,
    ),
    "pdf flate bilevel": (
        Format.PDF,
        _pdf(lambda: _flate(picture("1")), space=Name.DeviceGray, bits=1, filters=_FLATE),
        True,
    ),
    "pdf flate 16 bits": (
        Format.PDF,
        _pdf(lambda: zlib.compress(rgb16().astype(">u2").tobytes()), bits=16, filters=_FLATE),
        True,
    ),
    "pdf indexed": (Format.PDF, _palette, True),
    "pdf stencil": (Format.PDF, _stencil(b"0 0 0 rg"), True),
    "pdf stencil lzw": (
        Format.PDF,
        _pdf(lambda: strip(picture("1"), "tiff_lzw")[0], space=None, bits=1, filters=_LZW, ImageMask=True),
        False,
    ),
    "pdf coloured stencil": (Format.PDF, _stencil(b"0.2 0.1 0.6 rg"), False),
    "pdf lzw rgb": (Format.PDF, _pdf(lambda: strip(picture(), "tiff_lzw")[0], filters=_LZW), False),
    "pdf lzw bilevel": (
        Format.PDF,
        _pdf(lambda: strip(picture("1"), "tiff_lzw")[0], space=Name.DeviceGray, bits=1, filters=_LZW),
        False,
    ),
    "pdf uncompressed": (Format.PDF, _pdf(lambda: picture().tobytes()), False),
    "pdf cmyk flate": (
        Format.PDF,
        _pdf(lambda: _flate(picture("CMYK")), space=Name.DeviceCMYK, filters=_FLATE),
        False,
    ),
    "pdf separation": (Format.PDF, _separation, False),
    "pdf lab": (Format.PDF, _lab, False),
    "pdf soft mask": (Format.PDF, _soft_mask, False),
    "pdf with baggage": (Format.PDF, _with_baggage, True),
    "pdf turned": (Format.PDF, _pdf(jpeg, filters=_DCT, page={"Rotate": 90}), True),
    "pdf upside down": (Format.PDF, lambda path: _g4(path, page={"Rotate": 180}), True),
    "pdf user unit": (Format.PDF, _pdf(jpeg, filters=_DCT, page={"UserUnit": 2}), True),
    "pdf cropped": (
        Format.PDF,
        _pdf(jpeg, filters=_DCT, page={"CropBox": Array([2, 3, 141, 212]), "Rotate": 270}),
        True,
    ),
}
