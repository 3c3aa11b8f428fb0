"""Stored papers as the quota sees them, as known at a moment. One query for papers, one each for voids and decisions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select, tuple_

from schemas.clock import VIETNAM
from schemas.documents import Role, ValidityState
from schemas.quotas import PaperRow
from schemas.review import VALIDITY, expired_of
from storage.catalogue import schema as t
from storage.catalogue.codes import ISSUED
from storage.catalogue.database import Database
from storage.catalogue.fixity import damaged_documents

# Later than any moment that the catalogue keeps.
_NOW: Final = "9999"


class _Void(NamedTuple):
    printed: str
    at: str | None


class _Expired(NamedTuple):
    day: date
    before: ValidityState


def papers(
    database: Database,
    *,
    ids: Sequence[str] | None = None,
    kind: str | None = None,
    known_at: str | None = None,
) -> Iterator[PaperRow]:
    """Documents as the quota sees them: all, or those of these ids or this kind.

    As known at a moment (None: now): of each document the version stored last by then, with the codes issued and the
    decisions made by then; a code voided later was in force. Whether files are intact is known as of now only. A paper
    whose only code was voided shows that code.
    """
    moment = known_at or _NOW
    chosen = list(ids) if ids is not None and kind is None else None
    query = _query(known_at, chosen)
    if known_at is None:
        query = query.where(t.document.c.replaced_by.is_(None))
    if ids is not None:
        named = t.document.c.id.in_(list(ids))
        query = query.where(named if kind is None else or_(named, t.document_version.c.kind == kind))
    with database.read() as connection:
        voided = _voids(connection, moment, chosen)
        expired = _expired(connection, moment, chosen)
        damaged = damaged_documents(connection)
        rows = connection.execute(query.order_by(t.document.c.id)).all()
    there = {row.document_id for row in rows}
    for row in rows:
        if there.isdisjoint((row.replaced_by or "").split()):
            name = row.document_id
            yield _paper(row, voided.get(name), expired.get(name), intact=name not in damaged)


def _query(known_at: str | None, ids: Sequence[str] | None) -> Select[Any]:
    version, code, moment = t.document_version.c, t.code.c, known_at or _NOW
    earliest = select(code.document_id, func.min(code.issued_at).label("issued_at"))
    if ids is not None:
        earliest = earliest.where(code.document_id.in_(ids))
    first = earliest.where(code.issued_at <= moment).group_by(code.document_id).subquery()
    stood = or_(code.state == ISSUED, code.voided_at > moment)
    return (
        select(
            version.document_id,
            *(version.data, version.kind, version.result_type, version.level, version.unit),
            *(version.route, version.pdfa_key),
            *(t.document.c.linked_to, t.document.c.replaced_by, t.document.c.batch, t.document.c.file),
            t.document.c.created_at.label("stored_at"),
            *(code.printed, code.issued_by),
            first.c.issued_at,
        )
        .select_from(t.document)
        .join(t.document_version, _version_of(known_at))
        .outerjoin(first, first.c.document_id == t.document.c.id)
        .outerjoin(t.code, and_(code.document_id == t.document.c.id, code.issued_at <= moment, stood))
    )


def _version_of(known_at: str | None) -> ColumnElement[bool]:
    """That a version is the last one of its document, as known at a moment."""
    version = t.document_version.c
    if known_at is None:
        return and_(version.document_id == t.document.c.id, version.version == t.document.c.version)
    last = (
        select(version.document_id, func.max(version.version))
        .where(version.created_at <= known_at)
        .group_by(version.document_id)
    )
    key = tuple_(version.document_id, version.version)
    return and_(version.document_id == t.document.c.id, key.in_(last))


def _voids(connection: Connection, moment: str, ids: Sequence[str] | None) -> dict[str, _Void]:
    """The last code of each document that was voided by a moment."""
    code = t.code.c
    voided = and_(code.state != ISSUED, or_(code.voided_at.is_(None), code.voided_at <= moment))
    query = select(code.document_id, code.printed, code.voided_at).where(voided).order_by(code.id)
    if ids is not None:
        query = query.where(code.document_id.in_(ids))
    return {row.document_id: _Void(row.printed, row.voided_at) for row in connection.execute(query)}


def _expired(connection: Connection, moment: str, ids: Sequence[str] | None) -> dict[str, _Expired]:
    """Documents whose last decision on validity is that they expired, with what was held before it."""
    made = t.decision.c
    query = (
        select(made.document_id, made.value, made.old, made.at)
        .where(made.target == VALIDITY, made.at <= moment)
        .order_by(made.id)
    )
    if ids is not None:
        query = query.where(made.document_id.in_(ids))
    found: dict[str, _Expired] = {}
    for row in connection.execute(query):
        over, day = expired_of(row.value)
        found.pop(row.document_id, None)
        if over:
            # A person who names a day says that the paper was in force until then.
            before = ValidityState.IN_FORCE if day else ValidityState(row.old or ValidityState.UNKNOWN)
            found[row.document_id] = _Expired(day or _day(row.at) or date.min, before)
    return found


def _paper(row: Row[Any], void: _Void | None, expired: _Expired | None, *, intact: bool) -> PaperRow:
    # Read from the plain JSON: building full documents for a million papers would take minutes.
    fields = row.data.get("fields", {})
    validity = row.data.get("validity", {})

    def value(name: str) -> str | None:
        held = fields.get(name)
        return held["value"] if held else None

    lost = void if row.printed is None else None
    state = ValidityState(validity.get("state", ValidityState.UNKNOWN))
    return PaperRow(
        document_id=row.document_id,
        level=row.level,
        unit=row.unit,
        kind=row.kind,
        result_type=row.result_type,
        role=row.data.get("role", Role.RESULT.value),
        route=row.route,
        code=row.printed or (lost.printed if lost else None),
        code_voided=lost is not None,
        code_until=_day(lost.at) if lost else None,
        owner=value("owner_id"),
        number=value("number"),
        issue_date=_date(value("issue_date")),
        digitised_on=_day(row.issued_at),
        stored=row.pdfa_key is not None,
        intact=intact,
        validity=expired.before if expired else state,
        valid_until=_date(validity.get("until")),
        validity_source=validity.get("source"),
        expired_from=expired.day if expired else None,
        # What holds a code is no duplicate; it may have been linked after the moment.
        linked_to=None if row.printed else row.linked_to,
        batch=row.batch,
        file=row.file,
        stored_on=_day(row.stored_at),
        validity_basis=validity.get("basis"),
        accepted_by=row.issued_by,
    )


def _day(moment: str | None) -> date | None:
    # Days are counted in local time; Vietnam has one time zone and no summer time.
    return datetime.fromisoformat(moment).astimezone(VIETNAM).date() if moment else None


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
