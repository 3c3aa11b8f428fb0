"""What a paper says: values for a template's placeholders, drawn by a seed and true to the paper's day."""

from __future__ import annotations

import functools
import random
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from samples import identifiers, people, units, words

Facts = dict[str, str]
_DATA = Path(__file__).parent / "data"
_PLACE = re.compile(r"\{(~?)([A-Za-z0-9_.]+)(?::([\d.]+))?\}")
_OLD_TONES: tuple[tuple[str, str], ...] = (
    *(("òa", "oà"), ("óa", "oá"), ("ỏa", "oả"), ("ọa", "oạ"), ("õa", "oã"), ("ùy", "uỳ"), ("úy", "uý")),
    *(("ủy", "uỷ"), ("ũy", "uỹ"), ("ụy", "uỵ"), ("òe", "oè"), ("óe", "oé"), ("ỏe", "oẻ")),
)
_OLD_RULE = re.compile(
    "(?<![qQ])(" + "|".join(new for new, _ in _OLD_TONES) + r")(?![a-zà-ỹ])", flags=re.IGNORECASE
)
_OLD_MAP = dict(_OLD_TONES) | {new.upper(): old.upper() for new, old in _OLD_TONES}


@functools.cache
def agencies() -> dict[str, dict[str, Any]]:
    """Issuing agencies by id (`data/agencies.toml`)."""
    return tomllib.loads((_DATA / "agencies.toml").read_text(encoding="utf-8"))


def stands(agency: Mapping[str, Any], day: date) -> bool:
    """Whether an agency stood on that day."""
    return bool(agency.get("from", date.min) <= day <= agency.get("to", date.max))


def old_tones(text: str) -> str:
    """Tone marks where papers before about 2010 set them: `Khánh Hoà`, `Uỷ ban`."""
    return _OLD_RULE.sub(lambda match: _OLD_MAP.get(match.group(1), match.group(1)), text)


def fill(template: str, facts: Mapping[str, str], pen: bool = True) -> str:
    """Replace `{name}` by its value and `{~name:mm}` by a blank for a pen; values may hold placeholders.

    Raises:
        KeyError: a placeholder has no value.
    """

    def value(match: re.Match[str]) -> str:
        name = match.group(2)
        if name not in facts:
            raise KeyError(f"no value for {{{name}}} in {template!r}")
        if match.group(1) and pen:
            return f"\x02{name}:{match.group(3) or 0}\x03{fill(facts[name], facts, pen=False)}\x04"
        return fill(facts[name], facts, pen)

    return _PLACE.sub(value, template) if "{" in template else template


@dataclass(frozen=True)
class Setting:
    """When, by whom and where a paper is issued."""

    day: date
    agency_id: str
    commune: units.Unit
    district: units.Unit | None

    @property
    def agency(self) -> dict[str, Any]:
        """The agency's row."""
        return agencies()[self.agency_id]


def a_weekday(rng: random.Random, first: date, last: date) -> date:
    """A day between two days, Monday to Friday where possible."""
    day = first + timedelta(days=rng.randint(0, max(0, (last - first).days)))
    while day.weekday() > 4 and day > first:
        day -= timedelta(days=1)
    return day


def _unit_facts(role: str, unit: units.Unit) -> Facts:
    short = {
        "thành phố": "TP.",
        "thị xã": "TX.",
        "huyện": "H.",
        "phường": "P.",
        "xã": "X.",
        "thị trấn": "TT.",
    }
    return {
        f"{role}.name": unit.name,
        f"{role}.spoken": unit.spoken,
        f"{role}.bare": unit.bare,
        f"{role}.upper": unit.name.upper(),
        f"{role}.bareupper": unit.bare.upper(),
        f"{role}.short": f"{short.get(unit.rank, '')} {unit.bare.upper()}".strip(),
        f"{role}.code": unit.code,
    }


def unit_path(setting: Setting) -> str:
    """`xã Diên An, huyện Diên Khánh, tỉnh Khánh Hòa`, from the commune up."""
    parts = [setting.commune.spoken]
    if setting.district:
        parts.append(setting.district.spoken)
    return ", ".join([*parts, units.province(setting.day).spoken])


