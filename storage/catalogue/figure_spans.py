"""Papers in columns for the figures: one row for each time in which a paper was known in one state.

Derived from documents, their versions, codes and decisions, and from nothing else. Triggers enter every document that
changed in `figure_dirty`, whoever wrote; `figure_counts.refresh` makes the rows of those anew, so that what is read is
never stale. `figures_papers` says the same paper by paper; a test holds the two together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, Table, delete, func, insert, select

from schemas.clock import VIETNAM
from schemas.documents import Role, ValidityState
from schemas.review import VALIDITY, expired_of
from schemas.text import bare_number
from storage.catalogue import schema as t
from storage.catalogue.codes import ISSUED

# `known_to` of what is known still.
STILL: Final = 2**62
# What a state says.
STATE: Final = (
    *("level", "unit", "kind", "role", "route", "coded", "voided", "linked", "stored", "validity"),
    "by_person",
)
_LONGEST_NUMBER: Final = 250
_GENERATION: Final = "generation"


class Paper(NamedTuple):
    """All rows of one document that its figures rest on, each list in the order it was written."""

    document: Row[Any]
    versions: Sequence[Row[Any]]
    codes: Sequence[Row[Any]]
    decisions: Sequence[Row[Any]]
    replaced_at: str | None


def generation(connection: Connection) -> int:
    """How often rows were made anew; counts that were made of them hold for that one generation."""
    held = select(t.figure_cache.c.generation).where(t.figure_cache.c.key == _GENERATION)
    return connection.execute(held).scalar() or 0


def next_generation(connection: Connection) -> int:
    """Count one more change."""
    number = generation(connection) + 1
    connection.execute(delete(t.figure_cache).where(t.figure_cache.c.key == _GENERATION))
    connection.execute(insert(t.figure_cache).values(key=_GENERATION, generation=number, groups=None))
    return number


def derived(connection: Connection, first: str, last: str) -> list[dict[str, Any]]:
    """Rows of all changed papers between two ids, made anew but not yet written."""
    states, dirty = _States(connection), _dirty(first, last)
    chosen = select(t.figure_dirty.c.document_id).where(dirty)
    return [states.named(row) for paper in _papers(connection, chosen) for row in spans(paper)]


def replace(connection: Connection, first: str, last: str, rows: Sequence[dict[str, Any]]) -> None:
    """Write `derived` rows in the place of those that these papers had; they count as changed no more."""
    dirty = _dirty(first, last)
    chosen = select(t.figure_dirty.c.document_id).where(dirty)
    connection.execute(delete(t.paper_span).where(t.paper_span.c.document_id.in_(chosen)))
    if rows:
        connection.execute(insert(t.paper_span), rows)
    connection.execute(delete(t.figure_dirty).where(dirty))


def _dirty(first: str, last: str) -> Any:
    return t.figure_dirty.c.document_id.between(first, last)


class _States:
    """Finds the numbers of states, and enters those that are new."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        table = t.figure_state.c
        held = connection.execute(select(table.id, *(table[name] for name in STATE)))
        self._ids = {tuple(row[1:]): row[0] for row in held}

    def named(self, row: dict[str, Any]) -> dict[str, Any]:
        """A row with the number of its state instead of what the state says."""
        key = tuple(row.pop(name) for name in STATE)
        number = self._ids.get(key)
        if number is None:
            number = self._ids[key] = self._entered(dict(zip(STATE, key, strict=True)))
        return row | {"state": number}

    def _entered(self, said: dict[str, Any]) -> int:
        # Values beside the statement, not in it: so it is compiled but once.
        key = self._connection.execute(insert(t.figure_state), said).inserted_primary_key
        assert key is not None
        return int(key[0])


def _papers(connection: Connection, chosen: Any) -> Iterator[Paper]:
    def held(table: Table, order: Any, *where: Any) -> dict[str, list[Row[Any]]]:
        found: dict[str, list[Row[Any]]] = defaultdict(list)
        query = select(table).where(table.c.document_id.in_(chosen), *where).order_by(order)
        for row in connection.execute(query):
            found[row.document_id].append(row)
        return found

    versions = held(t.document_version, t.document_version.c.version)
    codes = held(t.code, t.code.c.id)
    decisions = held(t.decision, t.decision.c.id, t.decision.c.target == VALIDITY)
    documents = connection.execute(select(t.document).where(t.document.c.id.in_(chosen))).all()
    begun = _begun(connection, {name for row in documents for name in (row.replaced_by or "").split()})
    for row in documents:
        heirs = [begun[name] for name in (row.replaced_by or "").split() if name in begun]
        yield Paper(
            row,
            versions[row.id],
            codes.get(row.id, ()),
            decisions.get(row.id, ()),
            min(heirs, default=None),
        )


