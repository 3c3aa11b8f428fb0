"""Figures from columns: what the quota asks of a paper, by the time it was known; kept fresh by triggers.

Every paper is entered as changed, so that the first figure asked derives its rows. A later migration that lets SQLite make
`document`, `document_version`, `code` or `decision` anew must create their triggers again.
"""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Tables that a paper's figures rest on, with the column that names the paper.
_WATCHED: Final = {
    "document": "id",
    "document_version": "document_id",
    "code": "document_id",
    "decision": "document_id",
}
_ENTER: Final = (
    "INSERT INTO figure_dirty (document_id) SELECT {row}.{column} "
    "WHERE NOT EXISTS (SELECT 1 FROM figure_dirty WHERE document_id = {row}.{column})"
)


def upgrade() -> None:
    """Create the tables and the triggers."""
    _create_spans()
    op.create_table(
        "figure_dirty",
        sa.Column("document_id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_figure_dirty")),
    )
    op.create_table(
        "figure_cache",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("groups", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_figure_cache")),
    )
    op.execute("INSERT INTO figure_dirty (document_id) SELECT id FROM document")
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    for table, column in _WATCHED.items():
        for what, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
            name, enter = f"figure_dirty_{table}_{what.lower()}", _ENTER.format(row=row, column=column)
            if on_postgresql:
                op.execute(
                    f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
                    f"$$BEGIN {enter}; RETURN NULL; END$$"
                )
                op.execute(
                    f"CREATE TRIGGER {name} AFTER {what} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
                )
            else:
                op.execute(f"CREATE TRIGGER {name} AFTER {what} ON {table} BEGIN {enter}; END")


def _create_spans() -> None:
    op.create_table(
        "figure_state",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("level", sa.String(length=8), nullable=True),
        sa.Column("unit", sa.String(length=300), nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=True),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("route", sa.String(length=16), nullable=False),
        sa.Column("coded", sa.Boolean(), nullable=False),
        sa.Column("voided", sa.Boolean(), nullable=False),
        sa.Column("linked", sa.Boolean(), nullable=False),
        sa.Column("stored", sa.Boolean(), nullable=False),
        sa.Column("validity", sa.String(length=20), nullable=False),
        sa.Column("by_person", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figure_state")),
    )
    day = sa.Integer()
    op.create_table(
        "paper_span",
        sa.Column("document_id", sa.String(length=32), nullable=False),
        sa.Column("known_from", sa.BigInteger(), nullable=False),
        sa.Column("known_to", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        *(sa.Column(name, day, nullable=True) for name in ("issue_date", "digitised_on", "stored_on")),
        *(sa.Column(name, day, nullable=True) for name in ("valid_until", "expired_from", "code_until")),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("number_key", sa.String(length=250), nullable=True),
        sa.PrimaryKeyConstraint("document_id", "known_from", name=op.f("pk_paper_span")),
    )
    op.create_index(op.f("ix_paper_span_number_key"), "paper_span", ["number_key"])
    op.create_index(op.f("ix_paper_span_owner"), "paper_span", ["owner"])


def downgrade() -> None:
    """Drop them."""
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    for table in _WATCHED:
        for what in ("insert", "update", "delete"):
            name = f"figure_dirty_{table}_{what}"
            op.execute(f"DROP TRIGGER {name} ON {table}" if on_postgresql else f"DROP TRIGGER {name}")
            if on_postgresql:
                op.execute(f"DROP FUNCTION {name}()")
    op.drop_table("figure_cache")
    op.drop_table("figure_dirty")
    op.drop_index(op.f("ix_paper_span_number_key"), "paper_span")
    op.drop_table("paper_span")
    op.drop_table("figure_state")