def _setting_facts(rng: random.Random, setting: Setting, variant: Mapping[str, Any]) -> Facts:
    day, agency = setting.day, setting.agency
    facts: Facts = {
        "day": words.two_digits(day.day, 10),
        "month": words.two_digits(day.month, 3),
        "year": str(day.year),
        "date": words.long_date(day),
        "dateshort": words.short_date(day),
        "dateiso": day.isoformat(),
        "unitpath": unit_path(setting),
        "abovepath": unit_path(setting).partition(", ")[2],
        "level": agency["level"],
        "abbr": agency["abbr"],
        "office": rng.choice(agency.get("offices", ["VP"])),
    }
    facts |= _unit_facts("commune", setting.commune)
    facts |= _unit_facts("province", units.province(day))
    if setting.district:
        facts |= _unit_facts("district", setting.district)
    ward = setting.commune.rank == "phường"
    facts["economy.name"] = "Phòng Kinh tế, Hạ tầng và Đô thị" if ward else "Phòng Kinh tế"
    facts["economy.upper"] = facts["economy.name"].upper()
    facts["agency"] = fill(agency["name"], facts)
    facts["unit"] = fill(agency["unit"], facts)
    facts["place"] = fill(agency["place"], facts)
    titles, title = rng.choice(variant.get("signers") or agency["signers"])
    facts["signer_titles"] = titles
    facts["signer_title"] = title
    facts["signer"] = people.person_name(rng, female=rng.random() < 0.25)
    low, high = variant.get("seq", (3, 4200))
    number = rng.randint(int(low), int(high))
    facts["seq"] = words.two_digits(number, 10)
    facts["notation"] = fill(variant.get("notation", ""), facts)
    facts["number"] = str(variant.get("number", "{seq}/{notation}"))
    return facts


def _registers(rng: random.Random, day: date) -> Facts:
    """Numbers and names that several kinds print: land, enterprises, amounts."""
    area = rng.choice(
        (rng.randint(600, 2400) / 10, rng.randint(900, 6000) / 10, float(rng.randint(80, 1200)))
    )
    whole = int(area)
    tenth = round(area * 10) % 10
    area_words = words.number_in_words(whole) + (f" phẩy {words.number_in_words(tenth)}" if tenth else "")
    capital = rng.choice((300, 500, 900, 1500, 1900, 2000, 3000, 4900, 9500, 20000, 36000)) * 1_000_000
    small = rng.choice((30, 50, 80, 100, 150, 200, 300, 500)) * 1_000_000
    first = day - timedelta(days=rng.randint(400, 2600))
    floors = rng.randint(1, 5)
    head, tail = people.draw(rng, "company_head"), people.draw(rng, "company_tail")
    footprint = round(area * rng.uniform(0.5, 0.85), 1)
    return {
        "area": _decimal(area),
        "areawords": words.capitalized(area_words),
        "footprint": _decimal(footprint),
        "floors": words.two_digits(floors, 10),
        "floorarea": _decimal(round(footprint * floors, 1)),
        "height": _decimal(round(3.6 * floors + rng.choice((0.0, 0.5, 1.2)), 1)),
        "sheetno": words.two_digits(rng.randint(1, 96), 10),
        "plotno": str(rng.randint(5, 980)),
        "serial": identifiers.land_serial(rng, day),
        "landregister": _land_register(rng, day),
        "mst": identifiers.tax_code(rng),
        "household": identifiers.household_business_number(rng),
        "company": f"{tail} {head}",
        "companyupper": f"{tail} {head}".upper(),
        "shopname": f"{people.draw(rng, 'shop')} {people.draw(rng, 'female')} {people.draw(rng, 'male')}",
        "capital": words.grouped(capital),
        "capitalwords": words.capitalized(words.number_in_words(capital)),
        "smallcapital": words.grouped(small),
        "smallcapitalwords": words.capitalized(words.number_in_words(small)),
        "phone": f"0{rng.choice(('905', '983', '914', '935', '258'))}{rng.randrange(1_000_000):06d}",
        "firstdate": words.long_date(first),
        "firstiso": first.isoformat(),
        "amendment": str(rng.randint(1, 9)),
        "book": f"{rng.randint(1, 6):02d}",
        "leaf": str(rng.randint(1, 200)),
        "hour": f"{rng.randint(0, 23):02d} giờ {rng.randint(0, 59):02d} phút",
        "earlier": words.short_date(day - timedelta(days=rng.randint(9, 70))),
        "earliershort": words.long_date(day - timedelta(days=rng.randint(3, 40))),
        "refno": str(rng.randint(20, 3900)),
        "nextmonth": _month_after(day),
    }


def _land_register(rng: random.Random, day: date) -> str:
    if day < date(2009, 12, 10):
        return f"H {rng.randint(20, 9999):05d}"
    return f"{'CH' if day.year < 2016 else 'CS'} {rng.randint(120, 19999):05d}"


def _month_after(day: date) -> str:
    following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return f"{words.two_digits(following.month, 3)} năm {following.year}"


