"""Rows of inventory and of results elsewhere as they were kept before facts had two times, in their present form.

Who handed them in, out of which file and when was recorded nowhere; they say so by being empty. They are known from the
moment of the move: that is when the catalogue began to tell what it knew when.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from schemas.quotas import ElsewhereRow, InventoryRow
from storage.catalogue.fact_keys import elsewhere_key, inventory_key

_UNRECORDED: Final[Mapping[str, str | None]] = {
    **dict.fromkeys(("document", "signer", "file", "sha256", "operator", "event"), ""),
    **dict.fromkeys(("document_date", "withdrawn"), None),
}


def moved_inventory(rows: Iterable[Mapping[str, Any]], at: str) -> list[dict[str, Any]]:
    """Rows keyed by (level, unit, kind, year), numbered in that order."""
    read = sorted(
        (InventoryRow.model_validate(dict(row)) for row in rows),
        key=lambda row: (row.level, row.unit, row.kind, row.year),
    )
    return [
        {
            **row.model_dump(mode="json"),
            **_UNRECORDED,
            "key": inventory_key(row),
            "known_at": at,
            "id": number,
        }
        for number, row in enumerate(read, start=1)
    ]


def moved_elsewhere(rows: Iterable[Mapping[str, Any]], at: str) -> list[dict[str, Any]]:
    """Rows with their numbers. Rows that now share a key all go on counting, as they did, until one is withdrawn."""
    moved: list[dict[str, Any]] = []
    taken: set[str] = set()
    for old in sorted(rows, key=lambda row: int(row["id"])):
        row = ElsewhereRow.model_validate(old["data"])
        key = elsewhere_key(row)
        key = str(old["row_hash"]) if key in taken else key
        taken.add(key)
        moved.append(
            {**row.model_dump(mode="json"), **_UNRECORDED, "key": key, "known_at": at, "id": int(old["id"])}
        )
    return moved
