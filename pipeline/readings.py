"""Reads a file's pages through the pool and the ledger; pages read before are reused."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future

from pipeline.work import SECRET, FileRefused, Ledger, RunContext, page_finding
from schemas.batches import StagedFile
from schemas.errors import PageTimedOut, SourceError, WorkerDied
from schemas.findings import Finding, finding
from schemas.reading import Format, PageList, PageReading, PageSource, failed_page
from schemas.rules import Limits

_GRACE_SECONDS = 5.0


def list_pages(context: RunContext, staged: StagedFile) -> PageList:
    """The pages of a staged file, listed in a worker.

    Raises:
        SourceError: the file cannot be used.
    """
    if staged.members:
        return _joined([list_pages(context, member) for member in staged.members], context.limits)
    from extractors import pages  # noqa: PLC0415 - image libraries: only where there is work

    arguments = (staged.path, staged.format, context.limits)
    return context.pool.run(pages.list_pages, arguments, context.limits.listing_seconds)


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
    context: RunContext, staged: StagedFile, pages: PageList, ledger: Ledger | None
) -> tuple[PageReading, ...]:
    """Read every page of a file, in order; a page that fails keeps its place.

    A page whose worker died or hung is tried once more in a fresh process. With a ledger, kept readings are used and new
    ones are kept as soon as they finish.

    Raises:
        FileRefused: a page bears a mark of secrecy, or may; what was kept of the others is for the caller to wipe.
    """
    known = ledger.known() if ledger else {}
    waiting: dict[int, Future[PageReading]] = {}
    for source in pages.pages:
        if source.number not in known and not _unreadable(source):
            waiting[source.number] = _submit(context, staged, source, ledger)
    readings = []
    for source in pages.pages:
        if source.number in known:
            reading = known[source.number]
        elif source.number in waiting:
            reading = _outcome(context, staged, source, ledger, waiting[source.number])
        else:
            reading = failed_page(source)
        if any(note.rule in SECRET for note in reading.findings if note.severity == "error"):
            for future in waiting.values():
                future.cancel()
            raise FileRefused(*(note for note in reading.findings if note.rule in SECRET))
        readings.append(reading)
        context.on_page()
    return tuple(readings)


def _unreadable(source: PageSource) -> bool:
    return any(note.severity == "error" for note in source.findings)


def _submit(
    context: RunContext, staged: StagedFile, source: PageSource, ledger: Ledger | None
) -> Future[PageReading]:
    file, place = (
        (staged, source)
        if source.member is None
        else (staged.members[source.member], source.model_copy(update={"number": source.member_page}))
    )
    from extractors.reading import read_page  # noqa: PLC0415 - OpenCV: only where there is work

    arguments = (file.path, file.format, place, context.reading, (), context.limits)
    seconds = context.limits.page_seconds + _GRACE_SECONDS
    start = ledger.starting(source.number) if ledger else None
    return context.pool.submit(read_page, arguments, seconds, start)


def _outcome(
    context: RunContext,
    staged: StagedFile,
    source: PageSource,
    ledger: Ledger | None,
    first: Future[PageReading],
) -> PageReading:
    retried: tuple[Finding, ...] = ()
    try:
        reading = first.result()
    except (PageTimedOut, WorkerDied) as error:
        retried = (finding("page_retried", page=source.number, reason=error.rule),)
        try:
            reading = _submit(context, staged, source, ledger).result()
        except SourceError as again:
            return failed_page(source, *retried, page_finding(again, source.number))
    except SourceError as error:
        return failed_page(source, page_finding(error, source.number))
    notes = _on_page(reading.findings, source.number)
    reading = reading.model_copy(update={"number": source.number, "findings": (*notes, *retried)})
    if ledger:
        ledger.keep(reading)
    return reading
