"""Which papers were signed digitally, and received by their owners' national store, by the facts handed in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import select

from schemas.facts import Fact
from schemas.quotas import DeliveryRow, DeliveryStep
from storage.catalogue import facts, figures
from storage.catalogue import schema as t
from storage.catalogue.database import Database
from storage.catalogue.figure_queries import listed


class Marked(NamedTuple):
    """The first days on which a paper was signed and received, named as `PaperRow` names them."""

    signed_on: date | None = None
    delivered_on: date | None = None

    def by(self, day: date) -> Marked:
        """What of it was done by a day."""
        return Marked(*(on if on is not None and on <= day else None for on in self))


def deliveries(database: Database, known_at: str | None = None) -> list[Fact[DeliveryRow]]:
    """Rows in force, as known at a moment (None: now)."""
    return figures.standing(facts.history(database, facts.DELIVERIES, known_at))


def steps_told(database: Database, known_at: str | None = None) -> frozenset[DeliveryStep]:
    """Steps of which anything is known at all: of others a figure says that it does not know, not that there are none."""
    return frozenset(fact.row.step for fact in deliveries(database, known_at))


def found(database: Database, rows: Sequence[DeliveryRow]) -> list[str | None]:
    """For each row the document that it names, by its id or by a code that was issued to it; None: not kept here."""
    names = {row.paper for row in rows}
    if not names:
        return []
    with database.read() as connection:
        wanted = listed(connection, sorted(names))
        ids = set(connection.execute(select(t.document.c.id).where(t.document.c.id.in_(wanted))).scalars())
        codes = select(t.code.c.printed, t.code.c.document_id).where(t.code.c.printed.in_(wanted))
        of_codes = dict(connection.execute(codes).tuples().all())
    return [row.paper if row.paper in ids else of_codes.get(row.paper) for row in rows]


def marks(database: Database, known_at: str | None = None) -> dict[str, Marked]:
    """By document the first days on which it was signed and received, as known at a moment."""
    rows = [fact.row for fact in deliveries(database, known_at)]
    held: dict[str, Marked] = {}
    for row, name in zip(rows, found(database, rows), strict=True):
        if name is not None:
            before = held.get(name, Marked())
            column = f"{row.step}_on"
            days = [day for day in (getattr(before, column), row.done_on) if day is not None]
            held[name] = before._replace(**{column: min(days)})
    return held


def alike(
    held: Mapping[str, Marked], day: date, without: Collection[str]
) -> Iterable[tuple[Marked, list[str]]]:
    """Papers by what was done to them by a day; those of which nothing was done, and some others, left out."""
    sets: dict[Marked, list[str]] = {}
    for name, marked in held.items():
        done = Marked(*(day if on is not None else None for on in marked.by(day)))
        if name not in without and done != Marked():
            sets.setdefault(done, []).append(name)
    return sets.items()
