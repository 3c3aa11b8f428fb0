"""`sohoa rebuild`: recreates the catalogue; the old one is moved aside and never deleted."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import Path

from configs.settings import Settings
from engines.file_locks import lock_is_held
from schemas.clock import VIETNAM
from schemas.errors import CatalogueError, CatalogueOlder, UsageError
from storage import outbox, rebuilding
from storage.catalogue.database import Database
from storage.objects import ObjectStore, open_store
from storage.rebuilding import Rebuilt

_SIDE_FILES = ("", "-wal", "-shm")


def rebuild_catalogue(settings: Settings) -> tuple[Rebuilt, Path | None]:
    """Recreate the catalogue from the store alone.

    A SQLite catalogue is made in a file of its own and takes its place only when whole. A PostgreSQL database must be
    empty: whoever runs it renames the old one.

    Returns:
        What was restored, and where the old catalogue lies now (None if there was none worth keeping).

    Raises:
        UsageError: the catalogue holds records and is not older than its store; or a run is at work.
        StoreError: the store cannot be reached.
    """
    busy = [path.stem for path in (settings.home / "locks").glob("*") if lock_is_held(path)]
    if busy:
        raise UsageError("a run is at work", remedy="rebuild_busy", name=", ".join(busy))
    store = open_store(settings.store, settings.home)
    if settings.database_url is not None and not settings.database_url.startswith("sqlite"):
        return _into_database(settings.database_url, store), None
    path = Path(settings.catalogue_url.removeprefix("sqlite:///"))
    kept = path.is_file() and not _replaceable(settings.catalogue_url, store)
    fresh = path.with_name(f"{path.name}.rebuilt")
    _remove(fresh)
    rebuilt = _into_database(f"sqlite:///{fresh}", store)
    aside = _move_aside(path) if kept else None
    if not kept:
        _remove(path)
    for side in _SIDE_FILES:
        with suppress(FileNotFoundError):
            fresh.with_name(fresh.name + side).replace(path.with_name(path.name + side))
    return rebuilt, aside


def _replaceable(url: str, store: ObjectStore) -> bool:
    """True if a catalogue is empty. One with records may only be replaced if it is older than its store.

    Raises:
        UsageError: it holds records and is up to date.
    """
    try:
        database = Database(url)
    except CatalogueError:
        return False  # damaged: kept aside
    try:
        if rebuilding.is_empty(database):
            return True
        outbox.require_current(database, store, outbox.batches_of(database))
    except CatalogueOlder:
        return False
    finally:
        database.close()
    raise UsageError("the catalogue is up to date", remedy="rebuild_needless", url=url)


def _into_database(url: str, store: ObjectStore) -> Rebuilt:
    database = Database(url)
    try:
        if not rebuilding.is_empty(database):
            raise UsageError("the database holds a catalogue", remedy="rebuild_not_empty")
        return rebuilding.rebuild(store, database)
    finally:
        database.close()


def _move_aside(path: Path) -> Path:
    aside = path.with_name(f"{path.stem}-{datetime.now(VIETNAM):%Y%m%dT%H%M%S}{path.suffix}")
    for side in _SIDE_FILES:
        with suppress(FileNotFoundError):
            path.with_name(path.name + side).rename(aside.with_name(aside.name + side))
    return aside


def _remove(path: Path) -> None:
    for side in _SIDE_FILES:
        path.with_name(path.name + side).unlink(missing_ok=True)
