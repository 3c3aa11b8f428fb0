"""Decisions of persons: append-only, in order; written together with the versions they produce, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, insert, select

from schemas.events import Event
from schemas.review import Decision, in_force
from storage.catalogue import chains
from storage.catalogue import schema as t
from storage.catalogue.chunks import in_chunks
from storage.catalogue.database import Database
from storage.catalogue.documents import Committed, NewVersion, commit_next
from storage.catalogue.events import chain_of, record_events


class Decided(NamedTuple):
    """A document's next version, and the decisions that led to it, paired with their events."""

    batch: str
    version: NewVersion
    decisions: tuple[tuple[Decision, Event], ...]


def of_documents(database: Database, ids: Sequence[str]) -> dict[str, list[Decision]]:
    """Every decision about these documents, by document, oldest first; documents without one are absent."""
    found: dict[str, list[Decision]] = {}
    with database.read() as connection:
        for chunk in in_chunks(ids):
            query = select(t.decision).where(t.decision.c.document_id.in_(chunk)).order_by(t.decision.c.id)
            for row in connection.execute(query):
                found.setdefault(row.document_id, []).append(Decision.model_validate(row._mapping))
    return found


def any_of_batch(database: Database, batch: str, target: str) -> bool:
    """True if somebody decided about a target of any paper of a batch."""
    query = (
        select(t.decision.c.id)
        .join(t.document, t.document.c.id == t.decision.c.document_id)
        .where(t.document.c.batch == batch, t.decision.c.target == target)
        .limit(1)
    )
    with database.read() as connection:
        return connection.execute(query).first() is not None


def of_original(database: Database, sha256: str) -> dict[str, dict[str, Decision]]:
    """Decisions in force about the documents of an original, by document and target."""
    query = (
        select(t.decision)
        .join(t.document, t.document.c.id == t.decision.c.document_id)
        .where(t.document.c.sha256 == sha256)
        .order_by(t.decision.c.id)
    )
    found: dict[str, list[Decision]] = {}
    with database.read() as connection:
        for row in connection.execute(query):
            found.setdefault(row.document_id, []).append(Decision.model_validate(row._mapping))
    return {document: in_force(history) for document, history in found.items()}


def commit(
    database: Database,
    run: str,
    operator: str,
    decided: Sequence[Decided],
    code_event: Callable[[str, str, str], Event],
) -> list[Committed]:
    """Write decisions, the versions they produce, codes and events, atomically.

    Args:
        database: the catalogue.
        run: id of the run that events belong to.
        operator: the responsible person.
        decided: one entry per document.
        code_event: makes the event of an issued code from (batch, document id, code).

    Raises:
        CatalogueError: a document has another version by now; nothing was written.
    """
    done = []
    with database.write() as connection:
        for entry in decided:
            _record(connection, run, entry)
            done.append(
                commit_next(
                    connection,
                    entry.batch,
                    run,
                    operator,
                    entry.version,
                    lambda document_id, code, batch=entry.batch: code_event(batch, document_id, code),  # type: ignore[misc]
                )
            )
    return done


def _record(connection: Connection, run: str, entry: Decided) -> None:
    rows = [
        {**decision.model_dump(mode="json"), "document_id": entry.version.document.id, "event": event.id}
        for decision, event in entry.decisions
    ]
    connection.execute(insert(t.decision), rows)
    record_events(connection, run, [event for _, event in entry.decisions])
    made = t.decision.c.event.in_([event.id for _, event in entry.decisions])
    chains.note(connection, chain_of(entry.batch), t.decision, made)
