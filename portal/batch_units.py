"""The unit of a batch whose papers and sheet name none: asked once, and answered for every paper that lacks it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from portal.review_answers import decided
from portal.rights import Right
from portal.visits import Visit
from portal.work import is_mine
from review.deciding import Requested
from review.queueing import Queued
from review.units import requested_units, without_unit
from schemas.documents import Route
from schemas.review import ACCEPTANCE, AWAITED
from schemas.wording import text
from storage.catalogue import batches, documents, leases

HOW: Final = "page, whole batch"
_MOST: Final = 20  # batches asked about at a time


class Unitless(NamedTuple):
    """A batch, and how many of its waiting papers have no unit."""

    batch: str
    papers: int


class Given(NamedTuple):
    """How many papers the unit was written for, and how many were left because others have them in hand."""

    papers: int
    left: int


def unitless(visit: Visit, waiting: Sequence[Queued]) -> list[Unitless]:
    """Batches of the person's whose sheet names no unit and whose waiting papers lack one, the largest first."""
    counted = Counter(each.batch for each in waiting if each.unit is None)
    mine = [(name, papers) for name, papers in counted.most_common() if is_mine(visit, name)]
    return [Unitless(name, papers) for name, papers in mine[:_MOST] if not _named_by_sheet(visit, name)]


def _named_by_sheet(visit: Visit, name: str) -> bool:
    sheet = batches.batch(visit.house.database, name).sheet
    return sheet is not None and sheet.owning_unit is not None


def give(visit: Visit, name: str, unit: str, as_of: date) -> Given:
    """Write the unit for every paper of the batch that has none; papers in the hand of others are left to them.

    Raises:
        WrongAnswer: there is no such unit.
        BatchHeld: a run is at work on the batch.
    """
    house, accepts = visit.house, visit.may(Right.ACCEPT)
    with house.turns.of(name):
        every = [row.document for row in documents.of_batch(house.database, name)]
        papers = [each for each in without_unit(every) if accepts or each.route is not Route.ACCEPTED]
        held = leases.held(house.database, int(time.time() * 1000))
        free = [each for each in papers if each.id not in held or held[each.id].owner == visit.person.name]
        note = text("portal.unit_note", house.lang)
        book = house.workspace.rules.book
        requested = requested_units(free, unit, {}, None, book, as_of, note)
        awaits = (
            [] if accepts else [Requested(each.document_id, ACCEPTANCE, value=AWAITED) for each in requested]
        )
        if requested:
            decided(visit.workspace, name, [*requested, *awaits], as_of, how=HOW)
    if requested:
        house.closer.answered(name)
    return Given(len(requested), len(papers) - len(free))
