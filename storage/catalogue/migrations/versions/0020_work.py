"""Claims with fencing tokens, and chunks of runs that several machines work on."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "claim",
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("run", sa.String(length=32), nullable=False),
        sa.Column("home", sa.String(length=64), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_claim")),
    )
    op.create_table(
        "work_chunk",
        sa.Column("run", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("batch", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("work", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=255), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["batch"], ["batch.name"], name=op.f("fk_work_chunk_batch_batch")),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_work_chunk_run_run")),
        sa.PrimaryKeyConstraint("run", "number", name=op.f("pk_work_chunk")),
    )
    op.create_index("ix_work_chunk_batch", "work_chunk", ["batch"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_work_chunk_batch", table_name="work_chunk")
    op.drop_table("work_chunk")
    op.drop_table("claim")
