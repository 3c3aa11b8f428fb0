"""Papers that supersede one another: of papers with the same identity only the newest is in force.

Pure; may import schemas. Which kinds these are is a dated rule (`configs/validity.csv`, `newest_of`; DOMAIN.md §3.4).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from schemas.documents import Role, Route
from schemas.quotas import PaperRow
from schemas.rules import NewestOf
from schemas.text import bare_number


def mark_superseded(
    papers: Sequence[PaperRow], kinds: Mapping[str, NewestOf], day: date = date.max
) -> list[PaperRow]:
    """Mark every paper with the day from which a newer one of its owner, or of its number, was in the catalogue.

    That day is the later of the newer paper's issue and its digitisation, so that old figures are
    reproducible. Papers without that value or without issue date replace nothing and are not replaced.

    Args:
        papers: every stored document.
        kinds: kinds of which only the newest is in force, with the value that papers of one series share.
        day: the reporting day; a code voided later stood on it. By default no code that was voided stands.
    """
    series: dict[tuple[str, str], list[PaperRow]] = defaultdict(list)
    for paper in papers:
        shared = _shared(paper, kinds)
        if paper.kind and shared and paper.issue_date and _stands(paper, day):
            series[paper.kind, shared].append(paper)
    days: dict[str, date] = {}
    for held in series.values():
        for paper in held:
            newer = [
                max(other.issue_date, other.digitised_on)
                for other in held
                if other.issue_date and other.digitised_on and paper.issue_date
                if other.issue_date > paper.issue_date
            ]
            if newer:
                days[paper.document_id] = min(newer)
    return [
        paper.model_copy(update={"superseded_on": days[paper.document_id]})
        if paper.document_id in days
        else paper
        for paper in papers
    ]


def _shared(paper: PaperRow, kinds: Mapping[str, NewestOf]) -> str | None:
    """The value that a paper shares with those it replaces; None for a kind that is in no series."""
    name = kinds.get(paper.kind or "")
    if name == "number":
        return bare_number(paper.number) if paper.number else None
    return paper.owner if name == "owner_id" else None


def _stands(paper: PaperRow, day: date) -> bool:
    """True if a paper counts on a day: a result, accepted, coded and not a duplicate."""
    if paper.role != Role.RESULT or paper.code is None or paper.linked_to is not None:
        return False
    if paper.code_voided:
        return paper.code_until is not None and paper.code_until > day
    return paper.route == Route.ACCEPTED
