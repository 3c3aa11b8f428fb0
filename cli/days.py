"""Days as people type them."""

from __future__ import annotations

from datetime import date, datetime

from schemas.clock import today
from schemas.errors import UsageError


def day_of(given: str | None) -> date:
    """The day a person typed, or today.

    Raises:
        UsageError: not a date.
    """
    if given is None:
        return today()
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(given, form).date()
        except ValueError:
            continue
    raise UsageError(f"no date: {given}", remedy="date_malformed", value=given)
