"""The first catalogue, frozen: later changes come as files of their own beside this one."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "batch",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("sheet", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("findings", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", sa.String(length=40), nullable=False),
        sa.Column("updated_at", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_batch")),
    )
    op.create_table(
        "elsewhere",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("row_hash", sa.String(length=64), nullable=False),
        sa.Column("data", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_elsewhere")),
        sa.UniqueConstraint("row_hash", name=op.f("uq_elsewhere_row_hash")),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("batch", sa.String(length=255), nullable=True),
        sa.Column("run", sa.String(length=32), nullable=False),
        sa.Column("data", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("exported", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index(op.f("ix_event_batch"), "event", ["batch"], unique=False)
    op.create_index(op.f("ix_event_run"), "event", ["run"], unique=False)
    op.create_index(op.f("ix_event_subject"), "event", ["subject"], unique=False)
    op.create_table(
        "inventory",
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("unit", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("basis", sa.String(length=16), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("level", "unit", "kind", "year", name=op.f("pk_inventory")),
    )
    op.create_table(
        "original",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("format", sa.String(length=8), nullable=False),
        sa.Column("received_at", sa.String(length=40), nullable=False),
        sa.Column("page_list", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_original")),
    )
    op.create_table(
        "page_pass",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=16), nullable=False),
        sa.Column("batch", sa.String(length=255), nullable=False),
        sa.Column("run", sa.String(length=32), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page_pass")),
    )
    op.create_index(op.f("ix_page_pass_batch"), "page_pass", ["batch"], unique=False)
    op.create_index(op.f("ix_page_pass_sha256"), "page_pass", ["sha256"], unique=False)
    op.create_table(
        "page_reading",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=16), nullable=False),
        sa.Column("facts", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "page", "digest", name=op.f("pk_page_reading")),
    )
    op.create_table(
        "batch_file",
        sa.Column("batch", sa.String(length=255), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("findings", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("accounted", sa.Integer(), nullable=False),
        sa.Column("duplicate_of", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done_with", sa.String(length=64), nullable=True),
        sa.Column("updated_at", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["batch"], ["batch.name"], name=op.f("fk_batch_file_batch_batch")),
        sa.PrimaryKeyConstraint("batch", "name", name=op.f("pk_batch_file")),
    )
    op.create_index(op.f("ix_batch_file_sha256"), "batch_file", ["sha256"], unique=False)
    op.create_table(
        "document",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("pages", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("batch", sa.String(length=255), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("linked_to", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["batch"], ["batch.name"], name=op.f("fk_document_batch_batch")),
        sa.ForeignKeyConstraint(["linked_to"], ["document.id"], name=op.f("fk_document_linked_to_document")),
        sa.ForeignKeyConstraint(["sha256"], ["original.sha256"], name=op.f("fk_document_sha256_original")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
    )
    op.create_index(op.f("ix_document_batch"), "document", ["batch"], unique=False)
    op.create_index(op.f("ix_document_sha256"), "document", ["sha256"], unique=False)
    op.create_table(
        "run",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("batch", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("operator", sa.String(length=200), nullable=False),
        sa.Column("digests", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.String(length=40), nullable=False),
        sa.Column("ended_at", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["batch"], ["batch.name"], name=op.f("fk_run_batch_batch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    op.create_index(op.f("ix_run_batch"), "run", ["batch"], unique=False)
    op.create_table(
        "code",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("owner", sa.String(length=16), nullable=False),
        sa.Column("result_type", sa.String(length=16), nullable=False),
        sa.Column("number", sa.String(length=200), nullable=False),
        sa.Column("running", sa.Integer(), nullable=False),
        sa.Column("printed", sa.String(length=300), nullable=False),
        sa.Column("document_id", sa.String(length=32), nullable=False),
        sa.Column("identity", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("issued_at", sa.String(length=40), nullable=False),
        sa.Column("issued_by", sa.String(length=200), nullable=False),
        sa.Column("batch", sa.String(length=255), nullable=False),
        sa.Column("voided_at", sa.String(length=40), nullable=True),
        sa.Column("voided_by", sa.String(length=200), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.Column("successor", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_code_document_id_document")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code")),
        sa.UniqueConstraint("owner", "result_type", "number", "running", name="uq_code_parts"),
        sa.UniqueConstraint("printed", name=op.f("uq_code_printed")),
    )
    op.create_index(op.f("ix_code_document_id"), "code", ["document_id"], unique=False)
    op.create_index(op.f("ix_code_identity"), "code", ["identity"], unique=False)
    op.create_index(
        "uq_code_document_issued",
        "code",
        ["document_id"],
        unique=True,
        sqlite_where=sa.text("state = 'issued'"),
        postgresql_where=sa.text("state = 'issued'"),
    )
    op.create_index(
        "uq_code_identity_issued",
        "code",
        ["identity"],
        unique=True,
        sqlite_where=sa.text("state = 'issued'"),
        postgresql_where=sa.text("state = 'issued'"),
    )
    op.create_table(
        "document_version",
        sa.Column("document_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reading", sa.String(length=16), nullable=False),
        sa.Column("understanding", sa.String(length=16), nullable=False),
        sa.Column("rendition", sa.String(length=16), nullable=False),
        sa.Column("data", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=True),
        sa.Column("result_type", sa.String(length=16), nullable=True),
        sa.Column("level", sa.String(length=8), nullable=True),
        sa.Column("unit", sa.String(length=300), nullable=True),
        sa.Column("route", sa.String(length=16), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("pdfa_key", sa.Text(), nullable=True),
        sa.Column("pdfa_sha256", sa.String(length=64), nullable=True),
        sa.Column("sidecar_key", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_document_version_document_id_document")
        ),
        sa.PrimaryKeyConstraint("document_id", "version", name=op.f("pk_document_version")),
    )


def downgrade() -> None:
    """Drop everything."""
    for table in (
        "document_version",
        "code",
        "run",
        "document",
        "batch_file",
        "page_reading",
        "page_pass",
        "original",
        "inventory",
        "event",
        "elsewhere",
        "batch",
    ):
        op.drop_table(table)
