"""Marks of secrecy (MẬT, TỐI MẬT, TUYỆT MẬT): a stamp or separate line near the top left, not a word in a sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from extractors.anchors import Line, plain
from schemas.text import squeeze

_TOP, _LEFT = 0.45, 0.62
_DEGREE = re.compile(r"^(?:Độ|Mức độ)\s+mật\s*:\s*(.+)$", flags=re.IGNORECASE)
# How OCR reads Ậ; a bare A is another word.
_CIRCUMFLEX = re.compile(r"^M[ẬÂẤẦẨẪ]T$")


class SecretMark(NamedTuple):
    """A mark as read, and its page."""

    text: str
    page: int


def secret_mark(lines: Sequence[Line], marks: Sequence[str]) -> SecretMark | None:
    """The mark of secrecy on a page, or None."""
    for line in lines:
        if line.top > _TOP or line.middle > _LEFT:
            continue
        text = re.sub(r"[^\w\s:]", "", squeeze(line.text)).strip()
        degree = _DEGREE.match(text)
        wording = degree.group(1).upper() if degree else text
        if any(_is_mark(wording, mark) for mark in marks):
            return SecretMark(line.text, line.page)
    return None


def _is_mark(wording: str, mark: str) -> bool:
    if not wording.isupper():
        return False
    if " " in mark:
        return plain(wording) == plain(mark)
    return wording == mark or bool(mark == "MẬT" and _CIRCUMFLEX.match(wording))
