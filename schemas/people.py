"""Who may sign in: accounts, their roles, and what of the archive each of them sees. Pure."""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from schemas.errors import UsageError

LONGEST_NAME: Final = 64
_SIGNS: Final = frozenset(" ._-@")


class Role(StrEnum):
    """What a person does here; `portal.rights` says what each role may do."""

    ARCHIVIST = "archivist"
    REVIEWER = "reviewer"
    APPROVER = "approver"
    IT = "it"
    AUDITOR = "auditor"


class Account(BaseModel):
    """A person who signs in, as known now. Neither password nor second factor is part of it.

    Attributes:
        name: as the person is named in events.
        role: what the person does.
        units: codes (or, of departments, names) of the units whose papers the person sees; empty: every unit.
        batches: names of the batches that the person sees; empty: every batch. With both, a paper must meet both.
        created_at, created_by: when the account was made, by whom.
        disabled_at: since when it may not sign in; None while it may.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    role: Role
    units: tuple[str, ...] = ()
    batches: tuple[str, ...] = ()
    created_at: str
    created_by: str
    disabled_at: str | None = None
    disabled_by: str | None = None

    @property
    def key(self) -> str:
        """What tells it from every other account."""
        return account_key(self.name)

    @property
    def scoped(self) -> bool:
        """True if the person sees a part of the archive only."""
        return bool(self.units or self.batches)


class OidcSpec(BaseModel):
    """The province's own sign-in, an OpenID provider. Without an issuer there is none.

    Attributes:
        issuer: the provider's address, as it names itself; its description lies below it.
        client_id: what the provider knows this web page by.
        client_secret_file: a file with the secret that goes with it, in one line; None: the provider asks for none.
        claim: which claim of the provider names the account here.
        local_passwords: people may also sign in with a password kept here.
        break_glass: the one account whose password works even so, for the day when the provider does not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str | None = None
    client_id: str | None = None
    client_secret_file: Path | None = None
    claim: str = Field(default="preferred_username", min_length=1, max_length=64)
    local_passwords: bool = True
    break_glass: str | None = None

    def password_counts(self, name: str) -> bool:
        """True if the account of that name may sign in with a password kept here."""
        if self.issuer is None or self.local_passwords:
            return True
        return self.break_glass is not None and account_key(name) == account_key(self.break_glass)


class PortalSpec(BaseModel):
    """How the web page is served.

    Attributes:
        host, port: where it listens. Elsewhere than on this machine alone only under TLS, or behind a proxy that has it.
        proxy: address of that proxy; what it says of a request's own address and scheme is believed.
        certificate, key: files of its own TLS, PEM.
        idle_minutes: a person who does nothing for so long is signed out.
        session_hours: a person is signed out after so long in any case.
        served: `sohoa serve` starts it too.
        oidc: the province's own sign-in.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8350, ge=1, le=65535)
    proxy: str | None = None
    certificate: Path | None = None
    key: Path | None = None
    idle_minutes: float = Field(default=30, gt=0, le=24 * 60)
    session_hours: float = Field(default=12, gt=0, le=7 * 24)
    served: bool = True
    oidc: OidcSpec = OidcSpec()

    @property
    def secure(self) -> bool:
        """True if browsers reach it by TLS."""
        return self.proxy is not None or self.certificate is not None


def account_name(given: str) -> str:
    """A name as it is kept: NFC, single spaces.

    Raises:
        UsageError: it is empty, too long, or has signs that no name has.
    """
    name = unicodedata.normalize("NFC", " ".join(given.split()))
    good = all(char in _SIGNS or unicodedata.category(char)[0] in "LMN" for char in name)
    if not name or len(name) > LONGEST_NAME or not good:
        raise UsageError("not a name", remedy="account_name", most=LONGEST_NAME)
    return name


def account_key(name: str) -> str:
    """One key for every spelling of a name in capitals and small letters."""
    return unicodedata.normalize("NFC", " ".join(name.split())).casefold()
