"""Every batch report that was issued is kept, and a sheet can be held against the records."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kept_home import BATCH, by_file, machine_with, make_kept_home
from tests.machine import Machine


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_kept_home(tmp_path_factory.mktemp("issued"))


@pytest.fixture
def machine(home: Path, tmp_path: Path) -> Machine:
    return machine_with(home, tmp_path)


def page(machine: Machine) -> Path:
    """The batch's report where the command line names it."""
    return next(machine.home.glob("reports/*/report.html"))


def test_a_report_is_known_as_issued_and_a_change_in_one_figure_is_seen(
    machine: Machine, tmp_path: Path
) -> None:
    answer = machine.json("report", "verify", page(machine))
    assert (answer["state"], answer["records"], answer["later"]) == ("issued", "same", None)
    assert (answer["issued"]["batch"], len(answer["issued"]["fingerprint"])) == (BATCH, 64)
    assert machine.run("report", "verify", page(machine)).returncode == 0
    forged = tmp_path / "sửa.html"
    forged.write_text(page(machine).read_text(encoding="utf-8").replace(">3<", ">4<"), encoding="utf-8")
    told = machine.run("report", "verify", forged)
    assert told.returncode == 3 and "đã bị sửa" in told.stdout
    right = tmp_path / "đúng.html"
    assert machine.run("report", "batch", BATCH, right).returncode == 0
    assert right.read_bytes() == page(machine).read_bytes()
    assert right.stat().st_mode & 0o077 == 0
    assert machine.run("report", "batch", BATCH, right).returncode == 2  # nothing is overwritten


def test_what_was_never_issued_here_is_told_apart_from_what_was_altered(
    machine: Machine, tmp_path: Path
) -> None:
    for name, text in (("lạ.html", "<p>Báo cáo</p>"), ("trống.html", "")):
        stranger = tmp_path / name
        stranger.write_text(text, encoding="utf-8")
        done = machine.run("report", "verify", stranger)
        assert done.returncode == 3 and "Không phải báo cáo phát hành ở đây" in done.stdout
    assert machine.run("report", "verify", tmp_path / "không có.html").returncode == 2
    assert machine.run("report", "verify", tmp_path).returncode == 2


def test_closing_again_without_a_change_issues_nothing_and_the_file_stays_byte_for_byte(
    machine: Machine,
) -> None:
    before = page(machine).read_bytes()
    paper = by_file(machine)["a.png"]["id"]
    wanted = machine.json("report", "batch", BATCH)["reports"]
    assert machine.run("review", "set", paper, "subject=Khai sinh").returncode == 0
    changed = machine.json("report", "batch", BATCH)["reports"]
    assert len(changed) == len(wanted) + 1
    assert page(machine).read_bytes() != before
    page(machine).unlink()
    assert (
        machine.run("register", "match", "--batch", BATCH).returncode == 2
    )  # nothing to match: nothing changes
    assert machine.run("digitize", machine.home.parent / "x").returncode != 0
    assert machine.json("report", "batch", BATCH)["reports"] == changed


def test_an_earlier_report_says_that_it_was_replaced_and_stays_kept(machine: Machine, tmp_path: Path) -> None:
    old = tmp_path / "cũ.html"
    assert machine.run("report", "batch", BATCH, old).returncode == 0
    paper = by_file(machine)["a.png"]["id"]
    assert machine.run("review", "set", paper, "subject=Khai sinh").returncode == 0
    answer = machine.json("report", "verify", old)
    assert (answer["state"], answer["records"]) == ("issued", "changed")
    assert answer["later"]["sha256"] != answer["issued"]["sha256"]
    assert "Đã có bản thay thế" in machine.run("report", "verify", old).stdout
    assert machine.json("report", "verify", page(machine))["state"] == "issued"
    assert machine.run("verify").returncode == 0


def test_a_rebuilt_catalogue_knows_every_report(machine: Machine) -> None:
    wanted = machine.json("report", "batch", BATCH)
    for path in machine.home.glob("catalogue.db*"):
        path.unlink()
    assert machine.run("rebuild").returncode == 0
    assert machine.json("report", "batch", BATCH) == wanted
    assert machine.json("report", "verify", page(machine))["state"] == "issued"
