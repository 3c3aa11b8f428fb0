"""The unit of a batch is asked once, and written for every paper that lacks it, as an answer for the batch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.portal_home import Portal, portal_over
from tests.reviewed_batch import BATCH
from tests.test_portal_review import decided, rows
from tests.test_portal_review_pages import home

__all__ = ["home"]
UNIT = "Xã Diên An"


@pytest.fixture
def portal(home: Path, tmp_path: Path) -> Iterator[Portal]:
    with portal_over(home, tmp_path / "portal") as running:
        yield running


def units(portal: Portal) -> list[str | None]:
    shown = [
        portal.machine.json("review", "show", own)
        for (own,) in rows(portal, "SELECT id FROM document WHERE replaced_by IS NULL")
    ]
    return [each["unit"] for each in shown]


def test_the_unit_is_asked_once_and_written_for_every_paper_of_the_batch(portal: Portal) -> None:
    lan = portal.signed_in("lan")
    assert f'action="/batches/{BATCH.replace("ộ", "%E1%BB%99")}/unit"' in lan.get("/review").text
    wrong = lan.post(f"/batches/{BATCH}/unit", unit="Xã Không Có")
    assert wrong.status_code == 422 and "Xã Không Có" in wrong.text and units(portal) == [None, None]
    assert lan.post(f"/batches/{BATCH}/unit", unit=UNIT).status_code == 303
    assert units(portal) == [UNIT, UNIT]
    told = [each for each in decided(portal) if each["detail"]["target"] == "unit"]
    assert [(each["agent"], each["detail"]["how"], each["detail"]["note"]) for each in told] == [
        ("lan", "page, whole batch", "ghi một lần cho cả lô")
    ] * 2
    assert "/unit" not in lan.get("/review").text.partition("<main")[2], "nothing is left to ask"


def test_who_sees_a_part_of_the_batch_is_not_asked_and_papers_in_hand_are_left(portal: Portal) -> None:
    own = portal.signed_in("xã này")
    assert "/unit" not in own.get("/review").text.partition("<main")[2]
    assert own.post(f"/batches/{BATCH}/unit", unit=UNIT).status_code == 404
    (first, *_) = rows(portal, "SELECT id FROM document WHERE replaced_by IS NULL ORDER BY id")
    portal.signed_in("vân").get(f"/review/{first[0]}")
    left = portal.signed_in("lan").post(f"/batches/{BATCH}/unit", unit=UNIT)
    assert left.status_code == 200 and "1 giấy đang ở tay người khác" in left.text
    assert sorted(map(str, units(portal))) == sorted([UNIT, "None"])
