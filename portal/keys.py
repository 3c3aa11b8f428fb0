"""Who asks: keys presented as `Authorization: Bearer KEY`, and how often each may."""

from __future__ import annotations

import hashlib
import hmac
import math
import re
import threading
import time
from collections.abc import Callable
from typing import Final

from schemas.api_keys import ApiKey
from storage.catalogue import api_keys
from storage.catalogue.database import Database

_KEY: Final = re.compile(r"[Bb]earer +sohoa_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_NOBODY: Final = hashlib.sha256(b"").hexdigest()


def authenticated(database: Database, header: str | None) -> ApiKey | None:
    """The key in use that a header presents; None if there is none.

    A digest is compared in constant time whether the key is known or not.
    """
    found = _KEY.fullmatch(header or "")
    if found is None:
        return None
    key = api_keys.find(database, found[1])
    held = key.secret_sha256 if key is not None and key.state == "in_use" else None
    given = hashlib.sha256(found[2].encode("ascii")).hexdigest()
    right = hmac.compare_digest(given, held or _NOBODY)
    return key if right and held is not None else None


class RateLimit:
    """A token bucket a key: `rate` requests at once, refilled over a minute. In this process alone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def seconds_to_wait(self, key: ApiKey) -> int:
        """Take one request. Returns 0, or after how many seconds the next one is taken."""
        with self._lock:
            now = self._clock()
            left, then = self._buckets.get(key.id, (float(key.rate), now))
            left = min(float(key.rate), left + (now - then) * key.rate / 60)
            taken = left >= 1
            self._buckets[key.id] = (left - taken, now)
        return 0 if taken else max(1, math.ceil((1 - left) * 60 / key.rate))
