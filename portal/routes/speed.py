"""`/speed`: how fast review goes and what is corrected, of the whole house."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from starlette.responses import Response
from starlette.routing import BaseRoute

from portal.rights import Right
from portal.visits import Visit, page
from review.labels import target_name
from review.second_keyings import drawn_values, tally_line, tally_of
from review.speed import GROUPS, speed_of
from schemas.clock import VIETNAM, today
from storage.catalogue.answers_given import answers_given

_DAYS: Final = 30


def routes() -> list[BaseRoute]:
    """Speed of review."""
    return [page("/speed", _speed, Right.MEASURE)]


def _speed(visit: Visit) -> Response:
    last = _day(visit.asked("until")) or today()
    first = _day(visit.asked("since")) or last - timedelta(days=_DAYS - 1)
    begin, end = (
        datetime.combine(day, time.min, VIETNAM).astimezone(UTC).isoformat(timespec="milliseconds")
        for day in (first, last + timedelta(days=1))
    )
    found = speed_of(answers_given(visit.house.database, begin, end))
    lang = visit.house.lang
    return visit.page(
        "speed.html",
        first=first,
        last=last,
        speed=found,
        groups=list(GROUPS),
        keyed=tally_line(tally_of(drawn_values(visit.house.database)), lang),
        field_name=lambda target: target_name(target, lang),
    )


def _day(given: str) -> date | None:
    try:
        return date.fromisoformat(given)
    except ValueError:
        return None
