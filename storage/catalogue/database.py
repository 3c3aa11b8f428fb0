"""Opening the catalogue: SQLite (WAL) embedded, PostgreSQL by URL; migrated on open; one write transaction at a time."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import DBAPIError

from schemas.errors import CatalogueError

HEAD = "0001"
_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK_KEY = 5283_2021


class Database:
    """A connected, migrated catalogue database.

    Writers are serialised: within a process by a lock, between processes by SQLite's `BEGIN IMMEDIATE` or a PostgreSQL
    advisory lock. `synchronous=NORMAL` under WAL survives any kill of a process; a power cut may lose the last
    transactions, never tear one.
    """

    def __init__(self, url: str) -> None:
        self._lock = threading.Lock()
        self.engine = _engine(url)
        try:
            self._migrate(url)
        except (DBAPIError, sqlite3.Error, OSError) as error:
            raise CatalogueError(f"cannot open the catalogue: {error}", remedy="catalogue_unusable", url=url) from error

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that may write; committed at the end, rolled back on any error."""
        with self._lock, self.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
            yield connection

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading only."""
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def _migrate(self, url: str) -> None:
        with self.read() as connection:
            known = inspect(connection).has_table("alembic_version")
            version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() if known else None
        if version == HEAD:
            return
        # Alembic is only imported when there is something to migrate: opening must stay quick.
        from alembic import command  # noqa: PLC0415
        from alembic.config import Config  # noqa: PLC0415
        from alembic.util.exc import CommandError  # noqa: PLC0415

        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        config.attributes["engine"] = self.engine
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise CatalogueError(
                f"the catalogue is of another version ({version})", remedy="catalogue_newer", url=url, version=version
            ) from error


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1), pool_pre_ping=True)
    path = url.removeprefix("sqlite:///")
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise CatalogueError(f"cannot open {path}: {error}", remedy="home_unwritable", path=path) from error
    engine = create_engine(url, connect_args={"timeout": 60, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # The driver must not begin transactions by itself: `_begin` does, so that a writer holds the lock at once.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=60000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_isolation_level() != "AUTOCOMMIT":
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
