"""Files of frozen sets of figures: written as a stream, kept under their digests, never rewritten."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from pyarrow import parquet

from engines.private_files import whole_file
from schemas.frozen import FrozenFile, FrozenName, Manifest
from storage.objects import ObjectStore, keys, sha256_of

_AT_ONCE: Final = 50_000
_PARQUET: Final = "application/vnd.apache.parquet"
_DAYS: Final = (
    *("issue_date", "digitised_on", "stored_on", "valid_until", "expired_from", "code_until"),
    *("revoked_on", "superseded_on", "signed_on", "delivered_on"),
)
_FLAGS: Final = ("code_voided", "stored", "intact", "counted", "unknown_validity", "covered", "flow")


def put_papers(
    store: ObjectStore, folder: Path, columns: Sequence[str], papers: Iterable[pa.Table]
) -> FrozenFile:
    """Write the papers in groups of some thousands, as they come, so that memory stays flat, and store them."""
    types = {name: pa.date32() for name in _DAYS} | {name: pa.bool_() for name in _FLAGS}
    types |= {"returned": pa.list_(pa.list_(pa.date32()))}
    schema = pa.schema([(name, types.get(name, pa.string())) for name in columns])
    path, count = folder / "papers.parquet", 0
    with whole_file(path) as out, parquet.ParquetWriter(out, schema) as writer:
        for table in papers:
            writer.write_table(table.select(columns).cast(schema))
            count += len(table)
    return _put(store, "papers", path, count)


def put_rows(
    store: ObjectStore, folder: Path, name: FrozenName, rows: Sequence[dict[str, Any]]
) -> FrozenFile:
    """Write and store a short table."""
    path = folder / f"{name}.parquet"
    with whole_file(path) as out:
        parquet.write_table(
            pa.Table.from_pylist(rows) if rows else pa.table({"none": pa.array([], pa.string())}), out
        )
    return _put(store, name, path, len(rows))


def _put(store: ObjectStore, name: FrozenName, path: Path, rows: int) -> FrozenFile:
    sha256 = sha256_of(path)
    key = keys.frozen(sha256, "parquet")
    store.put_if_absent(key, path, sha256=sha256, content_type=_PARQUET)
    path.unlink()
    return FrozenFile(name=name, key=key, sha256=sha256, rows=rows)


def put_manifest(store: ObjectStore, manifest: Manifest) -> str:
    """Store a manifest. Returns its digest, the id of the set."""
    body = manifest.model_dump_json().encode()
    sha256 = hashlib.sha256(body).hexdigest()
    store.put_if_absent(keys.frozen(sha256, "json"), body, sha256=sha256, content_type="application/json")
    return sha256


def manifest_of(store: ObjectStore, sha256: str) -> Manifest:
    """A set's manifest.

    Raises:
        StoreError: it is not there, or its bytes have changed.
    """
    return Manifest.model_validate_json(store.read(keys.frozen(sha256, "json")))


def fetch(store: ObjectStore, file: FrozenFile, folder: Path) -> Path:
    """Copy a file of a set.

    Raises:
        StoreError: it is not there, or its bytes have changed.
    """
    path = folder / f"{file.name}-{file.sha256[:12]}.parquet"
    store.get(file.key, path)
    return path


def rows_in(path: Path) -> Iterator[dict[str, Any]]:
    """Rows of a Parquet file, some thousands in memory at a time."""
    for table in tables_in(path):
        yield from table.to_pylist()


def tables_in(path: Path, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """The same in columns, all or these; one that an older set lacks is empty."""
    with parquet.ParquetFile(path) as held:
        for batch in held.iter_batches(_AT_ONCE, columns=columns):
            table = pa.Table.from_batches([batch])
            for name in (column for column in columns or () if column not in table.column_names):
                table = table.append_column(name, pa.nulls(len(table), pa.date32()))
            yield table
