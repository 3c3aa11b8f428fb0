"""The reading ledger: what was started counts, what was finished is never read twice."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from schemas.findings import finding
from schemas.reading import Box, PageReading, PageState, Word
from storage.catalogue import originals
from storage.catalogue import schema as t
from storage.catalogue.database import Database
from storage.ledger import Ledger
from tests.papers import new_catalogue, paper, sha_of, store

ROOT = Path(__file__).parents[1]
SHA, DIGEST = sha_of("scan"), "d" * 16


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Database]:
    database = new_catalogue(tmp_path)
    yield database
    database.close()


@pytest.fixture
def ledger(catalogue: Database) -> Ledger:
    return Ledger(catalogue)


def reading(number: int = 1, text: str = "Giấy khai sinh", state: PageState = PageState.READ) -> PageReading:
    words = tuple(
        Word(part, 0.9, Box(10 * i, 0, 10 * i + 8, 12), line=0, raw=None)
        for i, part in enumerate(text.split())
    )
    return PageReading(
        number=number,
        state=state,
        width=2480,
        height=3508,
        dpi=300.0,
        rotation=90,
        confidence=0.91,
        words=words,
        qr=(("056190001234|…", Box(1, 2, 3, 4)),),
        findings=(finding("page_turned", page=number, degrees=90),),
    )


def test_a_reading_comes_back_as_it_was_kept(ledger: Ledger) -> None:
    ledger.finished(SHA, DIGEST, reading(2))
    assert ledger.readings(SHA, DIGEST) == {2: reading(2)}


def test_readings_under_another_digest_or_of_another_original_are_not_mixed_in(ledger: Ledger) -> None:
    ledger.finished(SHA, DIGEST, reading())
    assert ledger.readings(SHA, "e" * 16) == {}
    assert ledger.readings(sha_of("other"), DIGEST) == {}


def test_passes_count_every_start_and_no_page_that_came_from_the_ledger(ledger: Ledger) -> None:
    for page in (1, 2, 2):
        ledger.started(SHA, page, DIGEST, batch="lô 1", run="r")
    ledger.started(SHA, 1, DIGEST, batch="lô 2", run="r")
    ledger.finished(SHA, DIGEST, reading(1))
    assert (ledger.passes("lô 1"), ledger.passes("lô 2"), ledger.passes("lô 3")) == (3, 1, 0)


def test_the_first_success_is_kept_and_a_failure_gives_way(ledger: Ledger) -> None:
    ledger.finished(SHA, DIGEST, reading(1, "", PageState.FAILED))
    ledger.finished(SHA, DIGEST, reading(1, "một"))
    ledger.finished(SHA, DIGEST, reading(1, "hai"))
    ledger.finished(SHA, DIGEST, reading(1, "", PageState.FAILED))
    assert ledger.readings(SHA, DIGEST)[1].text == "một"


def test_a_reading_that_cannot_be_read_back_is_as_if_never_made(ledger: Ledger, catalogue: Database) -> None:
    ledger.finished(SHA, DIGEST, reading())
    with catalogue.write() as connection:
        connection.execute(update(t.page_reading).values(payload=b"torn"))
    assert ledger.readings(SHA, DIGEST) == {}
    ledger.finished(SHA, DIGEST, reading(1, "lại"))
    assert ledger.readings(SHA, DIGEST)[1].text == "lại"


def test_forgotten_pages_are_read_again_and_the_others_are_not(ledger: Ledger) -> None:
    for page in (1, 2, 3):
        ledger.finished(SHA, DIGEST, reading(page))
    ledger.forget(SHA, [1, 3], DIGEST)
    assert list(ledger.readings(SHA, DIGEST)) == [2]


def test_the_facts_of_a_page_are_had_without_its_words(ledger: Ledger) -> None:
    ledger.finished(SHA, DIGEST, reading(1, "một hai ba"))
    fact = ledger.facts(SHA)[1]
    assert (fact.words, fact.rotation, fact.confidence, fact.qr) == (3, 90, 0.91, ("056190001234|…",))


def test_a_secret_paper_leaves_no_byte_of_its_readings_on_disk(ledger: Ledger, catalogue: Database) -> None:
    originals.receive(catalogue, SHA, 10, "pdf")
    with catalogue.write() as connection:
        for page in range(1, 40):
            values = {"sha256": SHA, "page": page, "digest": DIGEST, "facts": {}, "at": "x"}
            connection.execute(t.page_reading.insert().values(**values, payload=b"SECRETWORDS" * 100))
    ledger.wipe(SHA)
    assert ledger.readings(SHA, DIGEST) == {}
    folder = Path(str(catalogue.engine.url.database)).parent
    assert all(b"SECRETWORDS" not in path.read_bytes() for path in folder.iterdir())
    with catalogue.read() as connection:
        assert connection.execute(t.original.select()).first() is None


def test_wiping_keeps_the_facts_of_an_original_that_documents_refer_to(
    ledger: Ledger, catalogue: Database
) -> None:
    store(catalogue, paper("scan"))
    ledger.wipe(SHA)
    with catalogue.read() as connection:
        assert connection.execute(t.original.select()).first() is not None


def test_threads_may_write_at_once(ledger: Ledger) -> None:
    def work(page: int) -> None:
        ledger.started(SHA, page, DIGEST, batch="lô 1", run="r")
        ledger.finished(SHA, DIGEST, reading(page))

    threads = [threading.Thread(target=work, args=(page,)) for page in range(1, 17)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (ledger.passes("lô 1"), len(ledger.readings(SHA, DIGEST))) == (16, 16)


KILLED = """
import os, signal, sys
from storage.catalogue.database import Database
from storage.ledger import Ledger
from tests.test_ledger import DIGEST, SHA, reading
ledger = Ledger(Database(sys.argv[1]))
ledger.started(SHA, 1, DIGEST, batch="lô 1", run="r")
ledger.finished(SHA, DIGEST, reading(1))
ledger.started(SHA, 2, DIGEST, batch="lô 1", run="r")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_entered_before_a_kill_is_there_after_it(ledger: Ledger, catalogue: Database) -> None:
    url = str(catalogue.engine.url)
    victim = subprocess.run([sys.executable, "-c", KILLED, url], cwd=ROOT, timeout=60)
    assert victim.returncode == -signal.SIGKILL
    assert ledger.passes("lô 1") == 2
    assert list(ledger.readings(SHA, DIGEST)) == [1]
