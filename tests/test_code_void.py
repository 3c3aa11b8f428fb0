"""`sohoa code show|void`: a wrongly issued code is taken back for ever, and what rested on it is looked at again."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.kept_home import by_file
from tests.machine import Machine


def test_a_voided_code_is_held_by_no_paper_and_its_duplicates_are_looked_at_again(
    machine: Machine, tmp_path: Path
) -> None:
    papers = by_file(machine)
    holder = papers["a.png"] if papers["a.png"]["code"] else papers["c.png"]
    twin = papers["c.png"] if holder is papers["a.png"] else papers["a.png"]
    code = holder["code"]
    assert code and twin["code"] is None
    answer = machine.json("code", "void", code, "--reason", "đọc sai số")
    assert (answer["document"], answer["review"]) == (holder["id"], [twin["id"]])
    after = by_file(machine)
    assert {after["a.png"]["code"], after["c.png"]["code"]} == {None}
    assert {after["a.png"]["route"], after["c.png"]["route"]} == {"review"}
    shown = machine.json("code", "show", code)
    assert (shown["state"], shown["reason"], shown["voided_by"]) == ("void", "đọc sai số", "chị Lan")
    trace = machine.json("trace", code)
    (deed,) = [each for each in trace["events"] if each["type"] == "code voided"]
    assert deed["detail"]["reason"] == "đọc sai số"
    assert trace["provenance"]["differ"] == trace["provenance"]["waiting"] == 0
    machine.run("quota", "--explain", tmp_path / "vì-sao.csv")
    with (tmp_path / "vì-sao.csv").open(encoding="utf-8-sig", newline="") as file:
        reasons = {row["Mã tài liệu"]: row["Lý do"] for row in csv.DictReader(file)}
    assert reasons[holder["id"]] == "mã đã bị hủy"
    assert reasons[papers["b.png"]["id"]] == "đã số hóa, còn hiệu lực"


def test_a_reason_and_a_code_in_force_are_needed(machine: Machine) -> None:
    code = by_file(machine)["b.png"]["code"]
    assert machine.run("code", "void", code).returncode == 2
    assert machine.run("code", "void", code, "--reason", " ").returncode == 1
    assert machine.run("code", "void", "không.có", "--reason", "x").returncode == 1
    assert machine.run("code", "void", code, "--reason", "x", "--successor", code).returncode == 1
    assert by_file(machine)["b.png"]["code"] == code


def test_two_people_are_needed_where_the_settings_ask_for_them(machine: Machine) -> None:
    (machine.home / "sohoa.toml").write_text("void_needs_two = true\n", "utf-8")
    code = by_file(machine)["b.png"]["code"]
    alone = machine.run("code", "void", code, "--reason", "cấp sai")
    assert (alone.returncode, "--second-operator" in alone.stderr) == (1, True)
    same = machine.run("code", "void", code, "--reason", "cấp sai", "--second-operator", "chị Lan")
    assert same.returncode == 1
    both = machine.run("code", "void", code, "--reason", "cấp sai", "--second-operator", "anh Minh")
    assert both.returncode == 0, both.stderr
    (deed,) = [each for each in machine.json("trace", code)["events"] if each["type"] == "code voided"]
    assert (deed["agent"], deed["detail"]["second_operator"]) == ("chị Lan", "anh Minh")
