"""Every unit of every period can hand in an inventory, by its code and by its name, and the remedy works when followed."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from quality.unit_register import UnitIdentity
from tests.machine import Machine
from workspace.figuring import unit_register

REGISTER = unit_register()


def year_of(unit: UnitIdentity) -> int:
    """The last year at whose end a unit stood."""
    if unit.valid_to is None:
        return 2025
    return (
        unit.valid_to.year if (unit.valid_to.month, unit.valid_to.day) == (12, 31) else unit.valid_to.year - 1
    )


def table(path: Path, rows: list[tuple[str, str, int]]) -> Path:
    """An inventory of one result for each (unit, level, year)."""
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["Cấp", "Đơn vị", "Loại giấy tờ", "Năm", "Số lượng", "Cơ sở kiểm kê"])
        for unit, level, year in rows:
            writer.writerow([level, unit, "*", year, 1, "kiểm đếm"])
    return path


@pytest.mark.parametrize(
    "named",
    [
        lambda unit, year: unit.code,
        lambda unit, year: REGISTER.label(unit, date(year, 12, 31)),
    ],
)
def test_every_unit_of_every_period_hands_in_its_inventory(
    named: Callable[[UnitIdentity, int], str], tmp_path: Path
) -> None:
    machine = Machine(tmp_path)
    units = list(REGISTER.identities.values())
    rows = [(named(unit, year_of(unit)), unit.level, year_of(unit)) for unit in units]
    done = machine.run("inventory", "import", table(tmp_path / "kiểm kê.csv", rows))
    assert done.returncode == 0, done.stderr
    before = machine.json("quota", "--as-of", "2025-06-30", "--series", "merged")["rows"]
    (total,) = [row for row in before if (row["level"], row["unit"]) == ("xa", None)]
    assert total["inventory"] == sum(unit.level == "xa" and unit.valid_from is None for unit in units)
    after = machine.json("quota", "--as-of", "2025-12-31", "--series", "merged")["rows"]
    standing = [row for row in after if row["level"] == "xa" and row["unit"] and row["ended_on"] is None]
    assert (len(standing), {row["inventory"] for row in standing}) == (65, {1})
    apart = machine.json("quota", "--as-of", "2025-12-31")
    assert apart["series"] == "kh5283"
    assert (
        sum(
            row["ended_on"] is None and row["unit"] is not None
            for row in apart["rows"]
            if row["level"] == "xa"
        )
        == 41
    )


def test_an_ambiguous_or_departed_unit_is_refused_and_the_remedy_works(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    path = tmp_path / "kiểm kê.csv"
    for unit, level, year in (
        ("Xã Diên An", "xa", 2025),
        ("Xã Bắc Ninh Hòa", "xa", 2021),
        ("Phước Hòa", "xa", 2024),
    ):
        done = machine.run("inventory", "import", table(path, [(unit, level, year)]))
        assert done.returncode == 2 and "sohoa units list --as-of" in done.stderr
    for unit, level, year in (
        ("Xã Diên An", "xa", 2024),
        ("Phường Phước Hòa, Thành phố Nha Trang", "xa", 2024),
    ):
        done = machine.run("inventory", "import", table(path, [(unit, level, year)]))
        assert done.returncode == 0, done.stderr


def test_an_unknown_series_is_wrong_usage(tmp_path: Path) -> None:
    done = Machine(tmp_path).run("quota", "--series", "cả hai")
    assert done.returncode == 2 and "kh5283, merged" in done.stderr
