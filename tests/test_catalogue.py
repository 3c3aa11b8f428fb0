"""Opening the catalogue, batches, and the fate of files."""

from __future__ import annotations

import json
import multiprocessing
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import text

from schemas.batches import BatchSheet, BatchState, FileStatus
from schemas.errors import BatchNameTaken, CatalogueError, UsageError
from schemas.events import EventType
from schemas.facts import Entered
from schemas.findings import finding
from schemas.quotas import ElsewhereRow, InventoryRow
from schemas.reading import Format, PageList, PageSource
from storage.catalogue import batches, documents, figures, originals, runs, views
from storage.catalogue.database import HEAD, MIGRATIONS, Database
from storage.catalogue.schema import metadata
from storage.ledger import Ledger
from tests.papers import DIGESTS, code_event, done_file, new_catalogue, open_batch, paper, sha_of, store

CONTRACT = Path(__file__).parent / "contract"


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Database]:
    database = new_catalogue(tmp_path)
    yield database
    database.close()


def test_migrations_up_from_empty_make_exactly_the_tables_of_the_schema(catalogue: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with catalogue.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_newest_migration_is_the_one_the_code_expects() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_a_catalogue_opens_again_and_keeps_what_it_held(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'c.db'}"
    first = Database(url)
    open_batch(first, "lô 1", "a.pdf")
    first.close()
    second = Database(url)
    assert list(batches.files(second, "lô 1")) == ["a.pdf"]
    second.close()


def test_opening_an_up_to_date_catalogue_does_not_import_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'c.db'}"
    Database(url).close()
    code = (
        "import sys; from storage.catalogue.database import Database; "
        f"Database({url!r}).close(); sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[1])


def test_a_catalogue_of_a_newer_version_is_refused_with_both_versions_named(tmp_path: Path) -> None:
    database = new_catalogue(tmp_path)
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    url = str(database.engine.url)
    database.close()
    with pytest.raises(CatalogueError, match=f"9999.*{HEAD}") as caught:
        Database(url)
    assert caught.value.remedy == "catalogue_newer"


def test_a_file_that_is_no_catalogue_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c.db").write_bytes(b"not a database at all, but long enough to be looked at" * 50)
    with pytest.raises(CatalogueError) as caught:
        Database(f"sqlite:///{tmp_path / 'c.db'}")
    assert caught.value.remedy == "catalogue_unusable"


def test_an_unwritable_home_is_told_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where a folder is needed")
    with pytest.raises(CatalogueError) as caught:
        Database(f"sqlite:///{tmp_path / 'home' / 'catalogue.db'}")
    assert caught.value.remedy == "home_unwritable"
    assert str(tmp_path / "home") in str(caught.value)


def test_a_home_may_have_any_name_a_folder_can_have(tmp_path: Path) -> None:
    home = tmp_path / "Số hóa? #1 %41 'lô' & co"
    Database(f"sqlite:///{home / 'c.db'}").close()
    assert (home / "c.db").stat().st_size > 0


@pytest.mark.parametrize("url", ["nonsense", "mysql://host/db", "sqlite://"])
def test_an_address_that_is_neither_sqlite_file_nor_postgresql_is_refused(url: str) -> None:
    with pytest.raises(CatalogueError):
        Database(url)


def test_the_catalogue_file_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    previous = os.umask(0o022)
    try:
        database = Database(f"sqlite:///{tmp_path / 'home' / 'c.db'}")
        open_batch(database)
    finally:
        os.umask(previous)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "home").iterdir()}
    database.close()
    assert set(modes.values()) == {0o600}, modes


def _open_and_bind(url: str, name: str, start: object) -> None:
    start.wait()  # type: ignore[attr-defined]
    database = Database(url)
    batches.bind(database, name, f"/inbox/{name}", sheet=None, findings=())
    database.close()


