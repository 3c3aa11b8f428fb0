"""Where one paper ends and the next begins in a file that holds several.

Conservative: a page begins a new paper only if it shows a heading of its own. Annexes, forms annexed to a paper, backs
and blank pages stay with the paper before them; so does a page that could not be read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from extractors.anchors import Line, lines_of, national_at, plain
from extractors.classify import title_of
from extractors.dates import find_long_date
from extractors.numbers import number_lead, parse_number
from schemas.reading import PageReading
from schemas.rules import Rulebook

_HEAD = 0.42
_ANNEX = re.compile(
    r"^(?:phu luc|mau so|mau |bieu mau|bieu so|kem theo|ban hanh kem theo|dinh kem|danh sach|bang |so do|ban ve|trang )"
)
_PAGE_NUMBER = re.compile(r"^[-–\s]*(?:trang\s*)?([2-9]|[1-9]\d{1,2})(?:\s*/\s*\d+)?[-–\s.]*$")


def split_pages(readings: Sequence[PageReading], rules: Rulebook) -> tuple[tuple[int, ...], ...]:
    """Indices of the readings, grouped by paper, in order; every reading is in exactly one group."""
    groups: list[list[int]] = []
    begun = False
    for index, reading in enumerate(readings):
        lines = lines_of(reading)
        starts = begins_paper(lines, rules)
        # What comes before the first heading (a blank or unread cover) belongs to the first paper.
        if not groups or (starts and begun):
            groups.append([])
        groups[-1].append(index)
        begun = begun or starts or bool(lines)
    return tuple(tuple(group) for group in groups)


def begins_paper(lines: Sequence[Line], rules: Rulebook) -> bool:
    """Whether a page shows the heading of a paper: national name with title or number, or all of number, date, title."""
    head = [line for line in lines if line.top < _HEAD]
    if not head or _continues(head):
        return False
    number = any(number_lead(line.text) is not None and parse_number(line.text) for line in head)
    title = title_of(lines, rules.kinds)
    if national_at([line for line in head if line.top < 0.3]) is not None:
        return number or title is not None
    dated = any(find_long_date(line.text) is not None and line.middle > 0.45 for line in head)
    return number and dated and title is not None and title.lines[0].top < _HEAD


def _continues(head: Sequence[Line]) -> bool:
    """A page number above 1, or the mark of an annex, at the top of a page."""
    top = [line for line in head if line.top < 0.16][:4]
    return any(_PAGE_NUMBER.match(line.folded) for line in top[:2]) or any(_ANNEX.match(plain(line.text)) for line in top)
