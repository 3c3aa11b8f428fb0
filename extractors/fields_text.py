"""Fields from running text: the end of validity, and the owner that a decision or dispatch names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from extractors.anchors import Line, plain
from extractors.classify import is_addressed
from extractors.dates import add_months, find_date
from extractors.fields import Flow, ReadFrom, derived, field_of, flow_of
from extractors.names import is_organisation, person_name
from schemas.documents import Field
from schemas.text import squeeze, strip_accents

# Searched on text without accents but of the same length, so that places carry over.
_UNTIL = re.compile(
    r"co\s+(?:gia tri|hieu luc)(?:\s+su dung)?(?:\s+thi hanh)?\s*(?:ke tu ngay\s.{4,40}?)?(?:den\s+het|den)\s*(?:ngay)?"
    r"|thoi han(?:\s+(?:hieu luc|co hieu luc|cua giay phep|su dung giay phep))\s*:?\s*(?:den het|den)"
    r"|co thoi han den(?: het)?"
)
_TERM = re.compile(
    r"(?:giay phep|giay chung nhan|giay xac nhan|chung chi|van ban|giay|phieu)\s+nay\s+co\s+(?:gia tri|hieu luc)"
    r"(?:\s+su dung)?"
    r"(?:\s+trong)?(?:\s+(?:thoi han|vong))?\s*:?\s*(\d{1,3})\s*(?:\([a-z ]+\)\s*)?(thang|nam)"
    r"\s*,?\s*(?:ke\s+)?tu\s+ngay\s+(?:ky|cap|ban hanh)"
)
_SPAN = 60
_UPPER = r"A-ZĐÂĂÊÔƠƯÁÀẢÃẠẤẦẨẪẬẮẰẲẴẶÉÈẺẼẸẾỀỂỄỆÍÌỈĨỊÓÒỎÕỌỐỒỔỖỘỚỜỞỠỢÚÙỦŨỤỨỪỬỮỰÝỲỶỸỴ"
_NAME = rf"[{_UPPER}]\w*(?:\s+[{_UPPER}]\w*){{1,5}}"
_SOMEONE = re.compile(rf"\b(?:[Hh]ộ\s+)?(?:[ÔôOo]ng|[Bb]à)(?:\s*\(bà\))?\s*:?\s+({_NAME})")
_IDENTIFIER = re.compile(
    r"(?:can cuoc(?: cong dan)?|chung minh nhan dan|cccd|cmnd|dinh danh(?: ca nhan)?|giay to tuy than)\s*(?:so)?\s*:?\s*"
    r"(\d{12}|\d{9})(?!\d)"
)
_TAX_CODE = re.compile(
    r"(?:ma so doanh nghiep|ma so thue|mst|msdn)\s*(?:so)?\s*:?\s*(\d(?:[ .]?\d){9}(?:-\d{3})?)(?!\s?\d)"
)
_COMPANY = re.compile(
    r"((?:Công ty|CÔNG TY|Doanh nghiệp tư nhân|Hợp tác xã|Phòng khám|Trung tâm|Chi nhánh)\s[^;:.,()]{3,90}?)"
    r"(?=\s*(?:[;:.,()]|$|mã số|địa chỉ|\(|có địa chỉ))"
)


def _bare(text: str) -> str:
    """Folded text of the same length."""
    bare = strip_accents(text).lower()
    return bare if len(bare) == len(text) else text.lower()


def expiry_field(lines: Sequence[Line], issued: date | None, source: ReadFrom) -> Field | None:
    """`expiry_date` where the paper prints an end (`có giá trị đến ngày …`) or a term counted from its issue."""
    flow = flow_of(lines)
    bare = _bare(flow.text)
    for match in _UNTIL.finditer(bare):
        tail = flow.text[match.end() : match.end() + _SPAN]
        until = find_date(tail) or find_date("ngày " + tail)
        if until is None or until.start > 14:
            continue
        words = flow.words_between(match.start(), match.end() + until.end)
        page = flow.page_at(match.start())
        return field_of(until.day.isoformat() if until.day else None, words, page, source, 0.95)
    term = _TERM.search(bare)
    if term and issued:
        months = int(term.group(1)) * (12 if term.group(2) == "nam" else 1)
        words = flow.words_between(term.start(), term.end())
        printed = field_of(None, words, flow.page_at(term.start()), source)
        return derived(add_months(issued, months).isoformat(), 0.8, printed)
    return None


def owner_fields(lines: Sequence[Line], source: ReadFrom) -> dict[str, Field]:
    """`owner_name` and `owner_id` of a decision or dispatch, only where exactly one person or body can be meant."""
    addressee = _addressee(lines, source)
    start = next((index for index, line in enumerate(lines) if plain(line.text).startswith("dieu 1")), None)
    if start is None:
        return addressee
    end = next(
        (
            index
            for index, line in enumerate(lines)
            if index > start and plain(line.text).startswith("dieu 2")
        ),
        len(lines),
    )
    flow = flow_of(lines[start:end])
    return _person(flow, source) or _company(flow, source) or addressee


def _person(flow: Flow, source: ReadFrom) -> dict[str, Field]:
    found = list(_SOMEONE.finditer(flow.text))
    names = {plain(match.group(1)) for match in found}
    bare = _bare(flow.text)
    identifiers = list(_IDENTIFIER.finditer(bare))
    if len(names) != 1 or not found:
        return {}
    name = person_name(squeeze(found[0].group(1)))
    if name is None or _TAX_CODE.search(bare):
        return {}
    fields = {"owner_name": _field(flow, name, found[0], source)}
    if len({match.group(1) for match in identifiers}) == 1:
        fields["owner_id"] = _field(flow, identifiers[0].group(1), identifiers[0], source)
    return fields


def _company(flow: Flow, source: ReadFrom) -> dict[str, Field]:
    found = list(_COMPANY.finditer(flow.text))
    if not found:
        return {}
    codes = list(_TAX_CODE.finditer(_bare(flow.text)))
    first = found[0]
    if len({plain(match.group(1)) for match in found}) > 1 and len(codes) != 1:
        return {}
    fields = {"owner_name": _field(flow, squeeze(first.group(1)), first, source)}
    if len({match.group(1) for match in codes}) == 1:
        fields["owner_id"] = _field(flow, re.sub(r"[ .]", "", codes[0].group(1)), codes[0], source)
    return fields


def _field(flow: Flow, value: str, match: re.Match[str], source: ReadFrom) -> Field:
    words = flow.words_between(match.start(1), match.end(1))
    return field_of(value, words, flow.page_at(match.start(1)), source, 0.9)


def _addressee(lines: Sequence[Line], source: ReadFrom) -> dict[str, Field]:
    """The one person or company that a dispatch is addressed to; offices are no owners."""
    for index, line in enumerate(lines):
        if line.top > 0.6 or not is_addressed(line):
            continue
        text = " ".join(word.as_read for word in line.words[2:]).strip(" :-")
        used = line
        if not text and index + 1 < len(lines):
            used = lines[index + 1]
            text = used.text.strip(" :-")
        someone = re.match(rf"(?:[Hh]ộ\s+)?(?:[ÔO]ng|Bà|ông|bà)(?:\s*\(bà\))?\s*:?\s+({_NAME})\W*$", text)
        if someone:
            name = person_name(squeeze(someone.group(1)))
            return {"owner_name": field_of(name, used.words, used.page, source, 0.9)} if name else {}
        if is_organisation(text):
            return {"owner_name": field_of(text.strip(" .;,"), used.words, used.page, source, 0.9)}
        return {}
    return {}
