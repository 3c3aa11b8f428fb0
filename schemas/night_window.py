"""The night window: hours in which scheduled batches run, as "22:00-06:00" in Việt Nam's time."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import NamedTuple

from schemas.clock import VIETNAM
from schemas.errors import ConfigurationError

_FORM = re.compile(r"(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})")


class Window(NamedTuple):
    """Hours of the day in which scheduled batches run; `start` after `end` goes over midnight."""

    start: time
    end: time

    def open_at(self, moment: datetime) -> bool:
        """True if a moment lies inside the window."""
        clock = moment.astimezone(VIETNAM).time()
        if self.start < self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end

    def closes_after(self, moment: datetime) -> datetime:
        """End of the window that contains a moment, or of the next window if it lies outside."""
        local = moment.astimezone(VIETNAM)
        if not self.open_at(local):
            local = self.opens_after(local)
        end = datetime.combine(local.date(), self.end, VIETNAM)
        return end if end > local else end + timedelta(days=1)

    def opens_after(self, moment: datetime) -> datetime:
        """When the next window starts."""
        local = moment.astimezone(VIETNAM)
        start = datetime.combine(local.date(), self.start, VIETNAM)
        return start if start > local else start + timedelta(days=1)


def parse_window(text: str) -> Window:
    """Read `22:00-06:00`.

    Raises:
        ConfigurationError: the text is not a valid window.
    """
    match = _FORM.fullmatch(text.strip())
    try:
        hours = [int(part) for part in match.groups()] if match else []
        window = Window(time(hours[0], hours[1]), time(hours[2], hours[3]))
    except (ValueError, IndexError) as error:
        raise ConfigurationError(f"night window {text!r}", remedy="night_window", value=text) from error
    if window.start == window.end:
        raise ConfigurationError(f"night window {text!r}", remedy="night_window", value=text)
    return window
