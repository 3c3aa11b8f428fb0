"""Reads a range of a big file's pages into the ledger; whoever takes the file to its end finds them read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from pipeline import steps
from pipeline.keeping import BatchRun
from pipeline.plan import PlannedFile
from pipeline.work import FileWork, Source, Step, take_through
from schemas.findings import Finding

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ReadRange:
    """The task of a range: its pages are read, and nothing else of the file is settled or kept."""

    first: int
    last: int

    @property
    def steps(self) -> Sequence[Step]:
        """Only what reads."""
        return (steps.pages, self._only_these, steps.read)

    def _only_these(self, work: FileWork) -> FileWork:
        pages = tuple(page for page in work.listed.pages if self.first <= page.number <= self.last)
        return work.having(pages=work.listed.model_copy(update={"pages": pages}))

    def already_done(self, work: FileWork) -> int | None:
        """Never: readings that are kept already are not made again."""
        del work
        return None

    def finish(self, work: FileWork) -> int:
        """How many pages were read."""
        return len(work.listed.pages)

    def set_aside(self, work: FileWork, findings: Sequence[Finding]) -> int:
        """None; what stopped it stops the work on the whole file too, where it is recorded."""
        _log.info("range not read", file=work.source.name, rules=[note.rule for note in findings])
        return 0


def read_range(run: BatchRun, planned: PlannedFile, pages: tuple[int, int]) -> int:
    """Read a range of a file's pages. Returns how many there were.

    Raises:
        CatalogueError, StoreError: readings cannot be kept.
    """
    source = Source(planned.entry.path, planned.entry.name, planned.entry.members)
    return take_through(run.context, source, steps.stage, ReadRange(*pages))
