"""Writes a PDF/A in a worker, one job per document, with one retry without the pages that may have crashed it."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path
from typing import NamedTuple

from engines.pool import WorkPool
from schemas.errors import PageTimedOut, WorkerDied
from schemas.findings import Finding, Severity
from schemas.reading import Format, PageReading, PageSource, PageState
from schemas.renditions import Rendition, RenditionIdentity
from schemas.rules import Limits, RenditionProfile

WRITE_SECONDS = 60.0


class WriteJob(NamedTuple):
    """What `storage.pdfa.write_pdfa` is called with, in its order."""

    path: str
    kind: Format
    sources: tuple[PageSource, ...]
    readings: tuple[PageReading, ...]
    out: Path
    identity: RenditionIdentity
    profile: RenditionProfile
    members: tuple[tuple[str, Format], ...] = ()


class TextJob(NamedTuple):
    """What `storage.pdfa.replace_text` is called with, in its order."""

    path: Path
    texts: tuple[tuple[int, PageReading], ...]
    out: Path
    identity: RenditionIdentity
    profile: RenditionProfile


def replace(pool: WorkPool, limits: Limits, job: TextJob) -> Rendition:
    """Write a copy of a PDF/A with other words.

    Raises:
        SourceError: nothing was written.
    """
    from storage.pdfa import replace_text  # noqa: PLC0415 - pikepdf: only where there is work

    seconds = WRITE_SECONDS + limits.rendition_seconds_per_page * len(job.texts)
    return pool.run(replace_text, (*job,), seconds)


def submit(pool: WorkPool, limits: Limits, job: WriteJob) -> Future[Rendition]:
    """Queue the writing of a PDF/A."""
    seconds = WRITE_SECONDS + limits.rendition_seconds_per_page * len(job.sources)
    from storage.pdfa import write_pdfa  # noqa: PLC0415 - pikepdf: only where there is work

    return pool.submit(write_pdfa, (*job._replace(out=job.out.absolute()),), seconds)


def outcome(pool: WorkPool, limits: Limits, job: WriteJob, future: Future[Rendition]) -> Rendition:
    """The written file.

    If the worker died or hung on a document with unreadable pages, those pages are the likely cause: the document
    is written again with a placeholder sheet for every unreadable page.

    Raises:
        SourceError: nothing was written.
    """
    try:
        return future.result()
    except (PageTimedOut, WorkerDied):
        spared = job._replace(sources=_without_failed(job))
        if spared.sources == job.sources:
            raise
        return submit(pool, limits, spared).result()


def broken(pool: WorkPool, job: WriteJob | TextJob, rendition: Rendition) -> tuple[Finding, ...]:
    """Structural problems of a written file; empty if there are none."""
    from storage.pdfa import check_structure  # noqa: PLC0415 - pikepdf: only where there is work

    seconds = WRITE_SECONDS + 0.5 * rendition.pages
    arguments = (job.out, rendition.pages, rendition.flavour, rendition.streams)
    return pool.run(check_structure, arguments, seconds)


def _without_failed(job: WriteJob) -> tuple[PageSource, ...]:
    """Mark pages whose reading failed with the errors of that reading, so that they are not drawn."""
    errors = {
        reading.number: tuple(finding for finding in reading.findings if finding.severity is Severity.ERROR)
        for reading in job.readings
        if reading.state is PageState.FAILED
    }
    return tuple(
        source.model_copy(update={"findings": errors[source.number]}) if errors.get(source.number) else source
        for source in job.sources
    )
