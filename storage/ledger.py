"""The reading ledger: every whole-page reading is entered when it starts, and kept when it ends.

What is here is durable before any catalogue row: a killed run's finished pages are never read twice. Lies in
the same database as the catalogue, whose single-writer rule it shares. Words are kept here alone; after
a power cut the last readings may be missing and are made again, which costs time and nothing else.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Mapping
from typing import Final

from pydantic import ValidationError
from sqlalchemy import bindparam, delete, exists, func, insert, select

from schemas.reading import PageReading, PageState
from schemas.sidecars import PageFacts
from storage.catalogue import schema as t
from storage.catalogue.database import Database
from storage.catalogue.events import now

_column = t.page_reading.c
# Made once: these run for every page.
_START: Final = insert(t.page_pass)
_KEEP: Final = insert(t.page_reading)
_HELD: Final = select(_column.payload).where(
    _column.sha256 == bindparam("sha256"),
    _column.page == bindparam("page"),
    _column.digest == bindparam("digest"),
)


class Ledger:
    """Readings by (original, page, reading digest), and the passes started for them. Threads may share it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def started(self, sha256: str, page: int, digest: str, *, batch: str, run: str) -> None:
        """Record the start of a whole-page reading; committed before the engine is called."""
        row = {"sha256": sha256, "page": page, "digest": digest, "batch": batch, "run": run, "at": now()}
        with self._database.write(of=sha256) as connection:
            connection.execute(_START, row)

    def finished(self, sha256: str, digest: str, reading: PageReading) -> None:
        """Record the end of a reading. The first success is kept; a failure is replaced by the next reading."""
        payload = zlib.compress(reading.model_dump_json(exclude_defaults=True).encode(), 6)
        facts = PageFacts.of(reading).model_dump(mode="json", exclude_defaults=True)
        key = {"sha256": sha256, "page": reading.number, "digest": digest}
        with self._database.write(of=sha256) as connection:
            held = connection.execute(_HELD, key).scalar()
            if held is not None:
                known = _unpack(held)
                if known is not None and known.state is not PageState.FAILED:
                    return
                connection.execute(delete(t.page_reading).filter_by(**key))
            connection.execute(_KEEP, {**key, "facts": facts, "payload": payload, "at": now()})

    def readings(
        self, sha256: str, digest: str, edits: Mapping[int, str] | None = None
    ) -> dict[int, PageReading]:
        """Readings kept of one original, by page number.

        `edits` names what a person changed of its pages; None takes what the catalogue holds.
        """
        column = t.page_reading.c
        with self._database.read() as connection:
            if edits is None:
                held = connection.execute(select(t.original.c.edits).filter_by(sha256=sha256)).scalar()
                edits = {int(page): edit for page, edit in (held or {}).items()}
            digests = {page: digest_of_page(digest, edit) for page, edit in edits.items()}
            query = select(column.page, column.digest, column.payload).where(
                column.sha256 == sha256, column.digest.in_([digest, *digests.values()])
            )
            rows = connection.execute(query.order_by(column.page)).all()
        unpacked = {
            row.page: _unpack(row.payload) for row in rows if row.digest == digests.get(row.page, digest)
        }
        return {page: reading for page, reading in unpacked.items() if reading is not None}

    def facts(self, sha256: str) -> dict[int, PageFacts]:
        """State of the last reading of every page, under any digest; words are not decompressed."""
        query = select(t.page_reading.c.page, t.page_reading.c.facts).filter_by(sha256=sha256)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(t.page_reading.c.page, t.page_reading.c.at)).all()
        return {row.page: PageFacts.model_validate(row.facts) for row in rows}

    def passes(self, batch: str) -> int:
        """Whole-page readings started for a batch, retries and killed ones included."""
        with self._database.read() as connection:
            return connection.execute(
                select(func.count()).select_from(t.page_pass).where(t.page_pass.c.batch == batch)
            ).scalar_one()

    def forget(self, sha256: str, pages: Iterable[int], digest: str) -> None:
        """Drop readings so that those pages are read again."""
        with self._database.write() as connection:
            for page in pages:
                connection.execute(delete(t.page_reading).filter_by(sha256=sha256, digest=digest, page=page))

    def wipe(self, sha256: str) -> None:
        """Drop every reading of an original: a secret paper leaves no words here, not even in free pages.

        What was noted of its bytes goes too, unless a document refers to them; passes stay in the count.
        """
        with self._database.write() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA secure_delete=ON")
            connection.execute(delete(t.page_reading).filter_by(sha256=sha256))
            used = exists().where(t.document.c.sha256 == sha256)
            connection.execute(delete(t.original).where(t.original.c.sha256 == sha256, ~used))
        self._empty_journal()
        self._database.vacuum(t.page_reading.name, t.original.name)

    def _empty_journal(self) -> None:
        # The journal still holds the deleted pages until it is copied into the file and cut. A reader in its
        # way only puts this off to the next checkpoint.
        if self._database.engine.dialect.name != "sqlite":
            return
        raw = self._database.engine.raw_connection()
        try:
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            raw.close()


def digest_of_page(digest: str, edit: str) -> str:
    """The digest under which readings of a page are kept that a person edited; `edit` is `PageSource.edit`."""
    return hashlib.sha256(f"{digest}:{edit}".encode()).hexdigest()[:16] if edit else digest


def _unpack(payload: bytes) -> PageReading | None:
    """A stored reading; None if it cannot be read back, as if it had never been made."""
    try:
        return PageReading.model_validate_json(zlib.decompress(payload))
    except (zlib.error, ValidationError):
        return None
