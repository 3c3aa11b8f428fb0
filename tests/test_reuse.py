"""Dossiers by period: III.9-11 and group 4 of index 766 are sums over sums of what was handed in, and nothing else."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from configs.indicators import load_indicator_rules
from configs.loader import load_mergers, load_units
from quality.reuse import points_of, reuse_report
from quality.unit_register import UnitRegister
from schemas.errors import UsageError
from schemas.facts import Fact, Origin
from schemas.indicators import IndexRule, ReuseRow, Share
from storage.catalogue import facts
from tests.backdated_home import imported, now, table
from tests.machine import Machine
from tests.papers import new_catalogue

HEAD = (
    "Cấp;Đơn vị;Kỳ từ ngày;Kỳ đến ngày;Hồ sơ tiếp nhận;Hồ sơ có thành phần tái sử dụng;"
    "Hồ sơ tiếp nhận trực tuyến;Hồ sơ luân chuyển nội bộ;Luân chuyển bằng phương tiện điện tử;"
    "Hồ sơ đã giải quyết;Đã giải quyết và số hóa, lưu trữ, tái sử dụng được;4.1 Hồ sơ phải trả kết quả giấy;"
    "4.1 Có kết quả điện tử;4.2 Tổng số hồ sơ;4.2 Đã số hóa hồ sơ, kết quả;"
    "4.4 Kết nối kho dữ liệu cá nhân, tổ chức;Minh chứng\n"
)
AN = "xã;Xã Diên An;01/01/2023;31/03/2023;1.000;900;500;800;700;950;950;600;300;1.000;799;10;Báo cáo 7"
TOAN = "xã;Xã Diên Toàn;01/01/2023;31/03/2023;10;1;10;8;0;5;4;;;;;;Báo cáo 8"


def listed(machine: Machine, *options: str) -> dict[str, Any]:
    found: dict[str, Any] = machine.json("reuse", "list", *options)
    return found


def share(report: dict[str, Any], measure: str) -> dict[str, Any]:
    (row,) = [row for row in report["shares"] if row["measure"] == measure]
    return dict(row)


def figure(report: dict[str, Any], name: str) -> dict[str, Any]:
    (row,) = [row for row in report["index"] if row["id"] == name]
    return dict(row)


def test_nothing_handed_in_is_no_figure_and_no_points(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    report = listed(machine, "--from", "2023-01-01", "--to", "2023-12-31")
    assert {(row["rate"], row["reason"]) for row in report["shares"]} == {(None, "no_rows")}
    assert {(row["value"], row["points"], row["points_reason"]) for row in report["index"]} == {
        (None, None, "no_rows")
    }
    said = machine.run("reuse", "list").stdout
    assert "không có số liệu" in said and "0,00 %" not in said and "lượt tra cứu không tính" in said


def test_shares_are_sums_over_sums_beside_the_target_of_their_year(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    imported(machine, "reuse", table(tmp_path, "hs.csv", HEAD, AN, TOAN))
    report = listed(machine)
    reused = share(report, "reused")
    assert (reused["numerator"], reused["denominator"]) == (901, 1010)
    assert reused["rate"] == pytest.approx(901 / 1010)  # the mean of 90 % and 10 % is 50 %
    assert (reused["ref"], reused["target"], reused["target_period"]) == ("III.10", 0.8, 2023)
    assert [
        (row["numerator"], row["denominator"], row["target"]) for row in report["shares"] if row != reused
    ] == [
        (510, 1010, 0.5),
        (700, 808, 0.8),
        (954, 955, 1),
    ]
    units = {row["unit"]: row["shares"]["reused"]["rate"] for row in report["units"]}
    assert units == {"Xã Diên An": 0.9, "Xã Diên Toàn": 0.1, None: pytest.approx(901 / 1010)}
    assert report["units_without_rows"]["xa"] > 100
    said = machine.run("reuse", "list").stdout
    assert "đơn vị chưa gửi số liệu" in said
    assert "901/1.010 (89,21 %)" in said and "954/955 (99,90 %)" in said and "Cộng cả cấp" in said


def test_the_index_has_two_decimals_and_no_points_while_no_maximum_is_set(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    imported(machine, "reuse", table(tmp_path, "hs.csv", HEAD, AN, TOAN))
    report = listed(machine)
    assert {name: figure(report, name)["value"] for name in ("4.1", "4.2", "4.3", "4.4")} == {
        "4.1": "50.00",
        "4.2": "79.90",
        "4.3": "89.21",
        "4.4": "1.00",
    }
    assert {row["points_reason"] for row in report["index"]} == {"maximum_unset"}
    assert "chưa đặt điểm tối đa" in machine.run("reuse", "list").stdout
    assert "N/A" not in machine.run("reuse", "list").stdout


def test_a_denominator_of_nought_is_not_applicable_and_not_nought_percent(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    row = "xã;Xã Diên An;01/01/2023;31/03/2023;0;0;0;;;;;;;;;0;Báo cáo 7"
    imported(machine, "reuse", table(tmp_path, "hs.csv", HEAD, row))
    report = listed(machine)
    assert (share(report, "reused")["rate"], share(report, "reused")["reason"]) == (None, "zero")
    assert (share(report, "solved")["rate"], share(report, "solved")["reason"]) == (None, "no_rows")
    assert [figure(report, name)["value"] for name in ("4.2", "4.3", "4.4")] == [None, "N/A", "N/A"]
    assert "N/A" in machine.run("reuse", "list").stdout


def test_a_row_with_only_one_of_two_numbers_is_in_neither_sum_and_is_told(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    alone = "xã;Xã Diên Toàn;01/01/2023;31/03/2023;;400;;;;;;;;;;;Báo cáo 8"
    imported(machine, "reuse", table(tmp_path, "hs.csv", HEAD, AN, alone))
    reused = share(listed(machine), "reused")
    assert (reused["numerator"], reused["denominator"], reused["left_out"]) == (900, 1000, 1)
    assert "1 dòng chỉ có tử số hoặc mẫu số" in machine.run("reuse", "list").stdout


def test_only_periods_that_lie_within_the_days_are_counted_and_a_cut_one_is_told(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    later = AN.replace("01/01/2023;31/03/2023", "01/04/2023;30/06/2023").replace(";900;", ";100;")
    imported(machine, "reuse", table(tmp_path, "hs.csv", HEAD, AN, later))
    assert share(listed(machine), "reused")["numerator"] == 1000
    first = listed(machine, "--from", "2023-01-01", "--to", "2023-05-31")
    assert (share(first, "reused")["numerator"], first["counted"], first["cut"]) == (900, [1], [2])
    assert share(listed(machine, "--from", "2022-01-01", "--to", "2023-12-31"), "reused")["target"] is None
    assert machine.run("reuse", "list", "--from", "2023-02-01", "--to", "2023-01-01").returncode == 2


def test_a_unit_of_former_ninh_thuan_is_in_the_index_but_not_in_the_plans_shares(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    there = "xã;Phường Phan Rang;01/07/2025;30/09/2025;10;1;;;;;;;;;;;Báo cáo 9"
    here = "xã;Xã Diên Khánh;01/07/2025;30/09/2025;100;90;;;;;;;;;;;Báo cáo 9"
    imported(machine, "reuse", table(tmp_path, "hs.csv", HEAD, here, there))
    report = listed(machine)
    assert share(report, "reused")["denominator"] == 100 and len(report["outside"]) == 1
    assert figure(report, "4.3")["denominator"] == 110


def test_a_second_import_of_a_period_is_a_new_vintage_and_rebuild_restores_both(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    quota = machine.json("quota")["rows"]
    done = imported(machine, "reuse", table(tmp_path, "hs.csv", HEAD, AN), "--operator", "chị Lan")
    moment = now()
    again = table(tmp_path, "hs2.csv", HEAD, AN.replace(";900;", ";850;"))
    options = ("--operator", "anh Minh", "--document", "5/BC-UBND", "--dated", "2023-05-01")
    assert (done["new"], imported(machine, "reuse", again, *options)["superseding"]) == (1, 1)
    then = listed(machine, "--known-at", moment)
    assert share(then, "reused")["numerator"] == 900 and share(listed(machine), "reused")["numerator"] == 850
    held = machine.json("reuse", "list", "--history")
    assert [
        (row["operator"], row["document"], row["file"], row["state"], row["reused"]) for row in held["rows"]
    ] == [
        ("chị Lan", None, "hs.csv", "superseded", 900),
        ("anh Minh", "5/BC-UBND", "hs2.csv", "in_force", 850),
    ]
    assert "5/BC-UBND" in machine.run("reuse", "list", "--history").stdout
    for path in machine.home.glob("catalogue.db*"):
        path.unlink()
    assert machine.run("rebuild").returncode == 0
    assert machine.json("reuse", "list", "--history") == held
    assert listed(machine, "--known-at", moment) == then
    assert machine.json("quota")["rows"] == quota


def test_a_period_that_overlaps_another_of_its_unit_is_refused_until_that_is_withdrawn(
    tmp_path: Path,
) -> None:
    machine = Machine(tmp_path)
    half = AN.replace("31/03/2023", "30/06/2023")
    both = machine.run("reuse", "import", table(tmp_path, "hs.csv", HEAD, AN, half))
    assert both.returncode == 2 and "dòng 3" in both.stderr and "kỳ ở dòng 2" in both.stderr
    imported(machine, "reuse", table(tmp_path, "nửa năm.csv", HEAD, half))
    refused = machine.run("reuse", "import", table(tmp_path, "quý.csv", HEAD, AN))
    assert refused.returncode == 2 and "01/01/2023–30/06/2023" in refused.stderr
    assert "sohoa reuse withdraw 1" in refused.stderr
    assert machine.run("reuse", "withdraw", "1", "--reason", "chia theo quý").returncode == 0
    assert imported(machine, "reuse", table(tmp_path, "quý.csv", HEAD, AN))["new"] == 1
    other = AN.replace("Xã Diên An", "Xã Diên Toàn").replace("31/03/2023", "30/06/2023")
    assert imported(machine, "reuse", table(tmp_path, "khác.csv", HEAD, other))["new"] == 1


def test_two_imports_at_one_time_cannot_bring_a_day_in_twice(tmp_path: Path) -> None:
    database = new_catalogue(tmp_path)
    row = ReuseRow(
        level="xa", unit="Xã Diên An", period_from=date(2023, 1, 1), period_to=date(2023, 3, 31), received=1
    )
    facts.enter(database, facts.REUSE, [row], Origin(operator="a"))
    cut = row.model_copy(update={"period_to": date(2023, 1, 31)})
    with pytest.raises(UsageError) as refused:
        facts.enter(database, facts.REUSE, [cut], Origin(operator="b"))
    assert refused.value.remedy == "reuse_overlap"
    assert len(facts.history(database, facts.REUSE)) == 1
    database.close()


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        (AN.replace(";900;", ";1001;"), "Hồ sơ có thành phần tái sử dụng", "1001 lớn hơn 1000"),
        (AN.replace(";700;", ";801;"), "Luân chuyển bằng phương tiện điện tử", "801 lớn hơn 800"),
        (AN.replace(";799;", ";1.001;"), "4.2 Đã số hóa hồ sơ, kết quả", "lớn hơn"),
        (AN.replace(";10;Báo", ";1001;Báo"), "4.4 Kết nối kho dữ liệu cá nhân, tổ chức", "lớn hơn"),
        (AN.replace(";900;", ";-9;"), "Hồ sơ có thành phần tái sử dụng", "số âm"),
        (AN.replace(";900;", ";90%;"), "Hồ sơ có thành phần tái sử dụng", "tỷ lệ"),
        (AN.replace(";900;", ";1,5;"), "Hồ sơ có thành phần tái sử dụng", "số lẻ"),
        (AN.replace("Báo cáo 7", ""), "Minh chứng", "ô trống"),
        (AN.replace("31/03/2023", "31/03/2999"), "Kỳ đến ngày", "chưa đến"),
        (AN.replace("31/03/2023", "31/12/2022"), "Kỳ đến ngày", "trước ngày đầu"),
        (AN.replace("01/01/2023", "01/01/0023"), "Kỳ từ ngày", "ngoài các năm"),
        (AN.replace("Xã Diên An", "Xã Không Có"), "Đơn vị", "Xã Không Có"),
        ("xã;Xã Diên An;01/01/2023;31/03/2023;;;;;;;;;;;;;Báo cáo 7", None, "không có số liệu nào"),
    ],
)
def test_counts_that_cannot_be_are_refused_by_row_and_column_and_nothing_is_imported(
    tmp_path: Path, row: str, column: str | None, said: str
) -> None:
    machine = Machine(tmp_path)
    done = machine.run("reuse", "import", table(tmp_path, "hs.csv", HEAD, TOAN, row))
    assert done.returncode == 2 and "dòng 3" in done.stderr and said in done.stderr, done.stderr
    assert column is None or f"“{column}”" in done.stderr, done.stderr
    assert machine.json("reuse", "list", "--history")["rows"] == []


def test_a_workbook_that_is_broken_or_of_another_kind_is_refused_without_a_traceback(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    broken = tmp_path / "hỏng.xlsx"
    broken.write_bytes(b"PK\x03\x04 nothing of the kind")
    other = tmp_path / "khác.xlsx"
    book = Workbook()
    book.worksheets[0].append(["Tên", "Tuổi"])
    book.save(other)
    short = table(tmp_path, "thiếu.csv", "Đơn vị;Kỳ từ ngày\n", "Xã Diên An;01/01/2023")
    for path, said in ((broken, "sổ tính hỏng"), (other, "không thấy bảng"), (short, "thiếu cột")):
        done = machine.run("reuse", "import", path)
        assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr, done.stderr


def test_the_template_of_dossiers_is_filled_in_and_read_back(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    out = tmp_path / "mẫu.xlsx"
    assert machine.run("reuse", "template", out).returncode == 0
    book = load_workbook(out)
    book.worksheets[0].append([cell or None for cell in AN.split(";")])
    book.save(out)
    assert imported(machine, "reuse", out)["new"] == 1
    assert share(listed(machine), "reused")["numerator"] == 900


def test_an_identifier_in_the_evidence_is_not_shown(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    row = AN.replace("Báo cáo 7", "Báo cáo 056221001234")
    imported(machine, "reuse", table(tmp_path, "hs.csv", HEAD, row))
    assert "056221001234" not in machine.run("reuse", "list", "--history").stdout
    assert "056221001234" not in json.dumps(machine.json("reuse", "list", "--history"))


def of(numerator: int, denominator: int) -> Share:
    rate = numerator / denominator if denominator else None
    reason = None if denominator else "zero"
    return Share(numerator=numerator, denominator=denominator, rate=rate, reason=reason, rows=1, left_out=0)


@pytest.mark.parametrize(
    ("numerator", "denominator", "points"),
    [(80, 100, "6.00"), (100, 100, "6.00"), (79999, 100000, "6.00"), (40, 100, "3.00"), (1, 3, "2.50")],
)
def test_points_are_all_from_eighty_percent_on_and_in_proportion_below(
    numerator: int, denominator: int, points: str
) -> None:
    rule = IndexRule(id="4.2", maximum=6, threshold=0.8)
    assert points_of(of(numerator, denominator), rule) == (points, None)


def test_points_are_rounded_half_up_and_never_given_without_a_rule() -> None:
    # 1 % of 6 points over 80 % is 0.075.
    assert points_of(of(1, 100), IndexRule(id="4.3", maximum=6, threshold=0.8)) == ("0.08", None)
    assert points_of(of(1, 100), IndexRule(id="4.1", maximum=6)) == (None, "rule_unknown")
    assert points_of(of(1, 100), IndexRule(id="4.2", threshold=0.8)) == (None, "maximum_unset")
    assert points_of(of(1, 100), None) == (None, "maximum_unset")
    assert points_of(of(0, 0), IndexRule(id="4.2", maximum=6, threshold=0.8)) == (None, "zero")


def test_the_shipped_rules_name_no_maximum_and_each_its_source() -> None:
    rules = load_indicator_rules()
    assert {row.maximum for row in rules.index} == {None}
    assert all(row.source for row in (*rules.index, *rules.targets, *rules.certificate))
    found = {
        (measure, level, year): row.share
        for measure, level, year in (
            ("desks", "tinh", 2021),
            ("desks", "huyen", 2023),
            ("desks", "xa", 2024),
            ("desks", "xa", 2025),
            ("reused", None, 2022),
            ("solved", None, 2026),
        )
        if (row := rules.target(measure, level, year, date(year, 12, 31)))
    }
    assert list(found.values()) == [1, 0.8, 0.9, 1, 0.3, 1]
    assert rules.target("online", None, 2022, date(2022, 12, 31)) is None


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)), max_size=12))
def test_the_sum_of_the_parts_is_the_whole_whatever_was_handed_in(counts: list[tuple[int, int]]) -> None:
    rows = [
        ReuseRow(
            level="xa",
            unit=f"Xã {number}",
            period_from=date(2023, 1, 1),
            period_to=date(2023, 3, 31),
            received=max(pair),
            reused=min(pair),
        )
        for number, pair in enumerate(counts)
    ]
    held = [Fact[ReuseRow](id=number, row=row, origin=Origin()) for number, row in enumerate(rows)]
    report = reuse_report(held, None, None, None, register=REGISTER, rules=load_indicator_rules())
    reused = report.shares[0]
    assert (reused.numerator or 0) == sum(map(min, counts))
    assert (reused.denominator or 0) == sum(map(max, counts))
    assert (reused.rate is None) == (not any(map(max, counts)))
    assert reused.rate is None or 0 <= reused.rate <= 1


REGISTER = UnitRegister(load_units(), load_mergers())
