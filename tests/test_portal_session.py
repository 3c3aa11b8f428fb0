"""A morning's work: fifty papers of many kinds, as the machine left them, answered truthfully from the keyboard alone."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Page

import samples
from schemas.documents import Document
from schemas.text import fold_tone_place, squeeze
from storage.catalogue import documents
from storage.catalogue.database import Database
from tests.machine import Machine
from tests.portal_home import Portal, portal_over
from tests.reviewed_batch import RULES
from tests.test_portal_review import chromium, code_of, in_hand, person, target, until, work_through

PAPERS, WAITING = 104, 50
TITLES = {kind.id: kind.title for kind in RULES.book.kinds}
# Goals: keys that a paper may cost on average, and a field that was read right, and one that was not.
MOST_A_PAPER, MOST_A_RIGHT_FIELD, MOST_BESIDE_TYPED = 12, 1, 2


class Told(NamedTuple):
    """What stands on a paper."""

    batch: str
    file: str
    kind: str
    fields: dict[str, str]


class Pressed(NamedTuple):
    """What a field cost: keys beside the characters of its value, and those."""

    paper: str
    target: str
    right: bool
    keys: int
    typed: int


@pytest.fixture(scope="module")
def boxes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A home after a night, and the truth about its papers."""
    folder = tmp_path_factory.mktemp("fifty")
    samples.make(folder / "in", papers=PAPERS, seed=77, unkind=True)
    night = Machine(folder / "night", SOHOA_OPERATOR="máy", SOHOA_ORCHESTRATOR="plain", SOHOA_VERAPDF="off")
    for batch in sorted(each for each in (folder / "in").iterdir() if each.name != "truth"):
        night.run("digitize", str(batch))
    return night.home, folder / "in" / "truth"


@pytest.fixture
def portal(boxes: tuple[Path, Path], tmp_path: Path) -> Iterator[Portal]:
    with portal_over(boxes[0], tmp_path / "portal", SOHOA_CONFIRM_TYPED="twice") as running:
        yield running


def told_of(home: Path, truth: Path) -> dict[str, Told]:
    """The truth about each paper of a home, by its id: of the paper on whose first page it begins."""
    database = Database(f"sqlite:///{home / 'catalogue.db'}")
    found = {}
    for folder in truth.iterdir():
        for row in documents.of_batch(database, folder.name):
            where = folder / row.file  # a paper whose pages are files of a folder: the first one tells
            sheet = min(where.iterdir()) if where.is_dir() else folder / f"{row.file}.json"
            known = json.loads(sheet.read_text("utf-8"))["documents"]
            first = row.document.pages[0]
            own = max(
                (each for each in known if each["pages"][0] <= first), key=lambda each: each["pages"][0]
            )
            found[row.document.id] = Told(folder.name, row.file, own["kind"], own["fields"])
    database.close()
    return found


class Hands:
    """A person at the keyboard who sees what stands on the paper, and the keys they press."""

    def __init__(self, page: Page, told: dict[str, Told]) -> None:
        self.page, self.told = page, told
        self.keys = self.typed = 0
        self.pressed: list[Pressed] = []
        self.papers: list[str] = []

    def press(self, key: str) -> None:
        self.keys += 1
        self.page.keyboard.press(key)

    def type(self, words: str) -> None:
        self.typed += len(words)
        self.page.keyboard.type(words)

    def line(self) -> dict[str, Any]:
        """The field in hand as it looks."""
        held: dict[str, Any] = self.page.evaluate(
            """() => {
              const at = document.activeElement, line = at.closest('.rv-line');
              return {
                form: line.dataset.form, suffix: line.dataset.suffix, value: sohoa.fields.value(line),
                whole: at.value === undefined || (at.selectionStart === 0 && at.selectionEnd === at.value.length),
                labels: [...line.querySelectorAll('li')].map((each) => each.textContent),
              };
            }"""
        )
        return held

    def answer(self) -> None:
        """Answer the field in hand truthfully, and go on."""
        at, line = target(self.page), self.line()
        assert at is not None
        keys, typed = self.keys, self.typed
        wanted = self.wanted(at, line)
        right = wanted is None or same(wanted, line["value"])
        if wanted == "":
            self.press("Alt+k")
        elif right:
            self.press("Enter")
        elif wanted is not None and line["form"] == "choice":
            self.choose(wanted, line["labels"])
        elif wanted is not None:
            self.write(wanted, line)
        self.pressed.append(Pressed(in_hand(self.page), at, right, self.keys - keys, self.typed - typed))
        self.page.wait_for_timeout(20)

    def wanted(self, at: str, line: dict[str, Any]) -> str | None:
        """What stands on the paper; empty if it is not there; None if what is shown will do."""
        paper = self.told[in_hand(self.page)]
        if line["form"] in {"picture", "acceptance", "none"}:
            return None
        if at == "kind":
            return TITLES[paper.kind] if line["value"] != paper.kind else None
        if line["form"] == "choice" and at not in paper.fields:
            return line["value"] or line["labels"][0]  # which procedure gave it the truth does not say
        value = paper.fields.get(at, "")
        return "/".join(reversed(value.split("-"))) if line["form"] == "date" else value

    def choose(self, wanted: str, labels: list[str]) -> None:
        found = [number for number, label in enumerate(labels, 1) if same(label, wanted)]
        if found:
            return self.press(str(found[0]))
        self.type(wanted)
        return self.press("Enter")

    def write(self, wanted: str, line: dict[str, Any]) -> None:
        if line["form"] == "date":
            while target(self.page) and self.page.evaluate("document.activeElement.dataset.part") != "0":
                self.press("Shift+Tab")
            self.type(wanted.replace("/", ""))
        else:
            if not line["whole"]:
                self.press("Control+a")
            self.type(wanted.removesuffix(line["suffix"]))
        self.press("Enter")

    def paper(self) -> None:
        """Work through the paper in hand, and open the next."""
        page, own = self.page, in_hand(self.page)
        version = page.evaluate("document.querySelector('.rv').dataset.version")
        while target(page) is not None:
            was = target(page), page.evaluate("document.querySelector('.rv').dataset.carried ?? ''")
            before = len(self.pressed)
            self.answer()
            if was[0] == "kind" and not self.pressed[before].right:
                page.wait_for_selector(".rv[data-carried]")
        self.papers.append(own)
        self.press("Enter")  # on the button that accepts
        page.wait_for_selector(
            f'.rv:not([data-version="{version}"][data-id="{own}"]), #batch', timeout=20_000
        )


