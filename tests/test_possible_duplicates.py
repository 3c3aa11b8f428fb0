"""One paper must not get two codes: same owner, result code and number wait for a person, however the number is spelt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from review.drop_downs import ITEM, PAPER, VALUE
from tests.kept_home import BATCH, by_file, machine_with
from tests.machine import Machine
from tests.reviewed_batch import birth, make_home

_OWNER = "Số định danh cá nhân: 056221001234"
LATER = "hộp-22"
_OTHER_OWNER = "Số định danh cá nhân: 056221001235"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A paper, the same number spelt otherwise, and the same number of another owner."""
    scans = {
        BATCH: {
            "a.png": birth("131/2021", định_danh=_OWNER),
            "c.png": birth("131/2021", định_danh=_OTHER_OWNER),
        },
        LATER: {"b.png": birth("0131/2021", định_danh=_OWNER)},
    }
    return make_home(tmp_path_factory.mktemp("twins"), scans)


@pytest.fixture
def machine(home: Path, tmp_path: Path) -> Machine:
    return machine_with(home, tmp_path)


def twin(machine: Machine) -> dict[str, Any]:
    """The paper of the later batch."""
    (paper,) = machine.json("batch", "show", LATER)["documents"]
    return dict(paper)


def test_a_number_spelt_otherwise_gets_no_second_code_and_the_question_names_both_papers(
    machine: Machine,
) -> None:
    papers = by_file(machine)
    assert papers["a.png"]["code"] == "056221001234.KQ.G15.000031.131/2021.01"
    assert papers["c.png"]["code"] == "056221001235.KQ.G15.000031.131/2021.01"
    assert (twin(machine)["code"], twin(machine)["route"]) == (None, "review")
    assert "Có trùng giấy đã có mã không" in machine.run("review", "list").stdout
    shown = machine.run("review", "show", twin(machine)["id"]).stdout
    assert papers["a.png"]["id"] in shown
    assert "056221001234" not in shown  # identifiers are masked


def test_a_person_says_other_and_the_paper_takes_the_next_running_number(machine: Machine) -> None:
    paper = twin(machine)["id"]
    wrong = machine.run("review", "set", paper, "same_as=có lẽ")
    assert wrong.returncode == 2 and "giấy khác" in wrong.stderr
    assert machine.run("review", "set", paper, "same_as=giấy khác").returncode == 0
    settled = twin(machine)
    assert (settled["code"], settled["route"]) == ("056221001234.KQ.G15.000031.0131/2021.01", "accepted")
    assert machine.run("verify").returncode == 0


def test_a_person_says_same_and_the_paper_is_linked_and_counted_once(machine: Machine) -> None:
    papers = by_file(machine)
    same = f"same_as={papers['a.png']['id']}"
    assert machine.run("review", "set", twin(machine)["id"], same).returncode == 0
    assert twin(machine)["code"] is None
    code = papers["a.png"]["code"]
    assert machine.json("code", "show", code)["duplicates"] == [twin(machine)["id"]]
    assert machine.run("review", "list").stdout.count(twin(machine)["id"]) == 0
    digitised = sum(row["digitised"] for row in machine.json("quota")["rows"] if row["unit"])
    assert digitised == 2


def test_the_workbook_offers_both_answers_and_takes_one(machine: Machine, tmp_path: Path) -> None:
    path = tmp_path / "hỏi.xlsx"
    assert machine.run("review", "export", LATER, path).returncode == 0
    book = load_workbook(path)
    sheet = next(
        sheet for sheet in book.worksheets if any(cell.value == ITEM for row in sheet for cell in row)
    )
    head = next(row for row in sheet.iter_rows() if any(cell.value == ITEM for cell in row))
    column = {cell.value: cell.column for cell in head}
    (asked,) = [
        row
        for row in sheet.iter_rows(min_row=head[0].row + 1)
        if str(row[column[ITEM] - 1].value).startswith("Có trùng giấy đã có mã không")
    ]
    offered = {cell.value for row in book["Danh mục"] for cell in row if cell.value}
    assert "giấy khác" in offered and f"cùng giấy {by_file(machine)['a.png']['id']}" in offered
    assert asked[column[PAPER] - 1].value
    asked[column[VALUE] - 1].value = "giấy khác"
    book.save(path)
    done = machine.run("review", "import", path, "--operator", "chị Lan")
    assert done.returncode == 0, done
    assert twin(machine)["code"] is not None


def test_a_code_says_that_it_is_provisional_and_by_which_rule(machine: Machine) -> None:
    code = by_file(machine)["a.png"]["code"]
    answer = machine.json("code", "show", code)
    assert answer["provisional"] is True and "TT 01/2023" in answer["form"]
    assert "mã tạm" in machine.run("code", "show", code).stdout
    report = next(path for path in machine.home.rglob("report.html") if "hop-21" in str(path)).read_text(
        encoding="utf-8"
    )
    assert "mã tạm" in report and "TT 01/2023" in report
