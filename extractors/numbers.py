"""Number and notation of a paper (`Số: 61/2018/NĐ-CP`), by the grammar of DOMAIN.md §3.3.

Digits are never corrected. Letters of a notation snap to a closed list of parts only when exactly one entry differs by
nothing but diacritics, or by a single edit; short parts only by letters that OCR confuses. What was read stays in raw.
"""

from __future__ import annotations

import functools
import re
from typing import Final, NamedTuple

from rapidfuzz.distance import Levenshtein

from schemas.text import nfc, strip_accents

_TWO_PARTS = 8  # letters of a notation that may be two parts run together
_LETTERS = "A-ZĐÂĂÊÔƠƯÁÀẢÃẠẤẦẨẪẬẮẰẲẴẶÉÈẺẼẸẾỀỂỄỆÍÌỈĨỊÓÒỎÕỌỐỒỔỖỘỚỜỞỠỢÚÙỦŨỤỨỪỬỮỰÝỲỶỸỴ"
_PART = rf"[{_LETTERS}][A-Za-z{_LETTERS}đ0-9&.]*"
_SYMBOL = rf"{_PART}(?:-[{_LETTERS}0-9][A-Za-z{_LETTERS}đ0-9&.]*)*"
# `Số`, as printed and as misread.
_SO: Final = r"(?:S[ốôóòơơoỐÔÓÒƠO0ồổỗộớờ6]|[sS][ố6])"
_LEAD: Final = re.compile(rf"^\W{{0,3}}{_SO}(?=\s*[:.;,/]|\s*\d|\s*[…_])\s*[:.;,]?\s*", flags=re.IGNORECASE)
_DASHES: Final = str.maketrans({"–": "-", "—": "-", "‐": "-", "‑": "-", "−": "-", "⁄": "/"})
# A letter after the digits is a real suffix (`12a`) only where OCR does not make it out of a digit (`5l`, `1O`).
_SUFFIX = "[a-eA-E]?"
_FULL: Final = re.compile(
    rf"^(?P<no>\d{{1,6}}{_SUFFIX})/(?:(?P<year>(?:19|20)\d{{2}})/)?(?P<sym>{_SYMBOL})(?![\w/])"
)
_REGISTER: Final = re.compile(r"^(?P<no>\d{1,5})/(?P<year>(?:19|20)\d{2})(?![\w/-])")
# The Party's papers and older state ones put the dash first: `123-QĐ/UB`.
_DASHED: Final = re.compile(rf"^(?P<no>\d{{1,6}}{_SUFFIX})-(?P<sym>{_PART}/{_SYMBOL})(?![\w/])")
# A slash that was not read leaves a gap: only before a listed notation, at the end of the line.
_SLASHLESS: Final = re.compile(rf"^(?P<no>\d{{1,6}}) (?P<sym>{_SYMBOL})\W*$")
_OPEN: Final = re.compile(
    rf"^(?P<junk>.{{0,16}}?)/(?:(?P<year>(?:19|20)\d{{2}})/)?(?P<sym>{_SYMBOL})(?![\w/])"
)
_OPEN_REGISTER: Final = re.compile(r"^(?P<junk>[^/0-9]{0,14})/(?P<year>(?:19|20)\d{2})(?![\w/-])")
# Pairs that OCR confuses among capital letters without diacritics.
_CONFUSED: Final = frozenset(
    frozenset(pair)
    for pair in (
        "OQ",
        "OD",
        "DQ",
        "UV",
        "IL",
        "IT",
        "B8",
        "S5",
        "O0",
        "I1",
        "L1",
        "GC",
        "EF",
        "PR",
        "MN",
        "VY",
        "RK",
    )
)


class Number(NamedTuple):
    """A number line.

    Attributes:
        value: number and notation without spaces around `/` and `-`; None if the digits are blank or unread.
        notation: what follows number and year, or None.
        raw: text as read, spaces closed up.
        year: year inside the number (`61/2018/NĐ-CP`, `123/2021`), or None.
        snapped: whether letters of the notation were repaired from the closed list.
    """

    value: str | None
    notation: str | None
    raw: str
    year: int | None = None
    snapped: bool = False


