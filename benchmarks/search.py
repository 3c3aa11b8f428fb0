"""Time of full search over many papers, with and without accents, and of making its index anew.

    .venv/bin/python -m benchmarks search --json
    .venv/bin/python -m benchmarks search --papers 100000 --write
    .venv/bin/python -m benchmarks search --postgresql --write

A catalogue and ledger of papers of 300 syllables each, drawn by frequency from the syllables that the language model
counts, is made in var/bench (kept for the next run). The index is made from them as `sohoa search --rebuild` makes it. Then
pairs of syllables are searched for, spelt with accents and without, as `sohoa search` does: the catalogue asked for
changes, the index, rows of what was found, snippets with boxes. `cpu` figures are this process's own processor time.
With `--postgresql` the catalogue is one that is started for the run, and so is the index.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import shutil
import statistics
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select, text

from benchmarks import tables
from benchmarks.measuring import machine
from extractors import language
from schemas.documents import document_id
from schemas.search import Wanted
from schemas.text import strip_accents
from storage.catalogue import schema as t
from storage.catalogue.chunks import in_chunks
from storage.catalogue.database import Database
from storage.search import postgres
from storage.search.fts5 import FILE
from tests.servers import postgresql
from workspace import searching

SYLLABLES, PAIRS, SEED = 300, 200, 5283
_AT = "2026-01-01T00:00:00.000+00:00"
_DIGEST = "r" * 16
_BATCH = "bench"


def syllables() -> tuple[list[str], list[float]]:
    """The syllables that the language model counts, and how often each was seen."""
    counted = language.counts()
    return counted.words[0][2:], [float(count) for count in counted.alone[2:]]


def make(url: str, papers: int) -> Database:
    """A catalogue with so many papers; the one made before where it is whole."""
    database = Database(url)
    with database.read() as connection:
        made = connection.execute(select(t.chain_object.c.order)).first()
    if made is None:
        drawn = random.Random(SEED)
        words, counts = syllables()
        with database.write() as connection:
            connection.execute(
                insert(t.batch).values(
                    name=_BATCH, path="/bench", state="finished", findings=[], created_at=_AT, updated_at=_AT
                )
            )
        for chunk in in_chunks(range(papers), 2000):
            with database.write() as connection:
                _enter(
                    connection,
                    [_paper(number, drawn.choices(words, counts, k=SYLLABLES)) for number in chunk],
                )
        with database.write() as connection:
            connection.execute(
                insert(t.chain_object).values(
                    order=1,
                    chain="house",
                    seq=1,
                    sha256="0" * 64,
                    body=zlib.compress(b'{"entries":[]}'),
                    sent=True,
                )
            )
    return database


def _paper(number: int, words: list[str]) -> tuple[str, list[str], int]:
    return hashlib.sha256(f"bench {number}".encode()).hexdigest(), words, number


def _enter(connection: Connection, papers: list[tuple[str, list[str], int]]) -> None:
    rows: dict[Any, list[dict[str, Any]]] = {
        table: [] for table in (t.original, t.document, t.document_version, t.page_reading)
    }
    for sha256, words, number in papers:
        paper = document_id(sha256, (1,))
        rows[t.original].append({"sha256": sha256, "size": 1, "format": "png", "received_at": _AT})
        rows[t.document].append(
            {
                "id": paper,
                "sha256": sha256,
                "pages": [1],
                "batch": _BATCH,
                "file": f"{number}.png",
                "version": 1,
            }
            | {"created_at": _AT}
        )
        rows[t.document_version].append(_version(paper, sha256, words, number))
        rows[t.page_reading].append(
            {
                "sha256": sha256,
                "page": 1,
                "digest": _DIGEST,
                "facts": {},
                "payload": _payload(words),
                "at": _AT,
            }
        )
    for table, entered in rows.items():
        connection.execute(insert(table), entered)


def _version(paper: str, sha256: str, words: list[str], number: int) -> dict[str, Any]:
    values = {
        "number": f"{number}/QĐ-UBND",
        "issue_date": f"20{10 + number % 16}-{1 + number % 12:02}-{1 + number % 28:02}",
        "agency": "Ủy ban nhân dân xã Diên An",
        "subject": " ".join(words[:12]),
        "owner_name": " ".join(words[-3:]).title(),
        "owner_id": f"0562{number:08}",
    }
    data = {
        "id": paper,
        "sha256": sha256,
        "pages": [1],
        "kind": "decision",
        "route": "accepted",
        "fields": {
            name: {"value": value, "raw": value, "confidence": 0.99, "page": 1}
            for name, value in values.items()
        },
    }
    return {
        "document_id": paper,
        "version": 1,
        "reading": _DIGEST,
        "understanding": "u",
        "rendition": "p",
        "data": data,
        "kind": "decision",
        "unit": "Xã Diên An",
        "route": "accepted",
        "verdict": "valid",
        "sidecar_key": f"documents/{paper}/v0001.json",
        "created_at": _AT,
    }


def _payload(words: list[str]) -> bytes:
    """A page's reading as the ledger keeps it: ten words a line, each with its box."""
    placed = []
    for at, word in enumerate(words):
        left, top = 200 + 200 * (at % 10), 200 + 60 * (at // 10)
        placed.append([word, 0.97, [left, top, left + 24 * len(word), top + 44], at // 10, 0, None])
    reading = {"number": 1, "state": "read", "width": 2480, "height": 3508, "words": placed}
    return zlib.compress(json.dumps(reading, ensure_ascii=False, separators=(",", ":")).encode(), 1)


def pairs() -> Iterator[str]:
    """Pairs of syllables with accents, drawn by frequency."""
    words, counts = syllables()
    marked = [(word, count) for word, count in zip(words, counts, strict=True) if strip_accents(word) != word]
    drawn = random.Random(SEED + 1)
    for _ in range(PAIRS):
        first, second = drawn.choices([word for word, _ in marked], [count for _, count in marked], k=2)
        yield f"{first} {second}"


def measure(url: str, folder: Path, papers: int) -> dict[str, float | int]:
    """Numbers of one size."""
    database = make(url, papers)
    started, used = time.perf_counter(), time.process_time()
    done = searching.refresh(database, folder, {}, whole=True)
    rebuild, rebuild_cpu = time.perf_counter() - started, time.process_time() - used
    asked = {"accents": list(pairs())}
    asked["plain"] = [strip_accents(words) for words in asked["accents"]]
    spent: dict[str, list[float]] = {}
    cpu: list[float] = []
    found = 0
    for name, queries in asked.items():
        for words in queries:
            started, used = time.perf_counter(), time.process_time()
            answer = searching.search(database, folder, Wanted(words=words), {})
            spent.setdefault(name, []).append(1000 * (time.perf_counter() - started))
            cpu.append(1000 * (time.process_time() - used))
            found += bool(answer.hits)
    size = _size(database, folder)
    database.close()
    return {
        "papers": done.indexed,
        "syllables": SYLLABLES,
        "queries": sum(map(len, spent.values())),
        "answered": found,
        "rebuild_s": round(rebuild, 1),
        "rebuild_papers_s": round(papers / rebuild),
        "rebuild_papers_cpu_s": round(papers / rebuild_cpu),
        "index_mb": round(size / 1e6),
        **{f"{name}_p50_ms": round(_share(times, 50), 1) for name, times in spent.items()},
        **{f"{name}_p95_ms": round(_share(times, 95), 1) for name, times in spent.items()},
        "p95_ms": round(_share([one for times in spent.values() for one in times], 95), 1),
        "p95_cpu_ms": round(_share(cpu, 95), 1),
    }


def _size(database: Database, folder: Path) -> int:
    """Bytes of the index."""
    if not database.shared:
        return sum(path.stat().st_size for path in folder.glob(f"{FILE}*"))
    with database.read() as connection:
        asked = text("SELECT pg_total_relation_size(:name)")
        return int(connection.execute(asked, {"name": f"{postgres.SCHEMA}.paper"}).scalar_one())


def _share(times: list[float], percent: int) -> float:
    return statistics.quantiles(times, n=100)[percent - 1]


def _told(row: dict[str, float | int]) -> str:
    head = ["papers", "made anew, papers/s", "papers/s of cpu", "index MB", "accents p50 ms", "p95 ms"]
    head += ["no accents p50 ms", "p95 ms", "all p95 cpu ms"]
    keys = [
        "papers",
        "rebuild_papers_s",
        "rebuild_papers_cpu_s",
        "index_mb",
        "accents_p50_ms",
        "accents_p95_ms",
    ]
    keys += ["plain_p50_ms", "plain_p95_ms", "p95_cpu_ms"]
    return f"{machine()}. {PAIRS} pairs of syllables.\n\n" + tables.table(head, [[row[key] for key in keys]])


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--papers", type=int, default=100_000)
    parser.add_argument("--postgresql", action="store_true", help="catalogue and index in PostgreSQL")
    parser.add_argument("--again", action="store_true", help="make the catalogue anew")
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    folder = tables.WORK / "search" / str(given.papers)
    if given.again:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    with postgresql() if given.postgresql else nullcontext(f"sqlite:///{folder / 'catalogue.db'}") as url:
        row = measure(url, folder, given.papers)
    if given.json:
        sys.stdout.write(json.dumps(row) + "\n")
    if given.write or not given.json:
        tables.put("search-postgresql" if given.postgresql else "search", _told(row), row, write=given.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
