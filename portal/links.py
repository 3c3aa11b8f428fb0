"""Short-lived links to PDF/A files: they name a look-up and a place in its answer, nothing of paper or person."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from itsdangerous import BadSignature, SignatureExpired, TimestampSigner

_PLACE: Final = re.compile(r"([0-9a-f]{32})-([0-9]{1,4})")


class Place(NamedTuple):
    """Where a link leads: the paper at a position of what a look-up answered."""

    lookup: str
    position: int


class LinkExpired(Exception):
    """The link was good, and its time is over."""


class Links:
    """Signs links and reads them back."""

    def __init__(self, secret: bytes, seconds: float) -> None:
        self._signer = TimestampSigner(secret, salt="sohoa.pdfa", key_derivation="hmac")
        self._seconds = seconds

    def token(self, place: Place) -> str:
        """A token to put into an address."""
        return self._signer.sign(f"{place.lookup}-{place.position}".encode()).decode("ascii")

    def expires(self) -> str:
        """Until when a token made now is good, ISO 8601."""
        return (datetime.now(UTC) + timedelta(seconds=self._seconds)).isoformat(timespec="seconds")

    def place(self, token: str) -> Place | None:
        """Where a token leads; None if it is none of ours.

        Raises:
            LinkExpired: its time is over.
        """
        try:
            signed, made = self._signer.unsign(token, return_timestamp=True)
        except (BadSignature, SignatureExpired):
            return None
        if (datetime.now(UTC) - made).total_seconds() > self._seconds:
            raise LinkExpired
        found = _PLACE.fullmatch(signed.decode("ascii", "replace"))
        return Place(found[1], int(found[2])) if found else None
