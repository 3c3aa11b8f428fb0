"""Documents that take the place of others: a split, a join, or the next version of one whose pages were edited.

A document that was replaced stays in the catalogue for ever with its versions, events and decisions; it is in no list of
current papers and in no figure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, insert, select, update

from schemas.errors import CatalogueError
from schemas.events import Event
from schemas.reading import PageList
from schemas.review import Decision
from storage.catalogue import chains
from storage.catalogue import schema as t
from storage.catalogue.batches import FileRow, finish_file
from storage.catalogue.codes import ISSUED
from storage.catalogue.database import Database
from storage.catalogue.documents import Committed, NewVersion, commit_within
from storage.catalogue.events import chain_of, record_events
from storage.catalogue.lookups import DocumentRow, rows_where


class Succession(NamedTuple):
    """Changes that accompany the versions of an edit of pages.

    Attributes:
        sha256: the original.
        replaced: ids of the documents that are replaced.
        heir: the document that takes over their code and links; None if there is none.
        pages: the original's pages with the edits, None if they stay as they are.
        edits: `PageSource.edit` by page, of pages that have one.
        substitutes: SHA-256 of originals whose image takes the place of a page.
        decisions: decisions of persons that the new documents take over, by document.
        events: one at least; the first stands for the decisions taken over.
        file: the file's row with the findings of its pages as they are now.
    """

    sha256: str
    replaced: tuple[str, ...]
    heir: str | None
    pages: PageList | None
    edits: Mapping[int, str]
    substitutes: tuple[str, ...]
    decisions: Mapping[str, Sequence[Decision]]
    events: tuple[Event, ...]
    file: FileRow


def commit(
    database: Database,
    batch: str,
    file: str,
    run: str,
    operator: str,
    versions: Sequence[NewVersion],
    change: Succession,
    code_event: Callable[[str, str], Event],
) -> list[Committed]:
    """Write new documents, links, codes and events, atomically.

    Raises:
        CatalogueError: a document was replaced meanwhile; nothing was written.
    """
    ids = tuple(version.document.id for version in versions)
    with database.write() as connection:
        _require_current(connection, change.replaced)
        record_events(connection, run, change.events)
        if change.pages is not None:
            _edit_pages(connection, batch, change)
        _insert_documents(connection, batch, file, versions, change)
        if change.heir is not None and change.replaced:
            _hand_over(connection, batch, change.replaced, change.heir)
        if change.replaced:
            values = {"replaced_by": " ".join(ids)}
            connection.execute(update(t.document).where(t.document.c.id.in_(change.replaced)).values(values))
        _take_over_decisions(connection, batch, change)
        finish_file(connection, batch, change.file)
        done = commit_within(connection, batch, run, operator, file, versions, code_event)
        chains.note(connection, chain_of(batch), t.document, t.document.c.id.in_(change.replaced))
    return done


def document_row(database: Database, document_id: str) -> DocumentRow | None:
    """A document, replaced or not."""
    with database.read() as connection:
        rows = rows_where(connection, t.document.c.id == document_id)
    return rows[0] if rows else None


def version_of(database: Database, document_id: str) -> int:
    """The highest version of a document, replaced or not; 0 if there is no such document."""
    row = document_row(database, document_id)
    return row.version if row else 0


def _require_current(connection: Connection, ids: Sequence[str]) -> None:
    query = select(t.document.c.id).where(t.document.c.id.in_(ids), t.document.c.replaced_by.is_not(None))
    replaced = connection.execute(query).scalars().first()
    if replaced is not None:
        raise CatalogueError(
            f"document {replaced} was replaced meanwhile", remedy="version_taken", id=replaced
        )


def _edit_pages(connection: Connection, batch: str, change: Succession) -> None:
    assert change.pages is not None
    values = {
        "page_list": change.pages.model_dump(mode="json", exclude_defaults=True),
        "edits": {str(page): edit for page, edit in change.edits.items()} or None,
    }
    connection.execute(update(t.original).where(t.original.c.sha256 == change.sha256).values(values))
    for sha256 in (change.sha256, *change.substitutes):
        chains.note(connection, chain_of(batch), t.original, t.original.c.sha256 == sha256)


def _insert_documents(
    connection: Connection, batch: str, file: str, versions: Sequence[NewVersion], change: Succession
) -> None:
    """Rows of new documents, without a version yet; a document that had been replaced is current again."""
    replaces = " ".join(change.replaced) or None
    for version in versions:
        document = version.document
        known = connection.execute(select(t.document.c.id).where(t.document.c.id == document.id)).first()
        if known is not None:
            if change.replaced:
                values = {"replaces": replaces, "replaced_by": None}
                connection.execute(update(t.document).where(t.document.c.id == document.id).values(values))
            continue
        connection.execute(
            insert(t.document).values(
                id=document.id,
                sha256=document.sha256,
                pages=list(document.pages),
                batch=batch,
                file=file,
                version=0,
                created_at=change.events[0].at,
                replaces=replaces,
            )
        )


def _hand_over(connection: Connection, batch: str, replaced: Sequence[str], heir: str) -> None:
    """Code and duplicates of the replaced documents belong to the heir from now on."""
    held = (t.code.c.document_id.in_(replaced), t.code.c.state == ISSUED)
    connection.execute(update(t.code).where(*held).values(document_id=heir))
    linked = select(t.document.c.id, t.document.c.batch).where(t.document.c.linked_to.in_(replaced))
    for row in connection.execute(linked).all():
        connection.execute(update(t.document).where(t.document.c.id == row.id).values(linked_to=heir))
        chains.note(connection, chain_of(row.batch), t.document, t.document.c.id == row.id)


def _take_over_decisions(connection: Connection, batch: str, change: Succession) -> None:
    event = change.events[0].id
    rows = [
        {**decision.model_dump(mode="json"), "document_id": document_id, "event": event}
        for document_id, decisions in change.decisions.items()
        for decision in decisions
    ]
    if rows:
        connection.execute(insert(t.decision), rows)
        chains.note(connection, chain_of(batch), t.decision, t.decision.c.event == event)
