"""What storing a paper would do to it and to its code: done by the functions that do it, and undone."""

from __future__ import annotations

from schemas.documents import Document, Route, Verdict
from schemas.routing import after_code, checked_before_code
from storage.catalogue import codes
from storage.catalogue.batches import now
from storage.catalogue.database import Database
from storage.catalogue.documents import Committed


class _Undone(Exception):
    """Ends a transaction that was only to see what it would do."""


def foreseen(
    database: Database, batch: str, document: Document, verdict: Verdict, *, has_rendition: bool
) -> Committed:
    """What storing a version of a known document would make of it and its code: done by what stores it, and undone."""
    document = checked_before_code(document, verdict, has_rendition=has_rendition)
    outcome = codes.Issued(None)
    try:
        with database.write() as connection:
            if document.route is Route.ACCEPTED and (parts := codes.parts_of(document)) is not None:
                outcome = codes.issue(connection, document.id, parts, batch=batch, operator="", at=now())
            else:
                outcome = codes.Issued(codes.code_of(connection, document.id))
            raise _Undone
    except _Undone:
        document = after_code(document, outcome.findings, refused=outcome.refused)
    return Committed(document, outcome.code, outcome.new, outcome.linked_to)
