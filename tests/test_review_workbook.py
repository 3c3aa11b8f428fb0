"""What a workbook spares a person: cells that hold what was read, codes that can be told apart, one unit for a batch."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from openpyxl import load_workbook
from rapidfuzz.distance import Levenshtein

import review.workbook
from extractors.units import unit_elsewhere
from review.drop_downs import ANSWER, VALUE
from review.exporting import export
from review.labels import result_type_labels
from review.workbook import SHEET
from schemas.clock import today
from tests.machine import Machine
from tests.reviewed_batch import (
    BATCH,
    RIGHT,
    RULES,
    cell,
    copy_of,
    exported,
    fill,
    rows_of,
    stored,
    take,
)

OWNER = ("04.png", "Số định danh chủ giấy tờ")


@pytest.fixture(scope="module")
def workbook(digitised: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workbook")
    with copy_of(digitised, folder) as opened:
        return exported(opened, folder / "ra.xlsx")


@pytest.fixture
def copy(workbook: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(workbook, tmp_path / "vào.xlsx"))


def values(path: Path) -> dict[tuple[str, str], str]:
    """The cells for right values, by file and question."""
    sheet = load_workbook(path)[SHEET]
    return {
        (str(cell(sheet, row, "Giấy tờ")).split("\n")[0], str(cell(sheet, row, "Mục")).rstrip(" *")): str(
            cell(sheet, row, VALUE) or ""
        )
        for row in rows_of(sheet)
    }


def test_cells_hold_what_was_read_and_fewer_keys_are_typed(workbook: Path) -> None:
    held = values(workbook)
    assert held[OWNER] == "056921001234"
    typed = {key: len(right) for key, right in RIGHT.items()}
    edited = {key: min(len(right), Levenshtein.distance(held[key], right)) for key, right in RIGHT.items()}
    assert edited[OWNER] == 1 and sum(edited.values()) < sum(typed.values())


def test_a_workbook_that_comes_back_as_it_went_out_answers_nothing(
    digitised: Path, copy: Path, tmp_path: Path
) -> None:
    with copy_of(digitised, tmp_path) as workspace:
        fill(copy, {})
        done = take(workspace, copy)
        assert (done.problems, done.applied, done.answered) == ((), (), 0)
        assert done.unanswered == len(rows_of(load_workbook(copy)[SHEET]))


def test_a_cell_left_as_it_is_may_be_called_right_or_absent(
    digitised: Path, copy: Path, tmp_path: Path
) -> None:
    with copy_of(digitised, tmp_path) as workspace:
        fill(copy, {OWNER: "Máy đọc đúng"}, column=ANSWER)
        (done,) = take(workspace, copy).applied
        assert [(said.target, said.value) for said in done.decisions] == [("owner_id", "056921001234")]


def test_no_two_result_codes_of_a_kind_read_alike() -> None:
    for kind in RULES.book.kinds:
        labels = result_type_labels(kind.result_codes, RULES.book, kind)
        words = [label.partition(" – ")[2] for label in labels]
        assert len(set(words)) == len(words), kind.id
        assert all(words) or len(words) == 1


def test_the_unit_is_asked_once_and_answers_for_every_paper_without_one(
    digitised: Path, copy: Path, tmp_path: Path
) -> None:
    with copy_of(digitised, tmp_path) as workspace:
        before = {name: row.document.unit for name, row in stored(workspace).items()}
        unknown = {name for name, unit in before.items() if unit is None}
        assert unknown and [key for key in values(copy) if key[1] == "Đơn vị"] == [("Cả lô", "Đơn vị")]
        fill(copy, {("Cả lô", "Đơn vị"): "Xã Ia Hrung, tỉnh Gia Lai"})
        assert take(workspace, copy).problems == ()
        after = {name: (row.document.unit, row.document.level) for name, row in stored(workspace).items()}
        assert {after[name] for name in unknown} == {("Xã Ia Hrung, Tỉnh Gia Lai", "xa")}
        assert all(after[name][0] == unit for name, unit in before.items() if unit)


def test_the_unit_of_a_batch_is_named_by_hand_and_the_lists_show_words_not_ids(
    digitised: Path, tmp_path: Path
) -> None:
    shutil.copytree(digitised, tmp_path / "home")
    machine = Machine(tmp_path, SOHOA_OPERATOR="chị Lan")
    wrong = machine.run("review", "unit", BATCH, "Xã Không Có")
    assert wrong.returncode == 2 and "Xã Không Có" in wrong.stderr
    assert machine.run("review", "set", BATCH, "unit=Xã Diên An").returncode == 0
    listed = machine.run("review", "list", BATCH).stdout
    assert "Ngày ban hành" in listed and "issue_date" not in listed
    assert "Giấy khai sinh" in listed and "birth_certificate" not in listed
    first = machine.json("review", "list", BATCH)["papers"][0]["id"]
    shown = machine.json("review", "show", first)
    assert shown["unit"] == "Xã Diên An" and [each["target"] for each in shown["decisions"]] == ["unit"]


@pytest.mark.parametrize(
    ("named", "unit", "level"),
    [
        ("Xã Ia Hrung, tỉnh Gia Lai", "Xã Ia Hrung, Tỉnh Gia Lai", "xa"),
        ("UBND quận Cái Răng, thành phố Cần Thơ", "quận Cái Răng, Thành phố Cần Thơ", "huyen"),
        ("Tỉnh Gia Lai", "UBND tỉnh Gia Lai", "tinh"),
    ],
)
def test_a_unit_of_another_province_is_named_with_its_province(named: str, unit: str, level: str) -> None:
    placed = unit_elsewhere(RULES.book, named)
    assert placed is not None
    assert (str(placed.unit).lower(), placed.level) == (unit.lower(), level)
    assert unit_elsewhere(RULES.book, "Xã Diên An, tỉnh Khánh Hòa") is None


def test_questions_that_one_workbook_does_not_hold_go_into_a_second_that_is_taken_too(
    digitised: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert review.workbook.MOST_ROWS == 500
    monkeypatch.setattr(review.workbook, "MOST_ROWS", 3)
    with copy_of(digitised, tmp_path) as workspace:
        done = export(workspace, BATCH, tmp_path / "ra.xlsx", day=today())
        assert [each.path.name for each in done[:2]] == ["ra.xlsx", "ra-2.xlsx"]
        held = [values(each.path) for each in done]
        files = [{file for file, _ in each} for each in held]
        assert not set.intersection(*files[:2]), "papers stay whole"
        assert OWNER[0] in files[-1]
        fill(done[-1].path, {OWNER: RIGHT[OWNER]})
        assert take(workspace, done[-1].path).problems == ()
        assert stored(workspace)[OWNER[0]].code
