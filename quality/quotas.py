"""Quota arithmetic: who counts, against what inventory, with what target. Pure; same inputs, same answer.

A result counts as *digitised* when its image was accepted, its mandatory metadata are complete, its code is
issued and its rendition is stored, all by the reporting day, and the paper was in force on that day (KH
5283 III.1-2; DOMAIN.md §1.2, §4.3). Papers of unknown validity stand beside the figure: `low` counts none
of them, `high` all of them.

May import schemas. Must never read a clock, a file or a rule: everything arrives as an argument.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from quality.quota_cells import ALL_KINDS, Cell, Cells, Figures, Place, stock_of
from schemas.documents import Role, Route, ValidityState
from schemas.quotas import (
    ElsewhereRow,
    Explanation,
    InventoryRow,
    PaperRow,
    QuotaNote,
    QuotaReport,
    QuotaRow,
    RateBounds,
)
from schemas.rules import Target
from schemas.text import nfc

__all__ = ["ALL_KINDS", "COUNTED", "VALIDITY_UNKNOWN", "compute", "counting_reason"]

COUNTED: Final = "counted"
VALIDITY_UNKNOWN: Final = "validity_unknown"
_RowLevel = Literal["tinh", "huyen", "xa", "unresolved"]
_LEVELS: Final[tuple[_RowLevel, ...]] = ("tinh", "huyen", "xa", "unresolved")
_PaperKey = tuple[str, str, str]


_NOT_IN_INVENTORY: Final = "not_in_inventory"
_NONE_LEFT_OUT: Final[Mapping[str, str]] = MappingProxyType({})


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
    explain: bool = True,
) -> tuple[QuotaReport, list[Explanation]]:
    """Compute the quota as of a day: rows by level and unit, level totals, and the reason per paper.

    Totals are sums, never averages of rates. Papers enter the numerator of a rate only if their unit and kind
    have an inventory, so that a unit without one cannot raise the rate of its level; counts of the row still
    include all papers, and a note gives the number left out of the rate. Rates are capped at 1 with a note.

    Args:
        papers: every stored document, without repetition.
        inventory: results in force by unit, kind and year; kind `*` stands for all kinds of a unit together.
        elsewhere: results digitised before Sohoa, one a row or as counts.
        targets: dated targets; only rows for a whole level or unit are used (no sector, no result type).
        as_of: the reporting day; what was digitised or issued later is out.
        today: makes `live`: figures of a day that is not over may still move.
        reading: which reading of "+20 % a year" the targets follow (DOMAIN.md §4.3).
        kinds_without_code: kinds that map to no result code ("chờ mã").
        left_out: kinds whose papers are not counted, with the reason (`by_import_only`, `not_in_inventory`); of the
            latter no inventory and no result elsewhere counts either.
        out_of_series: units whose papers, inventory and results elsewhere belong to another series of
            figures, e.g. former Ninh Thuận's (DOMAIN.md §4.4). Empty unless the configured data say so.
        explain: give an explanation for every paper; without it the list stays empty.
    """
    cells = Cells()
    # Keep only keys that may match one from elsewhere; most of a million papers never do.
    claimed = {key for row in elsewhere for key in _key(row.owner, row.result_type, row.number, row.unit)}
    taken: set[_PaperKey] = set()
    explanations: list[Explanation] = []
    for paper in papers:
        reason = counting_reason(paper, as_of, kinds_without_code, out_of_series, left_out)
        if reason in _DIGITISED:
            keys = _key(paper.owner, paper.result_type, paper.number, paper.unit) if claimed else ()
            taken.update(claimed.intersection(keys))
        if reason not in _OF_NO_ROW:
            _enter(cells.cell(_place(paper), paper.kind or ""), reason)
        if explain:
            explanations.append(_explanation(paper, reason))
    inventoried = [row for row in elsewhere if left_out.get(row.kind) != _NOT_IN_INVENTORY]
    for row in _distinct_elsewhere(inventoried, as_of, taken, out_of_series):
        cells.cell(Place(row.level, row.unit), row.kind).elsewhere += row.count
    cells.stock = stock_of(
        (
            row
            for row in inventory
            if row.unit not in out_of_series and left_out.get(row.kind) != _NOT_IN_INVENTORY
        ),
        as_of.year,
    )

    rows, notes = _rows(cells, _Targets(targets, as_of, reading))
    report = QuotaReport(
        as_of=as_of, live=as_of >= today, reading=reading, rows=tuple(rows), notes=tuple(notes)
    )
    return report, sorted(explanations, key=_explanation_order)


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
    return _force(paper, as_of)


_DIGITISED: Final = frozenset({COUNTED, VALIDITY_UNKNOWN, "superseded", "revoked", "expired", "issued_later"})
# Papers with these reasons do not belong to the series and get no row.
_OF_NO_ROW: Final = frozenset({"duplicate", "other_series"})


def _force(paper: PaperRow, as_of: date) -> str:
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


def _enter(cell: Cell, reason: str) -> None:
    cell.papers += 1
    if reason == COUNTED:
        cell.digitised += 1
    elif reason == VALIDITY_UNKNOWN:
        cell.unknown += 1


def _place(paper: PaperRow) -> Place:
    if paper.level is None or paper.unit is None:
        return Place("unresolved", None)
    return Place(paper.level, paper.unit)


def _key(
    owner: str | None, result_type: str | None, number: str | None, unit: str | None
) -> Iterator[_PaperKey]:
    """(owner, KQ, number) if that identifies the paper; without an owner the unit distinguishes numbers."""
    if result_type and number:
        bare = "".join(nfc(number).split()).upper()
        yield (owner or f"unit {unit}", result_type, bare)


def _distinct_elsewhere(
    rows: Sequence[ElsewhereRow], as_of: date, taken: set[_PaperKey], out_of_series: Collection[str]
) -> Iterator[ElsewhereRow]:
    """Results digitised elsewhere by the day, without repetitions and without papers that we digitised."""
    seen: set[_PaperKey | ElsewhereRow] = set(taken)
    for row in sorted(rows, key=ElsewhereRow.model_dump_json):
        if row.digitised_on > as_of or row.unit in out_of_series:
            continue
        identity = next(_key(row.owner, row.result_type, row.number, row.unit), row)
        if identity not in seen:
            seen.add(identity)
            yield row


def _explanation(paper: PaperRow, reason: str) -> Explanation:
    place = _place(paper)
    return Explanation.model_construct(
        document_id=paper.document_id,
        level=place.level,
        unit=place.unit,
        kind=paper.kind,
        code=paper.code,
        counted=reason == COUNTED,
        unknown_validity=reason == VALIDITY_UNKNOWN,
        reason=reason,
    )


def _explanation_order(row: Explanation) -> tuple[str, str, str, str]:
    return (row.level, row.unit or "", row.kind or "", row.document_id)


class _Targets(NamedTuple):
    """Finds the target of a level or unit on the reporting day."""

    rows: Sequence[Target]
    as_of: date
    reading: str

    def find(self, level: str, unit: str | None) -> Target | None:
        """The day's year before earlier ones (carried on), the unit's own row before its level's."""
        fitting = [
            row
            for row in self.rows
            if row.level == level
            and row.unit in {None, unit}
            and row.sector is None
            and row.result_type is None
            and row.reading == self.reading
            and row.period <= self.as_of.year
            and row.holds_on(self.as_of)
        ]
        return max(fitting, key=_precedence, default=None)


