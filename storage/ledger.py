"""The reading ledger: every whole-page reading is entered when it starts, and kept when it ends.

What is here is durable before any catalogue row: a killed run's finished pages are never read twice. Lies in the same
database as the catalogue, whose single-writer rule it shares.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import delete, func, insert, select

from schemas.reading import PageReading
from storage.catalogue import schema as t
from storage.catalogue.database import Database


class Ledger:
    """Readings by (original, page, reading digest), and the passes that were started for them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def started(self, sha256: str, page: int, digest: str, *, batch: str, run: str) -> None:
        """A whole-page reading begins; committed before the engine is called."""
        row = {"sha256": sha256, "page": page, "digest": digest, "batch": batch, "run": run, "at": _now()}
        with self._database.write() as connection:
            connection.execute(insert(t.page_pass).values(row))

    def finished(self, sha256: str, digest: str, reading: PageReading) -> None:
        """A reading ended; asking twice keeps the first."""
        payload = zlib.compress(reading.model_dump_json(exclude_defaults=True).encode(), 6)
        key = {"sha256": sha256, "page": reading.number, "digest": digest}
        with self._database.write() as connection:
            known = select(t.page_reading.c.page).filter_by(**key)
            if connection.execute(known).first() is None:
                connection.execute(insert(t.page_reading).values(**key, payload=payload, at=_now()))

    def readings(self, sha256: str, digest: str) -> dict[int, PageReading]:
        """Readings kept of one original, by page number."""
        query = select(t.page_reading.c.page, t.page_reading.c.payload).filter_by(sha256=sha256, digest=digest)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return {row.page: PageReading.model_validate_json(zlib.decompress(row.payload)) for row in rows}

    def passes(self, batch: str) -> int:
        """Whole-page readings started for a batch, retries and killed ones included."""
        with self._database.read() as connection:
            return connection.execute(
                select(func.count()).select_from(t.page_pass).where(t.page_pass.c.batch == batch)
            ).scalar_one()

    def forget(self, sha256: str, pages: Iterable[int], digest: str) -> None:
        """Drop readings so that those pages are read again."""
        with self._database.write() as connection:
            connection.execute(
                delete(t.page_reading).where(
                    t.page_reading.c.sha256 == sha256,
                    t.page_reading.c.digest == digest,
                    t.page_reading.c.page.in_(list(pages)),
                )
            )

    def wipe(self, sha256: str) -> None:
        """Drop every reading of an original: a paper marked secret leaves no words here."""
        with self._database.write() as connection:
            connection.execute(delete(t.page_reading).where(t.page_reading.c.sha256 == sha256))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
