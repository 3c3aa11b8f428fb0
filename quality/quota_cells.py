"""Cells of the quota: counts and inventory by unit and kind, and how cells add up to rows. Pure.

A cell's numerator stops at its inventory, so that an excess in one hides no gap in another; a row is the sum of its
cells. Counts stay with the unit that issued; a row is of the unit that holds them on the day.

May import schemas. Knows nothing of papers or targets; that is `quality.quotas`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Final, NamedTuple

from schemas.quotas import Basis, InventoryRow

ALL_KINDS: Final = "*"
_WEAKEST_FIRST: Final[tuple[Basis, ...]] = ("estimated", "register", "counted")


class Place(NamedTuple):
    """Key of a row: level and unit; unit None with level `unresolved`, or for a level's own total.

    `code` and `valid_from` tell units of one name apart; None for what the lists do not hold, as departments.
    """

    level: str
    unit: str | None
    code: str | None = None
    valid_from: date | None = None


@dataclass
class Cell:
    """Counts of one unit and kind.

    `papers` includes those that are not in the figure; `stock_*` are those of `digitised` and `unknown` that were
    issued up to the cut-off; `ended` are papers of the stock no longer in force, by the year of the day that ended them.
    """

    digitised: int = 0
    unknown: int = 0
    elsewhere: int = 0
    papers: int = 0
    stock_digitised: int = 0
    stock_unknown: int = 0
    uncoded: int = 0
    sector_db: int = 0
    not_intact: int = 0
    until_revoked: int = 0
    signed: int = 0
    delivered: int = 0
    ended: Counter[int] = field(default_factory=Counter)

    def add(self, other: Cell) -> None:
        """Take in another cell's counts."""
        self.ended.update(other.ended)
        for each in fields(Cell):
            if each.name != "ended":
                setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


class Stock(NamedTuple):
    """Results in force of one unit and kind: count, basis, year."""

    results: int
    basis: Basis
    year: int


class UsedStock(NamedTuple):
    """An inventory that a rate was compared with: the unit that handed it in, the kind and the count."""

    place: Place
    kind: str
    stock: Stock


class Bounds(NamedTuple):
    """Counts of a numerator: none of the unknown in force, all of them in force."""

    low: int = 0
    high: int = 0

    def plus(self, other: Bounds) -> Bounds:
        """Add bound by bound."""
        return Bounds(self.low + other.low, self.high + other.high)


_NOUGHT: Final = Bounds()


@dataclass(frozen=True)
class Figures:
    """Sums of a row. `numerator*` are capped cell by cell; `denominator` is the inventory less what has ended since.

    `codable_*` leave out kinds that no code exists for; None as soon as an inventory of all kinds together is in it.
    """

    digitised: int = 0
    unknown: int = 0
    elsewhere: int = 0
    papers: int = 0
    flow: int = 0
    covered: int = 0
    covered_unknown: int = 0
    uncovered: int = 0
    excess: int = 0
    over: int = 0
    uncoded: int = 0
    sector_db: int = 0
    not_intact: int = 0
    until_revoked: int = 0
    signed: int = 0
    delivered: int = 0
    ended: int = 0
    numerator: Bounds = _NOUGHT
    numerator_with_elsewhere: Bounds = _NOUGHT
    inventory: int | None = None
    denominator: int = 0
    codable_numerator: Bounds = _NOUGHT
    codable_denominator: int | None = 0
    basis: Basis | None = None
    inventory_year: int | None = None

    def __add__(self, other: Figures) -> Figures:
        """Add sums: an unknown inventory adds nothing; the result has the weakest basis and the oldest year."""
        sums = {
            each.name: getattr(self, each.name) + getattr(other, each.name)
            for each in fields(Figures)
            if each.name not in _NOT_SUMMED
        }
        both_codable = (self.codable_denominator, other.codable_denominator)
        return Figures(
            **sums,
            numerator=self.numerator.plus(other.numerator),
            numerator_with_elsewhere=self.numerator_with_elsewhere.plus(other.numerator_with_elsewhere),
            inventory=_plus(self.inventory, other.inventory),
            codable_numerator=self.codable_numerator.plus(other.codable_numerator),
            codable_denominator=None if None in both_codable else _plus(*both_codable),
            basis=weakest(self.basis, other.basis),
            inventory_year=_older(self.inventory_year, other.inventory_year),
        )


