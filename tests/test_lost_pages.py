"""Pages that cannot be carried over keep their place; images that only look damaged are carried over."""

# ruff: noqa: F811 - the fixture `judge` is imported and named again as an argument
from __future__ import annotations

import io
import json
import os
import subprocess
import zlib
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pikepdf
import pypdfium2
import pytest
from PIL import Image

from benchmarks import fidelity
from engines import pdfium, poppler, rendering
from engines.verapdf import VeraPdf
from extractors.image_quality import measure
from extractors.pages import list_pages
from pipeline import renditions
from pipeline.renditions import WriteJob
from schemas.documents import Verdict
from schemas.errors import SourceError, WorkerDied
from schemas.findings import finding
from schemas.reading import Format, PageReading, PageSource, PageState
from schemas.rules import Limits, RenditionProfile
from schemas.wording import render
from storage.pdfa import check_structure, encode, writer
from tests.machine import Machine
from tests.pdfa_originals import POINTS, jpeg, pdf_of, picture
from tests.test_pdfa_originals import convert, judge  # noqa: F401 - judge is a fixture
from tests.test_pdfa_pages import IDENTITY


def three_frames(path: Path) -> Path:
    """A TIFF of three frames, the second one's data overwritten."""
    frames = [picture("RGB") for _ in range(3)]
    frames[0].save(
        path,
        "TIFF",
        compression="tiff_adobe_deflate",
        save_all=True,
        append_images=frames[1:],
        dpi=(100, 100),
        strip_size=10_000_000,
    )
    with Image.open(path) as image:
        image.seek(1)
        tags = image.tag_v2  # type: ignore[attr-defined]
        start, length = tags[273][0], tags[279][0]
    data = bytearray(path.read_bytes())
    data[start : start + length] = b"\xa5" * length
    path.write_bytes(data)
    return path


def text_of(path: Path, page: int) -> str:
    argv = ["pdftotext", "-f", str(page), "-l", str(page), "-layout", str(path), "-"]
    return " ".join(subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split())


def test_a_page_whose_data_are_damaged_keeps_its_place_and_says_so(tmp_path: Path) -> None:
    out = tmp_path / "out.pdf"
    rendition = convert(three_frames(tmp_path / "in.tif"), Format.TIFF, out)
    assert (rendition.pages, len(rendition.streams)) == (3, 3)
    assert check_structure(out, pages=3, flavour="2b", streams=rendition.streams) == ()
    said = [(each.rule, each.page) for each in rendition.findings]
    assert ("page_placeholder", 2) in said
    assert ("page_broken", 2) in said
    assert not [each for each in said if each[0] == "page_broken" and each[1] != 2]
    assert text_of(out, 2) == "Trang 2 không đọc được – xem bản gốc"
    with pypdfium2.PdfDocument(out) as pdf:
        assert [round(size) for size in pdf[1].get_size()] == [round(side) for side in POINTS]
        shown = np.asarray(pdf[1].render(scale=2, grayscale=True).to_numpy())
        ink = float((shown < 128).mean())
    assert 0.003 < ink < 0.1


@pytest.mark.verapdf
@pytest.mark.parametrize("flavour", ["2b", "2u"])
def test_a_document_with_a_placeholder_is_valid_for_verapdf(
    tmp_path: Path, judge: VeraPdf, flavour: str
) -> None:
    convert(three_frames(tmp_path / "in.tif"), Format.TIFF, tmp_path / "out.pdf", flavour=flavour)
    (report,) = judge.check([tmp_path / "out.pdf"], flavour).values()
    assert report.verdict is Verdict.VALID, report


def test_a_page_of_unknown_size_gets_an_a4_sheet_and_its_own_number(tmp_path: Path) -> None:
    original = tmp_path / "in.pdf"
    pdf_of(original, jpeg(), filters=pikepdf.Name.DCTDecode)
    (known,) = list_pages(str(original), Format.PDF, Limits()).pages
    lost = [
        PageSource(number=n, width=1, height=1, findings=(finding("page_broken", page=n, detail="x"),))
        for n in (12, 4711)
    ]

    out = tmp_path / "out.pdf"
    sources = [known, *lost]
    rendition = writer.write_pdfa(
        str(original), Format.PDF, sources, [], str(out), IDENTITY, RenditionProfile()
    )
    assert rendition.pages == 3
    assert text_of(out, 2) == "Trang 12 không đọc được – xem bản gốc"
    assert text_of(out, 3) == "Trang 4711 không đọc được – xem bản gốc"
    with pikepdf.open(out) as pdf:
        assert [round(float(edge)) for edge in pdf.pages[2].mediabox] == [0, 0, 595, 842]


