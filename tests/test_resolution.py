"""The estimate of a page's resolution, and what becomes of a paper that was taken too coarsely."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from openpyxl import load_workbook
from PIL import Image

import samples
from configs.loader import load_image_rules
from extractors.image_quality import image_findings
from extractors.pages import list_pages
from extractors.reading import read_page
from extractors.resolution import resolution_of
from review.workbook import SHEET
from schemas.findings import Severity
from schemas.reading import DpiKnown, Format, ImageMeasures, PageReading
from schemas.rules import Limits, ReadingProfile
from schemas.wording import render
from tests.machine import Machine
from tests.reviewed_batch import cell, rows_of

_X_HEIGHT = 2.1 / 25.4  # inches, of 12 point text


def _found(inches: tuple[float, float], dpi: float, tag: float | None, letter: float = _X_HEIGHT) -> Any:
    return resolution_of(round(inches[0] * dpi), round(inches[1] * dpi), tag, letter * dpi)


A4, A5, A3, A6, CARD, SLIP = (
    (8.27, 11.69),
    (5.83, 8.27),
    (11.69, 16.54),
    (4.13, 5.83),
    (3.37, 2.13),
    (3.2, 7.9),
)


@pytest.mark.parametrize("dpi", [70, 100, 150, 200, 240, 300, 600])
@pytest.mark.parametrize("tag", [None, 72, 96])
def test_without_a_tag_or_with_a_programs_default_paper_and_letters_tell(dpi: int, tag: float | None) -> None:
    found = _found(A4, dpi, tag)
    assert found.known is DpiKnown.BOTH
    assert abs(found.dpi / dpi - 1) < 0.02


@pytest.mark.parametrize(
    ("dpi", "tag"), [(70, 300), (100, 300), (150, 600), (300, 600), (300, 150), (70, 200)]
)
def test_a_tag_that_makes_the_letters_absurd_is_not_believed(dpi: int, tag: int) -> None:
    found = _found(A4, dpi, tag)
    assert found.known is DpiKnown.BOTH
    assert abs(found.dpi / dpi - 1) < 0.02


@pytest.mark.parametrize(
    ("inches", "letter"),
    [(A4, 1.8), (A5, 1.6), (A6, 1.7), (A3, 1.2), (CARD, 1.0), (SLIP, 1.5), (A4, 6.0)],
    ids=["A4", "A5", "A6", "plan on A3", "identity card", "receipt", "separator sheet"],
)
@pytest.mark.parametrize("dpi", [200, 300])
def test_a_small_or_large_paper_with_an_honest_tag_is_believed(
    inches: tuple[float, float], letter: float, dpi: int
) -> None:
    found = _found(inches, dpi, dpi, letter / 25.4)
    assert (found.dpi, found.known) == (dpi, DpiKnown.TAG)


@pytest.mark.parametrize(
    ("inches", "letter"), [(A5, 1.8), (A3, 2.1), (CARD, 1.0), (A4, 6.0)], ids=["A5", "A3", "card", "poster"]
)
@pytest.mark.parametrize("dpi", [200, 300])
def test_a_small_or_large_paper_without_a_tag_is_not_called_coarse(
    inches: tuple[float, float], letter: float, dpi: int
) -> None:
    found = _found(inches, dpi, None, letter / 25.4)
    assert found.dpi >= 195 or found.known is DpiKnown.PAPER


def test_a_page_of_no_known_shape_is_taken_to_fit_on_a4_unless_its_letters_say_that_it_is_smaller() -> None:
    assert resolution_of(576, 1000, None, 5.8) == (86, DpiKnown.BOTH)
    assert resolution_of(900, 900, None, 25) == (353, DpiKnown.LETTERS)
    assert resolution_of(576, 1000, None, 0) == (86, DpiKnown.PAPER)


def _drawn(dpi: float, known: DpiKnown | None, day: date) -> list[Any]:
    rules = [rule for rule in load_image_rules() if rule.property == "dpi"]
    return list(image_findings(ImageMeasures(dpi=dpi, dpi_known=known), rules, 1, day))


def test_the_legal_minimum_is_an_error_from_its_day_on_and_a_warning_before() -> None:
    (before,) = _drawn(150, DpiKnown.BOTH, date(2025, 6, 30))
    (after,) = _drawn(150, DpiKnown.TAG, date(2025, 7, 1))
    assert (before.severity, after.severity) == (Severity.WARNING, Severity.ERROR)
    assert "ước tính" in render(before)[0]
    assert "tệp ghi" in render(after)[0]
    assert _drawn(200, DpiKnown.TAG, date(2026, 1, 1)) == []


def test_paper_size_alone_calls_no_page_coarse() -> None:
    assert _drawn(82, DpiKnown.PAPER, date(2026, 1, 1)) == []
    assert _drawn(82, None, date(2026, 1, 1)), "readings of earlier versions are judged as they were"


# Pages of files.

_SAMPLE = samples.make_one("birth_certificate", 7, container="png", dpi=200)


def _page(dpi: int) -> Image.Image:
    image = Image.open(io.BytesIO(_SAMPLE.data))
    return image.convert("RGB").resize((round(8.27 * dpi), round(11.69 * dpi)), Image.Resampling.LANCZOS)


def _pdf(path: Path, image: Image.Image, points: Sequence[float], *, caption: bool = False) -> None:
    data = io.BytesIO()
    image.save(data, "JPEG", quality=85)
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=tuple(points))
        stream = pdf.make_stream(data.getvalue())
        stream.Type, stream.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
        stream.Width, stream.Height, stream.BitsPerComponent = *image.size, 8
        stream.ColorSpace, stream.Filter = pikepdf.Name.DeviceRGB, pikepdf.Name.DCTDecode
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
        page.Resources = pikepdf.Dictionary(
            XObject=pikepdf.Dictionary(Im=stream), Font=pikepdf.Dictionary(F=font)
        )
        text = "BT /F 8 Tf 20 20 Td (Copy) Tj ET" if caption else ""
        page.Contents = pdf.make_stream(f"q {points[0]} 0 0 {points[1]} 0 0 cm /Im Do Q {text}".encode())
        pdf.save(path)


def _read(path: Path, kind: Format) -> PageReading:
    limits = Limits()
    source = list_pages(str(path), kind, limits).pages[0]
    return read_page(str(path), kind, source, ReadingProfile(), load_image_rules(), limits)


@pytest.mark.parametrize("caption", [False, True], ids=["scan alone", "scan under a caption"])
def test_a_page_box_that_lies_and_one_that_is_true_are_told_apart(tmp_path: Path, caption: bool) -> None:
    image = _page(100)
    for name, points in (("true", (595, 842)), ("lies", (198, 281))):
        _pdf(tmp_path / name, image, points, caption=caption)
        got = _read(tmp_path / name, Format.PDF)
        assert got.measures.dpi == pytest.approx(100, abs=1), name
        assert "image_low_resolution" in {note.rule for note in got.findings}, name
        assert ("dpi_contradicted" in {note.rule for note in got.findings}) is (name == "lies")


# Through the command line.


def _machine(folder: Path) -> Machine:
    return Machine(folder, SOHOA_OPERATOR="chị Lan", SOHOA_ORCHESTRATOR="plain", SOHOA_WORKERS="1")


@pytest.fixture(scope="module")
def digitised(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """One birth certificate three times: as it should be, shrunk without a tag, and shrunk with a tag that lies."""
    machine = _machine(tmp_path_factory.mktemp("coarse"))
    batch = machine.inbox / "lo-tho"
    batch.mkdir()
    _page(200).save(batch / "a.png", dpi=(200, 200))
    _page(150).save(batch / "b.png")
    _page(150).save(batch / "c.jpg", dpi=(600, 600), quality=90)
    done = machine.run("digitize", batch, timeout=900)
    assert done.returncode in {0, 3}, done.stderr
    return machine


_TRUTH = {
    name: value
    for name, value in _SAMPLE.truth["documents"][0]["fields"].items()
    if name in {"number", "issue_date", "agency", "owner_id"}
}


def _papers(machine: Machine) -> dict[str, dict[str, Any]]:
    return {each["file"]: each for each in machine.json("batch", "show", "lo-tho")["documents"]}


def test_a_page_under_the_legal_minimum_waits_for_a_person_and_passes_on_their_word(
    digitised: Machine,
) -> None:
    machine = digitised
    papers = _papers(machine)
    assert papers["a.png"]["route"] != "rescan"
    assert (papers["b.png"]["route"], papers["c.jpg"]["route"]) == ("rescan", "rescan")
    listed = machine.run("review", "list", "lo-tho").stdout
    assert "ước tính theo khổ giấy và cỡ chữ" in listed
    identifier = papers["c.jpg"]["id"]
    trace = machine.json("trace", identifier)
    assert "dpi_contradicted" in str(trace)
    (reading,) = trace["papers"][0]["readings"]
    assert (round(reading["dpi"]), reading["dpi_known"]) == (150, "paper_and_letters")
    page = machine.folder / "trace.html"
    machine.run("trace", identifier, page)
    assert "ước tính theo khổ giấy và cỡ chữ" in page.read_text(encoding="utf-8")
    # The rest of the paper is settled first: then the picture alone keeps it from being accepted.
    values = [f"{name}={value}" for name, value in _TRUTH.items()]
    settled = machine.run("review", "set", identifier, *values)
    assert settled.returncode == 0, settled.stderr
    (question,) = machine.json("review", "show", identifier)["questions"]
    assert question["target"] == "picture:image_low_resolution:1"
    assert _papers(machine)["c.jpg"]["route"] == "rescan"
    machine.run("review", "accept", identifier)
    assert _papers(machine)["c.jpg"]["route"] == "accepted"
    events = machine.json("trace", identifier)["events"]
    (answer,) = [one for one in events if one["detail"].get("target") == question["target"]]
    assert (answer["agent"], answer["detail"]["action"]) == ("chị Lan", "accept")


def test_the_workbook_asks_about_the_picture(digitised: Machine, tmp_path: Path) -> None:
    book = tmp_path / "a.xlsx"
    assert digitised.run("review", "export", "lo-tho", book).returncode == 0
    sheet = load_workbook(book)[SHEET]
    asked = {
        (str(cell(sheet, row, "Giấy tờ")).split("\n")[0], cell(sheet, row, "Mục")) for row in rows_of(sheet)
    }
    assert any(file == "b.png" and str(what).startswith("Ảnh quét") for file, what in asked), asked
