"""Parses cells of submitted tables: counts, days, levels, identifiers, as Vietnamese offices write them.

Functions return the value or raise `BadCell`; ambiguous values are bad. May import schemas.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from typing import Final

from schemas.codes import GRAMMARS, is_owner_identifier, parse_result_code
from schemas.documents import Level
from schemas.indicators import DeskEntry
from schemas.masking import mask
from schemas.quotas import Basis, DeliveryStep, Ending
from schemas.text import fold, squeeze

LONGEST_TEXT: Final = 500
FIRST_YEAR: Final = 2000
LARGEST_COUNT: Final = 100_000_000
_YEARS_AHEAD: Final = 30
ALL_KINDS_WORDS: Final = frozenset({"*", "tat ca", "tat ca cac loai", "all", "all kinds"})

_THOUSANDS: Final = re.compile(r"\d{1,3}([. ])\d{3}(?:\1\d{3})*")
_LEVELS: Final[dict[str, Level]] = {
    **dict.fromkeys(("tinh", "cap tinh", "province", "provincial"), "tinh"),
    **dict.fromkeys(("huyen", "cap huyen", "district"), "huyen"),
    **dict.fromkeys(("xa", "cap xa", "commune"), "xa"),
}
_BASES: Final[dict[str, Basis]] = {
    **dict.fromkeys(("counted", "dem thuc te", "kiem dem", "da dem", "kiem ke"), "counted"),
    **dict.fromkeys(("register", "theo so", "so dang ky", "theo so dang ky"), "register"),
    **dict.fromkeys(("estimated", "uoc tinh", "estimate"), "estimated"),
}
_ENDINGS: Final[dict[str, Ending]] = {
    **dict.fromkeys(("revoked", "thu hoi", "bi thu hoi", "da thu hoi"), "revoked"),
    **dict.fromkeys(("superseded", "thay the", "bi thay the", "da thay the"), "superseded"),
    **dict.fromkeys(("cancelled", "huy", "bi huy", "huy bo", "bai bo"), "cancelled"),
}
_STEPS: Final[dict[str, DeliveryStep]] = {
    **dict.fromkeys(("signed", "ky so", "da ky so"), "signed"),
    **dict.fromkeys(("delivered", "dong bo kho", "da dong bo kho", "received"), "delivered"),
}
_DOCUMENT_ID: Final = re.compile(r"[0-9a-f]{32}")
_ENTRIES: Final[dict[str, DeskEntry]] = {
    **dict.fromkeys(("desk", "bo phan", "bo phan mot cua"), "desk"),
    **dict.fromkeys(("exemption", "mien", "mien thuc hien", "duoc mien"), "exemption"),
    **dict.fromkeys(("certificate", "chung thu", "chung thu so"), "certificate"),
}
_YES: Final = frozenset({"co", "da", "x", "yes", "true", "1"})
_NO: Final = frozenset({"khong", "chua", "no", "false", "0"})
_UNKNOWN: Final = frozenset({"chua ro", "khong ro", "unknown", "?"})


class BadCell(Exception):
    """A cell has no valid value for its column; `code` is a message key under `[problem]`."""

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.params: dict[str, str | int | float] = {
            key: value[:80] if isinstance(value, str) else value for key, value in params.items()
        }


def folded(text: str) -> str:
    """Normalized key for comparing headers and words of closed lists."""
    return fold(text).replace("_", " ").strip(" :*") or text.strip()


def a_text(value: object) -> str:
    """Text on one line."""
    text = squeeze(_plain(value))
    if len(text) > LONGEST_TEXT:
        raise BadCell("text_too_long", most=LONGEST_TEXT)
    return text


def a_count(value: object) -> int:
    """A whole number of papers: `1.234` is a thousand and more, as in Vietnam; `1,234` could be either."""
    if isinstance(value, (bool, date)):
        raise BadCell("count_unreadable", value=str(value))
    if isinstance(value, (int, float)):
        number = value
    else:
        text = squeeze(str(value))
        if text.endswith("%"):
            raise BadCell("count_percent", value=text)
        if re.fullmatch(r"\d{1,3}(?:,\d{3})+", text):
            raise BadCell("count_ambiguous", value=text)
        if re.fullmatch(r"-\s*\d[\d. ]*", text):
            raise BadCell("count_negative", value=text)
        if _THOUSANDS.fullmatch(text):
            text = text.replace(".", "").replace(" ", "")
        if re.fullmatch(r"\d+[.,]\d+", text):
            raise BadCell("count_not_whole", value=text)
        if not re.fullmatch(r"[0-9]{1,12}", text):
            raise BadCell("count_unreadable", value=text)
        number = int(text)
    if not math.isfinite(number):
        raise BadCell("count_unreadable", value=str(value))
    if number < 0:
        raise BadCell("count_negative", value=str(value))
    if number != int(number):
        raise BadCell("count_not_whole", value=str(value))
    if number > LARGEST_COUNT:
        raise BadCell("count_too_large", value=str(value))
    return int(number)


def a_share(value: object) -> float:
    """A share of the whole: `80 %`, or a cell formatted as a percentage. `0,8` and `80` could be either."""
    if isinstance(value, float) and 0 < value < 1:
        return value
    text = squeeze(str(value))
    match = re.fullmatch(r"(\d{1,3})(?:[.,](\d{1,4}))?\s*%", text)
    if match is None:
        raise BadCell("share_unreadable", value=text)
    share = float(f"{match[1]}.{match[2] or 0}") / 100
    if not 0 < share <= 1:
        raise BadCell("share_out_of_range", value=text)
    return share


def a_sector(value: object) -> str:
    """A sector's code (`G15-TP07`), or the group of result codes (`G15`)."""
    text = _plain(value).upper()
    if not (GRAMMARS["sector"].match(text) or re.fullmatch(r"[A-K]\d{2}", text)):
        raise BadCell("sector_unreadable", value=text)
    return text


