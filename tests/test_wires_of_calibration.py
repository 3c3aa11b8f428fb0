"""`sohoa calibrate` through the command line: over a home that persons reviewed, over samples, and over nothing."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from configs.loader import load_expectations, load_thresholds
from pipeline.checked_samples import checked_paper
from review.by_hand import set_values
from schemas.calibration import ALWAYS_ASK, Checked, Grade
from schemas.clock import today
from schemas.review import Action, Decision
from schemas.routing import needed
from storage.catalogue.reviewed import reviewed
from tests.command_forks import Forks, quick_machine
from tests.machine import Machine
from tests.reviewed_batch import RIGHT, RULES, copy_of, exported, fill, stored, take
from workspace import checked_values
from workspace.calibrating import apply
from workspace.checked_values import checked_in
from workspace.opening import Rules, Workspace

NOT_LOCAL = "hưa hiệu chuẩn tại chỗ"


@pytest.fixture(scope="module")
def filled(digitised: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reviewed batch, after a person filled its workbook and corrected and confirmed values by hand."""
    folder = tmp_path_factory.mktemp("filled")
    with copy_of(digitised, folder) as workspace:
        path = exported(workspace, folder / "ra.xlsx")
        fill(path, dict(RIGHT))
        take(workspace, path)
        papers = stored(workspace)
        read = papers["04.png"].document.value("number")
        assert read is not None
        set_values(workspace, papers["04.png"].document.id, {"number": read}, as_of=today())
        set_values(workspace, papers["02.png"].document.id, {"issue_date": "01/02/2021"}, as_of=today())
        set_values(workspace, papers["02.png"].document.id, {"issue_date": "02/02/2021"}, as_of=today())
    return folder / "home"


@pytest.fixture
def workspace(filled: Path, tmp_path: Path) -> Iterator[Workspace]:
    with copy_of(filled, tmp_path) as opened:
        yield opened


@pytest.fixture
def machine(forks: Forks, filled: Path, tmp_path: Path) -> Machine:
    return quick_machine(forks, filled, tmp_path)


def checked(workspace: Workspace) -> list[Checked]:
    return list(checked_in(workspace.database, RULES.book, RULES.image, as_of=today()).values)


def test_a_persons_decisions_tell_which_values_of_the_machine_were_right(workspace: Workspace) -> None:
    found = {(each.field, each.right): each for each in checked(workspace)}
    assert found["number", True].confidence > 0.9  # confirmed as it was read
    assert ("issue_date", False) in found  # corrected twice, counted once
    assert len([each for each in checked(workspace) if each.field == "issue_date"]) == 1
    assert {each.source for each in found.values()} == {"person"}
    assert {each.grade for each in found.values()} == {Grade.GOOD}


def test_what_the_machine_could_not_read_was_never_right_or_wrong(workspace: Workspace) -> None:
    unread = {
        (paper.document.id, target)
        for paper in reviewed(workspace.database)
        for target in paper.decided
        if target in paper.document.fields and paper.document.fields[target].value is None
    }
    assert unread  # the day that stands nowhere on 01.png
    assert len(checked(workspace)) < sum(len(paper.decided) for paper in reviewed(workspace.database))


def test_a_value_marked_as_not_on_the_paper_was_wrong_and_an_accepted_picture_says_nothing() -> None:
    said = Decision(target="number", action=Action.ABSENT)
    assert checked_values._right("12/2021", said) is False
    assert checked_values._right("12/2021", said.model_copy(update={"action": Action.ACCEPT})) is None
    assert checked_values._right("12/2021", None) is None
    told = said.model_copy(update={"action": Action.SET, "value": "Hoà  An"})
    assert checked_values._right("Hòa An", told) is True


def test_without_reviews_the_shipped_calibration_is_shown_and_the_home_is_called_uncalibrated(
    forks: Forks, digitised: Path, tmp_path: Path
) -> None:
    machine = quick_machine(forks, digitised, tmp_path)
    done = machine.run("calibrate")
    assert done.returncode == 0, done.stderr
    assert f"C{NOT_LOCAL}: mới có 0/100" in done.stdout
    assert "kèm theo phần mềm" in done.stdout and "Số, ký hiệu" in done.stdout and "Cận trên" in done.stdout
    shape = machine.json("calibrate")
    assert (shape["checked"], shape["local"], shape["rows"]) == (0, False, [])
    assert shape["thresholds"] == load_thresholds().model_dump()
    assert not (machine.home / "reports" / "calibration" / "calibration.svg").exists()
    refused = machine.run("calibrate", "--apply", "--force")
    assert refused.returncode == 2 and "không có gì để áp dụng" in refused.stderr


