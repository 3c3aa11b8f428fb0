"""Rows of the annex of a quarter's or year's report: a frozen answer as a table (DOMAIN.md §5.1). Pure.

The same for PDF and XLSX. A rate is a sum over a sum, never an average of rates; the province's row adds the levels
that have an inventory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from quality.quota_notes import sentence
from schemas.numerals import number_text, share_text
from schemas.quotas import CountBounds, QuotaNote, QuotaReport, QuotaRow, RateBounds
from schemas.wording import say, text

COLUMNS: Final = (
    *("number", "unit", "level", "sector", "result_type", "in_force", "basis", "counted", "rate", "target"),
    *("difference", "unknown", "excess", "uncovered", "flow", "uncoded", "sector_db", "note"),
)
WORDS: Final = frozenset({"number", "unit", "level", "sector", "result_type", "basis", "note"})
SHARES: Final = frozenset({"rate", "target"})
# Notes that a row bears; the others stand in a column of their own, or below the report.
_OF_ROW: Final = ("inventory_missing", "unit_ended", "level_ended", "inventory_older", "ended_since")
_LEVELS: Final = ("tinh", "huyen", "xa")


class AnnexRow(NamedTuple):
    """One row. `counted` ÷ `in_force` is `rate`; `difference` is in percentage points; None: no such figure.

    `is_total`: a level's sum, or the province's.
    """

    number: str
    unit: str
    level: str
    sector: str
    result_type: str
    in_force: int | None
    basis: str
    counted: int
    rate: float | None
    target: float | None
    difference: float | None
    unknown: int
    excess: int
    uncovered: int
    flow: int
    uncoded: int
    sector_db: int
    note: str
    is_total: bool = False


def heads(lang: str) -> tuple[str, ...]:
    """Column heads in the order of `AnnexRow`."""
    return tuple(say("period_head", key, lang) for key in COLUMNS)


def annex(report: QuotaReport, lang: str) -> list[AnnexRow]:
    """Every row of the annex in order: each level's total, then its units; the province's sum last."""
    rows: list[AnnexRow] = []
    units = 0
    for row in report.rows:
        if row.unit is not None:
            units += 1
        rows.append(_row(row, report.notes, str(units) if row.unit else "", lang))
    whole = _row(province(report), (), "", lang)
    return [*rows, whole._replace(unit=say("period", "province", lang), level="")]


def province(report: QuotaReport) -> QuotaRow:
    """The sum of the levels; those without an inventory add to what is counted beside the rate alone."""
    levels = [
        row for row in report.rows if row.unit is None and row.sector is None and row.result_type is None
    ]
    covered = [row for row in levels if row.numerator is not None and row.denominator]
    low = sum(row.numerator.low for row in covered if row.numerator)
    high = sum(row.numerator.high for row in covered if row.numerator)
    whole = sum(row.denominator or 0 for row in covered)
    sums = {
        key: sum(getattr(row, key) for row in levels)
        for key in (
            *("digitised", "covered", "uncovered", "excess", "flow", "uncoded", "sector_db"),
            *("unknown_validity", "elsewhere", "ended_since"),
        )
    }
    return QuotaRow(
        level="tinh",
        unit=None,
        inventory=sum(row.inventory or 0 for row in covered) if covered else None,
        numerator=CountBounds(low=low, high=high) if covered else None,
        denominator=whole if covered else None,
        basis=None,
        rate=RateBounds(low=low / whole, high=high / whole) if whole else None,
        rate_with_elsewhere=None,
        target=None,
        **sums,
    )


def totals(report: QuotaReport) -> list[QuotaRow]:
    """Levels' own sums over all sectors and result types."""
    return [
        row
        for row in report.rows
        if row.level in _LEVELS and row.unit is None and row.sector is None and row.result_type is None
    ]


def points(row: QuotaRow) -> float | None:
    """Rate less the year's target, in percentage points."""
    return None if row.rate is None or row.target is None else round((row.rate.low - row.target) * 100, 2)


def _row(row: QuotaRow, notes: Sequence[QuotaNote], number: str, lang: str) -> AnnexRow:
    unit = row.unit or say("period", "unresolved" if row.level == "unresolved" else "level_total", lang)
    everything = say("period", "all", lang)
    return AnnexRow(
        number=number,
        unit=unit,
        level=text(f"level.{row.level}", lang),
        sector=row.sector or everything,
        result_type=row.result_type or everything,
        in_force=row.denominator if row.inventory is not None else None,
        basis=text(f"basis.{row.basis}", lang) if row.basis else "",
        counted=row.numerator.low if row.numerator else 0,
        rate=row.rate.low if row.rate else None,
        target=row.target,
        difference=points(row),
        unknown=row.unknown_validity,
        excess=row.excess,
        uncovered=row.uncovered,
        flow=row.flow,
        uncoded=row.uncoded,
        sector_db=row.sector_db,
        note=_note(row, notes, lang),
        is_total=row.unit is None and row.level != "unresolved",
    )


def _note(row: QuotaRow, notes: Sequence[QuotaNote], lang: str) -> str:
    own = [
        sentence(note.code, note.params, lang)
        for note in notes
        if note.code in _OF_ROW
        and (note.level, note.unit, note.sector, note.result_type)
        == (row.level, row.unit, row.sector, row.result_type)
    ]
    if row.rate is not None and row.rate.high > row.rate.low:
        own.append(say("period", "at_most", lang, rate=share_text(row.rate.high, lang)))
    if row.elsewhere:
        own.append(say("period", "elsewhere", lang, count=number_text(row.elsewhere, lang)))
    return "; ".join(own)
