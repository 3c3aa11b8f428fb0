"""Papers that hold a code in force, found by owner, code or number over indexes alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, select

from schemas.documents import Route, Verdict
from schemas.text import number_key
from storage.catalogue import schema as t
from storage.catalogue.codes import ISSUED, MAX_NUMBER_KEY
from storage.catalogue.database import Database
from storage.catalogue.lookups import DocumentRow, rows_where

MOST: Final = 200


def by_owner(database: Database, owner: str) -> list[DocumentRow]:
    """Papers of an owner; a tax code is the same with and without its hyphen."""
    bare = owner.replace("-", "")
    spellings = {owner, bare} | ({f"{bare[:10]}-{bare[10:]}"} if len(bare) == 13 else set())
    return _papers(database, t.code.c.owner.in_(sorted(spellings)))


def by_code(database: Database, printed: str) -> list[DocumentRow]:
    """The paper of a code in force."""
    return _papers(database, t.code.c.printed == printed)


def by_number(database: Database, result_type: str, number: str) -> list[DocumentRow]:
    """Papers of a result type that bear a number, however it is spelt."""
    key = number_key(number)[:MAX_NUMBER_KEY]
    return _papers(database, t.code.c.result_type == result_type, t.code.c.number_key == key)


def by_id(database: Database, document_id: str) -> list[DocumentRow]:
    """The paper of an id, if it holds a code in force."""
    return _papers(database, t.code.c.document_id == document_id)


def holder_of(database: Database, printed: str) -> tuple[str, str | None] | None:
    """The document that a code was issued to, and when the code was voided; None if it was never issued."""
    code = t.code.c
    stored = select(code.document_id, code.voided_at, code.state, t.event.c.exported)
    query = stored.outerjoin(t.event, t.event.c.id == code.event).where(code.printed == printed)
    with database.read() as connection:
        row = connection.execute(query).first()
    if row is None or row.exported is False:
        return None
    return row.document_id, None if row.state == ISSUED else row.voided_at or ""


def mates(database: Database, kind: str, values: Sequence[str], name: str) -> list[str]:
    """Ids of coded papers of a kind that may share a series with others: the same owner, or the same number."""
    column = t.code.c.owner if name == "owner_id" else t.code.c.number
    held = (t.document_version.c.document_id == t.document.c.id) & (
        t.document_version.c.version == t.document.c.version
    )
    query = (
        select(t.document.c.id)
        .join(t.code, t.code.c.document_id == t.document.c.id)
        .join(t.document_version, held)
        .where(column.in_(list(values)), t.document_version.c.kind == kind)
    )
    with database.read() as connection:
        return list(connection.execute(query).scalars())


def _papers(database: Database, *conditions: ColumnElement[bool]) -> list[DocumentRow]:
    """Accepted, current papers whose code may be shown, the newest issue first; one more than `MOST` at most."""
    # A component of a dossier has a code, too, and is no result.
    results = t.code.c.result_type.like("KQ.%")
    holders = select(t.code.c.document_id).where(t.code.c.state == ISSUED, results, *conditions)
    with database.read() as connection:
        ids = list(connection.execute(holders.order_by(t.code.c.id.desc()).limit(MOST + 1)).scalars())
        rows = rows_where(connection, t.document.c.id.in_(ids)) if ids else []
    found = [row for row in rows if _is_given(row)]
    return sorted(
        found, key=lambda row: (row.document.value("issue_date") or "", row.document.id), reverse=True
    )


def _is_given(row: DocumentRow) -> bool:
    return (
        row.code_shown is not None
        and row.document.route is Route.ACCEPTED
        and row.linked_to is None
        and not row.replaced_by
        and row.pdfa_key is not None
        and row.verdict is not Verdict.INVALID
    )
