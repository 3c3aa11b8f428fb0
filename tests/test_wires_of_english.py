"""`--lang en` is English to the last line: commands and pages. The batch itself has no Vietnamese in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from PIL import Image, ImageDraw

from tests.machine import Machine

VIETNAMESE = re.compile(
    r"[ăâđêôơưàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ]", re.IGNORECASE
)
# Units of the province and titles of kinds are data: they have no other name.
DATA = re.compile(r"Khánh Hòa|KH 5283/KH-UBND|QĐ-TTg|QĐ-UBND|Xã Ia Hrung, tỉnh Gia Lai|Xã Diên An")
TAGS = re.compile(r"<style.*?</style>|<svg.*?</svg>|<[^>]+>|data:[^\"')]+", re.DOTALL)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A home where one batch was digitised in English: a page with a few words, and a file that is no scan."""
    folder = tmp_path_factory.mktemp("english")
    made = Machine(folder, SOHOA_LANG="en")
    batch = made.inbox / "box-1"
    batch.mkdir()
    page = Image.new("L", (1240, 1754), 255)
    ImageDraw.Draw(page).text((200, 300), "Box 12 of the archive, sheet 3", fill=0, font_size=40)
    page.save(batch / "1.png", dpi=(150, 150))
    (batch / "2.pdf").write_bytes(b"no scan")
    done = made.run("digitize", batch, "--plain")
    assert done.returncode == 3, done.stderr
    assert_english(done.stdout + done.stderr)
    return made


def assert_english(text: str) -> None:
    """No Vietnamese letter is in a text, names that are data aside."""
    plain = DATA.sub("", text)
    found = VIETNAMESE.search(plain)
    assert found is None, plain[max(0, found.start() - 120) : found.end() + 80]


@pytest.mark.parametrize(
    "command",
    [
        "batch list",
        "batch show box-1",
        "batch failed box-1",
        "batch retry box-1",
        "review list",
        "quota",
        "alerts check",
        "alerts list",
        "schedule list",
        "verify",
        "doctor",
        "digitize nowhere",
        "get 00 out",
        "trace 00",
        "code show 1.KQ.G15.000031.1.01",
        "quota --as-of tomorrow",
        "inventory import nowhere.xlsx",
        "batch show --nope",
    ],
)
def test_a_command_speaks_english(machine: Machine, command: str) -> None:
    done = machine.run(*command.split(), "--lang", "en")
    assert "Traceback" not in done.stderr
    assert_english(done.stdout + done.stderr)


@pytest.mark.parametrize("page", ["report.html", "data-docs.html"])
def test_a_page_of_a_batch_speaks_english(machine: Machine, page: str) -> None:
    [path] = (machine.home / "reports").glob(f"*/{page}")
    assert_english(TAGS.sub(" ", path.read_text(encoding="utf-8")))


def test_the_trace_speaks_english(machine: Machine, tmp_path: Path) -> None:
    [document] = machine.json("batch", "show", "box-1")["documents"]
    out = tmp_path / "trace.html"
    assert machine.run("trace", document["id"], out, "--lang", "en").returncode == 0
    assert_english(TAGS.sub(" ", out.read_text(encoding="utf-8")))


def test_the_board_speaks_english(machine: Machine) -> None:
    machine.run("board", "--lang", "en")
    assert_english(TAGS.sub(" ", (machine.home / "reports" / "board.html").read_text(encoding="utf-8")))


def test_the_workbook_speaks_english_and_comes_back_in_it(machine: Machine, tmp_path: Path) -> None:
    out = tmp_path / "review.xlsx"
    done = machine.run("review", "export", "box-1", out, "--lang", "en")
    assert done.returncode == 0, done.stderr
    book = load_workbook(out)
    for sheet in book.worksheets:
        if sheet.sheet_state == "visible":
            for row in sheet.iter_rows(values_only=True):
                assert_english(" ".join(str(cell) for cell in row if cell is not None))
    sheet = book["To review"]
    heads = [cell.value for cell in sheet[4]]
    first = next(
        row for row in range(5, sheet.max_row + 1) if "Not on the paper" in choices(book, sheet, row)
    )
    sheet.cell(first, heads.index("Answer") + 1).value = "Not on the paper"
    sheet["C3"] = "Lan"
    book.save(out)
    back = machine.run("review", "import", out, "--lang", "en")
    assert back.returncode == 0, back.stderr
    assert_english(back.stdout + back.stderr)


def choices(book: Workbook, sheet: Worksheet, row: int) -> list[str]:
    """Answers that the drop-down of a row offers."""
    heads = [cell.value for cell in sheet[4]]
    place = f"{get_column_letter(heads.index('Answer') + 1)}{row}"
    for rule in sheet.data_validations.dataValidation:
        if place in rule.sqref:
            lists, _, cells = rule.formula1.strip("=").rpartition("!")
            cells = cells.replace("$", "")
            return [str(cell.value) for (cell,) in book[lists.strip("'")][cells]]
    return []
