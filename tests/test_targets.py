"""Targets and milestones that a decision sets: from their day and moment on, before the plan's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.backdated_home import HEAD, UNIT, imported, now, set_back, table
from tests.machine import Machine

TARGET_HEAD = "Cấp;Đơn vị;Lĩnh vực;Mã loại kết quả;Đến ngày;Tỷ lệ phải đạt;Có hiệu lực từ ngày\n"
BY = (
    "--document",
    "12/KH-UBND",
    "--dated",
    "05/01/2021",
    "--signer",
    "Trần Văn Bình",
    "--operator",
    "chị Lan",
)
INVENTORY = f"xã;{UNIT};Giấy khai sinh;2021;100;kiểm đếm;Biên bản"


@pytest.fixture
def past(machine: Machine, tmp_path: Path) -> Machine:
    """The kept home as if digitised in 2021, with the stock of one commune."""
    set_back(machine)
    imported(machine, "inventory", table(tmp_path, "kk.csv", HEAD, INVENTORY))
    return machine


def handed_in(machine: Machine, folder: Path, *rows: str) -> Any:
    return imported(machine, "targets", table(folder, "ct.csv", TARGET_HEAD, *rows), *BY)


def row_of(machine: Machine, unit: str | None, day: str, *options: str, level: str = "xa") -> dict[str, Any]:
    rows: list[dict[str, Any]] = machine.json("quota", "--as-of", day, *options)["rows"]
    return next(row for row in rows if (row["level"], row["unit"], row["sector"]) == (level, unit, None))


def test_a_milestone_of_a_unit_is_next_before_its_day_and_due_after_it(past: Machine, tmp_path: Path) -> None:
    before = now()
    done = handed_in(past, tmp_path, f"xã;{UNIT};;;15/12/2021;80 %;")
    assert (done["new"], done["known"]) == (1, 0)
    ahead = row_of(past, UNIT, "2021-12-01")
    assert (ahead["next_target"], ahead["next_target_day"]) == (0.8, "2021-12-15")
    assert (ahead["target"], ahead["target_due"]) == (0.15, None)  # the year's own, and none has come
    assert row_of(past, UNIT, "2021-12-15")["target_due"] == 0.8
    assert row_of(past, None, "2021-12-15")["target_due"] is None  # the level has no such milestone
    known = row_of(past, UNIT, "2021-12-15", "--known-at", before)
    assert (known["target_due"], known["next_target"]) == (None, 0.15)
    told = past.run("quota", "--as-of", "2021-12-01").stdout
    assert "mốc tiếp theo: 80 % đến ngày 15/12/2021" in " ".join(told.split())


def test_a_decision_of_the_plans_own_day_stands_before_it_until_it_is_withdrawn(
    past: Machine, tmp_path: Path
) -> None:
    handed_in(past, tmp_path, "xã;;;;31/12/2021;62,5 %;")
    assert row_of(past, None, "2021-12-31")["target"] == 0.625
    assert row_of(past, UNIT, "2021-12-31")["target"] == 0.625
    (row,) = past.json("targets", "list")["rows"]
    assert (row["operator"], row["document"], row["signer"]) == ("chị Lan", "12/KH-UBND", "Trần Văn Bình")
    assert past.run("targets", "withdraw", str(row["id"]), "--reason", "ghi nhầm").returncode == 0
    assert row_of(past, None, "2021-12-31")["target"] == 0.15


def test_a_target_of_a_sector_has_a_row_of_its_own_and_comes_back_from_the_store_alone(
    past: Machine, tmp_path: Path
) -> None:
    handed_in(past, tmp_path, "xã;;G15;;31/12/2021;50 %;", f"xã;{UNIT};;;15/12/2021;80 %;")
    for path in past.home.glob("catalogue.db*"):
        path.unlink()
    assert past.run("rebuild").returncode == 0
    held = past.json("targets", "list")["rows"]
    assert [(row["sector"], row["unit"], row["share"]) for row in held] == [
        ("G15", None, 0.5),
        (None, UNIT, 0.8),
    ]
    rows = past.json("quota", "--as-of", "2021-12-31")["rows"]
    (own,) = [row for row in rows if row["sector"] == "G15" and row["unit"] is None]
    assert own["target"] == 0.5


def test_frozen_figures_keep_the_targets_they_were_made_of_and_diff_names_the_change(
    past: Machine, tmp_path: Path
) -> None:
    assert past.run("figures", "freeze", "--as-of", "2021-12-31").returncode == 0
    handed_in(past, tmp_path, "xã;;;;31/12/2021;62,5 %;")
    assert past.run("figures", "freeze", "--as-of", "2021-12-31").returncode == 0
    first, second = past.json("figures", "list")
    assert past.run("figures", "verify").returncode == 0
    kept = {each["id"]: past.json("quota", "--frozen", each["id"])["rows"] for each in (first, second)}
    shares = {
        next(row["target"] for row in rows if (row["level"], row["unit"]) == ("xa", None))
        for rows in kept.values()
    }
    assert shares == {0.15, 0.625}
    done = past.run("figures", "diff", first["id"], second["id"])
    assert "chỉ tiêu thay đổi" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("xã;;;;31/12/2021;80;", "80 %"),
        ("xã;;;;31/12/2021;130 %;", "trên 0 %"),
        ("xã;;hộ tịch;;31/12/2021;80 %;", "mã lĩnh vực"),
        (";;;;31/12/2021;80 %;", "thiếu cấp và đơn vị"),
        ("xã;Xã Không Có;;;31/12/2021;80 %;", "Xã Không Có"),
        ("xã;;;;31/02/2021;80 %;", "31/02/2021"),
        ("xã;;;;31/12/1899;80 %;", "1899"),
    ],
)
def test_a_target_that_cannot_be_is_refused_by_row_and_column(
    past: Machine, tmp_path: Path, row: str, said: str
) -> None:
    done = past.run("targets", "import", table(tmp_path, "ct.csv", TARGET_HEAD, row), *BY)
    assert done.returncode == 2 and "dòng 2" in done.stderr and said in done.stderr, done.stderr
    assert past.json("targets", "list")["rows"] == []


def test_a_target_without_a_decision_is_refused_with_the_words_to_type(past: Machine, tmp_path: Path) -> None:
    path = table(tmp_path, "ct.csv", TARGET_HEAD, "xã;;;;31/12/2021;80 %;")
    done = past.run("targets", "import", path)
    assert done.returncode == 2 and "--document" in done.stderr


def test_the_template_is_read_back(past: Machine, tmp_path: Path) -> None:
    out = tmp_path / "mẫu.xlsx"
    assert past.run("targets", "template", out).returncode == 0
    done = past.run("targets", "import", out, *BY)
    assert "Traceback" not in done.stderr
