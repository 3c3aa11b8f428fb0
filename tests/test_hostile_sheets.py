"""Batch sheets and tables that are broken, hostile or enormous: a finding or a message in good time, never a traceback."""

from __future__ import annotations

import io
import os
import time
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook
from PIL import Image

from tests.machine import Machine

SECONDS = 30


def workbook() -> bytes:
    """A small, sound workbook."""
    book, data = Workbook(), io.BytesIO()
    assert book.active is not None
    book.active.append(["box", "12"])
    book.save(data)
    return data.getvalue()


def bomb() -> bytes:
    """A workbook of under a megabyte that unfolds to three hundred."""
    data = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook())) as sound,
        zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as out,
    ):
        for entry in sound.infolist():
            if entry.filename != "xl/worksheets/sheet1.xml":
                out.writestr(entry, sound.read(entry))
        row = '<row><c t="inlineStr"><is><t>box</t></is></c><c t="inlineStr"><is><t>1</t></is></c></row>'
        with out.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(
                b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
            )
            for _ in range(300):
                sheet.write(row.encode() * 10_000)
            sheet.write(b"</sheetData></worksheet>")
    assert len(data.getvalue()) < 3_000_000
    return data.getvalue()


HOSTILE = {
    "cut-off workbook": ("lo.xlsx", workbook()[:-200]),
    "no workbook": ("lo.xlsx", b"PK\x03\x04 nothing of the kind"),
    "empty workbook": ("lo.xlsx", b""),
    "bomb": ("lo.xlsx", bomb()),
    "deep": ("lo.toml", b"years = " + b"[" * 20_000 + b"]" * 20_000),
    "long number": ("lo.toml", b"expected_sheets = " + b"9" * 5_000),
    "no toml": ("lo.toml", b"box = = 1"),
    "no text": ("lo.toml", bytes(range(256))),
    "enormous": ("lo.toml", b"# " + b"x" * 5_000_000),
}


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    """A batch of one blank page, without a sheet yet."""
    folder = tmp_path / "lo-1"
    folder.mkdir()
    Image.new("L", (850, 1100), 255).save(folder / "1.png", dpi=(100, 100))
    return folder


def finding_of(machine: Machine, batch: Path) -> str:
    """The sheet's finding, after the batch went on without it."""
    started = time.monotonic()
    done = machine.run("digitize", batch, "--plain", timeout=90)
    assert time.monotonic() - started < SECONDS
    assert "Traceback" not in done.stderr and done.returncode in {0, 3}, done.stderr
    shown = machine.json("batch", "show", batch.name)
    assert shown["files"]["in"] == 1 and shown["files"]["not_started"] == 0
    found = [each for each in shown["findings"] if each["rule"] == "batch_sheet_unusable"]
    assert len(found) == 1
    return str(found[0]["message"])


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_batch_sheet_is_a_finding_and_the_batch_goes_on(
    tmp_path: Path, batch: Path, case: str
) -> None:
    name, data = HOSTILE[case]
    (batch / name).write_bytes(data)
    assert name in finding_of(Machine(tmp_path / "machine"), batch)


@pytest.mark.parametrize("kind", ["pipe", "device", "link"])
def test_a_batch_sheet_that_is_no_file_of_the_inbox_is_not_read(
    tmp_path: Path, batch: Path, kind: str
) -> None:
    sheet = batch / "lo.toml"
    outside = tmp_path / "outside.toml"
    outside.write_text('box = "77"\n', encoding="utf-8")
    if kind == "pipe":
        os.mkfifo(sheet)
    else:
        sheet.symlink_to("/dev/zero" if kind == "device" else outside)
    message = finding_of(Machine(tmp_path / "machine"), batch)
    assert "77" not in message


def test_an_inventory_that_unfolds_without_end_is_refused_in_good_time(tmp_path: Path) -> None:
    table = tmp_path / "kiem-ke.xlsx"
    table.write_bytes(bomb())
    started = time.monotonic()
    done = Machine(tmp_path / "machine").run("inventory", "import", table)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert time.monotonic() - started < SECONDS
