"""Tables of work that several machines share: who holds what, and the chunks of a run. No facts; a rebuild has none."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from storage.catalogue.schema_base import Json, metadata

# Who holds a batch or a chunk of its work. The token grows with every holder: a commit under an older one is refused.
claim = Table(
    "claim",
    metadata,
    Column("name", String(300), primary_key=True),
    Column("token", BigInteger, nullable=False),
    Column("run", String(32), nullable=False),
    Column("home", String(64), nullable=False),
    Column("host", String(255), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("who", String(200), nullable=False),
    # Milliseconds since the epoch by the clock of the database, the only one that all machines see.
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
)
work_chunk = Table(
    "work_chunk",
    metadata,
    Column("run", ForeignKey("run.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("batch", ForeignKey("batch.name"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("work", Json, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("worker", String(255)),
    Column("note", Text),
    Index("ix_work_chunk_batch", "batch"),
)