def test_a_partial_file_gets_its_pdfa_where_a_relative_path_says(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    three_frames(tmp_path / "in.tif")
    done = subprocess.run(
        machine.argv("pdfa", "in.tif", "kết quả/out.pdf", "--json"),
        cwd=tmp_path,
        env=machine.environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    line = json.loads(done.stdout)
    assert done.returncode == 3, done.stderr
    assert (line["status"], line["pages"], line["output"]) == ("partial", 3, "kết quả/out.pdf")
    with pikepdf.open(tmp_path / "kết quả" / "out.pdf") as pdf:
        assert len(pdf.pages) == 3
    rules = [(each["rule"], each["page"]) for each in line["findings"]]
    assert ("page_placeholder", 2) in rules
    assert len(rules) == len(set(rules))


def test_reasons_are_told_in_words() -> None:
    told = finding("stream_reencoded", page=1, reason="ASCII85Decode+LZWDecode", lossless=True)
    assert render(told, "vi")[0] == (
        "Trang 1: ảnh được mã hóa lại cho hợp PDF/A (mã ASCII85, nén LZW); bản gốc giữ nguyên."
    )
    assert "ASCII85, LZW" in render(told, "en")[0]
    rare = finding("stream_reencoded", page=1, reason="tiff_50000", lossless=True)
    assert "kiểu nén TIFF" in render(rare, "vi")[0]
    assert "quá thời gian" in render(finding("page_retried", page=1, reason="page_timed_out"), "vi")[0]


def _with_junk_before_the_scan() -> bytes:
    """A few bytes between two segments, which decoders skip."""
    data = jpeg()
    at = data.index(b"\xff\xda")
    return data[:at] + b"\0\1\2\3" + data[at:]


def _codestream() -> bytes:
    out = io.BytesIO()
    picture().save(out, "JPEG2000", no_jp2=True)
    return out.getvalue()


def _png_without_end() -> bytes:
    out = io.BytesIO()
    picture().save(out, "PNG", dpi=(100, 100))
    return out.getvalue()[:-12]


_IRREGULAR: dict[str, tuple[Format, Callable[[Path], object]]] = {
    "jpeg with junk": (Format.JPEG, lambda path: path.write_bytes(_with_junk_before_the_scan())),
    "bare codestream": (Format.JPX, lambda path: path.write_bytes(_codestream())),
    "png without end": (Format.PNG, lambda path: path.write_bytes(_png_without_end())),
    "pdf with bare codestream": (
        Format.PDF,
        lambda path: pdf_of(path, _codestream(), filters=pikepdf.Name.JPXDecode),
    ),
}


@pytest.mark.parametrize("name", _IRREGULAR)
def test_an_irregular_image_that_decoders_read_is_carried_over(tmp_path: Path, name: str) -> None:
    kind, make = _IRREGULAR[name]
    make(tmp_path / "in")
    rendition = convert(tmp_path / "in", kind, tmp_path / "out.pdf")
    assert "page_placeholder" not in {each.rule for each in rendition.findings}
    assert "stream_reencoded" in {each.rule for each in rendition.findings}
    with pypdfium2.PdfDocument(tmp_path / "out.pdf") as pdf:
        scale = picture().width / pdf[0].get_width()
        shown = np.asarray(pdf[0].render(scale=scale).to_pil().convert("RGB").resize(picture().size))
    assert np.abs(shown.astype(int) - np.asarray(picture()).astype(int)).mean() < 4


def _coarse(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.int_]:
    return np.asarray(Image.fromarray(pixels).reduce(8)).astype(int)


def test_pdfium_draws_what_poppler_cannot_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pdf_of(tmp_path / "in.pdf", zlib.compress(picture().tobytes()), filters=pikepdf.Name.FlateDecode)
    path = os.fspath(tmp_path / "in.pdf")
    before = poppler.render_page(path, 1, 100, timeout=30).array

    def refuse(*_: object, **__: object) -> poppler.Rendered:
        raise SourceError("page_broken", "no page count", page=1, detail="no page count")

    monkeypatch.setattr(poppler, "render_page", refuse)
    array, complaint = rendering.render_page(path, 1, 100, timeout=30)
    assert complaint == ""
    assert np.abs(_coarse(array) - _coarse(before)).mean() < 3
    (tmp_path / "junk.pdf").write_bytes(b"%PDF-1.7 junk")
    with pytest.raises(SourceError):
        rendering.render_page(os.fspath(tmp_path / "junk.pdf"), 1, 100, timeout=30)
    assert pdfium.render_page(path, 2, 100) is None


@pytest.mark.parametrize("size", [(1, 1), (2, 9), (9, 2), (4, 4)])
def test_an_image_of_a_few_pixels_is_measured(size: tuple[int, int]) -> None:
    pixels = np.zeros(size, np.uint8)
    pixels[0, 0] = 255
    assert measure(pixels, None, 8).sharpness in (None, 0.0)


@pytest.mark.parametrize("size", [(1, 1), (2, 5)])
def test_an_image_smaller_than_a_page_may_be_is_drawn_alone(tmp_path: Path, size: tuple[int, int]) -> None:
    from extractors.pages import page_pixels
    from schemas.rules import ReadingProfile

    cmyk = Image.new("CMYK", size, (0, 0, 0, 255))
    path = tmp_path / "in.pdf"
    pdf_of(path, cmyk.tobytes(), space=pikepdf.Name.DeviceCMYK, size=size)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.pages[0].MediaBox = pikepdf.Array([0, 0, 72 * size[0], 72 * size[1]])
        content = b"q %d 0 0 %d 0 0 cm /Im0 Do Q" % (72 * size[0], 72 * size[1])
        pdf.pages[0].Contents = pdf.make_stream(content)
        pdf.save(path)
    (source,) = list_pages(str(path), Format.PDF, Limits()).pages
    pixels = page_pixels(str(path), Format.PDF, source, ReadingProfile(), Limits()).array
    assert pixels.shape[:2] == (size[1], size[0])
    assert int(pixels.max()) < 60


class _DyingPool:
    """Stands for a pool whose worker dies over the second page."""

    def __init__(self) -> None:
        self.asked: list[tuple[PageSource, ...]] = []

    def submit(self, _function: str, arguments: tuple[Any, ...], _seconds: float) -> Future[Any]:
        future: Future[Any] = Future()
        sources: tuple[PageSource, ...] = arguments[2]
        self.asked.append(sources)
        if any(source.number == 2 and not source.findings for source in sources):
            future.set_exception(WorkerDied("page_worker_died", detail="SIGSEGV"))
        else:
            future.set_result("written")
        return future


def test_a_file_that_fells_its_writer_is_written_again_without_the_pages_that_could_not_be_read(
    tmp_path: Path,
) -> None:
    sources = tuple(PageSource(number=number, width=9, height=9) for number in (1, 2, 3))
    lost = finding("page_worker_died", page=2, detail="SIGSEGV")
    readings = tuple(
        PageReading(
            number=number,
            state=PageState.FAILED if number == 2 else PageState.READ,
            width=9,
            height=9,
            findings=(lost,) if number == 2 else (),
        )
        for number in (1, 2, 3)
    )
    job = WriteJob("in", Format.TIFF, sources, readings, tmp_path / "out", IDENTITY, RenditionProfile())
    pool: Any = _DyingPool()
    limits = Limits()
    assert renditions.outcome(pool, limits, job, renditions.submit(pool, limits, job)) == "written"
    assert [source.findings for source in pool.asked[1]] == [(), (lost,), ()]
    unread = job._replace(readings=())
    with pytest.raises(WorkerDied):
        renditions.outcome(pool, limits, unread, renditions.submit(pool, limits, unread))


def test_two_pictures_of_a_page_are_told_apart_by_what_a_person_would_see() -> None:
    page = np.asarray(picture("RGB", (500, 700)))
    shifted = np.roll(page, 1, axis=1)
    stamped = page.copy()
    stamped[300:360, 200:280] = (200, 0, 0)
    tinted = np.clip(page.astype(int) + np.array([12, 0, -12]), 0, 255).astype(np.uint8)
    jpeg_again = io.BytesIO()
    Image.fromarray(page).save(jpeg_again, "JPEG", quality=80)
    lossy = np.asarray(Image.open(jpeg_again))
    finer = np.asarray(Image.fromarray(page).resize((1000, 1400), Image.Resampling.BICUBIC))
    assert [fidelity.difference(page, other).same for other in (page, shifted, lossy, finer)] == [True] * 4
    wrong = (stamped, tinted, page[::-1], 255 - page, np.full_like(page, 255))
    assert [fidelity.difference(page, np.ascontiguousarray(other)).same for other in wrong] == [False] * 5


def test_the_fidelity_benchmark_says_of_each_page_whether_it_shows_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    three_frames(folder / "a.tif")
    pdf_of(folder / "b.pdf", jpeg(), filters=pikepdf.Name.DCTDecode, page={"Rotate": 90})
    (folder / "c.pdf").write_text("nothing")
    answers = list(fidelity.run([str(folder)], tmp_path, 3, 1))
    states = [[page["state"] for page in answer.get("pages", [])] for answer in answers]
    assert states == [["same", "placeholder", "same"], ["same"], []]
    assert answers[2]["rule"] == "format_unknown"


@pytest.mark.parametrize("size", [(1, 1), (3, 51), (1, 30_000), (30_000, 2)])
def test_images_of_any_shape_get_a_page_that_pdfa_allows(tmp_path: Path, size: tuple[int, int]) -> None:
    picture("L", (max(size[0], 130), max(size[1], 130))).resize(size).save(tmp_path / "in.png")
    convert(tmp_path / "in.png", Format.PNG, tmp_path / "out.pdf")
    with pikepdf.open(tmp_path / "out.pdf") as pdf:
        assert all(3 <= float(edge) <= 14_400 for edge in list(pdf.pages[0].mediabox)[2:])


def test_a_complaint_about_what_two_renderers_draw_alike_is_none(tmp_path: Path) -> None:
    path = os.fspath(pdf_of(tmp_path / "in.pdf", jpeg(), filters=pikepdf.Name.DCTDecode))
    seen = poppler.render_page(path, 1, 150, timeout=30).array
    assert rendering.agreed(path, 1, seen)
    assert not rendering.agreed(path, 1, np.ascontiguousarray(seen[::-1]))
    empty = os.fspath(tmp_path / "empty.pdf")
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(empty)
    assert not rendering.agreed(empty, 1, np.full((300, 300, 3), 255, np.uint8))


@pytest.mark.parametrize("channels", [1, 3])
def test_a_very_large_rendering_is_encoded_strip_by_strip_without_loss(
    tmp_path: Path, channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encode, "_LARGE", 1000)
    monkeypatch.setattr(encode, "_STRIP", 7 * 640)
    pixels = np.asarray(picture("RGB" if channels == 3 else "L"))
    stream = encode.encode_array(pixels)
    colours = pikepdf.Name.DeviceRGB if channels == 3 else pikepdf.Name.DeviceGray
    parms = pikepdf.Dictionary(stream.parms)
    path = pdf_of(tmp_path / "in.pdf", stream.data, space=colours, filters=stream.filter, DecodeParms=parms)
    with pikepdf.open(path) as pdf:
        samples = pikepdf.PdfImage(pdf.pages[0].Resources.XObject.Im0).as_pil_image()
    assert np.array_equal(np.asarray(samples), pixels)


def test_a_renderer_leaves_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = tmp_path / "room"
    room.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(room))
    path = os.fspath(pdf_of(tmp_path / "in.pdf", jpeg(), filters=pikepdf.Name.DCTDecode))
    assert poppler.render_page(path, 1, 100, timeout=30).array.shape == (300, 200, 3)
    assert poppler.render_page(path, 1, 100, timeout=30, grey=True).array.shape == (300, 200)
    assert poppler.render_page(path, 1, 72, timeout=30, size=(31, 77)).array.shape == (77, 31, 3)
    with pytest.raises(SourceError):
        poppler.render_page(path, 9, 100, timeout=30)
    assert list(room.iterdir()) == []