def test_a_home_that_was_never_used_answers_too(tmp_path: Path) -> None:
    shape = Machine(tmp_path).json("calibrate")
    assert (shape["checked"], shape["local"]) == (0, False)


def test_a_reviewed_home_gets_its_table_its_picture_and_its_figures(machine: Machine, tmp_path: Path) -> None:
    done = machine.run("calibrate", "--out", tmp_path / "ra")
    assert done.returncode == 0, done.stderr
    assert "Giá trị đã kiểm tại đây" in done.stdout and NOT_LOCAL in done.stdout
    assert "n quá nhỏ để chứng tỏ 0,5 %" in done.stdout
    picture = (tmp_path / "ra" / "calibration.svg").read_text(encoding="utf-8")
    assert picture.startswith("<svg") and "Ngày ban hành" in picture and "Độ tin của máy" in picture
    kept = json.loads((tmp_path / "ra" / "calibration.json").read_text(encoding="utf-8"))
    shape = machine.json("calibrate", "--out", tmp_path / "ra")
    assert shape.pop("files") == [
        str(tmp_path / "ra" / f"calibration.{ending}") for ending in ("svg", "json")
    ]
    assert kept == shape
    rows = {(row["field"], row["grade"]): row for row in shape["rows"]}
    dates = rows["issue_date", "all"]
    assert (dates["n"], dates["right"], dates["auroc"], dates["threshold"]) == (1, 0, None, None)
    numbers = rows["number", "all"]
    assert (numbers["right"], numbers["accepted"], numbers["wrong"]) == (numbers["n"], 1.0, 0)
    assert sum(row["n"] for row in shape["rows"] if row["grade"] == "all") == shape["checked"]
    assert "Calibration" in machine.run("calibrate", "--lang", "en").stdout


def test_few_values_are_applied_only_when_that_is_meant(machine: Machine) -> None:
    refused = machine.run("calibrate", "--apply")
    assert refused.returncode == 2
    assert "--force" in refused.stderr and not (machine.home / "calibration.toml").exists()
    done = machine.run("calibrate", "--apply", "--force")
    assert done.returncode == 0, done.stderr
    own = tomllib.loads((machine.home / "calibration.toml").read_text(encoding="utf-8"))
    shape = machine.json("calibrate")
    derived = {row["field"]: row["threshold"] for row in shape["rows"] if row["grade"] == "all"}
    assert own == {
        field: ALWAYS_ASK if threshold is None else threshold for field, threshold in derived.items()
    }
    assert shape["thresholds"] == {**load_thresholds().model_dump(), **own}
    assert "ngưỡng của nơi này" in machine.run("calibrate").stdout


def test_applied_thresholds_decide_here_are_part_of_the_digest_and_name_who_set_them(
    workspace: Workspace,
) -> None:
    before = Rules.load(workspace.settings)
    rows = [row for row in calibrated(workspace) if row.field == "issue_date"]
    done = apply(workspace, rows, force=True)
    after = Rules.load(workspace.settings)
    assert needed("issue_date", after.book.thresholds) == done.thresholds["issue_date"] == ALWAYS_ASK
    assert after.book.thresholds.number == before.book.thresholds.number
    one, other = (rules.digests(workspace.settings, None) for rules in (before, after))
    assert one.understanding != other.understanding and one.reading == other.reading
    assert "'máy'" in done.path.read_text(encoding="utf-8")
    event = house_event(workspace)
    assert (event["agent"], event["outcome"], event["detail"]["issue_date"]) == ("máy", "applied", ALWAYS_ASK)
    apply(workspace, [row for row in calibrated(workspace) if row.field == "number"], force=True)
    assert {"issue_date", "number"} <= set(tomllib.loads(done.path.read_text(encoding="utf-8")))


def calibrated(workspace: Workspace) -> Any:
    from quality.calibration import calibrate

    return calibrate(checked(workspace))


