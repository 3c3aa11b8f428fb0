"""Pages are listed before anything is decoded, and decoded as a viewer shows them."""

from __future__ import annotations

import io
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name
from PIL import Image

from extractors.pages import assumed_dpi, list_pages, page_pixels
from schemas.errors import SourceError
from schemas.reading import Format, PageOrigin, PageSource
from schemas.rules import Limits, ReadingProfile

_LIMITS = Limits()
_PROFILE = ReadingProfile()
Pixels = npt.NDArray[np.uint8]


def _marked(width: int = 120, height: int = 160) -> Image.Image:
    """White paper with a black mark in the upper left corner and a red one in the lower right."""
    image = Image.new("RGB", (width, height), "white")
    image.paste("black", (0, 0, width // 4, height // 8))
    image.paste((220, 20, 30), (width * 3 // 4, height * 7 // 8, width, height))
    return image


def _bytes(image: Image.Image, kind: str, **options: Any) -> bytes:
    held = io.BytesIO()
    image.save(held, kind, **options)
    return held.getvalue()


def _corner(pixels: Pixels) -> str:
    """Where the black mark shows: `tl`, `tr`, `bl` or `br`."""
    grey = pixels if pixels.ndim == 2 else pixels.max(axis=2)
    down, across = np.nonzero(grey < 80)
    middle = (down.mean() / grey.shape[0], across.mean() / grey.shape[1])
    return ("t" if middle[0] < 0.5 else "b") + ("l" if middle[1] < 0.5 else "r")


def _jpeg_stream(pdf: pikepdf.Pdf, image: Image.Image, **fields: Any) -> Any:
    stream = pdf.make_stream(_bytes(image, "JPEG", quality=95))
    space = Name.DeviceGray if image.mode == "L" else Name.DeviceRGB
    stream.Type, stream.Subtype = Name.XObject, Name.Image
    stream.Width, stream.Height, stream.BitsPerComponent = image.width, image.height, 8
    stream.ColorSpace, stream.Filter = space, Name.DCTDecode
    for key, value in fields.items():
        stream[f"/{key}"] = value
    return stream


def _pdf(
    path: Path,
    content: str = "q 216 0 0 288 0 0 cm /Im Do Q",
    image: Callable[[pikepdf.Pdf], Any] | None = None,
    **page_fields: Any,
) -> str:
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(216, 288))
        held = image(pdf) if image else _jpeg_stream(pdf, _marked())
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        page.Resources = Dictionary(XObject=Dictionary(Im=held), Font=Dictionary(F=font))
        page.Contents = pdf.make_stream(content.encode())
        for key, value in page_fields.items():
            page.obj[f"/{key}"] = value
        pdf.save(path)
    return str(path)


def _only(path: str, kind: Format = Format.PDF, limits: Limits = _LIMITS) -> PageSource:
    listed = list_pages(path, kind, limits)
    assert len(listed.pages) == 1
    return listed.pages[0]


def _pixels(path: str, kind: Format = Format.PDF) -> Pixels:
    source = _only(path, kind)
    pixels = page_pixels(path, kind, source, _PROFILE, _LIMITS)
    assert pixels.array.shape[:2] == (source.height, source.width), "the frame that was listed"
    return pixels.array


def _rule(path: str, kind: Format = Format.PDF, limits: Limits = _LIMITS) -> str:
    with pytest.raises(SourceError) as caught:
        list_pages(path, kind, limits)
    return caught.value.rule


_TEXT = "BT /F 12 Tf 20 20 Td (So 299/QD-UBND ngay 12 thang 5 nam 2023 cua Uy ban nhan dan tinh) Tj ET"


@pytest.mark.parametrize(
    ("content", "origin"),
    [
        ("q 216 0 0 288 0 0 cm /Im Do Q", PageOrigin.IMAGE),
        ("216 0 0 288 0 0 cm /Im Do", PageOrigin.IMAGE),
        ("1 g 0 0 216 288 re f q 216 0 0 288 0 0 cm /Im Do Q", PageOrigin.IMAGE),
        ("q 0 0 216 288 re W n 216 0 0 288 0 0 cm /Im Do Q", PageOrigin.IMAGE),
        (f"q 216 0 0 288 0 0 cm /Im Do Q 3 Tr {_TEXT}", PageOrigin.IMAGE),
        ("q 0 0 100 288 re W n 216 0 0 288 0 0 cm /Im Do Q", PageOrigin.RENDER),
        ("q 100 0 0 133 0 0 cm /Im Do Q", PageOrigin.RENDER),
        ("q 216 0 0 -288 0 288 cm /Im Do Q", PageOrigin.RENDER),
        ("q 216 0 0 288 0 0 cm /Im Do Q 0 0 50 50 re f", PageOrigin.RENDER),
        ("q 216 0 0 144 0 144 cm /Im Do Q q 216 0 0 144 0 0 cm /Im Do Q", PageOrigin.RENDER),
        ("q 216 0 0 288 0 0 cm /Im Do Q BT /F 8 Tf (Ky boi: UBND) Tj ET", PageOrigin.RENDER),
        (f"q 216 0 0 288 0 0 cm /Im Do Q {_TEXT}", PageOrigin.RENDER),
        (_TEXT, PageOrigin.TEXT),
        (f"q 30 0 0 40 0 0 cm /Im Do Q {_TEXT}", PageOrigin.TEXT),
        ("BT /F 12 Tf (12) Tj ET", PageOrigin.RENDER),
    ],
)
def test_a_page_says_how_its_pixels_are_had(tmp_path: Path, content: str, origin: PageOrigin) -> None:
    """One image alone, born-digital text, or something to render; a caption makes no page born-digital."""
    assert _only(_pdf(tmp_path / "a.pdf", content)).origin is origin


def test_invisible_text_in_a_form_leaves_a_scan_a_scan(tmp_path: Path) -> None:
    """As other programs write the text layer."""
    path = _pdf(tmp_path / "a.pdf", "q 216 0 0 288 0 0 cm /Im Do Q /Layer Do")
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        layer = pdf.make_stream(f"3 Tr {_TEXT}".encode())
        layer.Type, layer.Subtype, layer.BBox = Name.XObject, Name.Form, Array([0, 0, 216, 288])
        layer.Resources = pdf.pages[0].Resources
        pdf.pages[0].Resources.XObject.Layer = layer
        pdf.save(path)
    assert _only(path).origin is PageOrigin.IMAGE


def test_a_visible_signature_makes_a_scan_one_to_render(tmp_path: Path) -> None:
    """What the signer added must be seen."""
    path = _pdf(tmp_path / "a.pdf")
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        shown = pdf.make_stream(
            b"0 0 50 20 re f", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 50, 20])
        )
        note = Dictionary(
            Type=Name.Annot, Subtype=Name.Stamp, Rect=Array([0, 0, 50, 20]), AP=Dictionary(N=shown)
        )
        pdf.pages[0].Annots = Array([pdf.make_indirect(note)])
        pdf.save(path)
    assert _only(path).origin is PageOrigin.RENDER


@pytest.mark.parametrize(
    ("rotate", "corner"), [(0, "tl"), (90, "tr"), (180, "br"), (270, "bl"), (-90, "bl"), (450, "tr")]
)
@pytest.mark.parametrize("content", ["216 0 0 288 0 0 cm /Im Do", "216 0 0 288 0 0 cm /Im Do 0 0 m 1 1 l S"])
def test_a_page_is_turned_as_viewers_turn_it(tmp_path: Path, content: str, rotate: int, corner: str) -> None:
    """Its own image and a rendered one alike."""
    assert _corner(_pixels(_pdf(tmp_path / "a.pdf", content, Rotate=rotate))) == corner


def test_the_crop_box_is_the_page(tmp_path: Path) -> None:
    """What lies outside is not shown."""
    path = _pdf(tmp_path / "a.pdf", CropBox=Array([0, 0, 108, 144]))
    source = _only(path)
    assert source.origin is PageOrigin.RENDER
    assert source.page_points == (108, 144)
    assert (_pixels(path) > 200).all(axis=2).mean() > 0.99


def test_user_units_count(tmp_path: Path) -> None:
    """A page in units of two points is twice as large, and its image half as fine."""
    source = _only(_pdf(tmp_path / "a.pdf", UserUnit=2))
    assert source.page_points == (432, 576)
    assert source.dpi == 20.0
    assert _pixels(_pdf(tmp_path / "b.pdf", _TEXT, UserUnit=2)).shape[:2] == (2400, 1800)


def _flate(pdf: pikepdf.Pdf, data: bytes, **fields: Any) -> Any:
    stream = pdf.make_stream(data, Type=Name.XObject, Subtype=Name.Image, Width=120, Height=160)
    for key, value in fields.items():
        stream[f"/{key}"] = value
    return stream


_STREAMS: dict[str, Callable[[pikepdf.Pdf], Any]] = {
    "jpeg": lambda pdf: _jpeg_stream(pdf, _marked()),
    "grey jpeg": lambda pdf: _jpeg_stream(pdf, _marked().convert("L")),
    "inverted jpeg": lambda pdf: _jpeg_stream(
        pdf, Image.eval(_marked().convert("L"), lambda value: 255 - value), Decode=Array([1, 0])
    ),
    "cmyk": lambda pdf: _flate(
        pdf, _marked().convert("CMYK").tobytes(), ColorSpace=Name.DeviceCMYK, BitsPerComponent=8
    ),
    "rgb": lambda pdf: _flate(pdf, _marked().tobytes(), ColorSpace=Name.DeviceRGB, BitsPerComponent=8),
    "16 bits": lambda pdf: _flate(
        pdf,
        (np.asarray(_marked().convert("L")).astype(">u2") * 257).tobytes(),
        ColorSpace=Name.DeviceGray,
        BitsPerComponent=16,
    ),
    "palette": lambda pdf: _flate(
        pdf,
        bytes(np.where(np.asarray(_marked().convert("L")) < 50, 1, 0).astype(np.uint8)),
        ColorSpace=Array([Name.Indexed, Name.DeviceRGB, 1, pikepdf.String(b"\xff\xff\xff\0\0\0")]),
        BitsPerComponent=8,
    ),
    "1 bit": lambda pdf: _flate(
        pdf,
        _marked().convert("1", dither=Image.Dither.NONE).tobytes(),
        ColorSpace=Name.DeviceGray,
        BitsPerComponent=1,
    ),
    "stencil": lambda pdf: _flate(
        pdf, _marked().convert("1", dither=Image.Dither.NONE).tobytes(), ImageMask=True, BitsPerComponent=1
    ),
    "jpx": lambda pdf: _with_filter(pdf, _bytes(_marked(), "JPEG2000"), Name.JPXDecode),
    "soft mask": lambda pdf: _flate(
        pdf,
        _marked().tobytes(),
        ColorSpace=Name.DeviceRGB,
        BitsPerComponent=8,
        SMask=_flate(pdf, b"\xff" * 120 * 160, ColorSpace=Name.DeviceGray, BitsPerComponent=8),
    ),
}


def _with_filter(pdf: pikepdf.Pdf, data: bytes, name: Any) -> Any:
    stream = _flate(pdf, data)
    stream.Filter = name
    return stream


@pytest.mark.parametrize("name", _STREAMS)
def test_every_way_to_store_an_image_shows_the_same(tmp_path: Path, name: str) -> None:
    """Decoded here or by the renderer, pixel for pixel at its own size, black on white."""
    path = _pdf(tmp_path / "a.pdf", image=_STREAMS[name])
    assert _only(path).origin is PageOrigin.IMAGE
    pixels = _pixels(path)
    assert pixels.shape[:2] == (160, 120)
    grey = pixels if pixels.ndim == 2 else pixels[:, :, 1]
    assert _corner(grey[:140]) == "tl"
    assert abs(float((grey[:140, :90] < 100).mean()) - 30 * 20 / (140 * 90)) < 0.005
    assert grey[60:120].min() > 240


def test_a_group_4_page_is_read_from_its_own_stream(tmp_path: Path) -> None:
    """The commonest archive scan."""
    held = _bytes(
        _marked().convert("1", dither=Image.Dither.NONE), "TIFF", compression="group4", tiffinfo={278: 160}
    )
    with Image.open(io.BytesIO(held)) as tiff:
        tags: Any = tiff.tag_v2  # type: ignore[attr-defined]
        data, inverted = held[tags[273][0] : tags[273][0] + tags[279][0]], tags[262] == 1

    def stream(pdf: pikepdf.Pdf) -> Any:
        made = _with_filter(pdf, data, Name.CCITTFaxDecode)
        made.ColorSpace, made.BitsPerComponent = Name.DeviceGray, 1
        made.DecodeParms = Dictionary(K=-1, Columns=120, Rows=160, BlackIs1=inverted)
        return made

    path = _pdf(tmp_path / "a.pdf", image=stream)
    assert page_pixels(path, Format.PDF, _only(path), _PROFILE, _LIMITS).bits == 1
    assert _corner(_pixels(path)[:140]) == "tl"


def test_a_password_is_told(tmp_path: Path) -> None:
    """One that only restricts printing does not matter."""
    path = _pdf(tmp_path / "a.pdf")
    for user, expected in (("secret", "pdf_password"), ("", None)):
        with pikepdf.open(path) as pdf:
            pdf.save(tmp_path / "locked.pdf", encryption=pikepdf.Encryption(owner="boss", user=user))
        if expected:
            assert _rule(str(tmp_path / "locked.pdf")) == expected
        else:
            assert _corner(_pixels(str(tmp_path / "locked.pdf"))) == "tl"


def test_a_broken_cross_reference_is_mended_and_told(tmp_path: Path) -> None:
    """Pages are there, and the finding says what was wrong without naming a private path."""
    whole = Path(_pdf(tmp_path / "a.pdf")).read_bytes()
    (tmp_path / "b.pdf").write_bytes(whole.replace(b"startxref", b"startxxxx"))
    listed = list_pages(str(tmp_path / "b.pdf"), Format.PDF, _LIMITS)
    assert len(listed.pages) == 1
    assert [one.rule for one in listed.findings] == ["pdf_repaired"]
    assert "/" not in str(listed.findings[0].params["detail"])


@pytest.mark.parametrize(
    "content",
    [b"%PDF-1.7\nnothing of the kind", b"%PDF-1.4\n%%EOF\n", b"%PDF-1.7\n" + bytes(range(256)) * 40],
)
def test_what_only_claims_to_be_a_pdf_is_broken(tmp_path: Path, content: bytes) -> None:
    """A header is not enough."""
    (tmp_path / "a.pdf").write_bytes(content)
    assert _rule(str(tmp_path / "a.pdf")) in {"pdf_broken", "pdf_no_pages"}


def test_a_truncated_pdf_never_passes_for_whole(tmp_path: Path) -> None:
    """Cut anywhere, it is broken, or mended with a word about it."""
    whole = Path(_pdf(tmp_path / "a.pdf")).read_bytes()
    for share in (0.1, 0.3, 0.5, 0.7, 0.9, 0.97):
        path = tmp_path / "cut.pdf"
        path.write_bytes(whole[: int(len(whole) * share)])
        try:
            listed = list_pages(str(path), Format.PDF, _LIMITS)
        except SourceError as error:
            assert error.rule in {"pdf_broken", "pdf_no_pages"}
        else:
            assert listed.findings


def test_a_circular_page_tree_ends(tmp_path: Path) -> None:
    """In an error or in its real pages, not in a loop."""
    path = _pdf(tmp_path / "a.pdf")
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.Root.Pages.Kids.append(pdf.Root.Pages)
        pdf.Root.Pages.Count = 1_000_000
        pdf.save(path)
    started = time.monotonic()
    try:
        assert len(list_pages(path, Format.PDF, _LIMITS).pages) <= 2
    except SourceError as error:
        assert error.rule in {"pdf_broken", "too_many_pages"}
    assert time.monotonic() - started < 5


def test_pages_that_are_promised_and_missing_are_told(tmp_path: Path) -> None:
    """A file that says five and holds one."""
    path = _pdf(tmp_path / "a.pdf")
    data = Path(path).read_bytes()
    Path(path).write_bytes(data.replace(b"/Count 1 ", b"/Count 5 "))
    assert b"/Count 5 " in Path(path).read_bytes()
    assert "pages_missing" in [one.rule for one in list_pages(path, Format.PDF, _LIMITS).findings]


def test_forms_within_themselves_and_endless_content_are_bounded(tmp_path: Path) -> None:
    """A page too much to walk is one to render."""
    path = _pdf(tmp_path / "a.pdf", "/Loop Do")
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        loop = pdf.make_stream(
            b"/Loop Do /Loop Do", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 9, 9])
        )
        loop.Resources = pdf.pages[0].Resources
        pdf.pages[0].Resources.XObject.Loop = loop
        pdf.save(path)
    started = time.monotonic()
    assert _only(path).origin is PageOrigin.RENDER
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        bomb = pdf.make_stream(b"")
        bomb.write(zlib.compress(b"q Q " * 30_000_000, 9), filter=Name.FlateDecode)
        pdf.pages[0].Contents = bomb
        pdf.save(path, compress_streams=False)
    assert _only(path).origin is PageOrigin.RENDER
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("box", [[0, 0, 1e7, 1e7], [0, 0, 0, 0], [0, 0, 14_400, 14_400]])
def test_a_monstrous_page_is_set_aside_alone(tmp_path: Path, box: list[float]) -> None:
    """Nothing of its size is ever allocated."""
    source = _only(_pdf(tmp_path / "a.pdf", "0 0 m 1 1 l S", MediaBox=Array([int(edge) for edge in box])))
    assert [one.rule for one in source.findings] in (["page_broken"], ["page_too_large"])


