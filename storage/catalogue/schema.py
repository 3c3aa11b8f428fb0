"""The catalogue's tables. All but readings in flight can be rebuilt from originals, sidecars and events.

JSON columns hold models dumped by pydantic; frequently queried values have their own columns. The
migrations in `migrations/versions/` create exactly these tables; a test holds the two together.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    # Named constraints, so that a later migration can name what it changes on either database.
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_Json = JSON(none_as_null=True)

batch = Table(
    "batch",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("path", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("ending", String(16)),
    Column("sheet", _Json),
    Column("findings", _Json, nullable=False),
    Column("created_at", String(40), nullable=False),
    Column("updated_at", String(40), nullable=False),
)
run = Table(
    "run",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("batch", ForeignKey("batch.name"), nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("operator", String(200), nullable=False),
    Column("digests", _Json, nullable=False),
    Column("host", String(255), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", String(40), nullable=False),
    Column("ended_at", String(40)),
)
original = Table(
    "original",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("format", String(8), nullable=False),
    Column("received_at", String(40), nullable=False),
    Column("page_list", _Json),
    # `PageSource.edit` by page number, of pages that a person turned or replaced.
    Column("edits", _Json),
)
batch_file = Table(
    "batch_file",
    metadata,
    Column("batch", ForeignKey("batch.name"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("sha256", String(64), index=True),
    Column("status", String(16), nullable=False),
    Column("findings", _Json, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("accounted", Integer, nullable=False),
    Column("duplicate_of", Text),
    Column("attempts", Integer, nullable=False),
    Column("done_with", String(64)),
    Column("updated_at", String(40), nullable=False),
)
document = Table(
    "document",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("sha256", ForeignKey("original.sha256"), nullable=False, index=True),
    Column("pages", _Json, nullable=False),
    Column("batch", ForeignKey("batch.name"), nullable=False, index=True),
    Column("file", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("linked_to", ForeignKey("document.id")),
    Column("created_at", String(40), nullable=False),
    # Space-separated ids of the documents that this one replaced, and of those that replaced it.
    Column("replaces", Text),
    Column("replaced_by", Text),
)
document_version = Table(
    "document_version",
    metadata,
    Column("document_id", ForeignKey("document.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("reading", String(16), nullable=False),
    Column("understanding", String(16), nullable=False),
    Column("rendition", String(16), nullable=False),
    Column("data", _Json, nullable=False),
    Column("kind", String(64)),
    Column("result_type", String(16)),
    Column("level", String(8)),
    Column("unit", String(300)),
    Column("route", String(16), nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("pdfa_key", Text),
    Column("pdfa_sha256", String(64)),
    Column("sidecar_key", Text, nullable=False),
    Column("sidecar_sha256", String(64)),
    Column("created_at", String(40), nullable=False),
)
code = Table(
    "code",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("owner", String(16), nullable=False),
    Column("result_type", String(16), nullable=False),
    Column("number", String(200), nullable=False),
    Column("running", Integer, nullable=False),
    Column("printed", String(300), nullable=False, unique=True),
    Column("document_id", ForeignKey("document.id"), nullable=False, index=True),
    Column("identity", String(64), nullable=False, index=True),
    Column("state", String(8), nullable=False),
    Column("issued_at", String(40), nullable=False),
    Column("issued_by", String(200), nullable=False),
    Column("batch", String(255), nullable=False),
    Column("voided_at", String(40)),
    Column("voided_by", String(200)),
    Column("void_reason", Text),
    Column("successor", String(300)),
    # The event that issued it: a code is shown only after that event is stored.
    Column("event", String(32)),
    # `schemas.codes.likeness`: spellings of one number meet here.
    Column("likeness", String(250), index=True),
    UniqueConstraint("owner", "result_type", "number", "running", name="uq_code_parts"),
    # One code in force per document and per paper, enforced by the database.
    Index(
        "uq_code_document_issued",
        "document_id",
        unique=True,
        sqlite_where=text("state = 'issued'"),
        postgresql_where=text("state = 'issued'"),
    ),
    Index(
        "uq_code_identity_issued",
        "identity",
        unique=True,
        sqlite_where=text("state = 'issued'"),
        postgresql_where=text("state = 'issued'"),
    ),
)
event = Table(
    "event",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("sequence", Integer, nullable=False),
    Column("type", String(40), nullable=False),
    Column("at", String(40), nullable=False),
    Column("subject", String(255), nullable=False, index=True),
    Column("batch", String(255), index=True),
    Column("run", String(32), nullable=False, index=True),
    Column("data", _Json, nullable=False),
    Column("exported", Boolean, nullable=False),
)
outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("chain", String(64), nullable=False, index=True),
    Column("urgent", Boolean, nullable=False),
    Column("data", _Json, nullable=False),
)
chain_object = Table(
    "chain_object",
    metadata,
    Column("order", BigInteger, primary_key=True, autoincrement=False),
    Column("chain", String(64), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("previous", String(64)),
    Column("sha256", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("sent", Boolean, nullable=False, index=True),
    UniqueConstraint("chain", "seq", name="uq_chain_object_chain"),
)
fixity_round = Table(
    "fixity_round",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("started_at", String(40), nullable=False),
    Column("ended_at", String(40)),
    Column("share", Integer),
)
fixity = Table(
    "fixity",
    metadata,
    Column("key", String(512), primary_key=True),
    Column("state", String(16), nullable=False, index=True),
    Column("round", String(32), nullable=False),
    Column("checked_at", String(40), nullable=False),
)
decision = Table(
    "decision",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("document_id", ForeignKey("document.id"), nullable=False, index=True),
    Column("target", String(100), nullable=False),
    Column("action", String(16), nullable=False),
    Column("value", Text),
    Column("old", Text),
    Column("operator", String(200), nullable=False),
    Column("at", String(40), nullable=False),
    Column("note", Text, nullable=False),
    Column("event", String(32), nullable=False),
    Column("confidence", Float),
)
register = Table(
    "register",
    metadata,
    # Append-only: the highest version of a batch is in force.
    Column("batch", ForeignKey("batch.name"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("file", Text, nullable=False),
    Column("operator", String(200), nullable=False),
    Column("at", String(40), nullable=False),
    Column("columns", _Json, nullable=False),
    Column("encoding", String(16), nullable=False),
    Column("rows", _Json, nullable=False),
    Column("problems", _Json, nullable=False),
    Column("event", String(32), nullable=False),
)
register_match = Table(
    "register_match",
    metadata,
    # Append-only: the last row of a batch stands.
    Column("batch", ForeignKey("batch.name"), primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("operator", String(200), nullable=False),
    Column("at", String(40), nullable=False),
    Column("data", _Json, nullable=False),
    Column("event", String(32), nullable=False),
)
schedule = Table(
    "schedule",
    metadata,
    # No foreign key: a folder may be scheduled before it was ever opened as a batch.
    Column("batch", String(255), primary_key=True),
    Column("path", Text, nullable=False),
    Column("at", String(40)),
    Column("cron", String(100)),
    Column("priority", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("wish", String(16)),
    Column("expected_end", String(40)),
    Column("note", Text, nullable=False),
    Column("seen", String(64)),
    Column("operator", String(200), nullable=False),
    Column("created_at", String(40), nullable=False),
    Column("updated_at", String(40), nullable=False),
)
page_reading = Table(
    "page_reading",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("page", Integer, primary_key=True),
    Column("digest", String(16), primary_key=True),
    Column("facts", _Json, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("at", String(40), nullable=False),
)
page_pass = Table(
    "page_pass",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("sha256", String(64), nullable=False, index=True),
    Column("page", Integer, nullable=False),
    Column("digest", String(16), nullable=False),
    Column("batch", String(255), nullable=False, index=True),
    Column("run", String(32), nullable=False),
    Column("at", String(40), nullable=False),
)


def _of_fact() -> tuple[Column[Any], ...]:
    """Columns of every table of facts. Append-only: of the rows of one key the last that was known stands."""
    return (
        Column("key", String(64), nullable=False, index=True),
        # Why the row of this key was withdrawn; null in a row that states something.
        Column("withdrawn", Text),
        Column("document", Text, nullable=False),
        Column("document_date", String(10)),
        Column("signer", Text, nullable=False),
        Column("file", Text, nullable=False),
        Column("sha256", String(64), nullable=False),
        Column("operator", String(200), nullable=False),
        Column("known_at", String(40), nullable=False),
        Column("event", String(32), nullable=False),
    )


inventory = Table(
    "inventory",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("level", String(8), nullable=False),
    Column("unit", String(300), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("year", Integer, nullable=False),
    Column("count", Integer, nullable=False),
    Column("basis", String(16), nullable=False),
    Column("source", Text, nullable=False),
    Column("effective_on", String(10)),
    *_of_fact(),
)
elsewhere = Table(
    "elsewhere",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("level", String(8), nullable=False),
    Column("unit", String(300), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("digitised_on", String(10), nullable=False),
    Column("count", Integer, nullable=False),
    Column("owner", String(16)),
    Column("result_type", String(16)),
    Column("number", String(200)),
    Column("evidence", Text, nullable=False),
    Column("valid_until", String(10)),
    *_of_fact(),
)
revocation = Table(
    "revocation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("level", String(8), nullable=False),
    Column("unit", String(300), nullable=False),
    Column("number", String(200), nullable=False),
    Column("kind", String(64)),
    Column("result_type", String(16)),
    Column("owner", String(16)),
    Column("effective_on", String(10), nullable=False),
    Column("ending", String(16), nullable=False),
    *_of_fact(),
)
# Lots for acceptance, append-only; a lot has one decision, and its papers are never drawn again before it.
lot = Table(
    "lot",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("plan", String(16), nullable=False),
    Column("data", _Json, nullable=False),
    Column("operator", String(200), nullable=False),
    Column("at", String(40), nullable=False),
    Column("event", String(32), nullable=False),
)
lot_paper = Table(
    "lot_paper",
    metadata,
    Column("lot", ForeignKey("lot.id"), primary_key=True),
    Column("document_id", ForeignKey("document.id"), primary_key=True, index=True),
    # What is to be judged of it; null for a paper of the lot that was not drawn.
    Column("data", _Json),
)
lot_finding = Table(
    "lot_finding",
    metadata,
    # Of the rows of one item of a paper the last stands.
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("lot", ForeignKey("lot.id"), nullable=False, index=True),
    Column("document_id", String(32), nullable=False),
    Column("target", String(100), nullable=False),
    Column("right", Boolean, nullable=False),
    Column("right_value", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("operator", String(200), nullable=False),
    Column("at", String(40), nullable=False),
    Column("event", String(32), nullable=False),
)
lot_decision = Table(
    "lot_decision",
    metadata,
    Column("lot", ForeignKey("lot.id"), primary_key=True),
    Column("verdict", String(16), nullable=False),
    Column("data", _Json, nullable=False),
    Column("operator", String(200), nullable=False),
    Column("at", String(40), nullable=False),
    Column("event", String(32), nullable=False),
)
disk_sample = Table(
    "disk_sample",
    metadata,
    Column("host", String(255), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("free", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
)
alert = Table(
    "alert",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("rule", String(40), nullable=False),
    Column("subject", Text, nullable=False),
    Column("fingerprint", String(300), nullable=False),
    Column("message", Text, nullable=False),
    Column("raised_at", String(40), nullable=False),
    Column("cleared_at", String(40)),
    Column("sent", _Json, nullable=False),
)
# States that papers are in, each once: what a figure asks of a paper besides days.
figure_state = Table(
    "figure_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("level", String(8)),
    Column("unit", String(300)),
    Column("kind", String(64)),
    Column("role", String(20), nullable=False),
    Column("route", String(16), nullable=False),
    Column("coded", Boolean, nullable=False),
    Column("voided", Boolean, nullable=False),
    Column("linked", Boolean, nullable=False),
    Column("stored", Boolean, nullable=False),
    Column("validity", String(20), nullable=False),
    Column("by_person", Boolean, nullable=False),
)
# Derived from documents, versions, codes and decisions by `figure_spans`: one row for each time in which a paper was known
# in one state. Days are numbers (20210504), moments milliseconds since 1970.
paper_span = Table(
    "paper_span",
    metadata,
    Column("document_id", String(32), primary_key=True),
    Column("known_from", BigInteger, primary_key=True, autoincrement=False),
    Column("known_to", BigInteger, nullable=False),
    Column("state", Integer, nullable=False),
    Column("issue_date", Integer),
    Column("digitised_on", Integer),
    Column("stored_on", Integer),
    Column("valid_until", Integer),
    Column("expired_from", Integer),
    Column("code_until", Integer),
    Column("owner", Text),
    # `schemas.text.bare_number`: revocations and results elsewhere are looked for by it.
    Column("number_key", String(250), index=True),
)
# Documents whose rows in `paper_span` are to be made anew; triggers enter them, whoever writes.
figure_dirty = Table("figure_dirty", metadata, Column("document_id", String(32), primary_key=True))
# Counts of a day, thrown away when a paper changes; the row `generation` counts such changes.
figure_cache = Table(
    "figure_cache",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("generation", BigInteger, nullable=False),
    Column("groups", _Json),
)
