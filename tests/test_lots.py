"""Acceptance by lots through the command line: drawn, inspected by another person, decided, and what follows from it."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from schemas.calibration import TARGET
from storage.catalogue import lots
from storage.catalogue.database import Database
from tests.kept_home import BATCH, by_file
from tests.machine import Machine

INSPECTOR = "chị Hoa"
OWNER = "056221001234"


def drawn(machine: Machine, *options: str) -> dict[str, Any]:
    answer: dict[str, Any] = machine.json("lots", "draw", BATCH, *options)
    return answer


def sheet_of(machine: Machine, lot: int, out: Path) -> Path:
    done = machine.run("lots", "sheet", str(lot), out)
    assert done.returncode == 0, done.stderr
    return out


def filled(path: Path, wrong: dict[tuple[str, str], str] | None = None, *, most: int = 10**6) -> Path:
    """Judge every item as right, but those named by (file, key), whose right value is given."""
    book = load_workbook(path)
    sheet, named = book.worksheets[0], set(wrong or {})
    for row in range(2, min(sheet.max_row, most + 1) + 1):
        key = (str(cell(sheet, row, "Tệp").value), str(cell(sheet, row, "Khóa").value))
        is_wrong = key in (wrong or {})
        cell(sheet, row, "Kết quả").value = "Sai" if is_wrong else "Đúng"
        if is_wrong:
            cell(sheet, row, "Giá trị đúng").value = (wrong or {})[key]
        named.discard(key)
    assert not named, f"not asked: {named}"
    book.save(path)
    return path


def cell(sheet: Any, row: int, head: str) -> Any:
    heads = [str(each.value) for each in sheet[1]]
    return sheet.cell(row, heads.index(head) + 1)


def entered(machine: Machine, lot: int, path: Path, who: str = INSPECTOR) -> dict[str, Any]:
    done: dict[str, Any] = machine.json("lots", "enter", str(lot), path, "--operator", who)
    return done


def inspected(
    machine: Machine, folder: Path, wrong: dict[tuple[str, str], str] | None = None, *options: str
) -> int:
    """A lot drawn and wholly judged; its number."""
    lot = int(drawn(machine, *options)["id"])
    entered(machine, lot, filled(sheet_of(machine, lot, folder / f"kiểm-{lot}.xlsx"), wrong))
    return lot


def decided(machine: Machine, lot: int, *options: str) -> dict[str, Any]:
    answer: dict[str, Any] = machine.json("lots", "decide", str(lot), "--operator", INSPECTOR, *options)
    return answer


def digitised(machine: Machine, *options: str) -> int:
    rows = machine.json("quota", *options)["rows"]
    # From 1/7/2025 on the commune stands with the one that it was merged into.
    return sum(row["digitised"] for row in rows if row["unit"] in {"Xã Diên An", "Xã Diên Khánh"})


def refused(machine: Machine, *arguments: str | Path) -> str:
    done = machine.run(*arguments)
    assert (done.returncode, done.stdout) == (2, ""), done.stdout + done.stderr
    return done.stderr


def test_the_same_seed_and_the_same_list_give_the_same_sample(machine: Machine) -> None:
    first = drawn(machine, "--seed", "12")
    again = machine.run(
        "lots", "decide", str(first["id"]), "--reject", "--note", "rút lại", "--operator", INSPECTOR
    )
    assert again.returncode == 0, again.stderr
    second = drawn(machine, "--seed", "12")
    assert (second["papers"], second["digest"], second["seed"]) == (first["papers"], first["digest"], 12)
    assert second["id"] == first["id"] + 1


def test_who_did_the_work_may_draw_but_not_choose_the_seed(machine: Machine) -> None:
    own = ("lots", "draw", BATCH, "--operator", "máy")
    assert "--seed" in refused(machine, *own, "--seed", "12")
    assert machine.json(*own)["operator"] == "máy"


def test_a_second_scan_of_a_paper_is_not_drawn_beside_it(machine: Machine) -> None:
    lot = drawn(machine)
    assert (lot["size"], lot["sample"]) == (2, 2)
    assert {paper["file"] for paper in lot["papers"]} == {"a.png", "b.png"}


def test_papers_that_wait_in_a_lot_are_not_drawn_again(machine: Machine) -> None:
    number = drawn(machine)["id"]
    assert f"sohoa lots decide {number}" in refused(machine, "lots", "draw", BATCH)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--inspection", "tightened"), "configs/acceptance"),
        (("--inspection", "reduced"), "--inspection normal"),
        (("--plan", "c0"), "iso2859"),
        (("--level", "IV"), "III"),
    ],
)
def test_what_has_no_table_is_refused_with_what_has(
    machine: Machine, options: Sequence[str], said: str
) -> None:
    assert said in refused(machine, "lots", "draw", BATCH, *options)
    assert machine.json("lots", "list")["lots"] == []


def test_who_worked_on_the_papers_neither_inspects_nor_decides_however_the_name_is_spelt(
    machine: Machine, tmp_path: Path
) -> None:
    lot = str(drawn(machine, "--contractor", "Bưu điện tỉnh")["id"])
    sheet = filled(sheet_of(machine, int(lot), tmp_path / "kiểm.xlsx"))
    for name in ("máy", "MAY", "buu dien tinh"):
        said = refused(machine, "lots", "enter", lot, sheet, "--operator", name)
        assert "Bưu điện tỉnh" in said and "máy" in said
        refused(machine, "lots", "decide", lot, "--reject", "--note", "x", "--operator", name)
    assert machine.json("lots", "show", lot)["inspectors"] == []
    assert entered(machine, int(lot), sheet)["waiting"] == 0


def test_every_bad_cell_is_named_by_sheet_row_and_column_and_nothing_is_entered(
    machine: Machine, tmp_path: Path
) -> None:
    lot = str(drawn(machine)["id"])
    path = filled(sheet_of(machine, int(lot), tmp_path / "kiểm.xlsx"))
    book = load_workbook(path)
    sheet = book.worksheets[0]
    cell(sheet, 2, "Kết quả").value = "có lẽ"
    cell(sheet, 3, "Kết quả").value = None
    cell(sheet, 3, "Ghi chú").value = "mờ"
    cell(sheet, 4, "Mã tài liệu").value = "0" * 32
    cell(sheet, 5, "Giá trị đúng").value = "khác"
    cell(sheet, 6, "Ghi chú").value = "=1+1"
    cell(sheet, 8, "Khóa").value = cell(sheet, 7, "Khóa").value
    book.save(path)
    said = refused(machine, "lots", "enter", lot, path, "--operator", INSPECTOR)
    for row, column in (
        (2, "Kết quả"),
        (3, "Kết quả"),
        (4, "Mã tài liệu"),
        (5, "Giá trị đúng"),
        (6, "Ghi chú"),
        (8, "Khóa"),
    ):
        assert f"trang tính “Bảng kiểm”, dòng {row}, cột “{column}”" in said
    assert machine.json("lots", "show", lot)["waiting"] > 0
    assert entered(machine, int(lot), filled(sheet_of(machine, int(lot), tmp_path / "lại.xlsx")))["new"] > 0


def test_a_lot_is_decided_only_when_all_is_judged_and_findings_may_come_in_parts(
    machine: Machine, tmp_path: Path
) -> None:
    lot = int(drawn(machine)["id"])
    part = entered(machine, lot, filled(sheet_of(machine, lot, tmp_path / "một.xlsx"), most=5))
    assert part["new"] == 5 and part["waiting"] > 0
    assert f"sohoa lots sheet {lot}" in refused(machine, "lots", "decide", str(lot), "--operator", INSPECTOR)
    rest = entered(machine, lot, filled(sheet_of(machine, lot, tmp_path / "hai.xlsx")))
    assert (rest["waiting"], rest["findings"] - rest["new"]) == (0, 5)
    assert decided(machine, lot)["decision"]["verdict"] == "accepted"
    again = filled(sheet_of(machine, lot, tmp_path / "ba.xlsx"))
    assert "sohoa lots draw" in refused(machine, "lots", "enter", str(lot), again, "--operator", INSPECTOR)


def test_papers_of_a_rejected_lot_are_not_counted_until_a_later_lot_accepts_them(
    machine: Machine, tmp_path: Path
) -> None:
    before = digitised(machine)
    lot = inspected(machine, tmp_path, {("a.png", "number"): "113/2021"})
    found = decided(machine, lot)
    assert [(each["name"], each["wrong"], each["passes"]) for each in found["results"]] == [
        ("critical", 1, False),
        ("minor", 0, True),
        ("owner", 0, True),
    ]
    rejected_at = found["decision"]["at"]
    assert (before, digitised(machine)) == (2, 0)
    out = tmp_path / "giải thích.csv"
    assert machine.run("quota", "--explain", out).returncode == 0
    assert out.read_text(encoding="utf-8-sig").count("bị trả lại") == 2
    assert machine.json("lots", "list")["lots"][0]["state"] == "rejected"

    second = inspected(machine, tmp_path)
    assert decided(machine, second)["decision"]["verdict"] == "accepted"
    assert (digitised(machine), digitised(machine, "--known-at", rejected_at)) == (2, 0)
    assert "đã được một lô trước" not in refused(machine, "lots", "draw", BATCH)


def test_a_paper_that_replaces_one_of_a_rejected_lot_is_given_back_as_it_was(
    machine: Machine, tmp_path: Path
) -> None:
    papers = by_file(machine)
    first, heir = papers["a.png"]["id"], papers["c.png"]["id"]
    decided(machine, inspected(machine, tmp_path, {("a.png", "number"): "113/2021"}))
    database = Database(f"sqlite:///{machine.home / 'catalogue.db'}")
    with database.write() as connection:
        connection.execute(text("UPDATE document SET replaces = :a WHERE id = :b"), {"a": first, "b": heir})
    back = lots.returned(database)
    assert back[heir] == back[first] and heir in lots.rejected_documents(database)
    assert back[first][0][1] is None
    assert lots.returned(database, "2020-01-01T00:00:00.000+00:00") == {}
    database.close()


def test_a_wrong_owner_rejects_a_lot_by_itself(machine: Machine, tmp_path: Path) -> None:
    lot = inspected(machine, tmp_path, {("b.png", "owner"): "Trần Thị Bình"})
    found = decided(machine, lot)
    assert found["decision"]["verdict"] == "rejected"
    assert [each["name"] for each in found["results"] if not each["passes"]] == ["owner"]


def test_a_person_may_reject_what_the_counts_accept_with_a_reason_and_never_the_reverse(
    machine: Machine, tmp_path: Path
) -> None:
    lot = inspected(machine, tmp_path)
    refused(machine, "lots", "decide", str(lot), "--reject", "--operator", INSPECTOR)
    found = decided(machine, lot, "--reject", "--note", "giấy xếp lẫn hộp")
    assert (found["decision"]["verdict"], found["decision"]["by_hand"]) == ("rejected", True)
    assert all(each["passes"] for each in found["results"])
    assert digitised(machine) == 0
    refused(machine, "lots", "decide", str(lot), "--operator", INSPECTOR)


def test_the_offices_plan_draws_thirty_in_a_hundred_and_allows_no_error(
    machine: Machine, tmp_path: Path
) -> None:
    lot = drawn(machine, "--plan", "office30", "--seed", "1")
    assert (lot["level"], lot["sample"]) == (None, 1)
    assert {each["accept"] for each in lot["classes"]} == {0}
    (paper,) = lot["papers"]
    sheet = sheet_of(machine, lot["id"], tmp_path / "kiểm.xlsx")
    entered(machine, lot["id"], filled(sheet, {(paper["file"], "other"): ""}))
    assert decided(machine, lot["id"])["decision"]["verdict"] == "rejected"


def test_lots_findings_and_decisions_come_back_with_a_rebuild(machine: Machine, tmp_path: Path) -> None:
    lot = inspected(machine, tmp_path, {("a.png", "issue_date"): "13/05/2021"})
    decided(machine, lot, "--note", "sai ngày")
    drawn(machine, "--seed", "5")
    before = machine.json("lots", "list"), digitised(machine)
    for name in machine.home.glob("catalogue.db*"):
        name.unlink()
    assert machine.run("rebuild").returncode == 0
    assert (machine.json("lots", "list"), digitised(machine)) == before
    waiting = before[0]["lots"][1]["id"]
    sheet = filled(sheet_of(machine, waiting, tmp_path / "sau.xlsx"))
    assert entered(machine, waiting, sheet)["waiting"] == 0
    assert machine.run("verify").returncode == 0


def test_an_audit_of_accepted_values_feeds_the_calibration_and_is_not_decided(
    machine: Machine, tmp_path: Path
) -> None:
    audit = machine.json("lots", "draw", "--audit", "598", "--seed", "2", "--operator", INSPECTOR)
    number = audit["id"]
    assert audit["sample"] == audit["size"] < 598  # a small home is audited whole
    assert machine.json("calibrate")["checked"] == 0
    sheet = filled(sheet_of(machine, number, tmp_path / "kiểm.xlsx"), {("a.png", "number"): "113/2021"})
    entered(machine, number, sheet)
    found = machine.json("calibrate")
    assert found["checked"] == audit["size"]
    (row,) = [row for row in found["rows"] if (row["field"], row["grade"]) == ("number", "all")]
    assert (row["n"], row["right"]) == (2, 1)
    assert "sohoa calibrate" in refused(machine, "lots", "decide", str(number), "--operator", INSPECTOR)
    # What the audit found is corrected afterwards, and stays one value.
    paper = by_file(machine)["a.png"]["id"]
    assert machine.run("review", "set", paper, "number=113/2021", "--sure").returncode == 0
    assert machine.json("calibrate")["checked"] == audit["size"]


def test_an_audit_and_a_lot_of_the_same_papers_do_not_hinder_each_other(machine: Machine) -> None:
    machine.json("lots", "draw", "--audit", "3", BATCH)
    assert drawn(machine)["size"] == 2
    assert machine.json("lots", "draw", "--audit", "3", BATCH)["sample"] == 3
    assert TARGET == 0.005  # what 598 without an error proves


def test_the_minutes_tell_volume_errors_and_intervals_and_hide_identifiers(
    machine: Machine, tmp_path: Path
) -> None:
    lot = inspected(
        machine, tmp_path, {("a.png", "owner_id"): "056221009998"}, "--contractor", "Bưu điện tỉnh"
    )
    out = tmp_path / "biên bản.pdf"
    assert f"sohoa lots decide {lot}" in refused(machine, "lots", "minutes", str(lot), out)
    assert ".pdf" in refused(machine, "lots", "minutes", str(lot), tmp_path / "biên bản.docx")
    decided(machine, lot)
    done = machine.json("lots", "minutes", str(lot), out, "--office", "UBND xã Diên An")
    assert done["a4_equivalents"] == 2
    with pypdfium2.PdfDocument(out) as pdf:
        words = "\n".join(page.get_textpage().get_text_range() for page in pdf)
    for part in ("UBND xã Diên An", "Bưu điện tỉnh", "Quy đổi A4", "50,00 %", "1,26 % – 98,74 %", INSPECTOR):
        assert part in words
    assert "KHÔNG CHẤP NHẬN" in words and "TCVN 7790-1" in words
    assert OWNER not in words and "056221009998" not in words and "056*******98" in words
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    shown = machine.run("lots", "show", str(lot))
    assert OWNER not in shown.stdout and "056*******98" in shown.stdout


def test_a_value_that_looks_like_a_formula_stays_text_in_the_sheet_which_is_its_owners_alone(
    machine: Machine, tmp_path: Path
) -> None:
    paper = by_file(machine)["b.png"]["id"]
    assert machine.run("review", "set", paper, "owner_name==HYPERLINK(1)", "--sure").returncode == 0
    lot = int(drawn(machine)["id"])
    path = sheet_of(machine, lot, tmp_path / "kiểm.xlsx")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    sheet = load_workbook(path).worksheets[0]
    assert all(each.data_type != "f" for row in sheet for each in row)
    assert "sohoa" in refused(machine, "lots", "sheet", "99", tmp_path / "x.xlsx")


def test_each_act_is_an_event_of_the_house_with_who_and_what(machine: Machine, tmp_path: Path) -> None:
    lot = inspected(machine, tmp_path)
    decided(machine, lot)
    events = "".join(
        path.read_text(encoding="utf-8")
        for path in sorted((machine.home / "store/events/house").rglob("*.json"))
    )
    traced = machine.json("trace", by_file(machine)["a.png"]["id"], tmp_path / "vết.html")["events"]
    assert [each["outcome"] for each in traced if each["subject"] == f"lot {lot}"] == [
        "drawn",
        "inspected",
        "accepted",
    ]
    for outcome in ("drawn", "inspected", "accepted"):
        assert f'"outcome":"{outcome}"' in events
    assert events.count(f'"subject":"lot {lot}"') >= 3
