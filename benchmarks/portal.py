"""The web page with ten people at work on ten thousand waiting papers: how long an answer and the next paper take.

    .venv/bin/python -m benchmarks portal --json
    .venv/bin/python -m benchmarks portal --papers 10000 --people 10 --write

A home of synthetic papers (`tests/reviewed_batch.py`) is digitised; three of its papers, each with a doubt of its own, are
copied row by row under other digests and numbers until so many wait, with their sidecars and readings. A real
`sohoa portal` serves it. Each person is a thread with a session, and asks what the page asks: the queue, a paper, the one
after it ahead of time, what would come of the answers, and the answers; a paper every so many seconds. Half of the people
take what comes first in all, the others stay in a batch of their own. Times are those of the client, over HTTP.
Pictures of pages are not asked for: the browser has them before the paper comes to hand.
"""

from __future__ import annotations

import argparse
import hashlib
import html
import json
import random
import re
import shutil
import statistics
import sys
import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
from sqlalchemy import Connection, Table, insert, select

from benchmarks import tables
from benchmarks.measuring import machine
from portal import passwords
from schemas.documents import document_id
from schemas.people import Role
from storage.catalogue import accounts
from storage.catalogue import schema as t
from storage.catalogue.chunks import in_chunks
from storage.catalogue.database import Database
from storage.objects import keys
from tests.machine import Machine
from tests.portal_home import WORD, Portal
from tests.reviewed_batch import make_home

SEED: Final = 1207
BATCHES: Final = 10
_PAPERS: Final = {"01.png": "123/2021", "04.png": "125/2021", "05.png": "Số: …/2021"}
_LINE: Final = re.compile(r'<[^>]*class="rv-line[^"]*asked[^>]*>')
_ATTRIBUTE: Final = re.compile(r'data-([a-z]+)="([^"]*)"')


class Seed:
    """One digitised paper, of which copies are made."""

    def __init__(self, home: Path, connection: Connection, file: str, number: str) -> None:
        self.number = number
        self.document = _one(connection, t.document, t.document.c.file == file)
        own, sha256 = self.document["id"], self.document["sha256"]
        self.version = _one(connection, t.document_version, t.document_version.c.document_id == own)
        self.original = _one(connection, t.original, t.original.c.sha256 == sha256)
        self.file = _one(connection, t.batch_file, t.batch_file.c.name == file)
        self.reading = _one(connection, t.page_reading, t.page_reading.c.sha256 == sha256)
        self.words = zlib.decompress(self.reading["payload"]).decode()
        self.sidecar = (home / "store" / self.version["sidecar_key"]).read_text(encoding="utf-8")

    def copy(self, number: int, batch: str) -> tuple[dict[Table, dict[str, Any]], str, bytes]:
        """Rows of one more paper, the key of its sidecar and its bytes."""
        sha256 = hashlib.sha256(f"portal {number}".encode()).hexdigest()
        own, file = document_id(sha256, (1,)), f"{number:05}.png"
        written = self.number.replace(self.number.partition("/")[0], str(1000 + number))
        told = {self.document["sha256"]: sha256, self.document["id"]: own}
        if "…" not in self.number:
            told[self.number] = written
        sidecar = _said(self.sidecar, told).encode()
        key = keys.sidecar(own, 1)
        rows = {
            t.original: self.original | {"sha256": sha256},
            t.batch_file: self.file | {"sha256": sha256, "batch": batch, "name": file, "position": number},
            t.document: self.document | {"id": own, "sha256": sha256, "batch": batch, "file": file},
            t.document_version: self.version
            | {
                "document_id": own,
                "data": json.loads(_said(json.dumps(self.version["data"], ensure_ascii=False), told)),
                "sidecar_key": key,
                "sidecar_sha256": hashlib.sha256(sidecar).hexdigest(),
            },
            t.page_reading: self.reading
            | {"sha256": sha256, "payload": zlib.compress(_said(self.words, told).encode(), 1)},
        }
        return rows, key, sidecar


