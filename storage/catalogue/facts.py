"""Tables of facts: append-only; what was in force at a moment is the last row of every key that was known by then."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Generic

from pydantic import BaseModel
from sqlalchemy import Connection, Select, Table, func, insert, select

from schemas.confirmed_reuse import ConfirmedReuse
from schemas.errors import UsageError
from schemas.events import Event
from schemas.facts import Entered, Fact, FactName, Origin, Row
from schemas.indicators import DeskRow, Periods, ReuseRow
from schemas.quotas import DeliveryRow, ElsewhereRow, HandoverRow, InventoryRow, RevocationRow, TargetRow
from storage.catalogue import chains
from storage.catalogue import schema as t
from storage.catalogue.chunks import in_chunks
from storage.catalogue.database import Database
from storage.catalogue.events import now, record_events
from storage.catalogue.fact_keys import (
    confirmed_key,
    delivery_key,
    desk_key,
    elsewhere_key,
    handover_key,
    inventory_key,
    reuse_key,
    revocation_key,
    target_key,
)

_ROWS_AT_ONCE: Final = 200


@dataclass(frozen=True)
class FactTable(Generic[Row]):
    """A table of facts, what its rows are, and which of them speak of the same thing."""

    name: FactName
    table: Table
    model: type[Row]
    key_of: Callable[[Row], str]

    @cached_property
    def fact(self) -> type[Fact[Row]]:
        """The model of its facts; making it is slow."""
        return Fact[self.model]  # type: ignore[name-defined]


INVENTORY: Final = FactTable("inventory", t.inventory, InventoryRow, inventory_key)
ELSEWHERE: Final = FactTable("elsewhere", t.elsewhere, ElsewhereRow, elsewhere_key)
REVOCATIONS: Final = FactTable("revocation", t.revocation, RevocationRow, revocation_key)
HANDOVERS: Final = FactTable("handover", t.handover, HandoverRow, handover_key)
DESKS: Final = FactTable("desk", t.desk, DeskRow, desk_key)
REUSE: Final = FactTable("reuse", t.reuse, ReuseRow, reuse_key)
TARGETS: Final = FactTable("target", t.target, TargetRow, target_key)
DELIVERIES: Final = FactTable("delivery", t.delivery, DeliveryRow, delivery_key)
CONFIRMED: Final = FactTable("confirmed", t.confirmed_reuse, ConfirmedReuse, confirmed_key)


def enter(
    database: Database,
    facts: FactTable[Row],
    rows: Sequence[Row],
    origin: Origin,
    event: Callable[[Entered], Event] | None = None,
    run: str = "",
) -> Entered:
    """Enter the rows of one table, all or none. A row that says what is known already is left out.

    Args:
        database: the catalogue.
        facts: the table.
        rows: what it says.
        origin: who hands them in; the moment they become known is set here.
        event: makes the event of the import from its outcome; none is made where nothing is new.
        run: id of the run that the event belongs to.

    Raises:
        UsageError: a row tells of days of which another row of that unit, of another period, tells already.
    """
    with database.write() as connection:
        known = _last_rows(connection, facts, [facts.key_of(row) for row in rows])
        _refuse_overlaps(connection, rows)
        fresh: list[dict[str, Any]] = []
        superseding = 0
        for row in rows:
            key = facts.key_of(row)
            values = {**_plain(origin), **row.model_dump(mode="json"), "key": key, "withdrawn": None}
            held = known.get(key)
            if held is not None and _says(held, facts) == _says(values, facts):
                continue
            superseding += held is not None and held["withdrawn"] is None
            known[key] = values
            fresh.append(values)
        outcome = Entered(new=len(fresh) - superseding, superseding=superseding, known=len(rows) - len(fresh))
        if fresh:
            _append(connection, facts.table, fresh, event(outcome) if event else None, run)
    return outcome


def enter_once(
    database: Database, facts: FactTable[Row], row: Row, origin: Origin, event: Event, run: str
) -> tuple[Fact[Row], bool]:
    """Enter a row unless one of its key stands. Returns the one that stands then, and whether it is new."""
    key = facts.key_of(row)
    with database.write() as connection:
        held = _last_rows(connection, facts, [key]).get(key)
        if held is not None and held["withdrawn"] is None:
            return _fact(facts, held), False
        values = {**_plain(origin), **row.model_dump(mode="json"), "key": key, "withdrawn": None}
        _append(connection, facts.table, [values], event, run)
        return _fact(facts, _last_rows(connection, facts, [key])[key]), True


def withdraw(
    database: Database,
    facts: FactTable[Row],
    number: int,
    *,
    reason: str,
    origin: Origin,
    event: Event,
    run: str,
) -> Fact[Row]:
    """Withdraw a row from now on: a row that says so is appended. Returns the row that was withdrawn.

    Raises:
        UsageError: there is no such row, another one took its place, or it is withdrawn; or no reason was given.
    """
    if not reason.strip():
        raise UsageError("a row is withdrawn only with a reason", remedy="withdraw_reason_missing")
    with database.write() as connection:
        found = connection.execute(select(facts.table).where(facts.table.c.id == number)).mappings().first()
        if found is None:
            raise UsageError(f"no row {number}", remedy="fact_absent", value=number)
        row = dict(found)
        last = _last_rows(connection, facts, [row["key"]])[row["key"]]
        if last["id"] != number or last["withdrawn"] is not None:
            raise UsageError(f"row {number} is not in force", remedy="fact_not_in_force", value=number)
        gone = {name: value for name, value in row.items() if name != "id"}
        values = {**gone, **_plain(origin), "withdrawn": reason.strip()}
        _append(connection, facts.table, [values], event, run)
    return _fact(facts, row)


def latest(database: Database, facts: FactTable[Row]) -> int:
    """Number of the last row that was ever entered; 0 if there is none."""
    with database.read() as connection:
        return connection.execute(select(func.max(facts.table.c.id))).scalar() or 0


def history(database: Database, facts: FactTable[Row], known_at: str | None = None) -> list[Fact[Row]]:
    """Every row known at a moment (None: now), oldest first, each with the moment it was superseded."""
    table = facts.table
    query = _in_order(table)
    if known_at is not None:
        query = query.where(table.c.known_at <= known_at)
    with database.read() as connection:
        rows = [dict(row) for row in connection.execute(query).mappings()]
    next_of: dict[str, str] = {}
    found = []
    for row in reversed(rows):
        found.append(_fact(facts, row, next_of.get(row["key"])))
        next_of[row["key"]] = row["known_at"]
    return found[::-1]


def _refuse_overlaps(connection: Connection, rows: Sequence[BaseModel]) -> None:
    """Dossiers of a day must not be in two periods of a unit; looked at where no other import can come between."""
    periods = [row for row in rows if isinstance(row, ReuseRow)]
    if not periods:
        return
    last = {row["key"]: dict(row) for row in connection.execute(_in_order(t.reuse)).mappings()}
    held = [_fact(REUSE, row) for row in last.values() if row["withdrawn"] is None]
    standing = Periods((fact.id, fact.row) for fact in held)
    for row in periods:
        if met := standing.meeting(row):
            raise UsageError(
                f"{row.unit}: a period overlaps that of row {met.number}",
                remedy="reuse_overlap",
                unit=row.unit,
                first=row.period_from.isoformat(),
                last=row.period_to.isoformat(),
                number=met.number,
            )


def _in_order(table: Table) -> Select[Any]:
    return select(table).order_by(table.c.known_at, table.c.id)


def _last_rows(connection: Connection, facts: FactTable[Row], keys: Sequence[str]) -> dict[str, Any]:
    """The last row of every key, withdrawn ones too."""
    table = facts.table
    found: dict[str, Any] = {}
    for chunk in in_chunks(dict.fromkeys(keys)):
        query = _in_order(table).where(table.c.key.in_(chunk))
        found.update({row["key"]: dict(row) for row in connection.execute(query).mappings()})
    return found


def _says(values: Mapping[str, Any], facts: FactTable[Row]) -> tuple[Any, ...]:
    names = (*facts.model.model_fields, "document", "document_date", "signer", "withdrawn")
    return tuple(values[name] for name in names)


def _append(
    connection: Connection, table: Table, rows: Sequence[dict[str, Any]], event: Event | None, run: str
) -> None:
    """Append rows, with their event, and enter both in the house chain."""
    last, latest = connection.execute(select(func.max(table.c.id), func.max(table.c.known_at))).one()
    # A clock that was set back does not put a row before those it supersedes.
    known_at, told = max(now(), latest or ""), event.id if event else ""
    for chunk in in_chunks(rows, _ROWS_AT_ONCE):
        connection.execute(insert(table), [{**row, "known_at": known_at, "event": told} for row in chunk])
    chains.note(connection, chains.HOUSE, table, table.c.id > (last or 0))
    if event is not None:
        record_events(connection, run, [event])
    chains.seal_rest(connection)


def _plain(origin: Origin) -> dict[str, Any]:
    return origin.model_dump(mode="json", exclude={"known_at", "event"})


def _fact(facts: FactTable[Row], row: Mapping[str, Any], superseded_at: str | None = None) -> Fact[Row]:
    return facts.fact(
        id=row["id"],
        row=facts.model.model_validate({name: row[name] for name in facts.model.model_fields}),
        origin=Origin.model_validate({name: row[name] for name in Origin.model_fields}),
        withdrawn=row["withdrawn"],
        superseded_at=superseded_at,
    )
