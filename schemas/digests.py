"""Three digests: reading, understanding, rendition. A change repeats its stage and the later ones."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

READING_VERSION = "7"
UNDERSTANDING_VERSION = "3"
RENDITION_VERSION = "1"


class Digests(BaseModel):
    """The three digests of a run, with 16 hex digits."""

    model_config = ConfigDict(frozen=True)

    reading: str
    understanding: str
    rendition: str


def digest_of(version: str, parts: Mapping[str, object]) -> str:
    """Short stable digest of JSON-able parts; models are dumped, keys sorted."""
    plain = {
        key: part.model_dump(mode="json") if isinstance(part, BaseModel) else part
        for key, part in parts.items()
    }
    payload = json.dumps({"version": version, **plain}, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(payload.encode()).hexdigest()[:16]
