"""A clerk's register imported on the command line, and matched with the scans of a batch that was digitised."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from tests.machine import Machine, names
from tests.reviewed_batch import BATCH

HEAD = ("STT", "Số ký hiệu", "Ngày tháng năm", "Họ và tên", "Số định danh", "Cơ quan ban hành", "Ghi chú")
AGENCY = "UBND xã Diên An"
NAME = "Nguyễn Gia Huy"
# What the batch's papers bear: 01.png has an unread issue date, 04.png an identifier that cannot be.
RIGHT: Sequence[tuple[Any, ...]] = (
    (1, "123/2021", "12/05/2021", NAME, "056221001234", AGENCY, ""),
    (2, "124/2021", "12/05/2021", NAME, "056221005678", AGENCY, ""),
    (3, "125/2021", "12/05/2021", NAME, "056221007777", AGENCY, ""),
    (4, "900/2021", "13/05/2021", "Lê Thị Mai", "056321001111", AGENCY, "chưa quét"),
)


def workbook(path: Path, rows: Sequence[Sequence[Any]] = RIGHT, head: Sequence[str] = HEAD) -> Path:
    """A register as a workbook: two title rows, the header, the rows."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Sổ 2021"
    sheet.append(["UBND XÃ DIÊN AN"])
    sheet.append(["SỔ ĐĂNG KÝ KHAI SINH NĂM 2021"])
    sheet.append(list(head))
    for row in rows:
        sheet.append(list(row))
    book.save(path)
    return path


def imported(machine: Machine, path: Path, *options: str) -> Any:
    """What `register import --json` answers."""
    return machine.json("register", "import", path, "--batch", BATCH, *options)


def listed(machine: Machine, *options: str) -> Any:
    """What `register list --json` answers."""
    return machine.json("register", "list", "--batch", BATCH, *options)


def paper(machine: Machine, file: str) -> Any:
    """One paper of the batch as `review show` answers, with its row of `batch show`."""
    (found,) = [each for each in machine.json("batch", "show", BATCH)["documents"] if each["file"] == file]
    return {**found, **machine.json("review", "show", found["id"])}


@pytest.fixture
def matched(quick_review: Machine, tmp_path: Path) -> Machine:
    """The batch after its register was imported and matched."""
    done = quick_review.run("register", "import", workbook(tmp_path / "sổ.xlsx"), "--batch", BATCH)
    assert done.returncode == 0, done.stderr
    done = quick_review.run("register", "match", "--batch", BATCH)
    assert done.returncode == 0, done.stderr
    return quick_review


def test_a_register_is_imported_with_its_columns_told_and_its_title_rows_left_out(
    quick_review: Machine, tmp_path: Path
) -> None:
    done = quick_review.run("register", "import", workbook(tmp_path / "sổ.xlsx"), "--batch", BATCH)
    assert (done.returncode, done.stderr) == (0, "")
    assert "B  Số ký hiệu → Số, ký hiệu" in done.stdout
    assert "bản 1: 4 dòng" in done.stdout
    assert listed(quick_review)["register"]["rows"] == 4


def test_the_same_register_again_changes_nothing_and_a_corrected_one_is_a_new_version(
    quick_review: Machine, tmp_path: Path
) -> None:
    path = workbook(tmp_path / "sổ.xlsx")
    assert imported(quick_review, path)["imported"] is True
    again = quick_review.run("register", "import", path, "--batch", BATCH)
    assert again.returncode == 0 and "không có gì thay đổi" in again.stdout
    assert imported(quick_review, path)["imported"] is False
    corrected = workbook(tmp_path / "sổ sửa.xlsx", RIGHT[:3])
    assert imported(quick_review, corrected)["register"]["version"] == 2
    assert listed(quick_review)["register"]["rows"] == 3


def test_scans_are_matched_one_to_one_with_confidence_and_evidence(matched: Machine) -> None:
    found = listed(matched)
    pairs = {pair["file"]: pair for pair in found["matched"]}
    assert {file: pair["row"] for file, pair in pairs.items()} == {"01.png": 4, "04.png": 6}
    assert all(pair["confidence"] >= 0.95 for pair in pairs.values())
    assert {"number", "owner_id", "owner_name"} <= set(pairs["01.png"]["agree"])
    assert names(found["rows"], "row") == [7]
    assert names(found["scans"], "file") == ["02.png"]
    # Of this scan the number alone could be read, which is too little to take the row.
    assert [(each["file"], each["row"], each["agree"]) for each in found["ambiguous"]] == [
        ("03.png", 5, ["number"])
    ]


