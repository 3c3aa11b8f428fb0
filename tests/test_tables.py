"""The Parquet tables of a batch, read by other people's tools; and the sidecars and events beside them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.batches import BatchSheet, BatchState, FileStatus
from schemas.documents import Route, Verdict
from schemas.errors import StoreError, UsageError
from schemas.findings import finding
from schemas.reading import Format, PageReading, PageSource, PageState
from schemas.sidecars import OriginalFacts, PageFacts, RenditionFacts, Sidecar
from schemas.stores import StoreSpec
from schemas.tables import TABLES
from storage.catalogue import batches, documents, events
from storage.catalogue.database import Database
from storage.ledger import Ledger
from storage.objects import ObjectStore, keys, open_store, sha256_of
from storage.outbox import read_events
from storage.outbox import send as send_events
from storage.sidecars import dump, load, read_sidecar, write_sidecar
from storage.tables import batch_tables, write_batch_tables
from tests.papers import (
    DIGESTS,
    KQ,
    OWNER,
    code_event,
    done_file,
    new_catalogue,
    open_batch,
    paper,
    sha_of,
    store,
)


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Database]:
    database = new_catalogue(tmp_path)
    yield database
    database.close()


@pytest.fixture
def objects(tmp_path: Path) -> ObjectStore:
    return open_store(StoreSpec(root=tmp_path / "store"), tmp_path)


def read(objects: ObjectStore, key: str) -> pa.Table:
    return pq.read_table(io.BytesIO(objects.read(key)))


def fill(database: Database) -> None:
    store(database, paper("scan", pages=(1,)), paper("scan", pages=(2, 3), number="9/2020"), file="a.pdf")
    store(database, paper("odd", issue_date="not a day", route=Route.REVIEW), file="b.pdf")
    ledger = Ledger(database)
    for page in (1, 2, 3, 4):
        blank = PageState.BLANK if page == 4 else PageState.READ
        ledger.finished(sha_of("scan"), "d", PageReading(number=page, state=blank, width=10, height=20))
    open_batch(database, "lô 1", "a.pdf", "b.pdf", "c.pdf")
    row = done_file("c.pdf", None, pages=0, status=FileStatus.SET_ASIDE)._replace(
        findings=(finding("file_empty", size=0),)
    )
    with database.write() as connection:
        batches.finish_file(connection, "lô 1", row)
    batches.set_state(database, "lô 1", BatchState.FINISHED, findings=[finding("batch_sheet_absent")])


def test_every_table_is_written_under_its_schema(catalogue: Database, objects: ObjectStore) -> None:
    fill(catalogue)
    written = write_batch_tables(catalogue, objects, "lô 1")
    assert set(written) == set(TABLES)
    for name, key in written.items():
        assert key == keys.derived("lô 1", f"{name}.parquet")
        assert read(objects, key).schema.equals(TABLES[name], check_metadata=True)


def test_pandas_reads_documents_with_their_fields_codes_and_days(
    catalogue: Database, objects: ObjectStore
) -> None:
    fill(catalogue)
    key = write_batch_tables(catalogue, objects, "lô 1")["documents"]
    frame = pd.read_parquet(io.BytesIO(objects.read(key)))
    assert list(frame["file"]) == ["a.pdf", "a.pdf", "b.pdf"]
    first = frame.iloc[0]
    assert (first["code"], first["owner_id"]) == (f"{OWNER}.{KQ}.123/2021.01", OWNER)
    assert str(first["issue_date"]) == "2021-05-04"
    assert frame.iloc[2]["issue_date"] is None
    assert {each["name"] for each in first["fields"]} == {"number", "issue_date", "agency", "owner_id"}
    assert frame.iloc[1]["page_count"] == 2


def test_a_page_knows_its_document_and_one_of_none_is_still_listed(catalogue: Database) -> None:
    fill(catalogue)
    rows = batch_tables(catalogue, "lô 1")["pages"].to_pylist()
    assert [(row["page"], row["state"], row["document_id"] is None) for row in rows] == [
        (1, "read", False),
        (2, "read", False),
        (3, "read", False),
        (4, "blank", True),
    ]


def test_findings_of_batch_files_and_documents_stand_in_one_table(catalogue: Database) -> None:
    fill(catalogue)
    rows = batch_tables(catalogue, "lô 1")["findings"].to_pylist()
    assert [(row["rule"], row["file"]) for row in rows] == [
        ("batch_sheet_absent", None),
        ("file_empty", "c.pdf"),
    ]
    assert rows[1]["params"] == '{"size": 0}'


def test_the_tables_of_an_empty_batch_have_their_columns_and_no_rows(catalogue: Database) -> None:
    open_batch(catalogue, "lô 1")
    for name, table in batch_tables(catalogue, "lô 1").items():
        assert (table.num_rows, table.schema) == (0, TABLES[name])


def test_the_same_catalogue_makes_the_same_bytes(catalogue: Database, objects: ObjectStore) -> None:
    fill(catalogue)
    first = {key: objects.read(key) for key in write_batch_tables(catalogue, objects, "lô 1").values()}
    second = {key: objects.read(key) for key in write_batch_tables(catalogue, objects, "lô 1").values()}
    assert first == second


def test_tables_of_an_absent_batch_are_wrong_usage(catalogue: Database, objects: ObjectStore) -> None:
    with pytest.raises(UsageError):
        write_batch_tables(catalogue, objects, "không có")


# -- sidecars and events


def sidecar(version: int = 1) -> Sidecar:
    document = paper("scan", pages=(1, 2))
    reading = PageReading(number=1, state=PageState.READ, width=10, height=20, confidence=0.9)
    return Sidecar(
        document=document,
        version=version,
        digests=DIGESTS,
        batch="lô 1",
        file="a.pdf",
        sheet=BatchSheet(box="12", years=(2019, 2021)),
        original=OriginalFacts(
            key=keys.original(document.sha256),
            sha256=document.sha256,
            size=10,
            format=Format.PDF,
            received_at="2026-01-01T00:00:00+00:00",
            pages=(PageSource(number=1, width=10, height=20), PageSource(number=2, width=10, height=20)),
        ),
        pages=(PageFacts.of(reading), PageFacts.of(reading.model_copy(update={"number": 2}))),
        rendition=RenditionFacts(
            key=keys.pdfa(sha_of("pdfa")),
            sha256=sha_of("pdfa"),
            size=20,
            pages=2,
            flavour="2b",
            verdict=Verdict.VALID,
        ),
        operator="lan",
        run="r",
        written_at="2026-01-01T00:00:01+00:00",
        tools={"tesseract": "5.5.4"},
        events=(code_event(document.id, "x"),),
    )


def test_a_sidecar_comes_back_as_it_was_written(objects: ObjectStore) -> None:
    written = sidecar()
    key, digest = write_sidecar(objects, written)
    assert digest == sha256_of(dump(written))
    assert key == keys.sidecar(sidecar().document.id, 1)
    back = read_sidecar(objects, key)
    assert back.model_copy(update={"events": ()}) == sidecar().model_copy(update={"events": ()})


def test_equal_sidecars_are_equal_bytes_in_readable_vietnamese() -> None:
    one = sidecar()
    assert dump(one) == dump(load(dump(one)))
    assert "Ủy ban nhân dân xã Diên An".encode() in dump(one)


def test_a_sidecar_left_by_a_killed_run_is_never_overwritten(objects: ObjectStore) -> None:
    left, _ = write_sidecar(objects, sidecar())
    later = sidecar().model_copy(update={"written_at": "2026-01-02T00:00:00+00:00"})
    key, digest = write_sidecar(objects, later)
    assert (key, digest) == (keys.sidecar(later.document.id, 1, digest), sha256_of(dump(later)))
    assert read_sidecar(objects, key).written_at == later.written_at
    assert read_sidecar(objects, left).written_at == sidecar().written_at
    assert write_sidecar(objects, later) == (key, digest)


@pytest.mark.parametrize("data", [b"", b"{}", b'{"format": 2}', b"\xff"])
def test_bytes_that_are_no_sidecar_of_ours_are_refused(data: bytes) -> None:
    with pytest.raises(StoreError) as caught:
        load(data, key="documents/x/v0001.json")
    assert caught.value.remedy == "sidecar_unusable"


def test_events_are_exported_once_and_those_of_a_killed_run_with_the_next(
    catalogue: Database, objects: ObjectStore
) -> None:
    store(catalogue, paper("one"), file="a.pdf", run="killed")
    store(catalogue, paper("two", number="2/2020"), file="b.pdf", run="next")
    assert send_events(catalogue, objects) == 2
    assert send_events(catalogue, objects) == 0
    (first,) = read_events(objects, "lô 1", "killed")
    assert first == events.events_of_run(catalogue, "lô 1", "killed")[0]


def test_a_later_export_of_a_run_keeps_its_earlier_events(catalogue: Database, objects: ObjectStore) -> None:
    store(catalogue, paper("one"), file="a.pdf", run="r")
    send_events(catalogue, objects)
    (done,) = store(catalogue, paper("two", number="2/2020"), file="b.pdf", run="r")
    send_events(catalogue, objects)
    told = read_events(objects, "lô 1", "r")
    assert len(told) == 2
    assert told[1].detail["code"] == done.code
    assert documents.events_of(catalogue, [done.document.id]) == [told[1]]
