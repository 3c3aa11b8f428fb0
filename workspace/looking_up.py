"""Coded papers that a one-stop desk looks up, each with its validity today by the same reasons as `quota` counts it."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from quality.quotas import COUNTED, VALIDITY_UNKNOWN, standing_on
from quality.revocations import mark_revoked
from quality.series import mark_superseded
from schemas.clock import today
from schemas.documents import Validity, ValidityState
from schemas.quotas import PaperRow, RevocationRow
from schemas.text import bare_number
from storage.catalogue import coded_papers, facts, figure_groups, figures, lots
from storage.catalogue.database import Database
from storage.catalogue.figures_papers import papers
from storage.catalogue.lookups import DocumentRow
from workspace.counting import superseding_kinds
from workspace.figuring import unit_register
from workspace.unit_scope import in_scope

_DAY: Final = timedelta(days=1)
# Reasons of a figure that end a paper, and are the basis of its validity.
_ENDED: Final = frozenset({"revoked", "superseded"})


class Asked(NamedTuple):
    """One way to ask: an owner, a code, or a result type with a number."""

    owner_id: str | None = None
    code: str | None = None
    result_type: str | None = None
    number: str | None = None


class Answered(NamedTuple):
    """A paper that was found, as the catalogue has it, and its validity on the day."""

    row: DocumentRow
    validity: Validity


class LookUps:
    """Looks papers up in one catalogue; holds the imported revocations until another one is imported."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._revocations: tuple[int, dict[str, list[RevocationRow]]] = (-1, {})

    def find(self, asked: Asked, units: Collection[str]) -> tuple[list[Answered], bool]:
        """Accepted, coded, intact papers within a scope of units, and whether there are more than are given."""
        if asked.owner_id is not None:
            rows = coded_papers.by_owner(self._database, asked.owner_id)
        elif asked.code is not None:
            rows = coded_papers.by_code(self._database, asked.code)
        else:
            rows = coded_papers.by_number(self._database, asked.result_type or "", asked.number or "")
        more = len(rows) > coded_papers.MOST
        return self._answer(rows[: coded_papers.MOST], units), more

    def by_id(self, document_id: str, units: Collection[str]) -> Answered | None:
        """The same of one paper; None if it would not be answered."""
        return next(iter(self._answer(coded_papers.by_id(self._database, document_id), units)), None)

    def _answer(self, rows: Sequence[DocumentRow], units: Collection[str]) -> list[Answered]:
        day = today()
        within = {row.document.id: row for row in rows if is_within(row, units, day)}
        if not within:
            return []
        held = [paper for paper in papers(self._database, ids=list(within)) if paper.intact]
        back = lots.given_back(self._database, within)
        judged = self._ended(held, day)
        states = {paper.document_id: validity_on(paper, day) for paper in judged}
        return [
            Answered(row, states[name]) for name, row in within.items() if name in states and name not in back
        ]

    def _ended(self, held: list[PaperRow], day: date) -> list[PaperRow]:
        """Papers with the days from which they are revoked, or a newer one took their place."""
        names = {paper.document_id for paper in held}
        near = {paper.document_id: paper for paper in held}
        kinds = superseding_kinds(day)
        for paper in held:
            if (name := kinds.get(paper.kind or "")) and (value := getattr(paper, _COLUMN[name])):
                others = coded_papers.mates(self._database, paper.kind or "", [value], name)
                near |= {each.document_id: each for each in self._papers(set(others) - near.keys())}
        marked = mark_superseded(list(near.values()), kinds, day)
        rows = self._revoking({bare_number(paper.number) for paper in held if paper.number})
        if rows:
            alike = figure_groups.with_numbers(self._database, None, {row.number for row in rows})
            known = {paper.document_id for paper in marked}
            marked = mark_revoked([*marked, *self._papers(set(alike) - known)], rows)
        return [paper for paper in marked if paper.document_id in names]

    def _papers(self, ids: Iterable[str]) -> list[PaperRow]:
        chosen = sorted(ids)
        return list(papers(self._database, ids=chosen)) if chosen else []

    def _revoking(self, numbers: Collection[str]) -> list[RevocationRow]:
        """Imported revocations that name one of these numbers."""
        with self._lock:
            latest = facts.latest(self._database, facts.REVOCATIONS)
            if latest != self._revocations[0]:
                by_number: dict[str, list[RevocationRow]] = {}
                for fact in figures.revocations(self._database):
                    by_number.setdefault(bare_number(fact.row.number), []).append(fact.row)
                self._revocations = latest, by_number
            held = self._revocations[1]
        return [row for number in numbers for row in held.get(number, ())]


_COLUMN: Final = {"owner_id": "owner", "number": "number"}


def is_within(row: DocumentRow, units: Collection[str], day: date) -> bool:
    """True if a paper is of one of the units."""
    paper = row.document
    issued = paper.value("issue_date")
    return in_scope(
        units,
        paper.level,
        paper.unit,
        date.fromisoformat(issued) if issued else None,
        register=unit_register(),
        day=day,
    )


def validity_on(paper: PaperRow, day: date) -> Validity:
    """Validity of a paper on a day, by the same reasons as a figure counts it or does not."""
    reason = standing_on(paper, day)
    until = paper.valid_until
    if reason == COUNTED:
        state, basis = ValidityState.IN_FORCE, paper.validity_basis
    elif reason in {VALIDITY_UNKNOWN, "issued_later"}:
        state, basis = ValidityState.UNKNOWN, paper.validity_basis
    else:
        state, basis = ValidityState.EXPIRED, reason if reason in _ENDED else paper.validity_basis
        ends = {"revoked": paper.revoked_on, "superseded": paper.superseded_on}.get(reason)
        if reason == "expired" and paper.expired_from is not None and paper.expired_from <= day:
            ends, basis = paper.expired_from, "operator"
        until = ends - _DAY if ends is not None else until
    return Validity(state=state, basis=basis, until=until.isoformat() if until else None)
