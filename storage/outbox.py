"""Send sealed chain objects to the store, and detect a catalogue that is older than its store.

An object is put if absent, read back, and only then marked as sent; a kill in between repeats the put of the same
bytes. Whoever commits sends; what a killed run left unsent goes out with the next.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from typing import Any

from schemas.errors import CatalogueOlder, StoreError
from schemas.events import Event
from storage.catalogue import batches, chains
from storage.catalogue.chains import ChainObject
from storage.catalogue.database import Database
from storage.catalogue.events import chain_of
from storage.objects import ObjectStore, keys

_JSON = "application/json"
_sending = threading.Lock()
_OTHERS_SECONDS = 60.0  # how long another machine that sends is waited for


def send(database: Database, store: ObjectStore, *, wait: bool = True) -> int:
    """Put every sealed object that the store does not hold. Returns how many events went out.

    One process of all machines sends at a time. Without `wait` nothing is done while another is at it; what it does not
    see any more goes out next time. With it another is waited for a while; two that send put the same bytes.

    Raises:
        StoreError: the store cannot be used; what waits goes out next time.
        CatalogueOlder: the store holds another object in that place.
    """
    with _sending, database.only_one("sending", seconds=_OTHERS_SECONDS if wait else 0) as mine:
        if not mine:
            return 0
        with database.read() as connection:
            waiting = chains.unsent(connection)
        for sealed in waiting:
            _put(store, sealed)
        if not waiting:
            return 0
        with database.write(of="outbox") as connection:
            return chains.mark_sent(connection, waiting)


def send_all(database: Database, store: ObjectStore) -> int:
    """The same, after sealing entries that were to go with a later object of their chain."""
    with database.read() as connection:
        waits = chains.waiting(connection)
    if waits:
        with database.write() as connection:
            chains.seal_rest(connection)
    return send(database, store)


def _put(store: ObjectStore, sealed: ChainObject) -> None:
    key = keys.chain_object(sealed.chain, sealed.seq)
    try:
        store.put_if_absent(key, sealed.data, sha256=sealed.sha256, content_type=_JSON)
    except StoreError as error:
        if error.remedy != "object_differs":
            raise
        raise CatalogueOlder(sealed.chain, sealed.seq - 1, sealed.seq) from error


def require_current(database: Database, store: ObjectStore, chosen: Iterable[str] = ()) -> None:
    """Refuse to work with a catalogue that is older than its store.

    The house chain is always checked: it anchors the heads of closed batches. Only a chain's head and the object after it
    are asked for, so that the check costs two requests a chain.

    Args:
        database: the catalogue.
        store: the store it belongs to.
        chosen: names of batches that are about to be worked on.

    Raises:
        CatalogueOlder: the store holds events that the catalogue does not know.
    """
    with database.read() as connection:
        known = chains.heads(connection)
    if not known:
        first = next(chain_keys(store), None)
        if first is not None and not _heads(database):
            raise CatalogueOlder(first[0], 0, first[1])
        with database.write() as connection:
            chains.adopt(connection, chain_of)
    for chain in [chains.HOUSE, *(chain_of(name) for name in chosen)]:
        last, digest = known.get(chain, (0, ""))
        held = store.head(keys.chain_object(chain, last)) if last else None
        if held is not None and held.sha256 not in {"", digest}:
            raise CatalogueOlder(chain, last - 1, last)  # as long, but of another history
        seq = last + 1
        # Another process may have gone on since the heads were read.
        ahead = store.head(keys.chain_object(chain, seq)) is not None
        if ahead and _heads(database).get(chain, (0, ""))[0] < seq:
            raise CatalogueOlder(chain, seq - 1, seq)


def batches_of(database: Database) -> list[str]:
    """Names of every batch that the catalogue knows."""
    return [row.name for row in batches.batches(database)]


def _heads(database: Database) -> dict[str, tuple[int, str]]:
    with database.read() as connection:
        return chains.heads(connection)


def chain_keys(store: ObjectStore, chain: str = "") -> Iterator[tuple[str, int]]:
    """Chain and sequence number of every stored chain object (of one chain), in the order of their keys."""
    for info in store.list(f"{keys.EVENTS}{chain}{'/' if chain else ''}"):
        place = keys.chain_place(info.key)
        if place is not None:
            yield place


def stored_entries(store: ObjectStore, chain: str) -> Iterator[dict[str, Any]]:
    """Entries of a chain as the store holds them, oldest first."""
    for name, seq in chain_keys(store, chain):
        yield from json.loads(store.read(keys.chain_object(name, seq)))["entries"]


def read_events(store: ObjectStore, batch: str, run: str) -> list[Event]:
    """Events of one run of a batch as the store holds them."""
    return [
        Event.model_validate(entry["event"])
        for entry in stored_entries(store, chain_of(batch))
        if entry.get("run") == run
    ]
