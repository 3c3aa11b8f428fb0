"""A digitised home for tests of review: real originals, PDF/A files, sidecars and catalogue; only the OCR is spared.

The ledger is given each page's words before the run, so that what must be asked of a person is known. No test lives here.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from PIL import Image, ImageDraw, ImageFont

from configs.settings import Settings
from flows.batch import Silent, by_threads, run_batch
from pipeline.plan import make_plan
from review.drop_downs import COLUMNS, VALUE
from review.exporting import export
from review.importing import Imported, import_workbook
from review.workbook import HEAD_ROW, SHEET
from schemas.clock import today
from schemas.reading import ImageMeasures, PageReading
from storage.catalogue import documents
from storage.catalogue.documents import DocumentRow
from storage.objects import sha256_of
from tests.laid_out import BIRTH, extract
from tests.printed_pages import HEIGHT, WIDTH, Row, page
from workspace.opening import Rules, Workspace, open_workspace

BATCH, OTHER = "hộp-12", "hộp-13"
RULES = Rules.load(Settings(confirm_typed="off"))


def birth(number: str, **changes: str) -> list[Row]:
    """A birth certificate; `changes` replace lines by a word in them (`_` stands for a space)."""
    rows = [(text.replace("123/2021", number), x, y) for text, x, y in BIRTH]
    for word, line in changes.items():
        rows = [(line if word.replace("_", " ") in text else text, x, y) for text, x, y in rows]
    return [row for row in rows if row[0]]


SCANS: dict[str, dict[str, list[Row]]] = {
    BATCH: {
        "01.png": birth("123/2021", đăng_ký="Ngày, tháng, năm đăng ký: ngày __ tháng 5 năm 2021"),
        "02.png": extract("TRÍCH LỤC HỘ TỊCH"),
        "03.png": birth("124/2021", GIẤY_KHAI="", định_danh="Số định danh cá nhân: 056221005678"),
        "04.png": birth("125/2021", định_danh="Số định danh cá nhân: 056921001234"),
    },
    OTHER: {"05.png": birth("126/2021", Số="Số: …/2021", định_danh="Số định danh cá nhân: 056221009999")},
}

# What a person answers to the first batch.
RIGHT = {
    ("01.png", "Ngày ban hành"): "12/05/2021",
    ("01.png", "Cơ quan ban hành"): "Ủy ban nhân dân xã Diên An",
    ("02.png", "Loại kết quả (mã KQ)"): "KQ.G15.000034 – Trích lục khai tử",
    ("03.png", "Loại giấy"): "Giấy khai sinh",
    ("04.png", "Số định danh chủ giấy tờ"): "056221001234",
}


def settings_of(home: Path) -> Settings:
    """A home without orchestrator and veraPDF."""
    return Settings(
        home=home, orchestrator="plain", verapdf="off", workers=1, operator="máy", confirm_typed="off"
    )


def make_home(folder: Path, batches: dict[str, dict[str, list[Row]]] = SCANS) -> Path:
    """Digitise the batches into `folder/home`."""
    home = folder / "home"
    for batch, scans in batches.items():
        (folder / batch).mkdir(parents=True)
        for name, rows in scans.items():
            drawn(page(rows)).save(folder / batch / name, dpi=(300, 300))
        with open_workspace(settings_of(home), RULES) as workspace:
            digest = RULES.digests(workspace.settings, None).reading
            for name, rows in scans.items():
                measured = page(rows).model_copy(update={"measures": ImageMeasures(dpi=300.0)})
                workspace.ledger.finished(sha256_of(folder / batch / name), digest, measured)
            digitise(workspace, folder / batch)
    return home


def digitise(workspace: Workspace, folder: Path) -> None:
    """Run the batch that lies in a folder."""
    plan = make_plan(workspace, folder)
    run_batch(workspace, plan, dispatch=by_threads, progress=Silent(), as_of=today())


def drawn(reading: PageReading) -> Image.Image:
    """A picture of a page with its words."""
    image = Image.new("L", (WIDTH, HEIGHT), 255)
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(40)
    for word in reading.words:
        pen.text((word.box.left, word.box.top), word.text, fill=0, font=font)
    return image


@contextmanager
def copy_of(home: Path, folder: Path, rules: Rules = RULES) -> Iterator[Workspace]:
    """A copy of a home to work in."""
    if not (folder / "home").exists():
        shutil.copytree(home, folder / "home")
    with open_workspace(settings_of(folder / "home"), rules) as workspace:
        yield workspace


def exported(workspace: Workspace, path: Path, batch: str = BATCH) -> Path:
    """The batch's workbook."""
    (done,) = export(workspace, batch, path, day=today())
    return done.path


def fill(
    path: Path, answers: dict[tuple[str, str], Any], *, column: str = VALUE, who: str = "chị Lan"
) -> None:
    """Write answers by (file, question) into a workbook, as a person does with the mouse."""
    book = load_workbook(path)
    sheet = book[SHEET]
    sheet["C3"] = who
    for row in rows_of(sheet):
        key = (str(cell(sheet, row, "Giấy tờ")).split("\n")[0], str(cell(sheet, row, "Mục")).rstrip(" *"))
        if key in answers:
            sheet.cell(row, COLUMNS.index(column) + 1, answers.pop(key))
    assert not answers, f"not asked: {answers}"
    book.save(path)


def rows_of(sheet: Any) -> Sequence[int]:
    """Numbers of the rows that hold questions."""
    return range(HEAD_ROW + 1, sheet.max_row + 1)


def cell(sheet: Any, row: int, column: str) -> Any:
    """One cell's value."""
    return sheet.cell(row, COLUMNS.index(column) + 1).value


def take(workspace: Workspace, path: Path, **options: Any) -> Imported:
    """Import a workbook today."""
    return import_workbook(workspace, path, as_of=today(), **options)


def stored(workspace: Workspace, batch: str = BATCH) -> dict[str, DocumentRow]:
    """Documents of a batch by file."""
    return {row.file: row for row in documents.of_batch(workspace.database, batch)}


def everything(workspace: Workspace) -> tuple[Any, ...]:
    """All that an import could change: versions, routes, codes, decisions, events."""
    from sqlalchemy import text

    with workspace.database.read() as connection:
        return tuple(
            tuple(connection.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2")).all())
            for table in ("document", "document_version", "code", "decision", "event", "batch_file")
        )