def test_a_row_fills_the_date_that_could_not_be_read_and_says_that_it_is_the_registers(
    matched: Machine,
) -> None:
    held = paper(matched, "01.png")["fields"]["issue_date"]
    assert (held["value"], held["source"]) == ("2021-05-12", "register")


def test_a_paper_whose_only_question_the_register_answers_is_accepted_and_has_its_code(
    quick_review: Machine, tmp_path: Path
) -> None:
    before = paper(quick_review, "01.png")
    asked = {question["target"] for question in before["questions"] if question["required"]}
    assert before["route"] == "review"
    rest = asked - {"issue_date", "number", "owner_id", "owner_name"}
    for target in rest:
        assert target == "agency"
        done = quick_review.run("review", "set", before["id"], "agency=Ủy ban nhân dân xã Diên An")
        assert done.returncode == 0, done.stderr
    quick_review.run("register", "import", workbook(tmp_path / "sổ.xlsx"), "--batch", BATCH)
    assert quick_review.run("register", "match", "--batch", BATCH).returncode == 0
    after = paper(quick_review, "01.png")
    assert (after["route"], after["code"]) == ("accepted", "056221001234.KQ.G15.000031.123/2021.01")


def test_a_value_that_the_register_repeats_is_surer_than_before(
    quick_review: Machine, tmp_path: Path
) -> None:
    before = paper(quick_review, "04.png")["fields"]["number"]
    quick_review.run("register", "import", workbook(tmp_path / "sổ.xlsx"), "--batch", BATCH)
    quick_review.run("register", "match", "--batch", BATCH)
    after = paper(quick_review, "04.png")["fields"]["number"]
    assert (after["value"], after["source"]) == (before["value"], before["source"])
    assert after["confidence"] > before["confidence"]


def test_a_contradiction_is_a_finding_keeps_the_reading_and_waits_for_a_person(matched: Machine) -> None:
    found = listed(matched)
    assert [(each["file"], each["fields"]) for each in found["contradictions"]] == [("04.png", ["owner_id"])]
    held = paper(matched, "04.png")
    assert held["fields"]["owner_id"]["value"] == "056921001234"
    assert held["route"] == "review"
    shown = matched.run("review", "list", BATCH).stdout
    assert "Sổ đăng ký ghi" in shown and "056221007777" not in shown


def test_what_a_person_said_stands_above_the_register(matched: Machine) -> None:
    wrong = paper(matched, "04.png")["id"]
    done = matched.run("review", "set", wrong, "owner_id=056221001234")
    assert done.returncode == 0, done.stderr
    held = paper(matched, "04.png")["fields"]["owner_id"]
    assert (held["value"], held["source"]) == ("056221001234", "operator")
    assert listed(matched)["contradictions"] == []
    matched.run("register", "match", "--batch", BATCH)
    assert paper(matched, "04.png")["fields"]["owner_id"]["value"] == "056221001234"


def test_matching_again_changes_nothing(matched: Machine) -> None:
    first, shown = listed(matched), matched.json("batch", "show", BATCH)
    again = matched.json("register", "match", "--batch", BATCH)
    assert again["changed"] == []
    assert (listed(matched), matched.json("batch", "show", BATCH)) == (first, shown)


def test_rows_that_fit_a_paper_equally_well_are_listed_and_none_is_taken(
    quick_review: Machine, tmp_path: Path
) -> None:
    same = RIGHT[0][1:4]
    rows = [(1, *same, "", "Ủy ban nhân dân xã Diên An", ""), (2, *same, "", AGENCY, "bản hai"), *RIGHT[1:]]
    imported(quick_review, workbook(tmp_path / "sổ.xlsx", rows))
    found = quick_review.json("register", "match", "--batch", BATCH)
    assert "01.png" not in names(found["matched"], "file")
    assert sorted(each["row"] for each in found["ambiguous"] if each["file"] == "01.png") == [4, 5]