def same(one: str, other: str) -> bool:
    """Alike to a person: blanks and the place of a tone mark do not count."""
    return fold_tone_place(squeeze(one)) == fold_tone_place(squeeze(other))


@pytest.mark.browser
def test_fifty_papers_are_put_right_without_a_pointer_at_a_few_keys_each(
    portal: Portal, boxes: tuple[Path, Path], tmp_path: Path
) -> None:
    told = told_of(portal.machine.home, boxes[1])
    waiting = {each["id"] for each in portal.machine.json("review", "list")["papers"]}
    assert len(waiting) >= WAITING, len(waiting)
    complaints: list[str] = []
    with chromium() as browser:
        page = person(browser, portal, "vân")
        page.on("pageerror", lambda error: complaints.append(str(error)))
        hands = Hands(page, told)
        work_through(page, portal, hands)
        assert page.evaluate("window.pointed") == 0 and complaints == []
        until(page, "document.readyState === 'complete'")
        page.screenshot(path=tmp_path / "done.png")
    put_right = [each for each in hands.pressed if not each.right]
    print(
        f"\n{len(hands.papers)} sittings over {len(waiting)} papers: {hands.keys} keys beside {hands.typed} typed; "
        f"{len(hands.pressed)} fields, {len(put_right)} put right: "
        f"{Counter(each.target for each in put_right).most_common(6)}"
    )
    assert set(hands.papers) == waiting
    assert all(each.keys == MOST_A_RIGHT_FIELD and not each.typed for each in hands.pressed if each.right)
    assert [each for each in put_right if each.keys > MOST_BESIDE_TYPED] == []
    assert hands.keys / len(waiting) <= MOST_A_PAPER
    left = {each["id"] for each in portal.machine.json("review", "list")["papers"]}
    assert left == set()
    check_stored(portal, told, hands)


def test_a_number_of_one_piece_stands_whole_in_its_box(portal: Portal, boxes: tuple[Path, Path]) -> None:
    told = told_of(portal.machine.home, boxes[1])
    own, number = next(
        (own, each.fields["number"])
        for own, each in told.items()
        if each.fields.get("number", "").isdigit() and each.kind == "enterprise_registration"
    )
    page = portal.signed_in("vân").get(f"/review/{own}").text
    assert re.search(rf'data-target="number"[^§]*?<input[^>]* value="{number}"', page)


def check_stored(portal: Portal, told: dict[str, Told], hands: Hands) -> None:
    """What was typed is what is stored, as on the paper; and what has a result type has its code."""
    stored = stored_of(portal.machine.home, {each.batch for each in told.values()})
    for own in hands.papers:
        document = stored[own]
        held = {name: field.value or "" for name, field in document.fields.items()}
        wrong = {
            each.target: (held.get(each.target), told[own].fields[each.target])
            for each in hands.pressed
            if each.paper == own and each.target in told[own].fields
            if not same(held.get(each.target, ""), told[own].fields[each.target])
        }
        assert wrong == {} and document.kind == told[own].kind, told[own]
        typed = document.result_type is not None and document.result_type.value is not None
        assert bool(code_of(portal, own)) == typed, told[own]


def stored_of(home: Path, batches: set[str]) -> dict[str, Document]:
    database = Database(f"sqlite:///{home / 'catalogue.db'}")
    rows = [row for batch in batches for row in documents.of_batch(database, batch)]
    database.close()
    return {row.document.id: row.document for row in rows}
