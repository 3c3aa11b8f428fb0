"""When batches run without a person, and what people wish of a batch that runs."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "schedule",
        sa.Column("batch", sa.String(length=255), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=True),
        sa.Column("cron", sa.String(length=100), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("wish", sa.String(length=16), nullable=True),
        sa.Column("expected_end", sa.String(length=40), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("seen", sa.String(length=64), nullable=True),
        sa.Column("operator", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.String(length=40), nullable=False),
        sa.Column("updated_at", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("batch", name=op.f("pk_schedule")),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("schedule")
