"""Days and moments as people type them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from schemas.clock import VIETNAM, today
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


def moment_of(given: str) -> str:
    """The moment a person typed, as the catalogue keeps moments; a day means its end in Việt Nam.

    Raises:
        UsageError: neither a day nor a moment with its zone (RFC 3339).
    """
    try:
        moment = datetime.combine(day_of(given.strip()), time.max, VIETNAM)
    except UsageError:
        try:
            moment = datetime.fromisoformat(given.strip())
        except ValueError:
            moment = datetime.min
    if moment.tzinfo is None:
        raise UsageError(f"no moment: {given}", remedy="moment_malformed", value=given)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
