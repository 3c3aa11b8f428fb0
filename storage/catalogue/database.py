"""Opening the catalogue: SQLite (WAL) or PostgreSQL by URL; migrated on open; one write at a time.

Every failure of the database leaves here as a `CatalogueError`; no other module of ours catches SQLAlchemy's
errors.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import structlog
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from schemas.errors import CatalogueError, ClaimLost
from storage.catalogue import chains
from storage.catalogue.outages import refuses, remedy_of

HEAD: Final = "0023"
MIGRATIONS: Final = Path(__file__).parent / "migrations"
LOCK_KEY: Final = 5283_2021
_LOCK_SPACE: Final = 5283
_LOCK_POLL: Final = 0.2  # seconds
_READING: Final = "sohoa_reading"
_FILE: Final = "sqlite:///"
_BUSY_SECONDS: Final = 60
# Of PostgreSQL: milliseconds a transaction may idle; seconds until a machine that answers no more is noticed.
_LOCK_LIMITS: Final = {
    "idle_in_transaction_session_timeout": 60_000,
    "tcp_keepalives_idle": 30,
    "tcp_keepalives_interval": 10,
    "tcp_keepalives_count": 3,
}
_LONGEST_PAUSE: Final = 30.0
_FORGOTTEN: Final = 60.0
_CONNECT_SECONDS: Final = 10
_log = structlog.get_logger(__name__)
_dumps = functools.partial(json.dumps, ensure_ascii=False, separators=(",", ":"))


class Fence(NamedTuple):
    """A claim and the token under which it was taken (`storage.catalogue.claims`)."""

    name: str
    token: int


class Database:
    """A connected, migrated catalogue database.

    Writers are serialised: within a process by a lock, between processes by SQLite's `BEGIN IMMEDIATE` or a PostgreSQL
    advisory lock; on PostgreSQL those that write of one thing outside of the chains only among themselves.
    `synchronous=FULL` on SQLite: a code or a decision that was committed survives a power cut. Entries for the chains of
    provenance are sealed in the transaction that wrote them.

    Attributes:
        shared: machines can share it, and claims say who holds what.
        shown: its address without a password.

    Raises:
        CatalogueError: the place cannot be written, the file is no catalogue, or it is of another version.
    """

    def __init__(self, url: str, *, patience: float = 0, migrate: bool = True) -> None:
        """Connect and migrate; an unreachable server is retried for up to `patience` seconds."""
        self._lock = threading.Lock()
        self._patience = patience
        self._away_guard = threading.Lock()
        self._away_since: float | None = None
        self._fences: dict[str, int] = {}
        self.engine = _engine(url)
        # Rows outside of the chains can be made again: on SQLite their commits do not wait for the disk. They outlive a
        # killed process, not a power cut, and what is committed after them is on the disk together with them.
        self._quick = (
            self.engine if self.engine.dialect.name == "postgresql" else _engine(url, synchronous="NORMAL")
        )
        self.shared = self.engine.dialect.name == "postgresql"
        self.shown = self.engine.url.render_as_string(hide_password=True)
        try:
            if migrate:
                self._migrate()
        except CatalogueError:
            self.close()
            raise

    @contextlib.contextmanager
    def write(self, *, of: str | None = None) -> Iterator[Connection]:
        """One transaction that may write; committed at the end, rolled back on any error.

        Args:
            of: the one thing that is written of (an original's SHA-256, a claim), outside of every chain. Such
                transactions wait for those of the same thing only. All others may enter what happened in a chain; the
                order of all chains is one, so they come one after another.

        Raises:
            ClaimLost: another took over a claim that fences this connection's writes.
        """
        alone = contextlib.nullcontext() if of is not None and self.shared else self._lock
        engine = self.engine if of is None else self._quick
        with self._ours(), alone, self._connected(engine) as connection, connection.begin():
            hold(connection, of)
            self._check_fences(connection)
            yield connection
            if of is None:
                chains.seal(connection)

    @contextlib.contextmanager
    def fence(self, fence: Fence) -> Iterator[None]:
        """Let every write of this block go through only while a claim has not been taken over."""
        self._fences[fence.name] = fence.token
        try:
            yield
        finally:
            self._fences.pop(fence.name, None)

    def _check_fences(self, connection: Connection) -> None:
        if not self._fences:
            return
        fences = dict(self._fences)
        # Shared with other writers of the same claim; whoever takes the claim over waits until this commit is through.
        query = text("SELECT name, token FROM claim WHERE name = ANY(:names) FOR SHARE")
        held = {row.name: row.token for row in connection.execute(query, {"names": list(fences)})}
        for name, token in fences.items():
            if held.get(name) != token:
                raise ClaimLost(f"{name} was taken over", remedy="claim_lost", name=name)

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """One snapshot for reading only: queries on this connection are consistent."""
        with self._ours(), self._connected(self.engine) as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            else:
                connection.execution_options(**{_READING: True})
            yield connection

    @contextlib.contextmanager
    def only_one(self, what: str, *, seconds: float) -> Iterator[bool]:
        """Spare other machines work that one of them does; yields whether it is for this one. SQLite has one machine.

        Only for what does no harm if two do it: one that is at it for longer, or froze over it, is not waited for.

        Args:
            what: is to be done.
            seconds: how long another is waited for; with 0 False is yielded while one is at it.
        """
        if not self.shared:
            yield True
            return
        key, deadline = {"space": _LOCK_SPACE, "what": what}, time.monotonic() + seconds
        with self._ours(), self._connected(self.engine) as raw:
            connection = raw.execution_options(isolation_level="AUTOCOMMIT")
            ask = text("SELECT pg_try_advisory_lock(:space, hashtext(:what))")
            while not (got := bool(connection.execute(ask, key).scalar())) and time.monotonic() < deadline:
                time.sleep(_LOCK_POLL)
            try:
                yield got or seconds > 0
            finally:
                if got:
                    connection.execute(text("SELECT pg_advisory_unlock(:space, hashtext(:what))"), key)

    def vacuum(self, *tables: str) -> None:
        """Free deleted rows: PostgreSQL keeps their words in its pages until then (in its WAL and backups longer)."""
        if not self.shared:
            return
        with self._ours(), self.engine.connect() as connection:
            # VACUUM cannot run inside a transaction.
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(
                f"VACUUM {', '.join(tables)}"
            )

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()
        self._quick.dispose()

    def _connected(self, engine: Engine) -> Connection:
        """A connection; an unreachable server is retried with growing pauses, and logged once.

        An outage is waited for from its beginning: once it was given up, nothing else waits again.
        """
        pause = 0.5
        while True:
            try:
                connection = engine.connect()
            except OperationalError as error:
                if refuses(error) or not self._waits(pause, str(error.orig).partition("\n")[0]):
                    raise
                time.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                with self._away_guard:
                    back, self._away_since = self._away_since is not None, None
                if back:
                    _log.warning("catalogue_back", url=self.shown)
                return connection

    def _waits(self, pause: float, said: str) -> bool:
        """Whether a server that is away is waited for once more; threads that wait for one outage log it once."""
        now = time.monotonic()
        if self._patience < pause:
            return False
        with self._away_guard:
            since = self._away_since
            first = since is None or now - since > 2 * self._patience + _FORGOTTEN
            if since is None or first:
                self._away_since = since = now
        if first:
            _log.warning("catalogue_away", url=self.shown, detail=said)
        return now + pause <= since + self._patience

    @contextlib.contextmanager
    def _ours(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, PoolTimeout, sqlite3.Error) as error:
            # The statement and its parameters (personal data) stay out of the message.
            cause = getattr(error, "orig", None) or error
            raise CatalogueError(
                f"the catalogue {self.shown} failed: {cause}",
                remedy=remedy_of(error),
                url=self.shown,
                detail=" ".join(str(cause).split()),
            ) from error

    def version(self) -> str | None:
        """The version that the tables have; None if there are none."""
        with self.read() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()

    def _migrate(self) -> None:
        version = self.version()
        if version == HEAD:
            return
        # Alembic is only imported when there is something to migrate: opening must stay quick.
        from alembic import command  # noqa: PLC0415
        from alembic.config import Config  # noqa: PLC0415
        from alembic.util.exc import CommandError  # noqa: PLC0415

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.attributes["engine"] = self.engine
        try:
            with self._ours():
                command.upgrade(config, "head")
        except CommandError as error:
            raise CatalogueError(
                f"the catalogue {self.shown} is of version {version}, a newer one; this Sohoa knows {HEAD}",
                remedy="catalogue_newer",
                url=self.shown,
                version=version,
            ) from error


def version_of(url: str) -> str | None:
    """The version of a catalogue as it stands, without making or migrating it; None if there is none yet.

    Raises:
        CatalogueError: it cannot be opened.
    """
    if url.startswith(_FILE) and not Path(url.removeprefix(_FILE)).exists():
        return None
    database = Database(url, migrate=False)
    try:
        return database.version()
    finally:
        database.close()


def hold(connection: Connection, of: str | None = None) -> None:
    """Make the transaction the only one that writes, or that writes of something; on SQLite `BEGIN IMMEDIATE` did so."""
    if connection.dialect.name != "postgresql":
        return
    if of is None:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
    else:
        connection.execute(
            text("SELECT pg_advisory_xact_lock(:space, hashtext(:of))"), {"space": _LOCK_SPACE, "of": of}
        )


def _engine(url: str, synchronous: str = "FULL") -> Engine:
    try:
        # A path may hold what an address gives a meaning to (?, #, %): all behind the slashes is the path.
        file = url.removeprefix(_FILE) if url.startswith(_FILE) else None
        parsed = URL.create("sqlite", database=file) if file else make_url(url)
        if parsed.get_backend_name() == "postgresql":
            driver = parsed.set(drivername="postgresql+psycopg")
            # A server that froze takes connections and never answers; psycopg by itself would wait for ever.
            limits = {} if "connect_timeout" in driver.query else {"connect_timeout": _CONNECT_SECONDS}
            engine = create_engine(
                driver, pool_pre_ping=True, max_overflow=20, json_serializer=_dumps, connect_args=limits
            )
            event.listen(engine, "connect", _limit_locks)
            event.listen(engine, "checkout", _as_the_server_says)
            return engine
    except (ArgumentError, NoSuchModuleError, ValueError) as error:  # ValueError: the port is no number
        raise CatalogueError(
            "the catalogue's address cannot be used", remedy="catalogue_unusable", url=url.partition("://")[0]
        ) from error
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise CatalogueError(
            "the catalogue is a SQLite file or a PostgreSQL database",
            remedy="catalogue_unusable",
            url=str(parsed),
        )
    _prepare_file(Path(parsed.database))
    engine = create_engine(
        parsed,
        json_serializer=_dumps,
        max_overflow=-1,  # a connection is a file handle; a thread that reads never waits for another
        connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
    )
    event.listen(engine, "connect", functools.partial(_prepare_connection, synchronous))
    event.listen(engine, "begin", _begin)
    return engine


def _as_the_server_says(connection: Any, _record: Any, _proxy: Any) -> None:
    """Where one read before, SQLAlchemy would say READ WRITE of the next transaction, against a server set read-only."""
    connection.read_only = None


def _prepare_file(path: Path) -> None:
    """Create the file readable by its owner alone; SQLite's side files take its mode."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.is_file():
            # Never opened here: to close it would drop this process's locks on it, those of other connections too, and
            # another process would take itself for the last one and throw away the log that they still write to.
            if not os.access(path, os.R_OK | os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        else:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise CatalogueError(
            f"cannot write {path}: {error.strerror}", remedy="home_unwritable", path=str(path)
        ) from error


def _limit_locks(connection: Any, _record: Any) -> None:
    """A machine that froze or vanished in the middle of a transaction must not keep its locks from the others."""
    with connection.cursor() as cursor:
        for setting, value in _LOCK_LIMITS.items():
            cursor.execute(f"SET {setting} = {value}")
    connection.commit()


def _prepare_connection(synchronous: str, connection: Any, _record: Any) -> None:
    # The driver must not begin transactions by itself: `_begin` does, so that a writer holds the lock at
    # once.
    connection.isolation_level = None
    into_wal(connection)
    for pragma in (f"synchronous={synchronous}", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def into_wal(connection: Any) -> None:
    """Have a connection of SQLite keep a write-ahead log."""
    # Two processes that first open one file race for the change of journal, for which SQLite does not wait.
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _begin(connection: Connection) -> None:
    reading = connection.get_execution_options().get(_READING)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
