"""A page is read in the displayed frame, in a person's order, the same through both doors to the engine."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pikepdf
import pytest
from PIL import Image, ImageDraw, ImageFont

from engines import ocr, pytesseract_door, tesseract
from engines.runner import ProgramFailed, ProgramTimedOut
from extractors import layout
from extractors.pages import list_pages
from extractors.preprocess import letters_of, prepare, spots_of, without_rules
from extractors.reading import read_page
from schemas.errors import SetupError
from schemas.reading import Box, Format, PageReading, PageState
from schemas.rules import ImageRule, Limits, ReadingProfile
from schemas.text import fold
from tests.faulty import program

_LIMITS = Limits()
_FONT = "/usr/share/fonts/truetype/liberation2/LiberationSerif-Regular.ttf"
_LINES = (
    ("Căn cứ Luật Tổ chức chính quyền địa phương ngày 19 tháng 6 năm 2015;", 220, 700),
    ("Xét đề nghị của Giám đốc Sở Xây dựng tại Tờ trình số 1234/TTr-SXD,", 220, 760),
    ("cấp giấy phép xây dựng cho ông Nguyễn Văn Bình tại phường Vĩnh Hải.", 220, 820),
)


def _paper() -> tuple[Image.Image, dict[str, Box]]:
    """A decision at 200 dpi, with a seal across the signature, and where some of its words are."""
    page = Image.new("RGB", (1654, 2339), (252, 250, 244))
    draw, font = ImageDraw.Draw(page), ImageFont.truetype(_FONT, 38)
    placed: dict[str, Box] = {}

    def put(text: str, left: float, top: float, *, centred: bool = False, fill: str = "black") -> None:
        start = left - draw.textlength(text, font=font) / 2 if centred else left
        draw.text((start, top), text, font=font, fill=fill)
        for word in text.split():
            before = draw.textlength(text[: text.index(word)], font=font)
            placed[word] = Box(
                *(round(edge) for edge in draw.textbbox((start + before, top), word, font=font))
            )

    for number, (left, right) in enumerate(
        (
            ("ỦY BAN NHÂN DÂN", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"),
            ("TỈNH KHÁNH HÒA", "Độc lập - Tự do - Hạnh phúc"),
            ("Số: 299/QĐ-UBND", "Khánh Hòa, ngày 12 tháng 5 năm 2023"),
        )
    ):
        put(left, 400, 150 + 60 * number, centred=True)
        put(right, 1160, 150 + 60 * number, centred=True)
    put("QUYẾT ĐỊNH", 827, 480, centred=True, fill="#c01020")
    for text, left, top in _LINES:
        put(text, left, top)
    for number, text in enumerate(("Nơi nhận:", "- Như Điều 3;", "- Lưu: VT.")):
        put(text, 220, 1500 + 55 * number)
    for number, text in enumerate(("TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH")):
        put(text, 1200, 1500 + 55 * number, centred=True)
    put("Trần Quốc Toản", 1200, 1800, centred=True)
    draw.ellipse((960, 1560, 1250, 1850), outline=(215, 40, 50), width=12)
    return page, placed


@pytest.fixture(scope="module")
def paper() -> tuple[Image.Image, dict[str, Box]]:
    """Drawn once."""
    return _paper()


def _read(
    image: Image.Image, folder: Path, profile: ReadingProfile | None = None, dpi: int = 200
) -> PageReading:
    path = folder / "page.png"
    image.save(path, dpi=(dpi, dpi))
    source = list_pages(str(path), Format.PNG, _LIMITS).pages[0]
    return read_page(str(path), Format.PNG, source, profile or ReadingProfile(), (), _LIMITS)


@pytest.fixture(scope="module")
def reading(
    paper: tuple[Image.Image, dict[str, Box]], tmp_path_factory: pytest.TempPathFactory
) -> PageReading:
    """The upright paper, read once."""
    return _read(paper[0], tmp_path_factory.mktemp("upright"))


def _lines(reading: PageReading) -> list[str]:
    """Lines by their letters and digits: a speck read as a full stop is not what these tests are about."""
    return [" ".join(re.findall(r"\w+", fold(line))) for line in reading.text.split("\n")]


def _share_in_place(reading: PageReading, placed: dict[str, Box], reach: float = 8) -> float:
    """Share of the long words that were found, and found where they are."""
    wanted = {word: box for word, box in placed.items() if len(word) > 4 and word.isalpha()}
    found = 0
    for word in reading.words:
        box = wanted.get(word.text)
        found += box is not None and all(
            abs(one - other) < reach for one, other in zip(word.box, box, strict=True)
        )
    return found / len(wanted)


def test_two_columns_are_read_one_after_the_other(reading: PageReading) -> None:
    """Agency, then motto; recipients, then signature; a red title is text, a red seal is not."""
    lines = _lines(reading)
    assert lines[:7] == [
        "uy ban nhan dan",
        "tinh khanh hoa",
        "so 299 qd ubnd",
        "cong hoa xa hoi chu nghia viet nam",
        "doc lap tu do hanh phuc",
        "khanh hoa ngay 12 thang 5 nam 2023",
        "quyet dinh",
    ]
    last = [
        next(number for number, line in enumerate(lines) if line.startswith(word))
        for word in ("luu", "tm", "tran")
    ]
    assert last == sorted(last)


def test_words_lie_where_they_are(reading: PageReading, paper: tuple[Image.Image, dict[str, Box]]) -> None:
    """In pixels of the displayed frame, lines and blocks counted in reading order."""
    assert (reading.width, reading.height, reading.dpi, reading.rotation) == (1654, 2339, 200.0, 0)
    assert _share_in_place(reading, paper[1]) > 0.9
    assert [word.line for word in reading.words] == sorted(word.line for word in reading.words)
    assert [word.block for word in reading.words] == sorted(word.block for word in reading.words)
    assert reading.confidence is not None and reading.confidence > 0.9
    assert 0 < reading.engine_seconds <= reading.total_seconds


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_page_is_read_in_the_frame_it_is_shown_in(
    paper: tuple[Image.Image, dict[str, Box]], reading: PageReading, tmp_path: Path, turn: int
) -> None:
    """Upright text, boxes on the turned page, and the turn is told."""
    turned = paper[0].rotate(turn, expand=True)  # anticlockwise: that many degrees clockwise set it upright
    got = _read(turned, tmp_path)
    assert (got.width, got.height, got.rotation) == (*turned.size, turn)
    assert _lines(got)[:7] == _lines(reading)[:7]
    assert "page_turned" in [one.rule for one in got.findings]
    wide, high = paper[0].size
    shown = {
        90: lambda box: Box(box.top, wide - box.right, box.bottom, wide - box.left),
        180: lambda box: Box(wide - box.right, high - box.bottom, wide - box.left, high - box.top),
        270: lambda box: Box(high - box.bottom, box.left, high - box.top, box.right),
    }[turn]
    assert _share_in_place(got, {word: shown(box) for word, box in paper[1].items()}) > 0.85


def test_a_tilted_page_is_read_in_the_frame_it_is_shown_in(
    paper: tuple[Image.Image, dict[str, Box]], reading: PageReading, tmp_path: Path
) -> None:
    """Boxes follow the tilt."""
    tilted = paper[0].rotate(2.5, fillcolor=(252, 250, 244), resample=Image.Resampling.BICUBIC)
    got = _read(tilted, tmp_path)
    assert abs((got.measures.skew or 0) - 2.5) < 0.15
    assert _lines(got)[:7] == _lines(reading)[:7]
    middle = np.array([827.0, 1169.5])
    angle = np.radians(2.5)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    centres = {
        word: turn @ (np.array([box.left + box.right, box.top + box.bottom]) / 2 - middle) + middle
        for word, box in paper[1].items()
    }
    near = [
        np.abs(
            np.array([word.box.left + word.box.right, word.box.top + word.box.bottom]) / 2
            - centres[word.text]
        ).max()
        < 12
        for word in got.words
        if word.text in centres and len(word.text) > 4
    ]
    assert len(near) > 15
    assert np.mean(near) > 0.9


def test_both_doors_read_the_same(
    paper: tuple[Image.Image, dict[str, Box]], reading: PageReading, tmp_path: Path
) -> None:
    """Debian's program and the library agree on nearly every word."""
    other = _read(paper[0], tmp_path, ReadingProfile(engine="pytesseract"))
    ours, theirs = {word.text for word in reading.words}, {word.text for word in other.words}
    assert len(ours & theirs) > 0.95 * len(ours | theirs)
    assert _lines(other)[:7] == _lines(reading)[:7]


