"""Legal holds: a paper is kept whatever its term, for a court, an inspection or a claim. On the server where it has them.

A hold is an event with who and why. It is set on the server before it is told, and told before it is released there, so
that what is told to be held is held.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import structlog

from schemas.errors import StoreError, UsageError
from schemas.events import Event, EventType
from schemas.facts import Backing
from schemas.version import TOOL
from storage.catalogue import documents, paper_facts
from storage.catalogue.database import Database
from storage.catalogue.documents import DocumentRow
from storage.catalogue.events import record
from storage.catalogue.provenance import new_event
from storage.objects import ObjectStore
from workspace.opening import Workspace

SET, RELEASED = "set", "released"
_log = structlog.get_logger(__name__)


class Hold(NamedTuple):
    """A paper under hold, and how many of its objects the server holds itself (None: it knows no holds)."""

    document: str
    batch: str
    file: str
    event: Event
    objects: int
    on_server: int | None


def place(workspace: Workspace, identifier: str, reason: str, backing: Backing) -> Hold:
    """Put a paper under hold. Said again, it holds what was made of the paper since.

    Raises:
        UsageError: no reason, or no such paper.
        StoreError: the store cannot be reached, or refuses; nothing is told to be held.
    """
    row = _wanted(workspace, identifier, reason)
    objects = paper_facts.objects_of(workspace.database, row.document.id)
    done = [key for key in objects if _hold(workspace.store, key, on=True)]
    event = _record(workspace, row, SET, reason, backing, objects=len(objects), on_server=len(done))
    return Hold(row.document.id, row.batch, row.file, event, len(objects), len(done) or None)


def release(workspace: Workspace, identifier: str, reason: str, backing: Backing) -> Hold:
    """Release a paper; objects that another held paper needs stay held.

    Raises:
        UsageError: no reason, no such paper, or it is not held.
        StoreError: the store cannot be reached, or refuses; the same command again goes on.
    """
    row = _wanted(workspace, identifier, reason)
    last = paper_facts.last_of(workspace.database, EventType.LEGAL_HOLD).get(row.document.id)
    if last is None:
        raise UsageError(f"{identifier} is not held", remedy="hold_absent", value=row.document.id)
    objects = paper_facts.objects_of(workspace.database, row.document.id)
    event = last
    if last.outcome == SET:
        event = _record(workspace, row, RELEASED, reason, backing, objects=len(objects))
    others = held(workspace.database).keys() - {row.document.id}
    needed = {key for other in others for key in paper_facts.objects_of(workspace.database, other)}
    free = [key for key in objects if key not in needed]
    if last.outcome == RELEASED and not any(_is_held(workspace.store, key) for key in free):
        raise UsageError(f"{identifier} is not held", remedy="hold_absent", value=row.document.id)
    done = [key for key in free if _hold(workspace.store, key, on=False)]
    left = len(objects) - len(done) if done else None
    return Hold(row.document.id, row.batch, row.file, event, len(objects), left)


def held(database: Database) -> dict[str, Event]:
    """Papers under hold, with the event of each."""
    last = paper_facts.last_of(database, EventType.LEGAL_HOLD)
    return {document: event for document, event in last.items() if event.outcome == SET}


def extend(workspace: Workspace, papers: Sequence[str]) -> None:
    """Hold what was now made of papers that are held; called once it is committed, so a failure is left to `verify`."""
    try:
        last = paper_facts.last_of_papers(workspace.database, EventType.LEGAL_HOLD, papers)
        hold_all(workspace, [paper for paper, event in last.items() if event.outcome == SET])
    except StoreError as error:
        _log.warning("hold_not_extended", error=str(error))


def hold_all(workspace: Workspace, papers: Iterable[str]) -> int:
    """Hold every object of held papers that the server does not hold yet. Returns how many.

    Raises:
        StoreError: the store cannot be reached, or refuses.
    """
    needed = {key for paper in papers for key in paper_facts.objects_of(workspace.database, paper)}
    free = [key for key in sorted(needed) if _is_held(workspace.store, key) is False]
    return sum(_hold(workspace.store, key, on=True) for key in free)


def holds(database: Database, store: ObjectStore) -> list[Hold]:
    """Every hold that stands, oldest first, with what the server says of it."""
    standing = held(database)
    rows = documents.of_ids(database, list(standing))
    found = []
    for document, event in standing.items():
        row = rows.get(document) or documents.find_one(database, document)
        objects = paper_facts.objects_of(database, document)
        states = [_is_held(store, key) for key in objects]
        known = [state for state in states if state is not None]
        on_server = sum(known) if known else None
        found.append(Hold(document, row.batch, row.file, event, len(objects), on_server))
    return sorted(found, key=lambda hold: hold.event.at)


def _wanted(workspace: Workspace, identifier: str, reason: str) -> DocumentRow:
    if not reason.strip():
        raise UsageError("a hold needs its reason", remedy="hold_reason")
    return documents.find_one(workspace.database, identifier.strip())


def _hold(store: ObjectStore, key: str, *, on: bool) -> bool:
    """An object that is lost cannot be held; `verify` tells of it."""
    try:
        return store.hold(key, on=on)
    except StoreError as error:
        if error.remedy == "object_absent":
            return False
        raise


def _is_held(store: ObjectStore, key: str) -> bool | None:
    try:
        return store.held(key)
    except StoreError as error:
        if error.remedy == "object_absent":
            return False
        raise


def _record(
    workspace: Workspace, row: DocumentRow, outcome: str, reason: str, backing: Backing, **counts: int
) -> Event:
    told = {name: value for name, value in backing.model_dump(mode="json").items() if value}
    event = new_event(
        EventType.LEGAL_HOLD,
        row.document.id,
        outcome,
        batch=None,
        agent=workspace.operator,
        tool=TOOL,
        detail={"reason": reason.strip(), **told, **counts},
    )
    record(workspace.database, workspace.run_id, [event])
    workspace.send()
    return event
