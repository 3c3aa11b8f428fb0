"""Finds the stored papers that imported revocations speak of.

Pure; may import schemas. A revocation that fits several papers is applied to none: a person must say which one is meant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from schemas.quotas import PaperRow, RevocationRow
from schemas.text import bare_number


class Found(NamedTuple):
    """One revocation, and the documents that fit it: one is revoked, several are ambiguous, none is not here."""

    row: RevocationRow
    documents: tuple[str, ...]


def find(papers: Sequence[PaperRow], rows: Sequence[RevocationRow]) -> list[Found]:
    """The papers that fit each revocation by number, kind, result type, unit and owner, as far as it names them.

    Duplicates fit none, nor do papers issued after the day from which the revocation holds.
    """
    if not rows:
        return []
    by_number: Mapping[str, list[PaperRow]] = defaultdict(list)
    for paper in papers:
        if paper.number and paper.linked_to is None:
            by_number[bare_number(paper.number)].append(paper)
    return [
        Found(
            row,
            tuple(
                paper.document_id for paper in by_number.get(bare_number(row.number), ()) if _fits(paper, row)
            ),
        )
        for row in rows
    ]


def mark_revoked(papers: Sequence[PaperRow], rows: Sequence[RevocationRow]) -> list[PaperRow]:
    """Papers with the first day on which one of the revocations that fit them alone holds."""
    days: dict[str, date] = {}
    for found in find(papers, rows):
        if len(found.documents) == 1:
            (name,) = found.documents
            days[name] = min(days.get(name, date.max), found.row.effective_on)
    return [
        paper.model_copy(update={"revoked_on": days[paper.document_id]})
        if paper.document_id in days
        else paper
        for paper in papers
    ]


def _fits(paper: PaperRow, row: RevocationRow) -> bool:
    named = (
        (row.kind, paper.kind),
        (row.result_type, paper.result_type),
        (row.owner, paper.owner),
    )
    if any(wanted is not None and wanted != held for wanted, held in named):
        return False
    late = paper.issue_date is not None and paper.issue_date > row.effective_on
    return (paper.level, paper.unit) == (row.level, row.unit) and not late
