"""A catalogue whose migration is killed half way is the one it was, and the next opening brings it up to date."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from storage.catalogue.database import HEAD, MIGRATIONS, Database, version_of
from tests.machine import ROOT
from tests.servers import postgresql

OLD = "0009"
# The process dies at the statement of this number, as `kill -9` would have it.
KILLED = """
import os, signal, sys
from sqlalchemy import Engine, event
from storage.catalogue.database import Database
left = int(sys.argv[2])

@event.listens_for(Engine, "before_cursor_execute")
def count(*_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

Database(sys.argv[1])
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A catalogue of an older version with a batch in it."""
    if request.param == "sqlite":
        yield old_catalogue(f"sqlite:///{tmp_path / 'catalogue.db'}")
        return
    with postgresql() as given:
        yield old_catalogue(given)


def old_catalogue(url: str) -> str:
    """Migrate an empty database to the older version, and enter a batch."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    command.upgrade(config, OLD)
    with engine.begin() as connection:
        columns = "name, path, state, findings, created_at, updated_at"
        connection.execute(
            text(f"INSERT INTO batch ({columns}) VALUES ('lô 1', '/x', 'planned', '[]', 'a', 'b')")
        )
    engine.dispose()
    return url


def test_a_migration_killed_at_any_statement_is_done_by_the_next_opening(url: str) -> None:
    died = 0
    for statement in (8, 25, 60, 90, 150):
        argv = [sys.executable, "-c", KILLED, url, str(statement)]
        done = subprocess.run(argv, cwd=ROOT, capture_output=True, timeout=60, check=False)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert version_of(url) == OLD, "nothing of a migration that was killed is there"
        died += 1
    assert died >= 3
    database = Database(url)
    try:
        assert database.version() == HEAD
        with database.read() as connection:
            assert connection.execute(text("SELECT name FROM batch")).scalars().all() == ["lô 1"]
    finally:
        database.close()
