"""Whose term of retention is over on a day. Pure.

The term stands in the batch sheet and is looked up in the dated list; it runs from the end of the last year of the file, or
of the year of issue if that is later, so that no paper is called due too early. What is not known stays unknown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import get_args

from schemas.retention import (
    KeptPaper,
    RetentionReview,
    RetentionState,
    RetentionTerm,
    ReviewedPaper,
    Unknown,
)
from schemas.text import fold


def term_of(written: str, terms: Sequence[RetentionTerm], day: date) -> RetentionTerm | None:
    """The term that a sheet means, by code or words; None if the list has none of that name."""
    wanted = fold(written)
    return next(
        (row for row in terms if row.holds_on(day) and wanted in {fold(row.code), fold(row.term)}), None
    )


def review(papers: Iterable[KeptPaper], terms: Sequence[RetentionTerm], day: date) -> RetentionReview:
    """Judge every paper for a day.

    Args:
        papers: each with its last decision by that day.
        terms: the dated list.
        day: the day asked for.
    """
    counts: Counter[RetentionState] = Counter(dict.fromkeys(get_args(RetentionState), 0))
    listed: dict[str, list[ReviewedPaper]] = {"due": [], "unknown": []}
    for paper in papers:
        judged = judge(paper, terms, day)
        counts[judged.state] += 1
        if judged.state in listed:
            listed[judged.state].append(judged)
    for rows in listed.values():
        rows.sort(key=lambda row: (row.over_on or date.max, row.batch, row.place, row.file, row.document))
    return RetentionReview(
        as_of=day, due=tuple(listed["due"]), unknown=tuple(listed["unknown"]), counts=dict(counts)
    )


def judge(paper: KeptPaper, terms: Sequence[RetentionTerm], day: date) -> ReviewedPaper:
    """One paper on a day."""
    found = term_of(paper.term, terms, day) if paper.term.strip() else None
    years = [year for year in (paper.last_year, paper.issued.year if paper.issued else None) if year]
    start = max(years, default=None)
    over_on = (
        date(start + found.years, 12, 31)
        if found is not None and found.years is not None and start is not None
        else None
    )
    decided = paper.decision
    kept_until = decided.keep_until if decided else None
    state: RetentionState
    why: Unknown | None = None
    if decided is not None and decided.handed_to:
        state = "handed_over"
    elif kept_until is not None:
        state = "kept_longer" if day <= kept_until else "due"
        over_on = kept_until
    elif found is None:
        state, why = "unknown", "term_unlisted" if paper.term.strip() else "no_term"
    elif found.years is None:
        state = "permanent"
    elif over_on is None:
        state, why = "unknown", "no_start"
    else:
        state = "due" if day > over_on else "running"
    same = {
        name: getattr(paper, name)
        for name in ("document", "batch", "file", "place", "code", "kind", "number", "term", "held")
    }
    return ReviewedPaper(**same, start=start, over_on=over_on, state=state, why=why, kept_until=kept_until)
