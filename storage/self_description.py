"""A plain text at the root of a store that explains its layout to whoever opens it in fifty years, without Sohoa."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from storage.objects import ObjectStore, sha256_of

KEY: Final = "README.txt"
_TEXT: Final = Path(__file__).with_name("README-of-a-store.txt")


def describe(store: ObjectStore) -> None:
    """Put the text there, or the newer one in its place.

    Raises:
        StoreError: it could not be stored.
    """
    text = _TEXT.read_bytes()
    digest = sha256_of(text)
    known = store.head(KEY)
    if known is None or store.digest(KEY)[1] != digest:
        store.put(KEY, text, sha256=digest, content_type="text/plain; charset=utf-8")
