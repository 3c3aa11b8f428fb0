"""`sohoa verify`: damage is found, named, counted, told to the department, and healed from bytes in hand."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.kept_home import BATCH, by_file, flip, object_path
from tests.machine import Machine


def digitize(machine: Machine, home: Path) -> None:
    done = machine.run("digitize", home.parent / BATCH, "--plain")
    assert done.returncode == 0, done.stderr


def counted(machine: Machine, tmp_path: Path) -> dict[str, str]:
    machine.run("quota", "--explain", tmp_path / "vì-sao.csv", "--lang", "en")
    with (tmp_path / "vì-sao.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["Document id"]: row["Reason"] for row in rows}


def test_a_whole_store_is_told_to_be_whole_and_stands_on_the_board(machine: Machine) -> None:
    done = machine.run("verify", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["outcome"], found["damage"]) == (0, "success", [])
    assert found["objects"] >= 3 * 3
    board = machine.json("board")
    assert (board["fixity"]["outcome"], board["fixity"]["damaged"]) == ("success", 0)


def test_each_kind_of_damage_is_named_with_its_papers_and_they_are_not_counted(
    machine: Machine, tmp_path: Path
) -> None:
    papers = by_file(machine)
    flip(object_path(machine, papers["a.png"]["original"]))
    object_path(machine, papers["b.png"]["pdfa"]).unlink()
    sidecar = machine.home / "store" / "documents" / papers["c.png"]["id"] / "v0001.json"
    sidecar.write_text(
        sidecar.read_text("utf-8").replace('"operator": "máy"', '"operator": "ai đó"'), "utf-8"
    )
    done = machine.run("verify", "--json", "--lang", "en")
    assert done.returncode == 3
    damage = {each["kind"]: each for each in json.loads(done.stdout)["damage"]}
    assert {kind: (each["state"], each["documents"]) for kind, each in damage.items()} == {
        "original": ("altered", [papers["a.png"]["id"]]),
        "pdfa": ("missing", [papers["b.png"]["id"]]),
        "sidecar": ("altered", [papers["c.png"]["id"]]),
    }
    assert damage["sidecar"]["message"] == "the sidecar was edited"
    reasons = counted(machine, tmp_path)
    for name in ("a.png", "b.png"):
        assert reasons[papers[name]["id"]].startswith("a stored object is missing or altered")
    board = machine.json("board")
    assert (board["fixity"]["outcome"], board["fixity"]["damaged"]) == ("damaged", 3)
    assert "3 đối tượng bị mất hoặc đã khác" in (machine.home / "reports" / "board.html").read_text("utf-8")
    alerts = machine.run("alerts", "list", "--lang", "en").stdout
    assert "3 objects missing or altered" in alerts
    trace = machine.json("trace", papers["c.png"]["id"])
    assert trace["papers"][0]["versions"][0]["sidecar_fixity"] == "differs"


def test_what_is_staged_again_heals_originals_pdfa_and_sidecars(machine: Machine, home: Path) -> None:
    papers = by_file(machine)
    original = object_path(machine, papers["a.png"]["original"])
    good = flip(original)
    object_path(machine, papers["b.png"]["pdfa"]).unlink()
    assert machine.run("verify").returncode == 3
    digitize(machine, home)
    assert original.read_bytes() == good
    assert list((machine.home / "store" / "damaged").rglob(f"{original.name}.*"))
    assert machine.run("verify").returncode == 0
    after = by_file(machine)
    assert {name: each["code"] for name, each in after.items()} == {
        name: each["code"] for name, each in papers.items()
    }
    kinds = [each["type"] for each in machine.json("trace", papers["a.png"]["id"])["events"]]
    assert "repair" in kinds


def test_a_damaged_sidecar_is_made_up_for_by_a_new_version_and_the_check_is_whole_again(
    machine: Machine, home: Path
) -> None:
    paper = by_file(machine)["c.png"]
    flip(machine.home / "store" / "documents" / paper["id"] / "v0001.json")
    assert machine.run("verify").returncode == 3
    digitize(machine, home)
    for _ in range(2):
        done = machine.run("verify", "--json")
        found = json.loads(done.stdout)
        assert (done.returncode, found["outcome"]) == (0, "success")
        assert [(each["state"], each["healed"]) for each in found["damage"]] == [("superseded", True)]
        assert machine.json("board")["fixity"]["damaged"] == 0
    last = machine.run("verify").stdout.splitlines()[-1]
    assert "phiên bản cũ" in last and "không có sai lệch" not in last  # the line above it names the sidecar
    assert by_file(machine)["c.png"]["code"] == paper["code"]


def test_a_catalogue_older_than_its_store_is_refused_before_anything_is_checked_or_noted(
    machine: Machine,
) -> None:
    place = machine.home / "catalogue.db"
    with closing(sqlite3.connect(place)) as catalogue:
        catalogue.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    old = place.read_bytes()
    assert machine.run("verify").returncode == 0
    for left in machine.home.glob("catalogue.db*"):
        left.unlink()
    place.write_bytes(old)
    done = machine.run("verify")
    assert done.returncode == 1
    assert "sohoa rebuild" in done.stderr
    board = machine.run("board")
    assert board.returncode == 1, "the board shows no figure out of it either"
    assert "sohoa rebuild" in board.stderr


def test_one_flipped_original_does_not_stop_its_batch(machine: Machine, home: Path) -> None:
    papers = by_file(machine)
    good = flip(object_path(machine, papers["a.png"]["original"]))
    with closing(sqlite3.connect(machine.home / "catalogue.db")) as catalogue:
        catalogue.execute("UPDATE batch_file SET done_with = 'older rules'")
        catalogue.commit()
    digitize(machine, home)
    assert object_path(machine, papers["a.png"]["original"]).read_bytes() == good


def test_the_same_bytes_in_another_batch_heal_a_lost_original(machine: Machine, home: Path) -> None:
    papers = by_file(machine)
    original = object_path(machine, papers["a.png"]["original"])
    good = original.read_bytes()
    original.unlink()
    other = machine.inbox / "hộp-22"
    other.mkdir()
    shutil.copy(home.parent / BATCH / "a.png", other / "z.png")
    assert machine.run("digitize", other, "--plain").returncode == 0
    assert original.read_bytes() == good


def test_a_lost_event_object_is_put_back_and_an_edited_event_is_found(machine: Machine) -> None:
    assert machine.run("verify").returncode == 0
    first = sorted((machine.home / "store" / "events").glob("hop-21-*/*.json"))[0]
    good = first.read_bytes()
    first.unlink()
    found = json.loads(machine.run("verify", "--json").stdout)
    assert [(each["state"], each["healed"]) for each in found["damage"]] == [("missing", True)]
    assert first.read_bytes() == good
    with closing(sqlite3.connect(machine.home / "catalogue.db")) as catalogue:
        catalogue.execute(
            'UPDATE event SET data = replace(data, \'"agent":"máy"\', \'"agent":"ai đó"\') '
            "WHERE type = 'code issued'"
        )
        catalogue.commit()
    done = machine.run("verify", "--json")
    assert done.returncode == 3
    assert {each["state"] for each in json.loads(done.stdout)["damage"]} == {"event_altered"}
    trace = machine.json("trace", by_file(machine)["a.png"]["id"])
    assert trace["provenance"]["differ"] == 1


def test_a_check_that_was_killed_goes_on_where_it_was(machine: Machine) -> None:
    process = machine.start("verify", "--rate", "0.02")
    catalogue = sqlite3.connect(f"file:{machine.home / 'catalogue.db'}?mode=ro", uri=True)
    try:
        for _ in range(200):
            if catalogue.execute("SELECT count(*) FROM fixity").fetchone()[0]:
                break
            time.sleep(0.1)
        else:
            pytest.fail("nothing was checked")
    finally:
        process.kill()
        process.wait()
        catalogue.close()
    again = json.loads(machine.run("verify", "--json").stdout)
    assert again["resumed"] is True
    assert again["outcome"] == "success"


def test_issued_reports_and_frozen_figures_are_hashed_too_and_a_lost_one_is_named(machine: Machine) -> None:
    frozen = machine.run("figures", "freeze", "--as-of", "2026-11-01")
    assert frozen.returncode == 0, frozen.stderr
    whole = machine.json("verify")
    assert whole["outcome"] == "success"
    report = next((machine.home / "store" / "reports").rglob("*.html"))
    manifest, table = (
        next((machine.home / "store" / "figures").rglob(f"*.{end}")) for end in ("json", "parquet")
    )
    flip(report)
    table.unlink()
    done = machine.run("verify", "--json", "--lang", "en")
    damage = {(each["kind"], each["state"]): each for each in json.loads(done.stdout)["damage"]}
    assert (done.returncode, damage.keys()) == (3, {("report", "altered"), ("figures", "missing")})
    assert "sohoa report verify" in damage["report", "altered"]["remedy"]
    assert table.stem in damage["figures", "missing"]["key"]
    assert machine.json("board")["fixity"]["damaged"] == 2
    manifest.unlink()
    told = machine.run("verify", "--lang", "vi")
    assert told.returncode == 3 and manifest.stem in told.stdout and "không còn trong nơi lưu" in told.stdout
    assert machine.run("figures", "verify").returncode == 1


def test_a_sample_checks_only_the_papers_drawn(machine: Machine) -> None:
    done = machine.json("verify", "--sample", "1")
    assert done["objects"] == 3
