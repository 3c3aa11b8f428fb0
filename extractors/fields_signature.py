"""Signer and post (NĐ 30/2020 boxes 7a, 7c): bottom right of the last page that bears a signature."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from extractors.anchors import Line, plain
from extractors.fields import ReadFrom, field_of
from extractors.names import agencies_in, head_of, issuing_agency, person_name, sentence_case, spell_out
from extractors.values import name_strength
from schemas.documents import Field
from schemas.rules import Rulebook
from schemas.text import squeeze

# TM. (thay mặt), KT. (ký thay), TL. (thừa lệnh), TUQ. (thừa ủy quyền), Q. (quyền)
_PREFIX = re.compile(r"^\W{0,2}(TM|KT|TL|TUQ|T\.?UQ|Q|K/T|T/M|T/L)\s?[.,]\s*", flags=re.IGNORECASE)
_FOR = re.compile(r"^\W{0,2}(KT|TL|TUQ|T\.?UQ|K/T|T/L)\s?[.,]", flags=re.IGNORECASE)
_NEAR = 0.36
_ALONE = 0.9  # strength of a name without the post above it
_REPAIRED = 0.5
_MIDDLE = frozenset({"Thị", "Văn"})  # the family name before it was lost whole
_LOST = 2  # first letters of a family name that a seal may hide
_SHORT, _LONG = 2, 4
_LONGEST = 6  # words of a name


@dataclass(frozen=True)
class Signature:
    """A signature block: its lines of capitals from the top, the post, and how sure the post's line is.

    `post` is None if the line of the post itself was lost and only what stands above it was read.
    """

    lines: tuple[Line, ...]
    post_line: Line
    post: str | None
    strength: float


def signature_fields(pages: Sequence[Sequence[Line]], rules: Rulebook, source: ReadFrom) -> dict[str, Field]:
    """`signer` and `signer_title`; a field that is there but unread has no value."""
    for lines in reversed(pages):
        found = find_signature(lines, rules)
        if found is None:
            lone = _name_alone(lines, rules)
            if lone is not None:
                return {"signer": field_of(_signed_name(lone.text), lone.words, lone.page, source, _ALONE)}
            continue
        line = found.post_line
        fields = {"signer_title": field_of(found.post, line.words, line.page, source, 0.97 * found.strength)}
        below = _name_below(lines, line)
        if below is not None:
            name, strength = _name_under_seal(below.text, rules)
            fields["signer"] = field_of(name, below.words, below.page, source, strength)
        return fields
    return {}


def _name_alone(lines: Sequence[Line], rules: Rulebook) -> Line | None:
    """A person's name at the right, beside or below the recipients, where seal or pen hid the post above it."""
    recipients = [line for line in lines if line.middle < 0.5 and plain(line.text).startswith("noi nhan")]
    if not recipients:
        return None
    for line in reversed(lines):
        if line.frame.top < recipients[-1].frame.top:
            return None
        name = _signed_name(line.text) if line.middle > 0.5 and not line.is_caps else None
        if name is not None and len(name.split()) > 2 and name_strength(name, rules) > _ALONE:
            return line
    return None


def find_signature(lines: Sequence[Line], rules: Rulebook) -> Signature | None:
    """The lowest signature block at the right of a page, or None."""
    block: list[tuple[Line, str | None, float]] = []
    for line in lines:
        if (
            line.middle < 0.54
            or line.top < 0.2
            or line.frame.width > 0.6 * line.width
            or not _mostly_caps(line)
        ):
            continue
        read = _post_in(line, rules)
        if read is None and not _is_block_line(line, rules):
            continue
        if block and line.frame.top - block[-1][0].frame.bottom > 3 * line.frame.height:
            block = []
        block.append((line, *(read or (None, 1.0))))
    if not block:
        return None
    line, post, strength = block[-1]
    # `KT. CHỦ TỊCH` names the person being deputised for; the signer's own post was on the next line.
    stands_in = bool(_FOR.match(squeeze(line.text)))
    lost = (
        post is None
        or stands_in
        or (strength < 1 and len(block) > 1 and bool(_FOR.match(squeeze(block[-2][0].text))))
    )
    return Signature(tuple(row for row, _, _ in block), line, None if lost else post, strength)


def _mostly_caps(line: Line) -> bool:
    letters = [char for char in line.text if char.isalpha()]
    return len(letters) >= 4 and sum(char.isupper() for char in letters) >= 0.6 * len(letters)


def _post_in(line: Line, rules: Rulebook) -> tuple[str, float] | None:
    """The post a line names; one that only ends in a post, after some noise of the seal, is half as sure."""
    whole = post_of(line.text, rules)
    if whole is not None:
        return whole, 1.0
    text = plain(line.text)
    for title in sorted(rules.agency_lines.signer_titles, key=len, reverse=True):
        if text.endswith(plain(title)) and len(text) - len(plain(title)) <= 6:
            return title, 0.55
    return None


def _is_block_line(line: Line, rules: Rulebook) -> bool:
    """A line above a post: with a prefix (`TM.`), or the name of a committee."""
    del rules
    return bool(_PREFIX.match(squeeze(line.text))) or plain(line.text).endswith(
        ("uy ban nhan dan", "hoi dong nhan dan")
    )


def signing_agency(pages: Sequence[Sequence[Line]], rules: Rulebook, source: ReadFrom) -> Field | None:
    """The agency named in the last signature block (`TM. ỦY BAN NHÂN DÂN XÃ …`), or None."""
    for lines in reversed(pages):
        found = find_signature(lines, rules)
        if found is None:
            continue
        block = _agency_above(lines, found.lines[0], rules)
        names = agencies_in([_PREFIX.sub("", line.text) for line in block], rules)
        name = issuing_agency(names[:1], rules)
        if not name:
            return None
        return field_of(name, [word for line in block for word in line.words], block[0].page, source, 0.9)
    return None