def house_event(workspace: Workspace) -> dict[str, Any]:
    from sqlalchemy import text

    with workspace.database.read() as connection:
        kept = connection.execute(text("SELECT data FROM event WHERE type = 'calibration'")).scalars().all()
    return dict(json.loads(kept[-1]))


def test_a_backup_holds_the_thresholds_of_the_home(machine: Machine, tmp_path: Path) -> None:
    (machine.home / "calibration.toml").write_text("number = 0.9\n", encoding="utf-8")
    assert machine.run("backup", tmp_path / "sao.tar.gz").returncode == 0
    other = Machine(tmp_path / "khác")
    assert other.run("restore", tmp_path / "sao.tar.gz").returncode == 0
    assert (other.home / "calibration.toml").read_text(encoding="utf-8") == "number = 0.9\n"
    again = other.run("restore", tmp_path / "sao.tar.gz")
    assert again.returncode == 2


def test_a_kind_that_is_always_asked_breaks_no_expectation() -> None:
    always = load_thresholds().model_copy(update={"kind": ALWAYS_ASK})
    (kind,) = [each for each in load_expectations(thresholds=always) if each.key == "kind_confidence"]
    assert kind.arguments == {"min_value": 1.0, "max_value": 1.0}


def test_a_damaged_file_of_thresholds_is_named_by_every_command(machine: Machine) -> None:
    (machine.home / "calibration.toml").write_text("number = 7 8\n", encoding="utf-8")
    for command in (("calibrate",), ("review", "list")):
        done = machine.run(*command)
        assert done.returncode == 1 and "calibration.toml" in done.stderr and "Traceback" not in done.stderr


def test_a_batch_report_says_that_the_home_is_not_calibrated(machine: Machine) -> None:
    pages = list((machine.home / "reports").rglob("report.html"))
    assert pages and all(NOT_LOCAL in path.read_text(encoding="utf-8") for path in pages)


@pytest.mark.parametrize("made", ["absent", "empty", "damaged", "scanless"])
def test_samples_without_a_usable_truth_are_refused_by_name(
    machine: Machine, tmp_path: Path, made: str
) -> None:
    folder = tmp_path / "mẫu"
    if made != "absent":
        (folder / "truth").mkdir(parents=True)
    if made == "damaged":
        (folder / "truth" / "a.json").write_text("{", encoding="utf-8")
    if made == "scanless":
        truth = {"file": "a.pdf", "sha256": "0" * 64, "pages": [], "documents": [{"pages": [1]}]}
        (folder / "truth" / "a.json").write_text(json.dumps(truth), encoding="utf-8")
    done = machine.run("calibrate", "--samples", folder)
    assert done.returncode == 2, done.stderr
    assert "mẫu" in done.stderr and "samples" in done.stderr and "Traceback" not in done.stderr


def test_samples_are_never_applied(machine: Machine, tmp_path: Path) -> None:
    done = machine.run("calibrate", "--samples", tmp_path, "--apply")
    assert done.returncode == 2 and "--samples" in done.stderr


def test_samples_with_truth_give_a_calibration(machine: Machine, tmp_path: Path) -> None:
    from samples.batches import make

    folder = tmp_path / "mẫu"
    make(folder, 2, 5, kinds=["birth_certificate"], clean=True, dpi=150)
    shape = machine.json("calibrate", "--samples", folder, "--out", tmp_path / "ra")
    assert shape["source"] == "samples" and shape["local"] is False
    assert {"kind", "number"} <= {row["field"] for row in shape["rows"]}
    assert all(row["engine"] and row["papers"] == 2 for row in shape["rows"])
    assert (tmp_path / "ra" / "calibration.svg").is_file()


def test_a_paper_is_checked_where_its_truth_names_the_field(workspace: Workspace) -> None:
    paper = stored(workspace)["04.png"].document
    wanted = {"kind": "birth_certificate", "fields": {"number": "125/2021", "agency": "Sở Y tế"}}
    found = {each.field: each for each in checked_paper(paper, wanted, {1: Grade.POOR}, RULES.book)}
    assert found["kind"].right and not found["agency"].right and found["agency"].grade is Grade.POOR
    assert "issue_date" not in found
