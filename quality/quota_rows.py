"""Rows of the quota: rates, the target of each row, and what a reader must know about it. Pure; may import schemas."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import Final, Literal, NamedTuple

from quality.quota_cells import Bounds, Cells, Figures, Place
from quality.quota_terms import Placing
from schemas.quotas import CountBounds, QuotaNote, QuotaRow, RateBounds
from schemas.rules import Target

_RowLevel = Literal["tinh", "huyen", "xa", "unresolved"]
_LEVELS: Final[tuple[_RowLevel, ...]] = ("tinh", "huyen", "xa", "unresolved")


class Part(NamedTuple):
    """What of a level or unit a row speaks of: all of it, or the kinds of a sector or result type."""

    sector: str | None = None
    result_type: str | None = None


_ALL: Final = Part()


class Targets(NamedTuple):
    """Finds the target of a level or unit on the reporting day."""

    rows: Sequence[Target]
    as_of: date
    reading: str

    def find(self, place: Place, part: Part = _ALL) -> Target | None:
        """The year's last target before earlier ones (carried on), the unit's own row before its level's."""
        return max(self._fitting(place, part), key=_precedence, default=None)

    def due(self, place: Place, part: Part = _ALL) -> Target | None:
        """The last target whose day has come by the end of the reporting day."""
        come = [row for row in self._fitting(place, part) if row.day <= self.as_of]
        return max(come, key=_precedence, default=None)

    def next(self, place: Place, part: Part = _ALL) -> Target | None:
        """The first target whose day is yet to come, in this year."""
        ahead = [row for row in self._fitting(place, part) if row.day > self.as_of]
        first = min((row.day for row in ahead), default=None)
        return max((row for row in ahead if row.day == first), key=_precedence, default=None)

    def _fitting(self, place: Place, part: Part) -> list[Target]:
        return [
            row
            for row in self._of(place.level)
            if row.unit in {None, place.unit, place.code or place.unit}
            and (row.sector, row.result_type) == part
        ]

    def parts(self, level: str) -> list[Part]:
        """Sectors and result types that targets of a level name."""
        parts = {Part(row.sector, row.result_type) for row in self._of(level)} - {_ALL}
        return sorted(parts, key=lambda part: (part.sector or "", part.result_type or ""))

    def _of(self, level: str) -> list[Target]:
        return [
            row
            for row in self.rows
            if row.level == level
            and row.reading == self.reading
            and row.period <= self.as_of.year
            and row.holds_on(self.as_of)
        ]


def _precedence(row: Target) -> tuple[date, bool, bool, date, float, str]:
    begins = row.effective_from or date.min
    return (row.day, row.unit is not None, row.decided, begins, row.share, row.source)


def rows_of(cells: Cells, targets: Targets, placing: Placing) -> tuple[list[QuotaRow], list[QuotaNote]]:
    """Every row in order: by level its total, then its units; those of a sector or result type after all others."""
    rows: list[QuotaRow] = []
    notes: list[QuotaNote] = []
    for level in _LEVELS:
        held = cells.rows(level)
        for part in (_ALL, *targets.parts(level)):
            kinds = _kinds(targets, level, part, placing)
            figures = {row: cells.figures(row, places, kinds) for row, places in held.items()}
            whole = Place(level, None)
            if held or targets.find(whole, part):
                total = sum(figures.values(), Figures())
                _tell(rows, notes, whole, total, part, targets, placing)
            for place in figures:
                own = part == _ALL or targets.find(place, part)
                if place.unit is not None and own:
                    _tell(rows, notes, place, figures[place], part, targets, placing)
    return rows, notes


def _kinds(targets: Targets, level: str, part: Part, placing: Placing) -> Collection[str] | None:
    if part == _ALL:
        return None
    asked = Target.model_validate(
        {"level": level, "period": targets.as_of.year, "share": 0, **part._asdict()}
    )
    return placing.terms.kinds_of(asked)


