"""Stored results that wait for a result code, as `schemas.pending` has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import select

from schemas.documents import Role
from schemas.masking import mask_value
from schemas.pending import PendingPaper, PendingReason
from storage.catalogue import schema as t
from storage.catalogue.codes import ISSUED
from storage.catalogue.database import Database

# A person's conclusion comes before what the machine found.
_REASONS: Final[dict[str, PendingReason]] = {
    "closed_not_codable": "not_codable",
    "no_result_code": "no_national_code",
    "result_code_ambiguous": "several_candidates",
}


def pending_papers(database: Database) -> Iterator[PendingPaper]:
    """Current results without an issued code whose kind has none, has several, or was closed by a person.

    Papers that are components or processing results, and second scans of another paper, wait for nothing.
    """
    version = t.document_version.c
    current = (version.document_id == t.document.c.id) & (version.version == t.document.c.version)
    issued = (t.code.c.document_id == t.document.c.id) & (t.code.c.state == ISSUED)
    query = (
        select(
            t.document.c.id, t.document.c.batch, t.document.c.file, version.data, version.level, version.unit
        )
        .join(t.document_version, current)
        .outerjoin(t.code, issued)
        .where(t.document.c.replaced_by.is_(None), t.document.c.linked_to.is_(None), t.code.c.id.is_(None))
        .order_by(t.document.c.batch, t.document.c.file, t.document.c.id)
    )
    with database.read() as connection:
        rows = connection.execute(query).all()
    for row in rows:
        reason = _reason(row.data)
        if reason is not None and row.data.get("role", Role.RESULT.value) == Role.RESULT.value:
            yield _paper(row, reason)


def _reason(data: dict[str, Any]) -> PendingReason | None:
    found = {note["rule"] for note in data.get("findings", ())}
    return next((reason for rule, reason in _REASONS.items() if rule in found), None)


def _paper(row: Any, reason: PendingReason) -> PendingPaper:
    fields = row.data.get("fields", {})

    def value(name: str) -> str | None:
        held = fields.get(name)
        return held["value"] if held else None

    number = value("number")
    chosen = row.data.get("result_type") or {}
    return PendingPaper(
        document_id=row.id,
        batch=row.batch,
        file=row.file,
        kind=row.data.get("kind"),
        level=row.level,
        unit=row.unit,
        number=mask_value("number", number) if number else None,
        issue_date=value("issue_date"),
        agency=value("agency"),
        reason=reason,
        candidates=tuple(chosen.get("candidates", ())) if reason == "several_candidates" else (),
    )
