"""Papers counted in the database: rows that the quota cannot tell apart on a day come as one, with their number.

Days are replaced by one that compares the same way: with the reporting day, with the days on which names of units changed
their meaning and with the cut-off (`turns`), and, of days that are over, by year. The rows are `figure_spans`'.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Select,
    and_,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    union_all,
)

from schemas.documents import Role, Route
from schemas.quotas import PaperGroup, PaperRow
from schemas.rules import NewestOf
from storage.catalogue import figure_spans as spans
from storage.catalogue import schema as t
from storage.catalogue.database import Database
from storage.catalogue.figure_spans import day_number, day_of_number

# A catalogue that is counted at once need not keep its counts.
KEPT_FROM: Final = 20_000
_MOST_KEPT: Final = 200
_IDS_AT_ONCE: Final = 2000
_DAYS: Final = (
    *("issue_date", "digitised_on", "stored_on", "valid_until", "expired_from", "code_until"),
    "superseded_on",
)
# Days of one column that a group may have: years and a few more. Seven columns and a state make one whole number, by which
# a database groups ten times as fast as by eight.
_ROOM: Final = {
    "issue_date": 64,
    "digitised_on": 4,
    "stored_on": 4,
    "valid_until": 256,
    "expired_from": 2,
    "code_until": 4,
    "superseded_on": 256,
}
_FIRST_YEAR: Final = 1900
# What no group knows of its papers; named, because to find defaults takes longer than all the rest.
_UNKNOWN: Final[dict[str, Any]] = {
    **dict.fromkeys(("owner", "number", "revoked_on", "batch", "file", "validity_basis", "accepted_by")),
    "intact": True,
}
_DAYS_ROOM: Final = math.prod(_ROOM.values())
_Column = ColumnElement[Any]
_State = tuple[Any, ...]  # the values of `figure_spans.STATE`


def groups(
    database: Database,
    day: date,
    known_at: str | None,
    newest_of: Mapping[str, NewestOf],
    turns: Sequence[date],
) -> list[PaperGroup]:
    """Every paper as the quota sees it on a day, in groups.

    Counts of a large catalogue are kept until a paper changes.

    Args:
        database: the catalogue.
        day: the reporting day.
        known_at: the moment as known at which it is asked, RFC 3339; None: now.
        newest_of: kinds of which only the newest paper is in force, with the value that a series shares.
        turns: days on which names of units came to mean another unit, and the first day after the cut-off.
    """
    spans.refresh(database)
    key = _key(day, known_at, newest_of, turns)
    with database.read() as connection:
        generation = spans.generation(connection)
        kept = select(t.figure_cache.c.groups).where(
            t.figure_cache.c.key == key, t.figure_cache.c.generation == generation
        )
        rows = connection.execute(kept).scalar()
        if rows is not None:
            return _read(rows, _states(connection), day, turns)
        query = _grouped(_papers(day, known_at, newest_of), day, turns)
        rows = [tuple(row) for row in connection.execute(query)]
        states = _states(connection)
    if sum(row[-1] for row in rows) >= KEPT_FROM:
        _keep(database, key, generation, rows)
    return _read(rows, states, day, turns)


def _read(
    rows: Iterable[Sequence[int]], states: Mapping[int, _State], day: date, turns: Sequence[date]
) -> list[PaperGroup]:
    """Counted numbers as groups; papers that differ in nothing but their unit share one row."""
    shared: dict[tuple[int, tuple[Any, ...]], PaperRow] = {}
    found = []
    for packed, papers in rows:
        number, days = divmod(packed, _DAYS_ROOM)
        level, unit, *_ = state = states[number]
        paper = shared.get(look := (days, state[2:]))
        if paper is None:
            paper = shared[look] = _paper((None, None, *state[2:]), _unpacked(days, day, turns))
        found.append(PaperGroup(level, unit, paper, papers))
    return found


def single(
    database: Database,
    day: date,
    known_at: str | None,
    newest_of: Mapping[str, NewestOf],
    ids: Iterable[str],
) -> list[PaperRow]:
    """These papers one by one, with the same values that they have in `groups`, days as they are."""
    chosen = list(ids)
    if not chosen:
        return []
    with database.read() as connection:
        papers = _papers(day, known_at, newest_of).subquery()
        query = select(papers).where(papers.c.document_id.in_(_listed(connection, chosen)))
        states = _states(connection)
        return [
            _paper(
                states[row.state],
                {name: day_of_number(row._mapping[name]) for name in _DAYS},
                row.document_id,
            )
            for row in connection.execute(query)
        ]


def superseded(
    database: Database, day: date, known_at: str | None, newest_of: Mapping[str, NewestOf]
) -> dict[str, date]:
    """Papers of which a newer one was in the catalogue, by id, with the day from which it was."""
    if not newest_of:
        return {}
    spans.refresh(database)
    with database.read() as connection:
        paper = _papers(day, known_at, newest_of).subquery().c
        query = select(paper.document_id, paper.superseded_on).where(paper.superseded_on.is_not(None))
        return {
            row.document_id: found for row in connection.execute(query) if (found := day_of_number(row[1]))
        }


def known_ids(database: Database, known_at: str | None) -> Iterator[list[str]]:
    """Ids of all papers known at a moment, in order, some at a time."""
    spans.refresh(database)
    span, last = t.paper_span.c, ""
    while True:
        query = select(span.document_id).where(span.document_id > last, _known(known_at))
        with database.read() as connection:
            ids = list(connection.execute(query.order_by(span.document_id).limit(_IDS_AT_ONCE)).scalars())
        if not ids:
            return
        yield ids
        last = ids[-1]


def with_numbers(database: Database, known_at: str | None, numbers: Iterable[str]) -> list[str]:
    """Ids of the papers that bear one of these numbers, blanks and case apart."""
    wanted = sorted({spans.key_of_number(number) for number in numbers})
    if not wanted:
        return []
    spans.refresh(database)
    span = t.paper_span.c
    with database.read() as connection:
        query = select(span.document_id).where(
            span.number_key.in_(_listed(connection, wanted)), _known(known_at)
        )
        return list(connection.execute(query).scalars())


def _papers(day: date, known_at: str | None, newest_of: Mapping[str, NewestOf]) -> Select[Any]:
    """All papers known at a moment, each with the day from which a newer one of its series was in the catalogue.

    The rule is that of `quality.series.mark_superseded`.
    """
    span = t.paper_span.c
    columns = (span.document_id, span.state, *(span[name] for name in _DAYS if name != "superseded_on"))
    known, nothing = _known(known_at), cast(null(), Integer).label("superseded_on")
    if not newest_of:
        return select(*columns, nothing).where(known)
    by_number = [kind for kind, value in newest_of.items() if value == "number"]
    standing = _standing(list(newest_of))
    shared = func.coalesce(
        case((span.state.in_(_standing(by_number)), span.number_key), else_=span.owner), ""
    )
    stands = and_(
        shared != "",
        span.issue_date.is_not(None),
        # Null of a code that was never voided.
        func.coalesce(span.code_until, 99999999) > day_number(day),
    )
    since = case(
        (~stands, None),
        (span.digitised_on > span.issue_date, span.digitised_on),
        (span.digitised_on.is_not(None), span.issue_date),
    )
    newer = func.min(since).over(
        partition_by=(t.figure_state.c.kind, shared), order_by=span.issue_date, range_=(1, None)
    )
    series = select(*columns, case((stands, newer)).label("superseded_on")).join(
        t.figure_state, t.figure_state.c.id == span.state
    )
    return union_all(
        select(*columns, nothing).where(known, span.state.not_in(standing)),
        series.where(known, span.state.in_(standing)),
    )  # type: ignore[return-value]


def _standing(kinds: Sequence[str]) -> Select[Any]:
    """States of papers of these kinds that are results, accepted and coded, or were so until their code was voided."""
    state = t.figure_state.c
    return select(state.id).where(
        state.kind.in_(kinds),
        state.role == Role.RESULT.value,
        state.coded,
        ~state.linked,
        or_(state.voided, state.route == Route.ACCEPTED.value),
    )


def _known(known_at: str | None) -> _Column:
    span = t.paper_span.c
    if known_at is None:
        return span.known_to == spans.STILL
    moment = spans.moment_number(known_at)
    return and_(span.known_from <= moment, span.known_to > moment)


def _grouped(papers: Select[Any], day: date, turns: Sequence[date]) -> Select[Any]:
    """The papers, packed into one number each by what the day can tell apart, and counted."""
    paper, on = papers.subquery().c, day_number(day)
    # Of a paper that was digitised later nothing else is asked.
    digitised = func.coalesce(paper.digitised_on, 0) <= on
    seen = {
        "issue_date": _turn(paper.issue_date, [*turns, _next(day)]),
        "digitised_on": _side(paper.digitised_on, on),
        "stored_on": case((paper.digitised_on.is_(None), _side(paper.stored_on, on))),
        "valid_until": case(
            (~digitised, None),
            (paper.valid_until > on, 1),
            (paper.valid_until == on, 2),
            else_=_year(paper.valid_until),
        ),
        "expired_from": case((and_(digitised, paper.expired_from <= on), 1)),
        "code_until": _side(paper.code_until, on),
        "superseded_on": case((and_(digitised, paper.superseded_on <= on), _year(paper.superseded_on))),
    }
    packed: _Column = cast(paper.state, BigInteger)
    for name in _DAYS:
        packed = packed * _ROOM[name] + func.coalesce(seen[name], 0)
    inner = select(packed.label("packed")).subquery()
    return select(inner.c.packed, func.count()).group_by(inner.c.packed)


def _unpacked(packed: int, day: date, turns: Sequence[date]) -> dict[str, date | None]:
    """Days that compare as those of the group's papers do."""
    places: dict[str, int] = {}
    for name in reversed(_DAYS):
        packed, places[name] = divmod(packed, _ROOM[name])
    after = _next(day)
    sides = (None, after, day)
    turned = (None, date.min, *sorted({*turns, after}))
    return {
        "issue_date": turned[places["issue_date"]],
        "expired_from": day if places["expired_from"] else None,
        **{name: sides[places[name]] for name in ("digitised_on", "stored_on", "code_until")},
        **{
            name: sides[at] if (at := places[name]) < len(sides) else date(_FIRST_YEAR + at, 1, 1)
            for name in ("valid_until", "superseded_on")
        },
    }


