"""Who signed and in which post (NĐ 30/2020 boxes 7a, 7c): bottom right of the last page that bears a signature."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rapidfuzz import fuzz

from extractors.anchors import Line, plain
from extractors.fields import ReadFrom, field_of
from extractors.names import agencies_in, head_of, issuing_agency, person_name, sentence_case, spell_out
from schemas.documents import Field
from schemas.rules import Rulebook
from schemas.text import squeeze

# TM. (thay mặt), KT. (ký thay), TL. (thừa lệnh), TUQ. (thừa ủy quyền), Q. (quyền)
_PREFIX = re.compile(r"^\W{0,2}(TM|KT|TL|TUQ|T\.?UQ|Q|K/T|T/M|T/L)\s?[.,]\s*", flags=re.IGNORECASE)
_NEAR = 0.36


def signature_fields(pages: Sequence[Sequence[Line]], rules: Rulebook, source: ReadFrom) -> dict[str, Field]:
    """`signer` and `signer_title`; a title without a readable name leaves `signer` unread."""
    for lines in reversed(pages):
        block = _titles(lines, rules)
        if not block:
            continue
        title, said = block[-1]
        fields = {"signer_title": field_of(said, title.words, title.page, source, 0.97)}
        name = _name_below(lines, title)
        if name:
            fields["signer"] = field_of(person_name(_bare(name.text)), name.words, name.page, source, 0.97)
        return fields
    return {}


def signing_agency(pages: Sequence[Sequence[Line]], rules: Rulebook, source: ReadFrom) -> Field | None:
    """The agency named above the post of the last signature (`TM. ỦY BAN NHÂN DÂN XÃ …`), or None."""
    for lines in reversed(pages):
        titles = _titles(lines, rules)
        if not titles:
            continue
        block = _agency_above(lines, titles[0][0], rules)
        names = agencies_in([_PREFIX.sub("", line.text) for line in block], rules)
        name = issuing_agency(names[:1], rules)
        if not name:
            return None
        return field_of(name, [word for line in block for word in line.words], block[0].page, source, 0.9)
    return None


def _agency_above(lines: Sequence[Line], title: Line, rules: Rulebook) -> list[Line]:
    """Capitals at the right, straight above the post (or the post's own line), from the one that begins an agency."""
    block: list[Line] = []
    below = title
    for line in reversed(lines[: lines.index(title)]):
        if line.middle < 0.45:
            continue
        if not line.is_caps or below.frame.top - line.frame.bottom > 2 * line.frame.height:
            break
        block.insert(0, line)
        below = line
    while block and head_of(spell_out(_PREFIX.sub("", block[0].text), rules), rules) is None:
        block.pop(0)
    return [line for line in block if post_of(line.text, rules) is None]


def _bare(text: str) -> str:
    """A signer's name without academic and military ranks before it."""
    return re.sub(
        r"^(?:(?:TS|ThS|PGS|GS|BS|CKI{1,2}|KS|DS|Đại tá|Thượng tá|Trung tá|Thiếu tướng)\.?\s*)+(?=[A-ZĐ])",
        "",
        squeeze(text),
    )


def _titles(lines: Sequence[Line], rules: Rulebook) -> list[tuple[Line, str]]:
    """Lines of posts that stand one below the other at the right, lowest last, with the post as in a sentence."""
    found: list[tuple[Line, str]] = []
    for line in lines:
        if line.middle < 0.5 or not line.is_caps or line.frame.width > 0.6 * line.width:
            continue
        said = post_of(line.text, rules)
        if said is None:
            continue
        if found and line.frame.top - found[-1][0].frame.bottom > 3 * line.frame.height:
            found = []
        found.append((line, said))
    return found


def post_of(text: str, rules: Rulebook) -> str | None:
    """The post that a line of capitals names, in sentence case; None where it names none."""
    bare = _PREFIX.sub("", squeeze(text)).strip(" .,:")
    wanted = plain(bare)
    if not wanted:
        return None
    titles = sorted(rules.agency_lines.signer_titles, key=len, reverse=True)
    for title in titles:
        if fuzz.ratio(wanted, plain(title)) >= 90 and abs(len(wanted) - len(plain(title))) <= 2:
            return title
    for title in titles:
        size = len(title.split())
        words = bare.split(" ")
        if plain(" ".join(words[:size])) == plain(title) and 0 < len(words) - size <= 9:
            return f"{title} {sentence_case(' '.join(words[size:]), rules)}"
    return None


def _name_below(lines: Sequence[Line], title: Line) -> Line | None:
    """The nearest name in small letters below a post, in its column."""
    for line in lines:
        gap = (line.frame.top - title.frame.bottom) / line.height
        if gap < 0 or gap > _NEAR or line.middle < 0.48:
            continue
        if abs(line.middle - title.middle) > 0.2:
            continue
        name = person_name(_bare(line.text))
        if name and not line.is_caps and _looks_like_name(name):
            return line
    return None


def _looks_like_name(name: str) -> bool:
    words = name.split(" ")
    return 2 <= len(words) <= 5 and all(word[0].isupper() for word in words) and sum(map(len, words)) >= 5
