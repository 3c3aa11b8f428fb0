"""Pages in, pages out: orientation, size, order, subsets, memory, and originals that are broken."""

# ruff: noqa: F811 - the fixture `judge` is imported and named again as an argument
from __future__ import annotations

import io
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from PIL import Image, ImageOps

from engines.verapdf import VeraPdf
from extractors.pages import list_pages
from schemas.documents import Verdict
from schemas.errors import SourceError
from schemas.reading import Format, PageSource
from schemas.renditions import Rendition, RenditionIdentity
from schemas.rules import Limits, RenditionProfile
from storage.pdfa import check_structure, geometry, writer
from storage.pdfa.metadata import conversion_statement
from tests.pdfa_originals import CASES, DPI, HEIGHT, POINTS, WIDTH, jbig2, jp2, jpeg, pdf_of, picture
from tests.test_pdfa_originals import MOMENT, convert, decoded, judge, shown  # noqa: F401 - judge is a fixture

IDENTITY = RenditionIdentity(
    document_id="d" * 32, original_sha256="a" * 64, title="Giấy khai sinh", created=MOMENT
)


def write(
    path: Path, kind: Format, sources: list[PageSource], out: Path, identity: RenditionIdentity = IDENTITY
) -> Rendition:
    return writer.write_pdfa(str(path), kind, sources, [], str(out), identity, RenditionProfile())


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", [Format.JPEG, Format.PNG, Format.TIFF, Format.WEBP])
def test_every_exif_orientation_is_shown_as_a_viewer_shows_it(
    tmp_path: Path, kind: Format, orientation: int
) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    path, out = tmp_path / f"a.{kind}", tmp_path / "a.pdf"
    options = {"quality": 95} if kind is Format.JPEG else {"lossless": True} if kind is Format.WEBP else {}
    picture().save(path, kind.value, exif=exif, dpi=(DPI, DPI), **options)
    stored = np.asarray(picture())
    with Image.open(path) as image:
        wanted = np.array(ImageOps.exif_transpose(image).convert("RGB"))
    assert wanted.shape[:2] == ((WIDTH, HEIGHT) if orientation > 4 else (HEIGHT, WIDTH))
    size = wanted.shape[1], wanted.shape[0]
    source = PageSource(number=1, width=size[0], height=size[1], dpi=DPI)
    write(path, kind, [source], out)
    seen = shown(out, "pdfium", size)
    assert seen.shape == wanted.shape
    assert np.abs(seen.astype(int) - wanted).mean() < 1
    assert stored.shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_every_turn_of_a_pdf_page_is_baked_in(tmp_path: Path, rotate: int) -> None:
    original = pdf_of(tmp_path / "in.pdf", jpeg(), filters=pikepdf.Name.DCTDecode, page={"Rotate": rotate})
    convert(original, Format.PDF, tmp_path / "out.pdf")
    size = (WIDTH, HEIGHT) if rotate % 180 == 0 else (HEIGHT, WIDTH)
    before, after = shown(original, "pdfium", size), shown(tmp_path / "out.pdf", "pdfium", size)
    assert np.array_equal(before, after)


def _many(path: Path, count: int, mode: str = "1", **options: object) -> Path:
    frames = []
    for number in range(count):
        image = picture(mode)
        image.paste(0, (0, 0, 1 + number % WIDTH, 3))
        frames.append(image)
    frames[0].save(path, "TIFF", save_all=True, append_images=frames[1:], dpi=(DPI, DPI), **options)
    return path


def test_a_document_is_the_pages_it_names_in_their_order(tmp_path: Path) -> None:
    original = _many(tmp_path / "a.tif", 6, compression="group4")
    sources = list_pages(str(original), Format.TIFF, Limits()).pages
    done = write(original, Format.TIFF, [sources[4], sources[1], sources[2]], tmp_path / "a.pdf")
    assert done.pages == 3
    assert check_structure(tmp_path / "a.pdf", pages=3, streams=done.streams) == ()
    with pikepdf.open(tmp_path / "a.pdf") as pdf:
        raws = [page.obj.Resources.XObject.Im0.read_raw_bytes() for page in pdf.pages]
    whole = write(original, Format.TIFF, list(sources), tmp_path / "b.pdf")
    assert [done.streams[index] for index in range(3)] == [whole.streams[index] for index in (4, 1, 2)]
    assert len(set(raws)) == 3


