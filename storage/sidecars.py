"""Writing the truth beside the originals: one JSON sidecar a document version, and the events of each run.

A sidecar lies in the store before any catalogue row speaks of it. One that a killed run left behind is put
again; one that the catalogue refers to is never touched, because its version number is taken.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ValidationError

from schemas.errors import StoreError
from schemas.events import Event
from schemas.sidecars import Sidecar
from storage.catalogue import events as kept
from storage.catalogue.database import Database
from storage.objects import ObjectStore, keys, sha256_of

_JSON = "application/json"
_LINES = "application/x-ndjson"


def dump(sidecar: Sidecar) -> bytes:
    """A sidecar as bytes: UTF-8, keys sorted; equal sidecars are equal bytes."""
    return _bytes(sidecar, indent=1)


def load(data: bytes, *, key: str = "") -> Sidecar:
    """A sidecar back from its bytes.

    Raises:
        StoreError: the bytes are no sidecar, or one of a format this version does not know.
    """
    try:
        return Sidecar.model_validate_json(data)
    except ValidationError as error:
        where = "; ".join(".".join(str(part) for part in each["loc"]) for each in error.errors()[:3])
        raise StoreError(
            f"{key or 'sidecar'} cannot be read: {where}", remedy="sidecar_unusable", key=key
        ) from error


def write_sidecar(store: ObjectStore, sidecar: Sidecar) -> str:
    """Store a sidecar, read back and verified. Returns its key."""
    data = dump(sidecar)
    key = keys.sidecar(sidecar.document.id, sidecar.version)
    store.put(key, data, sha256=sha256_of(data), content_type=_JSON)
    return key


def read_sidecar(store: ObjectStore, document_id: str, version: int) -> Sidecar:
    """One version's sidecar.

    Raises:
        StoreError: it is not there, or cannot be read.
    """
    key = keys.sidecar(document_id, version)
    return load(store.read(key), key=key)


def export_events(database: Database, store: ObjectStore, batch: str) -> int:
    """Put the events that no object holds yet, those of killed runs too. Returns how many.

    Each run's object is rewritten whole and marked as kept only afterwards: a kill in between repeats, never
    loses.
    """
    waiting = kept.events_to_export(database, batch)
    for run in sorted({run for run, _ in waiting}):
        events = kept.events_of_run(database, batch, run)
        data = b"".join(_bytes(event) for event in events)
        store.put(keys.events(batch, run), data, sha256=sha256_of(data), content_type=_LINES)
        kept.mark_exported(database, [event.id for event in events])
    return len(waiting)


def read_events(store: ObjectStore, batch: str, run: str) -> list[Event]:
    """Events of one run as the store keeps them."""
    data = store.read(keys.events(batch, run))
    return [Event.model_validate_json(line) for line in data.splitlines() if line]


def _bytes(model: BaseModel, *, indent: int | None = None) -> bytes:
    plain: dict[str, Any] = model.model_dump(mode="json")
    separators = None if indent else (",", ":")
    return (
        json.dumps(plain, sort_keys=True, ensure_ascii=False, indent=indent, separators=separators) + "\n"
    ).encode()
