"""Counts of days, kept: what changes on a paper is taken out of them and put in anew, so that no day is counted twice.

A count is kept as it was made, with what was asked; each change is a row beside it. Of a change the papers themselves and
those of their series are counted before and after it: the rule of the newest paper reaches no further.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, Select, delete, func, insert, or_, select

from schemas.rules import NewestOf
from storage.catalogue import figure_spans as spans
from storage.catalogue import schema as t
from storage.catalogue.database import Database
from storage.catalogue.figure_queries import Asked, listed, shares
from storage.catalogue.figure_queries import counted as count_of

# A catalogue that is counted at once need not keep its counts.
KEPT_FROM: Final = 20_000
# Where more papers changed, or more counts are kept, all are thrown away.
_MOST_CHANGED: Final = 5_000
_MOST_KEPT: Final = 60
# Changes beside a count before they become part of it.
_MOST_BESIDE: Final = 20
_AT_ONCE: Final = 20_000
_KEY_LENGTH: Final = 40
_Rows = list[dict[str, Any]]


def counted(database: Database, asked: Asked) -> Mapping[int, int]:
    """Packed numbers of all papers (`figure_queries.counted`), each with how many papers it stands for."""
    refresh(database)
    key = _key(asked)
    with database.read() as connection:
        generation = spans.generation(connection)
        kept, beside = _kept(connection, key)
        if kept is None:
            kept = _count(database, connection, asked, generation)
    if beside is None or beside > _MOST_BESIDE:
        _keep(database, key, asked, generation, kept)
    return kept


def _count(database: Database, connection: Connection, asked: Asked, generation: int) -> Counter[int]:
    """All papers counted, in parts beside each other: SQLite and PostgreSQL count one query on one core."""
    parts = shares(asked)

    def part(of: Select[Any]) -> tuple[int, list[tuple[int, int]]]:
        with database.read() as own:
            return spans.generation(own), [tuple(row) for row in own.execute(count_of(asked, of=of))]

    with ThreadPoolExecutor(len(parts)) as pool:
        found = list(pool.map(part, parts))
    if any(seen != generation for seen, _ in found):
        # A paper changed meanwhile: the parts are not of one moment.
        return Counter(dict(connection.execute(count_of(asked)).tuples().all()))
    total: Counter[int] = Counter()
    for _, rows in found:
        for packed, papers_of in rows:
            total[packed] += papers_of
    return total


def refresh(database: Database) -> None:
    """Make the rows of every document that changed anew; some thousands a transaction, so that writers get their turn."""
    with database.read() as connection:
        if connection.execute(select(t.figure_dirty).limit(1)).first() is None:
            return
    while True:
        with database.write() as connection:
            query = select(t.figure_dirty.c.document_id).order_by(t.figure_dirty.c.document_id)
            ids = connection.execute(query.limit(_AT_ONCE)).scalars().all()
            if not ids:
                return
            _make_anew(connection, ids)


def _make_anew(connection: Connection, ids: Sequence[str]) -> None:
    rows = spans.derived(connection, ids[0], ids[-1])
    number = spans.next_generation(connection)
    kept = _asked(connection) if len(ids) <= _MOST_CHANGED else {}
    within = _within(connection, ids, rows, kept.values()) if kept else None
    if within is None:
        connection.execute(delete(t.figure_cache).where(t.figure_cache.c.groups.is_not(None)))
        spans.replace(connection, ids[0], ids[-1], rows)
        return
    before = {key: _few(connection, asked, within) for key, asked in kept.items()}
    spans.replace(connection, ids[0], ids[-1], rows)
    for key, asked in kept.items():
        change = _few(connection, asked, within)
        change.subtract(before[key])
        moved = {packed: papers for packed, papers in change.items() if papers}
        if moved:
            values = {"key": f"{key}+{number}", "generation": number, "groups": _flat(moved)}
            connection.execute(insert(t.figure_cache).values(values))


def _few(connection: Connection, asked: Asked, ids: Sequence[str]) -> Counter[int]:
    return Counter(dict(connection.execute(count_of(asked, listed(connection, ids))).tuples().all()))


def _within(
    connection: Connection, ids: Sequence[str], rows: _Rows, kept: Iterable[Asked]
) -> list[str] | None:
    """These papers and all that share a series with one of them, as it was or as it is; None: too many to be told."""
    span, state = t.paper_span.c, t.figure_state.c
    newest_of: dict[str, set[str]] = {"owner_id": set(), "number": set()}
    for asked in kept:
        for kind, value in asked.newest_of.items():
            newest_of[value].add(kind)
    columns = {"owner_id": span.owner, "number": span.number_key}
    found = set(ids)
    for shared_by, kinds in newest_of.items():
        column = columns[shared_by]
        of_kinds = select(state.id).where(state.kind.in_(kinds))
        mine = set(connection.execute(of_kinds).scalars())
        before = select(span.state, column).where(span.document_id.in_(listed(connection, ids)))
        told = [*connection.execute(before).tuples(), *((row["state"], row[column.name]) for row in rows)]
        shared = sorted({said for number, said in told if said and number in mine})
        if shared:
            query = select(span.document_id).where(
                column.in_(listed(connection, shared)), span.state.in_(of_kinds)
            )
            found |= set(connection.execute(query).scalars())
    return sorted(found) if len(found) <= 4 * _MOST_CHANGED else None


def _kept(connection: Connection, key: str) -> tuple[Counter[int] | None, int | None]:
    """A kept count as it is now, and how many changes stand beside it; None where none is kept."""
    cache = t.figure_cache.c
    query = select(cache.key, cache.groups).where(or_(cache.key == key, cache.key.like(f"{key}+%")))
    held = dict(connection.execute(query).tuples().all())
    if key not in held:
        return None, None
    found: Counter[int] = Counter(_paired(held.pop(key)))
    for change in held.values():
        for packed, papers in _paired(change).items():
            found[packed] += papers
            if not found[packed]:
                del found[packed]
    return found, len(held)


def _flat(rows: Mapping[int, int]) -> dict[str, list[int]]:
    """Two flat lists: they are read twice as fast as a list of pairs."""
    return {"numbers": list(rows), "papers": list(rows.values())}


def _paired(groups: Mapping[str, list[int]]) -> dict[int, int]:
    return dict(zip(groups["numbers"], groups["papers"], strict=True))


def _keep(database: Database, key: str, asked: Asked, generation: int, rows: Mapping[int, int]) -> None:
    """Keep a count, unless a paper has changed since it was made."""
    if sum(rows.values()) < KEPT_FROM:
        return
    with database.write() as connection:
        if spans.generation(connection) != generation:
            return
        cache = t.figure_cache.c
        counts = select(func.count()).where(cache.groups.is_not(None), cache.key.not_like("%+%"))
        if (connection.execute(counts).scalar() or 0) > _MOST_KEPT:
            connection.execute(delete(t.figure_cache).where(cache.groups.is_not(None)))
        connection.execute(delete(t.figure_cache).where(or_(cache.key == key, cache.key.like(f"{key}+%"))))
        groups = {"asked": _told(asked), **_flat(rows)}
        connection.execute(
            insert(t.figure_cache).values({"key": key, "generation": generation, "groups": groups})
        )


def _asked(connection: Connection) -> dict[str, Asked]:
    """What every kept count was asked; one that does not say so is of an earlier Sohoa, and never read again."""
    cache = t.figure_cache.c
    query = select(cache.key, cache.groups["asked"]).where(
        cache.groups.is_not(None), cache.key.not_like("%+%")
    )
    return {key: _heard(said) for key, said in connection.execute(query).tuples() if said}


def _told(asked: Asked) -> list[Any]:
    days = [day.isoformat() for day in sorted(asked.turns)]
    return [asked.day.isoformat(), asked.known_at, sorted(asked.newest_of.items()), days]


def _heard(said: list[Any]) -> Asked:
    day, known_at, kinds, days = said
    newest_of: dict[str, NewestOf] = dict(kinds)
    return Asked(date.fromisoformat(day), known_at, newest_of, [date.fromisoformat(each) for each in days])


def _key(asked: Asked) -> str:
    return hashlib.sha256(json.dumps(_told(asked)).encode()).hexdigest()[:_KEY_LENGTH]
