"""Lots for acceptance in the catalogue: append-only, every row entered in the house chain with its event."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, select, union

from schemas.clock import VIETNAM
from schemas.errors import UsageError
from schemas.events import Event
from schemas.lots import DrawnPaper, Judged, Lot, LotDecision, LotState
from storage.catalogue import chains
from storage.catalogue import schema as t
from storage.catalogue.chunks import in_chunks
from storage.catalogue.database import Database
from storage.catalogue.events import record_events

Period = tuple[date, date | None]
_ROWS_AT_ONCE: Final = 500
_AUDIT: Final = "audit"


def add(
    database: Database, lot: Lot, papers: Sequence[DrawnPaper], members: Iterable[str], run: str, event: Event
) -> Lot:
    """Enter a lot with its papers, drawn ones and others; gives it its number.

    Raises:
        UsageError: one of its papers is in a lot that waits for its decision; nothing was entered.
    """
    sample = {paper.document_id: paper for paper in papers}
    ids = sorted({*members, *sample})
    with database.write() as connection:
        if lot.plan != _AUDIT:
            _refuse_undecided(connection, ids)
        number = (connection.execute(select(func.max(t.lot.c.id))).scalar() or 0) + 1
        entered = lot.model_copy(update={"id": number, "at": event.at})
        data = entered.model_dump(mode="json")
        row = {"id": number, "plan": lot.plan, "data": data, "operator": lot.operator, "at": event.at}
        connection.execute(insert(t.lot).values(**row, event=event.id))
        for chunk in in_chunks(ids, _ROWS_AT_ONCE):
            rows = [{"lot": number, "document_id": name, "data": _plain(sample.get(name))} for name in chunk]
            connection.execute(insert(t.lot_paper), rows)
        chains.note(connection, chains.HOUSE, t.lot, t.lot.c.id == number)
        chains.note(connection, chains.HOUSE, t.lot_paper, t.lot_paper.c.lot == number)
        told = event.model_copy(
            update={"subject": f"lot {number}", "detail": {"lot": number, **event.detail}}
        )
        record_events(connection, run, [told])
    return entered


def enter(
    database: Database,
    number: int,
    judged: Sequence[Judged],
    *,
    file: str,
    sha256: str,
    run: str,
    event: Event,
) -> int:
    """Enter findings; what says the same as the last finding of its item is left out. Returns how many were new.

    Raises:
        UsageError: there is no such lot, or it is decided.
    """
    with database.write() as connection:
        held = {(each.document_id, each.target): each for each in _open(connection, number).judged}
        fresh = [
            each
            for each in judged
            if (known := held.get((each.document_id, each.target))) is None or _said(known) != _said(each)
        ]
        last = connection.execute(select(func.max(t.lot_finding.c.id))).scalar() or 0
        made = {"lot": number, "file": file, "sha256": sha256, "at": event.at, "event": event.id}
        for chunk in in_chunks(fresh, _ROWS_AT_ONCE):
            rows = [{**each.model_dump(exclude={"at"}), **made} for each in chunk]
            connection.execute(insert(t.lot_finding), rows)
        if fresh:
            chains.note(connection, chains.HOUSE, t.lot_finding, t.lot_finding.c.id > last)
            record_events(connection, run, [event])
    return len(fresh)


def decide(database: Database, number: int, decision: LotDecision, run: str, event: Event) -> None:
    """Enter the decision about a lot.

    Raises:
        UsageError: there is no such lot, or it is decided.
    """
    with database.write() as connection:
        _open(connection, number)
        data = decision.model_copy(update={"at": event.at}).model_dump(mode="json")
        row = {"lot": number, "verdict": decision.verdict, "data": data, "operator": decision.operator}
        connection.execute(insert(t.lot_decision).values(**row, at=event.at, event=event.id))
        chains.note(connection, chains.HOUSE, t.lot_decision, t.lot_decision.c.lot == number)
        record_events(connection, run, [event])


def every(database: Database) -> list[LotState]:
    """Every lot, oldest first."""
    with database.read() as connection:
        numbers = connection.execute(select(t.lot.c.id).order_by(t.lot.c.id)).scalars().all()
        return [_state(connection, number) for number in numbers]


def audits(database: Database) -> list[LotState]:
    """Every audit of accepted values, oldest first."""
    query = select(t.lot.c.id).where(t.lot.c.plan == _AUDIT).order_by(t.lot.c.id)
    with database.read() as connection:
        numbers = connection.execute(query).scalars().all()
        return [_state(connection, number) for number in numbers]


def originals_of_audits(database: Database) -> dict[str, str]:
    """The original's SHA-256 of every paper that an audit drew."""
    query = (
        select(t.document.c.id, t.document.c.sha256)
        .join(t.lot_paper, t.lot_paper.c.document_id == t.document.c.id)
        .join(t.lot, t.lot.c.id == t.lot_paper.c.lot)
        .where(t.lot.c.plan == _AUDIT)
    )
    with database.read() as connection:
        return {row.id: row.sha256 for row in connection.execute(query)}


