"""Order within a series: between which numbers of its neighbours a paper's number lies.

An agency's numbers of one notation and year rise with their days. The neighbours are papers of the same batch whose number
and day are sure without this evidence; where they do not rise themselves, they say nothing. What they say is kept as
a decision about `order:number`, like a register's, and applied by `extractors.evidence`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from schemas.documents import Document
from schemas.review import Action, Between, Decision, by_order, in_force
from schemas.routing import SUPPORTED, lacks
from schemas.rules import Rulebook
from schemas.text import fold

_FIGURES: Final = re.compile(r"0*(\d+)(?=[/-])")
_OPEN: Final = frozenset({"field_written", "order_contradicts", *SUPPORTED})
ORDER: Final = by_order("number")


class Neighbour(NamedTuple):
    """A sure number of a series, its day (ISO) and its paper."""

    number: int
    day: str
    document_id: str


class Gap(NamedTuple):
    """The neighbours nearest to a paper: the last before its day and the first after."""

    before: Neighbour
    after: Neighbour

    @property
    def between(self) -> Between:
        """The numbers that the paper's own lies between."""
        return Between(self.before.number, self.after.number)

    @property
    def note(self) -> str:
        """The papers that say so."""
        return f"{self.before.document_id}, {self.after.document_id}"


def gap_at(day: str, series: Iterable[Neighbour]) -> Gap | None:
    """Between which neighbours a day's numbers lie; None if a side is missing or the numbers do not rise."""
    before = max((one for one in series if one.day < day), default=None)
    after = min((one for one in series if one.day > day), default=None)
    if before is None or after is None or before.number >= after.number:
        return None
    return Gap(before, after)


class Said(NamedTuple):
    """What its series says about a paper: a gap, or None where it said one before and no longer does."""

    document_id: str
    gap: Gap | None


def said_by_series(
    papers: Sequence[Document], held: Mapping[str, Sequence[Decision]], rules: Rulebook
) -> list[Said]:
    """What the series of a batch say about its doubtful numbers.

    Args:
        papers: of the batch; a second scan of a paper left out.
        held: decisions by paper, in the order in which they were made.
        rules: thresholds.
    """
    series: dict[tuple[str, str, str], list[Neighbour]] = defaultdict(list)
    for paper in papers:
        key, number = _series_of(paper), _number(paper)
        if key is not None and number is not None and _is_sure(paper, rules):
            series[key].append(Neighbour(number, paper.value("issue_date") or "", paper.id))
    said = []
    for paper in papers:
        standing = in_force(held.get(paper.id, ()))
        last, gap = standing.get(ORDER), None
        if "number" not in standing and _is_open(paper) and "issue_date" not in lacks(paper, rules):
            others = [
                one
                for one in series.get(_series_of(paper) or ("", "", ""), ())
                if one.document_id != paper.id
            ]
            gap = gap_at(paper.value("issue_date") or "", others)
        if gap is not None or (last is not None and last.action is Action.SET):
            said.append(Said(paper.id, gap))
    return said


def _series_of(paper: Document) -> tuple[str, str, str] | None:
    """Agency, notation (of a register's number: the kind) and year; None where one is unknown."""
    agency, day = paper.value("agency"), paper.value("issue_date")
    series = paper.value("notation") or paper.kind
    return (fold(agency), series, day[:4]) if agency and series and day else None


def _number(paper: Document) -> int | None:
    match = _FIGURES.match(paper.value("number") or "")
    return int(match[1]) if match else None


def _is_sure(paper: Document, rules: Rulebook) -> bool:
    """True if number and day stand without what the order itself says, and wait for nobody's acceptance."""
    unsettled = any(note.rule in {"order_confirms", "acceptance_awaited"} for note in paper.findings)
    return not unsettled and not {"number", "issue_date"} & set(lacks(paper, rules))


def _is_open(paper: Document) -> bool:
    return any(note.rule in _OPEN and note.params.get("field") == "number" for note in paper.findings)
