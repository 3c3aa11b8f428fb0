"""What the benchmarks count, and that they fail where a side did not run."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from benchmarks import evaluation, measuring, tables, versus
from benchmarks.errors import page_errors
from benchmarks.measuring import NotRun
from benchmarks.words import missed, words


def test_words_count_whatever_their_order_case_and_place_of_tone() -> None:
    truth = words("Điều 1. Hòa bình, hòa thuận; số 12/QĐ-UBND")
    assert missed(truth, words("UBND qđ 12 SỐ thuận hoà BÌNH hoà 1 điều")) == 0
    assert missed(truth, words("Điều 1. Hòa bình, thuận; số 12/QD-UBND")) == 2


def test_errors_are_counted_line_by_line_and_stamps_apart() -> None:
    lines = [
        {"text": "Họ và tên: Nguyễn Văn Bình", "box": [100, 100, 900, 150]},
        {"text": "Nơi sinh: Khánh Hòa", "box": [100, 200, 900, 250]},
    ]
    read = [
        *(("Hòa", [500, 205, 600, 245]), ("Khánh", [380, 205, 480, 245]), ("sinh:", [200, 205, 280, 245])),
        *(("Nơi", [100, 205, 180, 245]), ("Họ", [100, 105, 160, 145]), ("và", [170, 105, 220, 145])),
        *(("tên:", [230, 105, 300, 145]), ("Nguyên", [310, 105, 420, 145]), ("Văn", [430, 105, 500, 145])),
        *(("Bình", [510, 105, 600, 145]), ("ĐÃ KÝ", [1000, 800, 1200, 850])),
    ]
    found = page_errors(lines, read)
    assert (found.characters, found.words, found.tokens, found.outside) == (1, 1, 10, 1)


def test_words_that_differ_by_a_tone_are_told_apart_from_other_marks_and_from_letters() -> None:
    found = evaluation.score(
        "Ủy ban nhân dân huyện cấp đường số 12, tổ dân phố", "phố tô dan ủy ban nhàn dân huyền cap 12, 13 nhà"
    )
    assert (found.of, found.tones, found.marks, found.letters) == (12, 2, 3, 0)
    assert (found.missing, found.added) == (2, 2)
    assert ("số", "phố") not in found.pairs


def test_the_evaluation_set_is_scored_page_by_page_and_a_lost_page_is_loud(tmp_path: Path) -> None:
    pages = evaluation.make(tmp_path, 2, seed=3)
    truths = sorted((tmp_path / "truth").glob("*.txt"))
    assert sum(path.read_text(encoding="utf-8").count("\f") for path in truths) == pages
    assert {path.stem for path in truths} == {path.stem for path in (tmp_path / "scans").glob("*.pdf")}
    perfect = evaluation.scored(tmp_path, tmp_path / "truth")
    assert all(one.shares()[0] == "0.00 %" for one in perfect.values())
    read = tmp_path / "read"
    shutil.copytree(tmp_path / "truth", read)
    (read / truths[0].name).write_text("", encoding="utf-8")
    with pytest.raises(NotRun, match="0 pages"):
        evaluation.scored(tmp_path, read)


def test_a_comparison_without_its_peer_ends_loudly_and_without_a_table(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(measuring, "PEER", tmp_path / "ocrmypdf")
    monkeypatch.setattr(tables, "WORK", tmp_path)
    monkeypatch.setattr(sys, "argv", ["versus"])
    assert versus.main() == 5
    told = capsys.readouterr()
    assert "NOT RUN" in told.err
    assert not told.out


def test_a_side_that_fails_or_leaves_pages_out_did_not_run(tmp_path: Path) -> None:
    with pytest.raises(NotRun, match="ended with 3"):
        measuring.run(["sh", "-c", "exit 3"], log=tmp_path / "log")
    with pytest.raises(NotRun):
        measuring.run([tmp_path / "nothing"], log=tmp_path / "log")


def test_the_time_and_memory_of_a_program_are_those_of_its_children_too(tmp_path: Path) -> None:
    work = (
        "import time; held = bytearray(60_000_000); end = time.process_time() + 0.3\n"
        "while time.process_time() < end: pass\n"
        "time.sleep(0.5)"
    )
    command = f"{sys.executable} -c '{work}'; true"
    spent = measuring.run(["sh", "-c", command], log=tmp_path / "log", watch=True)
    assert spent.cpu >= 0.3
    assert spent.peak >= 60_000_000