def test_pages_survive_the_spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = _many(tmp_path / "a.tif", 7, "RGB", compression="tiff_lzw")
    plain = convert(original, Format.TIFF, tmp_path / "plain.pdf")
    monkeypatch.setattr(writer, "_SPOOL_BYTES", 200_000)
    spooled = convert(original, Format.TIFF, tmp_path / "spooled.pdf")
    again = convert(original, Format.TIFF, tmp_path / "again.pdf")
    assert spooled.sha256 == again.sha256
    assert check_structure(tmp_path / "spooled.pdf", pages=7) == ()
    assert plain.findings == spooled.findings
    with pikepdf.open(tmp_path / "plain.pdf") as one, pikepdf.open(tmp_path / "spooled.pdf") as two:
        for first, second in zip(one.pages, two.pages, strict=True):
            assert first.obj.Contents.read_bytes() == second.obj.Contents.read_bytes()
            images = [page.obj.Resources.XObject.Im0.read_raw_bytes() for page in (first, second)]
            assert images[0] == images[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "a.tif",
        "again.pdf",
        "plain.pdf",
        "spooled.pdf",
    ]


_MEASURE = """
import sys
from pathlib import Path
from tests.test_pdfa_originals import convert
from schemas.reading import Format
convert(Path(sys.argv[1]), Format.TIFF, Path(sys.argv[2]))
print([line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")][0])
"""


def _peak(original: Path, out: Path) -> int:
    said = subprocess.run(
        [sys.executable, "-c", _MEASURE, str(original), str(out)], capture_output=True, check=True, text=True
    )
    return int(said.stdout) // 1024


@pytest.mark.long
def test_three_hundred_colour_pages_take_no_more_memory_than_thirty(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (900, 700, 3), dtype=np.uint8)
    for count in (30, 300):
        frames = (Image.fromarray(np.roll(noise, 7 * number)) for number in range(count))
        next(frames).save(
            tmp_path / f"{count}.tif", save_all=True, append_images=frames, compression="tiff_lzw"
        )
    few = _peak(tmp_path / "30.tif", tmp_path / "30.pdf")
    many = _peak(tmp_path / "300.tif", tmp_path / "300.pdf")
    assert many < few + 80
    assert check_structure(tmp_path / "300.pdf", pages=300) == ()


def test_a_three_hundred_page_bilevel_tiff_passes_through_in_seconds(tmp_path: Path) -> None:
    original = _many(tmp_path / "a.tif", 300, compression="group4", strip_size=10_000_000)
    sources = list_pages(str(original), Format.TIFF, Limits()).pages
    started = time.process_time()
    done = write(original, Format.TIFF, list(sources), tmp_path / "a.pdf")
    assert time.process_time() - started < 6  # 20 ms a page
    assert done.pages == 300
    assert check_structure(tmp_path / "a.pdf", pages=300) == ()


def test_an_image_of_unknown_resolution_gets_the_nearest_iso_sheet(tmp_path: Path) -> None:
    assert geometry.assumed_dpi(2480, 3508) == pytest.approx(300, abs=0.5)
    assert geometry.assumed_dpi(1240, 1754) == pytest.approx(150, abs=0.5)
    assert geometry.assumed_dpi(7016, 9921) == pytest.approx(300 * 2**0.5, abs=0.5)  # A3
    picture().save(tmp_path / "a.png")
    source = PageSource(number=1, width=WIDTH, height=HEIGHT)
    done = write(tmp_path / "a.png", Format.PNG, [source], tmp_path / "a.pdf")
    assert [found.rule for found in done.findings] == ["dpi_assumed"]


@pytest.mark.verapdf
@pytest.mark.parametrize("dpi", [0.5, 20_000])
def test_a_page_size_beyond_the_standard_is_replaced_by_a_sheet(
    tmp_path: Path, judge: VeraPdf, dpi: float
) -> None:
    picture().save(tmp_path / "a.png")
    source = PageSource(number=1, width=WIDTH, height=HEIGHT, dpi=dpi)
    write(tmp_path / "a.png", Format.PNG, [source], tmp_path / "a.pdf")
    assert judge.check([tmp_path / "a.pdf"], "2b")[str(tmp_path / "a.pdf")].verdict is Verdict.VALID


@pytest.mark.verapdf
@pytest.mark.parametrize(
    "title", ["A & <B> \"C\" 'D'", "Quyết định số 1/QĐ-UBND", "x\x00\x07\ny", "\U0001f600", ""]
)
def test_no_title_and_no_agency_breaks_the_metadata(tmp_path: Path, judge: VeraPdf, title: str) -> None:
    identity = IDENTITY.model_copy(update={"title": title, "agency": f"Sở {title}"})
    original = CASES["jpeg rgb"][1](tmp_path / "a.jpg")
    source = PageSource(number=1, width=WIDTH, height=HEIGHT, dpi=DPI)
    write(original, Format.JPEG, [source], tmp_path / "a.pdf", identity)
    assert check_structure(tmp_path / "a.pdf", pages=1, flavour="2b") == ()
    report = judge.check([tmp_path / "a.pdf"], "2b")[str(tmp_path / "a.pdf")]
    assert report.verdict is Verdict.VALID, report


