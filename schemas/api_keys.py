"""Keys of the look-up API: which system may ask what, about whose papers, how often. The secret itself is kept nowhere."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

Scope = Literal["lookup", "reuse"]
RATE: Final = 60
MOST_A_MINUTE: Final = 6000


class ApiKey(BaseModel):
    """A key.

    Attributes:
        id: told in the key itself, in lists and records.
        system: whose it is.
        scopes: what it may do.
        units: codes of units, or names of agencies, whose papers it may ask about; empty: all.
        rate: requests a minute.
        secret_sha256: None after a rebuild: such a key opens nothing.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    system: str
    secret_sha256: str | None
    scopes: tuple[Scope, ...]
    units: tuple[str, ...] = ()
    rate: int = RATE
    created_at: str
    created_by: str
    revoked_at: str | None = None
    revoked_by: str | None = None

    @property
    def state(self) -> Literal["in_use", "revoked", "without_secret"]:
        """Whether it opens anything."""
        if self.revoked_at is not None:
            return "revoked"
        return "in_use" if self.secret_sha256 else "without_secret"
