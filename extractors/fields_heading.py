"""The heading of a paper in the layout of NĐ 30/2020 (DOMAIN.md §3.1): agency, number, place and date, subject.

Positions matter more than words: agency upper left, number under it, date upper right, title and subject centred below.
Missing parts are not guessed from the body.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from extractors.anchors import Line, national_at, plain
from extractors.dates import PrintedDate, find_long_date
from extractors.fields import ReadFrom, field_of, flow_of
from extractors.names import agencies_in, head_of, issuing_agency, place_in, spell_out
from extractors.numbers import Number, number_lead, parse_number
from schemas.documents import Field
from schemas.reading import Box, Word
from schemas.rules import Rulebook
from schemas.text import squeeze

_TOP = 0.5
_DOUBTFUL = 0.5  # strength of a value whose form is odd: whatever the letters' confidence, a person looks
_BESIDE = 0.3  # share of the width; the middle of a subject's line lies right of it
_HIDDEN_LONG, _HIDDEN_EDITS = 10, 2
_NUMERALS = frozenset("IVX")
_QUOTES = " .,;-_'`\"‘’“”"
_FOREIGN = re.compile(r"[^\w\s.,()&/–-]|:|\bSố\b")
_ABOUT = re.compile(
    r"^\W{0,2}(?:V\s?[./l|1I]{1,2}\s?[vVyY]|Vv|Về việc|Về việc:)\s*[:.]?\s+", flags=re.IGNORECASE
)
_BODY = (
    "can cu", "thuc hien", "xet ", "theo ", "kinh gui", "de ", "nham ", "i ", "1 ", "dieu 1", "phan ", "chuong ", "a ",
    "cap cho", "hom nay", "kinh trinh", "trong thoi gian", "trong tinh hinh", "ngay ", "can ban",
)  # fmt: skip


@dataclass(frozen=True)
class Heading:
    """The lines of a heading that were found; `place` is what stands before the date."""

    number_line: Line | None
    number: Number | None
    date_line: Line | None
    date: PrintedDate | None
    agency_lines: tuple[Line, ...]

    @property
    def place(self) -> str:
        """Place of issue as printed before the date, "" if none was read."""
        if self.date_line is None or self.date is None:
            return ""
        return self.date_line.text[: self.date.start].strip(" ,.;:-")


def heading_of(lines: Sequence[Line], rules: Rulebook) -> Heading:
    """Find the heading's lines on a first page."""
    number_line, number = _number(lines, rules)
    date_line, date = _date(lines)
    return Heading(number_line, number, date_line, date, _agency_lines(lines, number_line, date_line, rules))


def _number(lines: Sequence[Line], rules: Rulebook) -> tuple[Line | None, Number | None]:
    for line in lines:
        if line.top > _TOP:
            break
        if number_lead(line.text) is None:
            continue
        number = parse_number(line.text, rules.notation_parts)
        if number is not None:
            return line, number
        # A wide blank, or a pen's figures that OCR passed over, leave `Số:` and `/QĐ-UBND` apart.
        whole = joined_row(lines, line, 0.56)
        number = parse_number(whole.text, rules.notation_parts) if whole is not line else None
        if number is not None:
            return whole, number
    return _unread_number(lines)


# `Số` as it is printed or misread, never the `Sở` of a department.
_NUMBER_WORD = re.compile(r"^(?:S[ốôóồổoO6]|s[ốô])\W{0,3}$", flags=re.IGNORECASE)


def _unread_number(lines: Sequence[Line]) -> tuple[Line | None, Number | None]:
    """A line that begins `Số` in a heading and holds no number we can read: there, but unread."""
    for line in lines:
        word = line.words[0].text
        if line.top < 0.3 and 0.1 < line.middle < 0.6 and len(line.words) <= 5 and _NUMBER_WORD.match(word):
            return line, Number(None, None, " ".join(word.as_read for word in line.words[1:]))
    return None, None


def joined_row(lines: Sequence[Line], line: Line, right: float) -> Line:
    """A line with what stands on its row to the right, up to a share of the page's width."""
    centre = line.frame.top + line.frame.bottom
    row = [
        other
        for other in lines
        if other.page == line.page
        and other.frame.left >= line.frame.right
        and other.middle < right
        and abs(other.frame.top + other.frame.bottom - centre) < 1.2 * line.frame.height
    ]
    if not row:
        return line
    words = line.words + tuple(word for other in row for word in other.words)
    frame = functools.reduce(Box.union, (other.frame for other in (line, *row)))
    return Line(words, frame, line.page, line.width, line.height)


def _date(lines: Sequence[Line]) -> tuple[Line | None, PrintedDate | None]:
    for line in lines:
        if line.top > _TOP + 0.05:
            break
        found = _place_and_date(line)
        if found is not None:
            return line, found
        if len(line.words) <= 7 and " ngay" in f" {plain(line.text)}":
            # Day or month was left to a pen and not read: the rest of the date stands apart.
            whole = joined_row(lines, line, 1.0)
            found = _place_and_date(whole)
            if found is not None:
                return whole, found
    return None, None


