"""What one command does, another shows: wires of the commands that no other theme gives on the command line."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from configs.loader import ROOT
from storage.objects import sha256_of
from tests.kept_home import BATCH, by_file, flip, machine_with, object_path
from tests.machine import Machine, names
from tests.reviewed_batch import BATCH as WAITING

TYPES = ROOT / "lists" / "result-types-2026-07.csv"


def waiting(machine: Machine, file: str) -> dict[str, Any]:
    """One paper of the batch whose papers wait for a person."""
    (paper,) = [each for each in machine.json("batch", "show", WAITING)["documents"] if each["file"] == file]
    return dict(paper)


def in_queue(machine: Machine) -> str:
    """What `review list` answers; it names each paper that waits."""
    return machine.run("review", "list", WAITING, "--json").stdout


def test_a_paper_closed_by_hand_leaves_the_queue_and_comes_back_when_it_is_opened_again(
    digitised: Path, tmp_path: Path
) -> None:
    machine = machine_with(digitised, tmp_path)
    paper = waiting(machine, "02.png")["id"]
    assert paper in in_queue(machine)
    assert machine.run("review", "close", paper).returncode == 2
    done = machine.run("review", "close", paper, "--reason", "giấy không thuộc diện cấp mã")
    assert done.returncode == 0, done.stderr
    assert paper not in in_queue(machine)
    assert waiting(machine, "02.png")["code"] is None
    assert "giấy không thuộc diện cấp mã" in machine.run("trace", paper, "--json").stdout
    assert machine.run("review", "close", paper, "--reopen").returncode == 0
    assert paper in in_queue(machine)


def test_a_typed_number_has_a_code_only_when_it_was_typed_a_second_time(
    digitised: Path, tmp_path: Path
) -> None:
    machine = machine_with(digitised, tmp_path)
    machine.environment["SOHOA_CONFIRM_TYPED"] = "twice"
    paper = waiting(machine, "04.png")["id"]
    assert machine.run("review", "set", paper, "owner_id=056221001234").returncode == 0
    assert waiting(machine, "04.png")["code"] is None
    other = machine.run("review", "set", paper, "owner_id=056221005678", "--confirm")
    assert (other.returncode, waiting(machine, "04.png")["code"]) == (2, None)
    assert machine.run("review", "set", paper, "owner_id=056221001234", "--confirm").returncode == 0
    assert waiting(machine, "04.png")["code"] == "056221001234.KQ.G15.000031.125/2021.01"


def test_a_paper_is_traced_by_its_id_its_code_and_its_digest_alike(machine: Machine) -> None:
    paper = by_file(machine)["b.png"]
    by_id, by_code, by_digest = (machine.json("trace", paper[key]) for key in ("id", "code", "sha256"))
    assert by_id["papers"] == by_code["papers"] == by_digest["papers"]
    assert names(by_id["papers"], "id") == [paper["id"]]


def test_the_original_is_given_back_byte_for_byte_until_it_is_damaged(
    machine: Machine, home: Path, tmp_path: Path
) -> None:
    paper = by_file(machine)["b.png"]
    out = tmp_path / "gốc.png"
    assert machine.run("get", paper["sha256"], out, "--original").returncode == 0
    assert out.read_bytes() == (home.parent / BATCH / "b.png").read_bytes()
    flip(object_path(machine, paper["original"]))
    again = machine.run("get", paper["id"], tmp_path / "khác.png", "--original")
    assert again.returncode == 1 and not (tmp_path / "khác.png").exists()


@pytest.mark.parametrize("damage", ["flip", "unlink"])
@pytest.mark.parametrize("part", ["original", "pdfa"])
def test_every_damaged_original_or_pdfa_is_found_and_healed_by_handing_the_batch_in_again(
    machine: Machine, home: Path, part: str, damage: str
) -> None:
    paper = by_file(machine)["b.png"]
    path = object_path(machine, paper[part])
    good = flip(path) if damage == "flip" else path.read_bytes()
    if damage == "unlink":
        path.unlink()
    found = machine.json("verify")
    assert [(each["kind"], each["state"]) for each in found["damage"]] == [
        (part, "altered" if damage == "flip" else "missing")
    ]
    assert machine.run("digitize", home.parent / BATCH, "--plain").returncode == 0
    after = by_file(machine)["b.png"]
    assert (after["id"], after["code"], after["route"]) == (paper["id"], paper["code"], paper["route"])
    if part == "original":
        assert path.read_bytes() == good
    assert machine.json("verify")["damage"] == []


def test_a_cancelled_batch_stands_in_the_schedule_as_cancelled(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    batch = machine.inbox / "hộp 9"
    batch.mkdir()
    assert machine.run("schedule", batch, "--at", "31/12/2099 22:00").returncode == 0
    assert machine.run("batch", "cancel", "hộp 9").returncode == 0
    assert names(machine.json("schedule", "list"), "state") == ["cancelled"]
    assert machine.run("batch", "pause", "không có").returncode == 2


def test_units_are_listed_as_they_stood_on_the_day_asked_for(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    before, after = (
        {each["code"]: each["name"] for each in machine.json("units", "list", "--as-of", day)}
        for day in ("2025-03-01", "2025-07-01")
    )
    assert (before["22366"], after["22366"]) == ("Phường Tân Tiến", "Phường Nha Trang")
    assert "568" in before and "568" not in after


def test_a_list_that_diff_shows_as_changed_is_the_one_that_import_brings(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    newer = tmp_path / "mới.csv"
    shutil.copy(TYPES, newer)
    with newer.open("a", encoding="utf-8") as stream:
        stream.write("KQ.G99.999999,Giấy thử nghiệm,1.001226\n")
    assert machine.json("lists", "diff", "result-types", newer)["added"] == ["KQ.G99.999999"]
    assert machine.run("lists", "import", "result-types", newer, "--from", "2026-01-02").returncode == 0
    same = machine.json("lists", "diff", "result-types", newer, newer)
    assert (same["added"], same["removed"], same["changed"]) == ([], [], [])


def test_the_inventory_template_filled_in_changes_what_quota_says(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    out = tmp_path / "mẫu.xlsx"
    assert machine.run("inventory", "template", out).returncode == 0
    book = load_workbook(out)
    sheet = book.worksheets[0]
    values: dict[str, str | int] = {
        "Cấp": "Cấp xã",
        "Đơn vị": "Xã Diên An",
        "Loại giấy tờ": "Giấy khai sinh",
        "Năm": 2024,
        "Số lượng": "1.234",
        "Cơ sở kiểm kê": "theo sổ đăng ký",
    }
    for cell in sheet[1]:
        sheet.cell(row=2, column=cell.column or 1, value=values.get(str(cell.value)))
    book.save(out)
    done = machine.run("inventory", "import", out)
    assert done.returncode == 0, done.stderr
    rows = machine.json("quota")["rows"]
    assert [row["inventory"] for row in rows if row["unit"] == "Xã Diên Khánh"] == [1234]


def test_a_new_arrival_of_the_same_bytes_puts_a_lost_original_back_and_is_linked(
    machine: Machine, home: Path
) -> None:
    paper = by_file(machine)["a.png"]
    original = object_path(machine, paper["original"])
    original.unlink()
    again = machine.inbox / "hộp-23"
    again.mkdir()
    shutil.copy(home.parent / BATCH / "a.png", again / "lần hai.png")
    assert machine.run("digitize", again, "--plain").returncode == 0
    assert sha256_of(original) == paper["sha256"]
    assert by_file(machine)["a.png"]["code"] == paper["code"]
    assert len(machine.json("trace", paper["id"])["arrivals"]) == 2
    assert machine.json("verify")["damage"] == []


def test_a_paper_whose_sidecar_is_damaged_keeps_its_code_and_has_a_whole_sidecar_after_the_next_run(
    machine: Machine, home: Path
) -> None:
    paper = by_file(machine)["b.png"]
    flip(machine.home / "store" / "documents" / paper["id"] / "v0001.json")
    assert names(machine.json("verify")["damage"], "kind") == ["sidecar"]
    assert machine.run("digitize", home.parent / BATCH, "--plain").returncode == 0
    after = by_file(machine)["b.png"]
    assert (after["id"], after["code"], after["route"]) == (paper["id"], paper["code"], paper["route"])
    versions = machine.json("trace", paper["id"])["papers"][0]["versions"]
    assert names(versions, "sidecar_fixity")[-1] == "intact"
