"""Facts with two times: a day asked as known before answers as before; nothing is overwritten, all says who and by what."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from schemas.clock import today
from tests.backdated_home import (
    ELSEWHERE_HEAD,
    END_OF_2021,
    HEAD,
    REVOKED_HEAD,
    imported,
    now,
    set_back,
    table,
    unit_row,
)
from tests.kept_home import by_file
from tests.machine import Machine

TWENTY = "xã;Xã Diên An;Giấy khai sinh;2021;20;theo sổ;Sổ hộ tịch 2021"
FORTY = "xã;Xã Diên An;Giấy khai sinh;2021;40;kiểm đếm;Biên bản kiểm kê lại"


@pytest.fixture
def past(machine: Machine) -> Machine:
    """Two coded births of Xã Diên An, digitised in 2021."""
    set_back(machine)
    return machine


def test_a_closed_day_asked_as_known_before_a_second_inventory_gives_exactly_the_first_figure(
    past: Machine, tmp_path: Path
) -> None:
    imported(past, "inventory", table(tmp_path, "một.csv", HEAD, TWENTY))
    first, before = unit_row(past), now()
    assert (first["inventory"], first["rate"]) == (20, {"low": 0.1, "high": 0.1})
    done = imported(past, "inventory", table(tmp_path, "hai.csv", HEAD, FORTY))
    assert (done["new"], done["superseding"], done["known"]) == (0, 1, 0)
    assert unit_row(past)["rate"] == {"low": 0.05, "high": 0.05}
    assert unit_row(past, "--known-at", before) == first
    answer = past.json("quota", "--as-of", END_OF_2021, "--known-at", before)
    assert answer["known_at"] == before
    assert past.json("quota", "--as-of", END_OF_2021)["known_at"] is None
    assert "theo hiểu biết lúc" in past.run("quota", "--as-of", END_OF_2021, "--known-at", before).stdout
    # A day as the moment means its end; before 2021 nothing was known at all.
    assert unit_row(past, "--known-at", today().isoformat()) == unit_row(past)
    known_nothing = past.json("quota", "--as-of", END_OF_2021, "--known-at", "2020-01-01")["rows"]
    assert all(not row["digitised"] and row["inventory"] is None for row in known_nothing)


@pytest.mark.parametrize("moment", ["hôm qua", "2021-12-31T10:00:00", "2021-13-01", "9999999"])
def test_a_moment_that_is_none_is_named_with_its_remedy(past: Machine, moment: str) -> None:
    done = past.run("quota", "--known-at", moment)
    assert done.returncode == 2 and "2026-11-30T08:00:00+07:00" in done.stderr
    assert past.run("quota", "--known-at", "2026-11-30T08:00:00+07:00").returncode == 0


def test_the_history_of_an_inventory_shows_who_when_and_by_which_paper(past: Machine, tmp_path: Path) -> None:
    by = ("--document", "05/BB-UBND", "--dated", "10/01/2022", "--signer", "Trần Văn Bình")
    imported(past, "inventory", table(tmp_path, "một.csv", HEAD, TWENTY), *by, "--operator", "anh Minh")
    imported(past, "inventory", table(tmp_path, "hai.csv", HEAD, FORTY), "--document", "09/BB-UBND")
    (live,) = past.json("inventory", "list")["rows"]
    assert (live["count"], live["document"], live["operator"]) == (40, "09/BB-UBND", "chị Lan")
    old, new = past.json("inventory", "list", "--history")["rows"]
    assert (old["count"], old["state"], old["operator"]) == (20, "superseded", "anh Minh")
    assert (old["document"], old["document_date"], old["signer"]) == (
        "05/BB-UBND",
        "2022-01-10",
        "Trần Văn Bình",
    )
    assert old["superseded_at"] == new["known_at"] and len(old["sha256"]) == 64 and old["event"]
    shown = past.run("inventory", "list", "--history").stdout
    assert "anh Minh nhập" in shown and "tệp một.csv, theo 05/BB-UBND, 10/01/2022, Trần Văn Bình" in shown
    assert "đã có dòng thay" in shown and "đang dùng" in shown


def test_the_same_inventory_twice_changes_nothing_and_makes_no_history(past: Machine, tmp_path: Path) -> None:
    path = table(tmp_path, "một.csv", HEAD, TWENTY)
    imported(past, "inventory", path)
    assert imported(past, "inventory", path)["known"] == 1
    assert len(past.json("inventory", "list", "--history")["rows"]) == 1


def test_a_revision_that_is_true_from_a_later_day_leaves_earlier_days(past: Machine, tmp_path: Path) -> None:
    imported(past, "inventory", table(tmp_path, "một.csv", HEAD, TWENTY))
    imported(past, "inventory", table(tmp_path, "hai.csv", HEAD, FORTY), "--effective", "01/06/2023")
    assert unit_row(past)["inventory"] == 20
    assert unit_row(past, "--as-of", "2023-05-31")["inventory"] == 20
    assert unit_row(past, "--as-of", "2023-06-01")["inventory"] == 40
    (row,) = past.json("inventory", "list", "--as-of", "2023-05-31")["rows"]
    assert row["count"] == 20


def test_a_wrong_inventory_row_is_withdrawn_with_its_reason(past: Machine, tmp_path: Path) -> None:
    imported(past, "inventory", table(tmp_path, "một.csv", HEAD, TWENTY))
    (row,) = past.json("inventory", "list")["rows"]
    before = now()
    assert past.run("inventory", "withdraw", str(row["id"])).returncode == 2
    assert past.run("inventory", "withdraw", str(row["id"]), "--reason", " ").returncode == 2
    assert past.json("inventory", "withdraw", str(row["id"]), "--reason", "nhầm xã")["withdrawn"] == row["id"]
    assert unit_row(past)["inventory"] is None
    assert unit_row(past, "--known-at", before)["inventory"] == 20
    again = past.run("inventory", "withdraw", str(row["id"]), "--reason", "nhầm xã")
    assert again.returncode == 2 and "list" in again.stderr
    assert past.run("inventory", "withdraw", "77", "--reason", "x").returncode == 2
    assert past.json("inventory", "list", "--history")["rows"][-1]["withdrawn"] == "nhầm xã"
    imported(past, "inventory", table(tmp_path, "một.csv", HEAD, TWENTY))
    assert unit_row(past)["inventory"] == 20


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_an_exported_inventory_is_private_and_read_back_as_it_was(
    past: Machine, tmp_path: Path, suffix: str
) -> None:
    row = 'xã;Xã Diên An;Giấy khai sinh;2021;1.234;theo sổ;"=HYPERLINK(1)"'
    bad = past.run("inventory", "import", table(tmp_path, "x.csv", HEAD, row))
    assert bad.returncode == 2  # a formula is refused at the door
    imported(past, "inventory", table(tmp_path, "một.csv", HEAD, TWENTY.replace(";20;", ";1.234;")))
    out = tmp_path / f"ra.{suffix}"
    assert past.run("inventory", "export", out).returncode == 0
    assert out.stat().st_mode & 0o077 == 0
    assert past.run("inventory", "export", out).returncode == 2
    assert past.run("inventory", "export", tmp_path / "ra.pdf").returncode == 2
    assert imported(past, "inventory", out)["known"] == 1
    assert unit_row(past)["inventory"] == 1234


def test_a_code_voided_in_a_later_year_leaves_the_earlier_years_figure(past: Machine, tmp_path: Path) -> None:
    imported(past, "inventory", table(tmp_path, "một.csv", HEAD, TWENTY))
    first, before = unit_row(past), now()
    code = by_file(past)["b.png"]["code"]
    assert past.run("code", "void", code, "--reason", "cấp nhầm").returncode == 0
    assert unit_row(past) == first
    assert unit_row(past, "--as-of", today().isoformat())["digitised"] == first["digitised"] - 1
    asked = ("--as-of", today().isoformat(), "--known-at", before)
    assert unit_row(past, *asked)["digitised"] == first["digitised"]


def test_a_person_who_declares_a_paper_expired_leaves_the_years_before(past: Machine) -> None:
    first, live = unit_row(past), unit_row(past, "--as-of", today().isoformat())
    paper = by_file(past)["b.png"]["id"]
    assert past.run("review", "set", paper, "validity=hết hiệu lực").returncode == 0
    assert unit_row(past) == first
    assert unit_row(past, "--as-of", today().isoformat())["digitised"] == live["digitised"] - 1


def test_a_person_may_name_the_day_from_which_a_paper_is_expired(past: Machine) -> None:
    first, before = unit_row(past), now()
    paper = by_file(past)["b.png"]["id"]
    for wrong in ("còn hiệu lực từ 01/03/2022", "hết hiệu lực từ 31/02/2022", "hết hiệu lực từ 01/01/2999"):
        assert past.run("review", "set", paper, f"validity={wrong}").returncode == 2, wrong
    done = past.run("review", "set", paper, "validity=hết hiệu lực từ 01/03/2022")
    assert done.returncode == 0, done
    assert "hết hiệu lực từ 01/03/2022" in past.run("review", "show", paper).stdout
    assert unit_row(past) == first
    assert unit_row(past, "--as-of", "2022-02-28")["digitised"] == first["digitised"]
    assert unit_row(past, "--as-of", "2022-03-01")["digitised"] == first["digitised"] - 1
    asked = ("--as-of", "2022-03-01", "--known-at", before)
    assert unit_row(past, *asked)["digitised"] == first["digitised"]


def test_a_person_who_says_in_force_wins_over_a_printed_end_that_has_passed(past: Machine) -> None:
    """Lengthened by another paper; an end that is still to come goes on counting."""
    day = ("--as-of", today().isoformat())
    whole = unit_row(past, *day)["digitised"]
    paper = by_file(past)["b.png"]["id"]
    assert past.run("review", "set", paper, "expiry_date=01/03/2022").returncode == 0
    assert unit_row(past, *day)["digitised"] == whole - 1
    assert past.run("review", "set", paper, "validity=còn hiệu lực").returncode == 0
    assert unit_row(past, *day)["digitised"] == whole
    assert past.run("review", "set", paper, "expiry_date=01/03/2090").returncode == 0
    assert unit_row(past, *day)["digitised"] == whole
    assert unit_row(past, "--as-of", "2090-03-02")["digitised"] == whole - 1


def test_results_elsewhere_imported_again_with_corrected_evidence_are_not_added(
    past: Machine, tmp_path: Path
) -> None:
    count = "Xã Diên An;Giấy khai sinh;15/06/2021;500;;;;Báo cáo 77"
    single = "Xã Diên An;Giấy khai sinh;15/06/2021;;056190001234;KQ.G15.000031;7/2019;"
    imported(past, "elsewhere", table(tmp_path, "một.csv", ELSEWHERE_HEAD, count, single))
    assert unit_row(past)["elsewhere"] == 501
    before = now()
    corrected = count.replace("Báo cáo 77", "Báo cáo 78/BC-UBND").replace("500", "450")
    done = imported(past, "elsewhere", table(tmp_path, "hai.csv", ELSEWHERE_HEAD, corrected, single + "sổ 4"))
    assert (done["new"], done["superseding"]) == (0, 2)
    assert unit_row(past)["elsewhere"] == 451
    assert unit_row(past, "--known-at", before)["elsewhere"] == 501
    shown = past.run("elsewhere", "list", "--history", "--json").stdout
    assert "056190001234" not in shown and len(json.loads(shown)["rows"]) == 4
    rows = past.json("elsewhere", "list")["rows"]
    number = next(str(row["id"]) for row in rows if row["count"] == 450)
    assert past.json("elsewhere", "withdraw", number, "--reason", "không có thật")["withdrawn"] == int(number)
    assert unit_row(past)["elsewhere"] == 1


def test_two_counts_of_one_unit_kind_and_day_are_refused_with_what_to_do(
    past: Machine, tmp_path: Path
) -> None:
    count = "Xã Diên An;Giấy khai sinh;15/06/2021;500;;;;Báo cáo "
    done = past.run(
        "elsewhere", "import", table(tmp_path, "một.csv", ELSEWHERE_HEAD, count + "77", count + "78")
    )
    assert done.returncode == 2 and "dòng 3" in done.stderr and "Cộng thành một dòng" in done.stderr


def test_a_revocation_takes_its_paper_out_from_its_day_on(past: Machine, tmp_path: Path) -> None:
    first, before = unit_row(past), now()
    revoked = "Xã Diên An;Giấy khai sinh;132 / 2021;01/03/2023;thu hồi;12/QĐ-UBND;25/02/2023;Nguyễn Văn An"
    unknown = "Xã Diên An;Giấy khai sinh;999/2021;01/03/2023;;12/QĐ-UBND;25/02/2023;"
    imported(past, "revocations", table(tmp_path, "một.csv", REVOKED_HEAD, revoked, unknown))
    assert unit_row(past) == first
    assert unit_row(past, "--as-of", "2023-02-28")["digitised"] == first["digitised"]
    assert unit_row(past, "--as-of", "2023-03-01")["digitised"] == first["digitised"] - 1
    asked = ("--as-of", "2023-03-01", "--known-at", before)
    assert unit_row(past, *asked)["digitised"] == first["digitised"]
    paper = by_file(past)["b.png"]["id"]
    rows = past.json("revocations", "list")["rows"]
    assert [(row["match"], row["documents"]) for row in rows] == [("one", [paper]), ("none", [])]
    assert (rows[0]["document"], rows[0]["signer"], rows[0]["operator"]) == (
        "12/QĐ-UBND",
        "Nguyễn Văn An",
        "chị Lan",
    )
    explained = tmp_path / "vì-sao.csv"
    past.run("quota", "--as-of", "2023-03-01", "--explain", explained)
    with explained.open(encoding="utf-8-sig", newline="") as stream:
        reasons = {row["Mã tài liệu"]: row["Lý do"] for row in csv.DictReader(stream)}
    assert reasons[paper] == "đã bị thu hồi, thay thế hoặc hủy theo văn bản"
    assert past.run("revocations", "withdraw", str(rows[0]["id"]), "--reason", "nhầm số").returncode == 0
    assert unit_row(past, "--as-of", "2023-03-01")["digitised"] == first["digitised"]


def test_a_revocation_that_fits_several_papers_is_listed_and_applied_to_none(
    past: Machine, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(past.home / "catalogue.db")) as connection, connection:
        connection.execute(
            'UPDATE document_version SET data = replace(data, \'"value":"131/2021"\', \'"value":"132/2021"\')'
        )
        connection.execute("UPDATE document SET linked_to = NULL")
    first = unit_row(past, "--as-of", "2023-03-01")
    row = "Xã Diên An;Giấy khai sinh;132/2021;01/03/2023;hủy;12/QĐ-UBND;25/02/2023;Nguyễn Văn An"
    imported(past, "revocations", table(tmp_path, "một.csv", REVOKED_HEAD, row))
    assert unit_row(past, "--as-of", "2023-03-01") == first
    (listed,) = past.json("revocations", "list")["rows"]
    assert listed["match"] == "several" and len(listed["documents"]) >= 2
    assert "khớp nhiều giấy" in past.run("revocations", "list").stdout


def test_each_import_is_an_event_of_the_house_with_file_counts_and_operator(
    past: Machine, tmp_path: Path
) -> None:
    path = table(tmp_path, "một.csv", HEAD, TWENTY)
    done = imported(past, "inventory", path, "--operator", "anh Minh")
    (row,) = past.json("inventory", "list")["rows"]
    with closing(sqlite3.connect(past.home / "catalogue.db")) as connection:
        found = connection.execute(
            "SELECT data, exported FROM event WHERE id = ?", (row["event"],)
        ).fetchone()
    event = json.loads(found[0])
    assert (event["type"], event["agent"], event["batch"]) == ("facts", "anh Minh", None)
    assert event["detail"]["sha256"] == done["sha256"] and event["detail"]["rows"] == 1
    assert found[1]  # the store holds it
    assert past.run("verify").returncode == 0


def test_a_rebuilt_catalogue_knows_the_same_at_every_moment(machine: Machine, tmp_path: Path) -> None:
    past = machine  # a rebuilt catalogue takes days from the chain, so nothing is set back here
    day = ("--as-of", today().isoformat())
    imported(past, "inventory", table(tmp_path, "một.csv", HEAD, TWENTY))
    imported(
        past,
        "elsewhere",
        table(tmp_path, "khác.csv", ELSEWHERE_HEAD, "Xã Diên An;Giấy khai sinh;15/06/2021;5;;;;Báo cáo 7"),
    )
    between = now()
    imported(past, "inventory", table(tmp_path, "hai.csv", HEAD, FORTY))
    revoked = "Xã Diên An;Giấy khai sinh;132/2021;01/03/2023;thu hồi;12/QĐ-UBND;25/02/2023;Nguyễn Văn An"
    imported(past, "revocations", table(tmp_path, "ba.csv", REVOKED_HEAD, revoked))
    assert past.run("elsewhere", "withdraw", "1", "--reason", "không có thật").returncode == 0

    def answers() -> list[object]:
        lists = [past.json(group, "list", "--history") for group in ("inventory", "elsewhere", "revocations")]
        return [*lists, unit_row(past, *day), unit_row(past, *day, "--known-at", between)]

    before = answers()
    for path in past.home.glob("catalogue.db*"):
        path.unlink()
    assert past.run("rebuild").returncode == 0
    assert answers() == before
    imported(past, "inventory", table(tmp_path, "một.csv", HEAD, TWENTY))
    assert len(past.json("inventory", "list", "--history")["rows"]) == 3


def workbook(folder: Path, head: list[str], *rows: list[object]) -> Workbook:
    made = Workbook()
    sheet = made.worksheets[0]
    for row in (head, *rows):
        sheet.append(row)
    return made


HEADS = ["Cấp", "Đơn vị", "Loại giấy tờ", "Năm", "Số lượng", "Cơ sở kiểm kê"]
GOOD: list[object] = ["xã", "Xã Diên An", "Giấy khai sinh", 2021, 20, "theo sổ"]


@pytest.mark.parametrize(
    ("column", "value", "said", "remedy"),
    [
        ("Số lượng", -5, "số âm", "Ghi số từ 0 trở lên"),
        ("Số lượng", "100%", "tỷ lệ, không phải số lượng", "ghi số kết quả"),
        ("Số lượng", "=1+1", "công thức", "Paste Values"),
        ("Số lượng", 1.5, "số lẻ", "Ghi số nguyên"),
        ("Năm", 1999, "ngoài khoảng 2000–", "từ 2000 đến"),
        ("Năm", 2035, "ngoài khoảng 2000–", "từ 2000 đến"),
    ],
)
def test_a_bad_cell_is_refused_by_sheet_row_and_column_and_its_remedy_works(
    past: Machine, tmp_path: Path, column: str, value: object, said: str, remedy: str
) -> None:
    row = [value if name == column else cell for name, cell in zip(HEADS, GOOD, strict=True)]
    path = tmp_path / "kk.xlsx"
    workbook(tmp_path, HEADS, row).save(path)
    done = past.run("inventory", "import", path)
    assert done.returncode == 2 and said in done.stderr and remedy in done.stderr, done.stderr
    assert all(place in done.stderr for place in ("trang tính “Sheet”", "dòng 2", f"cột “{column}”"))
    workbook(tmp_path, HEADS, GOOD).save(path)
    assert imported(past, "inventory", path)["new"] == 1


def test_a_number_that_a_cell_shows_as_a_percentage_is_no_count(past: Machine, tmp_path: Path) -> None:
    path = tmp_path / "kk.xlsx"
    book = workbook(tmp_path, HEADS, [*GOOD[:4], 1, GOOD[5]])
    book.worksheets[0]["E2"].number_format = "0%"
    book.save(path)
    done = past.run("inventory", "import", path)
    assert done.returncode == 2 and "“100%” là tỷ lệ" in done.stderr, done.stderr


def test_merged_cells_are_refused_until_each_has_its_own_value(past: Machine, tmp_path: Path) -> None:
    path = tmp_path / "kk.xlsx"
    book = workbook(tmp_path, HEADS, GOOD, [None, None, "Giấy khai sinh", 2022, 5, "theo sổ"])
    sheet = book.worksheets[0]
    sheet.merge_cells("A2:A3")
    sheet.merge_cells("B2:B3")
    book.save(path)
    done = past.run("inventory", "import", path)
    assert done.returncode == 2 and done.stderr.count("ô bị gộp") == 2, done.stderr
    assert "dòng 3, cột “Đơn vị”" in done.stderr and "Unmerge Cells" in done.stderr
    mended = load_workbook(path)
    sheet = mended.worksheets[0]
    for place in ("A2:A3", "B2:B3"):
        sheet.unmerge_cells(place)
    sheet["A3"], sheet["B3"] = "xã", "Xã Diên An"
    mended.save(path)
    assert imported(past, "inventory", path)["new"] == 2


def test_a_file_that_is_no_table_is_refused(past: Machine, tmp_path: Path) -> None:
    picture = tmp_path / "ảnh.xlsx"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    for done in (
        past.run("inventory", "import", picture),
        past.run("elsewhere", "import", picture),
        past.run("revocations", "import", picture),
    ):
        assert done.returncode == 2 and "→" in done.stderr, done.stderr


def test_the_template_of_results_elsewhere_is_not_written_over(past: Machine, tmp_path: Path) -> None:
    out = tmp_path / "mẫu.xlsx"
    assert past.run("elsewhere", "template", out).returncode == 0
    assert past.run("elsewhere", "template", out).returncode == 2
    empty = past.run("elsewhere", "import", out)
    assert empty.returncode == 2 and "không có dòng số liệu nào" in empty.stderr


def test_a_withdrawn_revision_leaves_the_days_before_it_was_true(past: Machine, tmp_path: Path) -> None:
    imported(past, "inventory", table(tmp_path, "một.csv", HEAD, TWENTY))
    imported(past, "inventory", table(tmp_path, "hai.csv", HEAD, FORTY), "--effective", "01/06/2023")
    (row,) = past.json("inventory", "list")["rows"]
    assert past.run("inventory", "withdraw", str(row["id"]), "--reason", "nhầm").returncode == 0
    assert unit_row(past, "--as-of", "2023-05-31")["inventory"] == 20
    assert unit_row(past, "--as-of", "2023-06-01")["inventory"] is None


def test_a_day_to_come_is_no_day_on_which_anything_was_digitised(past: Machine, tmp_path: Path) -> None:
    row = "Xã Diên An;Giấy khai sinh;15/06/2099;5;;;;Báo cáo 77"
    done = past.run("elsewhere", "import", table(tmp_path, "một.csv", ELSEWHERE_HEAD, row))
    assert done.returncode == 2 and "15/06/2099" in done.stderr


def test_the_template_of_revocations_is_read_back_once_filled_in(past: Machine, tmp_path: Path) -> None:
    out = tmp_path / "mẫu.xlsx"
    assert past.run("revocations", "template", out).returncode == 0
    book = load_workbook(out)
    sheet = book.worksheets[0]
    values = {
        "Đơn vị": "Xã Diên An",
        "Mã loại kết quả": "KQ.G15.000031",
        "Số, ký hiệu": "132/2021",
        "Có hiệu lực từ ngày": "01/03/2023",
        "Hình thức": "thay thế",
        "Số văn bản": "12/QĐ-UBND",
        "Ngày văn bản": "25/02/2023",
    }
    for cell in sheet[1]:
        sheet.cell(row=2, column=cell.column or 1, value=values.get(str(cell.value)))
    book.save(out)
    assert imported(past, "revocations", out)["new"] == 1
    (row,) = past.json("revocations", "list")["rows"]
    assert (row["ending"], row["match"], row["kind"]) == ("superseded", "one", None)
