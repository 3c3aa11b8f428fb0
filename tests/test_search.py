"""Kept papers are found through the command line, with and without accents; what is shown is what the catalogue says."""

from __future__ import annotations

import csv
import shutil
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from storage.catalogue.database import Database
from storage.ledger import Ledger
from storage.objects import sha256_of
from tests.command_forks import Forks, quick_machine
from tests.machine import Machine, names
from tests.printed_pages import page
from tests.reviewed_batch import birth, digitise, drawn, make_home, settings_of
from workspace import searching
from workspace.opening import Rules, open_workspace

BATCH = "hộp-31"
OWNER = "056221001234"
ROAD = "Nơi cư trú: đường Trần Phú, Nha Trang"
SCANS = {
    BATCH: {
        "a.png": [*birth("131/2021", định_danh=f"Số định danh cá nhân: {OWNER}"), (ROAD, 0.4, 0.52)],
        "b.png": [
            *birth("132/2021", định_danh="Số định danh cá nhân: 056 221 005 678"),
            ("Theo Quyết định số 176/QĐ-UBND; duong Tran Phu, hoà giải", 0.4, 0.52),
        ],
        "c.png": [*birth("176/2021", định_danh=""), ("Con dường này thủy lợi", 0.4, 0.52)],
    }
}


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("searched"), SCANS)


@pytest.fixture
def machine(forks: Forks, searched: Path, tmp_path: Path) -> Machine:
    return quick_machine(forks, searched, tmp_path)


def files(machine: Machine, *arguments: str | Path) -> list[str]:
    """Files of the papers found, the best first."""
    return names(machine.json("search", *arguments)["hits"], "file")


def hit(machine: Machine, *arguments: str) -> dict[str, Any]:
    """The best paper found."""
    return dict(machine.json("search", *arguments)["hits"][0])


def test_words_without_accents_find_every_spelling_and_words_with_accents_rank_their_own_first(
    machine: Machine,
) -> None:
    assert sorted(files(machine, "duong")) == ["a.png", "b.png", "c.png"]
    assert files(machine, "đường")[0] == "a.png"
    assert files(machine, "dường")[0] == "c.png"
    assert sorted(files(machine, "đường")) == ["a.png", "b.png", "c.png"], "what OCR misread is still found"


def test_the_place_of_a_tone_and_the_form_of_letters_make_no_difference(machine: Machine) -> None:
    decomposed = "ho\u0300a gia\u0309i"
    assert (
        files(machine, '"hòa giải"')
        == files(machine, '"hoà giải"')
        == files(machine, f'"{decomposed}"')
        == ["b.png"]
    )
    assert files(machine, "thuỷ", "lợi")[0] == "c.png"
    assert files(machine, "THỦY", "LỢI")[0] == "c.png"


def test_a_phrase_is_found_only_side_by_side(machine: Machine) -> None:
    assert files(machine, '"tran phu nha trang"') == ["a.png"]
    assert files(machine, '"phu tran"') == []
    assert "a.png" in files(machine, "phu", "tran")


@pytest.mark.parametrize("spelt", ["176/QĐ-UBND", "176/qd-ubnd", "0176 / QĐ – UBND"])
def test_a_number_is_found_however_it_is_spelt_where_papers_name_it(machine: Machine, spelt: str) -> None:
    assert files(machine, spelt) == ["b.png"]


def test_a_papers_own_number_comes_first_with_its_box(machine: Machine) -> None:
    found = hit(machine, "0176/2021")
    assert (found["file"], found["number"]) == ("c.png", "176/2021")
    assert found["snippet"]["field"] == "number" and found["snippet"]["box"]


def test_a_snippet_has_the_words_marked_with_their_page_and_box(machine: Machine, searched: Path) -> None:
    snippet = hit(machine, '"Trần Phú"')["snippet"]
    (start, end), *_ = snippet["marks"]
    assert snippet["text"][start:end] == "Trần Phú"
    words = {word.text: word.box for word in page(SCANS[BATCH]["a.png"]).words}
    assert snippet["page"] == 1
    assert snippet["box"] == list(words["Trần"].union(words["Phú,"]))
    assert "«Trần Phú»" in machine.run("search", '"Trần Phú"').stdout


@pytest.mark.parametrize(
    ("whole", "file"), [(OWNER, "a.png"), ("056221005678", "b.png"), ("056 221 005 678", "b.png")]
)
def test_an_owner_is_found_by_the_whole_number_alone_and_the_number_is_hidden(
    machine: Machine, whole: str, file: str
) -> None:
    digits = whole.replace(" ", "")
    assert files(machine, whole) == [file]
    for part in (digits[:3], digits[:6], digits[:11], digits[-6:], f"{digits[:6]}*"):
        assert files(machine, part) == [], part
    shown = machine.run("search", whole, "--json").stdout + machine.run("search", whole).stdout
    assert digits not in shown and "056 221 005 678" not in shown
    assert digits in machine.run("search", whole, "--json", "--clear").stdout.replace(" ", "")


