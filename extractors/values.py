"""Parse the text after a label into a value: dates, identifiers, names, amounts; None if it does not parse."""

from __future__ import annotations

import re
from typing import NamedTuple

from extractors.anchors import plain, without_leaders
from extractors.dates import date_in_words, find_date
from extractors.names import is_organisation, organisation_name, person_name, sentence_case, spell_out
from extractors.numbers import close_up
from schemas.codes import person_number_year, tax_code_check
from schemas.kinds import FieldRule
from schemas.rules import Rulebook
from schemas.text import nfc, squeeze

_TITLES = re.compile(r"^(?:Ông|Bà|Hộ ông|Hộ bà|Hộ|ông|bà|Anh|Chị)(?:\s*\(bà\)|/bà)?\s*:?\s+")
_MISREAD_TITLE = re.compile(r"^(?:Ong|Ống|Ộng|Ồng|Bả|Ba|Bâ)\s+")
_STRAY = 0.5
_PERSON = re.compile(r"(?<!\d)(\d(?:[ .]?\d){11}|\d(?:[ .]?\d){8})(?!\s?\d)")
_TAX = re.compile(r"(?<!\d)(\d(?:[ .]?\d){9}(?:\s?-\s?\d{3})?)(?!\s?\d)")
_AMOUNT = re.compile(r"(?<![\d.,])(\d{1,3}(?:[.,]\d{3})+|\d+)(?:[.,]\d+)?(?!\d)")
_AREA = re.compile(r"(?<![\d.,])(\d{1,3}(?:\.\d{3})+(?:,\d+)?|\d+(?:[,.]\d+)?)\s*(?:m|ha|$)?")


class Parsed(NamedTuple):
    """A value and the confidence that its shape gives, 0–1."""

    value: str | None
    strength: float = 1.0


def parse_value(text: str, rule: FieldRule, rules: Rulebook) -> Parsed | None:
    """Parse the text after a label by its field's type; None if there is nothing of that type."""
    clean = without_leaders(nfc(text)).lstrip(" :.;,-*|").strip()
    if rule.pattern and rule.type != "name":
        match = re.search(rule.pattern, clean)
        if not match:
            return None
        clean = squeeze(match.group(1) if match.groups() else match.group(0))
    elif rule.pattern:
        match = re.search(rule.pattern, clean)
        clean = squeeze(match.group(1)) if match and match.groups() else clean
    return _BY_TYPE[rule.type](clean, rules) if clean else None


def _text(text: str, rules: Rulebook) -> Parsed | None:
    del rules
    value = re.sub(r"(?<=\d )m2\b", "m²", squeeze(text).strip(" .;:,_*|-"))
    return Parsed(value, 0.92) if value and any(char.isalnum() for char in value) else None


def _code(text: str, rules: Rulebook) -> Parsed | None:
    del rules
    value = close_up(text).strip(" .;:,_*|")
    return Parsed(value) if any(char.isalnum() for char in value) else None


def _name(text: str, rules: Rulebook) -> Parsed | None:
    bare = _TITLES.sub("", text)
    misread = _MISREAD_TITLE.match(bare)
    if misread and len(bare[misread.end() :].split()) > 1:
        bare = bare[misread.end() :]
    if is_organisation(bare):
        return _organisation(bare, rules)
    name = person_name(re.split(r"\s*[;(,]", bare)[0])
    if name is None:
        return None
    return Parsed(name, name_strength(name, rules) * (_STRAY if _has_stray_letter(bare) else 1.0))


def _has_stray_letter(text: str) -> bool:
    """True for a small letter alone among capitals, or beside a name: part of a seal or a flourish."""
    words = re.split(r"\s*[;(,]", text)[0].split()
    return any(len(word) == 1 and word.isalpha() and word.islower() for word in words)


def name_strength(name: str, rules: Rulebook) -> float:
    """Confidence from a name's shape; lower if it does not begin with a known family name."""
    words = name.split(" ")
    known = not rules.surnames or words[0] in rules.surnames or " ".join(words[:2]) in rules.surnames
    return 0.97 if known else 0.6


def _organisation(text: str, rules: Rulebook) -> Parsed | None:
    del rules
    name = organisation_name(re.split(r"\s*[;(]|\s{2,}", text)[0])
    return Parsed(name, 0.95) if name else None


def _sex(text: str, rules: Rulebook) -> Parsed | None:
    del rules
    first = plain(text).split(" ")[0]
    sex = {"nam": "Nam", "nu": "Nữ"}.get(first)
    return Parsed(sex) if sex else None


def _agency(text: str, rules: Rulebook) -> Parsed | None:
    """An agency in running text: up to the first comma; its location follows."""
    first = squeeze(spell_out(text.split(",")[0], rules)).strip(" .;:")
    if len(plain(first).split()) < 2:
        return None
    return Parsed(sentence_case(first[:1].upper() + first[1:], rules), 0.95)


def _date(text: str, rules: Rulebook) -> Parsed | None:
    del rules
    found = find_date(text) or find_date(f"ngày {text}")
    if found is None:
        day = date_in_words(text)
        return Parsed(day.isoformat(), 0.9) if day else None
    return Parsed(found.day.isoformat() if found.day else None)


def _person_id(text: str, rules: Rulebook) -> Parsed | None:
    del rules
    match = _PERSON.search(text)
    return Parsed(re.sub(r"\D", "", match.group(1))) if match else None


def _tax_id(text: str, rules: Rulebook) -> Parsed | None:
    del rules
    match = _TAX.search(text)
    return Parsed(re.sub(r"[ .]", "", match.group(1))) if match else None


def _owner_id(text: str, rules: Rulebook) -> Parsed | None:
    person = _PERSON.search(text)
    tax = _TAX.search(text)
    if person and (tax is None or person.start() <= tax.start()):
        return _person_id(text, rules)
    return _tax_id(text, rules) if tax else None


def _money(text: str, rules: Rulebook) -> Parsed | None:
    del rules
    match = _AMOUNT.search(text)
    return Parsed(match.group(1)) if match else None


def _area(text: str, rules: Rulebook) -> Parsed | None:
    del rules
    match = _AREA.search(text)
    return Parsed(match.group(1)) if match else None


_BY_TYPE = {
    "text": _text,
    "name": _name,
    "organisation": _organisation,
    "sex": _sex,
    "agency": _agency,
    "date": _date,
    "date_words": _date,
    "number": _money,
    "person_id": _person_id,
    "tax_id": _tax_id,
    "owner_id": _owner_id,
    "code": _code,
    "money": _money,
    "area": _area,
}


def identifier_is_sound(identifier: str, year_of_issue: int | None) -> bool:
    """True if an owner's identifier is plausible: shape, check digit of a tax code, birth year of a personal number."""
    digits = re.sub(r"\D", "", identifier)
    if len(digits) == 12:
        year = person_number_year(digits)
        province = int(digits[:3])
        limit = year_of_issue if year_of_issue is not None else 2100
        # 001-096 provinces; a foreign-born citizen has a country's number from 100 on.
        return year is not None and 1900 <= year <= limit and province > 0
    if len(digits) in {10, 13}:
        # Remainder 0 is undecided (DOMAIN.md §1.10), so it is not rejected.
        return (
            tax_code_check(identifier) is not False
            and digits[2:9] != "0000000"
            and not digits.startswith("00")
        )
    return len(digits) == 9