def _decimal(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0").replace(".", ",")


def _cast(rng: random.Random, setting: Setting, roles: Mapping[str, Any]) -> Facts:
    facts: Facts = {}
    cast: dict[str, people.Person] = {}
    at_home = setting.agency["level"] == "xa"
    for role, rules in roles.items():
        like = cast.get(rules.get("family", ""))
        family = like.name.split()[0] if like else None
        if rules.get("newborn"):
            someone = people.newborn(rng, setting.day, family or "Nguyễn", like.ethnic if like else "Kinh")
        else:
            commune = setting.commune if at_home or rules.get("local") else None
            sex = rules.get("female")
            ages = rules.get("ages", (22, 68))
            someone = people.person(rng, setting.day, (int(ages[0]), int(ages[1])), sex, commune, family)
        cast[role] = someone
        facts |= someone.facts(role)
        facts |= {f"{role}.{key}": str(value) for key, value in rules.get("extra", {}).items()}
    return facts


def tell(rng: random.Random, setting: Setting, variant: Mapping[str, Any]) -> Facts:
    """Draw every value of a paper.

    Args:
        rng: source of all choices.
        setting: day, agency and place.
        variant: the template's rules: `people`, `picks`, `seq`, `notation`, `number`.
    """
    facts = _setting_facts(rng, setting, variant)
    facts |= _registers(rng, setting.day)
    facts |= _cast(rng, setting, variant.get("people", {}))
    for name, choices in variant.get("picks", {}).items():
        chosen = rng.choice(choices)
        facts |= chosen if isinstance(chosen, dict) else {name: chosen}
    facts |= _laws(setting.day) | _derived(rng, setting, facts, variant.get("company_form", "TNHH"))
    until = setting.day + timedelta(days=365 * int(variant.get("term_years", 5)))
    facts["until"] = words.long_date(until)
    facts["untiliso"] = until.isoformat()
    return facts


def _derived(rng: random.Random, setting: Setting, facts: Facts, form: str) -> Facts:
    """Values that follow from others, and some that only one kind prints."""
    death = setting.day - timedelta(days=rng.randint(1, 14))
    titles = facts["signer_titles"].split("|")
    authority = "CHỦ TỊCH ỦY BAN NHÂN DÂN" if titles[0].startswith("TM.") else "GIÁM ĐỐC"
    of_unit = facts["unit"].removeprefix("UBND ")
    whose = of_unit if titles[0].startswith("TM.") else facts["agency"]
    letters = "".join(word[0] for word in facts["company"].upper().split() if word[0].isalpha())
    return {
        "signer_title_upper": facts["signer_title"].upper(),
        "authority": f"{authority} {whose}".upper(),
        "companyfull": f"Công ty {form} {facts['company']}",
        "companycaps": f"CÔNG TY {form} {facts['company']}".upper(),
        "mstname": f"CÔNG TY {letters}",
        "shoptitle": words.capitalized(facts["shopname"]),
        "clinic": f"Phòng khám đa khoa {people.draw(rng, 'company_head')}",
        "matterupper": words.capitalized(facts.get("matter", "")),
        "deathiso": death.isoformat(),
        "deathlong": words.long_date(death),
        "deathwords": words.date_in_words(death),
        "cause": rng.choice(("Tuổi già", "Bệnh lý", "Tai biến mạch máu não", "Tai nạn", "Suy hô hấp")),
        "rule": rng.choice(("quy định của Chính phủ", "quy định hiện hành của pháp luật chuyên ngành")),
    }


def _laws(day: date) -> Facts:
    """Acts that a decision of that day rests on."""
    if day >= date(2025, 3, 1):
        local = "Căn cứ Luật Tổ chức chính quyền địa phương ngày 16 tháng 6 năm 2025;"
        if day < date(2025, 6, 16):
            local = "Căn cứ Luật Tổ chức chính quyền địa phương ngày 19 tháng 02 năm 2025;"
    elif day >= date(2016, 1, 1):
        local = "Căn cứ Luật Tổ chức chính quyền địa phương ngày 19 tháng 6 năm 2015;"
    else:
        local = "Căn cứ Luật Tổ chức Hội đồng nhân dân và Ủy ban nhân dân ngày 26 tháng 11 năm 2003;"
        if day < date(2003, 12, 10):
            local = "Căn cứ Luật Tổ chức Hội đồng nhân dân và Ủy ban nhân dân ngày 21 tháng 6 năm 1994;"
    land = "Căn cứ Luật Đất đai ngày 18 tháng 01 năm 2024;"
    if day < date(2024, 8, 1):
        land = "Căn cứ Luật Đất đai ngày 29 tháng 11 năm 2013;"
    if day < date(2014, 7, 1):
        land = "Căn cứ Luật Đất đai ngày 26 tháng 11 năm 2003;"
    if day < date(2004, 7, 1):
        land = "Căn cứ Luật Đất đai ngày 14 tháng 7 năm 1993;"
    return {"law.local": local, "law.land": land}