def _tell(
    rows: list[QuotaRow],
    notes: list[QuotaNote],
    place: Place,
    figures: Figures,
    part: Part,
    targets: Targets,
    placing: Placing,
) -> None:
    """Append a row and its notes."""
    ended = placing.ended(place) if place.unit else placing.level_end(place.level)
    if place.unit and place.code is None:
        ended = placing.level_end(place.level)  # what no list holds ends with its level
    found = _Found(targets.find(place, part), targets.due(place, part), targets.next(place, part))
    if ended is not None:
        found = _Found()
    rows.append(_row(place, figures, part, ended, found, placing))
    for note in _notes(place, figures, found, ended, placing):
        notes.append(note.model_copy(update=part._asdict()))


class _Found(NamedTuple):
    """Targets of a row: of the year, the last whose day has come, the first whose day is yet to come."""

    year: Target | None = None
    due: Target | None = None
    next: Target | None = None


def _row(
    place: Place, figures: Figures, part: Part, ended: date | None, found: _Found, placing: Placing
) -> QuotaRow:
    compared = figures.inventory is not None
    return QuotaRow.model_validate(
        {
            "level": place.level,
            "unit": place.unit,
            "unit_code": place.code,
            "valid_from": place.valid_from,
            "ended_on": ended,
            **part._asdict(),
            "digitised": figures.digitised,
            "covered": figures.covered,
            "covered_unknown": figures.covered_unknown,
            "uncovered": figures.uncovered,
            "excess": figures.excess,
            "flow": figures.flow,
            "uncoded": figures.uncoded,
            "sector_db": figures.sector_db,
            "signed": placing.terms.told("signed", figures.signed),
            "delivered": placing.terms.told("delivered", figures.delivered),
            "not_intact": figures.not_intact,
            "unknown_validity": figures.unknown,
            "elsewhere": figures.elsewhere,
            "inventory": figures.inventory,
            "ended_since": figures.ended,
            "numerator": CountBounds(**figures.numerator._asdict()) if compared else None,
            "denominator": figures.denominator if compared else None,
            "basis": figures.basis,
            "rate": _rate(figures.numerator, figures.denominator),
            "rate_with_elsewhere": _rate(figures.numerator_with_elsewhere, figures.denominator),
            "rate_without_uncodable": _rate(figures.codable_numerator, figures.codable_denominator),
            "target": found.year.share if found.year else None,
            "target_due": found.due.share if found.due else None,
            "target_due_year": found.due.period if found.due else None,
            "next_target": found.next.share if found.next else None,
            "next_target_day": found.next.day if found.next else None,
        }
    )


def _rate(numerator: Bounds, denominator: int | None) -> RateBounds | None:
    if not denominator:
        return None
    return RateBounds(low=numerator.low / denominator, high=numerator.high / denominator)


def _notes(
    place: Place, figures: Figures, found: _Found, ended: date | None, placing: Placing
) -> Iterator[QuotaNote]:
    def note(code: str, **params: str | int | float) -> QuotaNote:
        return QuotaNote(code=code, level=place.level, unit=place.unit, params=params)

    counted = figures.digitised + figures.unknown
    if place.level == "unresolved":
        yield note("unit_unresolved", papers=figures.papers)
        return
    outside = figures.uncovered
    if figures.inventory is None:
        if counted or figures.elsewhere or not place.unit:
            yield note("inventory_missing", papers=counted)
    elif outside:
        yield note("papers_without_inventory", papers=outside)
    if figures.over:
        yield note("more_than_inventory", excess=figures.over)
    if figures.inventory_year is not None and figures.inventory_year < placing.as_of.year:
        yield note("inventory_older", year=figures.inventory_year)
    if figures.ended:
        yield note("ended_since", papers=figures.ended)
    if figures.uncoded:
        yield note("uncoded", papers=figures.uncoded)
    if figures.until_revoked and not placing.terms.revocations_asked:
        yield note("revocations_not_asked", papers=figures.until_revoked)
    if ended is not None:
        yield note("unit_ended" if place.unit else "level_ended", day=ended.isoformat())
        if placing.unverified(place):
            yield note("change_unverified")
    if found.year is not None and found.year.period < placing.as_of.year:
        yield note("target_carried", year=found.year.period)
    if found.next is not None and found.next.decided:
        yield note("milestone", percent=round(100 * found.next.share, 2), day=found.next.day.isoformat())
