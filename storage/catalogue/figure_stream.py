"""Columns of papers, read by a process of its own where papers are many; the caller judges meanwhile what came."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
from sqlalchemy import func, select

from engines import runner
from schemas.errors import CatalogueError
from storage.catalogue import figure_columns, figure_counts
from storage.catalogue import schema as t
from storage.catalogue.database import Database

MANY: Final = 200_000  # below, a process of its own takes longer to start than it saves
_ROOT: Final = Path(__file__).parents[2]


def columns(database: Database, moment: str) -> Iterator[pa.Table]:
    """The same as `figure_columns.columns`, in two processes where papers are many.

    Raises:
        CatalogueError: the catalogue cannot be read.
    """
    with database.read() as connection:
        papers = connection.execute(select(func.count()).select_from(t.document)).scalar_one()
    if papers < MANY:
        yield from figure_columns.columns(database, moment)
        return
    figure_counts.refresh(database)
    search = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH", ""))))
    argv = [sys.executable, "-P", "-m", __name__]
    child = runner.start(argv, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, env={"PYTHONPATH": search})
    try:
        yield from _received(child.process, database, moment)
    finally:
        child.end()


def _received(process: subprocess.Popen[bytes], database: Database, moment: str) -> Iterator[pa.Table]:
    assert process.stdin is not None and process.stdout is not None
    url = database.engine.url.render_as_string(hide_password=False)
    try:
        # Answers are closed also where the child went before it was asked.
        with process.stdout as answer:
            # By the pipe, not as an argument: the address may hold a password.
            with process.stdin as asked:
                asked.write(json.dumps({"url": url, "moment": moment}).encode())
            with pa.ipc.open_stream(answer) as reader:
                for batch in reader:
                    yield pa.Table.from_batches([batch])
        status = process.wait()
    except (pa.ArrowInvalid, BrokenPipeError):
        status = -1
    if status != 0:
        raise CatalogueError("reading papers ended early", remedy="catalogue_unusable", url=database.shown)


def _serve() -> int:
    """Write the columns that standard input asks for to standard output, as a stream of Arrow."""
    asked = json.loads(sys.stdin.read())
    database = Database(asked["url"], migrate=False)
    try:
        writer = None
        for table in figure_columns.columns(database, asked["moment"], refreshed=True):
            for batch in table.combine_chunks().to_batches():
                if writer is None:
                    writer = pa.ipc.new_stream(sys.stdout.buffer, batch.schema)
                writer.write_batch(batch)
        if writer is not None:
            writer.close()
        sys.stdout.buffer.flush()
    finally:
        database.close()
    return 0


if __name__ == "__main__":
    sys.exit(_serve())
