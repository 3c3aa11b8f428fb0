"""The queue of review, kept in memory: only papers whose version has changed are looked at again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

from portal.rights import Scope
from review.carpets import Piece
from review.questions import waiting_papers
from review.queueing import Queued, in_order, queued
from storage.catalogue import reviewed, seen_papers
from storage.catalogue.database import Database
from workspace.opening import Workspace

_AT_ONCE: Final = 500
_MOST_PICTURES: Final = 96  # about 200 KB each


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

    def papers(self, scope: Scope, wanted: Wanted = Wanted()) -> list[Queued]:
        """Those within a scope."""
        return [each for each in self._now() if scope.has(each.unit, each.batch) and wanted.takes(each)]

    def next(self, scope: Scope, wanted: Wanted, without: Collection[str]) -> Iterator[Queued]:
        """Those that may come next: the ones passed over in this sitting last, in the order they were left."""
        passed = {own: at for at, own in enumerate(without)}
        found = self.papers(scope, wanted)
        yield from (each for each in found if each.document_id not in passed)
        again = [each for each in found if each.document_id in passed]
        yield from sorted(again, key=lambda each: passed[each.document_id])

    def _now(self) -> Sequence[Queued]:
        with self._lock:
            database, book = self._workspace.database, self._workspace.rules.book
            versions = seen_papers.unaccepted(database)
            gone = self._known.keys() - versions.keys()
            changed = [
                own for own, version in versions.items() if self._known.get(own, (0, None))[0] != version
            ]
            for own in gone:
                del self._known[own]
            for at in range(0, len(changed), _AT_ONCE):
                part = changed[at : at + _AT_ONCE]
                papers = waiting_papers(database, part, book)
                for own in part:
                    held = papers.get(own)
                    self._known[own] = (versions[own], queued(held) if held else None)
            if gone or changed:
                self._order = in_order([each for _, each in self._known.values() if each])
            return self._order


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