def test_a_kept_engine_reads_a_page_as_a_fresh_one_does(
    paper: tuple[Image.Image, dict[str, Box]], reading: PageReading, tmp_path: Path
) -> None:
    """Nothing of one page colours the next."""
    _read(paper[0].rotate(180), tmp_path)
    assert _read(paper[0], tmp_path).words == reading.words


def test_blank_pages_are_kept_as_blank(tmp_path: Path) -> None:
    """White, tinted with noise, and with the ghost of the other side."""
    rng = np.random.default_rng(5)
    noisy = np.clip(rng.normal(235, 4, (2339, 1654)), 0, 255).astype(np.uint8)
    ghost = Image.eval(
        _paper()[0].convert("L").transpose(Image.Transpose.FLIP_LEFT_RIGHT), lambda value: 225 + value // 10
    )
    for image in (Image.new("L", (1654, 2339), 255), Image.fromarray(noisy), ghost):
        got = _read(image, tmp_path)
        assert got.state is PageState.BLANK
        assert [one.rule for one in got.findings] == ["page_blank"]


@pytest.mark.parametrize(("ink", "rule"), [(165, "page_blank"), (0, "page_mirrored")])
def test_mirrored_print_is_no_text_pale_it_is_kept_as_blank_and_dark_it_is_asked_for_again(
    paper: tuple[Image.Image, dict[str, Box]], tmp_path: Path, ink: int, rule: str
) -> None:
    """What shines through, or rubbed off another sheet; a reader made for lines reads it as whatever it looks like."""
    behind = paper[0].convert("L").transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    got = _read(Image.eval(behind, lambda value: ink + value * (255 - ink) // 255), tmp_path)
    assert got.state is PageState.BLANK
    assert got.words == ()
    assert rule in [one.rule for one in got.findings]


def test_a_faded_page_is_read_not_called_blank(
    paper: tuple[Image.Image, dict[str, Box]], reading: PageReading, tmp_path: Path
) -> None:
    """Grey on grey is still text."""
    faded = Image.eval(paper[0].convert("L"), lambda value: 170 + value // 4)
    got = _read(faded, tmp_path)
    assert got.state is PageState.READ
    assert len({word.text for word in got.words} & {word.text for word in reading.words}) > 0.7 * len(
        {word.text for word in reading.words}
    )


def test_one_short_line_is_not_a_blank_page(tmp_path: Path) -> None:
    """The end of a letter on its last sheet."""
    page = Image.new("L", (1654, 2339), 255)
    ImageDraw.Draw(page).text(
        (300, 200), "(Đã ký) Nguyễn Văn Bình", font=ImageFont.truetype(_FONT, 38), fill=0
    )
    got = _read(page, tmp_path)
    assert got.state is PageState.READ
    assert "Nguyễn" in got.text


def test_rules_judge_the_image_while_it_is_read(
    paper: tuple[Image.Image, dict[str, Box]], tmp_path: Path
) -> None:
    """An unknown resolution is assumed, and said."""
    paper[0].save(tmp_path / "a.png")
    source = list_pages(str(tmp_path / "a.png"), Format.PNG, _LIMITS).pages[0]
    rule = ImageRule(
        rule="image_bitonal",
        property="bits",
        operation=">",
        value=8,
        severity="warning",
        effective_from=date(2000, 1, 1),
    )  # type: ignore[arg-type]
    got = read_page(str(tmp_path / "a.png"), Format.PNG, source, ReadingProfile(), (rule,), _LIMITS)
    assert [one.rule for one in got.findings] == ["dpi_assumed", "image_bitonal"]
    assert got.findings[0].params == {"dpi": 200, "known": "paper_and_letters"}
    assert got.dpi is None


def _text_pdf(path: Path, text: str, extra: str = "", rotate: int = 0) -> str:
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(400, 300))
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font,
            Subtype=pikepdf.Name.Type1,
            BaseFont=pikepdf.Name.Helvetica,
            Encoding=pikepdf.Name.WinAnsiEncoding,
        )
        page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=font))
        page.Contents = pdf.make_stream(f"BT /F 12 Tf 40 250 Td ({text}) Tj ET {extra}".encode("latin-1"))
        page.Rotate = rotate
        pdf.save(path)
    return str(path)


