"""The queries by which papers are counted: rows that the quota cannot tell apart on a day come as one, with their number.

Days are replaced by one that compares the same way: with the reporting day, with the days on which names of units changed
their meaning and with the cut-off (`turns`), and, of days that are over, by year. The rows are `figure_spans`'.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

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
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from schemas.documents import Role, Route
from schemas.rules import NewestOf
from storage.catalogue import figure_spans as spans
from storage.catalogue import schema as t
from storage.catalogue.figure_spans import day_number

DAYS: Final = (
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
_DAYS_ROOM: Final = math.prod(_ROOM.values())
_Column = ColumnElement[Any]


class Asked(NamedTuple):
    """What papers are asked.

    Attributes:
        day: the reporting day.
        known_at: the moment as known at which it is asked, RFC 3339; None: now.
        newest_of: kinds of which only the newest paper is in force, with the value that a series shares.
        turns: days on which names of units came to mean another unit, and the first day after the cut-off.
    """

    day: date
    known_at: str | None
    newest_of: Mapping[str, NewestOf]
    turns: Sequence[date] = ()


def papers(asked: Asked, within: Select[Any] | None = None) -> Select[Any]:
    """All papers known at a moment, each with the day from which a newer one of its series was in the catalogue.

    With `within` only those of these ids, among them all of every series that matters. The rule is that of
    `quality.series.mark_superseded`.
    """
    span = t.paper_span.c
    columns = (span.document_id, span.state, *(span[name] for name in DAYS if name != "superseded_on"))
    known, nothing = known_at(asked.known_at), cast(null(), Integer).label("superseded_on")
    if within is not None:
        known = and_(known, span.document_id.in_(within))
    if not asked.newest_of:
        return select(*columns, nothing).where(known)
    return union_all(
        select(*columns, nothing).where(known, span.state.not_in(_standing(list(asked.newest_of)))),
        _series(asked, columns, known),
    )  # type: ignore[return-value]


def shares(asked: Asked, parts: int = 2) -> list[Select[Any]]:
    """The same papers (`papers`) in parts that can be counted beside each other: those of no series, and series by kind."""
    span = t.paper_span.c
    columns = (span.document_id, span.state, *(span[name] for name in DAYS if name != "superseded_on"))
    known, nothing = known_at(asked.known_at), cast(null(), Integer).label("superseded_on")
    kinds = list(asked.newest_of)
    if not kinds:
        return [papers(asked)]
    alone = select(*columns, nothing).where(known, span.state.not_in(_standing(kinds)))
    some = [{kind: asked.newest_of[kind] for kind in kinds[at::parts]} for at in range(parts)]
    return [alone, *(_series(asked._replace(newest_of=part), columns, known) for part in some if part)]


def superseded(asked: Asked) -> Select[Any]:
    """Id of every paper of which a newer one was in the catalogue, with the day from which it was."""
    paper = _series(asked, (t.paper_span.c.document_id,), known_at(asked.known_at)).subquery().c
    return select(paper.document_id, paper.superseded_on).where(paper.superseded_on.is_not(None))


def _series(asked: Asked, columns: Sequence[_Column], known: _Column) -> Select[Any]:
    """Papers of kinds of which only the newest is in force."""
    span = t.paper_span.c
    by_number = [kind for kind, value in asked.newest_of.items() if value == "number"]
    standing = _standing(list(asked.newest_of))
    shared = func.coalesce(
        case((span.state.in_(_standing(by_number)), span.number_key), else_=span.owner), ""
    )
    stands = and_(
        shared != "",
        span.issue_date.is_not(None),
        # Of a code that was voided on no known day it is not said that it ever stood.
        or_(~t.figure_state.c.voided, func.coalesce(span.code_until, 0) > day_number(asked.day)),
    )
    since = case(
        (~stands, None),
        (span.digitised_on > span.issue_date, span.digitised_on),
        (span.digitised_on.is_not(None), span.issue_date),
    )
    newer = func.min(since).over(
        partition_by=(t.figure_state.c.kind, shared), order_by=span.issue_date, range_=(1, None)
    )
    return (
        select(*columns, case((stands, newer)).label("superseded_on"))
        .join(t.figure_state, t.figure_state.c.id == span.state)
        .where(known, span.state.in_(standing))
    )


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


def known_at(moment: str | None) -> ColumnElement[bool]:
    """True of rows that were known at a moment (RFC 3339; None: now)."""
    span = t.paper_span.c
    if moment is None:
        return span.known_to == spans.STILL
    number = spans.moment_number(moment)
    return and_(span.known_from <= number, span.known_to > number)


def counted(
    asked: Asked,
    within: Select[Any] | None = None,
    among: Select[Any] | None = None,
    of: Select[Any] | None = None,
) -> Select[Any]:
    """The papers (`papers`), packed into one number each by what the day can tell apart, and counted.

    With `among` only those of these ids are counted, whatever series they are of; with `of` those of one of `shares`.
    """
    paper, on = (papers(asked, within) if of is None else of).subquery().c, day_number(asked.day)
    # Of a paper that was digitised later nothing else is asked.
    digitised = func.coalesce(paper.digitised_on, 0) <= on
    seen = {
        "issue_date": _turn(paper.issue_date, [*asked.turns, _next(asked.day)]),
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
    for name in DAYS:
        packed = packed * _ROOM[name] + func.coalesce(seen[name], 0)
    chosen = select(packed.label("packed"))
    inner = (chosen if among is None else chosen.where(paper.document_id.in_(among))).subquery()
    return select(inner.c.packed, func.count()).group_by(inner.c.packed)


def split(packed: int) -> tuple[int, int]:
    """The state of a packed number, and what `unpacked` makes days of."""
    return divmod(packed, _DAYS_ROOM)


def unpacked(packed: int, asked: Asked) -> dict[str, date | None]:
    """Days that compare as those of the group's papers do."""
    day = asked.day
    places: dict[str, int] = {}
    for name in reversed(DAYS):
        packed, places[name] = divmod(packed, _ROOM[name])
    after = _next(day)
    sides = (None, after, day)
    turned = (None, date.min, *sorted({*asked.turns, after}))
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


def listed(connection: Connection, values: Sequence[str]) -> Select[Any]:
    """Values as a table: a statement takes a limited number of parameters."""
    listed = literal(list(values), JSON)
    if connection.dialect.name == "postgresql":
        table = func.json_array_elements_text(cast(listed, JSON)).table_valued("value")
    else:
        table = func.json_each(listed).table_valued("value")
    return select(table.c.value)
