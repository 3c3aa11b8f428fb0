"""Dates as printed on papers, in words and numbers, complete or partial. A partial date has no value.

Digits are taken as read, never corrected.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final, NamedTuple

from schemas.text import fold

_DAY = r"(?P<d>\d{1,2})"
_MONTH = r"(?P<m>\d{1,2})"
_YEAR = r"(?P<y>(?:1[89]|20)\d{2})"
# Compared on folded text: `ngày` may be read `ngay`, `ngây`, `nqày`; the words between the numbers hold it together.
_LONG: Final = re.compile(
    rf"n[gq]?[aà]y[\s.,:]*{_DAY}[\s.,]*th[aà]ng[\s.,]*{_MONTH}[\s.,]*n[aă]m[\s.,]*{_YEAR}(?!\d)"
)
_SHORT: Final = re.compile(rf"(?<![\d/.-]){_DAY}\s?[/.-]\s?{_MONTH}\s?[/.-]\s?{_YEAR}(?!\d)")
# A date line with parts that are blank, handwritten or unread.
_PART: Final = re.compile(
    r"n[gq]?ay\b(?P<middle>.{0,24}?)\bth[aà]?ng\b(?P<rest>.{0,24}?)\bnam\b(?P<tail>[\s.,:…]*\d{0,4})"
)

# The same with even the word for month unread; the year holds it together.
_LOOSE: Final = re.compile(r"n[gq]?ay\b.{1,24}?\bnam\s*(?:1[89]|20)\d{2}(?!\d)")

_UNITS: Final = {
    "khong": 0, "mot": 1, "hai": 2, "ba": 3, "bon": 4, "tu": 4, "nam": 5, "lam": 5, "sau": 6, "bay": 7, "tam": 8,
    "chin": 9,
}  # fmt: skip


class PrintedDate(NamedTuple):
    """A date found in a text: the day, None if only parts could be read, and where it stands (`start`, `end`)."""

    day: date | None
    start: int
    end: int


def _real(match: re.Match[str]) -> date | None:
    try:
        return date(int(match["y"]), int(match["m"]), int(match["d"]))
    except ValueError:
        return None


def find_date(text: str) -> PrintedDate | None:
    """First date in a text; `day` is None when a date is printed there but parts of it are blank or unreal."""
    folded = same_length(text)
    found = sorted(
        (match for match in (_LONG.search(folded), _SHORT.search(folded)) if match),
        key=lambda match: match.start(),
    )
    if found:
        return PrintedDate(_real(found[0]), found[0].start(), found[0].end())
    return _part_of_date(folded)


def _part_of_date(folded: str) -> PrintedDate | None:
    """A date with blank or unread parts; sentences about days, months and years do not count."""
    part = _PART.search(folded)
    if part and all(sum(map(str.isalpha, part[name])) <= 3 for name in ("middle", "rest")):
        return PrintedDate(None, part.start(), part.end())
    return None


def find_long_date(text: str) -> PrintedDate | None:
    """A date written `ngày … tháng … năm …`, whole or in part; other shapes are left alone."""
    folded = same_length(text)
    match = _LONG.search(folded)
    if match:
        return PrintedDate(_real(match), match.start(), match.end())
    loose = _LOOSE.search(folded)
    return _part_of_date(folded) or (PrintedDate(None, loose.start(), loose.end()) if loose else None)


def same_length(text: str) -> str:
    """Folded text of the same length, so that places in it are places in the text."""
    folded = "".join(fold(char) or " " for char in text)
    return folded if len(folded) == len(text) else fold(text)


def date_in_words(text: str) -> date | None:
    """`Ngày ba, tháng hai, năm hai nghìn không trăm hai mươi mốt` → 2021-02-03; None if it is not such a text."""
    plain = re.sub(r"[^a-z ]", " ", fold(text))
    match = re.search(r"ngay (.+?) thang (.+?) nam (.+)", re.sub(r"\s+", " ", plain).strip())
    if not match:
        return None
    day, month, year = (_number(part) for part in match.groups())
    if day is None or month is None or year is None:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _number(words: str) -> int | None:
    """Number spelt in Vietnamese, up to thousands (`mười lăm`, `hai nghìn không trăm hai mươi mốt`)."""
    total = current = 0
    seen = False
    for word in words.split():
        if word in {"mung", "linh", "le", "gieng"}:
            seen, current = True, 1 if word == "gieng" else current
        elif word == "chap":
            seen, current = True, 12
        elif word in _UNITS:
            current, seen = current + _UNITS[word], True
        elif word == "muoi":
            current, seen = (current or 1) * 10, True
        elif word == "tram":
            total, current = total + current * 100, 0
        elif word in {"nghin", "ngan"}:
            total, current = (total + current) * 1000, 0
        else:
            break
    return total + current if seen else None


def add_months(day: date, months: int) -> date:
    """The same day some months later; the last of the month where that day does not exist."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