def one(database: Database, number: int) -> LotState:
    """A lot with its sample, the findings in force and its decision.

    Raises:
        UsageError: there is no such lot.
    """
    with database.read() as connection:
        return _state(connection, number)


def members(database: Database, number: int) -> list[str]:
    """Ids of every paper of a lot, drawn or not."""
    query = select(t.lot_paper.c.document_id).where(t.lot_paper.c.lot == number)
    with database.read() as connection:
        return sorted(connection.execute(query).scalars())


def doers(database: Database, number: int) -> list[str]:
    """Everybody who worked on the papers of a lot: ran their batch, decided about one of them, or had its code issued."""
    mine = t.lot_paper.c.lot == number
    run = (
        select(t.run.c.operator)
        .join(t.document, t.document.c.batch == t.run.c.batch)
        .join(t.lot_paper, t.lot_paper.c.document_id == t.document.c.id)
        .where(mine)
    )
    decided = select(t.decision.c.operator).join(
        t.lot_paper, t.lot_paper.c.document_id == t.decision.c.document_id
    )
    issued = select(t.code.c.issued_by).join(t.lot_paper, t.lot_paper.c.document_id == t.code.c.document_id)
    with database.read() as connection:
        query = union(run, decided.where(mine), issued.where(mine))
        return sorted(name for name in connection.execute(query).scalars() if name)


def returned(database: Database, known_at: str | None = None) -> dict[str, tuple[Period, ...]]:
    """By paper the periods in which it was given back: from the day its lot was rejected to the day one was accepted.

    The last day is not part of a period; None where no later lot accepted the paper. As known at a moment (None: now).
    Papers that replace one, after a split or a join, are given back as it was: page work takes nothing out of a lot.
    """
    with database.read() as connection:
        rows = _verdicts(connection, known_at)
        before = _ancestors(connection, {row.document_id for row in rows if row.verdict == "rejected"})
    by_paper: dict[str, list[Row[Any]]] = {}
    for row in rows:
        by_paper.setdefault(row.document_id, []).append(row)
    found = {}
    for document_id, line in before.items():
        told = [row for name in line for row in by_paper.get(name, ())]
        if periods := _periods(sorted(told, key=lambda row: (row.at, row.lot))):
            found[document_id] = periods
    return found


def _periods(rows: Sequence[Row[Any]]) -> tuple[Period, ...]:
    held: list[Period] = []
    for row in rows:
        day = datetime.fromisoformat(row.at).astimezone(VIETNAM).date()
        back = bool(held) and held[-1][1] is None
        if row.verdict == "rejected" and not back:
            held.append((day, None))
        elif row.verdict == "accepted" and back:
            held[-1] = (held[-1][0], day)
    return tuple(held)


def _ancestors(connection: Connection, rejected: set[str]) -> dict[str, set[str]]:
    """Papers of rejected lots and those that came after them, each with itself and the papers that it replaced."""
    if not rejected:
        return {}
    line = {name: {name} for name in rejected}
    column = t.document.c
    query = select(column.id, column.replaces).where(column.replaces.is_not(None)).order_by(column.created_at)
    for row in connection.execute(query):
        before = [line[name] for name in row.replaces.split() if name in line]
        if before:
            line.setdefault(row.id, {row.id}).update(*before)
    return line


def rejected_documents(database: Database, known_at: str | None = None) -> set[str]:
    """Papers that are given back: of the decided lots that hold them the last was rejected."""
    periods = returned(database, known_at)
    return {name for name, held in periods.items() if held[-1][1] is None}