_NOT_SUMMED: Final = frozenset(
    {
        "numerator",
        "numerator_with_elsewhere",
        "inventory",
        "codable_numerator",
        "codable_denominator",
        "basis",
        "inventory_year",
    }
)
_Kinds = dict[str, Stock]


@dataclass
class Cells:
    """Counts by (unit of issue, kind), and the inventory they are compared with.

    Attributes:
        holder: the row that a unit's cells belong to on the day; units not named hold their own.
        uncodable: kinds that no result code exists for.
        frozen: nothing leaves the inventory (reading C: a fixed base).
    """

    counts: dict[Place, dict[str, Cell]] = field(default_factory=dict)
    stock: dict[Place, _Kinds] = field(default_factory=dict)
    holder: dict[Place, Place] = field(default_factory=dict)
    uncodable: Collection[str] = ()
    frozen: bool = False

    def cell(self, place: Place, kind: str) -> Cell:
        """The cell of a unit and kind, created on first use."""
        kinds = self.counts.setdefault(place, {})
        found = kinds.get(kind)
        if found is None:
            found = kinds[kind] = Cell()
        return found

    def rows(self, level: str) -> dict[Place, list[Place]]:
        """Every row of a level that has papers, results elsewhere or an inventory, with the units whose cells it holds."""
        held: dict[Place, list[Place]] = {}
        for place in sorted({*self.counts, *self.stock}, key=place_order):
            row = self.holder.get(place, place)
            if row.level == level:
                held.setdefault(row, []).append(place)
        return dict(sorted(held.items(), key=lambda each: place_order(each[0])))

    def figures(self, row: Place, places: Iterable[Place], kinds: Collection[str] | None = None) -> Figures:
        """The sums of one row over its cells, of some kinds only where `kinds` is given."""
        return sum(
            (
                _one(cell, stock, self.frozen, kind in self.uncodable, whole=kind == ALL_KINDS)
                for kind, cell, stock in self._compared(row, list(places))
                if kinds is None or kind in kinds
            ),
            Figures(),
        )

    def covers(self, row: Place, place: Place, kind: str) -> bool:
        """True if a unit's papers of a kind are compared with an inventory."""
        stock, own = self.stock.get(place, {}), self.stock.get(row, {})
        return not {kind, ALL_KINDS}.isdisjoint({*own, *self._left(stock, own if row != place else {})})

    def used(self) -> Iterator[tuple[Place, UsedStock]]:
        """Every inventory in the denominators, with the row it stands in."""
        for place in sorted(self.stock, key=place_order):
            row = self.holder.get(place, place)
            stock = (
                self.stock[place] if place == row else self._left(self.stock[place], self.stock.get(row, {}))
            )
            for kind in sorted(stock):
                yield row, UsedStock(place, kind, stock[kind])

    def _compared(self, row: Place, places: list[Place]) -> Iterator[tuple[str, Cell, Stock | None]]:
        """Cells that belong together, each with the inventory it is compared with.

        The holder's own inventory replaces those of the units it was formed from, kind by kind; a figure for all kinds
        together, on either side, replaces or is replaced as a whole, so that nothing is counted twice.
        """
        own = self.stock.get(row, {})
        pooled: dict[str, Cell] = {kind: Cell() for kind in own}
        for place in places:
            stock = own if place == row else self._left(self.stock.get(place, {}), own)
            rest: dict[str, Cell] = {kind: Cell() for kind in stock if kind not in own}
            for kind, cell in self.counts.get(place, {}).items():
                if (name := kind if kind in own else ALL_KINDS) in own:
                    pooled[name].add(cell)
                else:
                    name = ALL_KINDS if ALL_KINDS in stock else kind
                    rest.setdefault(name, Cell()).add(cell)
            for kind in sorted(rest):
                yield kind, rest[kind], stock.get(kind)
        for kind in sorted(pooled):
            yield kind, pooled[kind], own[kind]

    @staticmethod
    def _left(stock: _Kinds, own: _Kinds) -> _Kinds:
        """What of a former unit's inventory still stands beside the holder's own."""
        if not own:
            return stock
        if ALL_KINDS in own or ALL_KINDS in stock:
            return {}
        return {kind: each for kind, each in stock.items() if kind not in own}


