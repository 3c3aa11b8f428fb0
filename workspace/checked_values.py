"""Values of this home that persons checked: what the machine first read, held against what they decided.

Only values that a person saw are known to be right or wrong; a value let in unseen says nothing, unless an audit drew it
(`sohoa lots draw --audit`): that is the one random sample of accepted values, for persons decide about doubted ones.
What a clerk's register says is counted apart and calibrates nothing: its rows are matched with the scans by these very
values.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from extractors.image_quality import image_findings
from extractors.registered import agrees
from schemas.calibration import Checked, Grade, grade_of, machine_values, threshold_of
from schemas.lots import Item
from schemas.review import Action, Decision, by_register
from schemas.rules import ImageRule, Rulebook
from schemas.second_keying import Keyed, standing
from schemas.sidecars import PageFacts
from schemas.text import fold_tone_place, squeeze
from storage.catalogue import lots
from storage.catalogue.database import Database
from storage.catalogue.reviewed import Reviewed, reviewed
from storage.ledger import Ledger


class HomeChecked(NamedTuple):
    """Checked values of a home; and how many more a register stated, and confirmed."""

    values: tuple[Checked, ...]
    stated: int = 0
    confirmed: int = 0


def checked_in(
    database: Database, book: Rulebook, image: Sequence[ImageRule], *, as_of: date, graded: bool = True
) -> HomeChecked:
    """Collect the checked values of a home.

    Args:
        database: the catalogue.
        book: kinds.
        image: rules that tell the grade of a picture.
        as_of: day on which image rules must be in force.
        graded: False if only the number of values matters: pages are then not looked up.
    """
    ledger = Ledger(database)
    audited = _audited(database)
    values = [_checked_by_audit(ledger, each, image, as_of, graded=graded) for each in audited.values()]
    stated = confirmed = 0
    pages: tuple[str, dict[int, PageFacts]] = ("", {})
    for paper in sorted(reviewed(database), key=lambda entry: entry.document.sha256):
        if graded and pages[0] != paper.document.sha256:
            pages = (paper.document.sha256, ledger.facts(paper.document.sha256))
        for name, read in machine_values(paper.document, book.kind(paper.document.kind)).items():
            right = _right(read.value, paper.decided.get(name))
            if standing(paper.decided, name) is Keyed.DIFFERS:
                continue  # two people keyed it otherwise, and nobody has said which is right
            # An error that an audit found is corrected by a decision afterwards: it is one value.
            if right is not None and (paper.document.id, name) not in audited:
                grade = _grade(pages[1].get(read.page), image, as_of)
                values.append(Checked(threshold_of(name), grade, read.confidence, right, "person"))
        told = _by_register(paper, book)
        stated, confirmed = stated + len(told), confirmed + sum(told)
    return HomeChecked(tuple(values), stated, confirmed)


class _Audited(NamedTuple):
    sha256: str
    item: Item
    right: bool


def _audited(database: Database) -> dict[tuple[str, str], _Audited]:
    """Values that audits drew and an inspector judged, by paper and target; of one drawn twice the last finding."""
    found: dict[tuple[str, str], _Audited] = {}
    originals = lots.originals_of_audits(database)
    for state in lots.audits(database):
        items = {(paper.document_id, item.target): item for paper in state.papers for item in paper.items}
        for each in state.judged:
            key = (each.document_id, each.target)
            found[key] = _Audited(originals[each.document_id], items[key], each.right)
    return found


def _checked_by_audit(
    ledger: Ledger, each: _Audited, image: Sequence[ImageRule], as_of: date, *, graded: bool
) -> Checked:
    page = ledger.facts(each.sha256).get(each.item.page or 1) if graded else None
    sure = each.item.confidence if each.item.confidence is not None else 1.0
    return Checked(threshold_of(each.item.target), _grade(page, image, as_of), sure, each.right, "audit")


def _right(read: str, held: Decision | None) -> bool | None:
    """Whether a person found the value right; None if nobody decided about it."""
    if held is None or held.action is Action.ACCEPT:
        return None
    if held.action is Action.ABSENT or held.value is None:
        return False
    return fold_tone_place(squeeze(held.value)) == fold_tone_place(squeeze(read))


def _by_register(paper: Reviewed, book: Rulebook) -> list[bool]:
    """For each value that a register states and no person decided: whether it is what was read."""
    told = []
    for name, read in machine_values(paper.document, book.kind(paper.document.kind)).items():
        held = paper.decided.get(by_register(name))
        if held is not None and held.action is Action.SET and held.value and name not in paper.decided:
            told.append(agrees(name, read.value, held.value))
    return told


def _grade(page: PageFacts | None, image: Sequence[ImageRule], as_of: date) -> Grade:
    """Grade of a page; good where nothing is known of it any more."""
    if page is None:
        return Grade.GOOD
    drawn = image_findings(page.measures, image, page.number, as_of)
    return grade_of(page.measures, (*page.findings, *drawn))
