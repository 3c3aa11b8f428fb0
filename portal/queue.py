"""The queue of review, kept in memory: only papers that the chains have spoken of since are looked at again."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

import structlog

from portal.rights import Scope
from review.carpets import Piece
from review.questions import waiting_papers
from review.queueing import Queued, in_order, moved, queued
from schemas.errors import SohoaError
from storage.catalogue import reviewed, seen_papers
from storage.catalogue.database import Database
from storage.search import Mark, papers
from workspace.opening import Workspace

_log = structlog.get_logger(__name__)
_AT_ONCE: Final = 500
_MOST_PICTURES: Final = 96  # about 200 KB each
_WHOLE: Final = (
    20.0  # seconds after which all papers are compared: entries of a chain may wait for its next object
)
_SEVERAL: Final = 50  # papers that change places one by one; more are sorted
_KINDS: Final = 60.0  # seconds for which the frequency of kinds is good


class Wanted(NamedTuple):
    """The part of the queue that a person works through; empty stands for all."""

    batch: str = ""
    kind: str = ""
    reason: str = ""

    def takes(self, paper: Queued) -> bool:
        """True if a paper is in it."""
        return (
            self.batch in {"", paper.batch}
            and self.kind in {"", paper.kind or "-"}
            and (not self.reason or self.reason in paper.reasons)
        )


class Queue:
    """Papers that wait for a person, in order."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._known: dict[str, tuple[int, Queued | None]] = {}
        self._order: list[Queued] = []
        self._mark: Mark | None = None
        self._compared = -_WHOLE

    def warm(self) -> None:
        """Look at all papers, in a thread of its own: nobody's first page waits for it longer than it has to."""
        threading.Thread(target=self._warm, name="queue", daemon=True).start()

    def _warm(self) -> None:
        try:
            self._now()
        except SohoaError as error:
            _log.warning("queue_waits", reason=error.code)  # the first page says what is wrong

    def papers(self, scope: Scope, wanted: Wanted = Wanted()) -> list[Queued]:
        """Those within a scope."""
        return [each for each in self._now() if scope.has(each.unit, each.batch) and wanted.takes(each)]

    def next(self, scope: Scope, wanted: Wanted, without: Collection[str]) -> Iterator[Queued]:
        """Those that may come next: the ones passed over in this sitting last, in the order they were left."""
        passed = {own: at for at, own in enumerate(without)}
        again = []
        for each in self._now():
            if not scope.has(each.unit, each.batch) or not wanted.takes(each):
                continue
            if each.document_id in passed:
                again.append(each)
            else:
                yield each
        yield from sorted(again, key=lambda each: passed[each.document_id])

    def _now(self) -> Sequence[Queued]:
        """All of them. The list is never changed: whoever goes through it may do so while another one is made."""
        with self._lock:
            database = self._workspace.database
            whole = time.monotonic() - self._compared >= _WHOLE
            found = None if whole or self._mark is None else papers.changes(database, self._mark)
            if found is None:
                at, mark = time.monotonic(), papers.mark_now(database)
                self._look(seen_papers.unaccepted(database), None)
                self._compared, self._mark = at, mark
            elif found.mark != self._mark:
                touched = {*found.read, *found.gone}
                self._look(seen_papers.unaccepted(database, touched), touched)
                self._mark = found.mark
            return self._order

    def _look(self, versions: Mapping[str, int], among: Collection[str] | None) -> None:
        """Take in how papers stand: all of them, or only `among`."""
        known = self._known
        looked = known.keys() if among is None else known.keys() & among
        left = [own for own in looked if own not in versions]
        changed = [own for own, version in versions.items() if known.get(own, (0, None))[0] != version]
        fresh: dict[str, tuple[int, Queued | None]] = {}
        for at in range(0, len(changed), _AT_ONCE):
            part = changed[at : at + _AT_ONCE]
            found = waiting_papers(self._workspace.database, part, self._workspace.rules.book)
            fresh |= {own: (versions[own], queued(found[own]) if own in found else None) for own in part}
        gone = [held for own in (*left, *changed) if (held := known.get(own, (0, None))[1]) is not None]
        come = [held for _, held in fresh.values() if held is not None]
        known |= fresh
        for own in left:
            del known[own]
        if len(gone) + len(come) > _SEVERAL:
            self._order = in_order([each for _, each in known.values() if each])
        elif gone or come:
            self._order = moved(self._order, gone, come)


class Kinds:
    """Kinds of the papers of a batch, the most frequent first; counted anew once a minute at most."""

    def __init__(self, database: Database) -> None:
        self._database, self._lock = database, threading.Lock()
        self._held: dict[str, tuple[float, list[str]]] = {}

    def of(self, batch: str) -> list[str]:
        """Those of a batch."""
        now = time.monotonic()
        with self._lock:
            held = self._held.get(batch)
        if held is None or now - held[0] > _KINDS:
            held = (now, seen_papers.kinds(self._database, batch))
            with self._lock:
                self._held[batch] = held
        return held[1]


class Pictures:
    """Pictures drawn lately, by what they show."""

    def __init__(self, most: int = _MOST_PICTURES) -> None:
        self._lock, self._most = threading.Lock(), most
        self._held: OrderedDict[tuple[str, bool | str], bytes] = OrderedDict()

    def get(self, key: tuple[str, bool | str]) -> bytes | None:
        """The picture, if it is still there."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def put(self, key: tuple[str, bool | str], picture: bytes) -> None:
        """Keep a picture; the one that was not asked for longest goes."""
        with self._lock:
            self._held[key] = picture
            while len(self._held) > self._most:
                self._held.popitem(last=False)


class Turns:
    """One answer at a time for each batch: the second of two people waits, instead of being told that it is held."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}

    @contextmanager
    def of(self, batch: str) -> Iterator[None]:
        """Wait for the batch."""
        with self._guard:
            lock = self._locks.setdefault(batch, threading.Lock())
        with lock:
            yield


class PutBacks:
    """Values taken out of carpets, read from their events once."""

    def __init__(self, database: Database) -> None:
        self._database, self._lock = database, threading.Lock()
        self._held: set[reviewed.PutBack] | None = None

    def has(self, piece: Piece) -> bool:
        """True if a person said that the picture of this value says something else."""
        return reviewed.PutBack(piece.document_id, piece.target, piece.shown) in self._all()

    def add(self, made: reviewed.PutBack) -> None:
        """Note one more; its event is entered besides."""
        self._all().add(made)

    def _all(self) -> set[reviewed.PutBack]:
        with self._lock:
            if self._held is None:
                self._held = reviewed.put_back(self._database)
            return self._held
