"""Numbers, shares, days and moments as people write them, in Vietnamese (`1.234,5`, `12,50 %`, `30/11/2026`) or English."""

from __future__ import annotations

from datetime import date, datetime

from schemas.clock import VIETNAM


def number_text(value: float, lang: str, decimals: int = 0) -> str:
    """A number with thousands separators."""
    english = f"{value:,.{decimals}f}"
    return english.translate(_SWAPPED) if lang == "vi" else english


def share_text(share: float, lang: str, decimals: int = 2) -> str:
    """A fraction of 1 in percent; never 100 % while anything is missing."""
    percent = share * 100
    most = 100 - 10**-decimals
    if most < percent < 100:
        percent = most
    return f"{number_text(percent, lang, decimals)} %"


def day_text(day: date, lang: str) -> str:
    """A day: day first in Vietnamese, ISO 8601 in English, which no reader takes for another day."""
    return day.strftime("%d/%m/%Y") if lang == "vi" else day.isoformat()


def value_text(value: str, lang: str) -> str:
    """A field's value: ISO dates in the local format, everything else unchanged."""
    try:
        return day_text(date.fromisoformat(value), lang) if len(value) == 10 else value
    except ValueError:
        return value


def moment_text(at: datetime, lang: str, *, seconds: bool = False) -> str:
    """A moment in the province's time."""
    clock = "%H:%M:%S" if seconds else "%H:%M"
    return at.astimezone(VIETNAM).strftime(f"{'%d/%m/%Y' if lang == 'vi' else '%Y-%m-%d'} {clock}")


_SWAPPED = str.maketrans(",.", ".,")
