"""Keys of the look-up API, what was looked up, confirmed re-use, and codes found by their number."""

import sqlalchemy as sa
from alembic import op

from schemas.text import number_key

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_AT_ONCE = 5000
_LONGEST = 250


def upgrade() -> None:
    """Create the tables; add the column and fill it."""
    _create_api()
    _create_confirmed()
    op.add_column("code", sa.Column("number_key", sa.String(length=_LONGEST), nullable=True))
    code = sa.table("code", *(sa.column(name) for name in ("id", "number", "number_key")))
    connection = op.get_bind()
    last = 0
    while True:
        query = sa.select(code).where(code.c.id > last).order_by(code.c.id).limit(_AT_ONCE)
        rows = connection.execute(query).all()
        if not rows:
            break
        last = rows[-1].id
        keys = [{"key": row.id, "value": number_key(row.number)[:_LONGEST]} for row in rows]
        change = (
            sa.update(code).where(code.c.id == sa.bindparam("key")).values(number_key=sa.bindparam("value"))
        )
        connection.execute(change, keys)
    op.create_index("ix_code_result_type_number_key", "code", ["result_type", "number_key"])


def _create_api() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("system", sa.String(length=200), nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=True),
        sa.Column("scopes", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("units", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("rate", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.String(length=40), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("revoked_at", sa.String(length=40), nullable=True),
        sa.Column("revoked_by", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
    )
    op.create_table(
        "lookup",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("system", sa.String(length=200), nullable=False),
        sa.Column("asked_by", sa.String(length=16), nullable=False),
        sa.Column("asked_hash", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("dossier", sa.String(length=100), nullable=True),
        sa.Column("answered", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lookup")),
    )
    op.create_index(op.f("ix_lookup_at"), "lookup", ["at"])


def _create_confirmed() -> None:
    op.create_table(
        "confirmed_reuse",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("dossier", sa.String(length=100), nullable=False),
        sa.Column("component", sa.String(length=100), nullable=False),
        sa.Column("code", sa.String(length=300), nullable=False),
        sa.Column("document_id", sa.String(length=32), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=True),
        sa.Column("unit", sa.String(length=300), nullable=True),
        sa.Column("desk", sa.String(length=300), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.Column("system", sa.String(length=200), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confirmed_reuse")),
    )
    op.create_index(op.f("ix_confirmed_reuse_key"), "confirmed_reuse", ["key"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_code_result_type_number_key", "code")
    op.drop_column("code", "number_key")
    op.drop_table("confirmed_reuse")
    op.drop_table("lookup")
    op.drop_table("api_key")