def _side(column: _Column, on: int) -> _Column:
    """1: later than the day, 2: by then, null: never."""
    return case((column > on, 1), (column.is_not(None), 2))


def _turn(column: _Column, turns: Iterable[date]) -> _Column:
    """Number of the last turn up to a day; 1: before the first one."""
    numbers = sorted({day_number(turn) for turn in turns})
    turned = [(column >= literal(number), literal(at)) for at, number in enumerate(numbers, start=2)]
    return case(*reversed(turned), (column.is_not(None), literal(1)))


def _year(column: _Column) -> _Column:
    """Number of a year, above those of `_side`; what ended before 1910 or is to end after 2150 is not told apart."""
    year = column // 10000
    return case((year < _FIRST_YEAR + 10, 10), (year > _FIRST_YEAR + 250, 250), else_=year - _FIRST_YEAR)


def _next(day: date) -> date:
    return day + timedelta(days=1) if day < date.max else day


def _listed(connection: Connection, values: Sequence[str]) -> Select[Any]:
    """Values as a table: a statement takes a limited number of parameters."""
    listed = literal(list(values), JSON)
    if connection.dialect.name == "postgresql":
        table = func.json_array_elements_text(cast(listed, JSON)).table_valued("value")
    else:
        table = func.json_each(listed).table_valued("value")
    return select(table.c.value)


