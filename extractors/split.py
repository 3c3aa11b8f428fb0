"""Split a file that holds several papers into papers.

Conservative: a page begins a new paper only if it shows a heading. Annexes, forms annexed to a paper, backs
and blank pages stay with the paper before them; so does a page that could not be read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from extractors.anchors import Line, lines_of, national_at, plain
from extractors.classify import title_of
from extractors.dates import find_long_date
from extractors.numbers import number_lead, parse_number
from extractors.sheets import mark_on
from schemas.findings import finding
from schemas.reading import PageReading
from schemas.rules import Rulebook

_HEAD = 0.42
_ANNEX = re.compile(
    r"^(?:phu luc|mau so|mau |bieu mau|bieu so|kem theo|ban hanh kem theo|dinh kem|danh sach|bang |so do|ban ve|trang )"
)
_PAGE_NUMBER = re.compile(r"^[-–\s]*(?:trang\s*)?([2-9]|[1-9]\d{1,2})(?:\s*/\s*\d+)?[-–\s.]*$")


def mark_separators(readings: Sequence[PageReading], rules: Rulebook) -> tuple[PageReading, ...]:
    """Readings in which every separator sheet bears the finding `page_separator`; such a page is in no paper."""
    return tuple(
        reading.model_copy(
            update={"findings": (*reading.findings, finding("page_separator", page=reading.number))}
        )
        if not is_marked_separator(reading) and _divides(reading, lines_of(reading), rules)
        else reading
        for reading in readings
    )


def is_marked_separator(reading: PageReading) -> bool:
    """True if the page was marked as a separator sheet."""
    return any(note.rule == "page_separator" for note in reading.findings)


def _divides(reading: PageReading, lines: Sequence[Line], rules: Rulebook) -> bool:
    """True if a page is a separator sheet, by its QR code or by its words."""
    return mark_on(reading) is not None or _is_separator(lines, rules)


def _is_separator(lines: Sequence[Line], rules: Rulebook) -> bool:
    """A sheet with little text besides a separator's mark on a separate line."""
    marks = {plain(mark) for mark in rules.separator_marks}
    return 0 < len(lines) <= 6 and any(plain(line.text) in marks for line in lines)


def split_pages(
    readings: Sequence[PageReading], lines: Sequence[Sequence[Line]], rules: Rulebook
) -> tuple[tuple[int, ...], ...]:
    """Indices of the readings, grouped by paper, in order.

    Every reading is in exactly one group, but for marked separators, which are in none. An unmarked separator
    still divides, and stays with the paper before it so that no page is lost.
    """
    groups: list[list[int]] = []
    begun = divided = False
    for index, reading in enumerate(readings):
        if is_marked_separator(reading):
            divided = True
            continue
        separator = _divides(reading, lines[index], rules)
        starts = not separator and begins_paper(lines[index], rules)
        after = divided and bool(lines[index])
        # What comes before the first heading (a blank or unread cover) belongs to the first paper.
        if not groups or (begun and starts) or after:
            groups.append([])
            begun = divided = False
        groups[-1].append(index)
        begun = begun or starts or bool(lines[index])
        divided = divided or separator
    return tuple(tuple(group) for group in groups)


def begins_paper(lines: Sequence[Line], rules: Rulebook) -> bool:
    """True if a page shows the heading of a paper: national name with title or number, or all of number, date, title."""
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
    return any(_PAGE_NUMBER.match(line.folded) for line in top[:2]) or any(
        _ANNEX.match(plain(line.text)) for line in top
    )
