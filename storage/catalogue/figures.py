"""Inventory and results digitised elsewhere: the inputs of a quota besides the stored papers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from schemas.quotas import ElsewhereRow, InventoryRow
from storage.catalogue import chains
from storage.catalogue import schema as t
from storage.catalogue.database import Database


def put_inventory(database: Database, rows: Sequence[InventoryRow]) -> None:
    """Enter inventory rows; a row for the same unit, kind and year replaces the old one. All or nothing."""
    with database.write() as connection:
        for row in rows:
            key = {"level": row.level, "unit": row.unit, "kind": row.kind, "year": row.year}
            connection.execute(delete(t.inventory).filter_by(**key))
            connection.execute(insert(t.inventory).values(**row.model_dump()))
            column = t.inventory.c
            where = (column.level == row.level, column.unit == row.unit, column.kind == row.kind)
            chains.note(connection, chains.HOUSE, t.inventory, *where, column.year == row.year)
        chains.seal_rest(connection)


def inventory(database: Database) -> list[InventoryRow]:
    """Every inventory row, sorted."""
    query = select(t.inventory).order_by(*t.inventory.primary_key.columns)
    with database.read() as connection:
        return [InventoryRow.model_validate(dict(row)) for row in connection.execute(query).mappings()]


def add_elsewhere(database: Database, rows: Sequence[ElsewhereRow]) -> int:
    """Enter results digitised elsewhere; the same row twice counts once. Returns how many were new."""
    added = 0
    with database.write() as connection:
        for row in rows:
            data = row.model_dump(mode="json")
            digest = hashlib.sha256(row.model_dump_json().encode()).hexdigest()
            known = select(t.elsewhere.c.id).where(t.elsewhere.c.row_hash == digest)
            if connection.execute(known).first() is None:
                connection.execute(insert(t.elsewhere).values(row_hash=digest, data=data))
                added += 1
                chains.note(connection, chains.HOUSE, t.elsewhere, t.elsewhere.c.row_hash == digest)
        chains.seal_rest(connection)
    return added


def elsewhere(database: Database) -> list[ElsewhereRow]:
    """Every result digitised elsewhere."""
    with database.read() as connection:
        rows = connection.execute(select(t.elsewhere.c.data).order_by(t.elsewhere.c.id)).scalars()
        return [ElsewhereRow.model_validate(row) for row in rows]