def _states(connection: Connection) -> dict[int, _State]:
    state = t.figure_state.c
    query = select(state.id, *(state[name] for name in spans.STATE))
    return {number: tuple(said) for number, *said in connection.execute(query)}


def _paper(state: _State, days: Mapping[str, date | None], document_id: str = "") -> PaperRow:
    """Built without checks: the columns hold nothing else."""
    said = dict(zip(spans.STATE, state, strict=True))
    return PaperRow.model_construct(
        document_id=document_id,
        result_type=None,
        # Which code it is tells nothing here.
        code="" if said["coded"] else None,
        code_voided=said["voided"],
        validity_source="operator" if said["by_person"] else None,
        linked_to="" if said["linked"] else None,
        **{name: said[name] for name in ("level", "unit", "kind", "role", "route", "stored", "validity")},
        **{**_UNKNOWN, **days},
    )


def _key(day: date, known_at: str | None, newest_of: Mapping[str, NewestOf], turns: Sequence[date]) -> str:
    asked = [day, known_at, sorted(newest_of.items()), sorted(turns)]
    return hashlib.sha256(json.dumps(asked, default=str).encode()).hexdigest()


def _keep(database: Database, key: str, generation: int, rows: Iterable[Sequence[Any]]) -> None:
    """Keep counts, unless a paper has changed since they were made."""
    with database.write() as connection:
        if spans.generation(connection) != generation:
            return
        held = connection.execute(select(func.count()).select_from(t.figure_cache)).scalar() or 0
        if held > _MOST_KEPT:
            connection.execute(delete(t.figure_cache).where(t.figure_cache.c.groups.is_not(null())))
        connection.execute(delete(t.figure_cache).where(t.figure_cache.c.key == key))
        values = {"key": key, "generation": generation, "groups": [list(row) for row in rows]}
        connection.execute(insert(t.figure_cache).values(values))
