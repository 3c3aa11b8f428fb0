"""Units over time: one code and one name may be several units, and each can be named on its own day."""

from __future__ import annotations

from datetime import date

import pytest

from quality.unit_register import UnitIdentity
from workspace.figuring import unit_register

REGISTER = unit_register()
UNITS = list(REGISTER.identities.values())
OLD, EARLY_2025, NEW = date(2021, 12, 31), date(2025, 3, 1), date(2025, 12, 31)


def last_day(unit: UnitIdentity) -> date:
    """A day on which a unit stood."""
    return unit.valid_to or NEW


def test_every_unit_of_every_period_is_found_by_code_by_name_and_by_its_own_label() -> None:
    for unit in UNITS:
        for row in unit.names:
            day = row.effective_to or NEW
            assert REGISTER.find(unit.code, None, day) == unit
            label = REGISTER.label(unit, day)
            assert REGISTER.find(label, unit.level, day) == unit
            assert REGISTER.at(unit.level, label, day) == unit
            if "," not in label:
                assert REGISTER.find(row.name, unit.level, day) == unit


def test_no_two_rows_of_a_day_bear_one_label() -> None:
    for day in (OLD, EARLY_2025, NEW):
        held = {REGISTER.holder(unit, day).key for unit in UNITS}
        labels = [
            (REGISTER.identities[key].level, REGISTER.label(REGISTER.identities[key], day)) for key in held
        ]
        assert len(labels) == len(set(labels))


def test_a_new_name_or_a_new_list_does_not_end_a_unit() -> None:
    (tan_tien,) = [unit for unit in UNITS if unit.code == "22366" and unit.valid_to]
    assert [row.name for row in tan_tien.names] == ["Phường Phước Tiến", "Phường Tân Tiến"]
    assert (
        REGISTER.find("Phường Phước Tiến", "xa", OLD) == REGISTER.find("22366", "xa", EARLY_2025) == tan_tien
    )
    assert REGISTER.holder(tan_tien, date(2025, 6, 30)) == tan_tien
    assert REGISTER.label(REGISTER.holder(tan_tien, date(2025, 7, 1)), date(2025, 7, 1)) == "Phường Nha Trang"


@pytest.mark.parametrize(
    ("name", "day", "code", "province"),
    [
        ("Xã Ninh Phước", OLD, "22579", "56"),
        ("Xã Ninh Phước", EARLY_2025, "22606", "56"),
        ("Xã Ninh Phước", NEW, "22870", "58"),
        ("Xã Ninh Sơn", OLD, "22531", "56"),
        ("Xã Ninh Sơn", NEW, "22810", "58"),
        ("Huyện Ninh Sơn", EARLY_2025, "585", "58"),
        ("Xã Diên An", OLD, "22693", "56"),
        ("xa dien an", OLD, "22693", "56"),
    ],
)
def test_a_name_means_the_unit_that_bore_it_that_day(name: str, day: date, code: str, province: str) -> None:
    unit = REGISTER.find(name, None, day)
    assert unit is not None and (unit.code, unit.province) == (code, province)


def test_a_unit_that_did_not_stand_that_day_is_not_found() -> None:
    assert REGISTER.find("Xã Diên An", "xa", NEW) is None
    assert REGISTER.find("Phường Bắc Nha Trang", "xa", OLD) is None
    assert REGISTER.find("22870", "huyen", NEW) is None


def test_every_unit_of_the_merged_province_knows_the_one_it_came_from() -> None:
    assert {unit.province for unit in UNITS} == {"56", "58"}
    new = [unit for unit in UNITS if unit.valid_from == date(2025, 7, 1)]
    assert (len(new), sum(unit.province == "58" for unit in new)) == (65, 24)


def test_what_was_merged_in_part_keeps_its_own_until_minutes_say_more() -> None:
    cam_tan = REGISTER.find("Xã Cam Tân", "xa", OLD)
    assert cam_tan is not None and {after.whole for after in cam_tan.successors} == {False}
    assert REGISTER.holder(cam_tan, NEW) == cam_tan


def test_a_change_whose_day_is_not_verified_says_so() -> None:
    gone, renamed = REGISTER.find("22579", None, OLD), REGISTER.find("22606", None, OLD)
    plain = REGISTER.find("22693", None, OLD)
    assert gone and renamed and plain
    assert (gone.unverified, renamed.unverified, plain.unverified) == (True, True, False)
