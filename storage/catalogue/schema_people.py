"""Tables of people: accounts, which events tell of and a rebuild restores; secrets and sessions, which it does not."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from storage.catalogue.schema_base import Json, metadata

account = Table(
    "account",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("role", String(16), nullable=False),
    Column("units", Json, nullable=False),
    Column("batches", Json, nullable=False),
    Column("created_at", String(40), nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("disabled_at", String(40)),
    Column("disabled_by", String(200)),
)
# Never entered in a chain: chains are read by auditors and copied to other houses.
account_secret = Table(
    "account_secret",
    metadata,
    Column("account", ForeignKey("account.key"), primary_key=True),
    Column("password", Text),
    Column("totp", String(64)),
    # Highest time step that a code was accepted for; none is accepted twice.
    Column("totp_step", BigInteger, nullable=False),
)
session = Table(
    "session",
    metadata,
    # SHA-256 of what the browser holds: who reads the table cannot take a session over.
    Column("digest", String(64), primary_key=True),
    Column("account", ForeignKey("account.key"), nullable=False, index=True),
    Column("started", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    # How the person came in: `password`, or `provider` (the province's own sign-in).
    Column("way", String(16), nullable=False, server_default="password"),
)
sign_in_failure = Table(
    "sign_in_failure",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("account", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ix_sign_in_failure_account", "account", "at"),
    Index("ix_sign_in_failure_address", "address", "at"),
)
# Who has a paper in hand on the page of review; no fact, and forgotten when it ends.
review_lease = Table(
    "review_lease",
    metadata,
    Column("document_id", ForeignKey("document.id"), primary_key=True),
    Column("owner", String(200), nullable=False),
    Column("until", BigInteger, nullable=False),
)
