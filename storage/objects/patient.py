"""A store that retries while the store behind it is unreachable, with growing pauses and a single log line.

Only an unreachable store is waited for, or one that takes this machine's clock for wrong: the clock is put right sooner
or later. A refusal, damage or a full disk is an answer, and is raised at once.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

import structlog
from tenacity import RetryCallState, Retrying, retry_if_exception, wait_random_exponential

from schemas.errors import StoreError
from schemas.stores import ObjectInfo, StoreTraits
from storage.objects import ObjectStore

P = ParamSpec("P")
T = TypeVar("T")
_LONGEST_PAUSE: Final = 30.0
_FORGOTTEN: Final = 60.0
_PASSING: Final = {"store_unreachable", "store_clock"}
_log = structlog.get_logger(__name__)


class PatientStore:
    """An `ObjectStore` over another one. Threads that wait for the same outage log it once.

    Args:
        open_store: opens the store behind; called again until it can be reached.
        seconds: how long an outage is waited for, from its beginning: once it was given up, nothing else waits again.
    """

    def __init__(self, open_store: Callable[[], ObjectStore], seconds: float) -> None:
        self._seconds = seconds
        self._guard = threading.Lock()
        self._away_since: float | None = None
        self._store = self._call(open_store)

    def put_if_absent(self, key: str, source: Path | bytes, *, sha256: str, content_type: str) -> bool:
        """Store once."""
        put = functools.partial(self._store.put_if_absent, sha256=sha256, content_type=content_type)
        return self._call(put, key, source)

    def put(self, key: str, source: Path | bytes, *, sha256: str, content_type: str) -> None:
        """Store, replacing what is there."""
        put = functools.partial(self._store.put, sha256=sha256, content_type=content_type)
        self._call(put, key, source)

    def get(self, key: str, target: Path) -> None:
        """Copy an object to a file."""
        self._call(self._store.get, key, target)

    def read(self, key: str) -> bytes:
        """An object's bytes."""
        return self._call(self._store.read, key)

    def digest(self, key: str) -> tuple[int, str]:
        """Size and SHA-256 of an object's bytes."""
        return self._call(self._store.digest, key)

    def restore(self, key: str, source: Path | bytes, *, sha256: str, content_type: str) -> str | None:
        """Put good bytes back where they are lost or damaged."""
        restore = functools.partial(self._store.restore, sha256=sha256, content_type=content_type)
        return self._call(restore, key, source)

    def revive(self, key: str, *, sha256: str, content_type: str) -> str | None:
        """Put an object right from an earlier version of it."""
        return self._call(
            functools.partial(self._store.revive, sha256=sha256, content_type=content_type), key
        )

    def head(self, key: str) -> ObjectInfo | None:
        """Size and digest of an object."""
        return self._call(self._store.head, key)

    def remove(self, key: str) -> None:
        """Remove an object of the intake."""
        self._call(self._store.remove, key)

    def hold(self, key: str, *, on: bool) -> bool:
        """Put an object under legal hold, or out of it."""
        return self._call(functools.partial(self._store.hold, on=on), key)

    def held(self, key: str) -> bool | None:
        """Whether an object is under legal hold."""
        return self._call(self._store.held, key)

    def retain(self, key: str) -> bool:
        """Give an object the retention that it lacks."""
        return self._call(self._store.retain, key)

    def traits(self) -> StoreTraits:
        """What the store keeps by itself."""
        return self._call(self._store.traits)

    def give_up_uploads(self, older: timedelta) -> tuple[str, ...]:
        """Give up uploads that were never completed."""
        return self._call(self._store.give_up_uploads, older)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Objects under a prefix; a listing that breaks off is not repeated here."""
        yield from self._store.list(prefix)

    def _call(self, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        policy = Retrying(
            stop=self._too_long,
            wait=wait_random_exponential(multiplier=1, max=_LONGEST_PAUSE),
            retry=retry_if_exception(_unreachable),
            before_sleep=self._say_away,
            reraise=True,
        )
        answer = policy(work, *arguments, **named)
        self._say_back()
        return answer

    def _too_long(self, _state: RetryCallState) -> bool:
        with self._guard:
            if self._away_since is None:
                return self._seconds <= 0
            lasted = time.monotonic() - self._away_since
            if lasted > 2 * self._seconds + _FORGOTTEN:
                self._away_since, lasted = time.monotonic(), 0.0  # a worker lives on, and met another outage
        return lasted >= self._seconds

    def _say_away(self, state: RetryCallState) -> None:
        with self._guard:
            first = self._away_since is None
            if first:
                self._away_since = time.monotonic()
        if first and state.outcome is not None:
            _log.warning("store_away", detail=str(state.outcome.exception()), waiting_seconds=self._seconds)

    def _say_back(self) -> None:
        with self._guard:
            back, self._away_since = self._away_since is not None, None
        if back:
            _log.warning("store_back")


def _unreachable(error: BaseException) -> bool:
    return isinstance(error, StoreError) and error.remedy in _PASSING
