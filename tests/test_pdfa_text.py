"""The invisible text: what is copied is what was read, and selecting a word highlights its box."""

from __future__ import annotations

import re
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from engines import runner
from schemas.reading import Box, Format, PageReading, PageSource, PageState, Rotation, Word
from schemas.renditions import RenditionIdentity
from schemas.rules import RenditionProfile
from storage.pdfa import check_structure, write_pdfa
from storage.pdfa.font import encode
from tests.test_pdfa_originals import MOMENT

MOTTO = "Độc lập - Tự do - Hạnh phúc"
LINES = [
    "ỦY BAN NHÂN DÂN CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
    MOTTO,
    "Số: 299/QĐ-UBND ngày 05 tháng 02 năm 2024",
    'Về việc cấp "Giấy chứng nhận" cho ông Nguyễn Văn Ếch (sinh 1/1/1990); số 0123',
    "Điều 1. Thu hồi 1.234,5 m² đất & giao <lại>",
]
WIDE, HIGH = 1654, 2339  # A4 at 200 dpi
_DESCENDS = set("gjpqy,;()Qộạậụệịợ")


def words_of(
    lines: list[str], *, slope: float = 0.0, left: int = 150, top: int = 200, pitch: int = 60
) -> list[Word]:
    """Words of an upright page with boxes that hug their ink as an engine's do."""
    words = []
    for number, line in enumerate(lines):
        x = left
        for text in line.split(" "):
            base = top + pitch * number + round(slope * (x - left))
            wide = 13 * len(text)
            rise = 30 if re.search(r"[A-ZĐ0-9bdfhklt/(\"ấộừằ]", text) else 20
            if text == "-":
                box = Box(x, base - 12, x + wide, base - 8)
            else:
                box = Box(x, base - rise, x + wide, base + (8 if _DESCENDS & set(text) else 0))
            words.append(Word(text, 0.9, box, number))
            x += wide + 11
    return words


def sideways(box: Box, rotation: Rotation, wide: int, high: int) -> Box:
    """Where a box of the upright page lies when the page is shown so that it must be turned by `rotation`."""
    left, top, right, bottom = box
    if rotation == 90:
        return Box(top, wide - right, bottom, wide - left)
    if rotation == 180:
        return Box(wide - right, high - bottom, wide - left, high - top)
    if rotation == 270:
        return Box(high - bottom, left, high - top, right)
    return box


def page_with(
    folder: Path, words: list[Word], *, rotation: Rotation = 0, size: tuple[int, int] = (WIDE, HIGH)
) -> Path:
    """A PDF/A of a white page that carries these words of its upright frame."""
    wide, high = size
    shown = (high, wide) if rotation % 180 else size
    Image.new("1", shown, 1).save(folder / "white.png", dpi=(200, 200))
    source = PageSource(number=1, width=shown[0], height=shown[1], dpi=200)
    turned = tuple(word._replace(box=sideways(word.box, rotation, wide, high)) for word in words)
    reading = PageReading(
        number=1, state=PageState.READ, width=shown[0], height=shown[1], rotation=rotation, words=turned
    )
    identity = RenditionIdentity(
        document_id="d" * 32, original_sha256="a" * 64, title="Quyết định", created=MOMENT
    )
    out = folder / "text.pdf"
    write_pdfa(
        str(folder / "white.png"), Format.PNG, [source], [reading], str(out), identity, RenditionProfile()
    )
    return out


def by_poppler(path: Path, *options: str) -> str:
    """Text as pdftotext gives it."""
    said = runner.run(["pdftotext", "-enc", "UTF-8", *options, path, "-"], timeout=20)
    return said.stdout.decode().rstrip("\n\f")


