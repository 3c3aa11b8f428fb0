"""Putting objects into the store, and good bytes back where damaged ones lie: what is in hand heals what was lost."""

from __future__ import annotations

from pathlib import Path

from schemas.batches import StagedFile
from schemas.errors import StoreError
from schemas.events import Event, EventType
from schemas.version import TOOL
from storage.catalogue import batches, documents, fixity
from storage.catalogue import events as event_log
from storage.catalogue.events import new_event_id
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
    """Store an object that is addressed by its content; damaged bytes under its key give way to the good ones.

    Args:
        workspace: the opened home.
        key: where it belongs.
        source: the good bytes.
        sha256: their digest.
        content_type: of the bytes.
        subject: of the event that tells of a repair.
        batch: of the event.
        known: the catalogue refers to it already, so that its absence is a loss.

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
    """Store an original as it came, or put it back if the stored one is lost or damaged."""
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
    """The same bytes came again: if what is stored of them is lost or damaged, it is put back before they are linked."""
    if documents.of_original(workspace.database, staged.sha256):
        keep_original(workspace, staged, batch, known=True)


def _record_repair(workspace: Workspace, key: str, subject: str, batch: str, aside: str | None) -> None:
    event = Event(
        id=new_event_id(),
        type=EventType.REPAIR,
        at=batches.now(),
        subject=subject,
        batch=batch,
        agent=workspace.operator,
        tool=TOOL,
        outcome="healed",
        detail={"object": key, "aside": aside},
    )
    with workspace.database.write() as connection:
        event_log.record_events(connection, workspace.run.id, [event])
        fixity.healed(connection, key)