def test_a_paper_is_found_by_its_code_and_by_its_id(machine: Machine) -> None:
    found = hit(machine, "131/2021", "--clear")
    assert found["code"].startswith(OWNER)
    assert files(machine, found["code"]) == ["a.png"]
    assert files(machine, found["id"]) == ["a.png"]
    assert OWNER not in str(hit(machine, "131/2021"))


def test_filters_leave_out_what_they_do_not_fit(machine: Machine) -> None:
    every = sorted(files(machine, "khai", "sinh"))
    assert every == ["a.png", "b.png", "c.png"]
    assert sorted(files(machine, "--kind", "birth_certificate")) == every
    assert sorted(files(machine, "khai sinh", "--unit", "dien an")) == every
    assert files(machine, "khai sinh", "--unit", "Diên Khán") == []
    assert sorted(files(machine, "khai sinh", "--from", "12/05/2021", "--to", "2021-05-12")) == every
    assert files(machine, "khai sinh", "--from", "13/05/2021") == []
    assert files(machine, "khai sinh", "--to", "11/05/2021") == []
    assert sorted(files(machine, "khai sinh", "--batch", BATCH)) == every
    assert files(machine, "khai sinh", "--state", "rescan") == []
    answer = machine.json("search", "khai sinh", "--limit", "1")
    assert (len(answer["hits"]), answer["more"]) == (1, True)


def test_a_date_finds_the_papers_of_that_day(machine: Machine) -> None:
    assert len(files(machine, "12/5/2021")) == len(files(machine, "12/05/2021")) == 3


HOSTILE = (
    'AND OR NOT NEAR("',
    'khai" OR "sinh',
    "field_exact : khai",
    "khai*",
    "^khai",
    "-- '; DROP TABLE paper; --",
    "\u202ekhai\u0300\u0301",
    "{page_exact} : (",
    "khai " * 2000,
    "x" * 10_000,
    "%_[a-z]",
    "№176⁄2021",
    "ⁱ056221001234",
    "¶",
)


@pytest.mark.parametrize("typed", HOSTILE)
def test_hostile_words_never_fail(machine: Machine, typed: str) -> None:
    for arguments in (("search", "--", typed), ("search", "--json", "--", typed)):
        done = machine.run(*arguments)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
    assert len(files(machine, "khai sinh")) == 3


def test_too_many_letters_are_cut_and_it_says_so(machine: Machine) -> None:
    done = machine.run("search", "khai " * 200)
    assert done.returncode == 0 and "400" in done.stderr


def test_a_deleted_damaged_or_older_index_is_made_again_by_the_next_search(machine: Machine) -> None:
    index = machine.home / "search.db"
    assert files(machine, '"trần phú"')
    assert stat.S_IMODE(index.stat().st_mode) == 0o600
    for damage in ("gone", "no database", "cut", "another version", "another database"):
        if damage == "gone":
            index.unlink()
        elif damage == "no database":
            index.write_bytes(b"no database " * 999)
        elif damage == "cut":
            index.write_bytes(index.read_bytes()[:9000])
        elif damage == "another version":
            with sqlite3.connect(index) as db:
                db.execute("PRAGMA user_version = 999")
        else:
            index.unlink()
            with sqlite3.connect(index) as db:
                db.execute("CREATE TABLE paper (x)")
        for side in ("-wal", "-shm"):
            index.with_name(index.name + side).unlink(missing_ok=True)
        assert files(machine, '"trần phú"') == ["a.png", "b.png"], damage


def test_rebuild_says_how_many_papers_have_no_words_and_they_are_found_by_their_fields(
    machine: Machine,
) -> None:
    assert machine.json("search", "--rebuild")["wordless"] == 0
    with sqlite3.connect(machine.home / "catalogue.db") as catalogue:
        catalogue.execute("DELETE FROM page_reading")
    told = machine.json("search", "--rebuild")
    assert (told["indexed"], told["wordless"]) == (3, 3)
    assert "3 giấy" in machine.run("search", "--rebuild").stderr
    assert files(machine, "131/2021") == ["a.png"]
    assert files(machine, "dường") == []
    assert "3 giấy không còn chữ" in machine.run("search", "dường").stdout


def test_a_corrected_value_is_found_after_the_decision_without_another_step(machine: Machine) -> None:
    assert files(machine, "Nguyễn Thị Ngọc Ánh") == []
    paper = hit(machine, "131/2021")["id"]
    done = machine.run("review", "set", paper, "owner_name=Nguyễn Thị Ngọc Ánh")
    assert done.returncode == 0, done.stderr
    found = hit(machine, "nguyen thi ngoc anh")
    assert (found["id"], found["owner_name"]) == (paper, "Nguyễn Thị Ngọc Ánh")
    assert found["snippet"]["field"] == "owner_name"


def test_a_paper_whose_code_was_voided_is_not_shown_as_accepted(machine: Machine) -> None:
    found = hit(machine, "131/2021", "--clear")
    assert found["state"] == "accepted"
    assert files(machine, "131/2021", "--state", "accepted") == ["a.png"]
    assert machine.run("code", "void", found["code"], "--reason", "cấp nhầm").returncode == 0
    after = hit(machine, "131/2021", "--clear")
    assert (after["state"], after["code"]) == ("review", None)
    assert files(machine, "131/2021", "--state", "accepted") == []


