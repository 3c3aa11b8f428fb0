"""The catalogue of a home, opened for one command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from configs.settings import Settings
from schemas.errors import StoreError
from storage import outbox
from storage.catalogue.database import Database
from storage.objects import open_store


@contextmanager
def database_of(settings: Settings) -> Iterator[Database]:
    """Open the catalogue, migrated if it is of an older version; closed at the end of the block.

    A catalogue older than its store is refused, because its figures would be silently wrong.

    Raises:
        CatalogueError: it cannot be opened, or is older than its store.
    """
    database = Database(settings.catalogue_url)
    try:
        require_current(database, settings)
        yield database
    finally:
        database.close()


def require_current(database: Database, settings: Settings) -> None:
    """Refuse a catalogue that is older than its store, whose answers would be silently wrong.

    Raises:
        CatalogueOlder: it is older; `sohoa rebuild` recreates it.
    """
    try:
        store = open_store(settings.store, settings.home, create=False)
    except StoreError:
        return  # a missing or unreachable store is no evidence against the catalogue
    outbox.require_current(database, store)
