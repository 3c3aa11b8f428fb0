"""A district's stock waits for its hand-over; minutes move it, and closed days and moments keep what was true then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schemas.clock import today
from tests.backdated_home import HEAD, imported, now, set_back, table
from tests.machine import Machine

HANDOVER_HEAD = "Cấp giao;Đơn vị giao;Cấp nhận;Đơn vị nhận;Loại giấy tờ;Số lượng;Ngày bàn giao;Biên bản\n"
STOCK = "huyện;Huyện Diên Khánh;Giấy khai sinh;2021;30;kiểm đếm;Biên bản kiểm kê"
MOVED = "huyện;Huyện Diên Khánh;xã;Xã Diên Khánh;Giấy khai sinh;30;15/08/2025;12/BB-UBND"


@pytest.fixture
def past(machine: Machine, tmp_path: Path) -> Machine:
    """The kept home as if digitised in 2021, with a district's stock counted then."""
    set_back(machine)
    imported(machine, "inventory", table(tmp_path, "kk.csv", HEAD, STOCK))
    return machine


def stock_of(machine: Machine, unit: str, *options: str) -> int | None:
    rows: list[dict[str, Any]] = machine.json("quota", *options)["rows"]
    return next((row["inventory"] for row in rows if row["unit"] == unit), None)


def test_a_districts_stock_waits_and_moves_on_the_day_of_its_minutes(past: Machine, tmp_path: Path) -> None:
    waiting, before = past.run("quota").stdout, now()
    assert "chờ bàn giao" in waiting and stock_of(past, "Huyện Diên Khánh") == 30
    done = imported(
        past, "handovers", table(tmp_path, "bg.csv", HANDOVER_HEAD, MOVED), "--operator", "anh Minh"
    )
    assert done["new"] == 1
    assert stock_of(past, "Xã Diên Khánh", "--as-of", "2025-08-14") in {None, 0}
    assert stock_of(past, "Huyện Diên Khánh", "--as-of", "2025-08-14") == 30
    assert stock_of(past, "Xã Diên Khánh", "--as-of", "2025-08-15") == 30
    assert stock_of(past, "Xã Diên Khánh", "--as-of", today().isoformat(), "--known-at", before) in {None, 0}
    (row,) = past.json("handovers", "list")["rows"]
    assert (row["operator"], row["minutes"], row["to_unit"]) == ("anh Minh", "12/BB-UBND", "Xã Diên Khánh")
    assert "12/BB-UBND" in past.run("handovers", "list").stdout
    assert past.run("handovers", "withdraw", str(row["id"]), "--reason", "nhầm xã").returncode == 0
    assert stock_of(past, "Huyện Diên Khánh") == 30
    for path in past.home.glob("catalogue.db*"):
        path.unlink()
    assert past.run("rebuild").returncode == 0
    assert past.json("handovers", "list", "--history")["rows"][-1]["withdrawn"] == "nhầm xã"


def test_a_frozen_set_holds_the_hand_overs_that_it_was_made_of(past: Machine, tmp_path: Path) -> None:
    imported(past, "handovers", table(tmp_path, "bg.csv", HANDOVER_HEAD, MOVED))
    done = past.run("figures", "freeze", "--as-of", "2025-12-31")
    assert done.returncode == 0, done.stderr
    (frozen,) = past.json("figures", "list")
    (row,) = past.json("handovers", "list")["rows"]
    assert past.run("handovers", "withdraw", str(row["id"]), "--reason", "nhầm xã").returncode == 0
    assert past.run("figures", "verify").returncode == 0
    rows = past.json("quota", "--frozen", frozen["id"])["rows"]
    assert next(each["inventory"] for each in rows if each["unit"] == "Xã Diên Khánh") == 30


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (MOVED.replace(";30;", ";-3;"), "số âm"),
        (MOVED.replace("Xã Diên Khánh", "Xã Không Có"), "Xã Không Có"),
        (MOVED.replace("xã;Xã Diên Khánh", "huyện;Huyện Diên Khánh"), "Huyện Diên Khánh"),
        (MOVED.replace("15/08/2025", "15/08/2999"), "2999"),
        (MOVED.replace("12/BB-UBND", ""), "Biên bản"),
    ],
)
def test_a_hand_over_that_cannot_be_is_refused_by_row_and_column(
    past: Machine, tmp_path: Path, row: str, said: str
) -> None:
    done = past.run("handovers", "import", table(tmp_path, "bg.csv", HANDOVER_HEAD, row))
    assert done.returncode == 2 and "dòng 2" in done.stderr and said in done.stderr, done.stderr
    assert past.json("handovers", "list")["rows"] == []


def test_the_template_of_hand_overs_is_read_back(past: Machine, tmp_path: Path) -> None:
    out = tmp_path / "mẫu.xlsx"
    assert past.run("handovers", "template", out).returncode == 0
    empty = past.run("handovers", "import", out)
    assert empty.returncode == 2 and "không có dòng số liệu nào" in empty.stderr
