"""Facts with two times: inventory and results elsewhere become append-only, revocations are new.

Old rows move over. Nothing tells when they were imported or by whom, for imports left no event: they are known from the
moment of this migration, and are entered in the house chain as such, so that a rebuilt catalogue says the same. A catalogue
that has no chains yet enters all it holds when it begins them (`chains.adopt`).
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from storage.catalogue.events import now
from storage.catalogue.facts_before import moved_elsewhere, moved_inventory

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Move the old rows into the new tables."""
    connection, at = op.get_bind(), now()
    old_inventory = sa.table(
        "inventory", *map(sa.column, ("level", "unit", "kind", "year", "count", "basis", "source"))
    )
    old_elsewhere = sa.table(
        "elsewhere", sa.column("id"), sa.column("row_hash"), sa.column("data", sa.JSON())
    )
    inventory = moved_inventory(map(dict, connection.execute(sa.select(old_inventory)).mappings()), at)
    elsewhere = moved_elsewhere(map(dict, connection.execute(sa.select(old_elsewhere)).mappings()), at)
    op.drop_table("inventory")
    op.drop_table("elsewhere")
    _create_tables()
    for name, rows in (("inventory", inventory), ("elsewhere", elsewhere)):
        _fill(connection, name, rows)


def _create_tables() -> None:
    place = (("level", sa.String(length=8)), ("unit", sa.String(length=300)))
    _create(
        "inventory",
        *(sa.Column(name, kind, nullable=False) for name, kind in place),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("basis", sa.String(length=16), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.String(length=10), nullable=True),
    )
    _create(
        "elsewhere",
        *(sa.Column(name, kind, nullable=False) for name, kind in place),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("digitised_on", sa.String(length=10), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=16), nullable=True),
        sa.Column("result_type", sa.String(length=16), nullable=True),
        sa.Column("number", sa.String(length=200), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.String(length=10), nullable=True),
    )
    _create(
        "revocation",
        *(sa.Column(name, kind, nullable=False) for name, kind in place),
        sa.Column("number", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=True),
        sa.Column("result_type", sa.String(length=16), nullable=True),
        sa.Column("owner", sa.String(length=16), nullable=True),
        sa.Column("effective_on", sa.String(length=10), nullable=False),
        sa.Column("ending", sa.String(length=16), nullable=False),
    )


def _create(name: str, *columns: sa.Column[Any]) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        *columns,
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("withdrawn", sa.Text(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("document_date", sa.String(length=10), nullable=True),
        sa.Column("signer", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("operator", sa.String(length=200), nullable=False),
        sa.Column("known_at", sa.String(length=40), nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index(op.f(f"ix_{name}_key"), name, ["key"])


def _fill(connection: sa.Connection, name: str, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    table = sa.table(name, *map(sa.column, rows[0]))
    outbox = sa.table("outbox", *map(sa.column, ("chain", "urgent")), sa.column("data", sa.JSON()))
    sealed = sa.table("chain_object", sa.column("seq"))
    connection.execute(sa.insert(table), rows)
    if connection.execute(sa.select(sealed).limit(1)).first() is not None:
        entry = {"table": name, "rows": rows}
        connection.execute(sa.insert(outbox).values(chain="house", urgent=True, data=entry))
    if connection.dialect.name == "postgresql":
        call = sa.text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :highest)")
        connection.execute(call, {"table": name, "highest": max(row["id"] for row in rows)})


def downgrade() -> None:
    """There is no way back: the old tables have no place for who, when and why."""
    raise NotImplementedError("facts cannot lose who, when and why")
