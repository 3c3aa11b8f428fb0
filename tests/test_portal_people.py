"""Accounts by the command line: what is kept, what an event tells, what a rebuild restores, what each role may do."""

from __future__ import annotations

import json
import shutil
import sqlite3
from datetime import date
from pathlib import Path

import pytest

from portal import passwords, second_factor
from portal.rights import RIGHTS, Right, Scope, may, rights_of, scope_of
from schemas.people import Account, Role
from tests.machine import Machine
from workspace.figuring import unit_register

WORD = "một con mèo trên mái nhà"
DAY = date(2026, 11, 28)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "mật-khẩu.txt"
    path.write_text(f"{WORD}\n", encoding="utf-8")
    return path


def added(machine: Machine, secret: Path, name: str, *options: str) -> None:
    done = machine.run("users", "add", name, "--password-file", secret, *options)
    assert done.returncode == 0, done.stderr


def stored_events(machine: Machine) -> str:
    return "".join(
        path.read_text(encoding="utf-8") for path in (machine.home / "store" / "events").rglob("*.json")
    )


def test_an_account_is_listed_as_it_was_made_and_its_name_is_not_used_again(
    machine: Machine, secret: Path
) -> None:
    added(machine, secret, "chị Lan", "--role", "reviewer", "--unit", "22366")
    (held,) = machine.json("users", "list")
    assert (held["name"], held["role"], held["units"]) == ("chị Lan", "reviewer", ["22366"])
    assert held["created_by"] == "chị Lan" and held["password"] and not held["second_factor"]
    again = machine.run("users", "add", "CHỊ  LAN", "--role", "it", "--password-file", secret)
    assert again.returncode == 2 and "chị" in again.stderr.casefold()
    assert machine.run("users", "disable", "chị lan").returncode == 0
    assert machine.run("users", "disable", "chị lan").returncode == 2
    assert machine.run("users", "add", "chị Lan", "--role", "it", "--password-file", secret).returncode == 2
    assert machine.json("users", "list")[0]["disabled_at"]
    assert "đã khóa" in machine.run("users", "list").stdout


def test_every_change_is_an_event_of_the_house_and_no_secret_is_ever_in_one(
    machine: Machine, secret: Path
) -> None:
    added(machine, secret, "an", "--role", "archivist")
    assert machine.run("users", "scope", "an", "--role", "auditor", "--batch", "hộp-21").returncode == 0
    assert machine.run("users", "password", "an", "--password-file", secret).returncode == 0
    key = machine.json("users", "totp", "an")["key"]
    assert machine.run("users", "totp", "an", "--off").returncode == 0
    assert machine.run("users", "disable", "an").returncode == 0
    told = stored_events(machine)
    outcomes = [
        entry["event"]["outcome"]
        for path in sorted((machine.home / "store" / "events" / "house").glob("*.json"))
        for entry in json.loads(path.read_text(encoding="utf-8"))["entries"]
        if entry.get("event", {}).get("type") == "account"
    ]
    assert outcomes == ["added", "rescoped", "password", "second_factor", "no_second_factor", "disabled"]
    assert "argon2" not in told and key not in told and WORD not in told


def test_a_rebuild_restores_accounts_without_their_passwords_and_a_backup_carries_them(
    machine: Machine, secret: Path, tmp_path: Path
) -> None:
    added(machine, secret, "an", "--role", "it")
    before = machine.json("users", "list")
    assert machine.run("backup", tmp_path / "kho.tar").returncode == 0
    for path in machine.home.glob("catalogue.db*"):
        path.unlink()
    assert machine.run("rebuild").returncode == 0
    (after,) = machine.json("users", "list")
    assert after == {**before[0], "password": False}
    assert machine.run("users", "password", "an", "--password-file", secret).returncode == 0
    assert machine.json("users", "list") == before
    shutil.rmtree(machine.home)
    assert machine.run("restore", tmp_path / "kho.tar").returncode == 0
    database = sqlite3.connect(machine.home / "catalogue.db")
    assert "argon2id" in str(database.execute("SELECT password FROM account_secret").fetchone())
    database.close()


@pytest.mark.parametrize(
    ("word", "good"), [("ngắn", False), ("aaaaaaaaaaaaaaaa", False), (WORD, True), ("x" * 300, False)]
)
def test_a_weak_password_is_refused_and_nothing_is_made(
    machine: Machine, tmp_path: Path, word: str, good: bool
) -> None:
    path = tmp_path / "p"
    path.write_text(word, encoding="utf-8")
    done = machine.run("users", "add", "an", "--role", "it", "--password-file", path)
    assert (done.returncode == 0) is good and word not in done.stderr + done.stdout
    assert len(machine.json("users", "list")) == good


