"""The terms a figure is asked under, and the row that a unit's papers and stock belong to on a day. Pure.

May import schemas. Everything arrives as an argument; a default of `Terms` asks nothing of the kind it stands for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import Final

from quality.quota_cells import Place
from quality.unit_register import UnitIdentity, UnitKey, UnitRegister
from schemas.quotas import DeliveryStep, HandoverRow, Series
from schemas.rules import Target

_NONE: Final[Mapping[str, frozenset[str]]] = MappingProxyType({})
_OTHER_PROVINCE: Final = "58"  # former Ninh Thuận: not in the scope of KH 5283 (DOMAIN.md §4.4)


@dataclass(frozen=True)
class Terms:
    """What a figure follows besides its rows.

    Attributes:
        register: units of every period; without it a unit is its name.
        series: `kh5283` leaves former Ninh Thuận apart, `merged` counts both.
        cut_off: last day of issue of the stock; later papers are flow. None: all are stock.
        base_year: year of the inventory that stays the denominator for good (reading C).
        sector_kinds: kinds that a sector's own database holds.
        until_revoked: kinds that are in force until revoked.
        revocations_asked: a register of revocations was imported.
        kind_codes: result codes by kind, for targets of a result type.
        kind_sectors: sectors by kind, for targets of a sector.
        handovers: stock moved by minutes.
        steps: what papers were told to have gone through at all; of the rest nothing is known. None: nobody asks.
    """

    register: UnitRegister | None = None
    series: Series = "kh5283"
    cut_off: date | None = None
    base_year: int | None = None
    sector_kinds: Collection[str] = ()
    until_revoked: Collection[str] = ()
    revocations_asked: bool = True
    kind_codes: Mapping[str, frozenset[str]] = field(default_factory=lambda: _NONE)
    kind_sectors: Mapping[str, frozenset[str]] = field(default_factory=lambda: _NONE)
    handovers: Sequence[HandoverRow] = ()
    steps: Collection[DeliveryStep] | None = None

    def told(self, step: DeliveryStep, papers: int) -> int | None:
        """A count of papers that went through a step; None where nothing of the kind is known."""
        return papers if self.steps is None or step in self.steps else None

    def kinds_of(self, target: Target) -> frozenset[str] | None:
        """Kinds that a target speaks of: all (None), those of its sector, those that have its result type alone."""
        if target.sector is None and target.result_type is None:
            return None
        found = {
            kind
            for kind in {*self.kind_codes, *self.kind_sectors}
            if (target.sector is None or target.sector in self.kind_sectors.get(kind, ()))
            and (target.result_type is None or self.kind_codes.get(kind) == frozenset({target.result_type}))
        }
        return frozenset(found)


@dataclass
class Placing:
    """Finds places for the units of papers and tables as of a day."""

    terms: Terms
    as_of: date
    known: dict[Place, UnitIdentity] = field(default_factory=dict)
    _places: dict[UnitKey, Place] = field(default_factory=dict)

    def place(self, level: str | None, unit: str | None, day: date | None) -> Place:
        """The unit that a label meant on a day; one that the lists do not hold is its own name."""
        if level is None or unit is None:
            return Place("unresolved", None)
        register = self.terms.register
        made = register.at(level, unit, day) if register else None
        return Place(level, unit) if made is None else self._of(made)

    def _of(self, made: UnitIdentity) -> Place:
        place = self._places.get(made.key)
        if place is None:
            assert self.terms.register is not None
            place = Place(made.level, self.terms.register.label(made, self.as_of), made.code, made.valid_from)
            self._places[made.key] = place
            self.known[place] = made
        return place

    def holder(self, place: Place) -> Place:
        """The place of the unit that holds a unit's stock and papers on the day."""
        made, register = self.known.get(place), self.terms.register
        return place if made is None or register is None else self._of(register.holder(made, self.as_of))

    def apart(self, place: Place) -> bool:
        """True if a unit belongs to another series of figures."""
        made = self.known.get(place)
        return made is not None and self.terms.series == "kh5283" and made.province == _OTHER_PROVINCE

    def begun(self, place: Place) -> bool:
        """True if a unit has come into being by the day: what it hands in later is not known yet."""
        made = self.known.get(place)
        return made is None or made.valid_from is None or made.valid_from <= self.as_of

    def ended(self, place: Place) -> date | None:
        """Last day of a unit that is no more."""
        made = self.known.get(place)
        end = made.valid_to if made else None
        return end if end is not None and end < self.as_of else None

    def unverified(self, place: Place) -> bool:
        """True if the day of a unit's end or new name is not verified, and the figure is of that day or later."""
        made = self.known.get(place)
        return made is not None and made.unverified

    def level_end(self, level: str) -> date | None:
        """Last day of a level none of whose units stands any more."""
        return self._level_ends.get(level)

    @cached_property
    def _level_ends(self) -> dict[str, date]:
        register = self.terms.register
        ends: dict[str, list[date | None]] = {}
        for made in register.identities.values() if register else ():
            ends.setdefault(made.level, []).append(made.valid_to)
        return {
            level: last
            for level, days in ends.items()
            if None not in days and (last := max(day for day in days if day)) < self.as_of
        }
