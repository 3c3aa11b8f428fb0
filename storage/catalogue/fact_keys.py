"""Keys of facts: rows of one key speak of the same thing, and of them the last one known stands."""

from __future__ import annotations

import hashlib
import json

from schemas.confirmed_reuse import ConfirmedReuse
from schemas.indicators import DeskRow, ReuseRow
from schemas.quotas import DeliveryRow, ElsewhereRow, HandoverRow, InventoryRow, RevocationRow, TargetRow
from schemas.text import bare_number, fold


def inventory_key(row: InventoryRow) -> str:
    """A unit's results of one kind at the end of a year."""
    return _digest(row.level, row.unit, row.kind, row.year)


def elsewhere_key(row: ElsewhereRow) -> str:
    """One paper (owner, or else unit; KQ; number), or what a unit had digitised of a kind on a day.

    Evidence and count are what a later row corrects, so they are no part of the key.
    """
    if row.number is not None:
        return _digest(row.owner or row.unit, row.result_type, bare_number(row.number))
    return _digest(row.level, row.unit, row.kind, row.digitised_on.isoformat())


def revocation_key(row: RevocationRow) -> str:
    """One paper, as a table names it."""
    return _digest(row.level, row.unit, row.kind, row.result_type, row.owner, bare_number(row.number))


def handover_key(row: HandoverRow) -> str:
    """What went from one unit to another on a day, of one kind; count and minutes are what a later row corrects."""
    return _digest(row.from_level, row.from_unit, row.to_level, row.to_unit, row.kind, row.day.isoformat())


def desk_key(row: DeskRow) -> str:
    """What one row states of a desk from a day on; what it states is what a later row corrects.

    A certificate is one whenever it began.
    """
    which = bare_number(row.certificate) if row.entry == "certificate" else row.effective_on.isoformat()
    return _digest(row.entry, row.level, row.unit, fold(row.desk), which)


def reuse_key(row: ReuseRow) -> str:
    """A unit's dossiers of one period."""
    return _digest(row.level, row.unit, row.period_from.isoformat(), row.period_to.isoformat())


def target_key(row: TargetRow) -> str:
    """What is asked of a level, unit, sector or result type by a day; the share is what a later row corrects."""
    return _digest(row.level, row.unit, row.sector, row.result_type, row.due.isoformat())


def delivery_key(row: DeliveryRow) -> str:
    """A step of one paper, by the name it is given; day and receipt are what a later row corrects."""
    return _digest(row.paper, row.step)


def confirmed_key(row: ConfirmedReuse) -> str:
    """A component of a dossier, however blanks and case are written."""
    return _digest(bare_number(row.dossier), bare_number(row.component))


def _digest(*parts: str | int | None) -> str:
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()
