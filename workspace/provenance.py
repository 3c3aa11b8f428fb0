"""Compares the events shown in a trace with those in the stored chains."""

from __future__ import annotations

import json

from schemas.errors import StoreError
from schemas.traces import Provenance
from storage.catalogue import chains
from storage.catalogue.events import chain_of
from storage.catalogue.history import History
from storage.objects import keys, sha256_of
from workspace.opening import Workspace


def provenance_of(workspace: Workspace, found: History) -> Provenance:
    """Compare the events of a trace with the stored chain objects that hold them.

    Only objects that hold such an event are read. An event about these papers that is in a chain but not in the
    catalogue also counts as differing.
    """
    shown = {event.id: event.model_dump(mode="json") for _, event in found.events}
    subjects = {found.sha256, *(paper.row.document.id for paper in found.papers)}
    names = {event.batch for _, event in found.events} | {paper.row.batch for paper in found.papers}
    agree: set[str] = set()
    differ: set[str] = set()
    unread: set[str] = set()
    waiting: set[str] = set()
    for chain in sorted({chains.HOUSE, *(chain_of(name) for name in names)}):
        with workspace.database.read() as connection:
            objects = chains.objects(connection, chain)
        for chain_object in objects:
            own = [entry["event"] for entry in json.loads(chain_object.data)["entries"] if "event" in entry]
            own_ids = {event["id"] for event in own if event["id"] in shown or event["subject"] in subjects}
            if not chain_object.sent:
                waiting |= own_ids
                unread |= own_ids
                continue
            if not own_ids:
                continue
            stored = _stored_events(
                workspace, keys.chain_object(chain, chain_object.seq), chain_object.sha256
            )
            if stored is None:
                unread |= own_ids
                continue
            for name in own_ids:
                (agree if name in shown and stored.get(name) == shown[name] else differ).add(name)
    unknown = set(shown) - agree - differ - unread
    return Provenance(
        agree=len(agree), differ=len(differ | unknown), unread=len(unread - waiting), waiting=len(waiting)
    )


def _stored_events(workspace: Workspace, key: str, sha256: str) -> dict[str, object] | None:
    """Events of a stored chain object by id; None if its bytes are lost or altered."""
    try:
        data = workspace.store.read(key)
    except StoreError:
        return None
    if sha256_of(data) != sha256:
        return None
    return {entry["event"]["id"]: entry["event"] for entry in json.loads(data)["entries"] if "event" in entry}
