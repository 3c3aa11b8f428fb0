"""Resolve the unit and level of a paper from its agency and issue date, else from the batch sheet.

A code or a name alone is ambiguous: look-ups go by name, rank, parent and day. What is not in the lists stays unresolved.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from extractors.anchors import plain
from extractors.names import bare_name, place_in
from schemas.batches import BatchSheet
from schemas.documents import Level
from schemas.rules import Agency, Rulebook, Unit
from schemas.text import fold_tone_place


class Placed(NamedTuple):
    """Level and unit of a paper, and where they come from (`agency`, `sheet`, or None for unresolved)."""

    level: Level | None
    unit: str | None
    source: str | None


_RANKS: dict[str, Level] = {
    "xã": "xa",
    "phường": "xa",
    "thị trấn": "xa",
    "đặc khu": "xa",
    "huyện": "huyen",
    "quận": "huyen",
    "thị xã": "huyen",
    "thành phố": "huyen",
}
UNRESOLVED = Placed(None, None, None)


def _dated(row: Unit | Agency, day: date | None) -> bool:
    return day is None or row.holds_on(day)


def _rank_of(unit: Unit) -> str:
    return unit.name[: len(unit.name) - len(bare_name(unit.name))].strip().lower()


def find_units(
    rules: Rulebook, name: str, day: date | None, *, rank: str = "", levels: Sequence[Level] = ()
) -> tuple[Unit, ...]:
    """Units of that bare name on that day; exact spelling first, else those that differ by diacritics alone."""
    same = [
        unit
        for unit in rules.units
        if _dated(unit, day)
        and plain(bare_name(unit.name)) == plain(name)
        and (not rank or _rank_of(unit) == rank)
        and (not levels or unit.level in levels)
    ]
    exact = [unit for unit in same if fold_tone_place(bare_name(unit.name)) == fold_tone_place(name)]
    return tuple(exact or same)


def parent_of(rules: Rulebook, unit: Unit, day: date | None) -> Unit | None:
    """The unit above on that day, or None."""
    return next(
        (row for row in rules.units if row.code == unit.parent and row.level != "xa" and _dated(row, day)),
        None,
    )


def label(rules: Rulebook, unit: Unit, day: date | None) -> str:
    """A unit's name in reports: `Xã Diên An`; with its parent where two of that name stood on that day."""
    if unit.level == "tinh":
        return f"UBND {unit.name[0].lower()}{unit.name[1:]}"
    twins = [row for row in rules.units if row.name == unit.name and _dated(row, day or unit.effective_from)]
    parent = parent_of(rules, unit, day or unit.effective_from)
    return f"{unit.name}, {parent.name}" if len({row.code for row in twins}) > 1 and parent else unit.name


def resolve(
    agency: str | None,
    issued: date | None,
    sheet: BatchSheet | None,
    rules: Rulebook,
    within: str | None = None,
) -> Placed:
    """Level and unit of a paper.

    Args:
        agency: the issuing agency as kept in the fields, or None.
        issued: day of issue; without it only what held on every day counts.
        sheet: the batch sheet; used where the paper itself is inconclusive.
        rules: lists of units and agencies.
        within: text of the paper's header and of the agency's own address, to distinguish units of one name.
    """
    found = _by_agency(agency, issued, rules, plain(within or "")) if agency else None
    return found or _by_sheet(sheet, issued, rules) or UNRESOLVED


def _by_agency(agency: str, day: date | None, rules: Rulebook, within: str) -> Placed | None:
    place = place_in(agency, rules)
    own = " ".join(agency.split(" ")[: place.start]) if place else agency
    if plain(own) in {"uy ban nhan dan", "hoi dong nhan dan", "chu tich uy ban nhan dan"}:
        return _of_place(place.name, place.rank, day, rules, within) if place else None
    known = _known(own, day, rules) or _known(agency, day, rules)
    if known and known.level == "tinh":
        home = (
            place is None or plain(place.name) == plain(rules.home_province) or place.rank not in {"", "tỉnh"}
        )
        return (
            Placed("tinh", known.unit or known.name, "agency")
            if home and _at_home(place, within, rules)
            else None
        )
    if place and place.rank in {
        "xã",
        "phường",
        "thị trấn",
        "đặc khu",
        "huyện",
        "quận",
        "thị xã",
        "thành phố",
    }:
        return _of_place(place.name, place.rank, day, rules, within)
    return None


