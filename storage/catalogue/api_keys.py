"""Keys of the look-up API in the catalogue. Every change is an event of the house chain; the secret's hash is in none."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from schemas.api_keys import ApiKey
from schemas.errors import UsageError
from schemas.events import EventType
from schemas.version import TOOL
from storage.catalogue import chains
from storage.catalogue import schema as t
from storage.catalogue.database import Database
from storage.catalogue.events import new_event_id, now, record_events
from storage.catalogue.provenance import Detail, new_event


def add(database: Database, key: ApiKey) -> None:
    """Enter a new key."""
    with database.write() as connection:
        connection.execute(insert(t.api_key).values(**key.model_dump(mode="json")))
        detail: dict[str, Detail] = {"scopes": " ".join(key.scopes), "rate": key.rate}
        if key.units:
            detail["units"] = ", ".join(key.units)
        _record(connection, key, "issued", key.created_by, key.created_at, detail)


def revoke(database: Database, key_id: str, operator: str) -> ApiKey:
    """Revoke a key from now on.

    Raises:
        UsageError: there is no such key, or it is revoked already.
    """
    with database.write() as connection:
        key = _one(connection, key_id)
        if key is None or key.revoked_at is not None:
            raise UsageError(f"no key {key_id} in use", remedy="api_key_absent", value=key_id)
        changed = key.model_copy(update={"revoked_at": now(), "revoked_by": operator})
        values = {"revoked_at": changed.revoked_at, "revoked_by": operator}
        connection.execute(update(t.api_key).where(t.api_key.c.id == key_id).values(**values))
        _record(connection, changed, "revoked", operator, changed.revoked_at or "", {})
    return changed


def find(database: Database, key_id: str) -> ApiKey | None:
    """A key by its id, revoked or not."""
    with database.read() as connection:
        return _one(connection, key_id)


def of_system(database: Database, system: str) -> list[ApiKey]:
    """Keys of a system that are not revoked."""
    return [key for key in all_of(database) if key.system == system and key.revoked_at is None]


def all_of(database: Database) -> list[ApiKey]:
    """Every key that was ever issued, the oldest first."""
    query = select(t.api_key).order_by(t.api_key.c.created_at, t.api_key.c.id)
    with database.read() as connection:
        return [ApiKey.model_validate(dict(row)) for row in connection.execute(query).mappings()]


def _one(connection: Connection, key_id: str) -> ApiKey | None:
    row = connection.execute(select(t.api_key).where(t.api_key.c.id == key_id)).mappings().first()
    return ApiKey.model_validate(dict(row)) if row is not None else None


def _record(
    connection: Connection, key: ApiKey, outcome: str, agent: str, at: str, detail: dict[str, Detail]
) -> None:
    said: dict[str, Detail] = {"system": key.system, **detail}
    event = new_event(
        EventType.API_KEY, key.id, outcome, batch=None, agent=agent, tool=TOOL, at=at, detail=said
    )
    row = {**key.model_dump(mode="json"), "secret_sha256": None}
    chains.add(connection, chains.HOUSE, {"table": t.api_key.name, "rows": [row]}, urgent=False)
    record_events(connection, new_event_id(), [event])