def test_the_metadata_say_what_the_decree_wants_and_where_the_paper_came_from(tmp_path: Path) -> None:
    identity = IDENTITY.model_copy(update={"agency": "Ủy ban nhân dân xã Diên An"})
    original = CASES["jpeg rgb"][1](tmp_path / "a.jpg")
    source = PageSource(number=1, width=WIDTH, height=HEIGHT, dpi=DPI)
    write(original, Format.JPEG, [source], tmp_path / "a.pdf", identity)
    said = conversion_statement(identity)
    for part in (
        "chuyển đổi từ văn bản giấy",
        "05:06:07 ngày 04/03/2026",
        "Ủy ban nhân dân xã Diên An",
        "quét ảnh",
    ):
        assert part in said
    with pikepdf.open(tmp_path / "a.pdf") as pdf, pdf.open_metadata() as xmp:
        assert xmp["dc:description"] == said
        assert xmp["dc:identifier"] == "d" * 32
        assert xmp["dc:source"] == "urn:sha256:" + "a" * 64
        assert xmp["dc:title"] == "Giấy khai sinh"
        assert xmp["xmp:CreateDate"] == "2026-03-04T05:06:07+00:00"
        assert str(pdf.docinfo["/CreationDate"]) == "D:20260304050607Z"


def _png_bytes() -> bytes:
    out = io.BytesIO()
    picture().save(out, "PNG")
    return out.getvalue()


def _tiff_bytes(compression: str, mode: str) -> bytes:
    out = io.BytesIO()
    picture(mode).save(out, "TIFF", compression=compression, strip_size=10_000_000)
    return out.getvalue()


_BROKEN: dict[str, tuple[Format, Callable[[], bytes]]] = {
    "jpeg cut": (Format.JPEG, lambda: jpeg()[:-4000]),
    "jpeg head only": (Format.JPEG, lambda: jpeg()[:100]),
    "jpeg empty": (Format.JPEG, lambda: b""),
    "png cut": (Format.PNG, lambda: _png_bytes()[:-2000]),
    "png flipped bit": (Format.PNG, lambda: _png_bytes()[:2000] + b"\xff\x00" + _png_bytes()[2002:]),
    "tiff strip cut": (Format.TIFF, lambda: b"II*\0" + _tiff_bytes("group4", "1")[4:8] + b"junk"),
    "tiff lzw cut": (Format.TIFF, lambda: _tiff_bytes("tiff_lzw", "RGB")[:9000]),
    "tiff empty": (Format.TIFF, lambda: b""),
    "jp2 cut": (Format.JPX, lambda: jp2()[:-3000]),
    "webp cut": (Format.WEBP, lambda: b"RIFF\x00\x00\x10\x00WEBPVP8 junk"),
    "not a pdf": (Format.PDF, lambda: b"%PDF-1.7\nnothing"),
}


@pytest.mark.parametrize("name", _BROKEN)
def test_a_broken_original_raises_and_leaves_nothing_behind(tmp_path: Path, name: str) -> None:
    kind, make = _BROKEN[name]
    (tmp_path / "in").write_bytes(make())
    (tmp_path / "out.pdf").write_bytes(b"what was there before")
    source = PageSource(
        number=1, width=WIDTH, height=HEIGHT, dpi=DPI, image="/Im0", placement=(1, 0, 0, 1, 0, 0)
    )
    with pytest.raises(SourceError) as raised:
        write(tmp_path / "in", kind, [source], tmp_path / "out.pdf")
    assert raised.value.rule in {"page_broken", "image_broken", "pdf_broken"}
    assert (tmp_path / "out.pdf").read_bytes() == b"what was there before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out.pdf"]


@pytest.mark.parametrize("what", ["jpeg", "flate", "lzw", "jbig2", "jpx", "empty"])
def test_a_cut_off_image_stream_of_a_pdf_is_a_broken_page(tmp_path: Path, what: str) -> None:
    import zlib

    name = pikepdf.Name
    makers: dict[str, Callable[[Path], Path]] = {
        "jpeg": lambda path: pdf_of(path, jpeg()[:-3000], filters=name.DCTDecode),
        "flate": lambda path: pdf_of(
            path, zlib.compress(picture().tobytes())[:-3000], filters=name.FlateDecode
        ),
        "lzw": lambda path: pdf_of(path, b"\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01", filters=name.LZWDecode),
        "jbig2": lambda path: pdf_of(
            path, jbig2(picture("1"))[:-40], space=name.DeviceGray, bits=1, filters=name.JBIG2Decode
        ),
        "jpx": lambda path: pdf_of(path, jp2()[:-3000], space=None, bits=None, filters=name.JPXDecode),
        "empty": lambda path: pdf_of(path, b"", filters=name.DCTDecode),
    }
    original = makers[what](tmp_path / "in.pdf")
    placement = (POINTS[0], 0.0, 0.0, POINTS[1], 0.0, 0.0)
    source = PageSource(
        number=1, width=WIDTH, height=HEIGHT, dpi=DPI, page_points=POINTS, image="/Im0", placement=placement
    )
    with pytest.raises(SourceError) as raised:
        write(original, Format.PDF, [source], tmp_path / "out.pdf")
    assert (raised.value.rule, raised.value.page) == ("page_broken", 1)
    assert [path.name for path in tmp_path.iterdir()] == ["in.pdf"]


