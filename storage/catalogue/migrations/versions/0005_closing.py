"""The end state that a batch's closing leads to."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("batch", sa.Column("ending", sa.String(length=16), nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("batch", "ending")
