"""Chains of provenance with their outbox, digests of sidecars, the event of each code, fixity by object."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and columns."""
    op.add_column("document_version", sa.Column("sidecar_sha256", sa.String(length=64), nullable=True))
    op.add_column("code", sa.Column("event", sa.String(length=32), nullable=True))
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index(op.f("ix_outbox_chain"), "outbox", ["chain"])
    op.create_table(
        "chain_object",
        sa.Column("order", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("sent", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("order", name=op.f("pk_chain_object")),
        sa.UniqueConstraint("chain", "seq", name="uq_chain_object_chain"),
    )
    op.create_index(op.f("ix_chain_object_sent"), "chain_object", ["sent"])
    op.create_table(
        "fixity_round",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("started_at", sa.String(length=40), nullable=False),
        sa.Column("ended_at", sa.String(length=40), nullable=True),
        sa.Column("share", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fixity_round")),
    )
    op.create_table(
        "fixity",
        sa.Column("key", sa.String(length=512), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("round", sa.String(length=32), nullable=False),
        sa.Column("checked_at", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_fixity")),
    )
    op.create_index(op.f("ix_fixity_state"), "fixity", ["state"])


def downgrade() -> None:
    """Drop them."""
    for table in ("fixity", "fixity_round", "chain_object", "outbox"):
        op.drop_table(table)
    op.drop_column("code", "event")
    op.drop_column("document_version", "sidecar_sha256")
