"""What `sohoa verify` puts right on a server: objects from their earlier versions, retention and holds that are missing."""

from __future__ import annotations

from typing import Final

import structlog

from schemas.errors import StoreError
from schemas.events import EventType
from schemas.version import TOOL
from storage.catalogue import events as event_log
from storage.catalogue import fixity
from storage.catalogue.fixity import Expected
from storage.catalogue.provenance import new_event
from storage.objects import ObjectStore
from workspace import holding
from workspace.opening import Workspace

_TYPES: Final = {"pdfa": "application/pdf", "sidecar": "application/json", "report": "text/html"}
_BYTES: Final = "application/octet-stream"
_LEFT: Final = {"store_refused", "store_no_lock", "store_read_only"}
_log = structlog.get_logger(__name__)


def from_version(workspace: Workspace, expected: Expected) -> str | None:
    """Put an object right from an earlier version of it, as an event that says from which. Returns the version's id.

    Raises:
        StoreError: the store cannot be reached.
    """
    if expected.sha256 is None:
        return None
    kind = _TYPES.get(expected.kind, _BYTES)
    try:
        version = workspace.store.revive(expected.key, sha256=expected.sha256, content_type=kind)
    except StoreError as error:
        if error.remedy not in {*_LEFT, "object_absent", "object_differs"}:
            raise
        _log.warning("version_not_used", key=expected.key, error=str(error))
        return None
    if version is not None:
        _record(workspace, expected, version)
    return version


class Retaining:
    """Gives objects the retention they lack; a key without that right leaves them, and says so once."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._allowed = True
        self.given = 0

    def take(self, key: str) -> None:
        """Look at an object that is intact."""
        if not self._allowed:
            return
        try:
            self.given += self._store.retain(key)
        except StoreError as error:
            if error.remedy == "object_absent":
                return  # removed since; the next check tells
            if error.remedy not in _LEFT:
                raise
            self._allowed = False
            _log.warning("retention_not_given", key=key, error=str(error))


def hold_again(workspace: Workspace) -> int:
    """Hold what was made of held papers and is not held on the server yet. Returns how many objects."""
    try:
        return holding.hold_all(workspace, holding.held(workspace.database))
    except StoreError as error:
        if error.remedy not in _LEFT:
            raise
        _log.warning("hold_not_extended", error=str(error))
        return 0


def _record(workspace: Workspace, expected: Expected, version: str) -> None:
    event = new_event(
        EventType.REPAIR,
        expected.documents[0] if expected.documents else expected.key,
        "healed",
        batch=None,
        agent=workspace.operator,
        tool=TOOL,
        detail={"object": expected.key, "from_version": version},
    )
    with workspace.database.write() as connection:
        event_log.record_events(connection, workspace.run.id, [event])
        fixity.healed(connection, expected.key)
