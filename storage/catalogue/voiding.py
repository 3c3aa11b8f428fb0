"""Void a wrongly issued code and review the papers that depended on it, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import select, update

from schemas.events import Event
from storage.catalogue import schema as t
from storage.catalogue.codes import ISSUED
from storage.catalogue.database import Database
from storage.catalogue.documents import Committed, NewVersion, commit_next, enter_void
from storage.catalogue.lookups import CodeRow, DocumentRow, rows_where


def code_row(database: Database, printed: str) -> CodeRow | None:
    """A code, voided or not."""
    query = select(*(t.code.c[name] for name in CodeRow._fields)).where(t.code.c.printed == printed)
    with database.read() as connection:
        row = connection.execute(query).first()
    return CodeRow(*row) if row else None


def is_stored(database: Database, printed: str) -> bool:
    """True if the store holds the event that issued a code."""
    query = select(t.event.c.exported).join(t.code, t.code.c.event == t.event.c.id)
    with database.read() as connection:
        return connection.execute(query.where(t.code.c.printed == printed)).scalar() is not False


def affected(database: Database, document_id: str) -> list[DocumentRow]:
    """The holder of a code, first, and the papers that are linked to it as duplicates."""
    with database.read() as connection:
        holder = rows_where(connection, t.document.c.id == document_id)
        linked = rows_where(connection, t.document.c.linked_to == document_id)
    return holder + sorted(linked, key=lambda row: row.document.id)


def void(
    database: Database,
    printed: str,
    *,
    reason: str,
    operator: str,
    second_operator: str | None,
    successor: str | None,
    run: str,
    again: Sequence[tuple[str, NewVersion]],
    code_event: Callable[[str, str, str], Event],
) -> list[Committed]:
    """Void a code and write the next versions of the papers that rested on it.

    Args:
        database: the catalogue.
        printed: the code.
        reason: why it was wrong.
        operator: who voids it.
        second_operator: who agreed, where two are needed.
        successor: the code that takes its place, if there is one.
        run: id of the run that events belong to.
        again: batch and next version of every paper to review again; links to the holder are removed.
        code_event: makes the event of a code issued here from (batch, document id, code).

    Raises:
        CodeError: no such code in force, no reason, or a successor that was never issued.
        CatalogueError: a paper has another version by now; nothing was written.
    """
    with database.write() as connection:
        holder = enter_void(
            connection,
            printed,
            reason=reason,
            operator=operator,
            second_operator=second_operator,
            successor=successor,
            run=run,
        )
        ids = [version.document.id for _, version in again if version.document.id != holder]
        connection.execute(
            update(t.document)
            .where(t.document.c.id.in_(ids), t.document.c.linked_to == holder)
            .values(linked_to=None)
        )
        return [
            commit_next(
                connection,
                batch,
                run,
                operator,
                version,
                lambda document_id, code, batch=batch: code_event(batch, document_id, code),  # type: ignore[misc]
            )
            for batch, version in again
        ]


__all__ = ["ISSUED", "affected", "code_row", "is_stored", "void"]