def test_processes_that_open_a_new_catalogue_together_all_succeed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'c.db'}"
    context = multiprocessing.get_context("spawn")
    start = context.Event()
    workers = [context.Process(target=_open_and_bind, args=(url, f"lô {i}", start)) for i in range(4)]
    for worker in workers:
        worker.start()
    start.set()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * 4
    database = Database(url)
    assert len(batches.batches(database)) == 4
    database.close()


def test_a_failing_database_becomes_our_error_without_the_values_it_was_given(catalogue: Database) -> None:
    with pytest.raises(CatalogueError) as caught, catalogue.write() as connection:
        connection.execute(text("INSERT INTO nowhere VALUES (:v)"), {"v": "056190001234"})
    assert "056190001234" not in str(caught.value)


def test_foreign_keys_hold(catalogue: Database) -> None:
    with pytest.raises(CatalogueError):
        batches.enter_files(catalogue, "never bound", ["a.pdf"])


def test_a_batch_name_is_bound_to_one_folder(catalogue: Database) -> None:
    sheet = BatchSheet(box="12", expected_sheets=30)
    batches.bind(catalogue, "lô 1", "/inbox/lô 1", sheet=sheet, findings=())
    batches.bind(catalogue, "lô 1", "/inbox/lô 1", sheet=sheet, findings=())
    with pytest.raises(BatchNameTaken) as caught:
        batches.bind(catalogue, "lô 1", "/elsewhere/lô 1", sheet=None, findings=())
    assert caught.value.params["path"] == "/inbox/lô 1"
    assert batches.batch(catalogue, "lô 1").sheet == sheet


def test_an_absent_batch_is_wrong_usage(catalogue: Database) -> None:
    for ask in (batches.batch, views.show):
        with pytest.raises(UsageError):
            ask(catalogue, "không có")


def test_files_added_later_join_the_batch_and_take_their_place(catalogue: Database) -> None:
    open_batch(catalogue, "lô 1", "b.pdf")
    open_batch(catalogue, "lô 1", "a.pdf", "b.pdf", "c.pdf")
    assert list(batches.files(catalogue, "lô 1")) == ["a.pdf", "b.pdf", "c.pdf"]


def test_files_in_are_read_and_set_aside_and_not_started_and_partial_counts_as_read(
    catalogue: Database,
) -> None:
    open_batch(catalogue, "lô 1", "a.pdf", "b.pdf", "c.pdf", "d.pdf")
    fates = {"a.pdf": FileStatus.READ, "b.pdf": FileStatus.PARTIAL, "c.pdf": FileStatus.SET_ASIDE}
    with catalogue.write() as connection:
        for name, status in fates.items():
            batches.finish_file(connection, "lô 1", done_file(name, sha_of(name), pages=2, status=status))
    files, pages = batches.counts(catalogue, "lô 1")
    assert files.model_dump(by_alias=True) == {"in": 4, "read": 2, "set_aside": 1, "not_started": 1}
    assert (pages.in_, pages.accounted) == (6, 6)
    assert [row.name for row in batches.failed(catalogue, "lô 1")] == ["b.pdf", "c.pdf"]


def test_requeued_files_are_to_be_worked_on_again(catalogue: Database) -> None:
    open_batch(catalogue, "lô 1", "a.pdf", "b.pdf")
    with catalogue.write() as connection:
        for name in ("a.pdf", "b.pdf"):
            batches.finish_file(connection, "lô 1", done_file(name, None, status=FileStatus.SET_ASIDE))
    assert batches.requeue(catalogue, "lô 1", ["b.pdf"]) == ["b.pdf"]
    with pytest.raises(UsageError, match=r"no file x\.pdf"):
        batches.requeue(catalogue, "lô 1", ["b.pdf", "x.pdf"])
    rows = batches.files(catalogue, "lô 1")
    assert (rows["a.pdf"].done_with, rows["b.pdf"].done_with) == ("digests", None)
    assert batches.requeue(catalogue, "lô 1", None) == ["a.pdf", "b.pdf"]