def test_numbers_are_the_same_whatever_their_spelling(quick_review: Machine, tmp_path: Path) -> None:
    rows = [(1, "0123 / 2021", "12.05.2021", "NGUYEN GIA HUY", "", "", "")]
    imported(quick_review, workbook(tmp_path / "sổ.xlsx", rows))
    (pair,) = quick_review.json("register", "match", "--batch", BATCH)["matched"]
    assert pair["file"] == "01.png" and {"number", "owner_name"} <= set(pair["agree"])


def test_a_corrected_register_takes_back_what_the_older_one_said(matched: Machine, tmp_path: Path) -> None:
    assert paper(matched, "01.png")["fields"]["issue_date"]["source"] == "register"
    imported(matched, workbook(tmp_path / "sổ sửa.xlsx", RIGHT[1:]))
    assert listed(matched)["matched"] is None
    matched.run("register", "match", "--batch", BATCH)
    assert paper(matched, "01.png")["fields"]["issue_date"]["value"] is None


def test_rows_without_scan_and_scans_without_row_are_lists_to_act_on(
    matched: Machine, tmp_path: Path
) -> None:
    assert names(listed(matched, "--unmatched", "rows")["rows"], "row") == [7]
    assert names(listed(matched, "--unmatched", "scans")["scans"], "file") == ["02.png"]
    shown = matched.run("register", "list", "--batch", BATCH).stdout
    assert "900/2021" in shown and "056321001111" not in shown
    out = tmp_path / "thiếu.csv"
    assert (
        matched.run("register", "list", "--batch", BATCH, "--unmatched", "rows", "--csv", out).returncode == 0
    )
    rows = list(csv.reader(out.read_text(encoding="utf-8-sig").splitlines()))
    assert len(rows) == 2 and out.stat().st_mode & 0o077 == 0
    assert (
        matched.run("register", "list", "--batch", BATCH, "--unmatched", "rows", "--csv", out).returncode == 2
    )
    assert matched.run("register", "list", "--batch", BATCH, "--unmatched", "giấy").returncode == 2


def test_a_rebuilt_catalogue_knows_the_register_its_pairs_and_its_values(matched: Machine) -> None:
    before = listed(matched)
    (matched.home / "catalogue.db").unlink()
    for extra in matched.home.glob("catalogue.db-*"):
        extra.unlink()
    done = matched.run("rebuild")
    assert done.returncode == 0, done.stderr
    assert listed(matched) == before
    assert paper(matched, "01.png")["fields"]["issue_date"]["source"] == "register"


def test_a_batch_without_register_or_of_no_name_says_so(quick_review: Machine) -> None:
    assert "chưa có sổ đăng ký" in quick_review.run("register", "list", "--batch", BATCH).stdout
    done = quick_review.run("register", "match", "--batch", BATCH)
    assert done.returncode == 2 and "register import" in done.stderr
    assert quick_review.run("register", "list", "--batch", "không có").returncode == 2


def test_a_register_in_the_batch_folder_is_named_until_it_is_imported_and_then_used_by_the_next_run(
    quick_review: Machine, digitised: Path, tmp_path: Path
) -> None:
    folder = digitised.parent / BATCH
    lying = workbook(folder / "register.xlsx")
    try:
        quick_review.run("digitize", folder, "--plain")
        rules = names(quick_review.json("batch", "show", BATCH)["findings"], "rule")
        assert "register_not_imported" in rules
        assert imported(quick_review, lying)["imported"] is True
        shutil.copy(folder / "03.png", folder / "06.png")
        quick_review.run("digitize", folder, "--plain")
        assert len(listed(quick_review)["matched"]) == 2
        rules = names(quick_review.json("batch", "show", BATCH)["findings"], "rule")
        assert "register_not_imported" not in rules
    finally:
        lying.unlink()
        (folder / "06.png").unlink(missing_ok=True)


def test_a_day_of_the_future_is_no_day_of_issue(quick_review: Machine, tmp_path: Path) -> None:
    rows = [(1, "1/2021", date(2199, 1, 1), NAME, "", "", ""), *RIGHT]
    done = imported(quick_review, workbook(tmp_path / "sổ.xlsx", rows))
    assert [(each["row"], each["code"]) for each in done["problems"]] == [(4, "day_impossible")]
