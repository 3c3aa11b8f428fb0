"""Rebuild the catalogue from the store alone: replay chain objects in order, take readings from the sidecars.

Chains hold rows as of the end of a transaction, so the last copy of a row is what the catalogue held. What is
missing or altered is reported and left out; a paper whose sidecar is lost keeps its code and its row, without fields.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple

from pydantic import ValidationError
from sqlalchemy import Connection, Table, func, insert, select, text, update

from schemas.codes import likeness
from schemas.documents import Document, Route
from schemas.errors import StoreError
from schemas.events import Event
from schemas.findings import finding
from schemas.text import number_key
from storage import sidecars
from storage.catalogue import chains
from storage.catalogue import schema as t
from storage.catalogue.batches import load
from storage.catalogue.chains import ChainObject
from storage.catalogue.chunks import in_chunks
from storage.catalogue.codes import MAX_NUMBER_KEY
from storage.catalogue.database import Database
from storage.catalogue.events import now
from storage.catalogue.facts_before import moved_elsewhere, moved_inventory
from storage.objects import ObjectStore, keys
from storage.outbox import chain_keys

Damage = Literal["missing", "altered", "unreadable", "chain_broken"]
# Parents before children, because of foreign keys.
_TABLES: Final[tuple[Table, ...]] = (
    t.batch,
    t.run,
    t.original,
    t.batch_file,
    t.document,
    t.document_version,
    t.code,
    t.decision,
    t.register,
    t.register_match,
    *t.FACTS,
    t.lot,
    t.lot_paper,
    t.lot_finding,
    t.lot_decision,
    t.account,
    t.fixity,
    t.api_key,
    t.lookup,
)
_ROWS_AT_ONCE: Final = 200


class _Moved(NamedTuple):
    key: tuple[str, ...]
    move: Callable[[Iterable[Mapping[str, Any]], str], list[dict[str, Any]]]


_MOVED: Final = {
    "inventory": _Moved(("level", "unit", "kind", "year"), moved_inventory),
    "elsewhere": _Moved(("id",), moved_elsewhere),
}
# Remedies of errors that tell of the object itself, and not of the way to it.
_LOST: Final = frozenset({"object_absent", "object_damaged", "sidecar_unusable"})


class Problem(NamedTuple):
    """An object that could not be used, and why."""

    key: str
    damage: Damage
    document_id: str | None = None


class Rebuilt(NamedTuple):
    """Number of restored rows, and the problems found."""

    counts: dict[str, int]
    problems: tuple[Problem, ...]


class _Replay:
    """Rows by table and primary key, in their latest recorded state."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {table.name: {} for table in _TABLES}
        self.events: dict[str, dict[str, Any]] = {}
        self.passes: dict[tuple[str, str], list[list[Any]]] = {}
        # Rows of facts as they were recorded before they had two times, until the move to the present form is met.
        self._before: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {}
        self._keys = {table.name: [column.name for column in table.primary_key] for table in _TABLES}

    def apply(self, entry: dict[str, Any]) -> None:
        """Replay one entry."""
        if "event" in entry:
            self._event(entry)
        elif "passes" in entry:
            passes = entry["passes"]
            self.passes[passes["batch"], passes["sha256"]] = passes["rows"]
        elif entry.get("table") in self.rows:
            held, key = self.rows[entry["table"]], self._keys[entry["table"]]
            if entry["table"] in _MOVED:
                if any("known_at" not in row for row in entry["rows"]):
                    held, key = self._before.setdefault(entry["table"], {}), list(_MOVED[entry["table"]].key)
                else:
                    self._before.pop(entry["table"], None)  # the move entered them again
            for row in entry["rows"]:
                held[tuple(row[name] for name in key)] = row

    def move_facts(self, at: str) -> None:
        """Bring facts that were never moved into their present form, known from this moment."""
        for name, rows in self._before.items():
            self.rows[name] = {(row["id"],): row for row in _MOVED[name].move(rows.values(), at)}

    def _event(self, entry: dict[str, Any]) -> None:
        event = Event.model_validate(entry["event"])
        self.events[event.id] = {
            "id": event.id,
            "sequence": entry["sequence"],
            "type": event.type,
            "at": event.at,
            "subject": event.subject,
            "batch": event.batch,
            "run": entry["run"],
            "data": entry["event"],
            "exported": True,
        }


def rebuild(store: ObjectStore, database: Database) -> Rebuilt:
    """Fill an empty catalogue from a store.

    Args:
        store: whose chains and sidecars are read.
        database: an empty, migrated catalogue.

    Returns:
        Rows by table, and every object that was missing, altered or unreadable.

    Raises:
        StoreError: the store cannot be reached.
    """
    problems: list[Problem] = []
    objects = sorted(_chain_objects(store, problems), key=lambda sealed: sealed.order)
    replay = _Replay()
    for sealed in objects:
        for entry in json.loads(sealed.data)["entries"]:
            replay.apply(entry)
    replay.move_facts(now())
    versions = [_version(store, row, replay, problems) for row in replay.rows["document_version"].values()]
    with database.write() as connection:
        _insert_objects(connection, objects)
        counts = _insert_rows(connection, replay, versions)
        _advance_counters(connection)
    return Rebuilt({**counts, "event": len(replay.events)}, tuple(problems))


