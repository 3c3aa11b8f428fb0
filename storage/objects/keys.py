"""Object keys. Keys are ASCII; a batch is represented by a slug and a short digest of its name.

What lies under `originals/`, `pdfa/` and `reports/` is addressed by its content: the key contains the SHA-256, and the
object is never rewritten. Under `intake/` lies what is on its way to the machines that read it; nothing else
is ever removed.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Final

from schemas.errors import StoreError
from schemas.text import strip_accents

ORIGINALS: Final = "originals/"
RENDITIONS: Final = "pdfa/"
SIDECARS: Final = "documents/"
EVENTS: Final = "events/"
FIGURES: Final = "figures/"
DAMAGED: Final = "damaged/"
REPORTS: Final = "reports/"
INTAKE: Final = "intake/"
DERIVED: Final = "derived/"
KEPT: Final = (ORIGINALS, RENDITIONS, SIDECARS, EVENTS, REPORTS, FIGURES)  # never rewritten, never removed
OURS: Final = (*KEPT, DAMAGED, INTAKE, DERIVED)
_PART = re.compile(r"[A-Za-z0-9_\-][A-Za-z0-9_.\-]*")
_ADDRESSED = re.compile(
    r"(?:originals/(?P<a>[0-9a-f]{2})/|pdfa/(?P<b>[0-9a-f]{2})/|figures/(?P<c>[0-9a-f]{2})/|(?:reports|intake)/[a-z0-9-]+/)"
    r"(?P<sha256>[0-9a-f]{64})(?:\.pdf|\.parquet|\.json|\.html|\.xlsx|\.docx)?"
)
_CHAINED = re.compile(r"events/(?P<chain>[a-z0-9-]+)/(?P<seq>[0-9]{8})\.json")
_MAX_KEY: Final = 512


def original(sha256: str) -> str:
    """An original, as received."""
    return f"{ORIGINALS}{sha256[:2]}/{sha256}"


def intake(batch: str, sha256: str) -> str:
    """Bytes handed in with a batch, for the machines that read them; removed once their file has ended."""
    return f"{intake_of(batch)}{sha256}"


def intake_of(batch: str) -> str:
    """The prefix of a batch's intake."""
    return f"{INTAKE}{batch_key(batch)}/"


def pdfa(sha256: str) -> str:
    """A PDF/A rendition, by its own digest."""
    return f"{RENDITIONS}{sha256[:2]}/{sha256}.pdf"


def report(batch: str, sha256: str) -> str:
    """A report of a batch as it was issued, by its own digest."""
    return f"{REPORTS}{batch_key(batch)}/{sha256}.html"


def period_report(sha256: str, suffix: str) -> str:
    """A file of a quarter's or year's report, by its own digest; `suffix` is `pdf` or `xlsx`."""
    return f"{REPORTS}periods/{sha256}.{suffix}"


def frozen(sha256: str, suffix: str) -> str:
    """A file of a frozen set of figures, or its manifest, by its own digest; `suffix` is `parquet` or `json`."""
    return f"{FIGURES}{sha256[:2]}/{sha256}.{suffix}"


def sidecar(document_id: str, version: int, sha256: str = "") -> str:
    """The JSON sidecar of one version of a document; the digest distinguishes it from one left behind by a killed run."""
    return f"{SIDECARS}{document_id}/v{version:04d}{'-' if sha256 else ''}{sha256[:12]}.json"


def damaged(key: str, sha256: str) -> str:
    """The key for bytes that were found under a key they do not belong to."""
    return f"{DAMAGED}{key}.{sha256[:12]}"


def batch_key(name: str) -> str:
    """A batch's part of a key: readable slug and eight hex digits that keep two names apart."""
    normal = unicodedata.normalize("NFC", name)
    slug = re.sub(r"[^a-z0-9]+", "-", strip_accents(normal).lower()).strip("-")[:40].rstrip("-") or "lo"
    return f"{slug}-{hashlib.sha256(normal.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


def chain_object(chain: str, seq: int) -> str:
    """One object of a chain of provenance; a batch's chain is named by `batch_key`."""
    return f"{EVENTS}{chain}/{seq:08d}.json"


def chain_place(key: str) -> tuple[str, int] | None:
    """The chain and sequence number that a key stands for, or None."""
    match = _CHAINED.fullmatch(key)
    return (match["chain"], int(match["seq"])) if match else None


def derived(batch: str, name: str) -> str:
    """A table computed from a batch."""
    return f"{DERIVED}batches/{batch_key(batch)}/{name}"


def digest_in(key: str) -> str | None:
    """The digest in a content-addressed key; None for any other key."""
    match = _ADDRESSED.fullmatch(key)
    return match["sha256"] if match else None


def check(key: str) -> str:
    """The key itself, if every store can carry it.

    Raises:
        StoreError: it is empty, too long, not plain ASCII, or has a part that is hidden or leads upwards.
    """
    if len(key) > _MAX_KEY or not all(_PART.fullmatch(part) for part in key.split("/")):
        raise StoreError(f"bad object key {key!r}", remedy="object_key_bad", key=key)
    return key


def check_new(key: str, sha256: str) -> str:
    """The key, if an object of this digest may be stored under it.

    Raises:
        StoreError: the key is invalid, or contains another digest.
    """
    check(key)
    if key.startswith((ORIGINALS, RENDITIONS, REPORTS, FIGURES, INTAKE)) and digest_in(key) != sha256:
        raise StoreError(
            f"{key} is not where bytes of SHA-256 {sha256} lie", remedy="object_key_bad", key=key
        )
    return key


def check_rewritable(key: str) -> str:
    """The key, if what lies there may be replaced.

    Raises:
        StoreError: the key is bad, or is that of an original, a rendition, a sidecar or an event.
    """
    check(key)
    if key.startswith(KEPT):
        raise StoreError(f"{key} is never rewritten", remedy="object_sacred", key=key)
    return key


def check_removable(key: str) -> str:
    """The key, if what lies there may be removed: bytes on their way to a worker, which are nobody's record yet.

    Raises:
        StoreError: the key is bad, or is that of anything else.
    """
    check(key)
    if not key.startswith(INTAKE):
        raise StoreError(f"{key} is never removed", remedy="object_sacred", key=key)
    return key