def place_order(place: Place) -> tuple[str, str, str, date]:
    """Order of rows."""
    return (place.level, place.unit or "", place.code or "", place.valid_from or date.min)


def stock_of(rows: Iterable[tuple[Place, InventoryRow]], year: int) -> dict[Place, _Kinds]:
    """Latest inventory up to a year, by unit and kind.

    A unit may have a total (kind `*`) and inventories by kind. The later one is used, the total if both are of
    the same year, so that nothing is counted twice.
    """
    latest: dict[Place, _Kinds] = {}
    for place, row in sorted(rows, key=lambda each: _stock_order(each[1])):
        if row.year <= year:
            latest.setdefault(place, {})[row.kind] = Stock(row.count, row.basis, row.year)
    return {place: _whole_or_kinds(kinds) for place, kinds in latest.items()}


def _stock_order(row: InventoryRow) -> tuple[int, int, int, str]:
    # Two rows of one unit, kind and year contradict: keep the larger count and the weaker basis.
    return (row.year, row.count, -_WEAKEST_FIRST.index(row.basis), row.source)


def weakest(one: Basis | None, other: Basis | None) -> Basis | None:
    """Basis of a sum of two counts: the weaker of the two."""
    known = [basis for basis in (one, other) if basis is not None]
    return min(known, key=_WEAKEST_FIRST.index, default=None)


def _whole_or_kinds(kinds: Mapping[str, Stock]) -> _Kinds:
    whole = kinds.get(ALL_KINDS)
    if whole is None:
        return dict(kinds)
    if whole.year >= max(stock.year for stock in kinds.values()):
        return {ALL_KINDS: whole}
    return {kind: stock for kind, stock in kinds.items() if kind != ALL_KINDS}


def _one(cell: Cell, stock: Stock | None, frozen: bool, uncodable: bool, *, whole: bool) -> Figures:
    flow = cell.digitised - cell.stock_digitised
    counts = Figures(
        digitised=cell.digitised,
        unknown=cell.unknown,
        elsewhere=cell.elsewhere,
        papers=cell.papers,
        flow=flow,
        uncovered=cell.stock_digitised,
        uncoded=cell.uncoded,
        sector_db=cell.sector_db,
        not_intact=cell.not_intact,
        until_revoked=cell.until_revoked,
        signed=cell.signed,
        delivered=cell.delivered,
    )
    return counts if stock is None else _against(counts, cell, stock, frozen, uncodable, whole=whole)


def _against(
    counts: Figures, cell: Cell, stock: Stock, frozen: bool, uncodable: bool, *, whole: bool
) -> Figures:
    """A cell that has an inventory: what was in force at its year's end and is no longer leaves it (DOMAIN.md §4.3 e)."""
    known, unknown, other = cell.stock_digitised, cell.stock_unknown, cell.elsewhere
    ended = sum(papers for year, papers in cell.ended.items() if year > stock.year)
    left = 0 if frozen else min(ended, stock.results)
    most = stock.results - left
    numerator = Bounds(min(known, most), min(known + unknown, most))
    total = known + unknown + other
    values = {each.name: getattr(counts, each.name) for each in fields(Figures)} | {
        "covered": known,
        "covered_unknown": unknown,
        "uncovered": 0,
        "excess": known - numerator.low,
        "over": total - min(total, most),
        "ended": left,
        "numerator": numerator,
        "numerator_with_elsewhere": Bounds(min(known + other, most), min(total, most)),
        "inventory": stock.results,
        "denominator": most,
        "codable_numerator": Bounds() if uncodable else numerator,
        "codable_denominator": None if whole else 0 if uncodable else most,
        "basis": stock.basis,
        "inventory_year": stock.year,
    }
    return Figures(**values)


def _plus(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other


def _older(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else min(one, other)
