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

    def find(self, place: Place, part: Part = _ALL, year: int | None = None) -> Target | None:
        """The year's target before earlier ones (carried on), the unit's own row before its level's."""
        last = self.as_of.year if year is None else year
        fitting = [
            row
            for row in self._of(place.level)
            if row.unit in {None, place.unit, place.code or place.unit}
            and (row.sector, row.result_type) == part
            and row.period <= last
        ]
        return max(fitting, key=_precedence, default=None)

    def due(self, place: Place, part: Part = _ALL) -> Target | None:
        """The target whose day has come: that of the last year that is over by the end of the reporting day."""
        over = (self.as_of.month, self.as_of.day) == (12, 31)
        return self.find(place, part, self.as_of.year - (not over))

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


def _precedence(row: Target) -> tuple[int, bool, date, float, str]:
    return (row.period, row.unit is not None, row.effective_from or date.min, row.share, row.source)


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
    target, due = targets.find(place, part), targets.due(place, part)
    if ended is not None:
        target = due = None
    rows.append(_row(place, figures, part, ended, target, due))
    for note in _notes(place, figures, target, ended, placing):
        notes.append(note.model_copy(update=part._asdict()))


def _row(
    place: Place, figures: Figures, part: Part, ended: date | None, target: Target | None, due: Target | None
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
            "target": target.share if target else None,
            "target_due": due.share if due else None,
            "target_due_year": due.period if due else None,
        }
    )


def _rate(numerator: Bounds, denominator: int | None) -> RateBounds | None:
    if not denominator:
        return None
    return RateBounds(low=numerator.low / denominator, high=numerator.high / denominator)


def _notes(
    place: Place, figures: Figures, target: Target | None, ended: date | None, placing: Placing
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
    if target is not None and target.period < placing.as_of.year:
        yield note("target_carried", year=target.period)
