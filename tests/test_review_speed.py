"""How fast review goes is counted from recorded answers, and the page says what the command says."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from review.speed import speed_of
from storage.catalogue.answers_given import AnswerGiven
from tests.portal_home import Portal, papers_of, portal_over
from tests.test_portal_review import chromium, person
from tests.test_portal_upload import AXE


@pytest.fixture(scope="module")
def portal(digitised: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with portal_over(digitised, tmp_path_factory.mktemp("speed")) as running:
        yield running


def answer(own: str, new: str, ms: int | None, **other: str | None) -> AnswerGiven:
    plain = AnswerGiven(
        own, "2026-01-01", "lan", "number", "set", "page", "1", new, ms, "lô", None, "máy A", None
    )
    return plain._replace(**other)  # type: ignore[arg-type]


def test_papers_an_hour_are_of_measured_time_and_only_a_changed_value_is_a_correction() -> None:
    given = [
        answer("a", "1", 30_000),
        answer("a", "2", 30_000, target="agency"),
        answer("b", "1", 60_000),
        answer("c", "1", None, how="hand", operator="vân"),
        answer("d", "9", 5, how="series"),
        answer("d", "9", 5, target="acceptance"),
        answer("d", "9", 5, target="order:number"),
    ]
    found = speed_of(given)
    assert (found.whole.papers, found.whole.answers, found.whole.corrected) == (3, 4, 1)
    assert found.whole.per_hour == pytest.approx(60)
    by_field = {row.target: row for row in found.fields}
    assert (by_field["number"].median_ms, by_field["agency"].corrected) == (45_000, 1)
    lan, vân = found.groups["person"]
    assert (lan.name, lan.share_corrected, vân.per_hour) == ("lan", pytest.approx(1 / 3), None)
    assert [row.name for row in found.groups["scanner"]] == ["máy A"]
    assert [row.name for row in found.groups["unit"]] == [None]


def test_a_second_typing_is_work_and_no_correction() -> None:
    found = speed_of([answer("a", "2", 9_000), answer("a", "2", 3_000, target="confirm:number", old="1")])
    (row,) = found.fields
    assert (row.answers, row.corrected, row.median_ms) == (2, 1, 6_000)


@pytest.mark.browser
def test_the_page_and_the_command_tell_the_same(portal: Portal, tmp_path: Path) -> None:
    paper = papers_of(portal.machine.home)["04.png"]
    assert portal.machine.json("review", "speed")["whole"]["answers"] == 0
    given = [{"target": "owner_id", "value": "056221001234", "ms": 7200, "shown": "0" * 12}]
    done = portal.signed_in("lan").post(f"/review/{paper}", answers=json.dumps(given), version="1")
    assert done.status_code == 200
    told = portal.machine.json("review", "speed")
    assert told["whole"]["papers_per_hour"] == pytest.approx(500)
    assert told["by_person"] == [{**told["by_person"][0], "name": "lan", "answers": 1, "corrected": 1}]
    assert [(row["target"], row["median_ms"]) for row in told["fields"]] == [("owner_id", 7200)]
    printed = portal.machine.run("review", "speed", "--lang", "vi").stdout
    assert "Số định danh chủ giấy tờ" in printed and "7.200" in printed
    assert portal.machine.json("review", "speed", "--until", "2020-01-01")["whole"]["answers"] == 0
    assert portal.signed_in("lan").get("/speed").status_code == 403
    page = re.sub(r"<[^>]+>", " ", portal.signed_in("tra").get("/speed").text)
    assert "7.200" in page and "lan" in page and "056221001234" not in page
    shots = Path(os.environ.get("SOHOA_BENCH") or tmp_path)
    with chromium() as browser:
        shown = person(browser, portal, "tra")
        shown.goto(f"{portal.address}/speed")
        shown.evaluate(AXE.read_text(encoding="utf-8"))
        found = shown.evaluate("axe.run().then(each => each.violations)")
        assert [each["id"] for each in found if each["impact"] in {"serious", "critical"}] == []
        for width in (1280, 390):
            shown.set_viewport_size({"width": width, "height": 844})
            shown.screenshot(path=shots / f"speed-{width}.png", full_page=True)
            assert shown.evaluate("document.documentElement.scrollWidth") <= width
