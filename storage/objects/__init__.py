"""Object stores: one small protocol, a local directory and any S3 server, equal under one contract test.

Objects under `originals/` and `pdfa/` are addressed by their content. Those, sidecars and events are never rewritten;
only what lies under `derived/` may be put again, only what lies under `intake/` removed. `restore` alone puts good
bytes where damaged ones lie.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final, Protocol

from schemas.errors import StoreError
from schemas.stores import ObjectInfo, StoreSpec, StoreTraits
from storage.objects import keys


class ObjectStore(Protocol):
    """The interface of a store. Every put is verified by reading back; every failure is a `StoreError`.

    `sha256` is the caller's digest of the bytes, hex; a put whose bytes have another one fails and leaves
    nothing.
    """

    def put_if_absent(self, key: str, source: Path | bytes, *, sha256: str, content_type: str) -> bool:
        """Store once. True if stored now, False if an object with the same content was there."""

    def put(self, key: str, source: Path | bytes, *, sha256: str, content_type: str) -> None:
        """Store, replacing what is there; never an original or a rendition."""

    def get(self, key: str, target: Path) -> None:
        """Copy an object to a file (atomically; verified if the key contains the digest)."""

    def read(self, key: str) -> bytes:
        """An object's bytes (verified if the key contains the digest)."""

    def digest(self, key: str) -> tuple[int, str]:
        """Size and SHA-256 of an object's current bytes."""

    def restore(self, key: str, source: Path | bytes, *, sha256: str, content_type: str) -> str | None:
        """Put an object's good bytes back where it is lost or damaged.

        What lay there is kept under `damaged/`. Returns that key, or None if nothing lay there.
        """

    def revive(self, key: str, *, sha256: str, content_type: str) -> str | None:
        """Put an object right from an earlier version of it that has this digest, where the store keeps versions.

        Returns that version's id, None if there is none. What lay there is kept under `damaged/`.
        """

    def head(self, key: str) -> ObjectInfo | None:
        """Size and digest of an object, None if absent."""

    def remove(self, key: str) -> None:
        """Remove an object, in all its versions; only what lies under `intake/`. Nothing happens if it is not there."""

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Objects whose keys begin with `prefix`, sorted by key, without their digests."""

    def hold(self, key: str, *, on: bool) -> bool:
        """Put an object under legal hold, or out of it; False if the store knows no holds and nothing was done."""

    def held(self, key: str) -> bool | None:
        """Whether an object is under legal hold; None if the store knows no holds."""

    def retain(self, key: str) -> bool:
        """Give an object the retention that is configured and that it lacks; True if it was given now."""

    def traits(self) -> StoreTraits:
        """What the store keeps by itself: versions, locks, holds."""

    def give_up_uploads(self, older: timedelta) -> tuple[str, ...]:
        """Give up uploads that were begun longer ago than that and never completed. Returns their keys."""


# A new kind of store is its module, which offers `open_spec(spec, home, create=…)`, and its line here.
STORES: Final[dict[str, str]] = {"local": "storage.objects.local", "s3": "storage.objects.s3"}


def open_store(spec: StoreSpec, home: Path, *, create: bool = True) -> ObjectStore:
    """The store a machine is configured for.

    Args:
        spec: its configuration.
        home: default location for a store without one.
        create: make the folder or bucket where it is absent.

    Raises:
        StoreError: there is no such kind, it cannot be reached or prepared, or is absent and may not be made.
    """
    if spec.kind not in STORES:
        kinds = ", ".join(STORES)
        raise StoreError(
            f"no store of kind {spec.kind}", remedy="store_kind_unknown", kind=spec.kind, kinds=kinds
        )
    opened: ObjectStore = importlib.import_module(STORES[spec.kind]).open_spec(spec, home, create=create)
    return opened


def sha256_of(source: Path | bytes) -> str:
    """SHA-256 of bytes or of a file, read in pieces."""
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    with source.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def verified(key: str, sha256: str) -> None:
    """Check bytes that were read against the digest in their key.

    Raises:
        StoreError: the object has changed.
    """
    expected = keys.digest_in(key)
    if expected is not None and expected != sha256:
        raise StoreError(
            f"object {key} holds other bytes than it was stored with", remedy="object_damaged", key=key
        )
