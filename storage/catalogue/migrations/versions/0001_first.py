"""The first catalogue: every table of `storage.catalogue.schema` as it stood at version 0.1."""

from alembic import op

from storage.catalogue.schema import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables. The next change freezes these definitions here and adds its own file."""
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    """Drop everything."""
    metadata.drop_all(op.get_bind())
