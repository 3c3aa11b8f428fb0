"""What a person asks of a schedule, read: the moment, the repetition, the priority. For command line and page alike."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from cronsim import CronSim, CronSimError

from engines.file_locks import lock_is_held
from flows.nights.running import now_in_vietnam
from schemas.errors import UsageError

_PRIORITIES = {"high": 1, "normal": 2, "low": 3, "cao": 1, "thường": 2, "thấp": 3, "1": 1, "2": 2, "3": 3}
_FORMS = ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%d/%m/%Y %H:%M")


def moment_of(given: str) -> datetime:
    """A moment as a person gives it, in Việt Nam's time; an hour alone is the next one.

    Raises:
        UsageError: it cannot be read, or lies in the past.
    """
    now = now_in_vietnam()
    moment = None
    for form in _FORMS:
        try:
            moment = datetime.strptime(given.strip(), form).replace(tzinfo=now.tzinfo)
        except ValueError:
            continue
        break
    if moment is None:
        try:
            clock = datetime.strptime(given.strip(), "%H:%M").time()
        except ValueError as error:
            raise UsageError(f"--at {given}", remedy="schedule_at", value=given) from error

        moment = datetime.combine(now.date(), clock, now.tzinfo)
        moment = moment if moment > now else moment + timedelta(days=1)
    if moment <= now:
        raise UsageError(f"--at {given} is past", remedy="schedule_past", value=given)
    return moment


def check_cron(cron: str) -> None:
    """Refuse what is no schedule in cron's five fields.

    Raises:
        UsageError: it is none.
    """
    try:
        next(CronSim(cron, now_in_vietnam()))
    except (CronSimError, StopIteration) as error:
        raise UsageError(f"--cron {cron}", remedy="schedule_cron", value=cron) from error


def priority_of(given: str) -> int:
    """A priority by its word or number.

    Raises:
        UsageError: there is none of that name.
    """
    try:
        return _PRIORITIES[given.strip().lower()]
    except KeyError as error:
        raise UsageError(f"priority {given}", remedy="schedule_priority", value=given) from error


def is_serving(home: Path) -> bool:
    """True if `sohoa serve` works on this home."""
    return lock_is_held(home / "locks" / "serve")
