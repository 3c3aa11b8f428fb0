"""Columns of the Parquet tables beside the objects, one set per batch, readable without Sohoa.

A column is never renamed or retyped; new ones are added at the end. Moments are UTC, days are days, boxes are
pixels of the displayed page. Identifiers stand here unmasked: the tables lie in the store, like the papers
themselves.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

TABLES_FORMAT: Final = "1"

_text = pa.string()
_moment = pa.timestamp("ms", tz="UTC")
# Parquet names list items `element`; with the same name here, a table reads back under exactly the schema it was
# written with.
_numbers = pa.list_(pa.field("element", pa.int32()))
_field = pa.struct(
    [
        pa.field("name", _text, nullable=False),
        pa.field("value", _text),
        pa.field("raw", _text),
        pa.field("confidence", pa.float64()),
        pa.field("source", _text, nullable=False),
        pa.field("page", pa.int32()),
        pa.field("box", _numbers),
    ]
)

# Fields of a document with a dedicated column; the others are only in `fields`.
FIELD_COLUMNS: Final = (
    "number",
    "notation",
    "issue_date",
    "agency",
    "document_type",
    "subject",
    "signer",
    "signer_title",
    "owner_name",
    "owner_id",
    "expiry_date",
)
DATE_COLUMNS: Final = ("issue_date", "expiry_date")


def _schema(*columns: pa.Field) -> pa.Schema:
    return pa.schema(list(columns), metadata={"sohoa.format": TABLES_FORMAT})


def _must(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


DOCUMENTS: Final = _schema(
    _must("batch", _text),
    _must("file", _text),
    _must("document_id", _text),
    _must("version", pa.int32()),
    _must("sha256", _text),
    _must("pages", _numbers),
    _must("page_count", pa.int32()),
    pa.field("kind", _text),
    pa.field("kind_confidence", pa.float64()),
    pa.field("result_type", _text),
    pa.field("result_type_confidence", pa.float64()),
    pa.field("procedure", _text),
    _must("role", _text),
    pa.field("dossier", _text),
    pa.field("level", _text),
    pa.field("unit", _text),
    *(pa.field(name, pa.date32() if name in DATE_COLUMNS else _text) for name in FIELD_COLUMNS),
    _must("validity", _text),
    pa.field("validity_basis", _text),
    pa.field("validity_source", _text),
    pa.field("valid_until", pa.date32()),
    _must("route", _text),
    _must("verdict", _text),
    pa.field("code", _text),
    pa.field("linked_to", _text),
    _must("original_key", _text),
    pa.field("pdfa_key", _text),
    pa.field("pdfa_sha256", _text),
    _must("sidecar_key", _text),
    _must("created_at", _moment),
    _must("reading_digest", _text),
    _must("understanding_digest", _text),
    _must("rendition_digest", _text),
    _must("fields", pa.list_(pa.field("element", _field))),
)

PAGES: Final = _schema(
    _must("batch", _text),
    _must("file", _text),
    _must("sha256", _text),
    _must("page", pa.int32()),
    pa.field("document_id", _text),
    _must("state", _text),
    _must("width", pa.int32()),
    _must("height", pa.int32()),
    pa.field("dpi", pa.float64()),
    pa.field("dpi_known", _text),
    _must("rotation", pa.int32()),
    pa.field("confidence", pa.float64()),
    _must("words", pa.int32()),
    _must("source", _text),
    pa.field("bits", pa.int32()),
    pa.field("skew", pa.float64()),
    pa.field("sharpness", pa.float64()),
    pa.field("contrast", pa.float64()),
    pa.field("ink", pa.float64()),
    pa.field("black_edge", pa.float64()),
    pa.field("touching_edge", pa.float64()),
    pa.field("a4_equivalents", pa.int32()),
)

FINDINGS: Final = _schema(
    _must("batch", _text),
    pa.field("file", _text),
    pa.field("document_id", _text),
    pa.field("page", pa.int32()),
    _must("rule", _text),
    _must("severity", _text),
    _must("transient", pa.bool_()),
    _must("params", _text),
)

FILES: Final = _schema(
    _must("batch", _text),
    _must("file", _text),
    _must("position", pa.int32()),
    pa.field("sha256", _text),
    _must("status", _text),
    pa.field("size", pa.int64()),
    pa.field("format", _text),
    pa.field("received_at", _moment),
    _must("pages", pa.int32()),
    _must("accounted", pa.int32()),
    pa.field("duplicate_of", _text),
    _must("attempts", pa.int32()),
)

TABLES: Final = {"documents": DOCUMENTS, "pages": PAGES, "findings": FINDINGS, "files": FILES}
