"""Alerts that were raised, and the channels each state was sent to: once until the state changes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import insert, select, update

from schemas.alerts import Alert
from storage.catalogue import schema as t
from storage.catalogue.database import Database
from storage.catalogue.events import now


class AlertRow(NamedTuple):
    """An alert on record. `sent` holds the moment by channel; None marks a channel still waiting."""

    key: str
    rule: str
    subject: str
    fingerprint: str
    message: str
    raised_at: str
    cleared_at: str | None
    sent: dict[str, str | None]


def key_of(alert: Alert) -> str:
    """Key of what an alert is about, whatever its state."""
    return hashlib.sha256(f"{alert.rule}\0{alert.subject}".encode()).hexdigest()


def raise_alerts(database: Database, found: Sequence[Alert]) -> None:
    """Record the current alerts: new and changed ones are queued for their channels, resolved ones are cleared."""
    alerts = {key_of(alert): alert for alert in found}
    with database.write() as connection:
        known = {row.key: row for row in connection.execute(select(t.alert))}
        for key, alert in alerts.items():
            row = known.get(key)
            if row is not None and row.cleared_at is None and row.fingerprint == alert.fingerprint:
                continue
            values: dict[str, Any] = {
                "fingerprint": alert.fingerprint,
                "message": alert.message,
                "raised_at": now(),
                "cleared_at": None,
                "sent": dict.fromkeys(alert.channels),
            }
            if row is None:
                new = {"key": key, "rule": alert.rule, "subject": alert.subject, **values}
                connection.execute(insert(t.alert).values(new))
            else:
                connection.execute(update(t.alert).where(t.alert.c.key == key).values(values))
        cleared = [key for key, row in known.items() if row.cleared_at is None and key not in alerts]
        for key in cleared:
            connection.execute(update(t.alert).where(t.alert.c.key == key).values(cleared_at=now()))


def standing(database: Database) -> list[AlertRow]:
    """Active alerts, oldest first."""
    query = select(t.alert).where(t.alert.c.cleared_at.is_(None)).order_by(t.alert.c.raised_at, t.alert.c.key)
    with database.read() as connection:
        return [AlertRow(*row) for row in connection.execute(query)]


def mark_sent(database: Database, rows: Sequence[AlertRow], channel: str) -> None:
    """Mark alerts as sent by a channel; one that changed meanwhile stays queued."""
    with database.write() as connection:
        for row in rows:
            held = connection.execute(select(t.alert).where(t.alert.c.key == row.key)).one()
            if held.fingerprint == row.fingerprint and held.raised_at == row.raised_at:
                sent = {**held.sent, channel: now()}
                connection.execute(update(t.alert).where(t.alert.c.key == row.key).values(sent=sent))
