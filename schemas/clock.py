"""What day it is for the people this serves: Việt Nam's (UTC+7, no summer time), wherever the machine stands."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

VIETNAM = timezone(timedelta(hours=7))


def today() -> date:
    """Today in Việt Nam."""
    return datetime.now(VIETNAM).date()