def last_dated(pages: Sequence[Sequence[Line]]) -> Heading:
    """Place and date where a printed form has them, above the signature: the last such line of the paper."""
    for lines in reversed(pages):
        for line in reversed(lines):
            found = _place_and_date(line)
            if found is not None:
                return Heading(None, None, line, found, ())
    return Heading(None, None, None, None, ())


def _place_and_date(line: Line) -> PrintedDate | None:
    """A date in a line that is a place and a date and nothing else; sentences that hold a date are none."""
    found = find_long_date(line.text)
    if found is None or line.middle < 0.35:
        return None
    before, after = line.text[: found.start].strip(" ,.;"), line.text[found.end :].strip(" .,;)")
    words = plain(before).split()
    place = (
        len(words) <= 5 and not any(char in before for char in ";:()") and not any(map(str.isdigit, before))
    )
    capital = not before or before[0].isupper() or not before[0].isalpha()
    if not place or not capital or len(after) > 6:
        return None
    return found if not words or words[0] not in {"can", "so", "theo", "dang", "den", "truoc"} else None


def _agency_lines(
    lines: Sequence[Line], number_line: Line | None, date_line: Line | None, rules: Rulebook
) -> tuple[Line, ...]:
    """Left block above the number, beside the national name. A centred national name has no agency beside it."""
    index = national_at(lines)
    floor = number_line or date_line
    if (
        index is not None
        and 0.4 < lines[index].middle < 0.6
        and lines[index].frame.left < 0.35 * lines[index].width
    ):
        return ()
    if floor is None and index is None:
        return ()
    bottom = floor.frame.top if floor else lines[index or 0].frame.bottom + 3 * lines[index or 0].frame.height
    right = min(lines[index].frame.left if index is not None else lines[0].width * 0.56, lines[0].width * 0.6)
    block = [
        line
        for line in lines
        if line.frame.bottom <= bottom + line.frame.height * 0.4
        and line.top < 0.35
        and line.middle < 0.46
        and line.frame.right <= right + 0.06 * line.width
        and line is not number_line
        and not _NUMBER_WORD.match(line.words[0].text)
        and sum(char.isalpha() for char in line.text) >= 2
        and line.is_caps
    ]
    while (
        block and head_of(spell_out(block[0].text, rules), rules) is None and not _is_place(block[0], rules)
    ):
        block.pop(0)
    return tuple(block)


def _is_place(line: Line, rules: Rulebook) -> bool:
    text = plain(line.text)
    return any(text.startswith(plain(rank) + " ") for rank in rules.agency_lines.ranks)


def number_fields(heading: Heading, source: ReadFrom) -> dict[str, Field]:
    """`number` and `notation`; the notation is kept even when the digits are unread."""
    line, number = heading.number_line, heading.number
    if line is None or number is None:
        return {}
    words = line.words
    if heading.date_line is line and heading.date:
        words = tuple(word for word in words if word not in _words_from(line, heading.place))
    strength = 0.85 if number.snapped else 1.0
    fields = {"number": field_of(number.value, words, line.page, source, strength, raw=number.raw)}
    if number.notation:
        fields["notation"] = field_of(number.notation, words, line.page, source, strength, raw=number.raw)
    return fields


def _words_from(line: Line, place: str) -> tuple[object, ...]:
    index = line.text.find(place.split(" ")[0]) if place else -1
    count = len(line.text[:index].split(" ")) - 1 if index > 0 else len(line.words)
    return tuple(line.words[count:])


def date_field(heading: Heading, source: ReadFrom) -> Field | None:
    """`issue_date` from the place-and-date line; part-read dates have no value."""
    line, found = heading.date_line, heading.date
    if line is None or found is None:
        return None
    flow = flow_of([line])
    words = flow.words_between(found.start, found.end)
    return field_of(found.day.isoformat() if found.day else None, words, line.page, source, raw=flow.text)


def agency_field(heading: Heading, rules: Rulebook, source: ReadFrom) -> Field | None:
    """`agency`: the issuing line of the heading, joined, spelt out, with its parent's place."""
    lines = heading.agency_lines
    if not lines:
        return None
    read, name = (
        issuing_agency(agencies_in(texts, rules), rules)
        for texts in ([line.text for line in lines], [line.chosen for line in lines])
    )
    if not name or len(name) < 3:
        return None
    own = lines[-1:] if len(lines) == 1 else lines
    # Most words of an agency's name are the language's own, and context knows their marks; a person is asked all the same.
    small = any(word.text.islower() for line in own for word in line.words)
    strength = _DOUBTFUL if small or _is_odd(name, rules) or name != read else 1.0
    return field_of(name, [word for line in own for word in line.words], lines[0].page, source, strength)