def test_an_original_keeps_the_moment_of_its_first_arrival_and_its_pages(catalogue: Database) -> None:
    first = originals.receive(catalogue, sha_of("scan"), 10, "pdf")
    listed = PageList(format=Format.PDF, pages=(PageSource(number=1, width=100, height=200, dpi=300.0),))
    originals.keep_page_list(catalogue, sha_of("scan"), listed)
    again = originals.receive(catalogue, sha_of("scan"), 10, "pdf")
    assert again.received_at == first.received_at
    assert again.page_list == listed


def test_the_twin_of_a_file_is_found_in_any_batch_but_never_itself(catalogue: Database) -> None:
    store(catalogue, paper("scan"), batch="lô 1", file="a.pdf")
    assert batches.finished_twin(catalogue, sha_of("scan"), "lô 1", "a.pdf") is None
    assert batches.finished_twin(catalogue, sha_of("scan"), "lô 2", "a.pdf") == "lô 1/a.pdf"
    assert batches.finished_twin(catalogue, sha_of("other"), "lô 2", "a.pdf") is None


def test_runs_that_died_without_a_word_are_closed_and_their_batches_marked(catalogue: Database) -> None:
    open_batch(catalogue, "lô 1")
    open_batch(catalogue, "lô 2")
    for run, batch in (("dead", "lô 1"), ("alive", "lô 2")):
        runs.start_run(catalogue, run, batch, "lan", DIGESTS)
        batches.set_state(catalogue, batch, BatchState.RUNNING)
    assert runs.close_dead_runs(catalogue, {"alive"}) == ["lô 1"]
    assert batches.batch(catalogue, "lô 1").state is BatchState.FAILED
    assert batches.batch(catalogue, "lô 2").state is BatchState.RUNNING
    assert runs.close_dead_runs(catalogue, {"alive"}) == []


