"""Answers that people gave in review, with what their papers are of: what the speed of review is counted from."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select

from schemas.events import EventType
from storage.catalogue import schema as t
from storage.catalogue.database import Database


class AnswerGiven(NamedTuple):
    """One answer. `scanner` and `contractor` are those of the batch sheet; `ms` is None where nobody measured."""

    document_id: str
    at: str
    operator: str
    target: str
    action: str
    how: str
    old: str | None
    new: str | None
    ms: int | None
    batch: str
    unit: str | None
    scanner: str | None
    contractor: str | None


def answers_given(database: Database, since: str, until: str) -> list[AnswerGiven]:
    """Every decision entered from one moment until before another, in the order of their moments (ISO 8601, UTC)."""
    event, version, document = t.event, t.document_version, t.document
    current = (version.c.document_id == document.c.id) & (version.c.version == document.c.version)
    query = (
        select(event.c.data, version.c.unit, t.batch.c.sheet)
        .join(document, document.c.id == event.c.subject)
        .join(version, current)
        .join(t.batch, t.batch.c.name == event.c.batch)
        .where(event.c.type == EventType.DECISION, event.c.at >= since, event.c.at < until)
        .order_by(event.c.at, event.c.sequence)
    )
    with database.read() as connection:
        return [_given(row.data, row.unit, row.sheet or {}) for row in connection.execute(query)]


def _given(data: dict[str, object], unit: str | None, sheet: dict[str, object]) -> AnswerGiven:
    detail = data["detail"]
    assert isinstance(detail, dict)
    ms = detail.get("ms")
    return AnswerGiven(
        str(data["subject"]),
        str(data["at"]),
        str(data["agent"]),
        str(detail.get("target", "")),
        str(detail.get("action", "")),
        str(detail.get("how", "")),
        detail.get("old"),
        detail.get("new"),
        ms if isinstance(ms, int) else None,
        str(data.get("batch") or ""),
        unit,
        _text(sheet.get("scanner")),
        _text(sheet.get("operator")),
    )


def _text(value: object) -> str | None:
    return str(value) if value else None
