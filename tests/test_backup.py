"""`sohoa backup` and `restore`: a drill through the command line."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.kept_home import flip, shown
from tests.machine import Machine


def scheduled(machine: Machine) -> list[Any]:
    with closing(sqlite3.connect(machine.home / "catalogue.db")) as catalogue:
        return catalogue.execute("SELECT batch, path, at FROM schedule").fetchall()


def test_a_backup_brings_catalogue_settings_and_schedules_into_an_empty_home(
    machine: Machine, tmp_path: Path
) -> None:
    (machine.home / "sohoa.toml").write_text('lang = "en"\n', "utf-8")
    folder = machine.inbox / "hộp-30"
    folder.mkdir()
    assert machine.run("schedule", folder, "--at", "31/12/2099 22:00").returncode == 0
    planned = scheduled(machine)
    assert planned
    declared = machine.home / "submissions" / ("a" * 32) / "submission.json"
    declared.parent.mkdir(parents=True)
    declared.write_text("{}", "utf-8")
    before = shown(machine)
    out = tmp_path / "sao-lưu.tar.gz"
    assert machine.run("backup", out).returncode == 0
    assert out.stat().st_mode & 0o077 == 0
    store = tmp_path / "kept-store"
    (machine.home / "store").rename(store)
    restored = Machine(tmp_path / "mới", SOHOA_STORE__ROOT=str(store), SOHOA_OPERATOR="chị Lan")
    done = restored.run("restore", out)
    assert done.returncode == 0, done.stderr
    assert shown(restored) == before
    assert scheduled(restored) == planned
    assert (restored.home / "sohoa.toml").read_text("utf-8") == 'lang = "en"\n'
    assert (restored.home / declared.relative_to(machine.home)).read_text("utf-8") == "{}"
    assert restored.run("verify").returncode == 0


def test_a_home_that_holds_anything_is_not_restored_into(machine: Machine, tmp_path: Path) -> None:
    out = tmp_path / "b.tar.gz"
    assert machine.run("backup", out).returncode == 0
    assert machine.run("restore", out).returncode == 2
    assert machine.run("backup", out).returncode == 2


def test_a_damaged_backup_changes_nothing(machine: Machine, tmp_path: Path) -> None:
    out = tmp_path / "b.tar.gz"
    assert machine.run("backup", out).returncode == 0
    flip(out)
    empty = Machine(tmp_path / "mới")
    assert empty.run("restore", out).returncode == 2
    assert not (empty.home / "catalogue.db").exists()


def test_a_part_that_is_no_ordinary_file_is_refused_and_nothing_is_put_in_place(
    machine: Machine, tmp_path: Path
) -> None:
    out, made = tmp_path / "b.tar.gz", tmp_path / "made.tar.gz"
    assert machine.run("backup", out).returncode == 0
    with tarfile.open(out) as archive, tarfile.open(made, "w:gz") as other:
        for member in archive:
            if member.name == "catalogue.db":
                link = tarfile.TarInfo("catalogue.db")
                link.type, link.linkname = tarfile.SYMTYPE, str(machine.home / "catalogue.db")
                other.addfile(link)
            else:
                other.addfile(member, archive.extractfile(member))
    empty = Machine(tmp_path / "mới")
    refused = empty.run("restore", made)
    assert refused.returncode == 2 and "catalogue.db" in refused.stderr
    assert not (empty.home / "catalogue.db").exists()


def test_a_backup_is_restored_by_the_python_of_debian_12_whose_tar_knows_no_filters(
    machine: Machine, tmp_path: Path
) -> None:
    out, older = tmp_path / "b.tar.gz", tmp_path / "older"
    assert machine.run("backup", out).returncode == 0
    older.mkdir()
    # What 3.11.2 lacks of 3.11.4 is taken away before anything of ours is imported.
    (older / "sitecustomize.py").write_text(
        "import tarfile\n"
        "for name in [each for each in vars(tarfile) if 'filter' in each.lower()]:\n"
        "    delattr(tarfile, name)\n"
        "def extract(*given, **named):\n"
        "    raise TypeError('Python 3.11.2 extracts without filters')\n"
        "tarfile.TarFile.extract = tarfile.TarFile.extractall = extract\n",
        encoding="utf-8",
    )
    restored = Machine(tmp_path / "mới", SOHOA_STORE__ROOT=str(machine.home / "store"))
    restored.environment["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(older), restored.environment.get("PYTHONPATH")])
    )
    done = restored.run("restore", out)
    assert done.returncode == 0, done.stderr
    assert shown(restored) == shown(machine)


def test_a_backup_says_what_it_holds(machine: Machine, tmp_path: Path) -> None:
    out = tmp_path / "b.tar.gz"
    answer = machine.json("backup", out)
    with tarfile.open(out) as archive:
        manifest = json.loads(archive.extractfile("manifest.json").read())  # type: ignore[union-attr]
    assert answer["heads"] == manifest["heads"]
    assert set(manifest["parts"]) == {"catalogue.db"}


def test_a_backup_says_which_uploads_it_leaves_and_a_copy_of_the_folder_brings_them_back(
    machine: Machine, tmp_path: Path
) -> None:
    waiting = machine.home / "uploads" / "hộp-9" / "01.png"
    coming = machine.home / "uploads" / ".dang-tai" / "a" / "1"
    for path in (waiting, coming):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x" * 60_000)
    told = machine.run("backup", tmp_path / "a.tar.gz").stdout
    assert "2 tệp tải lên (0.1 MB)" in told and "SOHOA_HOME/uploads" in told
    out = tmp_path / "b.tar.gz"
    left = {"uploads/hộp-9/01.png": 60_000, "uploads/.dang-tai/a/1": 60_000}
    assert machine.json("backup", out)["left"] == left
    restored = Machine(tmp_path / "mới")
    shutil.copytree(machine.home / "uploads", restored.home / "uploads")
    done = restored.run("restore", out)
    assert done.returncode == 0 and "tải lên" not in done.stdout, done.stderr
    assert (restored.home / "uploads" / "hộp-9" / "01.png").read_bytes() == waiting.read_bytes()
    shutil.rmtree(machine.home / "uploads")
    assert "tải lên" not in machine.run("backup", tmp_path / "c.tar.gz").stdout
