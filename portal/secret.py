"""The secret of a home: what links are signed and owners are hashed with. A file of its own, in no record and no backup."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from engines.private_files import private
from schemas.errors import SetupError

FILE: Final = "lookup.key"
_BYTES: Final = 32


def home_secret(home: Path) -> bytes:
    """The secret of a home, made when first asked for; machines that serve one catalogue need the same file.

    Raises:
        SetupError: it cannot be read or written, or is damaged.
    """
    path = home / FILE
    try:
        if not path.exists():
            _make(path)
        secret = path.read_bytes()
    except OSError as error:
        raise SetupError(f"cannot use {path}: {error}", remedy="home_unwritable", path=path) from error
    if len(secret) != _BYTES:
        raise SetupError(f"{path} is no secret", remedy="api_secret_damaged", path=path)
    return secret


def derived(secret: bytes, purpose: str) -> bytes:
    """A key for one purpose, so that what one is used for tells nothing of another."""
    return hmac.new(secret, purpose.encode(), hashlib.sha256).digest()


def _make(path: Path) -> None:
    partial = path.with_name(f".{FILE}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with open(partial, "xb", opener=private) as out:
            out.write(secrets.token_bytes(_BYTES))
            out.flush()
            os.fsync(out.fileno())
        with suppress(FileExistsError):  # another process was first, and its secret holds
            os.link(partial, path)
    finally:
        partial.unlink(missing_ok=True)