def test_batch_show_has_the_shape_of_the_contract(catalogue: Database) -> None:
    store(catalogue, paper("scan", pages=(1,)), paper("scan", pages=(2, 3), number="9/2020"), file="a.pdf")
    batches.set_state(catalogue, "lô 1", BatchState.FINISHED, findings=[finding("batch_sheet_absent")])
    Ledger(catalogue).started(sha_of("scan"), 1, DIGESTS.reading, batch="lô 1", run="r")
    shown = views.show(catalogue, "lô 1")
    assert [each["pages"] for each in shown["documents"]] == [[1], [2, 3]]
    assert shown["pages"] == {"in": 3, "accounted": 3, "ocr_passes": 1}
    assert [each.rule for each in shown["findings"]] == ["batch_sheet_absent"]
    shown["findings"] = [{**each.model_dump(mode="json"), "message": "…"} for each in shown["findings"]]
    schema = json.loads((CONTRACT / "batch-show.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(json.loads(json.dumps(shown)))


def test_batches_are_listed_with_their_files_and_documents(catalogue: Database) -> None:
    store(catalogue, paper("scan"), batch="lô 1", file="a.pdf")
    open_batch(catalogue, "lô 2", "x.pdf", "y.pdf")
    listed = {row.name: (row.files, row.documents, row.state) for row in batches.batches(catalogue)}
    assert listed == {"lô 1": (1, 1, BatchState.PLANNED), "lô 2": (2, 0, BatchState.PLANNED)}


def test_a_document_is_found_by_id_code_and_either_digest(catalogue: Database) -> None:
    (done,) = store(catalogue, paper("scan"))
    (row,) = documents.of_batch(catalogue, "lô 1")
    assert row.pdfa_sha256 is not None and done.code is not None
    for wanted in (done.document.id, done.code, sha_of("scan"), row.pdfa_sha256):
        assert [each.document.id for each in documents.find(catalogue, wanted)] == [done.document.id]
    assert documents.find(catalogue, "nothing") == []


def test_inventory_rows_replace_those_of_the_same_unit_kind_and_year(catalogue: Database) -> None:
    row = InventoryRow(
        level="xa", unit="Diên An", kind="birth_certificate", year=2025, count=10, basis="counted"
    )
    figures.put_inventory(catalogue, [row])
    figures.put_inventory(catalogue, [row.model_copy(update={"count": 12})])
    assert [each.count for each in figures.inventory(catalogue)] == [12]


def test_a_result_digitised_elsewhere_counts_once_however_often_it_is_imported(catalogue: Database) -> None:
    row = ElsewhereRow.model_validate(
        {
            "level": "xa",
            "unit": "Diên An",
            "kind": "birth_certificate",
            "digitised_on": "2024-01-02",
            "count": 5,
        }
    )
    assert figures.add_elsewhere(catalogue, [row, row]).new == 1
    assert figures.add_elsewhere(catalogue, [row]) == Entered(known=1)
    assert figures.elsewhere(catalogue) == [row]


def test_a_reader_sees_one_snapshot_while_another_writes(catalogue: Database) -> None:
    open_batch(catalogue, "lô 1", "a.pdf")
    count = text("SELECT count(*) FROM batch_file")
    with catalogue.read() as reader:
        before = reader.execute(count).scalar()
        batches.enter_files(catalogue, "lô 1", ["b.pdf"])
        assert reader.execute(count).scalar() == before
    with catalogue.read() as reader:
        assert reader.execute(count).scalar() == 2


def test_many_threads_may_read_at_once_while_one_writes(catalogue: Database) -> None:
    open_batch(catalogue, "lô 1", "a.pdf")
    start = threading.Barrier(40)
    seen: list[int] = []

    def look() -> None:
        with catalogue.read() as connection:
            connection.execute(text("SELECT 1"))
            start.wait(30)
            seen.append(len(batches.rows_of_files(connection, "lô 1")))

    threads = [threading.Thread(target=look) for _ in range(40)]
    for thread in threads:
        thread.start()
    batches.enter_files(catalogue, "lô 1", ["b.pdf"])
    for thread in threads:
        thread.join(30)
    assert len(seen) == 40


def test_the_journal_is_write_ahead_and_kills_are_survived(catalogue: Database) -> None:
    with sqlite3.connect(str(catalogue.engine.url.database)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_events_of_a_file_that_was_set_aside_are_written_with_its_fate(catalogue: Database) -> None:
    open_batch(catalogue, "lô 1", "a.pdf")
    told = code_event(sha_of("scan"), "-").model_copy(update={"type": EventType.SET_ASIDE})
    row = done_file("a.pdf", sha_of("scan"), pages=0, status=FileStatus.SET_ASIDE)
    assert documents.commit(catalogue, "lô 1", "r", "lan", [], row, code_event, events=[told]) == []
    assert documents.events_of(catalogue, [sha_of("scan")]) == [told]
    assert batches.files(catalogue, "lô 1")["a.pdf"].status is FileStatus.SET_ASIDE


LOADED = """
import sys
from pathlib import Path
from schemas.stores import StoreSpec
from storage.objects import open_store
open_store(StoreSpec(root=Path(sys.argv[1])), Path(sys.argv[1]))
heavy = {"minio", "sqlalchemy", "alembic", "pyarrow", "pandas", "tenacity"} & set(sys.modules)
assert not heavy, heavy
from storage.catalogue.database import Database
heavy = {"minio", "alembic", "pyarrow", "pandas", "psycopg"} & set(sys.modules)
assert not heavy, heavy
"""


def test_a_local_store_and_the_catalogue_load_nothing_they_do_not_need(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", LOADED, str(tmp_path)], check=True, cwd=Path(__file__).parents[1])


def test_a_second_opening_in_a_process_leaves_the_locks_of_the_first(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'c.db'}"
    first = Database(url)
    open_batch(first, "lô 1", "a.pdf")
    Database(url).close()
    look = (
        "import sys; from storage.catalogue import batches; from storage.catalogue.database import Database; "
        "database = Database(sys.argv[1]); print(len(batches.batches(database))); database.close()"
    )

    def seen() -> str:
        done = subprocess.run([sys.executable, "-c", look, url], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    assert seen() == "1"  # as it ends, it must not take itself for the last one and throw the log away
    open_batch(first, "lô 2", "b.pdf")
    assert seen() == "2"
    first.close()
