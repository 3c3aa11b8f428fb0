"""Who has which paper in hand on the page of review."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "review_lease",
        sa.Column("document_id", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_review_lease_document_id_document")
        ),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_review_lease")),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("review_lease")
