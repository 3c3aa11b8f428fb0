"""Waiting for a catalogue that is away."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

from schemas.errors import CatalogueError, ClaimLost

T = TypeVar("T")
_PAUSE_SECONDS = 2.0
PASSING: Final = {"catalogue_unusable", "catalogue_lost"}


def patiently(work: Callable[[], T], seconds: float, on_outage: Callable[[], None] = lambda: None) -> T:
    """Do something again while the catalogue is away, for so long.

    Raises:
        CatalogueError: it stays away, or refuses.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return work()
        except CatalogueError as error:
            passing = error.remedy in PASSING and not isinstance(error, ClaimLost)
            if not passing or time.monotonic() > deadline:
                raise
            on_outage()
            time.sleep(_PAUSE_SECONDS)
