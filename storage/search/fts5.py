"""The index in a SQLite file of its own, by FTS5. Readable by its owner alone; deleted and made anew at will.

Tokens are cut and folded by us (`schemas.search_words`). FTS5 keeps no text: what it must be told to forget a paper, and
what snippets are cut from, is kept compressed beside it. The newest papers have the highest row numbers.
"""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from schemas.errors import SetupError
from schemas.search_words import Terms, token_lines
from storage.catalogue.chunks import in_chunks
from storage.catalogue.database import into_wal
from storage.search.expressions import COLUMNS, expression
from storage.search.protocol import Filters, Found, IndexDamaged, Indexed, Mark
from storage.search.ranking import ranks
from storage.search.texts import packed, parts, tokens_of, unpacked

VERSION: Final = 1
FILE: Final = "search.db"
_SIDE_FILES: Final = ("", "-wal", "-shm", "-journal")
_AT_ONCE: Final = 10_000
_HELD_BYTES: Final = 64_000_000  # of new tokens in memory before they become a part of the file to be merged
_MERGED_AT: Final = 4  # parts; what FTS5 does by itself
_BUSY_SECONDS: Final = 60
# Of the machine, not of the file.
_OUTSIDE: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)
_SCHEMA: Final = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE paper (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    stamp TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    batch TEXT NOT NULL,
    kind TEXT NOT NULL,
    unit TEXT NOT NULL,
    unit_folded TEXT NOT NULL,
    state TEXT NOT NULL,
    issued TEXT NOT NULL,
    number TEXT NOT NULL,
    wordless INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX paper_original ON paper (sha256);
CREATE INDEX paper_wordless ON paper (wordless);
CREATE VIRTUAL TABLE words USING fts5({", ".join(COLUMNS)}, content='', columnsize=0, tokenize='ascii');
INSERT INTO words(words, rank) VALUES ('hashsize', {_HELD_BYTES});
PRAGMA user_version = {VERSION};
"""


class Fts5Index:
    """An index in a file; see `storage.search.protocol.SearchIndex`."""

    def __init__(self, path: Path) -> None:
        """Open the file, made if it is not there.

        Raises:
            IndexDamaged: it is no index, or one of another version.
            SetupError: it cannot be used.
        """
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise _unusable(path, error.strerror or str(error)) from error
        self._db = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            with self._ours():
                self._prepare()
        except BaseException:
            self._db.close()
            raise

    def _prepare(self) -> None:
        into_wal(self._db)
        for pragma in ("synchronous=NORMAL", "cache_size=-65536", "temp_store=MEMORY"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute("BEGIN IMMEDIATE")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if version == 0 and tables == 0:
            for statement in _SCHEMA.split(";\n"):
                self._db.execute(statement)
        self._db.execute("COMMIT")
        if version not in {0, VERSION} or (version == 0 and tables):
            raise IndexDamaged(f"version {version}")

    def mark(self) -> Mark | None:
        """How much of the catalogue it knows."""
        with self._ours():
            held = self._db.execute("SELECT value FROM meta WHERE key = 'mark'").fetchone()
        return Mark(*json.loads(held[0])) if held else None

    def stamps(self) -> Mapping[str, str]:
        """The stamp of every paper."""
        with self._ours():
            return dict(self._db.execute("SELECT id, stamp FROM paper"))

    def change(self, papers: Iterable[Indexed], gone: Iterable[str], mark: Mark | None) -> int:
        """Enter and remove papers, some thousands in a transaction."""
        entered, empty = 0, self.counts()[0] == 0
        if empty:
            self._merge_by_itself(False)
        for ids in in_chunks(gone, _AT_ONCE):
            with self._ours(), self._transaction():
                self._remove("id", ids)
        for chunk in in_chunks(papers, _AT_ONCE):
            with self._ours(), self._transaction():
                held = self._held([paper.id for paper in chunk])
                # Another process may have entered the same meanwhile; words may have come back to a paper that had none.
                new = [paper for paper in chunk if held.get(paper.id) != (paper.stamp, paper.pages is None)]
                self._remove("id", [paper.id for paper in new if paper.id in held])
                for paper in new:
                    self._enter(paper)
            entered += len(new)
        with self._ours(), self._transaction():
            self._db.execute("DELETE FROM meta WHERE key = 'mark'")
            if mark is not None:
                self._db.execute("INSERT INTO meta VALUES ('mark', ?)", (json.dumps(mark),))
        if empty:
            self._merge_by_itself(True)
        return entered

    def _merge_by_itself(self, wanted: bool) -> None:
        """Whether FTS5 merges its parts as it grows; an index made anew is merged once, at its end."""
        with self._ours():
            if wanted:
                self._db.execute("INSERT INTO words(words) VALUES ('optimize')")
            level = _MERGED_AT if wanted else 0
            self._db.execute("INSERT INTO words(words, rank) VALUES ('automerge', ?)", (level,))
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def forget(self, sha256: str) -> bool:
        """Remove an original's papers. Whatever held their words is rewritten and what becomes free is overwritten."""
        with self._ours():
            if self._db.execute("SELECT 1 FROM paper WHERE sha256 = ?", (sha256,)).fetchone() is None:
                return False
            self._db.execute("PRAGMA secure_delete=ON")
            with self._transaction():
                self._remove("sha256", [sha256])
                self._db.execute("INSERT INTO words(words) VALUES ('optimize')")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return True

    def find(self, terms: Terms, filters: Filters, limit: int) -> list[Found]:
        """Papers that hold every term, rank by rank."""
        condition, values = _conditions(filters)
        found: dict[int, None] = {}
        with self._ours():
            if not terms.terms:
                query = f"SELECT place FROM paper WHERE {condition} ORDER BY place DESC LIMIT ?"
                found = dict.fromkeys(place for (place,) in self._db.execute(query, (*values, limit)))
            # CROSS JOIN keeps FTS5 in front, whose rows come newest first: the search ends with the last row wanted.
            query = (
                "SELECT words.rowid FROM words CROSS JOIN paper ON paper.place = words.rowid "
                f"WHERE words MATCH ? AND {condition} ORDER BY words.rowid DESC LIMIT ?"
            )
            for rank in ranks(terms) if terms.terms else ():
                rows = self._db.execute(query, (expression(terms, rank), *values, limit + len(found)))
                found |= dict.fromkeys(place for (place,) in rows if place not in found)
                if len(found) >= limit:
                    break
            return [self._found(place) for place in list(found)[:limit]]

    def counts(self) -> tuple[int, int]:
        """Papers, and those without words."""
        with self._ours():
            (held,) = self._db.execute("SELECT count(*) FROM paper").fetchone()
            (wordless,) = self._db.execute("SELECT count(*) FROM paper WHERE wordless = 1").fetchone()
        return held, wordless

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _found(self, place: int) -> Found:
        paper, body = self._db.execute("SELECT id, body FROM paper WHERE place = ?", (place,)).fetchone()
        _, pages = unpacked(body)
        return Found(paper, tuple(pages))

    def _held(self, ids: Sequence[str]) -> dict[str, tuple[str, bool]]:
        query = "SELECT id, stamp, wordless FROM paper WHERE id IN (SELECT value FROM json_each(?))"
        rows = self._db.execute(query, (json.dumps(ids),))
        return {paper: (stamp, bool(wordless)) for paper, stamp, wordless in rows}

    def _remove(self, column: str, values: Sequence[str]) -> None:
        chosen = f"{column} IN (SELECT value FROM json_each(?))"
        listed = (json.dumps(values),)
        rows = self._db.execute(f"SELECT place, number, body FROM paper WHERE {chosen}", listed).fetchall()
        for place, number, body in rows:
            fields, pages = unpacked(body)
            self._tell("words, rowid", "'delete', ?", place, tokens_of(number, fields, pages))
        self._db.execute(f"DELETE FROM paper WHERE {chosen}", listed)

    def _enter(self, paper: Indexed) -> None:
        fields, *pages = parts(paper.fields, paper.pages or ())
        body = packed(fields, pages)
        held = (
            *(paper.id, paper.stamp, paper.sha256, paper.batch, paper.kind, paper.unit),
            *(token_lines(paper.unit)[1], paper.state, paper.issued, paper.number, paper.pages is None, body),
        )
        place = self._db.execute(
            "INSERT INTO paper (id, stamp, sha256, batch, kind, unit, unit_folded, state, issued, number, wordless, body) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            held,
        ).lastrowid
        self._tell("rowid", "?", place, tokens_of(paper.number, fields, pages))

    def _tell(self, head: str, value: str, place: int | None, columns: Sequence[str]) -> None:
        self._db.execute(
            f"INSERT INTO words ({head}, {', '.join(COLUMNS)}) VALUES ({value}, ?, ?, ?, ?)",
            (place, *columns),
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextmanager
    def _ours(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, zlib.error) as error:
            # An error's code may be one of the extended ones, which end with the plain one.
            code = getattr(error, "sqlite_errorcode", None)
            if code is not None and code & 0xFF in _OUTSIDE:
                raise _unusable(self._path, str(error)) from error
            raise IndexDamaged(str(error)) from error


def remove_file(path: Path) -> None:
    """Remove the file with its side files; whoever has it open keeps what it had.

    Raises:
        SetupError: it cannot be removed.
    """
    try:
        for ending in _SIDE_FILES:
            path.with_name(path.name + ending).unlink(missing_ok=True)
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error


def _unusable(path: Path, detail: str) -> SetupError:
    return SetupError(f"cannot use {path}: {detail}", remedy="search_unusable", path=path, detail=detail)


def _conditions(filters: Filters) -> tuple[str, tuple[Any, ...]]:
    conditions, values = ["1"], []
    for sign, value in (
        ("kind = ?", filters.kind),
        ("state = ?", filters.state),
        ("batch = ?", filters.batch),
        ("instr(' ' || unit_folded || ' ', ' ' || ? || ' ') > 0", filters.unit),
        ("issued >= ?", filters.first),
        ("issued <> '' AND issued <= ?", filters.last),
        (
            "unit IN (SELECT value FROM json_each(?))",
            None if filters.units is None else json.dumps(sorted(filters.units)),
        ),
        (
            "batch IN (SELECT value FROM json_each(?))",
            None if filters.batches is None else json.dumps(sorted(filters.batches)),
        ),
    ):
        if value is not None:
            conditions.append(sign)
            values.append(value)
    return " AND ".join(conditions), tuple(values)
