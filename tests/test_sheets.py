"""Separator sheets: printed, scanned, found again; box and file are inherited; none is lost in the count."""

from __future__ import annotations

import json
import random
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pdf2image import convert_from_path
from PIL import Image

from extractors.anchors import lines_of
from extractors.sheets import SheetMark, codes_on, mark_on, payload_of, read_payload, sheet_of
from extractors.split import mark_separators, split_pages
from schemas.batches import BatchSheet
from schemas.errors import SetupError
from schemas.reading import Box, PageReading, PageState
from storage.catalogue import views
from storage.objects import sha256_of
from tests.laid_out import DECISION
from tests.machine import Machine
from tests.printed_pages import page
from tests.reviewed_batch import RULES as REVIEWED
from tests.reviewed_batch import digitise, drawn, settings_of
from workspace.opening import open_workspace
from workspace.separator_sheets import print_sheets

RULES = REVIEWED.book
MARK = SheetMark("12", "Hồ sơ đất đai 3", 7)


@given(st.text(max_size=40), st.text(max_size=40), st.integers(0, 10**6))
def test_a_payload_says_again_what_was_put_into_it(box: str, file: str, ordinal: int) -> None:
    try:
        (box + file).encode("utf-8")
    except UnicodeEncodeError:
        return
    assert read_payload(payload_of(SheetMark(box, file, ordinal))) == (box, file, ordinal)


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "056190001234|123456789|Lê Thị A|01011990|Nữ|Xã A|01012021",
        payload_of(MARK)[:-1] + "G",
        payload_of(MARK).replace("12", "13"),
        payload_of(MARK).replace("SOHOA1", "SOHOA2"),
        "SOHOA1|12|3|7",
    ],
)
def test_a_code_of_others_or_a_damaged_one_is_no_mark(payload: str) -> None:
    assert read_payload(payload) is None


def degraded(sheet: Image.Image, dice: random.Random) -> np.ndarray:
    """As a tired scanner sees a sheet that was used before: 200 dpi, turned, grey, noisy, blurred, compressed."""
    grey = np.asarray(sheet.convert("L"))
    height, width = grey.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), dice.uniform(-3, 3), 1)
    grey = cv2.warpAffine(grey, turn, (width, height), borderValue=255)
    grey = cv2.GaussianBlur(grey, (0, 0), dice.uniform(0.3, 1.2))
    light = np.linspace(dice.uniform(0.7, 1), dice.uniform(0.7, 1), width)
    noise = np.random.default_rng(dice.randrange(2**32)).normal(0, dice.uniform(2, 14), grey.shape)
    worn = np.clip((grey * 0.8 + 30) * light + noise, 0, 255).astype(np.uint8)
    done, stored = cv2.imencode(".jpg", worn, [cv2.IMWRITE_JPEG_QUALITY, dice.randint(35, 80)])
    assert done
    return cv2.imdecode(stored, cv2.IMREAD_GRAYSCALE)


def test_a_hundred_of_a_hundred_degraded_sheets_are_found_at_200_dpi(tmp_path: Path) -> None:
    dice = random.Random(200)
    marks = [SheetMark(f"{box}", f"Hồ sơ số {box * 7} – đất đai", box) for box in range(1, 101)]
    found = []
    for start in range(0, 100, 20):
        print_sheets(marks[start : start + 20], tmp_path / "sheets.pdf")
        for sheet in convert_from_path(tmp_path / "sheets.pdf", dpi=200, grayscale=True):
            codes = codes_on(degraded(sheet, dice), words=20)
            found += [read_payload(text) for text, _ in codes]
    assert found == marks


def test_a_page_full_of_words_is_not_searched(tmp_path: Path) -> None:
    print_sheets([MARK], tmp_path / "sheet.pdf")
    (sheet,) = convert_from_path(tmp_path / "sheet.pdf", dpi=100, grayscale=True)
    assert codes_on(np.asarray(sheet), words=20) != ()
    assert codes_on(np.asarray(sheet), words=300) == ()


def separator(number: int, mark: SheetMark) -> PageReading:
    return PageReading(
        number=number,
        state=PageState.READ,
        width=1654,
        height=2339,
        qr=((payload_of(mark), Box(0, 0, 9, 9)),),
    )


def numbered(number: int) -> PageReading:
    return page(DECISION).model_copy(update={"number": number})


