"""Administrative units of Khánh Hòa as they were on a day, from `data/units.csv` (three dated snapshots)."""

from __future__ import annotations

import csv
import functools
import random
from dataclasses import dataclass
from datetime import date
from pathlib import Path

_DATA = Path(__file__).parent / "data" / "units.csv"
_KHANH_HOA = "56"
# Cam Lâm was founded in 2007; Ninh Hòa and Cam Ranh changed rank in 2010: older papers keep clear of them.
_NOT_BEFORE = {
    "569": date(2011, 1, 1),
    "570": date(2007, 5, 1),
    "572": date(2011, 1, 1),
    "576": date(2011, 1, 1),
}
_TYPES = ("Thành phố", "Thị xã", "Thị trấn", "Đặc khu", "Phường", "Huyện", "Xã", "Tỉnh")


@dataclass(frozen=True)
class Unit:
    """One administrative unit with the days on which it stood."""

    code: str
    level: str
    name: str
    parent: str
    first: date
    last: date

    @property
    def bare(self) -> str:
        """Name without its rank: `Diên An`."""
        for rank in _TYPES:
            if self.name.startswith(rank + " "):
                return self.name[len(rank) + 1 :]
        return self.name

    @property
    def rank(self) -> str:
        """Rank in lower case: `xã`, `phường`, `thành phố`."""
        return self.name[: -len(self.bare) - 1].lower()

    @property
    def spoken(self) -> str:
        """Name as it stands in a sentence: `xã Diên An`."""
        return f"{self.rank} {self.bare}"


@functools.cache
def _all() -> tuple[Unit, ...]:
    with _DATA.open(encoding="utf-8", newline="") as stream:
        return tuple(
            Unit(
                row["code"],
                row["level"],
                row["name"],
                row["parent"],
                date.fromisoformat(row["from"]),
                date.fromisoformat(row["to"] or "9999-12-31"),
            )
            for row in csv.DictReader(stream)
        )


@functools.lru_cache(maxsize=4096)
def _standing(first: date, level: str, parent: str | None) -> tuple[Unit, ...]:
    return tuple(
        unit
        for unit in _all()
        if unit.first == first and unit.level == level and (parent is None or unit.parent == parent)
    )


def snapshot(day: date) -> date:
    """First day of the snapshot that holds for a day."""
    return max(unit.first for unit in _all() if unit.first <= day)


def province(day: date) -> Unit:
    """The province on that day."""
    return _standing(snapshot(day), "tinh", None)[0]


def districts(day: date) -> tuple[Unit, ...]:
    """Districts of Khánh Hòa on that day; none from 1 July 2025."""
    return tuple(
        unit
        for unit in _standing(snapshot(day), "huyen", _KHANH_HOA)
        if day >= _NOT_BEFORE.get(unit.code, date.min)
    )


def communes(day: date) -> tuple[Unit, ...]:
    """Communes of Khánh Hòa on that day."""
    parents = {unit.code for unit in districts(day)} or {_KHANH_HOA}
    return tuple(unit for unit in _standing(snapshot(day), "xa", None) if unit.parent in parents)


def find(name: str, day: date) -> Unit:
    """The unit of that full name (`Xã Diên An`) on that day.

    Raises:
        LookupError: there was none.
    """
    for unit in (*communes(day), *districts(day), province(day)):
        if unit.name == name:
            return unit
    raise LookupError(f"no unit named {name} on {day}")


def district_of(commune: Unit, day: date) -> Unit | None:
    """District above a commune; None from 1 July 2025."""
    return next((unit for unit in districts(day) if unit.code == commune.parent), None)


def stands(name: str, day: date) -> bool:
    """Whether a unit of that full name stood on that day."""
    return any(unit.name == name for unit in (*communes(day), *districts(day), province(day)))


def any_commune(rng: random.Random, day: date, district: Unit | None = None) -> Unit:
    """A commune drawn by lot, of a district where one is given (Trường Sa's three are left out)."""
    pool = [unit for unit in communes(day) if unit.parent != "576" and unit.rank != "đặc khu"]
    if district is not None:
        pool = [unit for unit in pool if unit.parent == district.code] or pool
    return rng.choice(pool)


def any_district(rng: random.Random, day: date) -> Unit:
    """A district drawn by lot (Trường Sa left out).

    Raises:
        LookupError: districts no longer exist on that day.
    """
    pool = [unit for unit in districts(day) if unit.code != "576"]
    if not pool:
        raise LookupError(f"no districts on {day}")
    return rng.choice(pool)
