"""A file's documents made lasting: PDF/A written, checked and stored, original stored, sidecar stored.

Only then does `flows.files` write the catalogue rows. Objects are addressed by content; a killed run leaves at most
objects that the next one finds and uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from engines import poppler, tesseract
from extractors.routing import route
from extractors.sheets import sheet_of
from flows import renditions
from flows.plan import BatchPlan
from flows.renditions import WriteJob
from schemas.batches import StagedFile
from schemas.documents import Document, Route, Verdict
from schemas.errors import SourceError
from schemas.events import Event, EventType
from schemas.findings import Finding, Severity, finding
from schemas.reading import PageList, PageReading
from schemas.renditions import Rendition, RenditionIdentity, VerdictReport
from schemas.sidecars import OriginalFacts, PageFacts, RenditionFacts, Sidecar
from storage.catalogue import batches, documents
from storage.catalogue.batches import OriginalRow
from storage.catalogue.documents import NewVersion
from storage.objects import keys
from storage.sidecars import write_sidecar
from workspace.healing import keep_object, keep_original
from workspace.opening import TOOL, Workspace


class Made(NamedTuple):
    """The versions to commit; empty where every document is already stored under the same digests."""

    versions: tuple[NewVersion, ...]


class _Written(NamedTuple):
    rendition: Rendition | None
    report: VerdictReport
    findings: tuple[Finding, ...]


def make_documents(
    workspace: Workspace,
    plan: BatchPlan,
    staged: StagedFile,
    original: OriginalRow,
    pages: PageList,
    read: Sequence[PageReading],
    understood: Sequence[Document],
) -> Made:
    """Make every document of a file lasting.

    Raises:
        StoreError: the store refused, lost or changed bytes.
    """
    stored = {row.document.id: row for row in documents.of_original(workspace.database, staged.sha256)}
    fresh = [
        paper
        for paper in understood
        if paper.id not in stored
        or stored[paper.id].digests != plan.digests
        or _was_partial(stored[paper.id])
        or not plan.damaged.isdisjoint({stored[paper.id].pdfa_key, stored[paper.id].sidecar_key})
    ]
    futures = [_submit(workspace, staged, original, pages, read, paper) for paper in fresh]
    keep_original(workspace, staged, plan.name, known=bool(stored))
    versions = []
    for paper, (job, future) in zip(fresh, futures, strict=True):
        try:
            written = _finish(workspace, job, future)
            version = stored[paper.id].version + 1 if paper.id in stored else 1
            versions.append(
                _store(workspace, plan, staged, original, pages, read, paper, written, job.out, version)
            )
        finally:
            job.out.unlink(missing_ok=True)
    return Made(tuple(versions))


def _was_partial(row: documents.DocumentRow) -> bool:
    """A paper with a failed page gets a new version when the page is tried again."""
    return row.document.route is Route.PARTIAL


def _submit(
    workspace: Workspace,
    staged: StagedFile,
    original: OriginalRow,
    pages: PageList,
    read: Sequence[PageReading],
    paper: Document,
) -> tuple[WriteJob, Future[Rendition]]:
    wanted = set(paper.pages)
    sources = tuple(page for page in pages.pages if page.number in wanted)
    readings = tuple(reading for reading in read if reading.number in wanted)
    kind = workspace.rules.book.kind(paper.kind)
    identity = RenditionIdentity(
        document_id=paper.id,
        original_sha256=staged.sha256,
        title=kind.title if kind else "Văn bản",
        created=datetime.fromisoformat(original.received_at),
        agency=workspace.settings.work_agency,
    )
    job = WriteJob(
        path=staged.path,
        kind=staged.format,
        sources=sources,
        readings=readings,
        out=workspace.staging / f"{paper.id}.pdf",
        identity=identity,
        profile=workspace.rules.rendition,
        members=tuple((member.path, member.format) for member in staged.members),
    )
    return job, renditions.submit(workspace.pool, workspace.rules.limits, job)


def _finish(workspace: Workspace, job: WriteJob, future: Future[Rendition]) -> _Written:
    """The written file, checked: by our own structure checks always, by veraPDF where it is."""
    try:
        rendition = renditions.outcome(workspace.pool, workspace.rules.limits, job, future)
    except SourceError as error:
        detail = str(error.params.get("detail", error))[:200]
        return _Written(
            None,
            VerdictReport(verdict=Verdict.NOT_CHECKED),
            (finding("pdfa_failed", page=error.page, detail=detail),),
        )
    out, seconds = job.out, renditions.WRITE_SECONDS + 0.5 * rendition.pages
    wanted = (out, rendition.pages, rendition.flavour, rendition.streams)
    broken = workspace.pool.run("storage.pdfa:check_structure", wanted, seconds)
    if broken:
        return _Written(None, VerdictReport(verdict=Verdict.NOT_CHECKED), tuple(broken))
    if workspace.judge is None:
        report = VerdictReport(verdict=Verdict.NOT_CHECKED, reason="veraPDF")
    else:
        report = workspace.judge.check([out], workspace.rules.rendition.flavour)[str(out)]
    notes: tuple[Finding, ...] = rendition.findings
    if report.verdict is Verdict.INVALID:
        notes = (*notes, finding("pdfa_invalid", rules=", ".join(report.rules[:5])))
    elif report.verdict is Verdict.NOT_CHECKED:
        notes = (*notes, finding("pdfa_not_checked", reason=report.reason))
    return _Written(rendition, report, notes)


def _store(
    workspace: Workspace,
    plan: BatchPlan,
    staged: StagedFile,
    original: OriginalRow,
    pages: PageList,
    read: Sequence[PageReading],
    paper: Document,
    written: _Written,
    out: Path,
    version: int,
) -> NewVersion:
    rendition, verdict = written.rendition, written.report.verdict
    told = {(each.rule, each.page) for each in paper.findings}
    notes = (*paper.findings, *(each for each in written.findings if (each.rule, each.page) not in told))
    paper = paper.model_copy(update={"findings": notes})
    lost = any(each.page and each.severity is Severity.ERROR for each in written.findings)
    if rendition is None or verdict is Verdict.INVALID or lost:
        lowered = route(paper, workspace.rules.book, notes, verdict)
        paper = paper.model_copy(update={"route": lowered})
    pdfa_key = None
    if rendition is not None:
        pdfa_key = keys.pdfa(rendition.sha256)
        keep_object(
            workspace,
            pdfa_key,
            out,
            sha256=rendition.sha256,
            content_type="application/pdf",
            subject=paper.id,
            batch=plan.name,
            known=version > 1 and pdfa_key in plan.damaged,
        )
    events = _events(workspace, plan, paper, verdict, rendition)
    wanted = set(paper.pages)
    sidecar = Sidecar(
        document=paper,
        version=version,
        digests=plan.digests,
        batch=plan.name,
        file=staged.name,
        sheet=sheet_of(plan.sheet, read, paper.pages[0]),
        original=OriginalFacts(
            key=keys.original(staged.sha256),
            sha256=staged.sha256,
            size=staged.size,
            format=staged.format,
            received_at=original.received_at,
            pages=tuple(page for page in pages.pages if page.number in wanted),
            findings=(*staged.findings, *pages.findings),
        ),
        pages=tuple(PageFacts.of(reading) for reading in read if reading.number in wanted),
        rendition=RenditionFacts(
            key=pdfa_key or "",
            sha256=rendition.sha256,
            size=rendition.size,
            pages=rendition.pages,
            flavour=workspace.rules.rendition.flavour,
            verdict=verdict,
            failed_rules=written.report.rules,
        )
        if rendition is not None
        else None,
        operator=workspace.operator,
        run=workspace.run.id,
        written_at=batches.now(),
        tools=tools(workspace),
        events=events,
    )
    stored = write_sidecar(workspace.store, sidecar)
    return NewVersion(
        document=paper,
        digests=plan.digests,
        version=version,
        verdict=verdict,
        pdfa_key=pdfa_key,
        pdfa_sha256=rendition.sha256 if rendition else None,
        sidecar_key=stored.key,
        sidecar_sha256=stored.sha256,
        parts=documents.parts_of(paper) if paper.route is Route.ACCEPTED else None,
        events=events,
    )


def tools(workspace: Workspace) -> dict[str, str]:
    """Names and versions of what made a document."""
    rendered = poppler.probe()
    return {
        "sohoa": TOOL,
        "ocr": tesseract.identity(workspace.rules.reading.engine, workspace.rules.reading.languages),
        "poppler": rendered.version if rendered else "",
    }


def _events(
    workspace: Workspace, plan: BatchPlan, paper: Document, verdict: Verdict, rendition: Rendition | None
) -> tuple[Event, ...]:
    def event(kind: EventType, outcome: str, tool: str = TOOL) -> Event:
        return Event(
            id=documents.new_event_id(),
            type=kind,
            at=batches.now(),
            subject=paper.id,
            batch=plan.name,
            agent=workspace.operator,
            tool=tool,
            outcome=outcome,
        )

    made = [
        event(EventType.OCR, "done", tools(workspace)["ocr"]),
        event(EventType.METADATA_EXTRACTION, paper.kind or "unknown"),
        event(EventType.CREATION, "written" if rendition else "failed"),
        event(EventType.VALIDATION, str(verdict), "verapdf"),
    ]
    return tuple(made)
