"""Where each object lies. Keys are ASCII; a batch name is carried by a slug and a short digest of its NFC form."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from schemas.text import strip_accents


def original(sha256: str) -> str:
    """An original, as received."""
    return f"originals/{sha256[:2]}/{sha256}"


def pdfa(sha256: str) -> str:
    """A PDF/A rendition, by its own digest."""
    return f"pdfa/{sha256[:2]}/{sha256}.pdf"


def sidecar(document_id: str, version: int) -> str:
    """The JSON sidecar of one version of a document."""
    return f"documents/{document_id}/v{version:04d}.json"


def batch_key(name: str) -> str:
    """A batch's part of a key: readable slug and eight hex digits that keep two names apart."""
    normal = unicodedata.normalize("NFC", name)
    slug = re.sub(r"[^a-z0-9]+", "-", strip_accents(normal).lower()).strip("-")[:40] or "lo"
    return f"{slug}-{hashlib.sha256(normal.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


def events(batch: str, run_id: str) -> str:
    """Events of one run of a batch, a JSON object a line."""
    return f"events/{batch_key(batch)}/{run_id}.jsonl"


def derived(batch: str, name: str) -> str:
    """A table computed from a batch."""
    return f"derived/batches/{batch_key(batch)}/{name}"
