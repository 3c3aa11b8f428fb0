"""Carpets: values read alike are confirmed together, odd ones go back to review, what another has in hand is left."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from review.carpets import Alike, gathered, is_in, piece_of
from review.questions import Question
from schemas.findings import finding
from schemas.reading import Box
from tests.carpet_home import ODD, PAPERS, make_home
from tests.portal_home import Portal, papers_of, portal_over
from tests.reviewed_batch import BATCH
from tests.test_portal_review import chromium, code_of, decided, person, rows
from tests.test_portal_upload import AXE

YEAR = "/carpets/one?field=issue_date&part=year&value=2021"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("carpets"))


@pytest.fixture
def portal(home: Path, tmp_path: Path) -> Iterator[Portal]:
    with portal_over(home, tmp_path / "portal", SOHOA_CONFIRM_TYPED="twice") as running:
        yield running


def question(target: str, value: str | None, *rules: str, own: str = "0" * 32) -> Question:
    reasons = tuple(finding(rule, field=target) for rule in rules)
    return Question(own, target, value, None, 0.6, 1, Box(1, 2, 30, 20), reasons, True)


def pieces_on(html: str) -> list[dict[str, Any]]:
    found = re.findall(r'data-id="(\w+)" data-target="(\w+)" data-version="(\d+)" data-shown="(\w+)"', html)
    return [
        {"id": own, "target": target, "version": int(version), "shown": shown}
        for own, target, version, shown in found
    ]


def test_a_date_lies_in_the_carpets_of_its_year_month_and_day_and_an_identifier_in_none() -> None:
    date = piece_of(question("issue_date", "2021-05-12"))
    assert date and all(
        is_in(date, Alike("issue_date", *told)) for told in (("year", "2021"), ("month", "05"), ("day", "12"))
    )
    assert not is_in(date, Alike("issue_date", "year", "2020"))
    assert piece_of(question("owner_id", "056221001234")) is None
    assert piece_of(question("owner_name", "Nguyễn Gia Huy")) is None
    assert piece_of(question("number", "12/2021"))


@pytest.mark.parametrize("rule", ["field_conflict", "field_unconfirmed", "order_contradicts"])
def test_a_value_that_evidence_speaks_against_lies_in_no_carpet(rule: str) -> None:
    assert piece_of(question("number", "12/2021", rule)) is None


def test_one_piece_alone_is_no_carpet() -> None:
    first = piece_of(question("agency", "Ủy ban nhân dân xã Diên An"))
    second = piece_of(question("agency", "Ủy ban nhân dân xã Diên An", own="1" * 32))
    assert first and second
    assert not gathered([first])
    assert gathered([first, second]) == {Alike("agency", "whole", "Ủy ban nhân dân xã Diên An"): 2}


def test_confirmed_pieces_are_answers_as_in_review_and_the_odd_one_stays_there(portal: Portal) -> None:
    papers = papers_of(portal.machine.home, BATCH)
    lan = portal.signed_in("lan")
    assert "Năm của Ngày ban hành" in lan.get("/carpets").text
    lying = pieces_on(lan.get(YEAR).text)
    assert {each["id"] for each in lying} == set(papers.values())
    seen = rows(portal, "SELECT count(*) FROM event WHERE type = 'identifier seen'")
    assert seen == [(PAPERS,)]
    said = [{**each, "odd": each["id"] == papers[ODD]} for each in lying]
    done = lan.post("/carpets", pieces=json.dumps(said), ms="6000").json()
    assert (done["confirmed"], done["odd"], done["left"]) == (PAPERS - 1, 1, 0), done
    told = [each for each in decided(portal) if each["detail"]["how"] == "carpet"]
    assert {each["subject"] for each in told} == set(papers.values()) - {papers[ODD]}
    assert all(
        (each["agent"], each["detail"]["ms"], each["detail"]["new"]) == ("lan", 1000, "2021-05-12")
        and len(each["detail"]["shown"]) == 12
        for each in told
    )
    assert not code_of(portal, papers[ODD])
    assert all(code_of(portal, own) for name, own in papers.items() if name != ODD)
    assert f"/review/{papers[ODD]}" in lan.get("/review").text
    assert not pieces_on(lan.get(YEAR).text), "the odd one is asked about alone"
    shown = portal.machine.json("review", "show", papers[ODD])
    assert [each["target"] for each in shown["questions"]] == ["issue_date"]
    (skipped,) = rows(portal, "SELECT data FROM event WHERE type = 'review skipped'")
    event = json.loads(skipped[0])
    assert (event["outcome"], event["subject"], event["detail"]["target"]) == (
        "odd",
        papers[ODD],
        "issue_date",
    )


def test_a_paper_in_anothers_hand_is_not_shown_and_cannot_be_confirmed(portal: Portal) -> None:
    papers = papers_of(portal.machine.home, BATCH)
    lan, vân = portal.signed_in("lan"), portal.signed_in("vân")
    lying = pieces_on(lan.get(YEAR).text)
    assert len(lying) == PAPERS and not pieces_on(vân.get(YEAR).text)
    refused = vân.post("/carpets", pieces=json.dumps(lying), ms="10").json()
    assert (refused["confirmed"], refused["left"]) == (0, PAPERS) and not decided(portal)
    assert lan.post("/carpets/leave", ids=" ".join(papers.values())).status_code == 200
    vân.get(f"/review/{papers['01.png']}")
    assert papers["01.png"] not in {each["id"] for each in pieces_on(lan.get(YEAR).text)}


def test_a_contractors_confirmation_leads_to_no_code(portal: Portal) -> None:
    contractor = portal.signed_in("thầu")
    lying = pieces_on(contractor.get(YEAR).text)
    done = contractor.post("/carpets", pieces=json.dumps(lying), ms="10").json()
    assert (done["confirmed"], done["accepted"]) == (PAPERS, 0), done
    assert rows(portal, "SELECT count(*) FROM code") == [(0,)]
    targets = [each["detail"]["target"] for each in decided(portal)]
    assert (targets.count("acceptance"), targets.count("issue_date")) == (PAPERS, PAPERS)


def test_another_unit_sees_nothing_and_no_identifier_is_a_piece(portal: Portal) -> None:
    away = portal.signed_in("xã khác")
    assert not pieces_on(away.get(YEAR).text)
    own = portal.signed_in("xã này")
    lying = pieces_on(own.get(YEAR).text)
    assert len(lying) == PAPERS
    lost = away.post("/carpets", pieces=json.dumps(lying), ms="10").json()
    assert lost["confirmed"] == 0 and not decided(portal)
    tile = own.get(f"/carpets/{lying[0]['id']}/issue_date")
    assert tile.content[8:12] == b"WEBP" and len(tile.content) < 30_000
    assert own.get(f"/carpets/{lying[0]['id']}/owner_id").status_code == 404, "an identifier is no piece"
    assert away.get(f"/carpets/{lying[0]['id']}/issue_date").status_code == 404


@pytest.mark.browser
def test_a_carpet_needs_no_pointer_and_has_no_barrier_of_weight(portal: Portal, tmp_path: Path) -> None:
    papers = papers_of(portal.machine.home, BATCH)
    shots = Path(os.environ.get("SOHOA_BENCH") or tmp_path)
    weighty: list[Any] = []
    with chromium() as browser:
        page = person(browser, portal, "vân")
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))

        def look(name: str) -> None:
            page.wait_for_timeout(600)
            page.evaluate(AXE.read_text(encoding="utf-8"))
            told = page.evaluate("axe.run().then(each => each.violations)")
            weighty.extend(
                (name, each["id"], [node["html"][:150] for node in each["nodes"]])
                for each in told
                if each["impact"] in {"serious", "critical"}
            )
            for width in (390, 1280):
                page.set_viewport_size({"width": width, "height": 844})
                page.screenshot(path=shots / f"{name}-{width}.png", full_page=True)
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)

        page.goto(f"{portal.address}/carpets")
        look("carpets")
        page.keyboard.press("Enter")
        page.wait_for_selector(".piece:focus")
        while page.evaluate("document.activeElement.dataset.id") != papers[ODD]:
            page.keyboard.press("ArrowRight")
        page.keyboard.press("Space")
        assert page.get_attribute(".piece:focus", "aria-pressed") == "true"
        assert f"{PAPERS - 1} ô" in page.inner_text("#confirm")
        look("carpet")
        with page.expect_response(lambda answer: answer.url.endswith("/carpets")):
            page.keyboard.press("Enter")
        page.wait_for_selector("#notices .notice")
        page.wait_for_selector("main .none")
        assert page.evaluate("window.pointed") == 0 and complaints == []
    assert weighty == []
    assert {each["subject"] for each in decided(portal)} == set(papers.values()) - {papers[ODD]}
