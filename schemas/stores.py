"""Object store configuration; credentials come from files or the environment and are never stored here."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator


class StoreSpec(BaseModel):
    """An object store. `local`: `root` (default: a folder under the home). `s3`: the other fields.

    `access_key_file` and `secret_key_file` hold a single line; without them the environment's
    `SOHOA_S3_ACCESS_KEY` and `SOHOA_S3_SECRET_KEY` are read.

    Attributes:
        versions: `required`: every put must come back with a version; `auto`: those of the server are used and
            reported; `off`: not asked for.
        lock: retention that is stamped on every object that is kept for good; `compliance` cannot be shortened by anyone.
        retain_years: for how long, from the day of the put.
        timeout_seconds: how long a server may say nothing before a request to it is given up.
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
    versions: Literal["required", "auto", "off"] = "auto"
    lock: Literal["none", "governance", "compliance"] = "none"
    retain_years: int = Field(default=0, ge=0, le=100)
    timeout_seconds: float = Field(default=120, gt=0, le=3600)

    @model_validator(mode="after")
    def _fit_together(self) -> StoreSpec:
        """A lock needs a server, versions and a term; a folder has none of them."""
        if self.kind == "local" and (self.lock != "none" or self.versions == "required"):
            raise ValueError("versions = required / lock: kind = s3")
        if self.lock != "none" and (self.versions == "off" or not self.retain_years):
            raise ValueError("lock: versions = auto | required, retain_years >= 1")
        if self.lock == "none" and self.retain_years:
            raise ValueError("retain_years: lock = governance | compliance")
        return self


class ObjectInfo(NamedTuple):
    """Metadata of a stored object; `sha256` is the digest given when it was put, "" if unknown."""

    key: str
    size: int
    sha256: str


class StoreTraits(NamedTuple):
    """What a store keeps by itself.

    Attributes:
        versions: an object that is put again leaves its earlier bytes as a version; None where that was not asked.
        lock: objects can be locked and held.
        default_retention: retention that the bucket gives by itself, "" for none.
    """

    versions: bool | None
    lock: bool
    default_retention: str
