"""Write sidecars beside the originals: one JSON object per document version.

A sidecar lies in the store before any catalogue row refers to it, and is never rewritten; the row holds its digest.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from schemas.errors import StoreError
from schemas.sidecars import Sidecar
from storage.objects import ObjectStore, keys, sha256_of

_JSON = "application/json"


def dump(sidecar: Sidecar) -> bytes:
    """A sidecar as bytes: UTF-8, keys sorted; equal sidecars are equal bytes."""
    return _bytes(sidecar, indent=1)


def load(data: bytes, *, key: str = "") -> Sidecar:
    """Parse a sidecar.

    Raises:
        StoreError: the bytes are not a sidecar, or have a format unknown to this version.
    """
    try:
        return Sidecar.model_validate_json(data)
    except ValidationError as error:
        where = "; ".join(".".join(str(part) for part in problem["loc"]) for problem in error.errors()[:3])
        raise StoreError(
            f"{key or 'sidecar'} cannot be read: {where}", remedy="sidecar_unusable", key=key
        ) from error


class StoredSidecar(NamedTuple):
    """The key of a sidecar, and the digest of its bytes."""

    key: str
    sha256: str


def write_sidecar(store: ObjectStore, sidecar: Sidecar) -> StoredSidecar:
    """Store a sidecar once, read back and verified.

    What a killed run left under the same version number is never overwritten: the new one is then stored
    beside it, under a key with its digest. The catalogue row says which of them counts.
    """
    data = dump(sidecar)
    digest = sha256_of(data)
    for key in (
        keys.sidecar(sidecar.document.id, sidecar.version),
        keys.sidecar(sidecar.document.id, sidecar.version, digest),
    ):
        try:
            store.put_if_absent(key, data, sha256=digest, content_type=_JSON)
        except StoreError as error:
            if error.remedy != "object_differs":
                raise
        else:
            return StoredSidecar(key, digest)
    raise StoreError(f"object {key} is there with other content", remedy="object_differs", key=key)


def read_sidecar(store: ObjectStore, key: str) -> Sidecar:
    """The sidecar under a key.

    Raises:
        StoreError: it is not there, or cannot be read.
    """
    return load(store.read(key), key=key)


def _bytes(model: BaseModel, *, indent: int | None = None) -> bytes:
    plain: dict[str, Any] = model.model_dump(mode="json")
    separators = None if indent else (",", ":")
    return (
        json.dumps(plain, sort_keys=True, ensure_ascii=False, indent=indent, separators=separators) + "\n"
    ).encode()
