"""The readings of one original in the ledger, as a run uses them. `sohoa read` and `pdfa` keep none."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from schemas.reading import PageReading
from storage.ledger import Ledger, digest_of_page


class LedgerEntry:
    """Ledger entry of one original: where its readings are kept, and the names under which they are started."""

    def __init__(
        self,
        ledger: Ledger,
        sha256: str,
        digest: str,
        *,
        batch: str,
        run: str,
        edits: Mapping[int, str],
    ) -> None:
        self._ledger, self.sha256, self.digest = ledger, sha256, digest
        self._batch, self._run, self._edits = batch, run, edits

    def known(self) -> dict[int, PageReading]:
        """Readings kept so far."""
        return self._ledger.readings(self.sha256, self.digest, self._edits)

    def starting(self, page: int) -> Callable[[], None]:
        """Enters the start of a whole-page reading."""
        digest = self._of_page(page)
        return lambda: self._ledger.started(self.sha256, page, digest, batch=self._batch, run=self._run)

    def keep(self, reading: PageReading) -> None:
        """Keeps a finished reading."""
        self._ledger.finished(self.sha256, self._of_page(reading.number), reading)

    def _of_page(self, page: int) -> str:
        return digest_of_page(self.digest, self._edits.get(page, ""))
