"""Settings, lists and help through the command line: what is set or imported is what another command then does."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

import samples
from cli.commands import COMMANDS
from configs.loader import ROOT as RULES
from tests.machine import Machine


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A batch of three worn building permits."""
    folder = tmp_path_factory.mktemp("scans")
    samples.make(folder, 3, 21, batches=["2021-so-xay-dung"])
    return next(path for path in sorted(folder.iterdir()) if path.is_dir() and path.name != "truth")


@pytest.mark.parametrize(
    ("line", "named", "nearest"),
    [
        ('store__kind = "s3"', "store__kind", "store.kind"),
        ('databse_url = "postgresql://x"', "databse_url", "database_url"),
        ('[store]\nkindd = "s3"', "store.kindd", "store.kind"),
    ],
)
def test_an_unknown_key_in_the_settings_file_is_refused_with_the_nearest_known_one(
    tmp_path: Path, line: str, named: str, nearest: str
) -> None:
    machine = Machine(tmp_path)
    machine.home.mkdir()
    (machine.home / "sohoa.toml").write_text(line + "\n", encoding="utf-8")
    done = machine.run("batch", "list")
    assert done.returncode == 1
    assert named in done.stderr and nearest in done.stderr and "Traceback" not in done.stderr
    assert not (machine.home / "catalogue.db").exists()


def test_a_misspelt_variable_is_refused_and_a_foreign_one_is_not(tmp_path: Path) -> None:
    wrong = Machine(tmp_path / "a", SOHOA_DATABASE_ULR="postgresql://x").run("batch", "list")
    assert wrong.returncode == 1 and "database_url" in wrong.stderr
    assert Machine(tmp_path / "b", SOHOA_FAREWELL="x").run("batch", "list").returncode == 0


@pytest.mark.parametrize("content", ["workers = 'many'\n", "workers = \n", "\xff"])
def test_settings_that_cannot_be_used_are_named_without_a_traceback(tmp_path: Path, content: str) -> None:
    machine = Machine(tmp_path)
    machine.home.mkdir()
    (machine.home / "sohoa.toml").write_bytes(content.encode("latin-1"))
    done = machine.run("doctor")
    assert done.returncode == 1
    assert "sohoa.toml" in done.stderr and "Traceback" not in done.stderr


def test_a_password_in_the_database_url_is_not_shown(tmp_path: Path) -> None:
    probe = "from configs.settings import Settings; print(repr(Settings.load()))"
    machine = Machine(tmp_path, SOHOA_DATABASE_URL="postgresql://u:geheim@localhost/x")
    done = subprocess.run(
        [sys.executable, "-c", probe], env=machine.environment, capture_output=True, text=True, check=True
    )
    assert "geheim" not in done.stdout


def test_a_relative_home_loses_no_file_and_no_picture(tmp_path: Path, scans: Path) -> None:
    machine = Machine(tmp_path)
    environment = {key: value for key, value in machine.environment.items() if key != "SOHOA_HOME"}

    def run(*arguments: str) -> str:
        command = machine.argv(*arguments, "--home", "nha")
        done = subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode in {0, 3}, done.stderr
        return done.stdout

    run("digitize", str(scans), "--plain")
    shown = json.loads(run("batch", "show", scans.name, "--json"))
    assert shown["files"]["set_aside"] == 0 and shown["files"]["read"] == shown["files"]["in"]
    run("review", "export", scans.name, "wb.xlsx", "--all")
    sheets = load_workbook(tmp_path / "wb.xlsx").worksheets
    assert sum(len(sheet._images) for sheet in sheets) > 0  # type: ignore[attr-defined]
    traced = run("trace", shown["documents"][0]["id"], "trace.html")
    assert "trace.html" in traced
    assert "data:image" in (tmp_path / "trace.html").read_text(encoding="utf-8")


def test_an_imported_list_changes_what_is_read(tmp_path: Path, scans: Path) -> None:
    machine = Machine(tmp_path)
    scan = next(path for path in sorted(scans.iterdir()) if path.suffix not in {".json", ".toml"})
    before = machine.lines("read", scan)[0]["documents"][0]
    code = before["result_type"]["value"]
    shipped = max((RULES / "lists").glob("result-types-*.csv"))
    newer = tmp_path / "kq.csv"
    with (
        open(shipped, encoding="utf-8", newline="") as old,
        open(newer, "w", encoding="utf-8", newline="") as new,
    ):
        rows = csv.DictReader(old)
        writer = csv.DictWriter(new, ["code", "name", "procedures"])
        writer.writeheader()
        writer.writerows({**row, "procedures": "1.999999"} if row["code"] == code else row for row in rows)
    done = machine.run("lists", "import", "result-types", newer, "--from", "2026-11-01")
    assert done.returncode == 0 and "đổi 1 mã" in done.stdout, done.stderr
    after = machine.lines("read", scan)[0]["documents"][0]
    assert before["procedure"] is None or before["procedure"]["value"] != "1.999999"
    assert after["procedure"]["value"] == "1.999999"


