"""Distinct dossiers whose re-use desks confirmed through the API, by unit and month, beside the imported counts. Pure.

Where a unit handed in a count of re-used dossiers for the same days, that count holds: these are told apart and added to
nothing. No share is made of them: nobody says through the API how many dossiers were received.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from schemas.clock import VIETNAM
from schemas.confirmed_reuse import ConfirmedReport, ConfirmedReuse, ConfirmedUnit
from schemas.facts import Fact
from schemas.indicators import ReuseRow
from schemas.text import bare_number


def confirmed_report(
    held: Sequence[Fact[ConfirmedReuse]],
    imported: Sequence[Fact[ReuseRow]],
    first: date | None,
    last: date | None,
) -> ConfirmedReport:
    """Dossiers first confirmed within two days.

    Args:
        held: confirmations that stand, as known at a moment.
        imported: rows of imported counts that stand, as known at the same moment.
        first: the first day; None: any.
        last: the last day; None: any.
    """
    dossiers: dict[str, list[ConfirmedReuse]] = defaultdict(list)
    for fact in held:
        dossiers[bare_number(fact.row.dossier)].append(fact.row)
    counts = [fact.row for fact in imported if fact.row.reused is not None]
    months: dict[tuple[str, str, str], list[tuple[list[ConfirmedReuse], bool]]] = defaultdict(list)
    for rows in dossiers.values():
        begun = min(rows, key=lambda row: row.at)
        day = begun.at.astimezone(VIETNAM).date()
        if (first is None or first <= day) and (last is None or day <= last):
            covered = any(_covers(row, begun, day) for row in counts)
            key = (begun.level or "", begun.unit or "", f"{day:%Y-%m}")
            months[key].append((rows, covered))
    units = [_unit(months[key], key[2]) for key in sorted(months)]
    total = sum(unit.dossiers for unit in units)
    by_import = sum(unit.counted_by_import for unit in units)
    return ConfirmedReport(
        dossiers=total, counted_by_import=by_import, beside_imports=total - by_import, units=tuple(units)
    )


def _covers(row: ReuseRow, begun: ConfirmedReuse, day: date) -> bool:
    same = (row.level, row.unit) == (begun.level, begun.unit)
    return same and row.period_from <= day <= row.period_to


def _unit(dossiers: Sequence[tuple[list[ConfirmedReuse], bool]], month: str) -> ConfirmedUnit:
    begun = min(dossiers[0][0], key=lambda row: row.at)
    return ConfirmedUnit(
        level=begun.level,
        unit=begun.unit,
        month=month,
        dossiers=len(dossiers),
        components=sum(len(rows) for rows, _ in dossiers),
        counted_by_import=sum(covered for _, covered in dossiers),
    )