def _precedence(row: Target) -> tuple[int, bool, date, float, str]:
    return (row.period, row.unit is not None, row.effective_from or date.min, row.share, row.source)


def _rows(cells: Cells, targets: _Targets) -> tuple[list[QuotaRow], list[QuotaNote]]:
    rows: list[QuotaRow] = []
    notes: list[QuotaNote] = []
    for level in _LEVELS:
        places = cells.places(level)
        figures = {place: cells.figures(place) for place in places}
        units = sorted(
            (place for place in places if place.unit is not None), key=lambda place: place.unit or ""
        )
        target = targets.find(level, None)
        if places or target:
            total = sum(figures.values(), Figures())
            rows.append(_row(level, None, total, target))
            notes += _notes(Place(level, None), total, target, targets.as_of)
        for place in units:
            target = targets.find(level, place.unit)
            rows.append(_row(level, place.unit, figures[place], target))
            notes += _notes(place, figures[place], target, targets.as_of)
    return rows, notes


def _row(level: _RowLevel, unit: str | None, figures: Figures, target: Target | None) -> QuotaRow:
    with_elsewhere = figures.covered_digitised + figures.covered_elsewhere
    return QuotaRow(
        level=level,
        unit=unit,
        digitised=figures.digitised,
        unknown_validity=figures.unknown,
        elsewhere=figures.elsewhere,
        inventory=figures.inventory,
        basis=figures.basis,
        rate=_rate(figures.covered_digitised, figures.covered_unknown, figures.inventory),
        rate_with_elsewhere=_rate(with_elsewhere, figures.covered_unknown, figures.inventory),
        target=target.share if target else None,
    )


def _rate(known: int, unknown: int, inventory: int | None) -> RateBounds | None:
    if not inventory:
        return None
    return RateBounds(low=min(1.0, known / inventory), high=min(1.0, (known + unknown) / inventory))


def _notes(place: Place, figures: Figures, target: Target | None, as_of: date) -> Iterator[QuotaNote]:
    def note(code: str, **params: str | int | float) -> QuotaNote:
        return QuotaNote(code=code, level=place.level, unit=place.unit, params=params)

    counted = figures.digitised + figures.unknown
    outside = counted - figures.covered_digitised - figures.covered_unknown
    over = figures.covered_digitised + figures.covered_unknown + figures.covered_elsewhere
    if place.level == "unresolved":
        yield note("unit_unresolved", papers=figures.papers)
        return
    if figures.inventory is None:
        yield note("inventory_missing", papers=counted)
    elif outside:
        yield note("papers_without_inventory", papers=outside)
    if figures.inventory is not None and over > figures.inventory:
        yield note("more_than_inventory", papers=over, inventory=figures.inventory)
    if figures.inventory_year is not None and figures.inventory_year < as_of.year:
        yield note("inventory_older", year=figures.inventory_year)
    if target is not None and target.period < as_of.year:
        yield note("target_carried", year=target.period)
