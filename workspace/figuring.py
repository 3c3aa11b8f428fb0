"""Figures as every command shows them: the catalogue's rows under the dated rules, in one place.

Loads the rules; the arithmetic is `quality.quotas`.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import date
from typing import Final

from configs.loader import (
    load_figure_rules,
    load_kinds,
    load_mergers,
    load_rulebook,
    load_targets,
    load_units,
    load_validity,
)
from quality.quota_terms import Terms
from quality.quotas import Worked, worked_out
from quality.unit_register import UnitRegister
from schemas.errors import UsageError
from schemas.quotas import ElsewhereRow, InventoryRow, PaperRow, Series
from workspace.counting import left_out_kinds

READING: Final = "A"
SERIES: Final[Series] = "kh5283"


@functools.cache
def unit_register() -> UnitRegister:
    """Units of every period by the shipped lists."""
    return UnitRegister(load_units(), load_mergers())


def terms_of(day: date, reading: str = READING, series: Series = SERIES) -> Terms:
    """The terms of a figure as of a day.

    Raises:
        UsageError: there is no such reading.
    """
    rules = load_figure_rules()
    readings = {row.id: row for row in rules.reading}
    if reading not in readings:
        known = ", ".join(sorted(readings))
        raise UsageError(f"no reading {reading}", remedy="reading_unknown", value=reading, known=known)
    kinds = load_kinds()
    return Terms(
        register=unit_register(),
        series=series,
        cut_off=rules.cut_off_on(day),
        base_year=readings[reading].base_year,
        sector_kinds=frozenset(kind.id for kind in kinds if kind.covered_by_sector_db),
        until_revoked=frozenset(
            rule.kind for rule in load_validity() if rule.rule == "UNTIL_REVOKED" and rule.holds_on(day)
        ),
        revocations_asked=False,
        kind_codes={kind.id: frozenset(kind.result_codes) for kind in kinds},
        kind_sectors=_sectors(day) if any(row.sector for row in load_targets()) else {},
    )


def _sectors(day: date) -> dict[str, frozenset[str]]:
    """Sectors by kind: fields of the procedures that end in its result codes, and the codes' own groups (`G15`)."""
    book = load_rulebook(as_of=day)
    found: dict[str, frozenset[str]] = {}
    for kind in book.kinds:
        types = [book.result_types[code] for code in kind.result_codes if code in book.result_types]
        ends_in = {code for row in types for code in row.procedures}
        fields = {book.procedures[code].field for code in ends_in if code in book.procedures}
        found[kind.id] = frozenset(fields | {code.split(".")[1] for code in kind.result_codes})
    return found


def figures_of(
    papers: Sequence[PaperRow],
    inventory: Sequence[InventoryRow],
    elsewhere: Sequence[ElsewhereRow],
    day: date,
    today: date,
    *,
    reading: str = READING,
    series: Series = SERIES,
    explain: bool = False,
) -> Worked:
    """The quota as of a day, from rows already fetched (`quality.quotas.worked_out`)."""
    return worked_out(
        papers,
        inventory,
        elsewhere,
        load_targets(),
        day,
        today,
        reading,
        kinds_without_code=[kind.id for kind in load_kinds() if not kind.result_codes],
        left_out=left_out_kinds(),
        terms=terms_of(day, reading, series),
        explain=explain,
    )
