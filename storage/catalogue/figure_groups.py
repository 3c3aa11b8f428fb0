"""Papers counted in the database: those that the quota cannot tell apart on a day come as one group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, select

from schemas.quotas import PaperGroup, PaperRow
from storage.catalogue import figure_counts as counts
from storage.catalogue import figure_queries
from storage.catalogue import figure_spans as spans
from storage.catalogue import schema as t
from storage.catalogue.database import Database
from storage.catalogue.figure_queries import DAYS, Asked, known_at, listed, papers, split, unpacked
from storage.catalogue.figure_spans import day_of_number

# What no group knows of its papers; named, because to find defaults takes longer than all the rest.
_UNKNOWN: Final[dict[str, Any]] = {
    **dict.fromkeys(
        (
            "owner",
            "number",
            "revoked_on",
            "batch",
            "file",
            "validity_basis",
            "accepted_by",
            "signed_on",
            "delivered_on",
        )
    ),
    "intact": True,
}
_State = tuple[Any, ...]  # the values of `figure_spans.STATE`


def groups(database: Database, asked: Asked) -> Iterator[PaperGroup]:
    """Every paper as the quota sees it on a day, in groups."""
    rows = counts.counted(database, asked)
    with database.read() as connection:
        states = _states(connection)
    return _read(rows, states, asked)


def _read(rows: Mapping[int, int], states: Mapping[int, _State], asked: Asked) -> Iterator[PaperGroup]:
    """Counted numbers as groups; papers that differ in nothing but their unit share one row."""
    kinds: dict[_State, int] = {}
    told = {
        number: (state[0], state[1], kinds.setdefault(state[2:], len(kinds)))
        for number, state in states.items()
    }
    shared: dict[tuple[int, int], PaperRow] = {}
    for packed, papers_of in rows.items():
        number, days = split(packed)
        level, unit, kind = told[number]
        paper = shared.get(look := (days, kind))
        if paper is None:
            state = (None, None, *states[number][2:])
            paper = shared[look] = _paper(state, unpacked(days, asked))
        yield PaperGroup(level, unit, paper, papers_of)


def among(database: Database, asked: Asked, ids: Iterable[str]) -> Iterator[PaperGroup]:
    """These papers in groups."""
    with database.read() as connection:
        query = figure_queries.counted(asked, among=listed(connection, sorted(ids)))
        rows = dict(connection.execute(query).tuples().all())
        states = _states(connection)
    return _read(rows, states, asked)


def single(database: Database, asked: Asked, ids: Iterable[str]) -> list[PaperRow]:
    """These papers one by one, with the same values that they have in `groups`, days as they are."""
    chosen = list(ids)
    if not chosen:
        return []
    with database.read() as connection:
        paper = papers(asked).subquery()
        query = select(paper).where(paper.c.document_id.in_(listed(connection, chosen)))
        states = _states(connection)
        return [
            _paper(
                states[row.state],
                {name: day_of_number(row._mapping[name]) for name in DAYS},
                row.document_id,
            )
            for row in connection.execute(query)
        ]


def superseded(database: Database, asked: Asked) -> dict[str, date]:
    """Papers of which a newer one was in the catalogue, by id, with the day from which it was."""
    if not asked.newest_of:
        return {}
    counts.refresh(database)
    with database.read() as connection:
        found = connection.execute(figure_queries.superseded(asked)).tuples()
        return {name: day for name, number in found if (day := day_of_number(number))}


def with_numbers(database: Database, moment: str | None, numbers: Iterable[str]) -> list[str]:
    """Ids of the papers that bear one of these numbers, blanks and case apart."""
    wanted = sorted({spans.key_of_number(number) for number in numbers})
    if not wanted:
        return []
    counts.refresh(database)
    span = t.paper_span.c
    with database.read() as connection:
        query = select(span.document_id).where(
            span.number_key.in_(listed(connection, wanted)), known_at(moment)
        )
        return list(connection.execute(query).scalars())


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
