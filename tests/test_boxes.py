"""The box of a batch is said once, by command or on the page, and stands in every paper's record for good."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from extractors.sheets import SheetMark
from review import boxes, deciding
from schemas.batches import BatchSheet
from schemas.clock import today
from schemas.review import Decision, sheet_said
from storage.sidecars import read_sidecar
from tests.machine import Machine
from tests.portal_home import Portal, papers_of, portal_over
from tests.reviewed_batch import BATCH, copy_of, stored
from tests.test_portal_review import decided, rows
from tests.test_portal_review_pages import home
from tests.test_sheets import separator

__all__ = ["home"]


@pytest.fixture
def portal(home: Path, tmp_path: Path) -> Iterator[Portal]:
    with portal_over(home, tmp_path / "portal") as running:
        yield running


def traced(machine: Machine, file: str = "04.png") -> dict[str, Any]:
    (paper,) = machine.json("trace", papers_of(machine.home)[file])["papers"]
    return dict(paper)


def place(machine: Machine, file: str = "04.png") -> tuple[str | None, str | None]:
    sheet = traced(machine, file)["sheet"] or {}
    return sheet.get("box"), sheet.get("fonds")


def test_the_box_is_said_once_and_stands_in_the_record_of_every_paper(quick_review: Machine) -> None:
    assert place(quick_review) == (None, None)
    done = quick_review.run("review", "box", BATCH, "12", "--fonds", "UBND xã Diên An", "--note", "nhãn hộp")
    assert done.returncode == 0, done.stderr
    assert "Đã ghi hộp «12» cho 4 giấy" in done.stdout
    assert {place(quick_review, file) for file in papers_of(quick_review.home)} == {("12", "UBND xã Diên An")}
    paper = traced(quick_review)
    assert [(each["target"], each["value"], each["note"]) for each in paper["decisions"]] == [
        ("box", "12", "nhãn hộp"),
        ("fonds", "UBND xã Diên An", "nhãn hộp"),
    ]
    sidecar = json.loads((quick_review.home / "store" / paper["versions"][-1]["sidecar"]).read_bytes())
    assert sidecar["sheet"]["box"] == "12"
    events = quick_review.json("trace", paper["id"])["events"]
    assert [each["agent"] for each in events if each["detail"].get("target") == "box"] == [
        paper["decisions"][0]["operator"]
    ]
    again = quick_review.json("review", "box", BATCH, "12", "--fonds", "UBND xã Diên An")
    assert again == {"papers": []}


def test_a_later_word_a_rebuild_and_a_run_under_other_rules_keep_what_was_said_last(
    quick_review: Machine, digitised: Path
) -> None:
    quick_review.run("review", "box", BATCH, "12")
    assert quick_review.run("review", "box", BATCH, "13").returncode == 0
    assert place(quick_review)[0] == "13"
    for path in quick_review.home.glob("catalogue.db*"):
        path.unlink()
    assert quick_review.run("rebuild").returncode == 0
    assert place(quick_review)[0] == "13"
    assert [each["value"] for each in traced(quick_review)["decisions"]] == ["12", "13"]
    quick_review.environment["SOHOA_CONFIRM_TYPED"] = "twice"
    versions = len(traced(quick_review)["versions"])
    assert quick_review.run("digitize", digitised.parent / BATCH, "--plain").returncode == 0
    assert len(traced(quick_review)["versions"]) > versions and place(quick_review)[0] == "13"


def test_a_box_that_cannot_be_and_a_batch_that_is_not_are_refused(quick_review: Machine) -> None:
    for batch, box in ((BATCH, "  "), (BATCH, "x" * 61), ("không có", "12")):
        refused = quick_review.run("review", "box", batch, box)
        assert refused.returncode == 2 and "Traceback" not in refused.stderr and refused.stderr
    assert traced(quick_review)["decisions"] == []


def test_a_persons_word_stands_above_the_sheets_own() -> None:
    sheet = BatchSheet(box="11", fonds="A")
    said = {"box": Decision(target="box", value="12")}
    assert sheet_said(sheet, said) == BatchSheet(box="12", fonds="A")
    assert sheet_said(sheet, {}) is sheet and sheet_said(None, {}) is None
    assert sheet_said(None, said) == BatchSheet(box="12")


def test_the_box_of_a_separator_sheet_stays(
    digitised: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with copy_of(digitised, tmp_path) as workspace:
        paper = stored(workspace)["04.png"]
        sidecar = read_sidecar(workspace.store, paper.sidecar_key)
        own = sidecar.model_copy(update={"sheet": BatchSheet(box="7")})
        monkeypatch.setattr(boxes, "read_sidecar", lambda *_: own)
        assert boxes.requested_places(workspace, BATCH, [paper], {"box": "12"}, today()) == []
        asked = boxes.requested_places(workspace, BATCH, [paper], {"fonds": "A"}, today())
        assert [(each.target, each.value) for each in asked] == [("fonds", "A")]
        second = paper._replace(document=paper.document.model_copy(update={"pages": (2,)}))
        kept = {1: separator(1, SheetMark("7", "HS 3", 1))}
        placed = deciding._placed(second, BatchSheet(box="11"), sidecar, kept)
        assert placed == BatchSheet(box="7", file="HS 3")
        assert deciding._placed(second, None, own, {}) == BatchSheet(box="7")


def test_the_page_asks_the_box_once_and_papers_in_hand_are_left(portal: Portal) -> None:
    lan = portal.signed_in("lan")
    assert "/box" in lan.get("/review").text.partition("<main")[2]
    assert lan.post(f"/batches/{BATCH}/box", box="x" * 600).status_code == 422 and not decided(portal)
    (first, *_) = rows(portal, "SELECT id FROM document WHERE replaced_by IS NULL ORDER BY id")
    vân = portal.signed_in("vân")
    vân.get(f"/review/{first[0]}")
    left = lan.post(f"/batches/{BATCH}/box", box="12")
    assert left.status_code == 200 and "1 giấy đang ở tay người khác" in left.text
    told = [each for each in decided(portal) if each["detail"]["target"] == "box"]
    assert [(each["agent"], each["detail"]["how"], each["detail"]["new"]) for each in told] == [
        ("lan", "page, whole batch", "12")
    ]
    assert "/box" in lan.get("/review").text.partition("<main")[2], "one paper has none yet"
    vân.post(f"/review/{first[0]}/leave")
    assert lan.post(f"/batches/{BATCH}/box", box="12").status_code == 303
    assert "/box" not in lan.get("/review").text.partition("<main")[2], "nothing is left to ask"
    assert portal.signed_in("xã này").post(f"/batches/{BATCH}/box", box="12").status_code == 404
