"""Quota arithmetic: who counts, against what inventory, with what target. Pure; same inputs, same answer.

A result counts as *digitised* when its image was accepted, its mandatory metadata are complete, its code is
issued and its rendition is stored, all by the reporting day, and the paper was in force on that day (KH
5283 III.1-2; DOMAIN.md §1.2, §4.3). Papers of unknown validity stand beside the figure: `low` counts none
of them, `high` all of them. Papers issued after the cut-off are flow and stand beside it too (§4.3 f).

May import schemas. Must never read a clock, a file or a rule: everything arrives as an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final, NamedTuple

from quality.quota_cells import ALL_KINDS, Cell, Cells, Place, UsedStock, stock_of
from quality.quota_rows import Targets, rows_of
from quality.quota_stock import move
from quality.quota_terms import Placing, Terms
from schemas.documents import Role, Route, ValidityState
from schemas.quotas import (
    ElsewhereRow,
    Explanation,
    InventoryRow,
    PaperGroup,
    PaperRow,
    QuotaNote,
    QuotaReport,
)
from schemas.rules import Target
from schemas.text import bare_number

__all__ = ["ALL_KINDS", "COUNTED", "VALIDITY_UNKNOWN", "compute", "counting_reason"]

COUNTED: Final = "counted"
VALIDITY_UNKNOWN: Final = "validity_unknown"
_OTHER_SERIES: Final = "other_series"
_PaperKey = tuple[str, str, str]
_Judged = tuple[PaperRow, Place, str]


_NOT_IN_INVENTORY: Final = "not_in_inventory"
_NONE_LEFT_OUT: Final[Mapping[str, str]] = MappingProxyType({})
_PLAIN: Final = Terms()


class Told(NamedTuple):
    """Where a paper stands in a report, and why it is in or out; see `Explanation`."""

    level: str
    unit: str | None
    unit_code: str | None
    counted: bool
    unknown_validity: bool
    covered: bool
    flow: bool
    reason: str


class Worked(NamedTuple):
    """A report and all the rates were made of.

    `stock` and `elsewhere` are (row of the report, what was compared or counted there); `tell` says of groups where they
    stand and why, whether their papers were in this report or not.
    """

    report: QuotaReport
    explanations: list[Explanation]
    stock: list[tuple[Place, UsedStock]]
    elsewhere: list[tuple[Place, ElsewhereRow]]
    tell: Callable[[Iterable[PaperGroup]], Iterator[Told]]


def compute(
    papers: Iterable[PaperRow],
    inventory: Sequence[InventoryRow],
    elsewhere: Sequence[ElsewhereRow],
    targets: Sequence[Target],
    as_of: date,
    today: date,
    reading: str = "A",
    *,
    kinds_without_code: Collection[str] = (),
    left_out: Mapping[str, str] = _NONE_LEFT_OUT,
    out_of_series: Collection[str] = (),
    terms: Terms = _PLAIN,
    explain: bool = True,
) -> tuple[QuotaReport, list[Explanation]]:
    """The report and the explanations of `worked_out`, which see."""
    worked = worked_out(
        papers,
        inventory,
        elsewhere,
        targets,
        as_of,
        today,
        reading,
        kinds_without_code=kinds_without_code,
        left_out=left_out,
        out_of_series=out_of_series,
        terms=terms,
        explain=explain,
    )
    return worked.report, worked.explanations


def worked_out(
    papers: Iterable[PaperRow],
    inventory: Sequence[InventoryRow],
    elsewhere: Sequence[ElsewhereRow],
    targets: Sequence[Target],
    as_of: date,
    today: date,
    reading: str = "A",
    *,
    kinds_without_code: Collection[str] = (),
    left_out: Mapping[str, str] = _NONE_LEFT_OUT,
    out_of_series: Collection[str] = (),
    terms: Terms = _PLAIN,
    explain: bool = True,
    groups: Iterable[PaperGroup] = (),
) -> Worked:
    """Compute the quota as of a day: rows by level and unit, level totals, and all that they come from.

    Totals are sums, never averages of rates. Papers enter the numerator of a rate only if their unit and kind
    have an inventory, and only up to it, so that neither a unit without one nor an excess raises the rate of its level;
    counts of the row still include all papers, and notes give the numbers left out of the rate.

    Args:
        papers: every stored document, without repetition (those in `groups` apart).
        inventory: results in force by unit, kind and year; kind `*` stands for all kinds of a unit together.
        elsewhere: results digitised before Sohoa, one a row or as counts.
        targets: dated targets; one of a sector or a result type has a row of its own.
        as_of: the reporting day; what was digitised or issued later is out.
        today: makes `live`: figures of a day that is not over may still move.
        reading: which reading of "+20 % a year" the targets follow (DOMAIN.md §4.3).
        kinds_without_code: kinds that map to no result code ("chờ mã").
        left_out: kinds whose papers are not counted, with the reason (`by_import_only`, `not_in_inventory`); of the
            latter no inventory and no result elsewhere counts either.
        out_of_series: labels of units whose papers, inventory and results elsewhere belong to another series.
        terms: units of every period, series, cut-off and the like.
        explain: give an explanation for every paper; without it the list stays empty.
        groups: papers that are counted together; none of them is explained.
    """
    asked = _Asked(as_of, frozenset(kinds_without_code), left_out, out_of_series, Placing(terms, as_of))
    placing = asked.placing
    cells = Cells(uncodable=asked.kinds_without_code, frozen=terms.base_year is not None)
    # Keep only keys that may match one from elsewhere; most of a million papers never do.
    claimed = {key for row in elsewhere for key in _key(row.owner, row.result_type, row.number, row.unit)}
    taken: set[_PaperKey] = set()
    judged: list[_Judged] = []
    apart = 0
    for paper in papers:
        place, reason = asked.judge(paper)
        apart += paper.papers * (reason == _OTHER_SERIES)
        if reason in _DIGITISED and claimed:
            taken.update(claimed.intersection(_key(paper.owner, paper.result_type, paper.number, paper.unit)))
        if reason not in _OF_NO_ROW:
            _enter(cells.cell(place, paper.kind or ""), paper, reason, as_of, terms, paper.papers)
        if explain:
            judged.append((paper, place, reason))
    for group, place, reason in asked.judge_groups(groups):
        apart += group.papers * (reason == _OTHER_SERIES)
        if reason not in _OF_NO_ROW:
            cell = cells.cell(place, group.paper.kind or "")
            _enter(cell, group.paper, reason, as_of, terms, group.papers)

    others = list(asked.counted_elsewhere(elsewhere, taken))
    for place, other in others:
        cells.cell(place, other.kind).elsewhere += other.count
    cells.stock = stock_of(asked.counted_stock(inventory), terms.base_year or as_of.year)
    cells.holder = {place: placing.holder(place) for place in {*cells.counts, *cells.stock}}
    move(cells, placing)

    rows, notes = rows_of(cells, Targets(targets, as_of, reading), placing)
    report = QuotaReport(
        as_of=as_of,
        live=as_of >= today,
        reading=reading,
        series=terms.series,
        cut_off=terms.cut_off,
        rows=tuple(rows),
        notes=(*notes, *_of_the_whole(apart, terms, rows != [])),
    )
    told = [_explanation(*each, cells, placing) for each in judged]
    held = [(cells.holder.get(place, place), other) for place, other in others]
    return Worked(
        report,
        sorted(told, key=_explanation_order),
        list(cells.used()),
        held,
        lambda some: (
            _told(group.paper, place, reason, cells, asked.placing)
            for group, place, reason in asked.judge_groups(some)
        ),
    )


@dataclass(frozen=True)
class _Asked:
    """What is asked of every row: is it of this figure, and of which unit."""

    as_of: date
    kinds_without_code: frozenset[str]
    left_out: Mapping[str, str]
    out_of_series: Collection[str]
    placing: Placing

    def judge(self, paper: PaperRow) -> tuple[Place, str]:
        """The unit that issued a paper, and why the paper is in or out."""
        place = self.placing.place(paper.level, paper.unit, paper.issue_date)
        reason = self._reason(paper)
        return place, _OTHER_SERIES if reason != "duplicate" and self.placing.apart(place) else reason

    def judge_groups(self, groups: Iterable[PaperGroup]) -> Iterator[tuple[PaperGroup, Place, str]]:
        """The same of groups; what they share is judged once: there are tens of thousands of them."""
        # By identity: to compare rows takes longer than to judge them. The row is held, so that no other takes its place.
        reasons: dict[int, tuple[PaperRow, str]] = {}
        places: dict[tuple[str | None, str | None, date | None], tuple[Place, bool]] = {}
        for group in groups:
            level, unit, paper, _ = group
            known = reasons.get(id(paper))
            if known is None:
                known = reasons[id(paper)] = paper, self._reason(paper)
            held = places.get(asked := (level, unit, paper.issue_date))
            if held is None:
                place = self.placing.place(*asked)
                held = places[asked] = place, unit in self.out_of_series or self.placing.apart(place)
            place, apart = held
            reason = known[1]
            yield group, place, _OTHER_SERIES if apart and reason != "duplicate" else reason

    def _reason(self, paper: PaperRow) -> str:
        return counting_reason(paper, self.as_of, self.kinds_without_code, self.out_of_series, self.left_out)

    def counted_elsewhere(
        self, rows: Sequence[ElsewhereRow], taken: set[_PaperKey]
    ) -> Iterator[tuple[Place, ElsewhereRow]]:
        """Results digitised elsewhere, with their units."""
        for row in _distinct_elsewhere(rows, self.as_of, taken):
            place = self.placing.place(row.level, row.unit, row.digitised_on)
            if self._in_series(row.unit, place, row.kind):
                yield place, row

    def counted_stock(self, rows: Sequence[InventoryRow]) -> Iterator[tuple[Place, InventoryRow]]:
        """Inventories of units that had come into being by the day."""
        for row in rows:
            place = self.placing.place(row.level, row.unit, date(row.year, 12, 31))
            if self.placing.begun(place) and self._in_series(row.unit, place, row.kind):
                yield place, row

    def _in_series(self, unit: str, place: Place, kind: str) -> bool:
        apart = unit in self.out_of_series or self.placing.apart(place)
        return not apart and self.left_out.get(kind) != _NOT_IN_INVENTORY


def _of_the_whole(apart: int, terms: Terms, any_rows: bool) -> Iterator[QuotaNote]:
    """Reservations that concern every row."""
    if apart:
        yield QuotaNote(code="other_series", level="", params={"papers": apart})
    if any_rows and terms.cut_off is not None:
        yield QuotaNote(code="cut_off", level="", params={"day": terms.cut_off.isoformat()})
        known = "_".join(step for step in ("signed", "delivered") if step in (terms.steps or ()))
        yield QuotaNote(code=f"rate_of_stored_{known}" if known else "rate_of_stored", level="")


def counting_reason(
    paper: PaperRow,
    as_of: date,
    kinds_without_code: Collection[str] = (),
    out_of_series: Collection[str] = (),
    left_out: Mapping[str, str] = _NONE_LEFT_OUT,
) -> str:
    """Why a paper is in (`counted`, `validity_unknown`) or out: a key of `[quota_reason]` in the table of words."""
    if paper.linked_to is not None:
        return "duplicate"
    if paper.unit is not None and paper.unit in out_of_series:
        return "other_series"
    if paper.role != Role.RESULT:
        return "not_a_result"
    if paper.kind is not None and paper.kind in left_out:
        return left_out[paper.kind]
    if paper.code_voided and (paper.code_until is None or paper.code_until <= as_of):
        return "code_voided"
    # A paper goes back to review when its code is voided; while the code stood it was accepted.
    if paper.route != Route.ACCEPTED and not paper.code_voided:
        return "not_accepted"
    if paper.code is None:
        return "awaiting_code" if paper.kind in kinds_without_code else "no_code"
    if not paper.stored:
        return "not_stored"
    if not paper.intact:
        return "not_intact"
    if paper.is_returned(as_of):
        return "lot_rejected"
    if paper.digitised_on is None or paper.digitised_on > as_of:
        return "digitised_later"
    return standing_on(paper, as_of)


_DIGITISED: Final = frozenset({COUNTED, VALIDITY_UNKNOWN, "superseded", "revoked", "expired", "issued_later"})
# Papers with these reasons do not belong to the series and get no row.
_OF_NO_ROW: Final = frozenset({"duplicate", _OTHER_SERIES})


def standing_on(paper: PaperRow, as_of: date) -> str:
    """Reason why a digitised paper counts, or does not, on the day.

    The stored state is that of the time of analysis, not of `as_of`. If the last day is known it decides, so
    that an old figure does not change because the paper has expired since. Papers that a person declared
    expired are excluded from the day that the person named, or else that of the decision.
    """
    if paper.revoked_on is not None and paper.revoked_on <= as_of:
        return "revoked"
    if paper.superseded_on is not None and paper.superseded_on <= as_of:
        return "superseded"
    if paper.issue_date is not None and paper.issue_date > as_of:
        return "issued_later"
    if paper.expired_from is not None and paper.expired_from <= as_of:
        return "expired"
    expired = paper.validity == ValidityState.EXPIRED
    if expired and (paper.valid_until is None or paper.validity_source == "operator"):
        return "expired"
    if paper.valid_until is not None and paper.valid_until < as_of:
        return "expired"
    return VALIDITY_UNKNOWN if paper.validity == ValidityState.UNKNOWN else COUNTED


def _enter(cell: Cell, paper: PaperRow, reason: str, as_of: date, terms: Terms, number: int) -> None:
    cell.papers += number
    in_stock = number * (not _is_flow(paper, terms))
    if reason == COUNTED:
        cell.digitised += number
        cell.stock_digitised += in_stock
        cell.sector_db += number * (paper.kind in terms.sector_kinds)
        cell.until_revoked += number * (paper.kind in terms.until_revoked)
        cell.signed += number * (paper.signed_on is not None and paper.signed_on <= as_of)
        cell.delivered += number * (paper.delivered_on is not None and paper.delivered_on <= as_of)
    elif reason == VALIDITY_UNKNOWN:
        cell.unknown += number
        cell.stock_unknown += in_stock
    elif reason == "awaiting_code":
        cell.uncoded += number * (_kept_by(paper, as_of) and standing_on(paper, as_of) == COUNTED)
    elif reason == "not_intact":
        cell.not_intact += number
    elif reason in {"expired", "superseded"} and in_stock and (day := _last_day(paper, as_of)):
        cell.ended[day.year] += in_stock


def _is_flow(paper: PaperRow, terms: Terms) -> bool:
    return terms.cut_off is not None and paper.issue_date is not None and paper.issue_date > terms.cut_off


def _kept_by(paper: PaperRow, as_of: date) -> bool:
    kept = paper.digitised_on or paper.stored_on
    return paper.stored and kept is not None and kept <= as_of


def _last_day(paper: PaperRow, as_of: date) -> date | None:
    """The day a paper left the stock: past its last day of validity, or replaced; None if it is not known."""
    days = [day for day in (paper.valid_until, paper.superseded_on) if day is not None and day <= as_of]
    return min(days, default=None)


def _key(
    owner: str | None, result_type: str | None, number: str | None, unit: str | None
) -> Iterator[_PaperKey]:
    """(owner, KQ, number) if that identifies the paper; without an owner the unit distinguishes numbers."""
    if result_type and number:
        yield (owner or f"unit {unit}", result_type, bare_number(number))


def _distinct_elsewhere(
    rows: Sequence[ElsewhereRow], as_of: date, taken: set[_PaperKey]
) -> Iterator[ElsewhereRow]:
    """Results digitised elsewhere by the day and in force, without repetitions and without papers that we digitised."""
    seen: set[_PaperKey | ElsewhereRow] = set(taken)
    for row in sorted(rows, key=ElsewhereRow.model_dump_json):
        if row.digitised_on > as_of or (row.valid_until is not None and row.valid_until < as_of):
            continue
        identity = next(_key(row.owner, row.result_type, row.number, row.unit), row)
        if identity not in seen:
            seen.add(identity)
            yield row


def _told(paper: PaperRow, place: Place, reason: str, cells: Cells, placing: Placing) -> Told:
    row = cells.holder.get(place) or placing.holder(place)
    in_figure = reason in {COUNTED, VALIDITY_UNKNOWN}
    flow = in_figure and _is_flow(paper, placing.terms)
    covered = in_figure and not flow and cells.covers(row, place, paper.kind or "")
    counted, unknown = reason == COUNTED, reason == VALIDITY_UNKNOWN
    return Told(row.level, row.unit, row.code, counted, unknown, covered, flow, reason)


def _explanation(paper: PaperRow, place: Place, reason: str, cells: Cells, placing: Placing) -> Explanation:
    return Explanation.model_construct(
        **_told(paper, place, reason, cells, placing)._asdict(),
        document_id=paper.document_id,
        kind=paper.kind,
        code=paper.code,
        batch=paper.batch,
        file=paper.file,
        issue_date=paper.issue_date,
        digitised_on=paper.digitised_on,
        valid_until=paper.valid_until,
        validity_basis=paper.validity_basis,
        accepted_by=paper.accepted_by,
        signed_on=paper.signed_on,
        delivered_on=paper.delivered_on,
    )


def _explanation_order(row: Explanation) -> tuple[str, str, str, str]:
    return (row.level, row.unit or "", row.kind or "", row.document_id)
