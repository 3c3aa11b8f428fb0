"""Invented but well-formed identifiers: personal numbers, old identity cards, tax codes, serials.

Grammars: DOMAIN.md sections 1.10 and 1.11.
"""

from __future__ import annotations

import random
from datetime import date

_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)
_HOME = ("056", "056", "056", "056", "056", "056", "058", "058", "054", "052", "048", "001")


def tax_check_digit(first_nine: str) -> int | None:
    """Check digit of a tax code; None where the sum leaves no digit (such numbers are not issued)."""
    remainder = sum(int(digit) * weight for digit, weight in zip(first_nine, _WEIGHTS, strict=True)) % 11
    return 10 - remainder if remainder else None


def tax_code(rng: random.Random) -> str:
    """A ten-digit enterprise (tax) code of Khánh Hòa or former Ninh Thuận."""
    while True:
        body = rng.choice(("42", "42", "42", "45")) + f"{rng.randrange(100, 2_100_000):07d}"
        check = tax_check_digit(body)
        if check is not None:
            return f"{body}{check}"


def personal_number(rng: random.Random, birth: date, female: bool) -> str:
    """A twelve-digit personal number: province of registration, century and sex, birth year, six digits."""
    century = (birth.year // 100 - 19) * 2 + int(female)
    return f"{rng.choice(_HOME)}{century}{birth.year % 100:02d}{rng.randrange(1_000_000):06d}"


def identity_card(rng: random.Random) -> str:
    """A nine-digit identity card number (CMND) of Khánh Hòa."""
    return f"22{rng.randrange(10_000_000):07d}"


def household_business_number(rng: random.Random) -> str:
    """Registration number of a household business before personal numbers replaced it: `37G8012345`."""
    return f"37{rng.choice('ABCDEG')}8{rng.randrange(200, 42_000):06d}"


def land_serial(rng: random.Random, day: date) -> str:
    """Serial printed on a land-use certificate's blank: `CN 719597`, from August 2024 `AA 09273289`."""
    if day >= date(2024, 8, 1):
        return f"{rng.choice(('AA', 'AB'))} {rng.randrange(1_000_000, 19_999_999):08d}"
    years = max(0, min(14, day.year - 2009))
    first = "BC"[min(1, years // 7)] if day >= date(2009, 12, 10) else "A"
    return f"{first}{rng.choice('ABCDEGHIKLMNOPQRSTUVX')} {rng.randrange(1000, 999_999):06d}"
