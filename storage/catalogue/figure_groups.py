"""Papers counted in the database: rows that the quota cannot tell apart on a day come as one, with their number.

Days are replaced by one that compares the same way: with the reporting day, with the days on which names of units changed
their meaning and with the cut-off (`turns`), and, of days that are over, by year. The rows are `figure_spans`'.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import (
    JSON,
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

from schemas.documents import Role, Route, ValidityState
from schemas.quotas import PaperRow
from schemas.rules import NewestOf
from storage.catalogue import figure_spans as spans
from storage.catalogue import schema as t
from storage.catalogue.database import Database
from storage.catalogue.figure_spans import day_number, day_of_number

# A catalogue that is counted at once need not keep its counts.
KEPT_FROM: Final = 20_000
_MOST_KEPT: Final = 200
_IDS_AT_ONCE: Final = 2000
_COLUMNS: Final = (
    *("level", "unit", "kind", "role", "route", "coded", "voided", "linked", "stored", "validity"),
    *("by_person", "issue_date", "digitised_on", "stored_on", "valid_until", "expired_from", "code_until"),
)
_Column = ColumnElement[Any]


def groups(
    database: Database,
    day: date,
    known_at: str | None,
    newest_of: Mapping[str, NewestOf],
    turns: Sequence[date],
) -> list[PaperRow]:
    """Every paper as the quota sees it on a day, in groups; `PaperRow.papers` is the number of each.

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
            return [_group(row) for row in rows]
        query = _grouped(_papers(day, known_at, newest_of), day, turns)
        rows = [tuple(row) for row in connection.execute(query)]
    if sum(row[-1] for row in rows) >= KEPT_FROM:
        _keep(database, key, generation, rows)
    return [_group(row) for row in rows]


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
        return [_paper(row._mapping) for row in connection.execute(query)]


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
    span, on = t.paper_span.c, day_number(day)
    columns = (span.document_id, *(span[name] for name in _COLUMNS))
    known, nothing = _known(known_at), cast(null(), Integer).label("superseded_on")
    if not newest_of:
        return select(*columns, nothing).where(known)
    by_number = [kind for kind, value in newest_of.items() if value == "number"]
    shared = case((span.kind.in_(by_number), span.number_key), else_=span.owner)
    in_series = case(
        (
            and_(
                span.kind.in_(list(newest_of)),
                func.coalesce(shared, "") != "",
                span.issue_date.is_not(None),
                span.role == Role.RESULT.value,
                span.coded,
                ~span.linked,
                or_(
                    and_(span.voided, func.coalesce(span.code_until, 0) > on),
                    and_(~span.voided, span.route == Route.ACCEPTED.value),
                ),
            ),
            1,
        ),
        else_=0,
    )
    since = case(
        (span.digitised_on > span.issue_date, span.digitised_on),
        (span.digitised_on.is_not(None), span.issue_date),
    )
    newer = func.min(since).over(partition_by=(span.kind, shared), order_by=span.issue_date, range_=(1, None))
    return union_all(
        select(*columns, nothing).where(known, in_series == 0),
        select(*columns, newer.label("superseded_on")).where(known, in_series == 1),
    )  # type: ignore[return-value]


def _known(known_at: str | None) -> _Column:
    span = t.paper_span.c
    if known_at is None:
        return span.known_to == spans.STILL
    moment = spans.moment_number(known_at)
    return and_(span.known_from <= moment, span.known_to > moment)


def _grouped(papers: Select[Any], day: date, turns: Sequence[date]) -> Select[Any]:
    """The papers, days replaced by those that stand for them, and counted."""
    paper = papers.subquery().c
    on, after = day_number(day), day_number(_next(day))
    # Decided before anybody asks whether the paper is in force; nothing of what follows tells such papers apart.
    decided = or_(
        paper.linked,
        paper.role != Role.RESULT.value,
        and_(~paper.voided, paper.route != Route.ACCEPTED.value),
        and_(paper.voided, func.coalesce(paper.code_until, 0) <= on),
        and_(paper.coded, func.coalesce(paper.digitised_on, after) > on),
    )
    expired = paper.validity == ValidityState.EXPIRED.value
    seen = {
        "issue_date": _from_turn(paper.issue_date, [*turns, _next(day)]),
        "digitised_on": case((paper.digitised_on > on, after), (paper.digitised_on.is_not(None), on)),
        # Asked only of papers without a code.
        "stored_on": case((paper.coded, None), (paper.stored_on > on, after), else_=on),
        "validity": case((decided, ValidityState.UNKNOWN.value), else_=paper.validity),
        "by_person": and_(paper.by_person, expired, ~decided),
        "valid_until": case(
            (decided, None),
            (and_(paper.valid_until > on, ~expired), None),
            (paper.valid_until > on, after),
            (paper.valid_until == on, on),
            else_=_year(paper.valid_until),
        ),
        "expired_from": case((and_(paper.expired_from <= on, ~decided), on)),
        "code_until": case((paper.code_until > on, after), (paper.code_until.is_not(None), on)),
        "superseded_on": case((and_(paper.superseded_on <= on, ~decided), _year(paper.superseded_on))),
    }
    columns = [seen.get(name, paper[name]).label(name) for name in (*_COLUMNS, "superseded_on")]
    inner = select(*columns).subquery()
    return select(*inner.c, func.count()).group_by(*inner.c)


def _from_turn(column: _Column, turns: Iterable[date]) -> _Column:
    """The last turn up to a day; days before the first one are alike."""
    numbers = sorted({day_number(turn) for turn in turns}, reverse=True)
    turned = [(column >= literal(number), literal(number)) for number in numbers]
    return case(*turned, (column.is_not(None), literal(day_number(date.min))))


def _year(column: _Column) -> _Column:
    """The first day of a day's year."""
    return column - column % 10000 + 101


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


def _group(row: Sequence[Any]) -> PaperRow:
    return _paper(dict(zip((*_COLUMNS, "superseded_on", "papers"), row, strict=True)))


def _paper(held: Mapping[Any, Any]) -> PaperRow:
    """Built without checks: the columns hold nothing else."""
    return PaperRow.model_construct(
        document_id=held.get("document_id", ""),
        level=held["level"],
        unit=held["unit"],
        kind=held["kind"],
        result_type=None,
        role=held["role"],
        route=held["route"],
        # Which code it is tells nothing here.
        code="" if held["coded"] else None,
        code_voided=bool(held["voided"]),
        code_until=day_of_number(held["code_until"]),
        issue_date=day_of_number(held["issue_date"]),
        digitised_on=day_of_number(held["digitised_on"]),
        stored_on=day_of_number(held["stored_on"]),
        stored=bool(held["stored"]),
        validity=ValidityState(held["validity"]),
        validity_source="operator" if held["by_person"] else None,
        valid_until=day_of_number(held["valid_until"]),
        expired_from=day_of_number(held["expired_from"]),
        superseded_on=day_of_number(held["superseded_on"]),
        linked_to="" if held["linked"] else None,
        papers=held.get("papers", 1),
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
