"""The command line's contract: shapes, exit codes, languages, and that quick commands stay quick."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import samples
from tests.machine import ROOT, Machine

CONTRACT = Path(__file__).parent / "contract"


def schema(name: str) -> Any:
    return json.loads((CONTRACT / f"{name}.schema.json").read_text(encoding="utf-8"))


def assert_fits(shape: Any, name: str) -> None:
    jsonschema.Draft202012Validator(schema(name)).validate(shape)


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scans")
    samples.make(folder, 4, 11)
    batch = folder / "lô một"
    batch.mkdir()
    for number, path in enumerate(sorted(folder.glob("*/*"))):
        if path.is_file() and path.suffix not in {".json", ".toml"} and path.parent != batch:
            path.rename(batch / f"tờ {number} 'a\"{path.suffix}")
    (batch / "lo.toml").write_text('owning_unit = "Sở Xây dựng"\nlevel = "tinh"\n', encoding="utf-8")
    (batch / "ghi chú.pdf").write_text("không phải PDF", encoding="utf-8")
    return batch


@pytest.fixture(scope="module")
def done(scans: Path, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    machine = Machine(tmp_path_factory.mktemp("machine"))
    result = machine.run("digitize", scans, "--plain")
    assert result.returncode == 3, result.stderr
    return machine


def test_read_answers_one_line_a_file_in_the_order_given(scans: Path, tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    folder = tmp_path / "x.pdf"
    folder.mkdir()
    scan = next(path for path in sorted(scans.iterdir()) if path.name.startswith("tờ"))
    asked = [tmp_path / "absent.pdf", scan, folder, scans / "ghi chú.pdf"]
    lines = machine.lines("read", *asked)
    for line in lines:
        assert_fits(line, "read")
    assert [line["file"] for line in lines] == [str(path) for path in asked]
    assert [line["status"] for line in lines] == ["set_aside", "read", "set_aside", "set_aside"]
    assert [line["findings"][0]["rule"] for line in lines if line["status"] == "set_aside"] == [
        "file_absent",
        "file_is_directory",
        "format_unknown",
    ]
    assert not machine.home.exists()
    assert [path.name for path in machine.tmp.iterdir() if path.is_dir() and any(path.iterdir())] == []


def test_pdfa_mirrors_a_tree_and_fits_the_contract(scans: Path, tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    lines = machine.lines("pdfa", scans, tmp_path / "out")
    for line in lines:
        assert_fits(line, "pdfa")
        assert (line["output"] is None) == (line["status"] == "set_aside")
        if line["output"]:
            assert Path(line["output"]).read_bytes().startswith(b"%PDF-1.7")
    assert {line["status"] for line in lines} == {"done", "set_aside"}


def test_batch_and_quota_answers_fit_the_contract(done: Machine, scans: Path) -> None:
    shown = done.json("batch", "show", scans.name)
    assert_fits(shown, "batch-show")
    assert shown["files"]["in"] == shown["files"]["read"] + shown["files"]["set_aside"]
    assert shown["pages"]["in"] == shown["pages"]["accounted"]
    assert_fits(done.json("batch", "list"), "batch-list")
    assert_fits(done.json("quota", "--as-of", "2026-06-30"), "quota")


def test_originals_come_back_unchanged(done: Machine, scans: Path, tmp_path: Path) -> None:
    shown = done.json("batch", "show", scans.name)
    assert shown["documents"]
    for paper in shown["documents"]:
        out = tmp_path / paper["id"]
        result = done.run("get", paper["id"], out, "--original")
        assert result.returncode == 0, result.stderr
        assert out.read_bytes() == (scans / paper["file"]).read_bytes()


def test_get_writes_over_nothing_unless_told_to_and_gives_a_pdf_its_ending(
    done: Machine, scans: Path, tmp_path: Path
) -> None:
    paper = done.json("batch", "show", scans.name)["documents"][0]
    assert done.run("get", paper["id"], tmp_path / "giấy").returncode == 0
    got = tmp_path / "giấy.pdf"
    assert got.read_bytes().startswith(b"%PDF-") and got.stat().st_mode & 0o077 == 0
    got.write_bytes(b"mine")
    refused = done.run("get", paper["id"], got)
    assert refused.returncode == 2 and "--force" in refused.stderr and got.read_bytes() == b"mine"
    assert done.run("get", paper["id"], got, "--force").returncode == 0
    assert got.read_bytes().startswith(b"%PDF-")
    nowhere = done.run("get", paper["id"], tmp_path / "không có" / "x.pdf")
    assert nowhere.returncode == 2 and "Traceback" not in nowhere.stderr


def test_a_file_is_not_called_an_absent_folder(done: Machine, scans: Path) -> None:
    scan = next(path for path in scans.iterdir() if path.is_file())
    wrong = done.run("digitize", scan)
    assert wrong.returncode == 2 and "là tệp" in wrong.stderr


def test_failed_files_are_a_csv_and_can_be_tried_again(done: Machine, scans: Path, tmp_path: Path) -> None:
    out = tmp_path / "failed.csv"
    assert done.run("batch", "failed", scans.name, "--csv", out).returncode == 0
    text = out.read_text(encoding="utf-8-sig")
    assert "ghi chú.pdf" in text
    assert "format_unknown" in text
    again = done.run("batch", "retry", scans.name)
    assert again.returncode == 3, again.stderr


def test_the_same_bytes_in_another_batch_make_no_second_document(
    done: Machine, scans: Path, tmp_path: Path
) -> None:
    other = tmp_path / "lô hai"
    other.mkdir()
    scan = next(path for path in sorted(scans.iterdir()) if path.name.startswith("tờ"))
    (other / "bản sao.bin").write_bytes(scan.read_bytes())
    assert done.run("digitize", other, "--plain").returncode == 0
    shown = done.json("batch", "show", "lô hai")
    assert shown["documents"] == []
    assert shown["pages"]["in"] == shown["pages"]["accounted"] > 0
    assert shown["pages"]["ocr_passes"] == 0
    assert "duplicate_file" in [each["rule"] for each in shown["findings"]]


def test_a_batch_name_belongs_to_one_folder(done: Machine, scans: Path, tmp_path: Path) -> None:
    twin = tmp_path / scans.name
    twin.mkdir()
    result = done.run("digitize", twin, "--plain")
    assert result.returncode == 1
    assert str(scans) in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [("digitize", "/no/such/folder"), ("batch", "show", "không có"), ("read",), ("get", "x", "y")],
)
def test_wrong_usage_ends_with_two_and_a_remedy(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    result = Machine(tmp_path).run(*arguments)
    assert result.returncode == 2
    assert result.stderr.strip()
    assert "Traceback" not in result.stderr


def test_english_is_spoken_on_request(done: Machine, scans: Path) -> None:
    said = done.run("batch", "show", scans.name, "--lang", "en").stdout
    assert "accounted for" in said
    assert "tính đủ" not in said


@pytest.mark.parametrize("command", ["read", "pdfa"])
def test_single_file_commands_import_no_server_no_database_no_expectations(command: str) -> None:
    probe = (
        "import sys; import cli.commands, pipeline.single, extractors.understanding, cli.COMMAND;"
        "heavy = {'prefect', 'sqlalchemy', 'great_expectations', 'pandas', 'minio'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    ).replace("COMMAND", command)
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_path_that_cannot_be_written_and_an_unknown_reading_of_the_target_are_named_without_a_traceback(
    tmp_path: Path,
) -> None:
    machine = Machine(tmp_path)
    for path in (tmp_path, tmp_path / "không có" / "x.csv"):
        done = machine.run("quota", "--explain", path)
        assert done.returncode == 1 and str(path) in done.stderr and "Traceback" not in done.stderr
    done = machine.run("quota", "--reading", "Z")
    assert done.returncode == 2 and "A, B, C" in done.stderr and not done.stdout


def test_an_empty_path_is_refused_and_never_means_the_current_folder(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    commands = (
        ("digitize", "", "--plain"),
        ("pdfa", "", "out"),
        ("schedule", "", "--at", "2030-01-01 22:00"),
    )
    for command in commands:
        done = machine.run(*command)
        assert done.returncode == 2 and "Đường dẫn trống" in done.stderr, (command, done.stderr)
    assert machine.json("batch", "list") == []


def test_a_separator_sheet_for_more_than_its_code_can_hold_is_refused(tmp_path: Path) -> None:
    done = Machine(tmp_path).run("sheets", "print", tmp_path / "sheets.pdf", "--file", "a" * 3000)
    assert done.returncode == 2 and "200" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "sheets.pdf").exists()
