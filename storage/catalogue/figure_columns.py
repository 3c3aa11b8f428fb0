"""Every paper known at a moment in columns, by id: one query, read as a stream, some thousands of rows in memory.

`figures_papers` tells the same paper by paper; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select

from storage.catalogue import figure_counts as counts
from storage.catalogue import schema as t
from storage.catalogue.codes import ISSUED
from storage.catalogue.database import Database
from storage.catalogue.figure_queries import known_at

_AT_ONCE: Final = 50_000
# Between the database and columns: rows are tuples for so long, which no cache of a processor should have to leave.
_FETCHED: Final = 5_000
_DAYS: Final = ("issue_date", "digitised_on", "stored_on", "valid_until", "expired_from", "code_until")
_TEXTS: Final = (
    *("owner", "number", "result_type", "code", "linked_to", "batch", "file"),
    *("validity_basis", "validity_source", "accepted_by"),
)
# What is told by a paper's state, and by what name a figure asks for it.
_OF_STATE: Final = {
    **{name: name for name in ("level", "unit", "kind", "role", "route", "stored", "validity")},
    "code_voided": "voided",
}


def columns(database: Database, moment: str, *, refreshed: bool = False) -> Iterator[pa.Table]:
    """Papers known at a moment (RFC 3339), sorted by id, under the names of `PaperRow`.

    Absent is what papers do not know of themselves: if files are intact, if it was revoked, superseded or given back.
    """
    if not refreshed:
        counts.refresh(database)
    held: list[list[pa.Array]] = []
    rows = 0
    with database.read() as connection:
        states = _States(connection)
        for part in _parts(connection, _query(moment)):
            held.append(_arrays(part))
            rows += len(part)
            if rows >= _AT_ONCE:
                yield _table(held, states)
                held, rows = [], 0
    if held:
        yield _table(held, states)


def _parts(connection: Connection, query: Select[Any]) -> Iterator[Sequence[Any]]:
    """Rows some thousands at a time, read as they are asked for."""
    if connection.dialect.name == "postgresql":
        streamed = connection.execution_options(stream_results=True, yield_per=_FETCHED)
        with streamed.execute(query) as result:
            yield from result.partitions()
        return
    with connection.execute(query) as result:
        # SQLite's own rows: to wrap millions of them takes as long as to read them.
        assert result.cursor is not None
        while part := result.cursor.fetchmany(_FETCHED):
            yield part


def _arrays(rows: Sequence[Any]) -> list[pa.Array]:
    """One group of rows turned into columns."""
    name, state, *rest = zip(*rows, strict=True)
    days, texts = rest[: len(_DAYS)], rest[len(_DAYS) :]
    return [
        pa.array(name, pa.string()),
        pa.array(state, pa.int64()),
        *(pa.array(column, pa.int32()) for column in days),
        *(pa.array(column, pa.string()) for column in texts),
    ]


def _table(held: Sequence[Sequence[pa.Array]], states: _States) -> pa.Table:
    name, state, *rest = (pa.concat_arrays(column) for column in zip(*held, strict=True))
    found = {"document_id": name, **states.columns(state)}
    found |= {key: _days(rest[at]) for at, key in enumerate(_DAYS)}
    found |= {key: rest[len(_DAYS) + at] for at, key in enumerate(_TEXTS)}
    return pa.table(found)


class _States:
    """What papers share, each value once; a column of it is made by number."""

    def __init__(self, connection: Connection) -> None:
        table = t.figure_state.c
        query = select(table.id, *(table[name] for name in _OF_STATE.values())).order_by(table.id)
        rows = connection.execute(query).tuples().all()
        numbers = [row[0] for row in rows]
        self._place = np.zeros(max(numbers, default=0) + 1, np.int64)
        self._place[numbers] = np.arange(len(rows))
        self._values = {
            key: _encoded(pa.array([row[at] for row in rows])) for at, key in enumerate(_OF_STATE, start=1)
        }

    def columns(self, state: pa.Array) -> dict[str, pa.Array]:
        """Columns of papers in these states."""
        places = pa.array(self._place[state.to_numpy(zero_copy_only=False)])
        return {key: values.take(places) for key, values in self._values.items()}


def _encoded(values: pa.Array) -> pa.Array:
    if pa.types.is_null(values.type):
        values = values.cast(pa.string())
    return values if pa.types.is_boolean(values.type) else values.dictionary_encode()


def _days(numbers: pa.Array) -> pa.Array:
    """Days of numbers as `paper_span` holds them (20210504)."""
    held: npt.NDArray[Any] = numbers.fill_null(19700101).to_numpy(zero_copy_only=False).astype(np.int64)
    months = ((held // 10000 - 1970) * 12 + held // 100 % 100 - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]").astype(np.int32) + (held % 100 - 1).astype(np.int32)
    return pa.array(days, pa.date32(), mask=numbers.is_null().to_numpy(zero_copy_only=False))


def _query(moment: str) -> Select[Any]:
    span, document, code = t.paper_span.c, t.document.c, t.code.c
    version = t.document_version.c
    stood = or_(code.state == ISSUED, code.voided_at > moment)
    said = {
        "owner": span.owner,
        "number": version.data["fields", "number", "value"].as_string(),
        "result_type": version.result_type,
        "code": func.coalesce(code.printed, _voided(moment)),
        "linked_to": _unless(code.printed, document.linked_to),
        "batch": document.batch,
        "file": document.file,
        "validity_basis": version.data["validity", "basis"].as_string(),
        "validity_source": version.data["validity", "source"].as_string(),
        "accepted_by": code.issued_by,
    }
    return (
        select(
            span.document_id, span.state, *(span[name] for name in _DAYS), *(said[name] for name in _TEXTS)
        )
        .select_from(t.paper_span)
        .join(t.document, document.id == span.document_id)
        .join(
            t.document_version,
            and_(
                version.document_id == span.document_id,
                # Most papers have but one: no other is looked for.
                version.version == case((document.version == 1, 1), else_=_last(moment)),
            ),
        )
        .outerjoin(t.code, and_(code.document_id == span.document_id, code.issued_at <= moment, stood))
        .where(known_at(moment))
        .order_by(span.document_id)
    )


def _last(moment: str) -> ColumnElement[int]:
    """The version of a paper that was stored last by a moment."""
    version = t.document_version.alias("earlier").c
    query = select(func.max(version.version)).where(
        version.document_id == t.paper_span.c.document_id, version.created_at <= moment
    )
    return query.scalar_subquery()


def _voided(moment: str) -> ColumnElement[str]:
    """The last code of a paper that was voided by a moment; asked for only where none stands."""
    code = t.code.alias("voided").c
    over = or_(code.voided_at.is_(None), code.voided_at <= moment)
    query = select(code.printed).where(
        code.document_id == t.paper_span.c.document_id, code.state != ISSUED, over
    )
    return query.order_by(code.id.desc()).limit(1).scalar_subquery()


def _unless(held: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
    """Another column where the first one is empty; what holds a code is no duplicate."""
    return case((held.is_(None), other))
