"""Reading a file's pages through the pool and the ledger: what was read before is not read again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Protocol

from engines.pool import WorkPool
from schemas.batches import StagedFile
from schemas.errors import PageTimedOut, SourceError, WorkerDied
from schemas.findings import RULES, Finding, finding
from schemas.reading import Format, PageList, PageReading, PageSource, failed_page
from schemas.rules import ImageRule, Limits, ReadingProfile

if TYPE_CHECKING:
    # `sohoa read` uses this module and opens no database.
    from storage.ledger import Ledger


class ReadingRules(Protocol):
    """The rules that reading needs; both a batch's `Rules` and a single file's desk have them."""

    @property
    def limits(self) -> Limits:
        """Limits set before the work."""

    @property
    def reading(self) -> ReadingProfile:
        """How pages are read."""

    @property
    def image(self) -> tuple[ImageRule, ...]:
        """Rules that judge a page's image."""


_GRACE = 5.0


class LedgerEntry:
    """Where readings of one original are kept, and under which names they are started."""

    def __init__(self, ledger: Ledger, sha256: str, digest: str, *, batch: str, run: str) -> None:
        self._ledger, self.sha256, self.digest = ledger, sha256, digest
        self._batch, self._run = batch, run

    def known(self) -> dict[int, PageReading]:
        """Readings kept so far."""
        return self._ledger.readings(self.sha256, self.digest)

    def starting(self, page: int) -> Callable[[], None]:
        """Enters the start of a whole-page reading."""
        return lambda: self._ledger.started(self.sha256, page, self.digest, batch=self._batch, run=self._run)

    def keep(self, reading: PageReading) -> None:
        """Keeps a finished reading."""
        self._ledger.finished(self.sha256, self.digest, reading)


def list_pages(pool: WorkPool, staged: StagedFile, rules: ReadingRules) -> PageList:
    """The pages of a staged file, listed in a worker.

    Raises:
        SourceError: the file cannot be used.
    """
    if staged.members:
        return _joined([list_pages(pool, member, rules) for member in staged.members], rules.limits)
    from extractors import pages  # noqa: PLC0415 - image libraries: only where there is work

    arguments = (staged.path, staged.format, rules.limits)
    return pool.run(pages.list_pages, arguments, rules.limits.listing_seconds)


def _joined(lists: Sequence[PageList], limits: Limits) -> PageList:
    """The pages of a paper in several files, numbered through."""
    pages: list[PageSource] = []
    for member, listed in enumerate(lists):
        for source in listed.pages:
            number = len(pages) + 1
            place = {"number": number, "member": member, "member_page": source.number}
            pages.append(source.model_copy(update={**place, "findings": _on_page(source.findings, number)}))
    if len(pages) > limits.file_pages:
        raise SourceError("too_many_pages", count=len(pages), limit=limits.file_pages)
    findings = tuple(note for listed in lists for note in listed.findings)
    return PageList(format=Format.BUNDLE, pages=tuple(pages), findings=findings)


def _on_page(findings: Sequence[Finding], number: int) -> tuple[Finding, ...]:
    return tuple(note.model_copy(update={"page": number}) if note.page else note for note in findings)


def read_pages(
    pool: WorkPool,
    staged: StagedFile,
    pages: PageList,
    rules: ReadingRules,
    entry: LedgerEntry | None,
    on_page: Callable[[], None],
) -> tuple[PageReading, ...]:
    """Read every page of a file, in order; a page that fails keeps its place.

    A page whose worker died or hung is tried once more in a fresh process. With a ledger, kept readings are used and new
    ones are kept, each the moment it ends.
    """
    known = entry.known() if entry else {}
    waiting: dict[int, Future[PageReading]] = {}
    for source in pages.pages:
        if source.number not in known and not _unreadable(source):
            waiting[source.number] = _submit(pool, staged, source, rules, entry)
    readings = []
    for source in pages.pages:
        if source.number in known:
            reading = known[source.number]
        elif source.number in waiting:
            reading = _outcome(pool, staged, source, rules, entry, waiting[source.number])
        else:
            reading = failed_page(source)
        readings.append(reading)
        on_page()
    return tuple(readings)


def _unreadable(source: PageSource) -> bool:
    return any(each.severity == "error" for each in source.findings)


def _submit(
    pool: WorkPool, staged: StagedFile, source: PageSource, rules: ReadingRules, entry: LedgerEntry | None
) -> Future[PageReading]:
    file, place = (
        (staged, source)
        if source.member is None
        else (staged.members[source.member], source.model_copy(update={"number": source.member_page}))
    )
    from extractors.reading import read_page  # noqa: PLC0415 - OpenCV: only where there is work

    arguments = (file.path, file.format, place, rules.reading, (), rules.limits)
    seconds = rules.limits.page_seconds + _GRACE
    start = entry.starting(source.number) if entry else None
    return pool.submit(read_page, arguments, seconds, start)


def _outcome(
    pool: WorkPool,
    staged: StagedFile,
    source: PageSource,
    rules: ReadingRules,
    entry: LedgerEntry | None,
    first: Future[PageReading],
) -> PageReading:
    retried: tuple[Finding, ...] = ()
    try:
        reading = first.result()
    except (PageTimedOut, WorkerDied) as error:
        retried = (finding("page_retried", page=source.number, reason=error.rule),)
        try:
            reading = _submit(pool, staged, source, rules, entry).result()
        except SourceError as again:
            return failed_page(source, *retried, page_finding(again, source.number))
    except SourceError as error:
        return failed_page(source, page_finding(error, source.number))
    notes = _on_page(reading.findings, source.number)
    reading = reading.model_copy(update={"number": source.number, "findings": (*notes, *retried)})
    if entry:
        entry.keep(reading)
    return reading


def page_finding(error: SourceError, page: int | None) -> Finding:
    """The finding an error becomes; a rule made for files is told as a broken page."""
    rule = error.rule if error.rule in RULES else "work_failed"
    params: dict[str, Any] = {
        key: value for key, value in error.params.items() if isinstance(value, (str, int, float, bool))
    }
    params.pop("trace", None)
    return finding(rule, page=page, **params)
