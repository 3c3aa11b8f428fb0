"""Lots for acceptance: what was drawn, what an inspector found, what was decided. Append-only."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_JSON = sa.JSON(none_as_null=True)


def upgrade() -> None:
    """Create the tables of lots."""
    op.create_table(
        "lot",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("plan", sa.String(length=16), nullable=False),
        sa.Column("data", _JSON, nullable=False),
        sa.Column("operator", sa.String(length=200), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot")),
    )
    op.create_table(
        "lot_paper",
        sa.Column("lot", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.String(length=32), nullable=False),
        sa.Column("data", _JSON, nullable=True),
        sa.ForeignKeyConstraint(["lot"], ["lot.id"], name=op.f("fk_lot_paper_lot_lot")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_lot_paper_document_id_document")
        ),
        sa.PrimaryKeyConstraint("lot", "document_id", name=op.f("pk_lot_paper")),
    )
    op.create_index(op.f("ix_lot_paper_document_id"), "lot_paper", ["document_id"])
    op.create_table(
        "lot_finding",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("lot", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.String(length=32), nullable=False),
        sa.Column("target", sa.String(length=100), nullable=False),
        sa.Column("right", sa.Boolean(), nullable=False),
        sa.Column("right_value", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("operator", sa.String(length=200), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["lot"], ["lot.id"], name=op.f("fk_lot_finding_lot_lot")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot_finding")),
    )
    op.create_index(op.f("ix_lot_finding_lot"), "lot_finding", ["lot"])
    op.create_table(
        "lot_decision",
        sa.Column("lot", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("data", _JSON, nullable=False),
        sa.Column("operator", sa.String(length=200), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["lot"], ["lot.id"], name=op.f("fk_lot_decision_lot_lot")),
        sa.PrimaryKeyConstraint("lot", name=op.f("pk_lot_decision")),
    )


def downgrade() -> None:
    """Drop the tables of lots."""
    for name in ("lot_decision", "lot_finding", "lot_paper", "lot"):
        op.drop_table(name)
