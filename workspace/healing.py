"""Stores objects, and repairs lost or damaged ones from the bytes at hand."""

from __future__ import annotations

from pathlib import Path

from schemas.batches import StagedFile
from schemas.errors import StoreError
from schemas.events import EventType
from schemas.version import TOOL
from storage.catalogue import documents, fixity
from storage.catalogue import events as event_log
from storage.catalogue.provenance import new_event
from storage.objects import keys
from workspace.opening import Workspace

_BYTES = "application/octet-stream"


def keep_object(
    workspace: Workspace,
    key: str,
    source: Path,
    *,
    sha256: str,
    content_type: str,
    subject: str,
    batch: str,
    known: bool = False,
) -> None:
    """Store a content-addressed object, replacing damaged bytes under its key.

    Args:
        workspace: the opened home.
        key: object key.
        source: the good bytes.
        sha256: their digest.
        content_type: of the bytes.
        subject: of the repair event.
        batch: of the repair event.
        known: the catalogue already refers to it, so that a missing object is a loss.

    Raises:
        StoreError: the store refused.
    """
    aside: str | None = None
    try:
        put = workspace.store.put_if_absent(key, source, sha256=sha256, content_type=content_type)
        healed = put and known
    except StoreError as error:
        if error.remedy != "object_differs":
            raise
        aside = workspace.store.restore(key, source, sha256=sha256, content_type=content_type)
        healed = True
    if healed:
        _record_repair(workspace, key, subject, batch, aside)


def keep_original(workspace: Workspace, staged: StagedFile, batch: str, *, known: bool) -> None:
    """Store an original, or restore it if the stored one is lost or damaged."""
    keep_object(
        workspace,
        keys.original(staged.sha256),
        Path(staged.path),
        sha256=staged.sha256,
        content_type=_BYTES,
        subject=staged.sha256,
        batch=batch,
        known=known,
    )


def heal_twin(workspace: Workspace, staged: StagedFile, batch: str) -> None:
    """Repair the stored original of a duplicate file before linking to it, if it is lost or damaged."""
    if documents.of_original(workspace.database, staged.sha256):
        keep_original(workspace, staged, batch, known=True)


def _record_repair(workspace: Workspace, key: str, subject: str, batch: str, aside: str | None) -> None:
    event = new_event(
        EventType.REPAIR,
        subject,
        "healed",
        batch=batch,
        agent=workspace.operator,
        tool=TOOL,
        detail={"object": key, "aside": aside},
    )
    with workspace.database.write() as connection:
        event_log.record_events(connection, workspace.run.id, [event])
        fixity.healed(connection, key)
