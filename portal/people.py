"""What an account is given, checked: its units, its batches; and a first password. For command line and page alike."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Iterable
from typing import Final

from configs.loader import load_agencies
from schemas.errors import UsageError
from workspace.figuring import unit_register

# Letters and digits that nobody takes for one another on paper.
_SIGNS: Final = "abcdefghkmnpqrstuvwxyz23456789"
_GROUPS, _OF = 4, 4


def units_of(given: Iterable[str]) -> tuple[str, ...]:
    """Codes of units, and names of agencies that no code is known of.

    Raises:
        UsageError: one is neither.
    """
    units = tuple(dict.fromkeys(given))
    if not units:
        return ()
    codes = {made.code for made in unit_register().identities.values()}
    agencies = {agency.unit or agency.name for agency in load_agencies()}
    for each in units:
        if each not in codes | agencies:
            raise UsageError(f"no unit {each}", remedy="account_unit", value=each)
    return units


def batches_of(given: Iterable[str]) -> tuple[str, ...]:
    """Names of batches; one that is still to come may be named too."""
    named = (unicodedata.normalize("NFC", each.rstrip("/").rpartition("/")[2]) for each in given)
    return tuple(dict.fromkeys(named))


def password_for_once() -> str:
    """A password of 78 bits to hand to a person, who changes it at the first sign-in."""
    groups = ("".join(secrets.choice(_SIGNS) for _ in range(_OF)) for _ in range(_GROUPS))
    return "-".join(groups)
