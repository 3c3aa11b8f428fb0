"""Create provenance events with a new id and the current time."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from schemas.events import Event, EventType
from storage.catalogue.events import new_event_id, now

Detail = str | int | float | None


def new_event(
    kind: EventType,
    subject: str,
    outcome: str,
    *,
    batch: str | None,
    agent: str,
    tool: str,
    at: str | None = None,
    detail: Mapping[str, Detail] = MappingProxyType({}),
) -> Event:
    """An event of this moment; recorded by the caller that writes the change."""
    return Event(
        id=new_event_id(),
        type=kind,
        at=at or now(),
        subject=subject,
        batch=batch,
        agent=agent,
        tool=tool,
        outcome=outcome,
        detail=dict(detail),
    )
