"""The current day in Việt Nam (UTC+7, no summer time), whatever the machine's time zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

VIETNAM = timezone(timedelta(hours=7))


def today() -> date:
    """Today in Việt Nam."""
    return datetime.now(VIETNAM).date()
