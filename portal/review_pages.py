"""Pages turned, split and joined from review: the functions of `sohoa pages`, and the step that takes each back."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date
from typing import Final, NamedTuple

from portal.visits import Visit
from review import page_edits
from schemas.errors import UsageError
from schemas.reading import Rotation
from schemas.text import squeeze
from storage.catalogue import documents, leases
from storage.catalogue.documents import Committed, DocumentRow

ACTS: Final = ("turn", "split", "join")
_TURNS: Final[Mapping[str, Rotation]] = {"90": 90, "180": 180, "270": 270}
_LONGEST_REASON: Final = 300


class Back(NamedTuple):
    """What takes an edit back: the paper to open for it, the act, the page, and the degrees of a turn."""

    id: str
    version: int
    act: str
    page: int
    by: int = 0


class Edited(NamedTuple):
    """The paper that is in hand after an edit, and what takes the edit back; None where nothing on this page does."""

    id: str
    back: Back | None


def edit(visit: Visit, row: DocumentRow, act: str, page: int, as_of: date) -> Edited:
    """Do what the person asks with a page of the paper in hand.

    Raises:
        UsageError: there is no reason, no such page, nothing before the paper, or another has that in hand.
        CodeError: a code stands in the way.
        BatchHeld: a run is at work on the batch.
    """
    reason = squeeze(visit.form.get("reason", ""))[:_LONGEST_REASON]
    if act == "turn":
        by = _TURNS.get(visit.form.get("by", ""), 90)
        page_edits.turn(visit.workspace, row, page, by, reason=reason, as_of=as_of)
        return Edited(row.document.id, _back(visit, row.document.id, "turn", page, 360 - by))
    if act == "split":
        done = page_edits.split(visit.workspace, row, [page], heir=None, reason=reason, as_of=as_of)
        first, second = _in_order(done)
        return Edited(first.document.id, _back(visit, second.document.id, "join", second.document.pages[0]))
    before = _before(visit, row)
    done = page_edits.join(visit.workspace, [before, row], reason=reason, as_of=as_of)
    made = done[0]
    # A paper with a code is split by hand alone: somebody has to say which part keeps it.
    back = None if made.code else _back(visit, made.document.id, "split", row.document.pages[0])
    return Edited(made.document.id, back)


def _back(visit: Visit, own: str, act: str, page: int, by: int = 0) -> Back:
    return Back(own, documents.find_one(visit.house.database, own).version, act, page, by)


def _in_order(done: list[Committed]) -> list[Committed]:
    return sorted(done, key=lambda made: made.document.pages)


def _before(visit: Visit, row: DocumentRow) -> DocumentRow:
    """The paper that lies before this one in its file, if the person sees it and nobody else has it in hand."""
    current = documents.of_original(visit.house.database, row.document.sha256)
    at = [each.document.id for each in current].index(row.document.id)
    if at == 0 or not visit.scope.has(current[at - 1].document.unit, current[at - 1].batch):
        raise UsageError("nothing before", remedy="pages_none_before")
    before = current[at - 1]
    held = leases.held(visit.house.database, int(time.time() * 1000)).get(before.document.id)
    if held is not None and held.owner != visit.person.name:
        raise UsageError("held", remedy="pages_before_held", who=held.owner)
    return before