def given_back(database: Database, ids: Iterable[str]) -> set[str]:
    """Of these papers those that a rejected lot gave back, found without looking through all lots."""
    chosen = set(ids)
    column = t.lot_decision.c
    query = select(t.lot_paper.c.document_id, column.lot, column.verdict, column.at).join(
        t.lot_decision, column.lot == t.lot_paper.c.lot
    )
    found = set()
    with database.read() as connection:
        for name in chosen:
            line, fresh = {name}, {name}
            while fresh:
                rows = connection.execute(select(t.document.c.replaces).where(t.document.c.id.in_(fresh)))
                fresh = {each for row in rows.scalars() for each in (row or "").split()} - line
                line |= fresh
            told = connection.execute(query.where(t.lot_paper.c.document_id.in_(line)))
            periods = _periods(sorted(told, key=lambda row: (row.at, row.lot)))
            if periods and periods[-1][1] is None:
                found.add(name)
    return found


def accepted_documents(database: Database) -> set[str]:
    """Papers of which the last decided lot was accepted."""
    column = t.lot_decision.c
    query = select(t.lot_paper.c.document_id, column.verdict).join(
        t.lot_decision, column.lot == t.lot_paper.c.lot
    )
    with database.read() as connection:
        rows = connection.execute(query.order_by(column.at, column.lot)).all()
    last = {row.document_id: row.verdict for row in rows}
    return {name for name, verdict in last.items() if verdict == "accepted"}


def _verdicts(connection: Connection, known_at: str | None = None) -> Sequence[Row[Any]]:
    """Paper, lot, verdict and moment of every decision, oldest first; none where no lot was rejected by then."""
    column = t.lot_decision.c
    known = [column.at <= known_at] if known_at is not None else []
    rejected = select(column.lot).where(column.verdict == "rejected", *known).limit(1)
    if connection.execute(rejected).first() is None:
        return []
    query = select(t.lot_paper.c.document_id, column.lot, column.verdict, column.at).join(
        t.lot_decision, column.lot == t.lot_paper.c.lot
    )
    return connection.execute(query.where(*known).order_by(column.at, column.lot)).all()


def _refuse_undecided(connection: Connection, ids: Sequence[str]) -> None:
    decided = select(t.lot_decision.c.lot)
    waits = (t.lot.c.plan != _AUDIT, t.lot.c.id.not_in(decided))
    query = (
        select(t.lot_paper.c.lot)
        .join(t.lot, t.lot.c.id == t.lot_paper.c.lot)
        .where(*waits)
        .order_by(t.lot_paper.c.lot)
    )
    for chunk in in_chunks(ids, _ROWS_AT_ONCE):
        held = connection.execute(query.where(t.lot_paper.c.document_id.in_(chunk)).limit(1)).scalar()
        if held is not None:
            raise UsageError(f"lot {held} waits for its decision", remedy="lot_waits", number=held)


def _open(connection: Connection, number: int) -> LotState:
    state = _state(connection, number)
    if state.decision is not None:
        raise UsageError(f"lot {number} is decided", remedy="lot_decided", number=number)
    return state


def _state(connection: Connection, number: int) -> LotState:
    data = connection.execute(select(t.lot.c.data).where(t.lot.c.id == number)).scalar()
    if data is None:
        raise UsageError(f"no lot {number}", remedy="lot_absent", number=number)
    drawn = select(t.lot_paper.c.data).where(t.lot_paper.c.lot == number, t.lot_paper.c.data.is_not(None))
    papers = [DrawnPaper.model_validate(row) for row in connection.execute(drawn).scalars()]
    found = select(t.lot_finding).where(t.lot_finding.c.lot == number).order_by(t.lot_finding.c.id)
    judged = {
        (row.document_id, row.target): Judged.model_validate(
            {name: row._mapping[name] for name in Judged.model_fields}
        )
        for row in connection.execute(found)
    }
    made = connection.execute(select(t.lot_decision.c.data).where(t.lot_decision.c.lot == number)).scalar()
    return LotState(
        Lot.model_validate(data),
        tuple(sorted(papers, key=lambda paper: paper.place)),
        tuple(judged.values()),
        LotDecision.model_validate(made) if made is not None else None,
    )


def _plain(paper: DrawnPaper | None) -> dict[str, Any] | None:
    return paper.model_dump(mode="json") if paper is not None else None


def _said(judged: Judged) -> tuple[bool, str, str]:
    return judged.right, judged.right_value, judged.note
