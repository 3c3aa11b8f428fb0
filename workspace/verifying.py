"""`sohoa verify`: reads and hashes every object that the catalogue refers to, and checks the event chains.

Damaged chain objects are restored from the catalogue, other objects from an earlier version where the server keeps one;
what is left is reported until the same bytes are ingested again. Retention and holds that are missing are made good.
An interrupted check resumes where it stopped.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final, NamedTuple

import structlog

from schemas.errors import StoreError
from schemas.events import EventType
from schemas.version import TOOL
from storage import frozen_sets, outbox, sidecars
from storage.catalogue import chains, fixity
from storage.catalogue import events as event_log
from storage.catalogue.chains import ChainObject
from storage.catalogue.fixity import INTACT, SUPERSEDED, Expected, State
from storage.catalogue.provenance import new_event
from storage.objects import ObjectStore, keys
from storage.rebuilding import parsed
from workspace.mending import Retaining, from_version, hold_again
from workspace.opening import Workspace

WHOLE, DAMAGED = "success", "damaged"
_KEPT_EVERY: Final = 50
_KEPT_SECONDS: Final = 2.0
_CUT_AFTER: Final = timedelta(days=1)
_log = structlog.get_logger(__name__)
_GONE: Final[dict[str | None, State]] = {"object_absent": "missing", "object_damaged": "altered"}


class Damage(NamedTuple):
    """A damaged object. `healed`: its bytes were restored, or a later version superseded it.

    `version`: the id of the server's earlier version that they were restored from.
    """

    key: str
    kind: str
    state: State
    documents: tuple[str, ...]
    healed: bool = False
    version: str | None = None


class Verified(NamedTuple):
    """Result of a check.

    Attributes:
        resumed: it continued an interrupted one.
        uploads: keys of cut uploads that were given up.
        retained: objects that got the retention they lacked.
        held: objects of held papers that were not held on the server yet.
    """

    objects: int
    bytes: int
    damage: tuple[Damage, ...]
    resumed: bool
    uploads: tuple[str, ...] = ()
    retained: int = 0
    held: int = 0

    @property
    def outcome(self) -> str:
        """Outcome as recorded in the event."""
        return DAMAGED if any(not damaged.healed for damaged in self.damage) else WHOLE


def verify(
    workspace: Workspace,
    *,
    sample: int | None = None,
    rate: float | None = None,
    on_object: Callable[[int, int], None] = lambda done, total: None,
) -> Verified:
    """Check the store against the catalogue.

    Args:
        workspace: the opened home.
        sample: papers to draw; None checks everything, chains included.
        rate: maximum megabytes per second.
        on_object: called with the number of objects done and the total.

    Raises:
        CatalogueOlder: the catalogue is older than its store; nothing was read or recorded.
        StoreError: the store cannot be reached; what was checked so far is kept.
    """
    database = workspace.database
    workspace.require_current()
    outbox.send_all(database, workspace.store)
    opened = fixity.open_round(database, sample)
    due = fixity.expected(database, sample, opened.id)
    if sample is None:
        due += _kept_for_good(workspace)
    known = fixity.checked(database, opened.id)
    pace, retaining = _Pace(rate), Retaining(workspace.store)
    found: list[tuple[str, State]] = []
    kept_at = time.monotonic()
    try:
        for done, expected in enumerate(due, start=1):
            if expected.key not in known:
                known[expected.key] = _state(workspace.store, expected, pace)
                if known[expected.key] == INTACT:
                    retaining.take(expected.key)
                found.append((expected.key, known[expected.key]))
                if len(found) >= _KEPT_EVERY or time.monotonic() - kept_at > _KEPT_SECONDS:
                    fixity.record(database, opened.id, found)
                    found, kept_at = [], time.monotonic()
            on_object(done, len(due))
    finally:
        fixity.record(database, opened.id, found)
    damage = [
        _damage(workspace, expected, known[expected.key]) for expected in due if known[expected.key] != INTACT
    ]
    fixity.record(
        database,
        opened.id,
        [(lost.key, INTACT if lost.version else lost.state) for lost in damage if lost.healed],
    )
    if any(lost.version for lost in damage):
        outbox.send_all(database, workspace.store)  # the repairs' own events are in the chains checked next
    objects = len(due)
    if sample is None:
        in_chains, broken = _verify_chains(workspace, pace, retaining)
        objects, damage = objects + in_chains, damage + broken
        fixity.record(
            database,
            opened.id,
            [(damaged.key, INTACT if damaged.healed else damaged.state) for damaged in broken],
        )
    uploads = _cut_uploads(workspace.store)
    held = hold_again(workspace)
    result = Verified(objects, pace.bytes, tuple(damage), opened.resumed, uploads, retaining.given, held)
    _record_result(workspace, result, opened.id, sample)
    return result


class _Pace:
    """Counts bytes and throttles reads to the allowed rate."""

    def __init__(self, rate: float | None) -> None:
        self._rate = rate
        self._started = time.monotonic()
        self.bytes = 0

    def take(self, size: int) -> None:
        self.bytes += size
        if self._rate:
            due = self.bytes / (self._rate * 1_000_000) - (time.monotonic() - self._started)
            if due > 0:
                time.sleep(due)


def _state(store: ObjectStore, expected: Expected, pace: _Pace) -> State:
    try:
        size, digest = store.digest(expected.key)
        pace.take(size)
        if expected.sha256 is not None:
            return INTACT if digest == expected.sha256 else "altered"
        # Written before digests were recorded, so it can only be parsed.
        sidecars.load(store.read(expected.key), key=expected.key)
    except StoreError as error:
        if error.remedy in {"object_absent", "object_damaged"}:
            return _GONE[error.remedy]
        if error.remedy in {"sidecar_unusable", "store_unwritable"}:
            return "unreadable"
        raise
    return INTACT


def _cut_uploads(store: ObjectStore) -> tuple[str, ...]:
    """Give up uploads that a kill cut; they take room and are seen by nobody. A key without that right leaves them."""
    try:
        return store.give_up_uploads(_CUT_AFTER)
    except StoreError as error:
        if error.remedy != "store_refused":
            raise
        _log.warning("uploads_not_listed", detail=str(error))
        return ()


def _kept_for_good(workspace: Workspace) -> list[Expected]:
    """Issued reports, and frozen sets with the files that their manifests name."""
    kept = fixity.kept_for_good(workspace.database)
    files: dict[str, Expected] = {}
    for each in kept:
        if each.kind != "figures":
            continue
        try:
            manifest = frozen_sets.manifest_of(workspace.store, each.sha256 or "")
        except StoreError as error:
            if error.remedy not in _GONE:
                raise
            continue  # the manifest itself is found damaged in its turn
        files |= {file.key: Expected(file.key, "figures", file.sha256, ()) for file in manifest.files}
    return [*kept, *(files[key] for key in sorted(files))]


def _damage(workspace: Workspace, expected: Expected, state: State) -> Damage:
    """Damage to an object, put right from an earlier version on the server where one is good.

    For a superseded version it is reported as healed, since no current paper is affected.
    """
    version = from_version(workspace, expected) if state in {"missing", "altered", "unreadable"} else None
    if version is not None:
        return Damage(expected.key, expected.kind, state, expected.documents, healed=True, version=version)
    if expected.current:
        return Damage(expected.key, expected.kind, state, expected.documents)
    return Damage(expected.key, expected.kind, SUPERSEDED, expected.documents, healed=True)


def _verify_chains(workspace: Workspace, pace: _Pace, retaining: Retaining) -> tuple[int, list[Damage]]:
    database, store = workspace.database, workspace.store
    with database.read() as connection:
        heads = chains.heads(connection)
    count, damage = 0, []
    stored: dict[str, set[int]] = {}
    for chain, seq in outbox.chain_keys(store):
        stored.setdefault(chain, set()).add(seq)
    for chain in sorted(heads):
        with database.read() as connection:
            objects = chains.objects(connection, chain)
            recorded = event_log.recorded(connection, list(_event_ids(objects)))
        count += len(objects)
        previous: str | None = None
        for place, chain_object in enumerate(objects, start=1):
            state = _chain_state(store, chain_object, previous, place, recorded, pace)
            previous = chain_object.sha256
            if state == INTACT:
                retaining.take(keys.chain_object(chain, chain_object.seq))
            if state != INTACT:
                key = keys.chain_object(chain, chain_object.seq)
                damage.append(Damage(key, "chain", state, (), healed=_heal(workspace, chain_object, state)))
    for chain, numbers in sorted(stored.items()):
        beyond = sorted(number for number in numbers if number > heads.get(chain, (0, ""))[0])
        damage += [Damage(keys.chain_object(chain, number), "chain", "ahead", ()) for number in beyond]
    return count, damage


def _event_ids(objects: list[ChainObject]) -> Iterator[str]:
    for chain_object in objects:
        for entry in json.loads(chain_object.data)["entries"]:
            if "event" in entry:
                yield entry["event"]["id"]


def _chain_state(
    store: ObjectStore,
    chain_object: ChainObject,
    previous: str | None,
    place: int,
    recorded: dict[str, dict[str, object]],
    pace: _Pace,
) -> State:
    """Check one chain object against the store, its neighbours and the events in the catalogue."""
    try:
        size, digest = store.digest(keys.chain_object(chain_object.chain, chain_object.seq))
        pace.take(size)
    except StoreError as error:
        if error.remedy not in _GONE:
            raise
        return _GONE[error.remedy]
    if digest != chain_object.sha256:
        return "altered"
    own = parsed(chain_object.chain, chain_object.seq, chain_object.data)
    if (
        own is None
        or own.sha256 != chain_object.sha256
        or chain_object.previous != previous
        or chain_object.seq != place
    ):
        return "chain_broken"
    for entry in json.loads(chain_object.data)["entries"]:
        if "event" in entry and recorded.get(entry["event"]["id"]) != entry["event"]:
            return "event_altered"
    return INTACT


def _heal(workspace: Workspace, chain_object: ChainObject, state: State) -> bool:
    """Restore a chain object from the catalogue if the catalogue copy still has its sealed digest."""
    own = parsed(chain_object.chain, chain_object.seq, chain_object.data)
    if state not in {"missing", "altered"} or own is None or own.sha256 != chain_object.sha256:
        return False
    key = keys.chain_object(chain_object.chain, chain_object.seq)
    workspace.store.restore(
        key, chain_object.data, sha256=chain_object.sha256, content_type="application/json"
    )
    return True


def _record_result(workspace: Workspace, result: Verified, round_id: str, sample: int | None) -> None:
    """Record the result as an event of the house chain and close the round, in one transaction."""
    lasting = [loss for loss in result.damage if not loss.healed]
    event = new_event(
        EventType.FIXITY_CHECK,
        chains.HOUSE,
        result.outcome,
        batch=None,
        agent=workspace.operator,
        tool=TOOL,
        detail={
            "objects": result.objects,
            "damaged": len(lasting),
            "healed": len(result.damage) - len(lasting),
            "sample": sample,
            **({"uploads_given_up": len(result.uploads)} if result.uploads else {}),
            **({"retained": result.retained} if result.retained else {}),
            **({"held": result.held} if result.held else {}),
        },
    )
    with workspace.database.write() as connection:
        event_log.record_events(connection, workspace.run.id, [event])
        fixity.close_round(connection, round_id)
    workspace.send()
