"""Objects that the catalogue refers to, with their digests, and the results of the last check."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple, get_args

from sqlalchemy import Connection, delete, insert, null, select, update

from schemas.events import EventType
from storage.catalogue import chains, issued_reports, period_reports
from storage.catalogue import schema as t
from storage.catalogue.chunks import in_chunks
from storage.catalogue.database import Database
from storage.catalogue.events import new_event_id, now
from storage.objects import keys

ObjectKind = Literal["original", "pdfa", "sidecar", "report", "figures", "chain"]
State = Literal[
    "intact", "missing", "altered", "unreadable", "chain_broken", "event_altered", "ahead", "superseded"
]
INTACT: Final[State] = "intact"
# Damaged, but of an older version or a replaced paper: nothing to repair.
SUPERSEDED: Final[State] = "superseded"

# Named one by one, so that the index of states is used.
_NOT_INTACT: Final = tuple(state for state in get_args(State) if state != INTACT)


class Expected(NamedTuple):
    """An object that should be there. `sha256` is None for a sidecar written before digests were kept.

    `current`: a current document refers to it; otherwise only older versions or replaced papers do.
    """

    key: str
    kind: ObjectKind
    sha256: str | None
    documents: tuple[str, ...]
    current: bool = True


_EDITED: Final = t.original.c.edits.is_not(null())


class Round(NamedTuple):
    """One pass over the objects; a killed one is taken up again."""

    id: str
    resumed: bool


def expected(database: Database, sample: int | None = None, seed: str = "") -> list[Expected]:
    """Objects that documents refer to, sorted by key: all of them, or those of `sample` papers drawn by `seed`."""
    column = t.document_version.c
    query = select(
        column.document_id,
        t.document.c.sha256,
        column.pdfa_key,
        column.pdfa_sha256,
        column.sidecar_key,
        column.sidecar_sha256,
        ((column.version == t.document.c.version) & t.document.c.replaced_by.is_(null())).label("current"),
    ).join(t.document, t.document.c.id == column.document_id)
    found: dict[str, tuple[ObjectKind, str | None, set[str]]] = {}
    current: set[str] = set()
    with database.read() as connection:
        chosen = _drawn(connection, sample, seed)
        for row in connection.execute(query):
            if chosen is not None and row.document_id not in chosen:
                continue
            named: list[tuple[str | None, ObjectKind, str | None]] = [
                (keys.original(row.sha256), "original", row.sha256),
                (row.pdfa_key, "pdfa", row.pdfa_sha256),
                (row.sidecar_key, "sidecar", row.sidecar_sha256),
            ]
            for key, kind, sha256 in named:
                if key is not None:
                    found.setdefault(key, (kind, sha256, set()))[2].add(row.document_id)
                    if row.current:
                        current.add(key)
        for row in connection.execute(select(t.original.c.sha256, t.original.c.edits).where(_EDITED)):
            holders = found.get(keys.original(row.sha256))
            for edit in row.edits.values():
                other = edit.partition(":")[0]
                if holders is not None and other:
                    found.setdefault(keys.original(other), ("original", other, set()))[2].update(holders[2])
    return [
        Expected(key, kind, sha256, tuple(sorted(ids)), kind == "original" or key in current)
        for key, (kind, sha256, ids) in sorted(found.items())
    ]


def kept_for_good(database: Database) -> list[Expected]:
    """Issued reports of batches and periods, and the manifests of frozen sets, sorted by key."""
    batches = {keys.report(each.batch, each.sha256): each.sha256 for each in issued_reports.all_of(database)}
    periods = {
        keys.period_report(sha256, suffix): sha256
        for each in period_reports.issued(database)
        for suffix, sha256 in each.files.items()
    }
    query = select(t.event.c.data).where(t.event.c.type == EventType.FROZEN)
    with database.read() as connection:
        names = [data["detail"]["manifest"] for data in connection.execute(query).scalars()]
    manifests = {keys.frozen(name, "json"): name for name in names}
    found = [Expected(key, "report", sha256, ()) for key, sha256 in (batches | periods).items()]
    found += [Expected(key, "figures", sha256, ()) for key, sha256 in manifests.items()]
    return sorted(found)


def _drawn(connection: Connection, sample: int | None, seed: str) -> set[str] | None:
    if sample is None:
        return None
    ids = connection.execute(select(t.document.c.id)).scalars().all()
    drawn = sorted(ids, key=lambda identifier: hashlib.sha256(f"{seed}{identifier}".encode()).digest())
    return set(drawn[:sample])


def open_round(database: Database, sample: int | None) -> Round:
    """The round that a killed check left open, if it drew as many papers; else a new one."""
    with database.write() as connection:
        column = t.fixity_round.c
        share = column.share.is_(None) if sample is None else column.share == sample
        left = connection.execute(select(column.id).where(column.ended_at.is_(None), share)).scalar()
        if left is not None:
            return Round(left, True)
        opened = new_event_id()
        connection.execute(insert(t.fixity_round).values(id=opened, started_at=now(), share=sample))
        return Round(opened, False)


def close_round(connection: Connection, round_id: str) -> None:
    """Mark the round as complete."""
    connection.execute(update(t.fixity_round).where(t.fixity_round.c.id == round_id).values(ended_at=now()))


def checked(database: Database, round_id: str) -> dict[str, State]:
    """Results of this round so far, by key."""
    query = select(t.fixity.c.key, t.fixity.c.state).where(t.fixity.c.round == round_id)
    with database.read() as connection:
        return {row.key: row.state for row in connection.execute(query)}


def record(database: Database, round_id: str, states: Iterable[tuple[str, State]]) -> None:
    """Store the results; damage is also recorded in the house chain."""
    rows = dict(states)
    if not rows:
        return
    with database.write() as connection:
        for chunk in in_chunks(rows):
            connection.execute(delete(t.fixity).where(t.fixity.c.key.in_(chunk)))
        at = now()
        connection.execute(
            insert(t.fixity),
            [
                {"key": key, "state": state, "round": round_id, "checked_at": at}
                for key, state in rows.items()
            ],
        )
        for chunk in in_chunks(key for key, state in rows.items() if state != INTACT):
            chains.note(connection, chains.HOUSE, t.fixity, t.fixity.c.key.in_(chunk))


def healed(connection: Connection, key: str) -> None:
    """Mark an object as repaired."""
    held = t.fixity.c.key == key
    if connection.execute(select(t.fixity.c.state).where(held, t.fixity.c.state != INTACT)).first():
        connection.execute(update(t.fixity).where(held).values(state=INTACT, checked_at=now()))
        chains.note(connection, chains.HOUSE, t.fixity, held)


def damaged(database: Database) -> dict[str, State]:
    """Objects that are not intact as far as is known, by key."""
    query = select(t.fixity.c.key, t.fixity.c.state).where(t.fixity.c.state.not_in((INTACT, SUPERSEDED)))
    with database.read() as connection:
        return {row.key: row.state for row in connection.execute(query)}


def damaged_originals(database: Database) -> frozenset[str]:
    """SHA-256 of originals of which a document is not intact: their bytes, handed in again, heal it."""
    with database.read() as connection:
        return frozenset(damaged_documents(connection).values())


def damaged_documents(connection: Connection) -> dict[str, str]:
    """Documents whose original, or present PDF/A or sidecar, is known not to be intact, with their originals."""
    bad = connection.execute(select(t.fixity.c.key).where(t.fixity.c.state.in_(_NOT_INTACT))).scalars().all()
    if not bad:
        return {}
    column = t.document_version.c
    current = (column.document_id == t.document.c.id) & (column.version == t.document.c.version)
    query = select(t.document.c.id, t.document.c.sha256).join(t.document_version, current)
    originals = [sha for key in bad if key.startswith(keys.ORIGINALS) and (sha := keys.digest_in(key))]
    found: dict[str, str] = {}
    for condition, values in (
        (t.document.c.sha256, originals),
        (column.pdfa_key, bad),
        (column.sidecar_key, bad),
    ):
        for part in in_chunks(values):
            found |= {row.id: row.sha256 for row in connection.execute(query.where(condition.in_(part)))}
    return found