def test_papers_of_a_batch_finished_meanwhile_are_found(machine: Machine, tmp_path: Path) -> None:
    assert files(machine, "999/2022") == []
    folder = tmp_path / "hộp-32"
    folder.mkdir()
    rows = birth("999/2022")
    drawn(page(rows)).save(folder / "z.png", dpi=(300, 300))
    with open_workspace(settings_of(machine.home), RULES) as workspace:
        known(workspace.ledger, folder / "z.png", rows)
        digitise(workspace, folder)
    assert files(machine, "999/2022") == ["z.png"]


RULES = Rules.load(settings_of(Path("/nonexistent")))


def known(ledger: Ledger, scan: Path, rows: Any) -> None:
    """Give the ledger a page's words."""
    ledger.finished(sha256_of(scan), RULES.digests(settings_of(scan.parent), None).reading, page(rows))


def test_nothing_is_left_of_an_original_that_is_forgotten(machine: Machine) -> None:
    index = machine.home / "search.db"
    paper = hit(machine, "131/2021")
    sha256 = next(
        each["sha256"]
        for each in machine.json("batch", "show", BATCH)["documents"]
        if each["id"] == paper["id"]
    )
    assert OWNER.encode() in b"".join(path.read_bytes() for path in index.parent.glob("search.db*"))
    database = Database(f"sqlite:///{machine.home / 'catalogue.db'}")
    searching.forget(database, machine.home, sha256)
    database.close()
    with sqlite3.connect(index) as db:
        assert db.execute("SELECT count(*) FROM paper WHERE sha256 = ?", (sha256,)).fetchone() == (0,)
        for term in (f"ⁱ{OWNER}", "cư"):
            query = "SELECT count(*) FROM words WHERE words MATCH ?"
            assert db.execute(query, (f'"{term}"',)).fetchone() == (0,), term
    db.close()
    assert OWNER.encode() not in b"".join(path.read_bytes() for path in index.parent.glob("search.db*"))


def test_what_is_found_goes_to_csv_and_xlsx_for_its_writer_alone(machine: Machine, tmp_path: Path) -> None:
    table, book = tmp_path / "tìm.csv", tmp_path / "tìm.xlsx"
    done = machine.run("search", "khai sinh", "--csv", table, "--xlsx", book)
    assert done.returncode == 0, done.stderr
    with table.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert sorted(row["Tệp"] for row in rows) == ["a.png", "b.png", "c.png"]
    assert all("«" in row["Đoạn tìm thấy"] and row["Trang"] == "1" for row in rows)
    assert OWNER not in table.read_text(encoding="utf-8-sig")
    sheet = load_workbook(book).worksheets[0]
    assert sheet.max_row == 4
    assert {stat.S_IMODE(path.stat().st_mode) for path in (table, book)} == {0o600}
    again = machine.run("search", "khai sinh", "--csv", table)
    assert again.returncode == 2 and table.name in again.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("  ",),
        ("x", "--kind", "no_such_kind"),
        ("x", "--batch", "không có"),
        ("x", "--from", "hôm qua"),
        ("x", "--from", "2022-01-02", "--to", "2022-01-01"),
        ("x", "--limit", "0"),
        ("x", "--csv", "a.xlsx"),
        ("x", "--state", "none"),
    ],
)
def test_wrong_usage_is_told_with_a_remedy(machine: Machine, arguments: tuple[str, ...]) -> None:
    done = machine.run("search", *arguments)
    assert done.returncode == 2
    assert done.stderr.strip() and not done.stdout


def test_in_vain_it_says_what_was_searched_and_how_to_widen(machine: Machine) -> None:
    done = machine.run("search", "con", "voi", "--unit", "Diên An", "--state", "accepted")
    assert done.returncode == 0
    assert all(part in done.stdout for part in ("«con voi»", "Diên An", "chấp nhận", "3 giấy", "không dấu"))
    assert "elephant" in machine.run("search", "elephant", "--lang", "en").stdout


def test_an_empty_home_says_that_nothing_is_kept(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    done = machine.run("search", "khai sinh")
    assert done.returncode == 0 and "Chưa có giấy" in done.stdout


def test_what_was_searched_for_is_written_nowhere(machine: Machine) -> None:
    machine.environment["SOHOA_LOG_LEVEL"] = "debug"
    done = machine.run("search", "xylofon kín")
    assert "xylofon" not in done.stderr
    kept = b"".join(path.read_bytes() for path in machine.home.rglob("*") if path.is_file())
    assert b"xylofon" not in kept


def test_an_index_that_cannot_be_used_is_told_with_its_remedy(machine: Machine) -> None:
    shutil.rmtree(machine.home / "search.db", ignore_errors=True)
    (machine.home / "search.db").unlink(missing_ok=True)
    (machine.home / "search.db").mkdir()
    done = machine.run("search", "khai")
    assert done.returncode == 5 and "search.db" in done.stderr
