"""Targets and milestones that were handed in."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "target",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("unit", sa.String(length=300), nullable=True),
        sa.Column("sector", sa.String(length=16), nullable=True),
        sa.Column("result_type", sa.String(length=16), nullable=True),
        sa.Column("due", sa.String(length=10), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("effective_on", sa.String(length=10), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target")),
    )
    op.create_index(op.f("ix_target_key"), "target", ["key"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("target")