def _agency_above(lines: Sequence[Line], first: Line, rules: Rulebook) -> list[Line]:
    """Capitals at the right from the one that begins an agency down to the first line of the block."""
    block = [first]
    for line in reversed(lines[: lines.index(first)]):
        if line.middle < 0.45:
            continue
        if not line.is_caps or block[0].frame.top - line.frame.bottom > 2 * line.frame.height:
            break
        block.insert(0, line)
    block = [line for line in block if post_of(line.text, rules) is None]
    while block and head_of(spell_out(_PREFIX.sub("", block[0].text), rules), rules) is None:
        block.pop(0)
    return block


def _bare(text: str) -> str:
    """A signer's name without academic and military ranks before it."""
    return re.sub(
        r"^(?:(?:TS|ThS|PGS|GS|BS|CKI{1,2}|KS|DS|Đại tá|Thượng tá|Trung tá|Thiếu tướng)[.,:]?\s*)+(?=[A-ZĐ])",
        "",
        squeeze(text),
    )


def post_of(text: str, rules: Rulebook) -> str | None:
    """The post that a line of capitals names, in sentence case; None if it names none."""
    bare = _PREFIX.sub("", squeeze(text)).strip(" .,:")
    folded = plain(bare)
    if not folded:
        return None
    titles = sorted(rules.agency_lines.signer_titles, key=len, reverse=True)
    for title in titles:
        if fuzz.ratio(folded, plain(title)) >= 90 and abs(len(folded) - len(plain(title))) <= 2:
            return title
    for title in titles:
        size = len(title.split())
        words = bare.split(" ")
        if plain(" ".join(words[:size])) == plain(title) and 0 < len(words) - size <= 9:
            return f"{title} {sentence_case(' '.join(words[size:]), rules)}"
    return None


def _name_below(lines: Sequence[Line], title: Line) -> Line | None:
    """The nearest line below a post, in its column, that has the shape of a name in small letters."""
    for line in lines:
        gap = (line.frame.top - title.frame.bottom) / line.height
        if gap < 0 or gap > _NEAR or line.middle < 0.48 or line.is_caps:
            continue
        if abs(line.middle - title.middle) <= 0.2 and _looks_like_name(_bare(line.text)):
            return line
    return None


def _words_of(text: str) -> list[str]:
    """Words of a line without the specks that a seal's rim leaves around them."""
    words = [re.sub(r"^[^\w]+|[^\w]+$", "", word) for word in _bare(text).split(" ")]
    while words and not any(map(str.isalnum, words[0])):
        words.pop(0)
    return words


def _looks_like_name(text: str) -> bool:
    """Two to six words, the last two in title case, with little else: noise of pen or seal may hide the first."""
    words = _words_of(text)
    named = [word for word in words if word[:1].isupper() and word.isalpha() and len(word) > 1]
    return 2 <= len(words) <= 6 and len(named) >= 2 and words[-1] in named and len(text) >= 6


def _name_under_seal(text: str, rules: Rulebook) -> tuple[str | None, float]:
    """The signer's name and its strength; a family name that a seal hid in part is filled in, and doubted."""
    name = _signed_name(text)
    strength = name_strength(name, rules) if name else 1.0
    if name is not None and strength > _ALONE:
        return name, strength
    words = _words_of(text)
    if len(words) > 3 and words[0] not in rules.surnames and words[1] in rules.common_surnames:
        words = words[1:]  # what a seal's rim or a pen left before it
    family = next(
        (
            found
            for listed in (rules.common_surnames, rules.surnames)
            if 3 <= len(words) <= _LONGEST
            and words[0] not in _MIDDLE
            and (found := _family_name(words[0], listed)) is not None
        ),
        None,
    )
    repaired = _signed_name(" ".join([family, *words[1:]])) if family else None
    return (repaired, _REPAIRED) if repaired else (name, strength)


def _family_name(read: str, listed: frozenset[str]) -> str | None:
    """The one family name of a list that may have been read so; None if none or several may.

    Its first letters lost, other marks, or a letter misread (two of a long name), in this order.
    """
    low, bare = read.lower(), plain(read)
    edits = 2 if len(read) > _LONG else 1

    def near(one: str, other: str) -> bool:
        return Levenshtein.distance(one, other, score_cutoff=edits) <= edits

    tries = (
        {one for one in listed if one.lower() == low},
        {one for one in listed if one.lower().endswith(low) and len(one) - len(low) <= _LOST},
        {one for one in listed if plain(one) == bare},
        {
            one
            for one in listed
            if len(bare) > 1 and plain(one).endswith(bare) and len(one) - len(bare) <= _LOST
        },
        {one for one in listed if near(one.lower(), low) and len(low) > 1},
        {one for one in listed if near(plain(one), bare) and len(bare) > _SHORT},
    )
    return next((next(iter(found)) for found in tries if len(found) == 1), None)


def _signed_name(text: str) -> str | None:
    """The signer's name; None where any of its words is no word of a name."""
    words = _words_of(text)
    whole = all(
        word.replace("'", "").isalpha() and (len(word) > 1 or word in {"Y", "A", "Ô"}) for word in words
    )
    if not whole or not 2 <= len(words) <= 6 or not all(word[0].isupper() for word in words[1:]):
        return None
    return person_name(" ".join([words[0][:1].upper() + words[0][1:], *words[1:]]))