def test_a_password_is_asked_for_on_a_terminal_and_nowhere_else(machine: Machine) -> None:
    done = machine.run("users", "add", "an", "--role", "it")
    assert done.returncode == 2 and "--password-file" in done.stderr


@pytest.mark.parametrize("name", ["", "a\x00b", "x" * 80, "<b>", "../an", "an;--"])
def test_a_name_that_is_no_name_is_refused(machine: Machine, secret: Path, name: str) -> None:
    assert machine.run("users", "add", name, "--role", "it", "--password-file", secret).returncode == 2


def test_a_unit_that_does_not_exist_is_refused(machine: Machine, secret: Path) -> None:
    done = machine.run("users", "add", "an", "--role", "it", "--unit", "99x", "--password-file", secret)
    assert done.returncode == 2 and "99x" in done.stderr


def person(role: Role, *, units: tuple[str, ...] = (), batches: tuple[str, ...] = ()) -> Account:
    return Account(name="an", role=role, units=units, batches=batches, created_at="", created_by="")


EXPECTED = {
    "archivist": "look figures correct accept schedule upload declare clear watch",
    "reviewer": "look correct accept clear",
    "approver": "look figures accept code issue clear watch measure",
    "it": "look figures schedule upload watch administer measure",
    "auditor": "look figures clear watch measure",
}
WHOLE_HOUSE = {"schedule", "issue", "watch", "administer", "measure"}
DECIDING = {"accept", "code", "figures", "declare"}


@pytest.mark.parametrize("scope", ["whole", "unit", "batch", "both"])
@pytest.mark.parametrize("right", list(Right))
@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_do_what_the_table_says_and_no_more(role: Role, right: Right, scope: str) -> None:
    expected = set(EXPECTED[role].split())
    account = person(
        role,
        units=("22366",) if scope in {"unit", "both"} else (),
        batches=("hộp-21",) if scope in {"batch", "both"} else (),
    )
    if scope != "whole":
        expected -= WHOLE_HOUSE
    if scope in {"batch", "both"}:
        expected -= DECIDING
    assert may(account, right) is (right in expected)


def test_every_role_is_in_the_table_and_a_disabled_account_may_do_nothing() -> None:
    assert RIGHTS.keys() == set(Role)
    gone = person(Role.IT).model_copy(update={"disabled_at": "2026-01-01T00:00:00+00:00"})
    assert rights_of(gone) == frozenset()


def test_a_commune_sees_the_papers_of_the_communes_that_went_into_it_and_no_others() -> None:
    register = unit_register()
    (holder,) = [
        made
        for made in register.identities.values()
        if made.stood_on(DAY) and made.names[-1].name == "Xã Diên Khánh"
    ]
    scope = scope_of(person(Role.REVIEWER, units=(holder.code,)), register, DAY)
    assert scope.has("Xã Diên An", "x") and scope.has("Xã Diên Khánh", "x")
    assert not scope.has("Phường Nha Trang", "x") and not scope.has(None, "x")


def test_of_two_units_of_one_name_neither_sees_the_others_papers() -> None:
    register = unit_register()
    by_name: dict[str, set[str]] = {}
    for made in register.identities.values():
        for row in made.names:
            by_name.setdefault(row.name, set()).add(register.holder(made, DAY).code)
    shared = [(name, sorted(codes)) for name, codes in by_name.items() if len(codes) > 1]
    assert shared, "the lists have such names"
    for name, codes in shared:
        seen = [
            scope_of(person(Role.REVIEWER, units=(code,)), register, DAY).has(name, "x") for code in codes
        ]
        assert not any(seen), name


def test_a_contractor_sees_its_batches_and_an_account_with_both_scopes_what_meets_both() -> None:
    assert Scope(None, frozenset({"a"})).has(None, "a") and not Scope(None, frozenset({"a"})).has(None, "b")
    both = Scope(frozenset({"Xã Diên An"}), frozenset({"a"}))
    assert both.has("Xã Diên An", "a")
    assert not both.has("Xã Diên An", "b") and not both.has("Xã khác", "a")
    assert Scope().whole and Scope().has(None, "z")


@pytest.mark.parametrize(
    ("at", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_codes_are_those_of_rfc_6238(at: int, code: str) -> None:
    key = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert second_factor.step_of(key, code, at) == at // 30
    assert second_factor.step_of(key, code, at + 30) == at // 30
    assert second_factor.step_of(key, code, at + 95) is None
    assert (
        second_factor.step_of(key, "12345", at) is None
        and second_factor.step_of(key, "１２３４５６", at) is None
    )


def test_a_password_typed_in_two_spellings_of_one_letter_is_one() -> None:
    kept = passwords.hashed("đường về nhà xa")
    assert passwords.matches(kept, "đường về nhà xa")
    assert not passwords.matches(kept, "duong ve nha xa") and not passwords.matches(None, "x")
