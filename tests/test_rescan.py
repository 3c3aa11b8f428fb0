"""`sohoa batch rescan`: what must be scanned again, in the order of the shelf."""

from __future__ import annotations

import csv
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from extractors.sheets import SheetMark, payload_of
from schemas.clock import today
from schemas.findings import Severity
from schemas.reading import Box, ImageMeasures, PageReading
from storage.objects import sha256_of
from tests.kept_home import machine_with
from tests.machine import Machine
from tests.printed_pages import Row, page
from tests.reviewed_batch import RULES, birth, digitise, drawn, settings_of
from workspace.opening import open_workspace

BATCH = "hộp-51"
SEPARATOR: list[Row] = [("TRANG PHÂN CÁCH", 0.5, 0.3)]
# By file: the mark of its first page; its second page was scanned at 120 dpi.
MARKS = {
    "=a.tif": SheetMark("12", "HS-3", 7),
    "b\u202egpj.tif": SheetMark("2", "HS-1", 1),
    "c.tif": SheetMark("12", "HS-3", 2),
}


def readings(mark: SheetMark, number: str) -> list[PageReading]:
    separator = page(SEPARATOR, 1).model_copy(update={"qr": ((payload_of(mark), Box(0, 0, 9, 9)),)})
    paper = page(birth(number), 2).model_copy(update={"measures": ImageMeasures(dpi=120.0), "dpi": 120.0})
    return [separator, paper]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rescan")
    (folder / BATCH).mkdir()
    rule = next(
        rule for rule in RULES.image if rule.rule == "image_low_resolution" and rule.holds_on(today())
    )
    assert rule.severity is Severity.ERROR
    rules = replace(RULES, image=(rule,))
    with open_workspace(settings_of(folder / "home"), rules) as workspace:
        digest = RULES.digests(workspace.settings, None).reading
        for at, (name, mark) in enumerate(MARKS.items()):
            scan = folder / BATCH / name
            pages = readings(mark, f"{151 + at}/2021")
            first, second = (drawn(reading) for reading in pages)
            first.save(scan, save_all=True, append_images=[second], dpi=(300, 300), compression="tiff_lzw")
            for reading in pages:
                workspace.ledger.finished(sha256_of(scan), digest, reading)
        (folder / BATCH / "hỏng.pdf").write_bytes(b"%PDF-1.7\nbroken")
        digitise(workspace, folder / BATCH)
    return folder / "home"


@pytest.fixture
def machine(home: Path, tmp_path: Path) -> Machine:
    return machine_with(home, tmp_path)


def test_pages_to_scan_again_stand_by_box_file_and_separator(machine: Machine, tmp_path: Path) -> None:
    pages = machine.json("batch", "rescan", BATCH)["pages"]
    assert [(each["box"], each["file"], each["separator"], each["scan"], each["page"]) for each in pages] == [
        ("2", "HS-1", 1, "b\u202egpj.tif", 2),
        ("12", "HS-3", 2, "c.tif", 2),
        ("12", "HS-3", 7, "=a.tif", 2),
        ("", "", None, "hỏng.pdf", None),
    ]
    assert {each["reason"]["rule"] for each in pages[:3]} == {"image_low_resolution"}
    assert [each["after"] for each in pages] == [1, 1, 1, None]
    out = tmp_path / "quét lại.csv"
    done = machine.run("batch", "rescan", BATCH, "--csv", out)
    assert done.returncode == 0 and "4" in done.stdout
    assert "\u202e" not in done.stdout and "\\u202e" in done.stdout
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    rows = list(csv.reader(out.read_text("utf-8-sig").splitlines()))
    assert [row[0] for row in rows] == ["Hộp", "2", "12", "12", ""]
    assert rows[3][4] == "'=a.tif"


def test_a_picture_that_a_person_lets_pass_is_not_scanned_again(machine: Machine) -> None:
    first = machine.json("batch", "rescan", BATCH)["pages"][0]
    assert machine.run("review", "accept", first["document_id"]).returncode == 0
    left = [each["document_id"] for each in machine.json("batch", "rescan", BATCH)["pages"]]
    assert len(left) == 3 and first["document_id"] not in left
    shown = machine.run("batch", "show", BATCH).stdout
    assert "\u202e" not in shown and "056221001234" not in shown
