"""Object stores: one small protocol, a local directory and any S3 server, equal under one contract test.

Objects under `originals/` and `pdfa/` are addressed by their content and are never rewritten; only what lies under
`derived/` or is not yet referred to by a catalogue row may be put again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from schemas.stores import ObjectInfo, StoreSpec


class ObjectStore(Protocol):
    """What every store can do. Every put is verified by reading back; every failure is a `StoreError`."""

    def put_if_absent(self, key: str, source: Path | bytes, *, sha256: str, content_type: str) -> bool:
        """Store once. True if stored now, False if an object with the same content was there."""

    def put(self, key: str, source: Path | bytes, *, sha256: str, content_type: str) -> None:
        """Store, replacing what is there; for derived objects only."""

    def get(self, key: str, target: Path) -> None:
        """Copy an object to a file (written whole or not at all)."""

    def read(self, key: str) -> bytes:
        """An object's bytes."""

    def head(self, key: str) -> ObjectInfo | None:
        """Size and digest of an object, None if absent."""

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Objects under a prefix, sorted by key."""


def open_store(spec: StoreSpec, home: Path) -> ObjectStore:
    """The store a machine is configured for.

    Raises:
        StoreError: it cannot be reached or prepared.
    """
    if spec.kind == "local":
        from storage.objects.local import LocalStore  # noqa: PLC0415

        return LocalStore(spec.root or home / "store")
    from storage.objects.s3 import S3Store  # noqa: PLC0415 - the S3 client is only for who uses S3

    return S3Store.from_spec(spec)


def sha256_of(source: Path | bytes) -> str:
    """SHA-256 of bytes or of a file, read in pieces."""
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    with source.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