def test_more_pages_than_the_limit_are_refused(tmp_path: Path) -> None:
    """PDF and TIFF."""
    limits = Limits(file_pages=2)
    with pikepdf.new() as pdf:
        for _ in range(3):
            pdf.add_blank_page()
        pdf.save(tmp_path / "a.pdf")
    frames = [Image.new("1", (9, 9))] * 3
    frames[0].save(tmp_path / "a.tif", save_all=True, append_images=frames[1:])
    assert _rule(str(tmp_path / "a.pdf"), limits=limits) == "too_many_pages"
    assert _rule(str(tmp_path / "a.tif"), Format.TIFF, limits) == "too_many_pages"


def _tiff_header(width: int, height: int) -> bytes:
    """A TIFF that only claims to have an image."""
    entries = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]
    entries += [(273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, height), (279, 4, 1, 100)]
    return (
        b"II*\0\x08\0\0\0"
        + struct.pack("<H", len(entries))
        + b"".join(struct.pack("<HHII", *one) for one in entries)
        + b"\0" * 4
    )


def _png_header(width: int, height: int) -> bytes:
    chunks = (b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), b"IDAT" + zlib.compress(b"x"))
    packed = [struct.pack(">I", len(one) - 4) + one + struct.pack(">I", zlib.crc32(one)) for one in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


@pytest.mark.parametrize(
    ("data", "kind"), [(_tiff_header(60_000, 60_000), Format.TIFF), (_png_header(60_000, 60_000), Format.PNG)]
)
def test_an_image_of_monstrous_size_is_refused_by_its_header(
    tmp_path: Path, data: bytes, kind: Format
) -> None:
    """3.6 gigapixels in a few bytes."""
    (tmp_path / "a").write_bytes(data)
    assert _rule(str(tmp_path / "a"), kind) == "image_too_large"


def test_a_jpeg_larger_than_its_pdf_says_is_not_decoded(tmp_path: Path) -> None:
    """The stream's own header is asked before its pixels."""
    path = _pdf(
        tmp_path / "a.pdf", image=lambda pdf: _jpeg_stream(pdf, _marked(1200, 1600), Width=120, Height=160)
    )
    with pytest.raises(SourceError) as caught:
        _pixels(path)
    assert (caught.value.rule, caught.value.page) == ("page_broken", 1)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("JPEG", Format.JPEG),
        ("PNG", Format.PNG),
        ("TIFF", Format.TIFF),
        ("JPEG2000", Format.JPX),
        ("BMP", Format.BMP),
    ],
)
def test_a_truncated_image_is_broken_not_half_grey(tmp_path: Path, name: str, kind: Format) -> None:
    """A half page must not pass for a whole one."""
    noise = Image.fromarray(
        np.random.default_rng(1).integers(0, 255, (200, 150, 3), np.uint8).astype(np.uint8)
    )
    whole = _bytes(noise, name)
    (tmp_path / "a").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError) as caught:
        _pixels(str(tmp_path / "a"), kind)
    assert caught.value.rule in {"page_broken", "image_broken"}