def _read_pdf(path: str) -> PageReading:
    return read_page(
        path, Format.PDF, list_pages(path, Format.PDF, _LIMITS).pages[0], ReadingProfile(), (), _LIMITS
    )


@pytest.mark.parametrize("rotate", [0, 90])
def test_a_born_digital_page_is_read_from_its_text(tmp_path: Path, rotate: int) -> None:
    """With boxes in the frame of the page as it would be rendered."""
    text = "The People's Committee of the province decides on the licence".replace("'", "")
    got = _read_pdf(_text_pdf(tmp_path / "a.pdf", text, rotate=rotate))
    assert (got.source, got.text, got.confidence) == ("text_layer", text, 1.0)
    box = got.words[0].box
    assert (got.width, got.height) == ((1250, 1667) if rotate else (1667, 1250))
    middle = ((box.left + box.right) / 2 / got.width, (box.top + box.bottom) / 2 / got.height)
    expected = (0.845, 0.125) if rotate else (0.125, 0.155)
    assert np.allclose(middle, expected, atol=0.04)


def test_a_text_layer_in_an_old_encoding_is_not_believed(tmp_path: Path) -> None:
    """TCVN3 text extracts as signs no Vietnamese word has; the pixels are read instead."""
    got = _read_pdf(
        _text_pdf(tmp_path / "a.pdf", "Céng hßa x· héi chñ nghÜa ViÖt Nam §éc lËp Tù do H¹nh phóc")
    )
    assert got.source == "ocr"
    assert "text_layer_garbled" in [one.rule for one in got.findings]


