"""The catalogue of a home, opened for one command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from configs.settings import Settings
from storage.catalogue.database import Database


@contextmanager
def database_of(settings: Settings) -> Iterator[Database]:
    """Open the catalogue, migrated if it is older; closed at the end of the block.

    Raises:
        CatalogueError: it cannot be opened.
    """
    database = Database(settings.catalogue_url)
    try:
        yield database
    finally:
        database.close()
