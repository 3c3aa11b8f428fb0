"""Role and dossier of a paper come from the batch sheet, per paper, per dossier's folder or for the whole batch."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook

from configs.loader import load_limits, load_rulebook
from extractors.batch_sheet import read_batch_sheet
from extractors.understanding import understand
from pipeline.plan import make_plan
from quality.quotas import counting_reason
from schemas.batches import BatchSheet, SheetPaper
from schemas.codes import is_dossier_code
from schemas.documents import Document, Role
from schemas.errors import SourceError
from schemas.reading import ImageMeasures
from storage.catalogue import documents
from storage.catalogue.codes import parts_of
from storage.objects import sha256_of
from tests.kept_home import machine_with
from tests.laid_out import BIRTH
from tests.machine import Machine
from tests.printed_pages import page
from tests.reviewed_batch import RULES, birth, digitise, drawn, settings_of
from workspace.counting import counted_on, stored_papers
from workspace.opening import open_workspace

PROCEDURE, COMPONENT = "1.001193", "000.00.00.G15-KQ004389"
DOSSIER, OTHER = "H32.1-260105-0001", "000.00.53.H48-220921-0099"
BATCH = "hộp-50"


def sheet_file(folder: Path, text: str) -> Path:
    path = folder / "lo.toml"
    path.write_text(text, encoding="utf-8")
    return path


def read(path: Path) -> BatchSheet:
    return read_batch_sheet(path, load_limits(), path.parent)


def table(folder: Path, *rows: tuple[object, ...]) -> Path:
    book = Workbook()
    first = book.worksheets[0]
    first.append(["box", "Hộp 50"])
    second = book.create_sheet("Giấy tờ")
    for row in rows:
        second.append(row)
    data = io.BytesIO()
    book.save(data)
    path = folder / "lo.xlsx"
    path.write_bytes(data.getvalue())
    return path


def understood(sheet: BatchSheet | None) -> Document:
    (document,) = understand("0" * 64, [page(BIRTH)], load_rulebook(), sheet, date(2026, 11, 23))
    return document


def test_a_workbook_tells_role_and_dossier_paper_by_paper_in_vietnamese(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        ("Tệp", "Trang", "Vai trò", "Mã hồ sơ"),
        ("01.png", None, "Thành phần hồ sơ", DOSSIER),
        ("02.pdf", 3, "kết quả xử lý", OTHER),
    )
    sheet = read(path)
    assert sheet.box == "Hộp 50"
    assert sheet.papers == (
        SheetPaper(file="01.png", role=Role.COMPONENT, dossier=DOSSIER),
        SheetPaper(file="02.pdf", page=3, role=Role.PROCESSING_RESULT, dossier=OTHER),
    )


def test_a_page_wins_over_its_file_that_over_its_folder_and_that_over_the_batch(tmp_path: Path) -> None:
    sheet = read(
        sheet_file(
            tmp_path,
            f'role = "kết quả"\ndossier = "{OTHER}"\n'
            f'[[papers]]\nfile = "hs-1/"\nrole = "thành phần"\ndossier = "{DOSSIER}"\n'
            '[[papers]]\nfile = "hs-1/a.pdf"\nrole = "kết quả xử lý"\n'
            '[[papers]]\nfile = "hs-1/a.pdf"\npage = 3\nrole = "result"\n',
        )
    )
    assert sheet.of_file("b.pdf").place_of(1)[:2] == (Role.RESULT, OTHER)
    assert sheet.of_file("hs-1/b.pdf").place_of(1)[:2] == (Role.COMPONENT, DOSSIER)
    assert sheet.of_file("hs-1/a.pdf").place_of(1)[:2] == (Role.PROCESSING_RESULT, DOSSIER)
    assert sheet.of_file("hs-1/a.pdf").place_of(3)[:2] == (Role.RESULT, DOSSIER)
    assert sheet.of_file("hs-10/a.pdf").papers == ()


@pytest.mark.parametrize(
    ("row", "column", "value"),
    [
        (("1.png", None, "bản chính", None), "role", "bản chính"),
        (("1.png", None, "kết quả", "H32-269905-0001"), "dossier", "H32-269905-0001"),
        (("1.png", 0, "kết quả", None), "page", "0"),
    ],
)
def test_a_bad_value_is_named_with_its_row_and_column(
    tmp_path: Path, row: tuple[object, ...], column: str, value: str
) -> None:
    good = ("0.png", 1, "kết quả", DOSSIER)
    path = table(tmp_path, ("Tệp", "Trang", "Vai trò", "Mã hồ sơ"), good, row)
    with pytest.raises(SourceError) as error:
        read(path)
    assert error.value.rule == "batch_sheet_row_unusable"
    assert error.value.params == {"row": 3, "column": column, "value": value}


def test_a_formula_among_the_papers_makes_the_sheet_unusable(tmp_path: Path) -> None:
    path = table(tmp_path, ("Tệp", "Vai trò"), ("=1+1", "kết quả"))
    with pytest.raises(SourceError, match="batch_sheet_unusable"):
        read(path)


@pytest.mark.parametrize(
    ("code", "sound"),
    [
        (DOSSIER, True),
        (OTHER, True),
        ("G09.20-20260609-0092637", True),
        ("H32.1-261305-0001", False),
        ("H32.1-260105", False),
        ("", False),
    ],
)
def test_a_dossier_code_has_its_grammar_and_a_day_of_the_calendar(code: str, sound: bool) -> None:
    assert is_dossier_code(code) is sound


def test_one_birth_certificate_is_a_result_here_and_a_component_there() -> None:
    own = understood(None)
    there = understood(BatchSheet(role=Role.COMPONENT, dossier=DOSSIER))
    assert (own.role, own.dossier) == (Role.RESULT, None)
    assert (there.role, there.dossier) == (Role.COMPONENT, DOSSIER)
    assert parts_of(own) is not None
    assert parts_of(there) is None  # neither procedure nor component is named


def test_a_component_has_a_code_of_its_own_form_from_the_procedure_and_component_of_the_sheet(
    tmp_path: Path,
) -> None:
    scans = {
        "a.png": birth("141/2021", định_danh="Số định danh cá nhân: 056221001234"),
        "b.png": birth("142/2021", định_danh="Số định danh cá nhân: 056221001234"),
        "c.png": birth("143/2021", định_danh="Số định danh cá nhân: 056221001234"),
    }
    stated = (
        f'dossier = "{DOSSIER}"\nprocedure = "{PROCEDURE}"\ncomponent = "{COMPONENT}"\nrole = "thành phần"\n'
    )
    lines = "".join(f'[[papers]]\nfile = "{name}"\n{stated}' for name in ("b.png", "c.png"))
    machine = Machine(tmp_path / "máy")
    digitised(tmp_path, machine.home, scans, lines)
    shown = {each["file"]: each for each in machine.json("batch", "show", BATCH)["documents"]}
    owner = "056221001234"
    assert [shown[name]["code"] for name in scans] == [
        f"{owner}.KQ.G15.000031.141/2021.01",
        f"{owner}.{PROCEDURE}.{COMPONENT}.01",
        f"{owner}.{PROCEDURE}.{COMPONENT}.02",
    ]
    told = machine.json("code", "show", shown["b.png"]["code"])
    assert (told["document"], told["state"]) == (shown["b.png"]["id"], "issued")
    assert owner not in machine.run("batch", "show", BATCH).stdout
    # It is no result: no figure counts it.
    (row,) = [
        row
        for row in machine.json("quota")["rows"]
        if row["level"] == "xa" and row["unit"] is not None and row["digitised"]
    ]
    assert row["digitised"] == 1


@pytest.mark.parametrize(
    ("line", "column"),
    [('procedure = "thủ tục 1"', "procedure"), ('component = "KQ.G15.000031"', "component")],
)
def test_a_code_that_is_none_of_a_procedure_or_component_makes_the_sheet_unusable(
    tmp_path: Path, line: str, column: str
) -> None:
    with pytest.raises(SourceError) as error:
        read(sheet_file(tmp_path, f'[[papers]]\nfile = "a.png"\n{line}\n'))
    assert error.value.params["column"] == column


def digitised(folder: Path, home: Path, scans: dict[str, Any], lines: str) -> None:
    """Digitise a batch of drawn papers with a batch sheet."""
    (folder / BATCH).mkdir()
    for name, rows in scans.items():
        drawn(page(rows)).save(folder / BATCH / name, dpi=(300, 300))
    sheet_file(folder / BATCH, lines)
    with open_workspace(settings_of(home), RULES) as workspace:
        plan = make_plan(workspace, folder / BATCH)
        for name, rows in scans.items():
            measured = page(rows).model_copy(update={"measures": ImageMeasures(dpi=300.0)})
            workspace.ledger.finished(sha256_of(folder / BATCH / name), plan.digests.reading, measured)
        digitise(workspace, folder / BATCH)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("roles")
    scans = {
        "a.png": birth("131/2021", định_danh="Số định danh cá nhân: 056221001234"),
        "b.png": birth("132/2021", định_danh="Số định danh cá nhân: 056221001234"),
    }
    (folder / BATCH).mkdir()
    for name, rows in scans.items():
        drawn(page(rows)).save(folder / BATCH / name, dpi=(300, 300))
    sheet_file(
        folder / BATCH,
        f'[[papers]]\nfile = "b.png"\nrole = "thành phần"\ndossier = "{DOSSIER}"\n[[papers]]\nfile = "x.png"\n',
    )
    with open_workspace(settings_of(folder / "home"), RULES) as workspace:
        plan = make_plan(workspace, folder / BATCH)
        for name, rows in scans.items():
            measured = page(rows).model_copy(update={"measures": ImageMeasures(dpi=300.0)})
            sha256 = sha256_of(folder / BATCH / name)
            workspace.ledger.finished(sha256, plan.digests.reading, measured)
        digitise(workspace, folder / BATCH)
        counted = {
            row.number: counting_reason(row, date(2030, 1, 1))
            for row in counted_on(stored_papers(workspace.database), date(2030, 1, 1))
        }
        assert counted == {"131/2021": "counted", "132/2021": "not_a_result"}
        rows = documents.of_batch(workspace.database, BATCH)
        assert [row.code is not None for row in rows] == [True, False]
    return folder / "home"


def test_show_trace_and_tables_tell_role_and_dossier(home: Path, tmp_path: Path) -> None:
    machine = machine_with(home, tmp_path)
    shown: dict[str, Any] = machine.json("batch", "show", BATCH)
    told = {each["file"]: (each["role"], each["dossier"]) for each in shown["documents"]}
    assert told == {"a.png": ("result", None), "b.png": ("component", DOSSIER)}
    absent = [note for note in shown["findings"] if note["rule"] == "batch_sheet_file_absent"]
    assert len(absent) == 1
    assert "x.png" in absent[0]["message"]
    ids = {each["file"]: each["id"] for each in shown["documents"]}
    trace = machine.json("trace", ids["b.png"])
    assert (trace["papers"][0]["role"], trace["papers"][0]["dossier"]) == ("component", DOSSIER)
    (path,) = (home / "store").rglob("*documents*.parquet")
    rows = {row["file"]: row for row in pq.read_table(path).to_pylist()}
    assert (rows["b.png"]["role"], rows["b.png"]["dossier"]) == ("component", DOSSIER)