def test_a_caption_on_drawn_ink_does_not_make_a_page_born_digital(tmp_path: Path) -> None:
    """Much ink that no text covers."""
    blocks = " ".join(
        f"{40 + 8 * column} {40 + 16 * row} 5 9 re f" for column in range(38) for row in range(11)
    )
    got = _read_pdf(
        _text_pdf(tmp_path / "a.pdf", "Signed by the People Committee on 12 May 2023 at 10:15", blocks)
    )
    assert got.source == "ocr"


def test_rows_of_a_table_stay_rows() -> None:
    """Cells of one row, though the engine saw columns."""
    words = [
        ocr.EngineWord(text, 0.9, left, top, left + 80, top + 20, block, (block, 1, line))
        for block, column in enumerate(((100, "STT", "1", "2"), (300, "Tên", "An", "Bình"), (600, "Năm", "1990", "1985")))
        for line, text in enumerate(column[1:])
        for left, top in [(int(column[0]), 100 + 40 * line)]
    ]  # fmt: skip
    ordered = layout.order(words, 1000)
    assert [word.text for word, _, _ in ordered] == [
        "STT",
        "Tên",
        "Năm",
        "1",
        "An",
        "1990",
        "2",
        "Bình",
        "1985",
    ]
    assert [line for _, line, _ in ordered] == [0, 0, 0, 1, 1, 1, 2, 2, 2]


