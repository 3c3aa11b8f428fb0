"""One-stop desks, and counts of dossiers for re-use and index 766."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "desk",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("unit", sa.String(length=300), nullable=False),
        sa.Column("desk", sa.Text(), nullable=False),
        sa.Column("entry", sa.String(length=16), nullable=False),
        sa.Column("effective_on", sa.String(length=10), nullable=False),
        sa.Column("until", sa.String(length=10), nullable=True),
        sa.Column("running", sa.Boolean(), nullable=True),
        sa.Column("running_since", sa.String(length=10), nullable=True),
        sa.Column("scanners", sa.Integer(), nullable=True),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        *_of_fact(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk")),
    )
    op.create_index(op.f("ix_desk_key"), "desk", ["key"])
    op.create_table(
        "reuse",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("unit", sa.String(length=300), nullable=False),
        sa.Column("period_from", sa.String(length=10), nullable=False),
        sa.Column("period_to", sa.String(length=10), nullable=False),
        sa.Column("received", sa.Integer(), nullable=True),
        sa.Column("reused", sa.Integer(), nullable=True),
        sa.Column("online", sa.Integer(), nullable=True),
        sa.Column("internal", sa.Integer(), nullable=True),
        sa.Column("internal_electronic", sa.Integer(), nullable=True),
        sa.Column("solved", sa.Integer(), nullable=True),
        sa.Column("solved_digitised", sa.Integer(), nullable=True),
        sa.Column("paper_results", sa.Integer(), nullable=True),
        sa.Column("electronic_results", sa.Integer(), nullable=True),
        sa.Column("dossiers", sa.Integer(), nullable=True),
        sa.Column("dossiers_digitised", sa.Integer(), nullable=True),
        sa.Column("from_store", sa.Integer(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        *_of_fact(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reuse")),
    )
    op.create_index(op.f("ix_reuse_key"), "reuse", ["key"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("reuse")
    op.drop_table("desk")


def _of_fact() -> list[sa.Column[Any]]:
    return [
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
    ]