def test_a_list_of_one_row_does_not_replace_two_thousand_without_a_word(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    single = tmp_path / "kq.csv"
    single.write_text("code,name\nKQ.H32.000001,Giấy của tỉnh\n", encoding="utf-8")
    refused = machine.run("lists", "import", "result-types", single, "--from", "2026-11-01")
    assert refused.returncode == 2 and "--shorter" in refused.stderr
    assert not list((machine.home / "lists").glob("*.csv"))
    meant = machine.run("lists", "import", "result-types", single, "--from", "2026-11-01", "--shorter")
    assert meant.returncode == 0


def paths() -> list[tuple[str, ...]]:
    """Every command as it is typed."""

    def below(commands: Mapping[str, Any], *before: str) -> Iterator[tuple[str, ...]]:
        for name, target in commands.items():
            if isinstance(target, dict):
                yield from below(target, *before, name)
            else:
                yield (*before, name)

    return list(below(COMMANDS))


# They do something and answer nothing that another program would read.
WITHOUT_JSON = {
    *("get", "inventory export", "inventory template", "elsewhere template", "revocations template"),
    "deliveries template",
    *(
        "handovers template",
        "targets template",
        "desks template",
        "reuse template",
        "lists import",
        "alerts test",
        "serve",
    ),
    *("portal", "worker"),
}


def test_every_command_has_its_help_in_both_languages() -> None:
    """One process for all: a hundred interpreters would take a minute to say the same."""
    probe = (
        "import sys, io, contextlib\n"
        "from cli.app import app_for\n"
        f"for path in {paths()!r}:\n"
        "    out = io.StringIO()\n"
        "    with contextlib.redirect_stdout(out):\n"
        "        app_for()([*path, '--help'], prog_name='sohoa', standalone_mode=False)\n"
        "    print('\\0', ' '.join(path), out.getvalue())\n"
    )
    pages = {}
    for lang in ("vi", "en"):
        environment = {**os.environ, "SOHOA_LANG": lang}
        done = subprocess.run(
            [sys.executable, "-c", probe], env=environment, capture_output=True, text=True, check=True
        )
        pages[lang] = done.stdout.split("\0")[1:]
    assert len(pages["vi"]) == len(pages["en"]) == len(paths())
    for words, vietnamese, english in zip(paths(), pages["vi"], pages["en"], strict=True):
        assert all(option in english for option in ("--home", "--lang", "--operator")), words
        assert ("--json" in english) is (" ".join(words) not in WITHOUT_JSON), words
        assert "help." not in vietnamese and "help." not in english, english  # a key without its sentence
        assert "Cách dùng:" in vietnamese and "Options:" not in vietnamese
        assert "Usage:" in english
        outside = {letter for letter in english if letter.isalpha() and ord(letter) > 127}
        assert not outside or "QĐ-UBND" in english or "review unit" in english, (outside, english)


def test_usage_errors_speak_the_language_of_the_command_line(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    vietnamese = machine.run("quota", "--nope")
    assert vietnamese.returncode == 2 and "không có tùy chọn --nope" in vietnamese.stderr
    english = machine.run("quota", "--nope", "--lang", "en")
    assert english.returncode == 2 and "there is no option --nope" in english.stderr
    assert "là" not in english.stderr.split()
    missing = machine.run("digitize")
    assert missing.returncode == 2 and "thiếu BATCH_DIR" in missing.stderr
    unknown = machine.run("batch", "shw")
    assert unknown.returncode == 2 and "không có lệnh" in unknown.stderr


def test_a_bad_port_is_named_without_a_traceback(tmp_path: Path) -> None:
    done = Machine(tmp_path, SOHOA_DATABASE_URL="postgresql://u:geheim@h:port/x").run("batch", "list")
    assert done.returncode == 1 and "Traceback" not in done.stderr and "geheim" not in done.stderr


def test_what_a_run_leaves_is_for_its_owner_alone(tmp_path: Path, scans: Path) -> None:
    machine = Machine(tmp_path)
    machine.run("digitize", scans, "--plain")
    machine.run("quota", "--explain", machine.home / "vi-sao.csv")
    open_to_others = [path for path in machine.home.rglob("*") if path.stat().st_mode & 0o077]
    assert open_to_others == []