@pytest.mark.parametrize(
    ("orientation", "corner"),
    [(1, "tl"), (2, "tr"), (3, "br"), (4, "bl"), (5, "tl"), (6, "tr"), (7, "br"), (8, "bl")],
)
@pytest.mark.parametrize("kind", [Format.JPEG, Format.PNG, Format.TIFF])
def test_exif_orientation_is_applied(tmp_path: Path, kind: Format, orientation: int, corner: str) -> None:
    """All eight, in every format that has them."""
    exif = Image.Exif()
    exif[274] = orientation
    options: dict[str, Any] = {"tiffinfo": {274: orientation}} if kind is Format.TIFF else {"exif": exif}
    (tmp_path / "a").write_bytes(_bytes(_marked(), kind.value.upper(), **options))
    pixels = _pixels(str(tmp_path / "a"), kind)
    assert _corner(pixels) == corner
    assert pixels.shape[:2] == ((120, 160) if orientation > 4 else (160, 120))


def test_every_frame_of_a_tiff_is_a_page(tmp_path: Path) -> None:
    """Each with its own size and resolution."""
    frames = [Image.new("1", (850, 1100), 1), Image.new("L", (1700, 2200), 255), _marked(827, 1169)]
    frames[0].save(tmp_path / "a", "TIFF", save_all=True, append_images=frames[1:], dpi=(100, 100))
    listed = list_pages(str(tmp_path / "a"), Format.TIFF, _LIMITS)
    assert [(page.number, page.width, page.dpi) for page in listed.pages] == [
        (1, 850, 100),
        (2, 1700, 100),
        (3, 827, 100),
    ]
    pixels = page_pixels(str(tmp_path / "a"), Format.TIFF, listed.pages[2], _PROFILE, _LIMITS)
    assert _corner(pixels.array) == "tl"


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "I;16"])
def test_every_pixel_format_ends_black_on_white(tmp_path: Path, mode: str) -> None:
    """Transparency is paper."""
    image = _marked()
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    elif mode in {"RGBA", "LA"}:
        image = image.convert("RGBA")
        image.putalpha(Image.eval(_marked().convert("L"), lambda value: 0 if value > 200 else 255))
        image = image.convert(mode)
    else:
        image = image.convert(mode)
    (tmp_path / "a").write_bytes(_bytes(image, "TIFF"))
    pixels = _pixels(str(tmp_path / "a"), Format.TIFF)
    assert _corner(pixels[:140]) == "tl"
    assert pixels[60:120].min() > 240


@pytest.mark.parametrize(
    ("size", "header", "dpi"),
    [
        ((1654, 2339), (200, 200), 200),
        ((2480, 3508), (72, 72), None),
        ((2480, 3508), (1, 1), None),
        ((595, 842), (72, 72), 72),
    ],
)
def test_a_resolution_is_believed_only_where_it_can_be_true(
    tmp_path: Path, size: tuple[int, int], header: tuple[int, int], dpi: float | None
) -> None:
    """72 on a page of scan size is a default nobody set."""
    (tmp_path / "a").write_bytes(_bytes(Image.new("L", size, 255), "PNG", dpi=header))
    assert _only(str(tmp_path / "a"), Format.PNG).dpi == dpi


@pytest.mark.parametrize(
    ("size", "dpi"), [((2480, 3508), 300), ((1654, 2339), 200), ((3508, 4961), 300), ((1000, 1500), 128.3)]
)
def test_an_unknown_resolution_is_that_of_the_nearest_a_size(size: tuple[int, int], dpi: float) -> None:
    """A4 at 300, at 200, A3 at 300; otherwise as if the page were A4."""
    assert assumed_dpi(*size) == dpi