def close_up(text: str) -> str:
    """NFC text with plain dashes and without spaces around `/` and `-`."""
    # Dots of a form's leader between a number and its slash (`319. /2026`) are no part of it.
    plain = re.sub(r"(?<=\d)[\s._…]+(?=/)", "", nfc(text).translate(_DASHES))
    return re.sub(r"\s*([/-])\s*", r"\1", plain).strip()


def number_lead(text: str) -> int | None:
    """Index at which the number starts in a line that begins with `Số`, or None."""
    match = _LEAD.match(nfc(text))
    return match.end() if match and match.end() > 0 else None


def parse_number(text: str, parts: frozenset[str] = frozenset()) -> Number | None:
    """Parse what stands after `Số:`.

    Args:
        text: the line after its lead (a lead still there is taken off).
        parts: closed list of notation parts (`KH`, `UBND` …); empty means no repair.

    Returns:
        The number, with `value` None if only the notation could be read; None where the line holds no number.
    """
    lead = number_lead(text)
    closed = close_up(text[lead:] if lead else text)
    squeezed = _without_inner_spaces(closed)
    match = _FULL.match(squeezed)
    if match:
        notation, snapped = snap_notation(match["sym"].rstrip(".&"), parts)
        year = f"{match['year']}/" if match["year"] else ""
        raw = match.group(0).rstrip(".&")
        return Number(f"{match['no']}/{year}{notation}", notation, raw, _int(match["year"]), snapped)
    match = _REGISTER.match(squeezed)
    if match:
        return Number(match.group(0), None, match.group(0), int(match["year"]))
    match = _DASHED.match(squeezed)
    if match:
        return Number(match.group(0), match["sym"], match.group(0))
    match = _SLASHLESS.match(squeezed) if lead else None
    if match:
        notation, _ = snap_notation(match["sym"].rstrip(".&"), parts)
        if set(notation.split("-")) <= parts:
            return Number(f"{match['no']}/{notation}", notation, match.group(0), None, True)
    match = _OPEN.match(squeezed)
    if match and (lead or not match["junk"].strip().isalpha()):
        notation, snapped = snap_notation(match["sym"].rstrip(".&"), parts)
        return Number(None, notation, match.group(0).rstrip(".&"), _int(match["year"]), snapped)
    match = _OPEN_REGISTER.match(squeezed)
    if match and lead:
        return Number(None, None, match.group(0), int(match["year"]))
    return None


def _int(text: str | None) -> int | None:
    return int(text) if text else None


def _without_inner_spaces(text: str) -> str:
    """The first stretch that holds a slash, with stray spaces inside a notation's capitals closed (`GP XD` stays)."""
    return re.sub(r"(?<=[/-])\s+|\s+(?=[/-])", "", text)


def snap_notation(notation: str, parts: frozenset[str]) -> tuple[str, bool]:
    """Repair the parts of a notation for which exactly one listed entry fits; also returns whether any changed."""
    if not parts:
        return notation, False
    snapped = [_snap_part(part, parts) for part in notation.split("-")]
    joined = "-".join(snapped)
    return joined, joined != notation


@functools.lru_cache(maxsize=2048)
def _snap_part(part: str, parts: frozenset[str]) -> str:
    if part in parts or any(char.isdigit() for char in part):
        return part
    bare = strip_accents(part)
    same = {entry for entry in parts if strip_accents(entry) == bare} or {
        entry for entry in parts if strip_accents(entry).upper() == bare.upper() and len(part) > 2
    }
    if same:
        return next(iter(same)) if len(same) == 1 else part
    if len(part) < 3:
        return part
    # A dash between two parts was lost: `UBNDKSTT`. Short ones are as often one part that no list has (`QHKT`).
    halves = {(part[:at], part[at:]) for at in range(3, len(part) - 2) if {part[:at], part[at:]} <= parts}
    if len(halves) == 1 and len(part) >= _TWO_PARTS:
        return "-".join(next(iter(halves)))
    near = {entry for entry in parts if Levenshtein.distance(part, entry, score_cutoff=1) <= 1}
    if len(near) != 1:
        return part
    entry = next(iter(near))
    return entry if len(part) >= 5 or _looks_alike(bare, strip_accents(entry)) else part


def _looks_alike(left: str, right: str) -> bool:
    """True if two words of one length differ in one letter that OCR confuses."""
    if len(left) != len(right):
        return False
    differ = [(a, b) for a, b in zip(left, right, strict=True) if a != b]
    return len(differ) == 1 and frozenset(differ[0]) in _CONFUSED
