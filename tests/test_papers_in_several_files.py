"""A sub-folder ending in `.paper` is one paper, whatever its files are; equal files are one paper too."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Any

import pikepdf
import pytest

import samples
from extractors.bundle import Member, fingerprint_paper, stage_paper, unpack
from schemas.errors import SourceError
from schemas.rules import Limits
from tests.machine import Machine

LIMITS = Limits(free_disk_bytes=0)


def scans(folder: Path) -> list[Path]:
    """A decision's pages as single images, of different formats."""
    made = []
    for number, container in enumerate(("jpeg", "png", "pdf_g4"), 1):
        sample = samples.make_one("marriage_certificate", seed=number, container=container, dpi=200)
        made.append(folder / f"{number} trang{sample.suffix}")
        made[-1].write_bytes(sample.data)
    return made


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Machine, dict[str, Any], list[Path]]:
    machine = Machine(tmp_path_factory.mktemp("several"))
    batch = machine.inbox / "lô"
    (batch / "hồ sơ 1.paper").mkdir(parents=True)
    (batch / "hỏng.paper").mkdir()
    (batch / "trống.paper").mkdir()
    files = scans(batch / "hồ sơ 1.paper")
    (batch / "hồ sơ 1.paper" / "Thumbs.db").touch()
    shutil.copy(files[0], batch / "hỏng.paper")
    (batch / "hỏng.paper" / "2.pdf").write_bytes(b"no scan")
    shutil.copy(files[1], batch / "một.png")
    shutil.copy(files[1], batch / "một bản nữa.png")
    result = machine.run("digitize", batch, "--plain")
    assert result.returncode == 3, result.stderr
    return machine, machine.json("batch", "show", "lô"), files


def test_the_files_of_a_paper_folder_become_one_original_whose_pages_are_numbered_through(
    worked: tuple[Machine, dict[str, Any], list[Path]], tmp_path: Path
) -> None:
    machine, shown, files = worked
    papers = [paper for paper in shown["documents"] if paper["file"] == "hồ sơ 1.paper"]
    assert [paper["pages"] for paper in papers] == [[1, 2, 3]]
    out = tmp_path / "paper.pdf"
    assert machine.run("get", papers[0]["id"], out).returncode == 0
    with pikepdf.open(out) as pdf:
        assert len(pdf.pages) == 3
    original = tmp_path / "original.zip"
    assert machine.run("get", papers[0]["id"], original, "--original").returncode == 0
    with zipfile.ZipFile(original) as archive:
        assert [archive.read(name) for name in archive.namelist()] == [path.read_bytes() for path in files]


def test_a_paper_folder_with_an_unusable_file_is_set_aside_and_says_which(
    worked: tuple[Machine, dict[str, Any], list[Path]],
) -> None:
    _, shown, _ = worked
    rules = {(each["file"], each["rule"]) for each in shown["findings"]}
    assert {("hỏng.paper", "paper_file_unusable"), ("hỏng.paper", "format_unknown")} <= rules
    assert ("trống.paper", "file_empty") in rules
    message = next(each["message"] for each in shown["findings"] if each["rule"] == "paper_file_unusable")
    assert "2.pdf" in message


def test_equal_files_of_one_batch_are_read_once_and_linked(
    worked: tuple[Machine, dict[str, Any], list[Path]],
) -> None:
    _, shown, _ = worked
    twins = {"một.png", "một bản nữa.png"}
    assert sum(paper["file"] in twins for paper in shown["documents"]) == 1
    assert sum(each["rule"] == "duplicate_file" for each in shown["findings"]) == 1
    assert shown["pages"] == {"in": 5, "accounted": 5, "ocr_passes": 4}


def test_a_second_run_over_a_paper_folder_finds_nothing_to_do(
    worked: tuple[Machine, dict[str, Any], list[Path]],
) -> None:
    machine, shown, _ = worked
    machine.run("digitize", machine.inbox / "lô", "--plain")
    assert machine.json("batch", "show", "lô") == shown


def test_joining_the_same_files_again_gives_the_same_bytes_and_the_fingerprint_tells_them_beforehand(
    tmp_path: Path,
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "staging").mkdir()
    members = [Member(bytes(path), path.name) for path in scans(tmp_path / "in")]
    arguments = {"limits": LIMITS, "inbox": tmp_path / "in"}
    first, again = (
        stage_paper(members, name="a.paper", staging=tmp_path / "staging", **arguments) for _ in range(2)
    )
    assert first.sha256 == again.sha256 == fingerprint_paper(members, **arguments).sha256
    assert len(set(first.paths) & set(again.paths)) == 0
    (tmp_path / "out").mkdir()
    found = unpack(Path(first.path), tmp_path / "out")
    assert [each.sha256 for each in found] == [each.sha256 for each in first.members]
    assert [each.format for each in found] == [each.format for each in first.members]


def test_a_paper_that_cannot_be_joined_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "staging").mkdir()
    (tmp_path / "one.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    members = [
        Member(bytes(tmp_path / "one.png"), "one.png"),
        Member(bytes(tmp_path / "gone.png"), "gone.png"),
    ]
    with pytest.raises(SourceError) as caught:
        stage_paper(members, name="a.paper", staging=tmp_path / "staging", limits=LIMITS, inbox=None)
    assert caught.value.params["member"] == "gone.png"
    assert list((tmp_path / "staging").iterdir()) == []
