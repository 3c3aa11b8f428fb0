"""The steps of a file's work: stage → pages → read → understand → settle → render. Each takes the file to the next.

What happens to the result (kept, shown, delivered) depends on the command: `pipeline.keeping`, `pipeline.single`.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from extractors.bundle import stage_paper
from extractors.decided import still_open
from extractors.image_quality import with_image_findings
from extractors.intake import stage as stage_file
from pipeline import readings, renditions
from pipeline.corrections import (
    any_signed,
    facts_of,
    kept_signed,
    lay_corrections,
    title_of,
    without_text,
)
from pipeline.renditions import WriteJob
from pipeline.work import FileRefused, FileWork, Written
from schemas.documents import Document, Verdict, document_id
from schemas.errors import SourceError
from schemas.findings import Finding, Severity, finding, joined
from schemas.reading import PageReading, PageSource, PageState
from schemas.renditions import Correction, Rendition, RenditionIdentity, VerdictReport
from schemas.routing import route
from schemas.rules import Rulebook


def stage(work: FileWork) -> FileWork:
    """Copy and hash the file."""
    context, source = work.context, work.source
    if source.members is None:
        staged = stage_file(
            source.path, name=source.name, staging=work.folder, limits=context.limits, inbox=context.inbox
        )
    else:
        staged = stage_paper(
            source.members, name=source.name, staging=work.folder, limits=context.limits, inbox=context.inbox
        )
    return work.having(staged=staged)


def pages(work: FileWork) -> FileWork:
    """List its pages, if they were not listed before."""
    listed = work.before.pages
    if listed is None:
        listed = readings.list_pages(work.context, work.file)
        work.before.keep_pages(listed)
    if work.before.complete is not None:
        work = work.having(staged=work.before.complete(listed, work.folder))
    return work.having(pages=listed)


def read(work: FileWork) -> FileWork:
    """Read its pages and measure their images."""
    context = work.context
    if work.before.released:
        marks = context.reading.marks.model_copy(update={"released": True})
        context = replace(context, reading=context.reading.model_copy(update={"marks": marks}))
    done = readings.read_pages(context, work.file, work.listed, work.before.ledger)
    return work.having(readings=with_image_findings(done, context.image, context.as_of))


def understand(work: FileWork) -> FileWork:
    """Split the file into papers and analyse them."""
    from extractors.split import mark_separators  # noqa: PLC0415 - `pdfa` need not understand
    from extractors.understanding import understand as papers_of  # noqa: PLC0415

    context, rules = work.context, _rulebook(work)
    if all(reading.state is PageState.FAILED for reading in work.readings):
        errors = [
            note for reading in work.readings for note in reading.findings if note.severity is Severity.ERROR
        ]
        raise FileRefused(*work.listed.findings, *errors)
    splits = list(work.before.splits)
    if work.file.members and not splits:
        # A `.paper` folder is one paper by definition.
        splits = [tuple(page.number for page in work.listed.pages)]
    marked = mark_separators(work.readings, rules)
    papers = papers_of(
        work.file.sha256,
        marked,
        rules,
        context.sheet.of_file(work.file.name) if context.sheet else None,
        context.as_of,
        splits=splits or None,
        decided=work.before.decided,
        name=work.file.name,
    )
    return work.having(readings=marked, papers=papers)


def settle(work: FileWork) -> FileWork:
    """Refuse a file with a secret paper in it: neither its words nor its pictures go further."""
    if any(note.rule == "secret_document" for paper in work.papers for note in paper.findings):
        raise FileRefused(finding("secret_document"))
    return work


def settle_as_one(work: FileWork) -> FileWork:
    """Treat the whole file as one paper without analysing it."""
    numbers = tuple(page.number for page in work.listed.pages)
    whole = Document(id=document_id(work.file.sha256, numbers), sha256=work.file.sha256, pages=numbers)
    return work.having(papers=(whole,))


def render(work: FileWork) -> FileWork:
    """Write and check the PDF/A of every paper that is not stored already."""
    fresh = [paper for paper in work.papers if paper.id not in work.before.current]
    corrected = [_corrected(work, paper) for paper in fresh]
    jobs = [_job(work, paper, laid) for paper, laid in zip(fresh, corrected, strict=True)]
    limits, pool = work.context.limits, work.context.pool
    futures = [renditions.submit(pool, limits, job) for job in jobs]
    written = [
        _written(work, paper, job, future, laid.notes)
        for paper, job, future, laid in zip(fresh, jobs, futures, corrected, strict=True)
    ]
    return work.having(written=tuple(written))


def of_paper(work: FileWork, paper: Document) -> tuple[PageReading, ...]:
    """Readings of a paper's pages."""
    own = set(paper.pages)
    return tuple(reading for reading in work.readings if reading.number in own)