def _is_odd(agency: str, rules: Rulebook) -> bool:
    """True for a name that no agency has: a place alone, a stray letter or sign, a part of a number or a stamp in it."""
    words = agency.split()
    place = place_in(agency, rules)
    stray = any(len(word) == 1 and word.isalpha() and word not in _NUMERALS for word in words)
    stray = stray or words[-1].isdigit()
    foreign = _FOREIGN.search(agency) is not None or "cong va" in plain(agency)
    return stray or foreign or (place is not None and place.start == 0)


def titled_subject(
    lines: Sequence[Line], title: Sequence[Line], source: ReadFrom, rules: Rulebook
) -> Field | None:
    """`subject` of a paper with a title: the centred lines that follow it."""
    below = [
        line for line in lines if line.frame.top >= title[-1].frame.bottom - title[-1].frame.height * 0.3
    ]
    taken: list[Line] = []
    last = title[-1]
    for line, after in itertools.zip_longest(below[:12], below[1:12]):
        if line.middle < _BESIDE:
            continue  # an incoming-mail stamp, struck beside the subject
        gap = line.frame.top - last.frame.bottom
        if gap > 2.6 * max(last.frame.height, line.frame.height):
            break
        if _ends_subject(line, bool(taken), rules) or (taken and _begins_paragraph(line, after)):
            break
        if not (0.36 < line.middle < 0.64) or (line.frame.left < 0.115 * line.width and len(taken) > 3):
            break
        taken.append(line)
        last = line
    if not taken or sum(char.isalpha() for line in taken for char in line.text) < 6:
        return None
    words = [word for line in taken for word in line.words]
    begin = _about_at(words)
    hidden = 0 if begin else _hidden_about(words)
    lead = "Về việc " if hidden else ""
    value = squeeze(lead + " ".join(word.text for word in words[begin + hidden :])).strip(_QUOTES)
    return field_of(value, words[begin:], taken[0].page, source, _DOUBTFUL if hidden else 0.95)


def _about_at(words: Sequence[Word]) -> int:
    """Where `Về việc` begins among the first words: the rim of an incoming-mail stamp may be read before it."""
    for index in range(min(6, len(words) - 1)):
        if [plain(word.text).strip(_QUOTES) for word in words[index : index + 2]] == ["ve", "viec"]:
            return index
    return 0


def _hidden_about(words: Sequence[Word]) -> int:
    """How many of the first words are `Về việc` with the rim of a stamp over it; 0 if they are anything else."""
    for count in range(1, min(5, len(words))):
        text = "".join(char for word in words[:count] for char in plain(word.text) if char.isalnum())
        if text.startswith("veviec") or len(text) > _HIDDEN_LONG:
            return 0
        if text == "eviec":
            return count
        if "ve" in text and Levenshtein.distance(text[text.index("ve") :], "veviec") <= _HIDDEN_EDITS:
            return count if words[count].text[:1].islower() else 0
    return 0


def _begins_paragraph(line: Line, after: Line | None) -> bool:
    """True for a line that begins with a capital, indented, and fills the row as the one under it does."""
    if after is None or not line.text[:1].isupper() or line.frame.right < 0.78 * line.width:
        return False
    indent = line.frame.left - after.frame.left
    return indent > 0.02 * line.width and after.frame.top - line.frame.bottom < 1.2 * line.frame.height


def _ends_subject(line: Line, begun: bool, rules: Rulebook) -> bool:
    text = plain(line.text)
    # A subject goes on in small letters: `theo quy định …`; the preamble begins with a capital.
    opens = any(f"{text} ".startswith(start) for start in _BODY) and not line.text[:1].islower()
    if opens and not text.startswith("ve viec") and not _about_at(line.words):
        return True
    if not line.is_caps:
        return False
    authority = any(text.startswith(plain(title) + " ") for title in rules.agency_lines.signer_titles)
    return (
        authority
        or (begun and head_of(spell_out(line.text, rules), rules) is not None)
        or text.endswith("quyet dinh")
    )


def _ends_about(line: Line) -> bool:
    """The addressee, or the stamp of incoming mail that is struck under the subject."""
    text = plain(line.text)
    return text.startswith(("kinh gui", "den so", "so den", "chuyen")) or "cong van den" in text


def dispatch_subject(lines: Sequence[Line], source: ReadFrom) -> Field | None:
    """`subject` of a dispatch: what follows `V/v` under the number, on the left."""
    for index, line in enumerate(lines):
        if line.top > _TOP or line.middle > 0.55 or not _ABOUT.match(line.text):
            continue
        taken = [line]
        for below in lines[index + 1 :]:
            if below.middle > 0.5 or below.frame.left > 0.45 * below.width or _place_and_date(below):
                continue
            gap = below.frame.top - taken[-1].frame.bottom
            if gap > 1.1 * line.frame.height or _ends_about(below) or len(taken) > 7:
                break
            taken.append(below)
        text = squeeze(" ".join(part.chosen for part in taken))
        value = _ABOUT.sub("", text).strip(" .;-_")
        if not value:
            return None
        return field_of(value, [word for part in taken for word in part.words], line.page, source, 0.95)
    return None
