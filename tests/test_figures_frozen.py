"""Frozen figures: a set answers for ever as on its day, says when it was altered, and what changed is told by cause."""

from __future__ import annotations

import csv
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.backdated_home import (
    ELSEWHERE_HEAD,
    END_OF_2021,
    HEAD,
    REVOKED_HEAD,
    imported,
    set_back,
    table,
)
from tests.kept_home import by_file, flip, object_path
from tests.machine import Machine

TWENTY = "xã;Xã Diên An;Giấy khai sinh;2021;20;theo sổ;Sổ hộ tịch 2021"
FORTY = "xã;Xã Diên An;Giấy khai sinh;2021;40;kiểm đếm;Biên bản kiểm kê lại"


@pytest.fixture
def past(machine: Machine, tmp_path: Path) -> Machine:
    """Two coded births of Xã Diên An, digitised in 2021, and an inventory of twenty."""
    set_back(machine)
    imported(machine, "inventory", table(tmp_path, "một.csv", HEAD, TWENTY))
    return machine


def frozen(machine: Machine, *options: str) -> dict[str, Any]:
    """Freeze the end of 2021."""
    answer: dict[str, Any] = machine.json("figures", "freeze", "--as-of", END_OF_2021, *options)
    return answer


def without_frozen(answer: dict[str, Any]) -> dict[str, Any]:
    """A report without the name of its set and the moment it was asked."""
    return {key: value for key, value in answer.items() if key not in {"frozen", "known_at"}}


def test_a_frozen_set_answers_as_on_its_day_whatever_is_imported_later(past: Machine, tmp_path: Path) -> None:
    before = past.json("quota", "--as-of", END_OF_2021)
    assert before["frozen"] is None
    made = frozen(past, "--note", "báo cáo năm 2021")
    imported(past, "inventory", table(tmp_path, "hai.csv", HEAD, FORTY))
    assert past.json("quota", "--as-of", END_OF_2021)["rows"] != before["rows"]
    shown = past.json("quota", "--frozen", made["id"][:8])
    assert shown["frozen"] == made["id"]
    assert without_frozen(shown) == without_frozen(before)
    assert made["id"] in past.run("quota", "--frozen", made["id"]).stdout
    (listed,) = past.json("figures", "list")
    assert (listed["id"], listed["note"], listed["operator"]) == (made["id"], "báo cáo năm 2021", "chị Lan")
    assert "báo cáo năm 2021" in past.run("figures", "list").stdout
    assert past.json("figures", "verify") == {"sets": 1, "altered": []}
    for name in made["files"]:
        assert stat.S_IMODE(object_path(past, name["key"]).stat().st_mode) & 0o077 == 0


def test_an_altered_object_of_a_set_is_named_and_ends_with_1(past: Machine) -> None:
    made = frozen(past)
    path = object_path(past, made["files"][0]["key"])
    good = flip(path)
    done = past.run("figures", "verify", made["id"])
    assert done.returncode == 1 and "papers" in done.stdout
    path.write_bytes(good)
    assert past.run("figures", "verify").returncode == 0
    manifest = object_path(past, f"figures/{made['id'][:2]}/{made['id']}.json")
    flip(manifest)
    assert past.run("figures", "verify").returncode == 1
    assert past.run("quota", "--frozen", made["id"]).returncode != 0


def test_the_list_of_sets_is_rebuilt_from_the_store(past: Machine) -> None:
    made = frozen(past)
    for path in past.home.glob("catalogue.db*"):
        path.unlink()
    assert past.run("rebuild").returncode == 0
    assert [each["id"] for each in past.json("figures", "list")] == [made["id"]]
    assert past.json("figures", "verify")["altered"] == []


def test_what_changed_between_two_sets_is_told_by_cause_unit_and_kind(past: Machine, tmp_path: Path) -> None:
    first = frozen(past)["id"]
    papers = by_file(past)
    code = papers["a.png"]["code"]
    revoked = "Xã Diên An;Giấy khai sinh;132/2021;2021-11-01;thu hồi;12/QĐ;2021-11-01;Bình"
    imported(past, "revocations", table(tmp_path, "thu.csv", REVOKED_HEAD, revoked))
    imported(past, "inventory", table(tmp_path, "hai.csv", HEAD, FORTY))
    other = "Xã Diên An;Giấy khai sinh;2021-10-01;3;;;;Báo cáo 7"
    imported(past, "elsewhere", table(tmp_path, "nơi khác.csv", ELSEWHERE_HEAD, other))
    assert past.run("code", "void", code, "--reason", "nhầm").returncode == 0
    second = frozen(past)["id"]
    told = past.json("figures", "diff", first, second)
    # The code was in force at the end of 2021; only the revocation reaches back.
    assert told["totals"] == {"revoked": -1, "inventory": 20, "elsewhere": 3}
    (gone,) = told["papers"]
    assert gone["document_id"] == papers["b.png"]["id"] and gone["code"] != papers["b.png"]["code"]
    today = past.json("figures", "freeze", "--as-of", "2099-01-01")["id"]
    assert past.json("figures", "diff", second, today)["totals"]["voided"] == -1
    out = tmp_path / "thay đổi.csv"
    said = past.run("figures", "diff", first, second, "--out", out)
    assert "bị thu hồi" in said.stdout and "kiểm kê thay đổi" in said.stdout
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    with out.open(encoding="utf-8-sig", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert papers["b.png"]["id"] in row.values() and papers["b.png"]["code"] not in row.values()
    assert "giống nhau" in past.run("figures", "diff", first, first).stdout
    assert sum(told["totals"].values()) == sum(row["papers"] for row in told["rows"])


def test_a_set_that_is_not_there_and_options_that_do_not_go_together_are_refused(past: Machine) -> None:
    made = frozen(past)
    for asked in (
        ("quota", "--frozen", "ffff"),
        ("quota", "--frozen", made["id"][:2]),
        ("quota", "--frozen", made["id"], "--as-of", END_OF_2021),
        ("figures", "diff", made["id"], "0000"),
        ("figures", "freeze", "--as-of", END_OF_2021, "--reading", "Z"),
        ("figures", "freeze", "--as-of", END_OF_2021, "--series", "x"),
    ):
        done = past.run(*asked)
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
    assert json.loads(past.run("figures", "list", "--json").stdout)[0]["id"] == made["id"]
