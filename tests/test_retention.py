"""Retention through the command line: what is due for review, what is not known, what was decided, and its minutes."""

from __future__ import annotations

import csv
import re
import shutil
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

import samples
from configs.loader import load_retention_terms
from quality.retention import judge
from schemas.retention import KeptPaper, RetentionDecision
from tests.machine import Machine, names

TERMS = load_retention_terms()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one paper of a file that ended in 2005 and is kept ten years. To be copied."""
    folder = tmp_path_factory.mktemp("retention")
    samples.make(folder / "scans", 1, 7)
    scans = next(path for path in sorted((folder / "scans").iterdir()) if path.name != "truth")
    sheet = scans / "lo.toml"
    kept = [
        line
        for line in sheet.read_text(encoding="utf-8").splitlines()
        if not re.match(r"(retention|years)\b", line)
    ]
    sheet.write_text("\n".join(['retention = "10 năm"', "years = [2004, 2005]", *kept]), encoding="utf-8")
    machine = Machine(folder, SOHOA_OPERATOR="chị Lan", SOHOA_ORCHESTRATOR="plain")
    assert machine.run("digitize", scans, "--plain").returncode in {0, 3}
    return machine.home


@pytest.fixture
def aged(made: Path, tmp_path: Path) -> Machine:
    machine = Machine(tmp_path, SOHOA_OPERATOR="chị Lan", SOHOA_ORCHESTRATOR="plain")
    shutil.copytree(made, machine.home)
    return machine


def only(machine: Machine, day: str = "2060-01-01") -> dict[str, Any]:
    (paper,) = machine.json("retention", "due", "--as-of", day)["due"]
    return dict(paper)


def test_a_paper_is_due_after_its_term_and_not_a_day_before(aged: Machine) -> None:
    paper = only(aged)
    over = date.fromisoformat(paper["over_on"])
    assert paper["term"] == "10 năm" and over == date(paper["start"] + 10, 12, 31)
    assert aged.json("retention", "due", "--as-of", over.isoformat())["due"] == []
    assert only(aged, f"{over.year + 1}-01-01")["document"] == paper["document"]
    assert "không xóa bản gốc nào" in aged.run("retention", "due", "--as-of", "2060-01-01").stdout


def test_the_list_as_csv_is_private_and_never_overwritten(aged: Machine) -> None:
    out = aged.folder / "due.csv"
    asked = ("retention", "due", "--as-of", "2060-01-01", "--csv", out)
    assert aged.run(*asked).returncode == 0
    assert out.stat().st_mode & 0o077 == 0
    with out.open(encoding="utf-8-sig") as stream:
        head, row = list(csv.reader(stream))
    assert row[head.index("Tài liệu")] == only(aged)["document"]
    assert aged.run(*asked).returncode == 2


def test_a_term_that_the_sheet_does_not_name_stays_unknown(machine: Machine) -> None:
    found = machine.json("retention", "due", "--as-of", "2200-01-01")
    assert found["due"] == [] and set(names(found["unknown"], "why")) == {"no_term"}
    told = machine.run("retention", "due").stdout
    assert "Chưa rõ thời hạn" in told and "Không có giấy tờ đến hạn xem xét." in told


def test_what_was_decided_leaves_the_list_until_it_is_over_and_stands_in_the_trace(aged: Machine) -> None:
    paper = only(aged)["document"]
    backed = ("--reason", "còn giá trị tra cứu", "--document", "12/QĐ-HĐ", "--dated", "2026-11-20")
    done = aged.run("retention", "decide", paper, "--keep-until", "2070-12-31", *backed)
    assert done.returncode == 0, done.stderr
    assert aged.json("retention", "due", "--as-of", "2060-01-01")["counts"]["kept_longer"] == 1
    assert only(aged, "2071-01-01")["kept_until"] == "2070-12-31"
    (event,) = [e for e in aged.json("trace", paper)["events"] if e["type"] == "retention decided"]
    assert (event["agent"], event["outcome"]) == ("chị Lan", "kept")
    assert event["detail"]["document"] == "12/QĐ-HĐ"
    handed = ("--handed-over", "Trung tâm Lưu trữ lịch sử tỉnh")
    assert aged.run("retention", "decide", paper, *handed, *backed).returncode == 0
    assert aged.json("retention", "due", "--as-of", "2071-01-01")["counts"]["handed_over"] == 1
    assert aged.json("verify")["outcome"] == "success"  # nothing was erased
    for path in aged.home.glob("catalogue.db*"):
        path.unlink()
    assert aged.run("rebuild").returncode == 0
    assert aged.json("retention", "due", "--as-of", "2071-01-01")["counts"]["handed_over"] == 1


@pytest.mark.parametrize(
    "given_",
    [
        ("--reason", "x", "--document", "1"),
        ("--reason", "x", "--document", "1", "--keep-until", "2070-01-01", "--handed-over", "kho"),
        ("--reason", "x", "--keep-until", "2070-01-01"),
        ("--reason", " ", "--document", "1", "--keep-until", "2070-01-01"),
        ("--reason", "x", "--document", "1", "--keep-until", "2001-01-01"),
    ],
)
def test_a_decision_that_lacks_something_is_refused(aged: Machine, given_: tuple[str, ...]) -> None:
    done = aged.run("retention", "decide", only(aged)["document"], *given_)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert aged.json("retention", "due", "--as-of", "2060-01-01")["counts"]["due"] == 1


def test_of_several_papers_all_are_decided_or_none(aged: Machine) -> None:
    backed = ("--keep-until", "2070-01-01", "--reason", "x", "--document", "1")
    assert aged.run("retention", "decide", only(aged)["document"], "0" * 32, *backed).returncode == 2
    assert aged.json("retention", "due", "--as-of", "2060-01-01")["counts"]["due"] == 1


def test_a_held_paper_is_marked_and_not_handed_over(aged: Machine) -> None:
    paper = only(aged)["document"]
    assert aged.run("hold", "set", paper, "--reason", "thanh tra").returncode == 0
    assert only(aged)["held"] is True
    refused = aged.run(
        *("retention", "decide", paper, "--handed-over", "kho", "--reason", "x", "--document", "1")
    )
    assert refused.returncode == 2 and "hold release" in refused.stderr


def test_minutes_hold_the_papers_due_and_then_what_one_paper_decided(aged: Machine) -> None:
    folder, day = aged.folder, ("--as-of", "2060-01-01")
    word, book, page = folder / "bb.docx", folder / "bb.xlsx", folder / "bb.pdf"
    assert aged.run("retention", "minutes", word, *day, "--office", "Sở Nội vụ").returncode == 0
    told = "\n".join(line.text for line in docx.Document(str(word)).paragraphs)
    assert "BIÊN BẢN XEM XÉT" in told and "Số giấy tờ: 1." in told
    assert aged.run("retention", "minutes", page, *day).returncode == 0 and page.read_bytes()[:4] == b"%PDF"
    paper = only(aged)["document"]
    backed = ("--keep-until", "2070-12-31", "--reason", "x", "--document", "12/QĐ-HĐ")
    assert aged.run("retention", "decide", paper, *backed).returncode == 0
    assert aged.run("retention", "minutes", book, *day, "--document", "12/QĐ-HĐ").returncode == 0
    rows = list(load_workbook(book).worksheets[0].iter_rows(values_only=True))
    assert rows[1][-1] == "giữ tiếp đến 31/12/2070"
    assert aged.run("retention", "minutes", folder / "no.docx", "--document", "99").returncode == 2
    assert aged.run("retention", "minutes", folder / "no.txt").returncode == 2
    assert zipfile.is_zipfile(word)


def paper_with(**told: Any) -> KeptPaper:
    known: dict[str, Any] = {
        **{"document": "d", "batch": "b", "file": "f", "place": "", "code": None, "kind": None},
        **{"number": "", "term": "20 năm", "last_year": 2000, "issued": None},
    }
    return KeptPaper(**{**known, **told})


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ({"term": "Vĩnh viễn"}, "permanent"),
        ({"term": "VĨNH VIỄN "}, "permanent"),
        ({"term": "01"}, "permanent"),
        ({"term": "lâu dài"}, "unknown"),
        ({"term": ""}, "unknown"),
        ({"last_year": None}, "unknown"),
        ({}, "due"),
        ({"issued": date(2010, 5, 1)}, "running"),
    ],
)
def test_a_term_is_known_from_the_list_or_not_at_all(told: dict[str, Any], state: str) -> None:
    assert judge(paper_with(**told), TERMS, date(2026, 11, 29)).state == state


@given(
    last=st.one_of(st.none(), st.integers(1900, 2100)),
    issued=st.one_of(st.none(), st.dates(date(1900, 1, 1), date(2100, 12, 31))),
    term=st.sampled_from([row.term for row in TERMS]),
    day=st.dates(date(1900, 1, 1), date(2300, 12, 31)),
)
def test_no_paper_is_due_before_its_whole_term_has_run(
    last: int | None, issued: date | None, term: str, day: date
) -> None:
    found = judge(paper_with(last_year=last, issued=issued, term=term), TERMS, day)
    years = next(row.years for row in TERMS if row.term == term)
    if found.state == "due":
        assert years is not None
        for year in (last, issued.year if issued else None):
            assert year is None or day > date(year + years, 12, 31)
    decided = RetentionDecision("", "", None, "kho", "", "1", None, "")
    assert judge(paper_with(term=term, decision=decided), TERMS, day).state == "handed_over"
