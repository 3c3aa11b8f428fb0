"""The next version of a document whose values a person changed: a new sidecar, and the PDF/A that belongs to it."""

from __future__ import annotations

from typing import Any

from review.correcting import Redone
from schemas.digests import Digests
from schemas.documents import Document, Route
from schemas.sidecars import Sidecar
from storage.catalogue import batches, documents
from storage.catalogue.documents import DocumentRow, NewVersion
from storage.sidecars import write_sidecar
from workspace.opening import Workspace


def next_version(
    workspace: Workspace,
    row: DocumentRow,
    sidecar: Sidecar,
    document: Document,
    *,
    digests: Digests,
    operator: str,
    redone: Redone | None = None,
    **changed: Any,
) -> NewVersion:
    """Store the sidecar of a document's next version. Returns the version to commit.

    Args:
        workspace: the opened home.
        row: the document as it is stored.
        sidecar: of that version.
        document: the document as it is now.
        digests: of the rules under which it was understood.
        operator: who changed it.
        redone: its PDF/A; None keeps that of the version before.
        **changed: other fields of the sidecar that differ (`code`, `sheet`, `events`).

    Raises:
        StoreError: the sidecar could not be stored.
    """
    version = row.version + 1
    facts = redone.facts if redone else sidecar.rendition
    made = {"document": document, "version": version, "digests": digests, "operator": operator}
    when = {"run": workspace.run.id, "written_at": batches.now(), "rendition": facts}
    stored = write_sidecar(workspace.store, sidecar.model_copy(update={**made, **when, **changed}))
    return NewVersion(
        document=document,
        digests=digests,
        version=version,
        verdict=redone.verdict if redone else row.verdict,
        pdfa_key=facts.key if redone and facts else row.pdfa_key,
        pdfa_sha256=facts.sha256 if redone and facts else row.pdfa_sha256,
        sidecar_key=stored.key,
        sidecar_sha256=stored.sha256,
        parts=documents.parts_of(document) if document.route is Route.ACCEPTED else None,
        events=redone.events if redone else (),
    )
