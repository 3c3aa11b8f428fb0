"""Cells of the quota: counts and inventory by unit and kind, and how cells add up to rows. Pure.

May import schemas. Knows nothing of papers, days or targets; that is `quality.quotas`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from schemas.quotas import Basis, InventoryRow

ALL_KINDS: Final = "*"
_WEAKEST_FIRST: Final[tuple[Basis, ...]] = ("estimated", "register", "counted")


class Place(NamedTuple):
    """Key of a row: level and unit; unit None with level `unresolved`, or for a level's own total."""

    level: str
    unit: str | None


@dataclass
class Cell:
    """Counts of one unit and kind. `papers` includes those that are not in the figure."""

    digitised: int = 0
    unknown: int = 0
    elsewhere: int = 0
    papers: int = 0


class Stock(NamedTuple):
    """Results in force of one unit and kind: count, basis, year."""

    results: int
    basis: Basis
    year: int


@dataclass(frozen=True)
class Figures:
    """Sums of a row. `covered_*` are sums over cells with an inventory; only those enter a rate."""

    digitised: int = 0
    unknown: int = 0
    elsewhere: int = 0
    papers: int = 0
    covered_digitised: int = 0
    covered_unknown: int = 0
    covered_elsewhere: int = 0
    inventory: int | None = None
    basis: Basis | None = None
    inventory_year: int | None = None

    def __add__(self, other: Figures) -> Figures:
        """Add sums: an unknown inventory adds nothing; the result has the weakest basis and the oldest year."""
        return Figures(
            digitised=self.digitised + other.digitised,
            unknown=self.unknown + other.unknown,
            elsewhere=self.elsewhere + other.elsewhere,
            papers=self.papers + other.papers,
            covered_digitised=self.covered_digitised + other.covered_digitised,
            covered_unknown=self.covered_unknown + other.covered_unknown,
            covered_elsewhere=self.covered_elsewhere + other.covered_elsewhere,
            inventory=_plus(self.inventory, other.inventory),
            basis=weakest(self.basis, other.basis),
            inventory_year=_older(self.inventory_year, other.inventory_year),
        )


@dataclass
class Cells:
    """Counts by (place, kind), and the inventory they are compared with."""

    counts: dict[Place, dict[str, Cell]] = field(default_factory=dict)
    stock: dict[Place, dict[str, Stock]] = field(default_factory=dict)

    def cell(self, place: Place, kind: str) -> Cell:
        """The cell of a unit and kind, created on first use."""
        return self.counts.setdefault(place, {}).setdefault(kind, Cell())

    def places(self, level: str) -> list[Place]:
        """Every unit of a level that has papers, results elsewhere or an inventory."""
        return sorted(
            {place for place in (*self.counts, *self.stock) if place.level == level},
            key=lambda place: place.unit or "",
        )

    def figures(self, place: Place) -> Figures:
        """The sums of one unit over its kinds."""
        cells, stock = self.counts.get(place, {}), self.stock.get(place, {})
        total = Figures()
        for kind in sorted({*cells, *stock}):
            total += _one(cells.get(kind, Cell()), stock.get(kind), ALL_KINDS in stock)
        return total


def stock_of(rows: Iterable[InventoryRow], year: int) -> dict[Place, dict[str, Stock]]:
    """Latest inventory up to a year, by unit and kind.

    A unit may have a total (kind `*`) and inventories by kind. The later one is used, the total if both are of
    the same year, so that nothing is counted twice.
    """
    latest: dict[Place, dict[str, Stock]] = {}
    for row in sorted(rows, key=_stock_order):
        if row.year <= year:
            place = latest.setdefault(Place(row.level, row.unit), {})
            place[row.kind] = Stock(row.count, row.basis, row.year)
    return {place: _whole_or_kinds(kinds) for place, kinds in latest.items()}


def _stock_order(row: InventoryRow) -> tuple[int, int, int, str]:
    # Two rows of one unit, kind and year contradict: keep the larger count and the weaker basis.
    return (row.year, row.count, -_WEAKEST_FIRST.index(row.basis), row.source)


def weakest(one: Basis | None, other: Basis | None) -> Basis | None:
    """Basis of a sum of two counts: the weaker of the two."""
    known = [basis for basis in (one, other) if basis is not None]
    return min(known, key=_WEAKEST_FIRST.index, default=None)


def _whole_or_kinds(kinds: dict[str, Stock]) -> dict[str, Stock]:
    whole = kinds.get(ALL_KINDS)
    if whole is None:
        return kinds
    if whole.year >= max(stock.year for stock in kinds.values()):
        return {ALL_KINDS: whole}
    return {kind: stock for kind, stock in kinds.items() if kind != ALL_KINDS}


def _one(cell: Cell, stock: Stock | None, whole: bool) -> Figures:
    covered = stock is not None or whole
    return Figures(
        digitised=cell.digitised,
        unknown=cell.unknown,
        elsewhere=cell.elsewhere,
        papers=cell.papers,
        covered_digitised=cell.digitised if covered else 0,
        covered_unknown=cell.unknown if covered else 0,
        covered_elsewhere=cell.elsewhere if covered else 0,
        inventory=stock.results if stock else None,
        basis=stock.basis if stock else None,
        inventory_year=stock.year if stock else None,
    )


def _plus(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other


def _older(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else min(one, other)