def _one(connection: Connection, table: Table, where: Any) -> dict[str, Any]:
    return dict(connection.execute(select(table).where(where)).mappings().one())


def _said(words: str, told: Mapping[str, str]) -> str:
    for before, after in told.items():
        words = words.replace(before, after)
    return words


def make(folder: Path, papers: int, people: int) -> Path:
    """A home with so many waiting papers and so many accounts; the one made before where it is whole."""
    home, whole = folder / "base" / "home", folder / "whole"
    if whole.exists():
        return home
    shutil.rmtree(folder, ignore_errors=True)
    make_home(folder / "base")
    database = Database(f"sqlite:///{home / 'catalogue.db'}")
    hashed = passwords.hashed(WORD)
    for number in range(people):
        accounts.add(database, f"người {number}", Role.ARCHIVIST, password=hashed, by="benchmarks")
    with database.write() as connection:
        seeds = [Seed(home, connection, file, number) for file, number in _PAPERS.items()]
        row = _one(connection, t.batch, t.batch.c.name == seeds[0].document["batch"])
        rows = [row | {"name": _batch(number), "path": f"/bench/{number}"} for number in range(BATCHES)]
        connection.execute(insert(t.batch), rows)
    for chunk in in_chunks(range(papers), 1000):
        with database.write() as connection:
            _enter(home, connection, seeds, chunk)
    database.close()
    whole.touch()
    return home


def _enter(home: Path, connection: Connection, seeds: list[Seed], numbers: Any) -> None:
    rows: dict[Table, list[dict[str, Any]]] = {}
    for number in numbers:
        made, key, sidecar = seeds[number % len(seeds)].copy(number, _batch(number % BATCHES))
        path = home / "store" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sidecar)
        for table, row in made.items():
            rows.setdefault(table, []).append(row)
    for table, entered in rows.items():
        connection.execute(insert(table), entered)


def _batch(number: int) -> str:
    return f"bench-{number}"


class Person:
    """A person at the page, and how long each kind of request took in milliseconds."""

    def __init__(self, address: str, number: int) -> None:
        self.http = httpx.Client(base_url=address, timeout=120)
        self.batch = _batch(number % BATCHES) if number % 2 else ""
        self.spent: dict[str, list[float]] = {}
        self.refused: list[int] = []
        self.papers = 0
        self._drawn = random.Random(SEED + number)
        page = self._token("/login")
        self.http.post(
            "/login", data={"token": page, "name": f"người {number}", "password": WORD, "code": ""}
        )
        self.token = self._token("/account")

    def _token(self, path: str) -> str:
        found = re.search(r'name="token" value="([0-9a-f]+)"', self.http.get(path).text)
        assert found is not None, path
        return found[1]

    def ask(self, what: str, path: str, **form: str) -> httpx.Response:
        """One request, timed; with a form it is a POST."""
        begun = time.perf_counter()
        told = {"X-Form-Token": self.token}
        answer = self.http.post(path, data=form, headers=told) if form else self.http.get(path)
        self.spent.setdefault(what, []).append(1000 * (time.perf_counter() - begun))
        if answer.status_code >= 400:
            self.refused.append(answer.status_code)
        return answer

    def work(self, until: float, seconds: float) -> None:
        """Papers until that moment, one in so many seconds."""
        time.sleep(self._drawn.uniform(0, seconds))
        page = self.ask("queue", "/review").text
        first = re.search(r'id="first" href="/review/([0-9a-f]{32})', page)
        sheet = self.ask("open", f"/review/{first[1]}").text if first else ""
        while sheet and time.monotonic() < until:
            given = dict(_ATTRIBUTE.findall(sheet[sheet.index("<article") :].partition(">")[0]))
            own, answers = given["id"], list(_answers(given["id"], sheet))
            following = self.ask("next", "/review/next", busy=own, batch=self.batch).text
            # Who looks at a paper that another has in hand answers nothing.
            for number in range(0 if "holder" in given else len(answers)):
                time.sleep(self._drawn.uniform(0.6, 1.4) * seconds / max(1, len(answers)))
                form = {"version": given["version"], "answers": json.dumps(answers[: number + 1])}
                self.ask("foresee", f"/review/{own}/foresee", **form)
            if answers and "holder" not in given:
                self.ask("answer", f"/review/{own}", **form)
                self.papers += 1
            sheet = following


