"""Clerks' registers, how the scans match them, and how surely a register speaks of a paper."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and the column."""
    op.add_column("decision", sa.Column("confidence", sa.Float(), nullable=True))
    op.create_table(
        "register",
        sa.Column("batch", sa.String(length=255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("operator", sa.String(length=200), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.Column("columns", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("encoding", sa.String(length=16), nullable=False),
        sa.Column("rows", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("problems", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["batch"], ["batch.name"], name=op.f("fk_register_batch_batch")),
        sa.PrimaryKeyConstraint("batch", "version", name=op.f("pk_register")),
    )
    op.create_table(
        "register_match",
        sa.Column("batch", sa.String(length=255), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("operator", sa.String(length=200), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.Column("data", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["batch"], ["batch.name"], name=op.f("fk_register_match_batch_batch")),
        sa.PrimaryKeyConstraint("batch", "sequence", name=op.f("pk_register_match")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("register_match")
    op.drop_table("register")
    op.drop_column("decision", "confidence")
