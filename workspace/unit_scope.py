"""Whose papers somebody may see: units by code, agencies by name, each with what it took over from others."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from quality.unit_register import UnitIdentity, UnitRegister
from schemas.text import fold


def unit_of_code(register: UnitRegister, code: str, day: date) -> UnitIdentity | None:
    """The unit that a code means: the one that stands on the day, else the last one that bore it."""
    borne = [made for made in register.identities.values() if made.code == code]
    standing = [made for made in borne if made.stood_on(day)]
    return max(standing or borne, key=lambda made: made.valid_from or date.min, default=None)


def in_scope(
    units: Collection[str],
    level: str | None,
    unit: str | None,
    issued: date | None,
    *,
    register: UnitRegister,
    day: date,
) -> bool:
    """True if a paper is of one of the units, or of one that was wholly merged into it.

    Args:
        units: codes of units and names of agencies; none: all.
        level: of the paper.
        unit: the label of the unit that issued it; a paper without one is in no scope but that of all.
        issued: its day of issue.
        register: units of every period.
        day: today.
    """
    if not units:
        return True
    if level is None or unit is None:
        return False
    made = register.at(level, unit, issued)
    if made is None:
        return fold(unit) in {fold(name) for name in units}
    keys = {made.key, register.holder(made, day).key}
    named = (unit_of_code(register, code, day) for code in units)
    return any(each is not None and each.key in keys for each in named)
