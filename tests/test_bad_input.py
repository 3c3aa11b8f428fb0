"""Bad input is normal input: each ends in a typed finding, and the batch goes on."""

from __future__ import annotations

import os
import struct
import subprocess
import unicodedata
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

import samples
from tests.machine import Machine


def tiff_header(width: int, height: int) -> bytes:
    """A TIFF that claims enormous pixels and has none."""
    tags = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, 8),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 8),
        (277, 3, 1),
        (278, 4, height),
        (279, 4, 100),
    ]
    body = struct.pack("<H", len(tags)) + b"".join(
        struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags
    )
    return b"II*\0" + struct.pack("<I", 8) + body + struct.pack("<I", 0)


def one_page_pdf(path: Path, **save: object) -> None:
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(path, **save)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """One batch with every bad file we can think of, and good ones among them."""
    folder = tmp_path_factory.mktemp("bad")
    machine = Machine(folder)
    batch = machine.inbox / "lô xấu"
    batch.mkdir()
    scans = folder / "scans"
    samples.make(scans, 14, 3)
    good = [
        path for path in sorted(scans.glob("*/*")) if path.is_file() and path.suffix not in {".json", ".toml"}
    ]
    for number, path in enumerate(good):
        path.rename(batch / f"tốt {number:02d}{path.suffix}")
    (batch / "rỗng.pdf").touch()
    whole = next(
        path for path in sorted(batch.iterdir()) if path.suffix == ".pdf" and path.stat().st_size > 5000
    )
    (batch / "cụt.pdf").write_bytes(whole.read_bytes()[:900])
    one_page_pdf(batch / "khóa.pdf", encryption=pikepdf.Encryption(owner="a", user="b"))
    (batch / "giả.pdf").write_bytes(b"%PDF-1.7\nkh\xc3\xb4ng ph\xe1\xba\xa3i\n%%EOF")
    (batch / "khổng lồ.tif").write_bytes(tiff_header(60_000, 60_000))
    (batch / "chữ.pdf").write_text("một tệp chữ", encoding="utf-8")
    (batch / "x.pdf").mkdir()
    (batch / "ra ngoài.pdf").symlink_to("/etc/passwd")
    os.mkfifo(batch / "ống.pdf")
    # Three blank pages of different size: equal bytes would be one paper.
    Image.new("L", (850, 1100), 255).save(batch / unicodedata.normalize("NFD", "tên có dấu.png"))
    Image.new("L", (860, 1100), 255).save(batch / "xuống\ndòng 'và\" nháy.png")
    Image.new("L", (870, 1100), 255).save(folder / "plain.png")
    (folder / "plain.png").rename(os.fsdecode(os.fsencode(batch) + b"/h\xff\xfeng.png"))
    result = machine.run("digitize", batch, "--plain")
    assert result.returncode == 3, result.stderr
    return {"batch": machine.json("batch", "show", "lô xấu"), "machine": machine, "folder": batch}


@pytest.mark.parametrize(
    ("file", "rules"),
    [
        ("rỗng.pdf", {"file_empty"}),
        ("cụt.pdf", {"pdf_broken", "pdf_no_pages", "page_broken"}),
        ("khóa.pdf", {"pdf_password"}),
        ("giả.pdf", {"pdf_broken", "pdf_no_pages"}),
        ("khổng lồ.tif", {"image_too_large", "page_too_large"}),
        ("chữ.pdf", {"format_unknown"}),
        ("x.pdf", {"file_is_directory"}),
        ("ra ngoài.pdf", {"link_out_of_inbox"}),
        ("ống.pdf", {"file_not_regular"}),
    ],
)
def test_each_bad_file_is_set_aside_with_its_own_reason(shown: dict, file: str, rules: set[str]) -> None:
    findings = [
        each for each in shown["batch"]["findings"] if each["file"] == file and each["severity"] == "error"
    ]
    assert findings, [each for each in shown["batch"]["findings"] if each["file"] == file]
    assert {each["rule"] for each in findings} & rules
    assert all(each["message"] and each["remedy"] for each in findings)


def test_the_batch_goes_on_and_counts_every_file_and_page(shown: dict) -> None:
    batch = shown["batch"]
    assert batch["state"] == "finished"
    assert batch["files"]["set_aside"] == 9
    assert batch["files"]["in"] == batch["files"]["read"] + batch["files"]["set_aside"]
    assert batch["pages"]["in"] == batch["pages"]["accounted"]


def test_what_a_program_says_of_a_broken_page_stays_on_one_line(shown: dict) -> None:
    told = [each["message"] for each in shown["batch"]["findings"] if each["file"] == "cụt.pdf"]
    assert told
    assert not any("\n" in message for message in told)


def test_strange_names_are_carried_whole(shown: dict) -> None:
    files = {paper["file"] for paper in shown["batch"]["documents"]}
    assert unicodedata.normalize("NFD", "tên có dấu.png") in files
    assert "xuống\ndòng 'và\" nháy.png" in files
    assert "h\\xff\\xfeng.png" in files


def test_the_inbox_is_left_as_it_was(shown: dict) -> None:
    listed = subprocess.run(
        ["find", str(shown["folder"]), "-newer", "/etc/hostname", "-name", ".*"],
        capture_output=True,
        check=True,
    )
    assert listed.stdout == b""


def test_a_second_run_does_not_try_permanent_failures_again(shown: dict) -> None:
    machine = shown["machine"]
    before = machine.json("batch", "show", "lô xấu")
    machine.run("digitize", shown["folder"], "--plain")
    assert machine.json("batch", "show", "lô xấu") == before


def test_a_mostly_bad_batch_stops_itself_and_says_what_was_not_started(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    batch = machine.inbox / "hỏng"
    batch.mkdir()
    for number in range(60):
        (batch / f"{number}.pdf").write_text("không phải PDF", encoding="utf-8")
    result = machine.run("digitize", batch, "--plain")
    assert result.returncode == 4, result.stderr
    shown = machine.json("batch", "show", "hỏng")
    assert shown["state"] == "stopped"
    assert shown["files"]["not_started"] > 0
    assert shown["files"]["in"] == 60


def test_a_second_run_on_a_held_batch_says_who_holds_it(tmp_path: Path) -> None:
    from workspace.locks import hold_batch

    machine = Machine(tmp_path)
    batch = machine.inbox / "đang chạy"
    batch.mkdir()
    with hold_batch(machine.home, "đang chạy", "Lan"):
        result = machine.run("digitize", batch, "--plain")
    assert result.returncode == 1
    assert "Lan" in result.stderr


def test_a_finished_batch_with_a_file_that_stays_set_aside_is_no_work(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    batch = machine.inbox / "lô"
    batch.mkdir()
    Image.new("L", (850, 1100), 255).save(batch / "a.png")
    (batch / "b.docx").write_bytes(b"PK\x03\x04 a text, no scan")
    (batch / "SAN-SANG").touch()
    assert machine.run("digitize", batch, "--plain").returncode == 3
    before = machine.json("batch", "show", "lô")
    assert before["files"] == {"in": 2, "read": 1, "set_aside": 1, "not_started": 0}
    machine.run("digitize", batch)
    assert machine.json("batch", "show", "lô") == before
    assert not (machine.home / "prefect").exists()
