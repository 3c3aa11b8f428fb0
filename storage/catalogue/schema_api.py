"""Tables of the look-up API: keys of the systems that ask, and what they asked."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table, Text

from storage.catalogue.schema_base import Json, metadata

api_key = Table(
    "api_key",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("system", String(200), nullable=False),
    # SHA-256 of the secret, of 256 random bits. In no event: null after a rebuild, until a new key is issued.
    Column("secret_sha256", String(64)),
    Column("scopes", Json, nullable=False),
    Column("units", Json, nullable=False),
    Column("rate", Integer, nullable=False),
    Column("created_at", String(40), nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("revoked_at", String(40)),
    Column("revoked_by", String(200)),
)
# Append-only. Who is asked about is kept only as a keyed hash.
lookup = Table(
    "lookup",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("at", String(40), nullable=False, index=True),
    Column("key_id", String(16), nullable=False),
    Column("system", String(200), nullable=False),
    Column("asked_by", String(16), nullable=False),
    Column("asked_hash", String(64), nullable=False),
    Column("purpose", Text, nullable=False),
    Column("dossier", String(100)),
    Column("answered", Json, nullable=False),
)