def by_pdfium(path: Path) -> str:
    """Text as Chromium's reader gives it."""
    document = pypdfium2.PdfDocument(path)
    try:
        return str(document[0].get_textpage().get_text_range()).replace("\r\n", "\n").strip()
    finally:
        document.close()


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_copied_lines_are_the_lines_that_were_read(tmp_path: Path, rotation: Rotation) -> None:
    out = page_with(tmp_path, words_of(LINES), rotation=rotation)
    assert check_structure(out, pages=1) == ()
    assert by_pdfium(out).splitlines() == LINES
    lines = [line for line in by_poppler(out).splitlines() if line]
    assert sorted(lines) == sorted(LINES)  # Poppler may order the lines of a turned page its own way
    assert rotation or lines == LINES


@pytest.mark.parametrize("slope", [-0.03, 0.01, 0.03])
def test_lines_of_a_skewed_scan_stay_lines(tmp_path: Path, slope: float) -> None:
    out = page_with(tmp_path, words_of(LINES, slope=slope))
    assert by_poppler(out, "-raw").splitlines() == LINES
    assert [line for line in by_poppler(out).splitlines() if line] == LINES
    assert by_pdfium(out).splitlines() == LINES


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_selecting_a_word_highlights_its_box(tmp_path: Path, rotation: Rotation) -> None:
    words = words_of(LINES)
    out = page_with(tmp_path, words, rotation=rotation)
    document = pypdfium2.PdfDocument(out)
    try:
        text = document[0].get_textpage()
        high = document[0].get_height()
        seen = text.get_text_range()
        at = 0
        for word in words:
            at = seen.index(word.text, at)
            edges = [text.get_charbox(at + step, loose=True) for step in range(len(word.text))]
            box = sideways(word.box, rotation, WIDE, HIGH)
            left, right = min(edge[0] for edge in edges), max(edge[2] for edge in edges)
            bottom, top = min(edge[1] for edge in edges), max(edge[3] for edge in edges)
            found = [value / 72 * 200 for value in (left, high - top, right, high - bottom)]
            along, across = ((0, 2), (1, 3)) if rotation % 180 == 0 else ((1, 3), (0, 2))
            slack = 8 if rotation == 180 else 1.5
            assert all(abs(found[edge] - box[edge]) <= slack for edge in along), word
            assert found[across[0]] <= box[across[0]] + 3 and found[across[1]] >= box[across[1]] - 3, word
            at += len(word.text)
    finally:
        document.close()


def test_words_whose_boxes_overlap_keep_their_space(tmp_path: Path) -> None:
    words = [Word("Hoài", 0.9, Box(100, 100, 180, 130), 0), Word("Ân", 0.9, Box(178, 100, 220, 130), 0)]
    out = page_with(tmp_path, words)
    assert by_poppler(out) == "Hoài Ân"
    assert by_pdfium(out) == "Hoài Ân"


def test_characters_that_no_code_can_stand_for_become_the_replacement_character() -> None:
    assert encode("a\U0001f600\ufeff\ufffe\x07b") == "0061" + "FFFD" * 4 + "0062"
    assert encode("a\t\n\u3000b") == "0061" + "0020" * 3 + "0062"


def test_a_page_without_words_carries_no_font(tmp_path: Path) -> None:
    out = page_with(tmp_path, [Word(" ", 0.1, Box(10, 10, 20, 20), 0)])
    assert by_poppler(out) == ""
    assert b"Glyphless" not in out.read_bytes()


_BOX = st.tuples(st.integers(0, 1500), st.integers(0, 2300), st.integers(0, 100), st.integers(0, 60)).map(
    lambda edges: Box(edges[0], edges[1], edges[0] + edges[2], edges[1] + edges[3])
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.text(max_size=12), _BOX, st.integers(0, 5)), max_size=12),
    st.sampled_from([0, 90, 180, 270]),
)
def test_no_text_and_no_box_breaks_the_file(
    tmp_path: Path, items: list[tuple[str, Box, int]], rotation: Rotation
) -> None:
    words = [Word(text, 0.5, box, line) for text, box, line in items]
    out = page_with(tmp_path, words, rotation=rotation)
    assert check_structure(out, pages=1, flavour="2b") == ()
