"""Passwords: what may be one, and their argon2id hashes."""

from __future__ import annotations

import threading
import unicodedata
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from schemas.errors import UsageError
from schemas.people import account_key

SHORTEST: Final = 12
LONGEST: Final = 200
_FEWEST_SIGNS: Final = 5  # different ones
_AT_ONCE: Final = 2  # each takes 64 MiB
_ONCE: Final = "once:"
_hasher: Final = PasswordHasher()
_working: Final = threading.BoundedSemaphore(_AT_ONCE)


def check_new(name: str, password: str) -> str:
    """A password that may be set, as it is hashed.

    Raises:
        UsageError: it is too short or too long, has few different signs, or is the name.
    """
    sound = _same(password)
    if not SHORTEST <= len(sound) <= LONGEST or len(set(sound)) < _FEWEST_SIGNS:
        raise UsageError("a weak password", remedy="password_weak", least=SHORTEST, most=LONGEST)
    if account_key(sound) == account_key(name):
        raise UsageError("the name is no password", remedy="password_weak", least=SHORTEST, most=LONGEST)
    return sound


def hashed(password: str) -> str:
    """The hash to keep."""
    with _working:
        return _hasher.hash(_same(password))


def hashed_for_once(password: str) -> str:
    """The hash of a password that the person must change at the first sign-in."""
    return _ONCE + hashed(password)


def is_for_once(kept: str | None) -> bool:
    """True if the person must choose a password before anything else."""
    return kept is not None and kept.startswith(_ONCE)


def matches(kept: str | None, password: str) -> bool:
    """True if the password is the one that was hashed; takes as long where nothing is kept."""
    given = _same(password)[: LONGEST + 1]
    with _working:
        try:
            _hasher.verify((kept or _nobodys()).removeprefix(_ONCE), given)
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None and len(given) <= LONGEST


def is_dated(kept: str) -> bool:
    """True if a hash was made under weaker settings than today's."""
    return not is_for_once(kept) and _hasher.check_needs_rehash(kept)


def _same(password: str) -> str:
    """One spelling of what a keyboard may send in two."""
    return unicodedata.normalize("NFC", password)


@cache
def _nobodys() -> str:
    return _hasher.hash("nobody's password, so that unknown names take as long")


def prepare() -> None:
    """Have ready what the first unknown name would otherwise wait for."""
    with _working:
        _nobodys()