def _answers(own: str, sheet: str) -> Iterator[dict[str, Any]]:
    """What a person answers to a sheet."""
    typed = {
        "issue_date": "12/05/2021",
        "agency": "Ủy ban nhân dân xã Diên An",
        "owner_id": "056221001234",
        "number": f"{int(own[:8], 16)}/2021",
    }
    for line in _LINE.findall(sheet):
        told = {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(line)}
        if told["target"] in typed:
            yield {
                "target": told["target"],
                "value": typed[told["target"]],
                "ms": 900,
                "shown": told["shown"],
            }


def measure(folder: Path, papers: int, people: int, lasting: float, seconds: float) -> dict[str, Any]:
    """Numbers of one sitting."""
    home = make(folder, papers, people)
    shutil.rmtree(folder / "run", ignore_errors=True)
    place = Machine(
        folder / "run", SOHOA_OPERATOR="máy", SOHOA_ORCHESTRATOR="plain", SOHOA_CONFIRM_TYPED="off"
    )
    shutil.copytree(home, place.home)
    portal = Portal(place)
    try:
        portal.wait()
        at_work = [Person(portal.address, number) for number in range(people)]
        begun = time.perf_counter()
        at_work[0].http.get("/review").raise_for_status()
        first = time.perf_counter() - begun
        until = time.monotonic() + lasting
        threads = [threading.Thread(target=each.work, args=(until, seconds)) for each in at_work]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        portal.process.kill()  # the batches need not be closed
        portal.process.wait()
    return _row(papers, at_work, first, lasting)


def _row(papers: int, at_work: list[Person], first: float, lasting: float) -> dict[str, Any]:
    spent = {name: [ms for each in at_work for ms in each.spent.get(name, ())] for name in _KINDS}
    row: dict[str, Any] = {
        "papers": papers,
        "people": len(at_work),
        "answered": sum(each.papers for each in at_work),
        "refused": sum(len(each.refused) for each in at_work),
        "seconds": lasting,
        "queue_first_s": round(first, 2),
    }
    for name, times in spent.items():
        row[f"{_KINDS[name]}_p50_ms"] = round(statistics.median(times), 1)
        row[f"{_KINDS[name]}_p95_ms"] = round(statistics.quantiles(times, n=100)[94], 1)
    return row


_KINDS: Final = {"queue": "queue", "next": "next_paper", "foresee": "foresee", "answer": "answer"}


def _told(row: Mapping[str, Any]) -> str:
    head = [
        "waiting papers",
        "people",
        "answered",
        "first queue s",
        "queue p95 ms",
        "next paper p50 ms",
        "p95 ms",
    ]
    head += ["code foreseen p50 ms", "p95 ms", "answer p50 ms", "p95 ms"]
    names = ["papers", "people", "answered", "queue_first_s", "queue_p95_ms"]
    names += [f"{each}_{part}_ms" for each in ("next_paper", "foresee", "answer") for part in ("p50", "p95")]
    return f"{machine()}.\n\n" + tables.table(head, [[row[name] for name in names]])


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--papers", type=int, default=10_000)
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--lasting", type=float, default=60.0, help="seconds of work")
    parser.add_argument("--seconds", type=float, default=5.0, help="a person's time for a paper")
    parser.add_argument("--again", action="store_true", help="make the home anew")
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    folder = tables.WORK / "portal" / f"{given.papers}-{given.people}"
    if given.again:
        shutil.rmtree(folder, ignore_errors=True)
    row = measure(folder, given.papers, given.people, given.lasting, given.seconds)
    if given.json:
        sys.stdout.write(json.dumps(row) + "\n")
    if given.write or not given.json:
        tables.put("portal", _told(row), row, write=given.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