def _at_home(place: object, within: str, rules: Rulebook) -> bool:
    """A department is the home province's if its name or the header names that province."""
    if not rules.home_province:
        return False
    if place is None:
        return plain(rules.home_province) in within
    return True


def _known(name: str, day: date | None, rules: Rulebook) -> Agency | None:
    key = plain(name)
    return next(
        (
            agency
            for agency in rules.agencies
            if _dated(agency, day) and key in {plain(alias) for alias in (agency.name, *agency.aliases)}
        ),
        None,
    )


def _of_place(name: str, rank: str, day: date | None, rules: Rulebook, within: str) -> Placed | None:
    found = find_units(rules, name, day, rank=rank)
    if not found and not rank:
        found = find_units(rules, name, day)
    if len({unit.code for unit in found}) > 1:
        found = tuple(unit for unit in found if _parent_named(unit, day, rules, within))
    if len({unit.code for unit in found}) != 1:
        return None
    unit = found[-1]
    return Placed(unit.level, label(rules, unit, day), "agency")


def _parent_named(unit: Unit, day: date | None, rules: Rulebook, within: str) -> bool:
    parent = parent_of(rules, unit, day)
    return parent is not None and plain(bare_name(parent.name)) in within


def _by_sheet(sheet: BatchSheet | None, day: date | None, rules: Rulebook) -> Placed | None:
    if sheet is None or not sheet.owning_unit:
        return None
    unit = find_unit(rules, sheet.owning_unit, day)
    if unit is not None:
        return Placed(unit.level, label(rules, unit, day), "sheet")
    known = _known(sheet.owning_unit, day, rules)
    if known and known.level:
        return Placed(known.level, known.unit or known.name, "sheet")
    return unit_elsewhere(rules, sheet.owning_unit) or (
        Placed(sheet.level, sheet.owning_unit, "sheet") if sheet.level else None
    )


def find_unit(rules: Rulebook, text: str, day: date | None) -> Unit | None:
    """The one unit that a person means by a code or a name (`22690`, `Xã Diên An`, `Diên An`) on a day, or None."""
    name = unicodedata.normalize("NFC", text.strip())
    name = name.removeprefix("UBND ").removeprefix("Ủy ban nhân dân ")
    coded = [unit for unit in rules.units if unit.code == name and _dated(unit, day)]
    if coded:
        return coded[0] if len(coded) == 1 else None
    place, _, parent = (part.strip() for part in name.partition(","))
    bare = bare_name(place[:1].upper() + place[1:])
    rank = place[: len(place) - len(bare)].strip().lower()
    found = find_units(rules, bare, day, rank=rank)
    if parent:
        found = tuple(unit for unit in found if _parent_named(unit, day, rules, plain(parent)))
    return found[0] if len({unit.code for unit in found}) == 1 else None


def unit_elsewhere(rules: Rulebook, text: str) -> Placed | None:
    """A unit of another province as a person names it, with rank and province; None if it is not named so.

    No list holds the units of other provinces, so the name is taken as written: `Xã Ia Hrung, Tỉnh Gia Lai`, or the
    province alone for one at its level.
    """
    name = unicodedata.normalize("NFC", " ".join(text.split()))
    name = name.removeprefix("UBND ").removeprefix("Ủy ban nhân dân ")
    place, comma, parent = (part.strip() for part in name.rpartition(","))
    folded = plain(bare_name(parent[:1].upper() + parent[1:]))
    found = next((unit for unit in rules.provinces if plain(bare_name(unit.name)) == folded), None)
    if found is None or folded == plain(rules.home_province):
        return None
    if not comma:
        return Placed("tinh", f"UBND {found.name[0].lower()}{found.name[1:]}", "sheet")
    rank = next((rank for rank in _RANKS if place.lower().startswith(f"{rank} ")), None)
    if rank is None or not place[len(rank) :].strip():
        return None
    return Placed(_RANKS[rank], f"{place[:1].upper()}{place[1:]}, {found.name}", "sheet")
