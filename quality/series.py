"""Papers that supersede one another: of papers with the same identity only the newest is in force.

Pure; may import schemas. Which kinds these are is a dated rule (`configs/validity.csv`, `newest_of`; DOMAIN.md §3.4).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date

from schemas.documents import Role, Route
from schemas.quotas import PaperRow


def mark_superseded(papers: Sequence[PaperRow], kinds: Collection[str]) -> list[PaperRow]:
    """Mark every paper with the day from which a newer one of its owner was in the catalogue.

    That day is the later of the newer paper's issue and its digitisation, so that old figures are
    reproducible. Papers without owner or issue date replace nothing and are not replaced.

    Args:
        papers: every stored document.
        kinds: kinds of which an owner has only one in force at a time.
    """
    series: dict[tuple[str, str], list[PaperRow]] = defaultdict(list)
    for paper in papers:
        if paper.kind and paper.kind in kinds and paper.owner and paper.issue_date and _stands(paper):
            series[paper.kind, paper.owner].append(paper)
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


def _stands(paper: PaperRow) -> bool:
    """True if a paper counts: accepted, coded and not a duplicate."""
    accepted = paper.route == Route.ACCEPTED and paper.role == Role.RESULT
    return accepted and paper.code is not None and not paper.code_voided and paper.linked_to is None
