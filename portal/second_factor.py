"""Time-based one-time passwords: RFC 6238 with SHA-1, 30 seconds, six digits, as every authenticator has them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from typing import Final
from urllib.parse import quote, urlencode

_SECONDS: Final = 30
_DIGITS: Final = 6
_BYTES: Final = 20


def new_key() -> str:
    """A fresh key, in base32."""
    return base64.b32encode(secrets.token_bytes(_BYTES)).decode("ascii")


def code_at(key: str, step: int) -> str:
    """The code of a time step."""
    digest = hmac.new(base64.b32decode(key), struct.pack(">Q", step), hashlib.sha1).digest()
    start = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}d}"


def step_of(key: str, code: str, at: float) -> int | None:
    """The time step that a code is of, at most one away from now; None if of none."""
    given = "".join(code.split())
    if len(given) != _DIGITS or not given.isascii() or not given.isdigit():
        return None
    now = int(at) // _SECONDS
    fitting = [step for step in (now, now - 1, now + 1) if hmac.compare_digest(code_at(key, step), given)]
    return fitting[0] if fitting else None


def address_of(key: str, name: str) -> str:
    """What an authenticator reads in, as text or as a QR code made from it."""
    return f"otpauth://totp/{quote(f'Sohoa:{name}')}?{urlencode({'secret': key, 'issuer': 'Sohoa'})}"