@pytest.mark.parametrize(
    ("around", "plain"),
    [
        (b"q 0 0 144 216 re W n 144 0 0 216 0 0 cm /Im0 Do Q", True),
        (b"q 0 0 100 216 re W n 144 0 0 216 0 0 cm /Im0 Do Q", False),
        (b"/G0 gs q 144 0 0 216 0 0 cm /Im0 Do Q", True),
        (b"/G1 gs q 144 0 0 216 0 0 cm /Im0 Do Q", False),
        (b"/OC /Layer BDC q 144 0 0 216 0 0 cm /Im0 Do Q EMC", False),
        (b"BT 3 Tr /F0 12 Tf (hidden) Tj ET q 144 0 0 216 0 0 cm /Im0 Do Q", True),
    ],
)
def test_what_changes_an_images_look_keeps_it_from_being_taken_over(
    tmp_path: Path, around: bytes, plain: bool
) -> None:
    states = pikepdf.Dictionary(G0=pikepdf.Dictionary(ca=1, SA=True), G1=pikepdf.Dictionary(ca=0.5))
    original = pdf_of(
        tmp_path / "in.pdf",
        jpeg(),
        filters=pikepdf.Name.DCTDecode,
        content=around,
        resources={"ExtGState": states},
    )
    placement = (POINTS[0], 0.0, 0.0, POINTS[1], 0.0, 0.0)
    source = PageSource(
        number=1, width=WIDTH, height=HEIGHT, dpi=DPI, page_points=POINTS, image="/Im0", placement=placement
    )
    done = write(original, Format.PDF, [source], tmp_path / "out.pdf")
    assert (done.streams[0] is not None) is plain
    before, after = (shown(path, "pdfium", (WIDTH, HEIGHT)) for path in (original, tmp_path / "out.pdf"))
    assert np.abs(before.astype(int) - after).mean() < 2


def test_our_checks_see_what_was_done_to_a_file(tmp_path: Path) -> None:
    original = CASES["pdf g4"][1](tmp_path / "in.pdf")
    done = convert(original, Format.PDF, tmp_path / "out.pdf")

    def broken_by(change: object) -> set[str]:
        with pikepdf.open(tmp_path / "out.pdf") as pdf:
            change(pdf)  # type: ignore[operator]
            pdf.save(tmp_path / "changed.pdf", deterministic_id=True)
        found = check_structure(tmp_path / "changed.pdf", pages=1, flavour="2b", streams=done.streams)
        return {str(what.params["detail"]) for what in found}

    def image(pdf: pikepdf.Pdf) -> pikepdf.Object:
        return pdf.pages[0].obj.Resources.XObject.Im0

    assert broken_by(lambda pdf: None) == set()
    assert "2 pages where 1 belong" in broken_by(lambda pdf: pdf.pages.append(pdf.pages[0]))
    assert "output intent" in broken_by(lambda pdf: pdf.Root.__delitem__("/OutputIntents"))
    assert "no plain XMP" in broken_by(lambda pdf: pdf.Root.__delitem__("/Metadata"))
    assert "page 1: image is interpolated" in broken_by(
        lambda pdf: image(pdf).__setitem__("/Interpolate", True)
    )
    assert "page 1: the image stream is not the original's" in broken_by(
        lambda pdf: image(pdf).write(b"x", filter=pikepdf.Name.CCITTFaxDecode)
    )
    assert "page 1: font without ToUnicode" in broken_by(
        lambda pdf: pdf.pages[0].obj.Resources.Font.F0.__delitem__("/ToUnicode")
    )
    assert "/JS somewhere in the file" in broken_by(
        lambda pdf: pdf.pages[0].obj.__setitem__(
            "/X", pdf.make_indirect(pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="x"))
        )
    )
    (tmp_path / "cut.pdf").write_bytes((tmp_path / "out.pdf").read_bytes()[:-300])
    assert check_structure(tmp_path / "cut.pdf")


def test_decoders_agree_on_the_pictures_used_here(tmp_path: Path) -> None:
    path = CASES["png rgb"][1](tmp_path / "a.png")
    assert np.array_equal(decoded(path), np.asarray(picture()))