def _begun(connection: Connection, ids: Iterable[str]) -> dict[str, str]:
    """When the first version of each of these documents was stored."""
    version = t.document_version.c
    found: dict[str, str] = {}
    for name in ids:
        at = connection.execute(
            select(func.min(version.created_at)).where(version.document_id == name)
        ).scalar()
        if at is not None:
            found[name] = at
    return found


def spans(paper: Paper) -> Iterator[dict[str, Any]]:
    """The rows of one paper, oldest first; none where it was replaced before it was known."""
    moments = {row.created_at for row in paper.versions}
    if not moments:
        return
    first = min(moments)
    for code in paper.codes:
        moments |= {at for at in (code.issued_at, code.voided_at) if at is not None and at > first}
    moments |= {row.at for row in paper.decisions if row.at > first}
    held: dict[str, Any] | None = None
    since = ""
    for moment in sorted(moments):
        if paper.replaced_at is not None and moment >= paper.replaced_at:
            break
        state = _state(paper, moment)
        if state != held:
            if held is not None:
                yield held | {"known_from": moment_number(since), "known_to": moment_number(moment)}
            held, since = state, moment
    if held is not None:
        # A paper replaced by one that was never stored is not there now, and was there before.
        end = moment_number(paper.replaced_at) if paper.replaced_at else STILL
        yield held | {"known_from": moment_number(since), "known_to": end}


def _state(paper: Paper, moment: str) -> dict[str, Any]:
    """What was known at a moment, as `figures_papers` tells it."""
    version = next(row for row in reversed(paper.versions) if row.created_at <= moment)
    issued = [row for row in paper.codes if row.issued_at <= moment]
    stands = any(row.state == ISSUED or (row.voided_at or "") > moment for row in issued)
    voids = [
        row
        for row in paper.codes
        if row.state != ISSUED and (row.voided_at is None or row.voided_at <= moment)
    ]
    void = voids[-1] if voids and not stands else None
    fields, validity = version.data.get("fields", {}), version.data.get("validity", {})
    number = _value(fields, "number")
    expired, before = _expired(paper.decisions, moment)
    return {
        "document_id": paper.document.id,
        "level": version.level,
        "unit": version.unit,
        "kind": version.kind,
        "role": version.data.get("role", Role.RESULT.value),
        "route": version.route,
        "coded": stands or void is not None,
        "voided": void is not None,
        "linked": paper.document.linked_to is not None and not stands,
        "stored": version.pdfa_key is not None,
        "validity": before or validity.get("state", ValidityState.UNKNOWN.value),
        "by_person": validity.get("source") == "operator",
        "issue_date": _day_text(_value(fields, "issue_date")),
        "digitised_on": _day_of(min((row.issued_at for row in issued), default=None)),
        "stored_on": _day_of(paper.document.created_at),
        "valid_until": _day_text(validity.get("until")),
        "expired_from": expired,
        "code_until": _day_of(void.voided_at) if void else None,
        "owner": _value(fields, "owner_id"),
        "number_key": bare_number(number)[:_LONGEST_NUMBER] if number else None,
    }


def _expired(decisions: Sequence[Row[Any]], moment: str) -> tuple[int | None, str | None]:
    """The day from which a person's last word has a paper expired, and what was held before it."""
    made = [row for row in decisions if row.at <= moment]
    if not made:
        return None, None
    over, day = expired_of(made[-1].value)
    if not over:
        return None, None
    if day is not None:
        return day_number(day), ValidityState.IN_FORCE.value
    return _day_of(made[-1].at), made[-1].old or ValidityState.UNKNOWN.value


def _value(fields: dict[str, Any], name: str) -> str | None:
    held = fields.get(name)
    return held["value"] if held else None


def key_of_number(number: str) -> str:
    """A number as `paper_span.number_key` holds it."""
    return bare_number(number)[:_LONGEST_NUMBER]


def day_number(day: date) -> int:
    """A day as the columns hold it: 20210504."""
    return day.year * 10000 + day.month * 100 + day.day


def day_of_number(number: int | None) -> date | None:
    """The day that a column holds."""
    return None if number is None else date(number // 10000, number // 100 % 100, number % 100)


def moment_number(moment: str) -> int:
    """A moment (RFC 3339) as the columns hold it: milliseconds since 1970."""
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


def _day_of(moment: str | None) -> int | None:
    return day_number(datetime.fromisoformat(moment).astimezone(VIETNAM).date()) if moment else None


def _day_text(text: str | None) -> int | None:
    try:
        return day_number(date.fromisoformat(text)) if text else None
    except ValueError:
        return None
