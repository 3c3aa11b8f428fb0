"""Object store configuration; credentials come from files or the environment and are never stored here."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict


class StoreSpec(BaseModel):
    """An object store. `local`: `root` (default: a folder under the home). `s3`: the other fields.

    `access_key_file` and `secret_key_file` hold a single line; without them the environment's
    `SOHOA_S3_ACCESS_KEY` and `SOHOA_S3_SECRET_KEY` are read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = "local"  # a name in `storage.objects.STORES`
    root: Path | None = None
    endpoint: str = ""
    bucket: str = "sohoa"
    region: str = "us-east-1"
    secure: bool = True
    access_key_file: Path | None = None
    secret_key_file: Path | None = None


class ObjectInfo(NamedTuple):
    """Metadata of a stored object; `sha256` is the digest given when it was put, "" if unknown."""

    key: str
    size: int
    sha256: str