def _rulebook(work: FileWork) -> Rulebook:
    assert work.context.rulebook is not None
    return work.context.rulebook


class _Laid(NamedTuple):
    """A paper's pages with persons' values in their text, and what is to be said of those that are not."""

    readings: tuple[PageReading, ...]
    corrections: tuple[Correction, ...] = ()
    notes: tuple[Finding, ...] = ()


def _corrected(work: FileWork, paper: Document) -> _Laid:
    """A paper's pages for its text layer."""
    context, readings, decided = work.context, of_paper(work, paper), work.before.decided.get(paper.id, {})
    if context.rulebook is None or not decided:
        return _Laid(readings)
    sheet = context.sheet.of_file(work.file.name) if context.sheet else None
    done = lay_corrections(paper, readings, decided, context.rulebook, sheet, context.as_of)
    notes = without_text(done)
    if done.placed and any_signed(work.file.members or (work.file,)):
        notes += kept_signed(target for target, _ in done.placed)
        return _Laid(readings, (), tuple(notes))
    return _Laid(done.readings, facts_of(done, decided), tuple(notes))


def _job(work: FileWork, paper: Document, laid: _Laid) -> WriteJob:
    context, staged = work.context, work.file
    assert context.rendition is not None
    identity = RenditionIdentity(
        document_id=paper.id,
        original_sha256=staged.sha256,
        title=_title(work, paper),
        created=work.before.received,
        agency=context.agency,
        corrections=laid.corrections,
    )
    own = set(paper.pages)
    return WriteJob(
        path=staged.path,
        kind=staged.format,
        sources=tuple(_sized(page, work.readings) for page in work.listed.pages if page.number in own),
        readings=laid.readings,
        out=work.folder / f"{paper.id}.pdf",
        identity=identity,
        profile=context.rendition,
        members=tuple((member.path, member.format) for member in staged.members),
    )


def _sized(source: PageSource, readings: Sequence[PageReading]) -> PageSource:
    """A page whose file tells no resolution, with the one that image QA found: one page has one size everywhere."""
    if source.dpi is not None or source.page_points is not None:
        return source
    found = next((reading.measures.dpi for reading in readings if reading.number == source.number), None)
    return source.model_copy(update={"dpi": found})


def _title(work: FileWork, paper: Document) -> str:
    if work.context.rulebook is None:
        return Path(work.file.name).stem
    return title_of(work.context.rulebook, paper.kind)


def _written(
    work: FileWork, paper: Document, job: WriteJob, future: Future[Rendition], said: Sequence[Finding]
) -> Written:
    """Check the written file: always with our structure checks, with veraPDF if it is installed.

    `said` is what there is to say of persons' values in its text.
    """
    context = work.context
    unchecked = VerdictReport(verdict=Verdict.NOT_CHECKED)
    try:
        rendition = renditions.outcome(context.pool, context.limits, job, future)
    except SourceError as error:
        detail = str(error.params.get("detail", error))[:200]
        failed = finding("pdfa_failed", page=error.page, detail=detail)
        return _routed(work, Written(paper, job.out, None, unchecked, (failed,), error))
    broken = renditions.broken(context.pool, job, rendition)
    if broken:
        return _routed(work, Written(paper, job.out, None, unchecked, broken))
    if context.verapdf is None:
        report = VerdictReport(verdict=Verdict.NOT_CHECKED, reason="veraPDF")
    else:
        report = context.verapdf.check([job.out], job.profile.flavour)[str(job.out)]
    notes = (*rendition.findings, *said)
    if report.verdict is Verdict.INVALID:
        notes = (*notes, finding("pdfa_invalid", rules=", ".join(report.rules[:5])))
    elif report.verdict is Verdict.NOT_CHECKED and (context.verapdf or context.says_unchecked):
        notes = (*notes, finding("pdfa_not_checked", reason=report.reason))
    return _routed(work, Written(paper, job.out, rendition, report, notes))


def _routed(work: FileWork, written: Written) -> Written:
    """The paper with what was found as it was written, and routed with that."""
    paper = written.paper.model_copy(update={"findings": joined(written.paper.findings, written.findings)})
    if work.context.rulebook is None:
        return written._replace(paper=paper)
    on_pages = [note for reading in of_paper(work, paper) for note in reading.findings]
    open_notes = still_open(on_pages, work.before.decided.get(paper.id, {}))
    decided = route(paper, work.context.rulebook, open_notes, written.report.verdict)
    return written._replace(paper=paper.model_copy(update={"route": decided}))
