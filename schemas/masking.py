"""Mask numbers of persons and enterprises in published output: reports, traces, lists. Pure.

Only shapes are known here: 9, 10, 12 or 13 digits that stand alone, written together or in groups of three. Where a field
is known to hold such a number, every longer run of digits in it is hidden, however it was read.
"""

from __future__ import annotations

import re
from typing import Final

from schemas.codes import parse_result_code
from schemas.text import mask_identifier

_EDGE: Final = (r"(?<![0-9a-fA-F])", r"(?![0-9a-fA-F])")
_IDENTIFIER: Final = re.compile(r"(?:\d{12,13}|\d{9,10})".join(_EDGE))
_IN_GROUPS: Final = re.compile(r"\d{3} \d{3} \d{3}(?: \d{3})?".join(_EDGE))
_SPREAD: Final = re.compile(r"\d(?:[ .–-]?\d){5,}")
_MIN_DIGITS: Final = 4
_BETWEEN: Final = re.compile(r"(?<=\w)[ .–-](?=\w)")
_ALONE: Final = re.compile(r"(?<!\d)(?:\d{12,13}|\d{9,10})(?!\d)")
# What OCR makes of digits; only in what is mostly digits.
_LOOKALIKE: Final = str.maketrans("OoQDIl|SB", "000011158")
_SURELY_DIGITS: Final = 7


def mask(text: str) -> str:
    """Mask everything with the shape of an owner's number."""
    text = _IDENTIFIER.sub(lambda found: mask_identifier(found[0]), text)
    return _IN_GROUPS.sub(lambda found: mask_identifier(found[0]), text)


def mask_code(code: str) -> str:
    """A printed code with its owner hidden, wherever in it the owner's number stands."""
    parts = parse_result_code(code)
    if parts is None or not parts.owner:
        return mask(code)
    hidden = mask_identifier(parts.owner)
    # An enterprise's number is its paper's number, too.
    number = mask(parts.number.replace(parts.owner, hidden))
    return str(parts.model_copy(update={"owner": hidden, "number": number}))


def holds_identifier(target: str) -> bool:
    """True if a field or target is known to hold the number of a person or enterprise."""
    return target.endswith("_id") or target == "enterprise_code"


def mask_value(target: str, text: str) -> str:
    """A field's value or raw text, hidden as its field asks."""
    if not holds_identifier(target):
        return mask(text)
    text = _SPREAD.sub(lambda found: mask_identifier(found[0]), text)
    words = text.split(" ")
    return " ".join(mask_identifier(word) if _digits(word) >= _MIN_DIGITS else word for word in words)


def is_identifier(text: str) -> bool:
    """True if a piece of a page holds such a number as read: signs between digits left out, letters taken for digits."""
    joined = _BETWEEN.sub("", text)
    if _digits(joined) >= _SURELY_DIGITS:
        joined = joined.translate(_LOOKALIKE)
    return bool(_ALONE.search(joined))


def _digits(word: str) -> int:
    return sum(char.isdigit() for char in word)
