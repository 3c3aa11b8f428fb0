"""Codes of one paper meet however its number is spelt."""

import sqlalchemy as sa
from alembic import op

from schemas.codes import likeness

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_AT_ONCE = 5000


def upgrade() -> None:
    """Add the column and fill it."""
    op.add_column("code", sa.Column("likeness", sa.String(length=250), nullable=True))
    code = sa.table(
        "code",
        *(sa.column(name) for name in ("id", "owner", "result_type", "number", "likeness")),
    )
    connection = op.get_bind()
    last = 0
    while True:
        query = sa.select(code).where(code.c.id > last).order_by(code.c.id).limit(_AT_ONCE)
        rows = connection.execute(query).all()
        if not rows:
            break
        last = rows[-1].id
        keys = [{"key": row.id, "value": likeness(row.owner, row.result_type, row.number)} for row in rows]
        change = (
            sa.update(code).where(code.c.id == sa.bindparam("key")).values(likeness=sa.bindparam("value"))
        )
        connection.execute(change, keys)
    op.create_index(op.f("ix_code_likeness"), "code", ["likeness"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index(op.f("ix_code_likeness"), "code")
    op.drop_column("code", "likeness")