def test_sheets_divide_papers_and_are_in_none(tmp_path: Path) -> None:
    plain = PageReading(number=3, state=PageState.BLANK, width=1654, height=2339)
    read = mark_separators([separator(1, MARK), numbered(2), plain, separator(4, MARK), numbered(5)], RULES)
    assert split_pages(read, [lines_of(each) for each in read], RULES) == ((1, 2), (4,))
    assert [mark_on(each) for each in read] == [MARK, None, None, MARK, None]


def test_box_and_file_of_the_sheet_before_a_paper_win_over_the_batch_sheet() -> None:
    read = [separator(1, MARK), numbered(2), separator(3, SheetMark("13", "", 8)), numbered(4)]
    batch = BatchSheet(box="1", file="A", fonds="UBND")
    assert sheet_of(batch, read, 2) == BatchSheet(box="12", file="Hồ sơ đất đai 3", fonds="UBND")
    assert sheet_of(batch, read, 4) == BatchSheet(box="13", file="A", fonds="UBND")
    assert sheet_of(None, read, 2) == BatchSheet(box="12", file="Hồ sơ đất đai 3")
    assert sheet_of(batch, [numbered(1)], 1) is batch


def test_a_folder_that_cannot_be_written_is_told_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(SetupError) as raised:
        print_sheets([MARK], tmp_path / "absent" / "sheets.pdf")
    assert raised.value.remedy == "sheets_unwritable"


def test_a_scanned_stack_with_sheets_is_split_counted_and_held_against_the_paper(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    printed = tmp_path / "to.pdf"
    done = machine.run("sheets", "print", printed, "--box", "12", "--file", "HS 3", "--count", "2")
    assert done.returncode == 0 and "2 trang phân cách" in done.stdout
    sheets = convert_from_path(printed, dpi=200, grayscale=True)
    paper = Image.new("L", sheets[0].size, 255)
    batch = machine.inbox / "hộp"
    batch.mkdir()
    (batch / "lo.toml").write_text('box = "1"\nfonds = "UBND"\nexpected_sheets = 9\n', encoding="utf-8")
    written = Image.open(_page_of_text(tmp_path))
    sheets[0].save(
        batch / "chong.pdf", save_all=True, resolution=200, append_images=[written, sheets[1], written, paper]
    )
    machine.run("digitize", batch, "--plain")
    shown = machine.json("batch", "show", "hộp")
    assert shown["pages"]["in"] == shown["pages"]["accounted"] == 5
    assert [each["pages"] for each in shown["documents"]] == [[2], [4, 5]]
    rules = [each["rule"] for each in shown["findings"]]
    assert rules.count("page_separator") == 2
    assert rules.count("sheets_differ") == 1
    boxes = {
        json.loads(path.read_text(encoding="utf-8"))["sheet"]["box"]
        for path in (machine.home / "store" / "documents").rglob("*.json")
    }
    assert boxes == {"12"}


@pytest.mark.parametrize(
    ("sheets", "pages", "differ"), [(2, 1, True), (2, 2, False), (2, 4, False), (2, 5, True)]
)
def test_a_sheet_has_one_page_or_two_so_only_another_count_is_told(
    tmp_path: Path, sheets: int, pages: int, differ: bool
) -> None:
    folder = tmp_path / "hộp"
    folder.mkdir()
    (folder / "lo.toml").write_text(f"expected_sheets = {sheets}\n", encoding="utf-8")
    for number in range(pages):
        image = drawn(numbered(1))
        image.putpixel((number, 0), 0)
        image.save(folder / f"{number}.png", dpi=(300, 300))
    with open_workspace(settings_of(tmp_path / "home"), REVIEWED) as workspace:
        digest = REVIEWED.digests(workspace.settings, None).reading
        for path in folder.glob("*.png"):
            workspace.ledger.finished(sha256_of(path), digest, numbered(1))
        digitise(workspace, folder)
        notes = views.show(workspace.database, "hộp")["findings"]
    assert [note.params["found"] for note in notes if note.rule == "sheets_differ"] == (
        [pages] if differ else []
    )


def _page_of_text(folder: Path) -> Path:
    from PIL import ImageDraw, ImageFont

    from engines.fonts import find_font

    image = Image.new("L", (1654, 2339), 255)
    pen, font = ImageDraw.Draw(image), ImageFont.truetype(find_font("LiberationSans-Regular.ttf"), 40)
    for row in range(20):
        pen.text(
            (200, 300 + 80 * row), "Căn cứ Luật Tổ chức chính quyền địa phương năm 2015", fill=0, font=font
        )
    image.save(folder / "text.png")
    return folder / "text.png"
