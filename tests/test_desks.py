"""One-stop desks: dated rows with their paper, exemptions, scanners, certificates; III.3-5 are never made up."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from configs.indicators import load_indicator_rules
from schemas.clock import today
from tests.backdated_home import imported, now, table
from tests.machine import Machine

HEAD = (
    "Cấp;Đơn vị;Bộ phận Một cửa;Nội dung dòng;Có hiệu lực từ ngày;Đến hết ngày;Thực hiện quy trình số hóa;"
    "Thực hiện từ ngày;Số máy quét;Chứng thư số;Lý do miễn;Số văn bản;Ngày văn bản;Người ký\n"
)
AN = "xã;Xã Diên An;Bộ phận Một cửa xã Diên An"
TOAN = "xã;Xã Diên Toàn;Bộ phận Một cửa"
LAM = "xã;Xã Diên Lâm;Bộ phận Một cửa"
REPORT = "45/BC-UBND;10/01/2023;Nguyễn Văn An"
RUNS = f"{AN};bộ phận;01/01/2022;;có;01/06/2022;2;;;{REPORT}"
NOT_YET = f"{TOAN};bộ phận;01/01/2022;;không;;0;;;{REPORT}"
UNSURE = f"{LAM};bộ phận;01/01/2022;;chưa rõ;;;;;{REPORT}"
EXEMPT = f"{TOAN};miễn thực hiện;01/01/2023;31/12/2023;;;;;xã vùng sâu;12/QĐ-UBND;20/12/2022;Trần Văn Bình"
SIGNS = f"{AN};chứng thư số;01/01/2022;15/02/2023;;;;5402BA1F;;{REPORT}"


def listed(machine: Machine, day: str, *options: str) -> dict[str, Any]:
    found: dict[str, Any] = machine.json("desks", "list", "--as-of", day, *options)
    return found


def level(report: dict[str, Any], name: str = "xa") -> dict[str, Any]:
    (row,) = [row for row in report["indicators"] if row["level"] == name]
    return dict(row)


def test_no_rows_are_no_figure_but_the_target_of_the_year_is_told(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    report = listed(machine, "2022-12-31")
    assert [(row["ref"], row["target"], row["rate"]) for row in report["indicators"]] == [
        ("III.3", 1, None),
        ("III.4", 0.5, None),
        ("III.4", 0.3, None),
    ]
    assert {row["reason"] for row in report["indicators"]} == {"no_rows"}
    said = machine.run("desks", "list", "--as-of", "2022-12-31").stdout
    assert said.count("chưa có số liệu") == 3 and " 0,00 %" not in said


def test_desks_that_run_are_counted_over_those_that_are_not_exempt_on_each_day(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    done = imported(machine, "desks", table(tmp_path, "bp.csv", HEAD, RUNS, NOT_YET, EXEMPT))
    assert (done["new"], len(done["sha256"])) == (3, 64)
    before, after = level(listed(machine, "2022-05-31")), level(listed(machine, "2022-06-01"))
    assert (before["running"], before["denominator"], before["rate"]) == (0, 2, {"low": 0, "high": 0})
    assert (after["running"], after["rate"], after["target_due"]) == (1, {"low": 0.5, "high": 0.5}, None)
    exempt = level(listed(machine, "2023-06-30"))
    assert (exempt["exempt"], exempt["denominator"], exempt["rate"]["low"]) == (1, 1, 1)
    assert (exempt["ref"], exempt["target"], exempt["target_due"]) == ("III.5", 0.6, 0.3)
    assert exempt["units_without_rows"] > 100
    over = level(listed(machine, "2024-01-01"))
    assert (over["exempt"], over["denominator"], over["target"]) == (0, 2, 0.9)
    said = machine.run("desks", "list", "--as-of", "2023-06-30").stdout
    assert "xã vùng sâu" in said and "đơn vị chưa gửi số liệu" in said and "có, từ 01/06/2022" in said


def test_a_desk_whose_row_does_not_say_widens_the_rate_and_is_no_desk_that_runs(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    imported(machine, "desks", table(tmp_path, "bp.csv", HEAD, RUNS, NOT_YET, UNSURE))
    found = level(listed(machine, "2022-12-31"))
    assert (found["running"], found["not_running"], found["unknown"]) == (1, 1, 1)
    assert found["rate"] == {"low": pytest.approx(1 / 3), "high": pytest.approx(2 / 3)}
    assert "33,33 % – 66,67 %" in machine.run("desks", "list", "--as-of", "2022-12-31").stdout


def test_an_exemption_at_a_level_that_the_plan_does_not_exempt_changes_nothing_and_is_told(
    tmp_path: Path,
) -> None:
    machine = Machine(tmp_path)
    desk = "huyện;Huyện Diên Khánh;Bộ phận Một cửa"
    rows = [
        f"{desk};bộ phận;01/01/2022;;không;;1;;;{REPORT}",
        f"{desk};miễn thực hiện;01/01/2022;;;;;;xa trung tâm;1/QĐ;01/01/2022;Bà Cúc",
    ]
    imported(machine, "desks", table(tmp_path, "bp.csv", HEAD, *rows))
    found = level(listed(machine, "2022-12-31"), "huyen")
    assert (found["denominator"], found["exempt"], found["exempt_without_effect"]) == (1, 0, 1)
    # Districts ended on 1/7/2025, and their desks with them.
    ended = listed(machine, "2025-12-31")
    gone = level(ended, "huyen")
    assert (gone["rate"], gone["reason"], gone["target"]) == (None, "level_ended", None)
    assert ended["desks"][0]["standing"] == "ended"


def test_only_desks_of_provincial_agencies_are_in_the_first_target(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    rows = [
        f"tỉnh;Sở Tư pháp;Bộ phận Một cửa;bộ phận;01/07/2021;;có;01/07/2021;1;;;{REPORT}",
        f"tỉnh;Tỉnh Khánh Hòa;Trung tâm Phục vụ hành chính công;bộ phận;01/07/2021;;không;;1;;;{REPORT}",
    ]
    imported(machine, "desks", table(tmp_path, "bp.csv", HEAD, *rows))
    report = listed(machine, "2021-12-31")
    assert level(report, "tinh")["rate"] == {"low": 1, "high": 1}
    assert sorted(desk["standing"] for desk in report["desks"]) == ["counted", "outside"]


def test_a_certificate_is_told_before_its_end_and_after_it_but_not_long_before(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    imported(machine, "desks", table(tmp_path, "bp.csv", HEAD, RUNS, SIGNS))
    warned = load_indicator_rules().warned_days(date(2023, 1, 1))
    assert warned == 60
    states = {
        day: [(each["state"], each["days"]) for each in listed(machine, day)["certificates"]]
        for day in ("2022-12-16", "2022-12-17", "2023-02-15", "2023-02-16")
    }
    assert list(states.values()) == [
        [("valid", 61)],
        [("ends_soon", 60)],
        [("ends_soon", 0)],
        [("expired", -1)],
    ]
    said = machine.run("desks", "list", "--as-of", "2023-02-25").stdout
    assert "5402BA1F" in said and "đã hết hạn ngày 15/02/2023, quá 10 ngày" in said
    assert level(listed(machine, "2023-02-25"))["without_valid_certificate"] == 1
    assert "5402BA1F" not in machine.run("desks", "list", "--as-of", "2022-10-01").stdout


def test_a_correction_is_known_from_its_moment_on_and_a_rebuilt_catalogue_holds_both(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    first = table(tmp_path, "bp.csv", HEAD, RUNS, SIGNS)
    imported(machine, "desks", first, "--operator", "chị Lan")
    moment = now()
    again = table(tmp_path, "bp2.csv", HEAD, RUNS.replace(";có;01/06/2022;2;", ";không;;3;"))
    assert imported(machine, "desks", again, "--operator", "anh Minh")["superseding"] == 1
    assert imported(machine, "desks", again)["known"] == 1
    then = listed(machine, "2022-12-31", "--known-at", moment)
    assert (level(then)["running"], level(listed(machine, "2022-12-31"))["running"]) == (1, 0)
    held = machine.json("desks", "list", "--history")["rows"]
    assert [(row["operator"], row["state"], row["document"]) for row in held] == [
        ("chị Lan", "superseded", "45/BC-UBND"),
        ("chị Lan", "in_force", "45/BC-UBND"),
        ("anh Minh", "in_force", "45/BC-UBND"),
    ]
    assert "chị Lan" in machine.run("desks", "list", "--history").stdout
    number = str(held[1]["id"])
    assert machine.run("desks", "withdraw", number, "--reason", "ghi nhầm chứng thư").returncode == 0
    before = machine.json("desks", "list", "--history")
    for path in machine.home.glob("catalogue.db*"):
        path.unlink()
    assert machine.run("rebuild").returncode == 0
    assert machine.json("desks", "list", "--history") == before
    assert listed(machine, "2022-12-31", "--known-at", moment) == then
    assert listed(machine, today().isoformat())["certificates"] == []


def test_an_exemption_of_a_desk_without_a_row_is_told(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    imported(machine, "desks", table(tmp_path, "bp.csv", HEAD, EXEMPT))
    assert listed(machine, "2023-06-30")["orphans"] == [1]
    assert "kiểm tra tên bộ phận" in machine.run("desks", "list", "--as-of", "2023-06-30").stdout


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        (RUNS.replace("bộ phận;", "quầy;"), "Nội dung dòng", "quầy"),
        (RUNS.replace(";có;", ";hình như;"), "Thực hiện quy trình số hóa", "hình như"),
        (RUNS.replace("01/06/2022", ""), "Thực hiện từ ngày", "ô trống"),
        (RUNS.replace("01/06/2022", "01/06/2999"), "Thực hiện từ ngày", "chưa đến"),
        (NOT_YET.replace(";không;;", ";không;01/02/2022;"), "Thực hiện từ ngày", "không ghi là đang"),
        (RUNS.replace(";2;;", ";-2;;"), "Số máy quét", "số âm"),
        (RUNS.replace("Xã Diên An;", "Xã Không Có;"), "Đơn vị", "Xã Không Có"),
        (RUNS.replace("01/01/2022;;", "01/01/2022;31/12/2021;"), "Đến hết ngày", "trước ngày đầu"),
        (RUNS.replace("01/01/2022", "01/01/1022"), "Có hiệu lực từ ngày", "ngoài các năm"),
        (RUNS.replace("45/BC-UBND", ""), "Số văn bản", "không có văn bản"),
        (EXEMPT.replace("Trần Văn Bình", ""), "Người ký", "không có văn bản"),
        (EXEMPT.replace("xã vùng sâu", ""), "Lý do miễn", "ô trống"),
        (SIGNS.replace("15/02/2023", ""), "Đến hết ngày", "ô trống"),
        (SIGNS.replace(";;5402BA1F", ";3;5402BA1F"), "Số máy quét", "chỉ dành cho dòng “bộ phận”"),
        (RUNS.replace(";có;", ";=1+1;"), "Thực hiện quy trình số hóa", "công thức"),
    ],
)
def test_a_row_that_cannot_be_is_refused_by_row_and_column_and_nothing_is_imported(
    tmp_path: Path, row: str, column: str, said: str
) -> None:
    machine = Machine(tmp_path)
    good = f"xã;Xã Suối Tiên;Bộ phận Một cửa;bộ phận;01/01/2022;;không;;;;;{REPORT}"
    done = machine.run("desks", "import", table(tmp_path, "bp.csv", HEAD, good, row))
    assert done.returncode == 2 and "dòng 3" in done.stderr, done.stderr
    assert f"“{column}”" in done.stderr and said in done.stderr, done.stderr
    assert machine.json("desks", "list", "--history")["rows"] == []


def test_the_paper_behind_a_whole_table_may_be_named_on_the_command_line(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    bare = [row.replace(REPORT, ";;") for row in (RUNS, NOT_YET)]
    path = table(tmp_path, "bp.csv", HEAD, *bare)
    assert machine.run("desks", "import", path).returncode == 2
    options = ("--document", "9/BC-UBND", "--dated", "2023-01-05", "--signer", "Ông Dũng")
    imported(machine, "desks", path, *options)
    rows = machine.json("desks", "list", "--history")["rows"]
    assert {(row["document"], row["document_date"], row["signer"]) for row in rows} == {
        ("9/BC-UBND", "2023-01-05", "Ông Dũng")
    }


def test_a_desk_named_twice_for_one_day_is_refused(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    twice = RUNS.replace("Bộ phận Một cửa xã", "bộ phận  một cửa xã")
    done = machine.run("desks", "import", table(tmp_path, "bp.csv", HEAD, RUNS, twice))
    assert done.returncode == 2 and "trùng dòng 2" in done.stderr


def test_the_template_of_desks_is_filled_in_and_read_back(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    out = tmp_path / "mẫu.xlsx"
    assert machine.run("desks", "template", out).returncode == 0
    empty = machine.run("desks", "import", out)
    assert empty.returncode == 2 and "không có dòng số liệu nào" in empty.stderr
    book = load_workbook(out)
    book.worksheets[0].append([cell or None for cell in RUNS.split(";")])
    book.save(out)
    assert imported(machine, "desks", out)["new"] == 1
    assert level(listed(machine, "2022-12-31"))["running"] == 1


def test_an_identifier_in_the_words_of_a_row_is_not_shown(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    imported(
        machine, "desks", table(tmp_path, "bp.csv", HEAD, RUNS, SIGNS.replace("5402BA1F", "056221001234"))
    )
    for options in (("--as-of", "2023-02-25"), ("--history",)):
        shown = machine.run("desks", "list", *options).stdout
        assert "056221001234" not in shown and "056*******34" in shown
        assert "056221001234" not in json.dumps(machine.json("desks", "list", *options))
