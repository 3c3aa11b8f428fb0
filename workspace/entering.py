"""Tables of facts entered with who, when, the paper behind them and their event; for command line and page alike."""

from __future__ import annotations

from datetime import date
from typing import Any

from configs.loader import load_rulebook
from configs.settings import Settings
from extractors.units import resolve
from quality.fact_rows import KindResolver, UnitResolver
from quality.inventory import Imported
from schemas.batches import BatchSheet
from schemas.documents import Level
from schemas.events import Event, EventType
from schemas.facts import Backing, Entered, Origin, Row
from schemas.text import fold
from schemas.version import TOOL
from storage.catalogue import facts
from storage.catalogue.database import Database
from storage.catalogue.events import new_event_id
from storage.catalogue.facts import FactTable
from storage.catalogue.provenance import new_event
from workspace.figuring import unit_register


def enter_table(
    database: Database,
    table: FactTable[Row],
    found: Imported[Row],
    backing: Backing,
    *,
    file: str,
    operator: str,
    **told: str,
) -> Entered:
    """Enter the rows of a table that was read without a problem, all or none.

    Args:
        database: the catalogue.
        table: the facts.
        found: what was read.
        backing: the paper behind it.
        file: name of the table's file.
        operator: who enters it.
        told: what else the event tells.
    """
    rows = found.rows
    if backing.effective_on is not None:
        rows = tuple(_from_day(row, backing.effective_on) for row in rows)
    origin = Origin(
        **backing.model_dump(exclude={"effective_on"}), file=file, sha256=found.sha256, operator=operator
    )

    def event(outcome: Entered) -> Event:
        return facts_event(table, "imported", origin, rows=len(rows), **outcome.model_dump(), **told)

    return facts.enter(database, table, rows, origin, event, new_event_id())


def _from_day(row: Row, day: date) -> Row:
    """A row that names no day of its own, from which it is true, with that of the paper behind it."""
    return (
        row if getattr(row, "effective_on", day) is not None else row.model_copy(update={"effective_on": day})
    )


def facts_event(table: FactTable[Any], outcome: str, origin: Origin, **detail: str | int) -> Event:
    """The event of an import or a withdrawal."""
    told = origin.model_dump(mode="json", exclude={"operator", "known_at", "event"})
    return new_event(
        EventType.FACTS,
        table.name,
        outcome,
        batch=None,
        agent=origin.operator,
        tool=TOOL,
        detail={**{name: value for name, value in told.items() if value}, **detail},
    )


def resolvers(settings: Settings) -> tuple[UnitResolver, KindResolver]:
    """Resolvers of units and kinds in a table, with the same lists and names as for papers."""
    book = load_rulebook(
        lists_dir=settings.lists, own_thresholds=settings.calibration, engine=settings.engine
    )

    register = unit_register()

    def unit_of(name: str, level: Level | None, day: date | None) -> tuple[Level, str] | None:
        made = register.find(name, level, day) if day is not None else None
        if made is not None and day is not None:
            return made.level, register.label(made, day)
        # Agencies, and units of other provinces.
        placed = resolve(name, day, BatchSheet(owning_unit=name), book)
        if placed.unit is None or placed.level is None or (level is not None and placed.level != level):
            return None
        return placed.level, placed.unit

    def kind_of(name: str) -> str | None:
        folded = fold(name)
        return next((kind.id for kind in book.kinds if folded in {kind.id, fold(kind.title)}), None)

    return unit_of, kind_of
