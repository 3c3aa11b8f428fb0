"""Stock that minutes moved from one unit to another. Pure; may import schemas."""

from __future__ import annotations

from datetime import timedelta

from quality.quota_cells import Cells, Place, Stock
from quality.quota_terms import Placing


def move(cells: Cells, placing: Placing) -> None:
    """Apply the hand-overs up to the day, in order; never more than the giving unit has left.

    What moved stands with the receiver beside its own stock, so that it replaces nothing. Papers that the giving unit
    issued go along once none of a kind's stock is left with it; before that nobody can say which ones moved.
    """
    for row in sorted(placing.terms.handovers, key=lambda row: (row.day, row.model_dump_json())):
        if row.day > placing.as_of:
            continue
        giver = placing.place(row.from_level, row.from_unit, row.day - timedelta(days=1))
        receiver = placing.holder(placing.place(row.to_level, row.to_unit, row.day))
        held = cells.stock.get(giver, {}).get(row.kind)
        if held is None:
            continue
        count = min(row.count, held.results)
        moved = Place(receiver.level, f"{receiver.unit} ← {giver.unit}", giver.code, row.day)
        before = cells.stock.setdefault(moved, {}).get(row.kind)
        cells.stock[moved][row.kind] = Stock(count + (before.results if before else 0), held.basis, held.year)
        cells.holder[moved] = receiver
        if count < held.results:
            cells.stock[giver][row.kind] = held._replace(results=held.results - count)
            continue
        del cells.stock[giver][row.kind]
        kinds = cells.counts.get(giver, {})
        for kind in [row.kind] if row.kind != "*" else list(kinds):
            if kind in kinds:
                cells.cell(moved, kind).add(kinds.pop(kind))