def a_year(value: object, latest: int) -> int:
    """A year of inventory: from 2000 to the latest that can have been counted."""
    text = _plain(value)
    if not re.fullmatch(r"(?:19|20)\d{2}", text):
        raise BadCell("year_unreadable", value=text)
    if not FIRST_YEAR <= int(text) <= latest:
        raise BadCell("year_out_of_range", value=text, first=FIRST_YEAR, last=latest)
    return int(text)


def a_day(value: object) -> date:
    """A day: a date cell, `dd/mm/yyyy`, or ISO."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = _plain(value)
    day = re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", text)
    iso = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", text)
    try:
        if day:
            return date(int(day[3]), int(day[2]), int(day[1]))
        if iso:
            return date(int(iso[1]), int(iso[2]), int(iso[3]))
    except ValueError:
        pass
    raise BadCell("day_unreadable", value=text)


def a_past_day(value: object, latest: date) -> date:
    """A day that has come."""
    day = a_day(value)
    if day > latest:
        raise BadCell("day_to_come", value=day.strftime("%d/%m/%Y"))
    return day


def a_near_day(value: object, latest: date) -> date:
    """A day that a desk, an exemption or a certificate can begin or end on."""
    day = a_day(value)
    if not FIRST_YEAR <= day.year <= latest.year + _YEARS_AHEAD:
        raise BadCell(
            "day_out_of_range",
            value=day.strftime("%d/%m/%Y"),
            first=FIRST_YEAR,
            last=latest.year + _YEARS_AHEAD,
        )
    return day


def a_desk_entry(value: object) -> DeskEntry:
    """What a row about a desk states."""
    found = _ENTRIES.get(folded(_plain(value)))
    if found is None:
        raise BadCell("desk_entry_unknown", value=_plain(value))
    return found


def a_yes_or_no(value: object) -> bool | None:
    """Yes, no, or a word that says that it is not known."""
    word = folded(_plain(value))
    if word in _UNKNOWN:
        return None
    if word not in _YES | _NO:
        raise BadCell("yes_no_unknown", value=_plain(value))
    return word in _YES


def an_ending(value: object) -> Ending:
    """What a decision did to a result."""
    found = _ENDINGS.get(folded(_plain(value)))
    if found is None:
        raise BadCell("ending_unknown", value=_plain(value))
    return found


def a_step(value: object) -> DeliveryStep:
    """What was done to a paper."""
    found = _STEPS.get(folded(_plain(value)))
    if found is None:
        raise BadCell("step_unknown", value=_plain(value))
    return found


def a_paper(value: object) -> str:
    """A document by its id, or by the code that it bears."""
    said = "".join(_plain(value).split())
    if _DOCUMENT_ID.fullmatch(said.lower()):
        return said.lower()
    if parse_result_code(said) is None:
        raise BadCell("paper_unnamed", value=mask(said))
    return said


def a_level(value: object) -> Level:
    """A level, by its code or its name in Vietnamese or English."""
    found = _LEVELS.get(folded(_plain(value)))
    if found is None:
        raise BadCell("level_unknown", value=_plain(value))
    return found


def a_basis(value: object) -> Basis:
    """Basis of an inventory."""
    found = _BASES.get(folded(_plain(value)))
    if found is None:
        raise BadCell("basis_unknown", value=_plain(value))
    return found


def an_owner(value: object) -> str:
    """An owner's number; a numeric cell that lost a leading zero is bad."""
    text = _plain(value).replace(" ", "")
    if not is_owner_identifier(text):
        lost = isinstance(value, (int, float)) and is_owner_identifier("0" + text)
        raise BadCell("owner_lost_zero" if lost else "owner_malformed")
    if isinstance(value, (int, float)) and len(text) == 11:
        raise BadCell("owner_lost_zero")
    return text


def a_code(value: object) -> str:
    """A result-type code."""
    text = _plain(value).upper().replace(" ", "")
    if not GRAMMARS["result_type"].match(text):
        raise BadCell("result_type_malformed", value=text)
    return text


def a_number(value: object) -> str:
    """Number and notation of a paper, spaces around separators removed."""
    if isinstance(value, date):
        raise BadCell("number_became_date", value=str(value))
    text = re.sub(r"\s*([/-])\s*", r"\1", a_text(value))
    if not any(char.isdigit() for char in text):
        raise BadCell("number_malformed", value=text)
    return text


def _plain(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return squeeze(str(value))
