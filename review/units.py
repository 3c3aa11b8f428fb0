"""Sets the unit of all papers of a batch whose unit is given neither by the paper nor by the batch sheet."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from extractors.units import resolve
from review.answers import read_answer
from review.deciding import Applied, Requested, apply
from schemas.batches import BatchSheet
from schemas.documents import Document
from schemas.review import UNIT, Action
from schemas.rules import Rulebook
from storage.catalogue import batches, documents
from workspace.opening import Workspace


def without_unit(papers: Collection[Document]) -> list[Document]:
    """Papers whose unit is unknown."""
    return [paper for paper in papers if paper.unit is None]


def set_unit(workspace: Workspace, batch: str, unit: str, *, as_of: date, note: str = "") -> list[Applied]:
    """Set the unit of all papers of a batch that have none.

    Raises:
        UsageError: there is no such batch.
        WrongAnswer: there is no such unit.
        BatchHeld: a run is at work on the batch.
    """
    name = batches.batch(workspace.database, batch).name
    with workspace.hold(name):
        papers = [row.document for row in documents.of_batch(workspace.database, name)]
        requested = requested_units(papers, unit, {}, None, workspace.rules.book, as_of, note)
        return apply(
            workspace, name, requested, as_of=as_of, operator=workspace.operator, how="hand, whole batch"
        )


def requested_units(
    papers: Collection[Document],
    unit: object,
    answered: Mapping[str, Document],
    sheet: BatchSheet | None,
    rules: Rulebook,
    as_of: date,
    note: str = "",
) -> list[Requested]:
    """A decision per paper without a unit.

    Args:
        papers: of the batch.
        unit: as typed.
        answered: papers with answers of the same workbook, by id; skipped if their agency now determines the unit.
        sheet: of the batch.
        rules: units and agencies.
        as_of: today.
        note: why.

    Raises:
        WrongAnswer: there is no such unit.
    """
    requested = []
    for paper in without_unit(papers):
        current = answered.get(paper.id, paper)
        value = read_answer(unit, UNIT, current, rules, as_of)
        agency, issued = current.value("agency"), current.value("issue_date")
        day = date.fromisoformat(issued) if issued else None
        if paper.id in answered and resolve(agency, day, sheet, rules, agency).unit is not None:
            continue
        requested.append(Requested(paper.id, UNIT, Action.SET, value, note))
    return requested
