"""`sohoa rebuild`: the catalogue from the store alone answers as before; an older catalogue is refused until then."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import StoreError
from storage import rebuilding
from storage.catalogue.database import Database
from storage.objects import keys
from storage.objects.local import LocalStore
from tests.command_forks import Forks, quick_machine
from tests.kept_home import BATCH, by_file, flip, shown
from tests.machine import Machine

INVENTORY = "level,unit,kind,year,count,basis,source\nCấp tỉnh,Sở Xây dựng,Giấy phép xây dựng,2021,100,kiểm đếm,bảng 1\n"


def answers(machine: Machine) -> tuple[Any, ...]:
    trace = machine.json("trace", by_file(machine)["a.png"]["id"])
    kept = {key: trace[key] for key in ("events", "arrivals", "provenance")}
    return shown(machine), machine.json("quota"), machine.json("batch", "list"), kept


def lose_catalogue(machine: Machine) -> None:
    for file in machine.home.glob("catalogue.db*"):
        file.unlink()


def test_a_rebuilt_catalogue_answers_as_before(machine: Machine, tmp_path: Path) -> None:
    table = tmp_path / "kk.csv"
    table.write_text(INVENTORY, "utf-8")
    papers = by_file(machine)
    assert (
        machine.run("code", "void", papers["b.png"]["code"], "--reason", "đọc sai số", "--json").returncode
        == 0
    )
    assert machine.run("inventory", "import", table).returncode == 0
    before = answers(machine)
    lose_catalogue(machine)
    done = machine.run("rebuild", "--json")
    assert done.returncode == 0, done.stderr
    assert answers(machine) == before
    assert machine.run("verify").returncode == 0


def test_a_run_after_a_rebuild_has_nothing_to_do_and_issues_no_code(machine: Machine, home: Path) -> None:
    before = shown(machine)
    lose_catalogue(machine)
    assert machine.run("rebuild").returncode == 0
    assert machine.run("digitize", home.parent / BATCH, "--plain").returncode == 0
    assert shown(machine) == before


def test_a_deleted_catalogue_is_refused_before_any_work_with_its_remedy(machine: Machine, home: Path) -> None:
    lose_catalogue(machine)
    done = machine.run("digitize", home.parent / BATCH, "--plain")
    assert done.returncode == 1
    assert "sohoa rebuild" in done.stderr
    assert machine.run("batch", "list").returncode == 1  # nor is the empty catalogue shown as if it were one


def test_a_catalogue_older_than_its_store_is_refused_and_kept_aside_by_the_rebuild(
    machine: Machine, home: Path, tmp_path: Path
) -> None:
    machine.run("verify")
    with closing(sqlite3.connect(machine.home / "catalogue.db")) as live:
        live.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(machine.home / "catalogue.db", tmp_path / "older.db")
    code = by_file(machine)["b.png"]["code"]
    assert machine.run("code", "void", code, "--reason", "đọc sai số").returncode == 0
    lose_catalogue(machine)
    shutil.copy(tmp_path / "older.db", machine.home / "catalogue.db")
    for command in (
        ["digitize", home.parent / BATCH, "--plain"],
        ["code", "void", code, "--reason", "lần nữa"],
    ):
        done = machine.run(*command)
        assert (done.returncode, "sohoa rebuild" in done.stderr) == (1, True), done.stderr
    answer = json.loads(machine.run("rebuild", "--json").stdout)
    assert Path(answer["aside"]).is_file()
    assert by_file(machine)["b.png"]["code"] is None
    assert machine.json("code", "show", code)["state"] == "void"


def test_a_catalogue_as_long_as_its_store_but_of_another_history_is_refused(
    machine: Machine, forks: Forks, home: Path, tmp_path: Path
) -> None:
    """A copy of a home that went its own way, and is then pointed at the store of the first."""
    other = quick_machine(forks, home, tmp_path / "other")
    code = by_file(machine)["b.png"]["code"]
    for each, reason in ((machine, "đọc sai số"), (other, "nhầm loại giấy")):
        assert each.run("code", "void", code, "--reason", reason).returncode == 0
    shutil.rmtree(other.home / "store")
    shutil.copytree(machine.home / "store", other.home / "store")
    done = other.run("digitize", home.parent / BATCH, "--plain")
    assert (done.returncode, "sohoa rebuild" in done.stderr) == (1, True), done.stderr


def test_a_catalogue_from_before_there_were_chains_is_taken_into_them(machine: Machine, home: Path) -> None:
    before = shown(machine)
    shutil.rmtree(machine.home / "store" / "events")
    with closing(sqlite3.connect(machine.home / "catalogue.db")) as catalogue:
        catalogue.execute("DELETE FROM chain_object")
        catalogue.execute("DELETE FROM outbox")
        catalogue.execute("UPDATE code SET event = NULL")
        catalogue.execute("UPDATE document_version SET sidecar_sha256 = NULL")
        catalogue.commit()
    assert machine.run("digitize", home.parent / BATCH, "--plain").returncode == 0
    assert machine.run("verify").returncode == 0
    lose_catalogue(machine)
    assert machine.run("rebuild").returncode == 0
    assert shown(machine) == before


def test_a_catalogue_that_is_up_to_date_is_not_replaced(machine: Machine) -> None:
    before = (machine.home / "catalogue.db").stat().st_ino
    done = machine.run("rebuild")
    assert done.returncode == 2
    assert "sohoa verify" in done.stderr
    assert (machine.home / "catalogue.db").stat().st_ino == before


def test_a_paper_whose_sidecar_is_lost_keeps_its_code_and_waits_for_a_person(machine: Machine) -> None:
    paper = by_file(machine)["a.png"]
    flip(machine.home / "store" / "documents" / paper["id"] / "v0001.json")
    lose_catalogue(machine)
    done = machine.run("rebuild", "--json")
    assert done.returncode == 3
    (problem,) = json.loads(done.stdout)["problems"]
    assert (problem["document_id"], problem["damage"]) == (paper["id"], "altered")
    after = by_file(machine)["a.png"]
    assert (after["code"], after["route"]) == (paper["code"], "review")


class AwayHalfWay(LocalStore):
    """A store that can be reached until the first sidecar is asked for."""

    def read(self, key: str) -> bytes:
        if key.startswith(keys.SIDECARS):
            raise StoreError("no route to host", remedy="store_unreachable", key=key)
        return super().read(key)


def test_an_outage_is_not_taken_for_lost_sidecars(machine: Machine, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'rebuilt.db'}")
    with closing(database), pytest.raises(StoreError, match="no route to host"):
        rebuilding.rebuild(AwayHalfWay(machine.home / "store"), database)


def test_no_figure_is_given_out_of_a_catalogue_that_its_store_has_outgrown(machine: Machine) -> None:
    paper = by_file(machine)["a.png"]["id"]
    for path in machine.home.glob("catalogue.db*"):
        path.unlink()
    listings = (["batch", "list"], ["quota"], ["review", "list"], ["board"], ["alerts", "check"])
    of_batch = (["batch", "rescan", BATCH], ["review", "export", BATCH], ["trace", paper, "--json"])
    for command in (*listings, *of_batch):
        refused = machine.run(*command)
        assert refused.returncode == 1 and "sohoa rebuild" in refused.stderr, (command, refused)
    assert machine.run("rebuild").returncode == 0
    assert machine.run("quota").returncode == 0
