"""Unit and box of a batch whose papers and sheet name none: asked once, and answered for every paper that lacks it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from typing import Final, NamedTuple

from portal.review_answers import decided
from portal.rights import Right
from portal.visits import Visit
from portal.work import is_mine
from review.boxes import is_said, requested_places
from review.deciding import Requested
from review.queueing import Queued
from review.units import requested_units
from schemas.documents import Route
from schemas.review import ACCEPTANCE, AWAITED, BOX
from schemas.wording import text
from storage.catalogue import batches, documents, leases
from storage.catalogue.documents import DocumentRow

HOW: Final = "page, whole batch"
_MOST: Final = 20  # batches asked about at a time


class Unitless(NamedTuple):
    """A batch, and how many of its waiting papers have no unit."""

    batch: str
    papers: int


class Boxless(NamedTuple):
    """A batch of which nobody said in which box it lies, and how many of its papers wait."""

    batch: str
    papers: int


class Given(NamedTuple):
    """How many papers it was written for, and how many were left because others have them in hand."""

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


def boxless(visit: Visit, waiting: Sequence[Queued]) -> list[Boxless]:
    """Batches of the person's of which neither the sheet nor a person names the box of all, the largest first."""
    by_batch: dict[str, list[str]] = {}
    for each in waiting:
        by_batch.setdefault(each.batch, []).append(each.document_id)
    largest = sorted(by_batch.items(), key=lambda held: -len(held[1]))
    mine = [(name, papers) for name, papers in largest if is_mine(visit, name)][:_MOST]
    workspace = visit.house.workspace
    return [Boxless(name, len(papers)) for name, papers in mine if not is_said(workspace, name, BOX, papers)]


def give(visit: Visit, name: str, unit: str, as_of: date) -> Given:
    """Write the unit for every paper of the batch that has none; papers in the hand of others are left to them.

    Raises:
        WrongAnswer: there is no such unit.
        BatchHeld: a run is at work on the batch.
    """
    note, book = text("portal.unit_note", visit.house.lang), visit.house.workspace.rules.book

    def made(free: Sequence[DocumentRow]) -> list[Requested]:
        return requested_units([row.document for row in free], unit, {}, None, book, as_of, note)

    return _give(visit, name, lambda row: row.document.unit is None, made, as_of)


def give_box(visit: Visit, name: str, box: str, as_of: date) -> Given:
    """Write the box for the papers of the batch; those in the hand of others are left to them.

    Raises:
        WrongAnswer: the box cannot be.
        BatchHeld: a run is at work on the batch.
    """
    note, workspace = text("portal.box_note", visit.house.lang), visit.house.workspace

    def made(free: Sequence[DocumentRow]) -> list[Requested]:
        return requested_places(workspace, name, free, {BOX: box}, as_of, note)

    return _give(visit, name, lambda row: True, made, as_of)


def _give(
    visit: Visit,
    name: str,
    lacks: Callable[[DocumentRow], bool],
    made: Callable[[Sequence[DocumentRow]], list[Requested]],
    as_of: date,
) -> Given:
    """Write answers for every paper of the batch that lacks something and is in nobody else's hand."""
    house, accepts = visit.house, visit.may(Right.ACCEPT)
    with house.turns.of(name):
        rows = [row for row in documents.of_batch(house.database, name) if lacks(row)]
        papers = [row for row in rows if accepts or row.document.route is not Route.ACCEPTED]
        held = leases.held(house.database, int(time.time() * 1000))
        free = [row for row in papers if _is_free(held.get(row.document.id), visit.person.name)]
        requested = made(free)
        awaits = (
            [] if accepts else [Requested(each.document_id, ACCEPTANCE, value=AWAITED) for each in requested]
        )
        if requested:
            decided(visit.workspace, name, [*requested, *awaits], as_of, how=HOW)
    if requested:
        house.closer.answered(name)
    return Given(len(requested), len(papers) - len(free))


def _is_free(lease: leases.Lease | None, person: str) -> bool:
    return lease is None or lease.owner == person