@pytest.mark.parametrize("dpi", [75, 150, 300])
@pytest.mark.parametrize("thick", [1, 2])
def test_thin_rules_go_at_any_resolution_and_letters_stay(dpi: int, thick: int) -> None:
    page = np.full((8 * dpi, 6 * dpi), 255, np.uint8)
    for line in range(1, 8):
        page[line * dpi : line * dpi + thick, dpi // 2 : -dpi // 2] = 0
        page[dpi : 7 * dpi, line * dpi // 2 : line * dpi // 2 + thick] = 0
    letters = np.full_like(page, 255)
    cv2.putText(letters, "Ho so", (dpi, dpi + dpi // 2), cv2.FONT_HERSHEY_SIMPLEX, dpi / 150, 0, thick)  # type: ignore[call-overload]
    cleaned = without_rules(np.minimum(page, letters), dpi)
    ruled, left = int((page < 128).sum()), int(((cleaned < 128) & (letters > 128)).sum())
    assert left < 0.03 * ruled
    assert int(((cleaned < 128) & (letters < 128)).sum()) > 0.6 * int((letters < 128).sum())


def test_a_page_in_capitals_tells_the_size_of_its_print_as_running_text_does() -> None:
    """Else a list of names in capitals would be read too small."""
    font, heights = ImageFont.truetype(_FONT, 56), []
    for text in ("Nguyễn Văn Thành được cấp thẻ ngày", "NGUYỄN VĂN THÀNH 21IT5 19/09/2003"):
        page = Image.new("L", (2480, 3508), 255)
        for row in range(30):
            ImageDraw.Draw(page).text((300, 300 + 90 * row), text, fill=20, font=font)
        heights.append(letters_of(np.asarray(page)).height)
    running, capitals = heights
    assert capitals == pytest.approx(running, rel=0.15)


def test_spots_are_found_on_a_page_of_noise_too() -> None:
    noise = np.zeros((1200, 1200), np.uint8)
    noise[::3, ::3] = 255
    assert len(spots_of(noise)) == 400 * 400 + 1
    assert spots_of(noise[:30, :30])[1].tolist() == [0, 0, 1, 1, 1]


def test_an_engine_variable_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    profile = ReadingProfile(variables=(("no_such_variable", "1"),))
    with pytest.raises(SetupError, match="no_such_variable"):
        ocr.recognise(np.full((50, 50), 255, np.uint8), profile, dpi=150, timeout=5)


def test_rules_and_dotted_leaders_are_gone_before_reading() -> None:
    """And the letters between them are not."""
    page = np.full((400, 1200), 255, np.uint8)
    cv2.putText(page, "Ho va ten", (40, 190), cv2.FONT_HERSHEY_SIMPLEX, 1.5, 0, 3)  # type: ignore[call-overload]
    page[50:53, 20:1180] = 0
    page[20:380, 1100:1103] = 0
    for left in range(400, 1060, 9):
        page[190:193, left : left + 3] = 0
    made = prepare(page, ReadingProfile(), scale=1.0, dpi=200, skew=None).image
    assert (made[45:58, 20:1180] > 250).all()
    assert (made[20:380, 1098:1106] > 250).all()
    assert (made[186:197, 400:1060] > 200).mean() > 0.99
    assert (made[130:200, 40:300] < 100).mean() > 0.05


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        ("crash", ProgramFailed),
        ("fail", ProgramFailed),
        ("say_nothing", ProgramFailed),
        ("hang", ProgramTimedOut),
    ],
)
def test_an_engine_that_misbehaves_is_told_by_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, behaviour: str, error: type[Exception]
) -> None:
    """Never a page without words."""
    program(tmp_path, behaviour, "tesseract")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(ocr, "identity", lambda _: "fake")
    with pytest.raises(error):
        ocr.recognise(
            np.full((50, 50), 255, np.uint8), ReadingProfile(engine="pytesseract"), dpi=200, timeout=1
        )


@pytest.mark.parametrize("text", [b"", b"level\tpage_num\n", b"\xff\xfe\n"])
def test_a_tsv_that_is_none_is_a_failure(tmp_path: Path, text: bytes) -> None:
    """Empty, of another shape, not UTF-8."""
    (tmp_path / "a.tsv").write_bytes(text)
    with pytest.raises(ProgramFailed):
        pytesseract_door._parse_tsv(tmp_path / "a.tsv")


def test_the_refused_version_and_missing_data_stop_the_set_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each with its remedy."""
    program(tmp_path, "say_nothing", "tesseract", version="5.4.0")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    tesseract.probe.cache_clear()
    ocr.identity.cache_clear()
    try:
        with pytest.raises(SetupError) as refused:
            ocr.identity(ReadingProfile(engine="pytesseract", second="pytesseract"))
    finally:
        tesseract.probe.cache_clear()
        ocr.identity.cache_clear()
    with pytest.raises(SetupError) as missing:
        ocr.identity(ReadingProfile(languages="xyz"))
    assert (refused.value.remedy, missing.value.remedy) == ("tesseract_refused", "tesseract_data_missing")


def _list_of_names() -> tuple[Image.Image, list[str]]:
    """A ruled list of short entries with its words: number, code, name in capitals, class, day of birth."""
    page, words = Image.new("RGB", (2480, 3508), "white"), list[str]()
    draw, font, random = ImageDraw.Draw(page), ImageFont.truetype(_FONT, 50), Random(5)
    columns = (150, 300, 620, 1500, 1760, 2150)
    for row in range(34):
        top = 300 + 80 * row
        entries = [
            str(row + 1),
            f"21IT{random.randrange(100, 700)}",
            " ".join(random.sample(["NGUYỄN", "TRẦN", "LÊ", "VĂN", "THỊ", "HOÀNG", "DŨNG", "QUỐC"], 4)),
            f"21IT{random.randrange(1, 9)}",
            f"{random.randrange(1, 29):02}/{random.randrange(1, 13):02}/2003",
        ]
        draw.line((columns[0], top, columns[-1], top), fill="black", width=3)
        for left, text in zip(columns, entries, strict=False):
            draw.text((left + 25, top + 10), text, fill="black", font=font)
            words += text.replace("/", " ").split()
    for left in columns:
        draw.line((left, 300, left, 300 + 80 * 34), fill="black", width=3)
    return page, words


def test_a_ruled_list_of_codes_and_names_is_read_entry_by_entry(tmp_path: Path) -> None:
    """Taken for running text, a quarter of its words would be lost."""
    page, words = _list_of_names()
    read = Counter(re.findall(r"\w+", _read(page, tmp_path, dpi=300).text))
    assert (Counter(words) & read).total() > 0.9 * len(words)
