"""What every page works with: the home opened once, the words, the counters; and who is at work."""

from __future__ import annotations

import copy
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import structlog

from configs.loader import load_kinds
from configs.settings import Settings
from portal.assets import Assets
from portal.closer import Closer
from portal.provider import Provider
from portal.queue import Kinds, Pictures, PutBacks, Queue, Turns
from portal.rights import Scope, scope_of
from portal.submissions import Submissions
from portal.uploads import Uploads
from quality.unit_register import UnitRegister
from schemas.clock import today
from schemas.errors import SohoaError
from schemas.events import Event, EventType
from schemas.people import Account
from schemas.version import TOOL
from schemas.wording import text
from storage.catalogue import events
from storage.catalogue.provenance import new_event
from storage.catalogue.sessions import Lasting
from workspace.figuring import unit_register
from workspace.opening import Workspace

_log = structlog.get_logger(__name__)
_TILES: Final = 4000  # of about 5 KB


class Tally:
    """Requests answered since the start, by route, method and status, for `/metrics`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.requests: Counter[tuple[str, str, int]] = Counter()
        self.seconds: Counter[str] = Counter()

    def add(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request."""
        with self._lock:
            self.requests[route, method, status] += 1
            self.seconds[route] += seconds  # type: ignore[assignment]  # a sum of seconds

    def now(self) -> tuple[dict[tuple[str, str, int], int], dict[str, float]]:
        """The counts of this moment."""
        with self._lock:
            return dict(self.requests), dict(self.seconds)


class House:
    """One opened home, shared by all requests. Its parts are safe for several threads."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.settings: Settings = workspace.settings
        self.database = workspace.database
        self.lang = self.settings.lang
        self.secure = self.settings.portal.secure
        self.lasting = Lasting(
            int(self.settings.portal.idle_minutes * 60), int(self.settings.portal.session_hours * 3600)
        )
        self.register: UnitRegister = unit_register()
        self.titles: Mapping[str, str] = {kind.id: kind.title for kind in load_kinds()}
        self.assets = Assets()
        self.uploads = Uploads(self.settings, workspace.rules.limits)
        self.submissions = Submissions(self.settings.home)
        self.provider = Provider(self.settings.portal.oidc)
        self.tally = Tally()
        self.closer = Closer(workspace)
        self.queue, self.pictures, self.turns = Queue(workspace), Pictures(), Turns()
        self.kinds = Kinds(self.database)
        self.tiles, self.put_back = Pictures(_TILES), PutBacks(self.database)
        # Opened here: the copies that `workspace_of` hands out would each start workers of their own.
        _ = workspace.pool
        self.started = time.time()
        self._scopes: dict[tuple[Account, date], Scope] = {}

    def scope(self, person: Account) -> Scope:
        """What a person sees today."""
        key = (person, today())
        if key not in self._scopes:
            if len(self._scopes) > 1000:
                self._scopes.clear()
            self._scopes[key] = scope_of(person, self.register, key[1])
        return self._scopes[key]

    def workspace_of(self, person: Account) -> Workspace:
        """The opened home with this person as the operator, for what `review` and the like do and record."""
        own = copy.copy(self.workspace)
        own.operator = person.name
        return own

    def words(self, key: str, **params: object) -> str:
        """A sentence of the page."""
        return text(f"portal.{key}", self.lang, **params)

    def record(
        self,
        kind: EventType,
        subject: str,
        outcome: str,
        *,
        by: str,
        batch: str | None = None,
        **detail: str | int | float | None,
    ) -> None:
        """Enter an event; what the store cannot take now goes out with the next one."""
        self.record_all([new_event(kind, subject, outcome, batch=batch, agent=by, tool=TOOL, detail=detail)])

    def record_all(self, made: Sequence[Event]) -> None:
        """Enter several events at once."""
        events.record(self.database, self.workspace.run.id, made)
        self.send()

    def send(self) -> None:
        """Store what was committed, if the store can be reached."""
        try:
            self.workspace.send()
        except SohoaError as error:
            _log.warning("events_wait", reason=error.code)
