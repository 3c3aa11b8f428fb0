"""The catalogue on PostgreSQL: the same promises as on SQLite, where they rest on the database."""

from __future__ import annotations

import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from PIL import Image
from sqlalchemy import select

from schemas.batches import FileStatus
from schemas.errors import CatalogueError, UsageError
from schemas.events import Event, EventType
from schemas.lots import ClassPlan, DrawnPaper, Item, Judged, Lot, LotDecision, Verdict
from schemas.reading import PageReading, PageState
from storage import outbox
from storage.catalogue import batches, documents, figures, lots, views
from storage.catalogue import schema as t
from storage.catalogue.database import Database
from storage.catalogue.provenance import new_event
from storage.catalogue.schema import metadata
from storage.ledger import Ledger
from storage.objects.local import LocalStore
from storage.tables import batch_tables
from tests.command_forks import ForkedMachine, Forks
from tests.papers import KQ, OWNER, open_batch, paper, sha_of, store
from tests.servers import postgresql
from tests.test_codes_issued import RACER

pytestmark = pytest.mark.postgresql
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgresql() as url:
        yield url


@pytest.fixture
def url(server: str) -> str:
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return server.rpartition("/")[0] + f"/{name}"


@pytest.fixture
def catalogue(url: str) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.close()


def test_migrations_up_from_empty_make_exactly_the_tables_of_the_schema(catalogue: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with catalogue.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_paper_is_stored_coded_found_shown_and_tabled(catalogue: Database) -> None:
    (done,) = store(catalogue, paper("scan"))
    assert done.code == f"{OWNER}.{KQ}.123/2021.01"
    (twin,) = store(catalogue, paper("rescan"), file="b.pdf")
    assert twin.linked_to == done.document.id
    assert [row.document.id for row in documents.find(catalogue, done.code)] == [done.document.id]
    assert views.show(catalogue, "lô 1")["files"] == {"in": 2, "read": 2, "set_aside": 0, "not_started": 0}
    assert batch_tables(catalogue, "lô 1")["documents"].num_rows == 2
    assert len(list(documents.papers(catalogue))) == 2
    assert figures.inventory(catalogue) == []


def test_the_ledger_keeps_and_wipes(catalogue: Database) -> None:
    ledger = Ledger(catalogue)
    reading = PageReading(number=1, state=PageState.READ, width=10, height=20)
    ledger.started(sha_of("scan"), 1, "d", batch="lô 1", run="r")
    ledger.finished(sha_of("scan"), "d", reading)
    assert ledger.readings(sha_of("scan"), "d") == {1: reading}
    ledger.wipe(sha_of("scan"))
    assert (ledger.readings(sha_of("scan"), "d"), ledger.passes("lô 1")) == ({}, 1)


def test_foreign_keys_and_the_single_code_of_a_document_hold(catalogue: Database) -> None:
    with pytest.raises(CatalogueError):
        batches.enter_files(catalogue, "never bound", ["a.pdf"])
    store(catalogue, paper("scan"))
    with catalogue.read() as connection:
        row = dict(connection.execute(select(t.code)).mappings().one())
    row.update(id=999, running=2, printed="x", identity="another")
    with pytest.raises(CatalogueError), catalogue.write() as connection:
        connection.execute(t.code.insert().values(**row))


def test_a_reader_may_not_write_and_sees_one_snapshot(catalogue: Database) -> None:
    open_batch(catalogue, "lô 1", "a.pdf")
    with catalogue.read() as reader:
        first = len(batches.rows_of_files(reader, "lô 1"))
        batches.enter_files(catalogue, "lô 1", ["b.pdf"])
        assert len(batches.rows_of_files(reader, "lô 1")) == first == 1
    with pytest.raises(CatalogueError), catalogue.read() as reader:
        reader.execute(t.batch_file.delete())


def test_a_connection_that_read_may_write_afterwards(catalogue: Database) -> None:
    for number in range(12):
        with catalogue.read() as reader:
            reader.execute(select(t.batch))
        open_batch(catalogue, f"lô {number}", "a.pdf")
    assert batches.files(catalogue, "lô 11")["a.pdf"].status is FileStatus.NOT_STARTED


def test_threads_that_race_for_one_paper_leave_one_code(catalogue: Database) -> None:
    def work(number: int) -> None:
        store(catalogue, paper(f"scan {number}"), batch=f"lô {number}", file="a.pdf")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len([row for row in documents.papers(catalogue) if row.code]) == 1


def test_processes_that_race_for_one_prefix_on_a_new_database_share_its_numbers(url: str) -> None:
    racers = [
        subprocess.Popen([sys.executable, "-c", RACER, url, str(number)], cwd=ROOT, stdin=subprocess.PIPE)
        for number in range(3)
    ]
    for racer in racers:
        racer.communicate(b"go\n", timeout=120)
        assert racer.returncode == 0
    database = Database(url)
    printed = sorted(str(row.code)[-2:] for row in documents.papers(database))
    database.close()
    assert printed == [f"{number:02d}" for number in range(1, 25)]


def test_a_server_that_is_not_there_is_our_error_without_its_password() -> None:
    with pytest.raises(CatalogueError) as caught:
        Database("postgresql://sohoa:hushhush@127.0.0.1:1/none")
    assert "hushhush" not in str(caught.value) + str(caught.value.params)


def test_a_batch_digitised_into_a_shared_database_is_shown_by_another_home_and_backed_up_by_its_own_means(
    forks: Forks, url: str, tmp_path: Path
) -> None:
    kept = {
        "SOHOA_ORCHESTRATOR": "plain",
        "SOHOA_DATABASE_URL": url,
        "SOHOA_STORE__ROOT": str(tmp_path / "kho"),
    }
    first, second = (ForkedMachine(forks, tmp_path / name, **kept) for name in ("một", "hai"))
    batch = first.inbox / "hộp-1"
    batch.mkdir()
    Image.new("L", (850, 1100), 255).save(batch / "1.png", dpi=(100, 100))
    assert first.run("digitize", batch).returncode == 0
    assert not (first.home / "catalogue.db").exists()
    shown = second.json("batch", "show", "hộp-1")
    assert shown == first.json("batch", "show", "hộp-1") and shown["files"]["read"] == 1
    refused = second.run("backup", tmp_path / "b.tar.gz")
    assert refused.returncode == 2 and "pg_dump" in refused.stderr


def test_lots_are_drawn_judged_decided_and_their_papers_returned_and_taken_back(catalogue: Database) -> None:
    (committed,) = store(catalogue, paper("scan 1"))
    kept = committed.document.id
    plans = (ClassPlan(name="critical", n=1, accept=0),)
    drawn = DrawnPaper(
        document_id=kept,
        place=1,
        batch="lô 1",
        file="a.pdf",
        items=(Item(target="number", group="critical"),),
    )

    def told(outcome: str) -> Event:
        return new_event(EventType.LOT, "lot", outcome, batch=None, agent="chị Hoa", tool="t")

    def decided(verdict: Verdict) -> int:
        lot = Lot(plan="iso2859", seed=1, digest="", size=1, classes=plans, operator="chị Hoa")
        number = lots.add(catalogue, lot, [drawn], [kept], "r", told("drawn")).id
        with pytest.raises(UsageError):
            lots.add(catalogue, lot, [drawn], [kept], "r", told("drawn"))
        judged = Judged(document_id=kept, target="number", right=verdict == "accepted", operator="chị Hoa")
        for new in (1, 0):
            entered = lots.enter(
                catalogue, number, [judged], file="k.xlsx", sha256="", run="r", event=told("inspected")
            )
            assert entered == new
        lots.decide(catalogue, number, LotDecision(verdict=verdict, results=()), "r", told(verdict))
        return number

    assert decided("rejected") == 1
    assert lots.rejected_documents(catalogue) == {kept}
    assert lots.doers(catalogue, 1)
    assert decided("accepted") == 2
    assert (lots.rejected_documents(catalogue), lots.accepted_documents(catalogue)) == (set(), {kept})
    assert [state.lot.id for state in lots.every(catalogue)] == [1, 2]


def test_one_machine_sends_events_and_one_that_froze_over_it_is_not_waited_for_for_ever(
    catalogue: Database, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(catalogue, paper("scan"))
    objects = LocalStore(tmp_path / "store")
    monkeypatch.setattr(outbox, "_OTHERS_SECONDS", 0.5)
    with psycopg.connect(url, autocommit=True) as frozen:
        frozen.execute("SELECT pg_advisory_lock(5283, hashtext('sending'))")
        assert outbox.send(catalogue, objects, wait=False) == 0
        assert list(objects.list("events/")) == []
        assert outbox.send(catalogue, objects) > 0
    assert list(objects.list("events/"))
    assert outbox.send(catalogue, objects, wait=False) == 0
