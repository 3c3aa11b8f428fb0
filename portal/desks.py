"""Whose desk confirmed a re-use: by the register of desks, else by the unit's code or name, else by the key."""

from __future__ import annotations

from datetime import date
from typing import Final

from schemas.api_keys import ApiKey
from schemas.documents import Level
from schemas.text import fold
from storage.catalogue import facts, figures
from storage.catalogue.database import Database
from workspace.figuring import unit_register
from workspace.unit_scope import unit_of_code

_BEFORE: Final = (
    "bo phan tiep nhan va tra ket qua cua ",
    "bo phan tiep nhan va tra ket qua ",
    "bo phan mot cua cua ",
    "bo phan mot cua ",
    "ubnd ",
    "uy ban nhan dan ",
)


def unit_of_desk(database: Database, desk: str, key: ApiKey, day: date) -> tuple[Level | None, str | None]:
    """Level and unit of a desk on a day; (None, None) where nothing tells."""
    named = fold(desk)
    rows = [fact.row for fact in figures.standing(facts.history(database, facts.DESKS))]
    found = {(row.level, row.unit) for row in rows if row.entry == "desk" and fold(row.desk) == named}
    if len(found) == 1:
        return found.pop()
    register = unit_register()
    for before in _BEFORE:
        named = named.removeprefix(before)
    made = register.find(named, None, day)
    if made is None and len(key.units) == 1:
        made = unit_of_code(register, key.units[0], day)
        if made is None:
            return "tinh", key.units[0]
    return (made.level, register.label(made, day)) if made is not None else (None, None)
