"""Papers signed digitally, and received by their owners' national store: facts that are handed in."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("paper", sa.String(length=300), nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column("done_on", sa.String(length=10), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
    )
    op.create_index(op.f("ix_delivery_key"), "delivery", ["key"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("delivery")
