"""Invented people and addresses, true to a day: identity papers, ages and units of the time."""

from __future__ import annotations

import functools
import random
import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import cast

from samples import identifiers, units, words

_DATA = Path(__file__).parent / "data" / "names.toml"
_PERSONAL_NUMBERS_FROM = date(2016, 1, 1)
_ONLY_PERSONAL_NUMBERS_FROM = date(2021, 7, 1)
_CAN_CUOC_FROM = date(2024, 7, 1)


@functools.cache
def _lists() -> dict[str, list[str]]:
    return cast("dict[str, list[str]]", tomllib.loads(_DATA.read_text(encoding="utf-8")))


def draw(rng: random.Random, name: str) -> str:
    """One entry of a list in `data/names.toml`."""
    return rng.choice(_lists()[name])


@dataclass(frozen=True)
class Person:
    """An invented person as known on the day of a paper."""

    name: str
    female: bool
    birth: date
    ethnic: str
    id_kind: str
    id_number: str
    id_date: date
    id_place: str
    address: str

    def facts(self, role: str) -> dict[str, str]:
        """Values for templates, keys prefixed by the role."""
        values = {
            "name": self.name,
            "upper": self.name.upper(),
            "sex": "Nữ" if self.female else "Nam",
            "title": "Bà" if self.female else "Ông",
            "titlelower": "bà" if self.female else "ông",
            "birth": words.short_date(self.birth),
            "birthiso": self.birth.isoformat(),
            "birthlong": words.long_date(self.birth),
            "birthwords": words.date_in_words(self.birth),
            "birthyear": str(self.birth.year),
            "ethnic": self.ethnic,
            "idkind": self.id_kind,
            "id": self.id_number,
            "iddate": words.short_date(self.id_date),
            "idplace": self.id_place,
            "address": self.address,
            "personalnumber": self.id_number if len(self.id_number) == 12 else "",
        }
        return {f"{role}.{key}": value for key, value in values.items()}


def person_name(rng: random.Random, female: bool, family: str | None = None) -> str:
    """A full name: family, middle, given."""
    middle = draw(rng, "middle_female" if female else "middle_male")
    given = draw(rng, "female" if female else "male")
    parts = [family or draw(rng, "family"), middle]
    if given not in middle.split():
        parts.append(given)
    else:
        parts.append(
            rng.choice([name for name in _lists()["female" if female else "male"] if name not in middle])
        )
    return " ".join(parts)


def address(rng: random.Random, day: date, commune: units.Unit | None = None) -> str:
    """A full address in Khánh Hòa with the units of that day."""
    commune = commune or units.any_commune(rng, day)
    district = units.district_of(commune, day)
    if commune.rank in {"phường", "thị trấn"}:
        ward = f"tổ dân phố {rng.randint(1, 18)}" if rng.random() < 0.4 else ""
        head = f"số {rng.randint(2, 399)}{rng.choice(['', '', '', '/12', 'A'])} đường {draw(rng, 'street')}"
        local = f"{head}, {ward}" if ward else head
    else:
        local = f"thôn {draw(rng, 'hamlet')}"
    parts = [local, commune.spoken, district.spoken if district else "", units.province(day).spoken]
    return words.capitalized(", ".join(part for part in parts if part))


def _identity(rng: random.Random, day: date, birth: date, female: bool) -> tuple[str, str, date, str]:
    grown = max(birth + timedelta(days=16 * 366), date(1996, 1, 1))
    old_card = day < _PERSONAL_NUMBERS_FROM or (day < _ONLY_PERSONAL_NUMBERS_FROM and rng.random() < 0.5)
    if old_card:
        first = max(grown, date(day.year - 12, 1, 1))
        issued = _between(rng, first, day - timedelta(days=20))
        return "CMND", identifiers.identity_card(rng), issued, "Công an tỉnh Khánh Hòa"
    number = identifiers.personal_number(rng, birth, female)
    issued = _between(rng, max(grown, date(max(2016, day.year - 4), 1, 1)), day - timedelta(days=20))
    if issued >= _CAN_CUOC_FROM:
        return "Căn cước", number, issued, "Bộ Công an"
    return "CCCD", number, issued, "Cục Cảnh sát quản lý hành chính về trật tự xã hội"


def _between(rng: random.Random, first: date, last: date) -> date:
    return first + timedelta(days=rng.randint(0, max(0, (last - first).days)))


def person(
    rng: random.Random,
    day: date,
    ages: tuple[int, int] = (20, 70),
    female: bool | None = None,
    commune: units.Unit | None = None,
    family: str | None = None,
) -> Person:
    """A person of such an age on that day; a commune of that day may be given for the address."""
    female = rng.random() < 0.5 if female is None else female
    birth = day - timedelta(days=rng.randint(int(ages[0] * 365.25), int(ages[1] * 365.25) + 200))
    if birth.year < 1901:
        birth = birth.replace(year=1901, day=min(birth.day, 28))
    kind, number, issued, place = _identity(rng, day, birth, female)
    return Person(
        person_name(rng, female, family),
        female,
        birth,
        draw(rng, "ethnic"),
        kind,
        number,
        issued,
        place,
        address(rng, day, commune),
    )


def newborn(rng: random.Random, day: date, family: str, ethnic: str) -> Person:
    """A child whose birth is registered on that day; from 2016 on with a personal number."""
    female = rng.random() < 0.5
    birth = day - timedelta(days=rng.randint(3, 58))
    number = identifiers.personal_number(rng, birth, female) if day >= _PERSONAL_NUMBERS_FROM else ""
    return Person(person_name(rng, female, family), female, birth, ethnic, "", number, day, "", "")
