"""Which index a home has: PostgreSQL's own where that is the catalogue, a file of the home elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.catalogue.database import Database
from storage.search import postgres
from storage.search.fts5 import FILE, Fts5Index, remove_file
from storage.search.postgres import PostgresIndex
from storage.search.protocol import IndexDamaged, SearchIndex


def is_made(database: Database, home: Path) -> bool:
    """True if there is an index."""
    return postgres.is_made(database) if database.shared else (home / FILE).exists()


@contextmanager
def open_index(database: Database, home: Path) -> Iterator[SearchIndex]:
    """The index, made if there is none. One that is damaged or of another version is thrown away: it is derived.

    Raises:
        CatalogueError: the database cannot be used.
        SetupError: the file cannot be used.
    """
    try:
        index = _opened(database, home)
    except IndexDamaged:
        remove(database, home)
        index = _opened(database, home)
    try:
        yield index
    finally:
        index.close()


def remove(database: Database, home: Path) -> None:
    """Remove the index; the next one who asks makes it anew.

    Raises:
        CatalogueError: the database cannot be used.
        SetupError: the file cannot be removed.
    """
    if database.shared:
        postgres.drop(database)
    else:
        remove_file(home / FILE)


def _opened(database: Database, home: Path) -> SearchIndex:
    if not database.shared:
        return Fts5Index(home / FILE)
    # A home that had a catalogue of its own left its index behind: nobody would keep it up to date.
    remove_file(home / FILE)
    return PostgresIndex(database)
