"""How a person came in: with a password kept here, or by the province's own sign-in."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; whoever is signed in now came with a password."""
    op.add_column(
        "session", sa.Column("way", sa.String(length=16), nullable=False, server_default="password")
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_column("session", "way")
