"""Inventory, results digitised elsewhere and revocations: the inputs of a quota besides the stored papers.

Each is asked as known at a moment; an inventory also as of a day. How they are kept is in `facts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from schemas.facts import Entered, Fact, Origin, Row
from schemas.quotas import ElsewhereRow, HandoverRow, InventoryRow, RevocationRow
from storage.catalogue import facts
from storage.catalogue.database import Database
from storage.catalogue.fact_keys import inventory_key

_NOBODY = Origin()


def put_inventory(database: Database, rows: Sequence[InventoryRow], origin: Origin = _NOBODY) -> Entered:
    """Enter inventory rows; a row for the same unit, kind and year supersedes the earlier one. All or nothing."""
    return facts.enter(database, facts.INVENTORY, rows, origin)


def add_elsewhere(database: Database, rows: Sequence[ElsewhereRow], origin: Origin = _NOBODY) -> Entered:
    """Enter results digitised elsewhere; the same row twice counts once, a corrected one supersedes."""
    return facts.enter(database, facts.ELSEWHERE, rows, origin)


def inventory(
    database: Database, known_at: str | None = None, as_of: date | None = None
) -> list[InventoryRow]:
    """Inventory rows in force, sorted; as known at a moment (None: now), true on a day (None: any)."""
    held = true_on(facts.history(database, facts.INVENTORY, known_at), as_of)
    return sorted((fact.row for fact in held), key=lambda row: (row.level, row.unit, row.kind, row.year))


def elsewhere(database: Database, known_at: str | None = None) -> list[ElsewhereRow]:
    """Results digitised elsewhere, as known at a moment."""
    return [fact.row for fact in standing(facts.history(database, facts.ELSEWHERE, known_at))]


def revocations(database: Database, known_at: str | None = None) -> list[Fact[RevocationRow]]:
    """Revocations, as known at a moment."""
    return standing(facts.history(database, facts.REVOCATIONS, known_at))


def handovers(database: Database, known_at: str | None = None) -> list[HandoverRow]:
    """Stock that minutes moved from one unit to another, as known at a moment."""
    return [fact.row for fact in standing(facts.history(database, facts.HANDOVERS, known_at))]


def standing(history: Iterable[Fact[Row]]) -> list[Fact[Row]]:
    """Of a history the rows that nothing superseded and nobody withdrew."""
    return [fact for fact in history if fact.superseded_at is None and fact.withdrawn is None]


def true_on(history: Sequence[Fact[InventoryRow]], day: date | None) -> list[Fact[InventoryRow]]:
    """Of an inventory's history the rows in force on a day.

    A revision that is true only from a later day leaves the row before it in force until then, withdrawn or not.
    """
    last: dict[str, Fact[InventoryRow]] = {}
    for fact in history:
        begins = fact.row.effective_on
        if day is None or begins is None or begins <= day:
            last[inventory_key(fact.row)] = fact
    return [fact for fact in last.values() if fact.withdrawn is None]