def _chain_objects(store: ObjectStore, problems: list[Problem]) -> Iterator[ChainObject]:
    """Every chain object that can be read; gaps and broken links are problems."""
    last: dict[str, tuple[int, str]] = {}
    for chain, seq in chain_keys(store):
        key = keys.chain_object(chain, seq)
        known, digest = last.get(chain, (0, ""))
        problems += [Problem(keys.chain_object(chain, gone), "missing") for gone in range(known + 1, seq)]
        try:
            data = store.read(key)
        except StoreError as error:
            if error.remedy not in _LOST:
                raise
            problems.append(Problem(key, "unreadable"))
            last[chain] = (seq, "")
            continue
        found = parsed(chain, seq, data)
        if found is None:
            problems.append(Problem(key, "unreadable"))
            last[chain] = (seq, "")
            continue
        if known == seq - 1 and digest and found.previous != digest:
            problems.append(Problem(keys.chain_object(chain, known), "chain_broken"))
        last[chain] = (seq, found.sha256)
        yield found


def parsed(chain: str, seq: int, data: bytes) -> ChainObject | None:
    """Parse a chain object; None if the bytes are invalid or belong to another position."""
    try:
        plain = json.loads(data)
        if (plain["format"], plain["chain"], plain["seq"]) != (chains.FORMAT, chain, seq):
            return None
        for entry in plain["entries"]:
            if "event" in entry:
                Event.model_validate(entry["event"])
        order, previous = int(plain["order"]), plain["previous"]
    except (ValueError, KeyError, TypeError, ValidationError):
        return None
    return ChainObject(order, chain, seq, previous, hashlib.sha256(data).hexdigest(), data)


def _version(
    store: ObjectStore, row: dict[str, Any], replay: _Replay, problems: list[Problem]
) -> dict[str, Any]:
    """A version's row with its reading: from the sidecar, with what the commit decided on top."""
    row = {**row}
    decided = {"route": Route(row["route"]), "findings": load(row.pop("findings"))}
    try:
        data = store.read(row["sidecar_key"])
        if row["sidecar_sha256"] and hashlib.sha256(data).hexdigest() != row["sidecar_sha256"]:
            raise StoreError("other bytes", remedy="object_damaged")
        document = sidecars.load(data, key=row["sidecar_key"]).document
    except StoreError as error:
        if error.remedy not in _LOST:
            raise  # an outage says nothing of the object
        damage: Damage = "missing" if error.remedy == "object_absent" else "altered"
        problems.append(Problem(row["sidecar_key"], damage, row["document_id"]))
        document = _without_fields(row, replay)
        decided["findings"] = (*decided["findings"], finding("sidecar_lost"))
        if decided["route"] is Route.ACCEPTED:
            decided["route"] = Route.REVIEW
        row["route"] = str(decided["route"])
    document = document.model_copy(update=decided)
    return {**row, "data": document.model_dump(mode="json", exclude_defaults=True)}


def _without_fields(row: dict[str, Any], replay: _Replay) -> Document:
    held = replay.rows["document"][row["document_id"],]
    return Document(
        id=row["document_id"],
        sha256=held["sha256"],
        pages=tuple(held["pages"]),
        kind=row["kind"],
        level=row["level"],
        unit=row["unit"],
    )


def _insert_objects(connection: Connection, objects: list[ChainObject]) -> None:
    _insert(
        connection,
        t.chain_object,
        [
            {
                "order": sealed.order,
                "chain": sealed.chain,
                "seq": sealed.seq,
                "previous": sealed.previous,
                "sha256": sealed.sha256,
                "body": zlib.compress(sealed.data, 6),
                "sent": True,
            }
            for sealed in objects
        ],
    )


def _insert_rows(connection: Connection, replay: _Replay, versions: list[dict[str, Any]]) -> dict[str, int]:
    counts = {}
    for table in _TABLES:
        rows = list(replay.rows[table.name].values())
        if table is t.document_version:
            rows = versions
        if table is t.code:
            rows = [{**row, **_search_keys(row)} for row in rows]
        counts[table.name] = len(rows)
        links = [row for row in rows if row.get("linked_to")] if table is t.document else []
        if links:
            rows = [{**row, "linked_to": None} for row in rows]
        # Rows written before a column was added do not name it.
        columns = dict.fromkeys(column.name for column in table.columns)
        _insert(connection, table, [{**columns, **row} for row in rows])
        for row in links:
            chosen = t.document.c.id == row["id"]
            connection.execute(update(t.document).where(chosen).values(linked_to=row["linked_to"]))
    _insert(connection, t.event, list(replay.events.values()))
    _insert(
        connection,
        t.page_pass,
        [
            {"batch": batch, "sha256": sha256, "page": page, "digest": digest, "run": run, "at": at}
            for (batch, sha256), rows in replay.passes.items()
            for page, digest, run, at in rows
        ],
    )
    return counts


def _search_keys(code: Mapping[str, Any]) -> dict[str, str]:
    """Keys that a code is found by; derived, so that those of a changed rule are the new ones."""
    return {
        "likeness": likeness(code["owner"], code["result_type"], code["number"]),
        "number_key": number_key(code["number"])[:MAX_NUMBER_KEY],
    }


def _insert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    for chunk in in_chunks(rows, _ROWS_AT_ONCE):
        connection.execute(insert(table), chunk)


def _advance_counters(connection: Connection) -> None:
    """Advance PostgreSQL's sequences, which do not see explicitly inserted ids."""
    if connection.dialect.name != "postgresql":
        return
    for table in (
        t.code,
        t.decision,
        *t.FACTS,
        t.lot,
        t.lot_finding,
    ):
        highest = connection.execute(select(func.max(table.c.id))).scalar()
        if highest is not None:
            call = text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :highest)")
            connection.execute(call, {"table": table.name, "highest": highest})


def is_empty(database: Database) -> bool:
    """True if a catalogue holds nothing that a rebuild would restore."""
    with database.read() as connection:
        return all(connection.execute(select(table).limit(1)).first() is None for table in _TABLES)


__all__ = ["Problem", "Rebuilt", "is_empty", "parsed", "rebuild"]
