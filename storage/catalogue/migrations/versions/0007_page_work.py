"""Documents that others replaced, and pages of an original that a person turned or replaced."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("document", sa.Column("replaces", sa.Text(), nullable=True))
    op.add_column("document", sa.Column("replaced_by", sa.Text(), nullable=True))
    op.add_column("original", sa.Column("edits", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("original", "edits")
    op.drop_column("document", "replaced_by")
    op.drop_column("document", "replaces")
