"""Holding a batch, or a chunk of its work, among all machines that share a catalogue.

A home holds a batch by a file lock (`workspace.locks`). Where machines share the catalogue, a claim in it holds the batch
among them too; it is renewed while it is held and runs out if its holder dies.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from schemas.clock import VIETNAM
from schemas.errors import BatchHeld, CatalogueError
from storage.catalogue import claims
from storage.catalogue.claims import Holder
from storage.catalogue.database import Database, Fence
from workspace.locks import hold_batch, home_id, is_held

_log = structlog.get_logger(__name__)
_RENEWALS = 3  # in the time of a lease


@contextmanager
def hold_everywhere(
    database: Database, home: Path, batch: str, who: str, *, run: str, seconds: float
) -> Iterator[None]:
    """Hold a batch for this run, on this home and among all machines.

    Args:
        database: the catalogue.
        home: of this machine.
        batch: name of the batch.
        who: the person responsible.
        run: id of the run.
        seconds: for how long the claim of a holder that died keeps others out.

    Raises:
        BatchHeld: another run holds it, here or elsewhere; the message says who.
    """
    with hold_batch(home, batch, who):
        if not database.shared:
            yield
            return
        holder = claims.holder_here(run, home_id(home), who)
        with claimed(database, claims.batch_claim(batch), holder, seconds, batch=batch):
            yield


@contextmanager
def claimed(database: Database, name: str, holder: Holder, seconds: float, *, batch: str) -> Iterator[None]:
    """Hold a claim: all writes of the block are fenced by it, and it is renewed until the block ends.

    Raises:
        BatchHeld: another holds it.
    """
    taken = claims.take(database, name, holder, seconds)
    if isinstance(taken, Holder):
        raise BatchHeld(f"{name} is held", batch=batch, **_shown(taken))
    with kept(database, taken, seconds):
        yield


@contextmanager
def kept(database: Database, fence: Fence, seconds: float) -> Iterator[None]:
    """Keep a claim that was taken: writes are fenced by it, it is renewed, and given up at the end of the block."""
    try:
        with database.fence(fence), _renewed(database, fence, seconds):
            yield
    finally:
        try:
            claims.give_up(database, fence)
        except CatalogueError as error:
            _log.warning("claim_not_given_up", claim=fence.name, error=str(error))  # it runs out by itself


def held_by(database: Database, home: Path, batch: str) -> bool:
    """True if a run holds the batch, on this home or another."""
    if is_held(home, batch):
        return True
    holder = claims.holds(database, claims.batch_claim(batch))
    # What this home left behind when it died does not count: its file lock would be held.
    return holder is not None and holder.home != home_id(home)


@contextmanager
def _renewed(database: Database, fence: Fence, seconds: float) -> Iterator[None]:
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(seconds / _RENEWALS):
            try:
                if not claims.renew(database, fence, seconds):
                    _log.warning("claim_lost", claim=fence.name)
                    return
            except CatalogueError as error:
                # It may come back before anybody takes the claim over; until then nothing can be written anyway.
                _log.warning("claim_not_renewed", claim=fence.name, error=str(error))

    # A daemon: the wait for a catalogue that is away must not keep the process alive.
    thread = threading.Thread(target=renew, name=f"claim {fence.name}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(1.0)


def _shown(holder: Holder) -> dict[str, Any]:
    since = datetime.fromtimestamp(holder.since / 1000, VIETNAM)
    return {
        "who": holder.who,
        "pid": holder.pid,
        "host": holder.host,
        "since": since.strftime("%d/%m/%Y %H:%M:%S"),
    }
