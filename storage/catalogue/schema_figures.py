"""Tables of what figures rest on besides papers: facts with two times, lots of acceptance, and papers in columns."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
)

from schemas.indicators import COUNTS
from storage.catalogue.schema_base import Json, metadata


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
handover = Table(
    "handover",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("from_level", String(8), nullable=False),
    Column("from_unit", String(300), nullable=False),
    Column("to_level", String(8), nullable=False),
    Column("to_unit", String(300), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("count", Integer, nullable=False),
    Column("day", String(10), nullable=False),
    Column("minutes", Text, nullable=False),
    *_of_fact(),
)
desk = Table(
    "desk",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("level", String(8), nullable=False),
    Column("unit", String(300), nullable=False),
    Column("desk", Text, nullable=False),
    Column("entry", String(16), nullable=False),
    Column("effective_on", String(10), nullable=False),
    Column("until", String(10)),
    Column("running", Boolean),
    Column("running_since", String(10)),
    Column("scanners", Integer),
    Column("certificate", Text, nullable=False),
    Column("reason", Text, nullable=False),
    *_of_fact(),
)
reuse = Table(
    "reuse",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("level", String(8), nullable=False),
    Column("unit", String(300), nullable=False),
    Column("period_from", String(10), nullable=False),
    Column("period_to", String(10), nullable=False),
    *(Column(name, Integer) for name in COUNTS),
    Column("evidence", Text, nullable=False),
    *_of_fact(),
)
target = Table(
    "target",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("level", String(8), nullable=False),
    Column("unit", String(300)),
    Column("sector", String(16)),
    Column("result_type", String(16)),
    Column("due", String(10), nullable=False),
    Column("share", Float, nullable=False),
    Column("effective_on", String(10)),
    *_of_fact(),
)
delivery = Table(
    "delivery",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("paper", String(300), nullable=False),
    Column("step", String(16), nullable=False),
    Column("done_on", String(10), nullable=False),
    Column("receipt", Text, nullable=False),
    *_of_fact(),
)
confirmed_reuse = Table(
    "confirmed_reuse",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("dossier", String(100), nullable=False),
    Column("component", String(100), nullable=False),
    Column("code", String(300), nullable=False),
    Column("document_id", String(32), nullable=False),
    Column("level", String(8)),
    Column("unit", String(300)),
    Column("desk", String(300), nullable=False),
    Column("at", String(40), nullable=False),
    Column("system", String(200), nullable=False),
    *_of_fact(),
)
# Every table of facts: entered in the house chain, restored by `rebuild`.
FACTS: Final = (inventory, elsewhere, revocation, handover, desk, reuse, target, confirmed_reuse, delivery)
# Lots for acceptance, append-only; a lot has one decision, and its papers are never drawn again before it.
lot = Table(
    "lot",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("plan", String(16), nullable=False),
    Column("data", Json, nullable=False),
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
    Column("data", Json),
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
    Column("data", Json, nullable=False),
    Column("operator", String(200), nullable=False),
    Column("at", String(40), nullable=False),
    Column("event", String(32), nullable=False),
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
    Column("owner", Text, index=True),
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
    Column("groups", Json),
)
