"""Persists the result of a file: first original, PDF/A files and sidecars, then its catalogue rows.

Objects are addressed by content; a killed run leaves at most objects that the next one finds and uses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

import structlog

from engines import ocr, poppler
from extractors.sheets import sheet_of
from pipeline import steps
from pipeline.ledger_entry import LedgerEntry
from pipeline.plan import BatchPlan, PlannedFile, hash_entry
from pipeline.work import SECRET, FileWork, Known, RunContext, Source, Step, Written, take_through
from schemas.batches import FileStatus, StagedFile
from schemas.documents import Document, Route
from schemas.errors import SourceError
from schemas.events import Event, EventType
from schemas.findings import Finding, finding, new_among
from schemas.reading import PageList, PageState
from schemas.review import sheet_said
from schemas.sidecars import OriginalFacts, PageFacts, RenditionFacts, Sidecar
from schemas.version import TOOL
from storage.catalogue import batches, decisions, documents, originals, releases
from storage.catalogue.batches import FileRow
from storage.catalogue.database import Database
from storage.catalogue.documents import NewVersion
from storage.catalogue.provenance import new_event
from storage.objects import keys
from storage.sidecars import write_sidecar
from workspace import searching
from workspace.healing import heal_twin, keep_object, keep_original
from workspace.holding import extend
from workspace.opening import Workspace
from workspace.substitutes import edits_of, with_substitutes

log = structlog.get_logger(__name__)
STEPS: tuple[Step, ...] = (steps.pages, steps.read, steps.understand, steps.settle, steps.render)


class FileOutcome(NamedTuple):
    """Outcome of one file."""

    name: str
    status: FileStatus
    pages: int
    documents: int
    codes: int


@dataclass(frozen=True)
class BatchRun:
    """A batch being run: its home, its plan, and the context that all its files share."""

    workspace: Workspace
    plan: BatchPlan
    context: RunContext

    @cached_property
    def tools(self) -> dict[str, str]:
        """Names and versions of the tools that make this run's documents."""
        rendered = poppler.probe()
        return {
            "sohoa": TOOL,
            "ocr": ocr.identity(self.workspace.rules.reading),
            "poppler": rendered.version if rendered else "",
        }

    def event(self, kind: EventType, subject: str, outcome: str, **detail: str | int) -> Event:
        """An event of this run."""
        agent = self.workspace.operator
        return new_event(kind, subject, outcome, batch=self.plan.name, agent=agent, tool=TOOL, detail=detail)

    def commit(self, row: FileRow, versions: Sequence[NewVersion], event: Event) -> list[documents.Committed]:
        """Commit a file's status with its documents and codes in one transaction, then store its events."""
        done = documents.commit(
            self.workspace.database,
            self.plan.name,
            self.workspace.run_id,
            self.workspace.operator,
            versions,
            row,
            lambda document_id, code: self.event(EventType.CODE_ISSUED, document_id, "issued", code=code),
            events=[event],
        )
        extend(self.workspace, [version.document.id for version in versions])
        self.workspace.send_soon()
        return done


def open_run(workspace: Workspace, plan: BatchPlan, on_page: Callable[[], None], as_of: date) -> BatchRun:
    """Context for processing the files of a batch.

    Raises:
        SetupError: veraPDF is required and absent.
    """
    rules = workspace.rules
    context = RunContext(
        limits=rules.limits,
        reading=rules.reading,
        image=rules.image,
        pool=workspace.pool,
        staging=workspace.staging,
        as_of=as_of,
        recall=lambda staged: _recall(workspace, plan, staged),
        on_page=on_page,
        inbox=plan.inbox.root,
        rulebook=rules.book,
        sheet=plan.sheet,
        rendition=rules.rendition,
        verapdf=workspace.checker,
        agency=workspace.settings.work_agency,
    )
    return BatchRun(workspace, plan, context)


def _recall(workspace: Workspace, plan: BatchPlan, staged: StagedFile) -> Known:
    database, sha256 = workspace.database, staged.sha256
    original = originals.find(database, sha256)
    received = original.received_at if original else batches.now()
    stored = documents.of_original(database, sha256)
    listed = original.page_list if original else None
    return Known(
        received=datetime.fromisoformat(received),
        pages=listed,
        ledger=ledger_entry(workspace, plan, sha256, listed),
        splits=tuple(row.document.pages for row in stored),
        decided=decisions.of_original(database, sha256),
        released=releases.is_released(database, sha256),
        # A paper with a failed page gets a new version when the page is tried again.
        current=frozenset(
            row.document.id
            for row in stored
            if row.digests == plan.digests
            and row.document.route is not Route.PARTIAL
            and plan.damaged.isdisjoint({row.pdfa_key, row.sidecar_key})
        ),
        keep_pages=lambda pages: _enter(database, staged, received, pages),
        complete=lambda pages, folder: with_substitutes(workspace, staged, pages, folder),
    )


def _enter(database: Database, staged: StagedFile, received: str, pages: PageList | None) -> None:
    originals.receive(database, staged.sha256, staged.size, staged.format, at=received, pages=pages)


def ledger_entry(workspace: Workspace, plan: BatchPlan, sha256: str, pages: PageList | None) -> LedgerEntry:
    """Readings kept of an original, under the digest of a plan and the edits of its pages."""
    edits = edits_of(pages.pages if pages else ())
    digest, run = plan.digests.reading, workspace.run_id
    return LedgerEntry(workspace.ledger, sha256, digest, batch=plan.name, run=run, edits=edits)


def work_on(run: BatchRun, planned: PlannedFile) -> FileOutcome:
    """Work on one file to its end. Never raises for a bad file, only if storage fails.

    Raises:
        CatalogueError, StoreError: records cannot be kept; the run must not go on as if they were.
    """
    entry = planned.entry
    source = Source(entry.path, entry.name, entry.members)
    return take_through(
        run.context, source, steps.stage, KeepInBatch(run, planned), run.workspace.document_locks.hold
    )


@dataclass(frozen=True)
class KeepInBatch:
    """The task of `digitize`: a file's papers are kept in store and catalogue."""

    run: BatchRun
    planned: PlannedFile
    steps: Sequence[Step] = STEPS

    def already_done(self, work: FileWork) -> FileOutcome | None:
        """Record a duplicate file: linked and its pages counted, but no document and no code."""
        database, name = self.run.workspace.database, self.run.plan.name
        staged, known = work.file, self.planned.known
        twin = batches.finished_twin(database, staged.sha256, name, self.planned.entry.name)
        if twin is None or (known.sha256 == staged.sha256 and known.duplicate_of is None):
            return None
        heal_twin(self.run.workspace, staged, name)
        original = originals.receive(database, staged.sha256, staged.size, staged.format)
        pages = len(original.page_list.pages) if original.page_list else 0
        row = self._row(work, FileStatus.READ, (*staged.findings, finding("duplicate_file", of=twin)))
        row = row._replace(pages=pages, accounted=pages, duplicate_of=twin)
        for _ in range(pages):
            work.context.on_page()
        linked = self.run.event(EventType.LINKED, staged.sha256, "linked", to=twin, file=row.name)
        self.run.commit(row, (), linked)
        return FileOutcome(row.name, row.status, pages, 0, 0)

    def finish(self, work: FileWork) -> FileOutcome:
        """Store everything, then write the rows."""
        versions = _store(self.run, work)
        # A page can be read and yet be too damaged to be carried into the PDF/A.
        failed = any(reading.state is PageState.FAILED for reading in work.readings)
        failed = failed or any(version.document.route is Route.PARTIAL for version in versions)
        status = FileStatus.PARTIAL if failed else FileStatus.READ
        row = self._row(work, status, (*work.file_findings, *loose_findings(work)))
        row = row._replace(pages=len(work.listed.pages), accounted=accounted(work))
        size = work.file.size
        arrived = self.run.event(EventType.INGESTION, work.file.sha256, str(status), file=row.name, size=size)
        issued = self.run.commit(row, versions, arrived)
        codes = sum(1 for committed in issued if committed.new_code)
        return FileOutcome(row.name, status, row.pages, len(issued), codes)

    def set_aside(self, work: FileWork, findings: Sequence[Finding]) -> FileOutcome:
        """Record why the file cannot be used."""
        name = self.planned.entry.name
        rules = [note.rule for note in findings]
        log.info("file set aside", file=name, rules=rules)
        secret = not SECRET.isdisjoint(rules)
        if secret:
            self.run.workspace.ledger.wipe(work.file.sha256)
            searching.forget(self.run.workspace.database, self.run.workspace.settings.home, work.file.sha256)
        elif work.known is not None and work.pages is None:
            # Its pages could not be listed; that it came is on record all the same.
            _enter(self.run.workspace.database, work.file, work.known.received.isoformat(), None)
        if rules == ["file_absent"] and self.planned.known.attempts == 0:
            findings = (finding("file_vanished"),)
        opened = len(work.listed.pages) if work.readings and not secret else 0
        sha256 = work.staged.sha256 if work.staged else self._hash(findings)
        staged = work.staged.findings if work.staged else ()
        row = self._row(work, FileStatus.SET_ASIDE, (*staged, *findings))
        row = row._replace(sha256=sha256, pages=opened, accounted=opened)
        detail = ",".join(note.rule for note in findings)
        subject = work.staged.sha256 if work.staged else name[:255]
        event = self.run.event(EventType.SET_ASIDE, subject, "set aside", file=name, rules=detail)
        self.run.commit(row, (), event)
        return FileOutcome(row.name, row.status, opened, 0, 0)

    def _row(self, work: FileWork, status: FileStatus, findings: tuple[Finding, ...]) -> FileRow:
        return FileRow(
            name=self.planned.entry.name,
            position=self.planned.position,
            sha256=work.staged.sha256 if work.staged else None,
            status=status,
            findings=findings,
            pages=0,
            accounted=0,
            duplicate_of=None,
            attempts=self.planned.known.attempts + 1,
            done_with=self.run.plan.done_mark,
        )

    def _hash(self, findings: Sequence[Finding]) -> str | None:
        """SHA-256 of a file refused before it was staged, so that the next run skips the same bytes."""
        if any(note.transient for note in findings):
            return None
        try:
            return hash_entry(self.run.context.limits, self.run.plan.inbox, self.planned.entry).sha256
        except SourceError:
            return None


def accounted(work: FileWork) -> int:
    """Accounted pages: in a document (including blank and failed ones), marked as a separator, or set aside."""
    held = {number for paper in work.papers for number in paper.pages}
    apart = {
        reading.number
        for reading in work.readings
        if reading.state is not PageState.READ
        or any(note.rule == "page_separator" for note in reading.findings)
    }
    return len({page.number for page in work.listed.pages} & (held | apart))


def loose_findings(work: FileWork) -> tuple[Finding, ...]:
    """Findings of pages that belong to no paper."""
    carried = [note for paper in work.papers for note in paper.findings]
    return new_among((note for reading in work.readings for note in reading.findings), carried)


def _store(run: BatchRun, work: FileWork) -> list[NewVersion]:
    """Store the original and what was written of it. Returns the versions to commit.

    Raises:
        StoreError: the store refused, lost or changed bytes.
    """
    stored = documents.of_original(run.workspace.database, work.file.sha256)
    keep_original(run.workspace, work.file, run.plan.name, known=bool(stored))
    versions = {row.document.id: row.version for row in stored}
    return [
        stored_version(run, work, written, versions.get(written.paper.id, 0) + 1) for written in work.written
    ]


def stored_version(run: BatchRun, work: FileWork, written: Written, version: int) -> NewVersion:
    """Store a written paper's PDF/A and sidecar. Returns the version to commit.

    Raises:
        StoreError: the store refused, lost or changed bytes.
    """
    paper, rendition = written.paper, written.rendition
    pdfa_key = None
    if rendition is not None:
        pdfa_key = keys.pdfa(rendition.sha256)
        keep_object(
            run.workspace,
            pdfa_key,
            written.path,
            sha256=rendition.sha256,
            content_type="application/pdf",
            subject=paper.id,
            batch=run.plan.name,
            known=version > 1 and pdfa_key in run.plan.damaged,
        )
        written.path.unlink(missing_ok=True)
    events = _events(run, written)
    stored = write_sidecar(run.workspace.store, _sidecar(run, work, written, version, events))
    return NewVersion(
        document=paper,
        digests=run.plan.digests,
        version=version,
        verdict=written.report.verdict,
        pdfa_key=pdfa_key,
        pdfa_sha256=rendition.sha256 if rendition else None,
        sidecar_key=stored.key,
        sidecar_sha256=stored.sha256,
        parts=documents.parts_of(paper) if paper.route is Route.ACCEPTED else None,
        events=events,
    )


def _sidecar(
    run: BatchRun, work: FileWork, written: Written, version: int, events: tuple[Event, ...]
) -> Sidecar:
    paper, plan = written.paper, run.plan
    return Sidecar(
        document=paper,
        version=version,
        digests=plan.digests,
        batch=plan.name,
        file=work.file.name,
        sheet=sheet_said(
            sheet_of(
                plan.sheet.of_file(work.file.name) if plan.sheet else None, work.readings, paper.pages[0]
            ),
            work.before.decided.get(paper.id, {}),
        ),
        original=_original_facts(work, paper),
        pages=tuple(PageFacts.of(reading) for reading in steps.of_paper(work, paper)),
        rendition=_rendition_facts(run, written),
        operator=run.workspace.operator,
        run=run.workspace.run_id,
        written_at=batches.now(),
        tools=run.tools,
        events=events,
    )


def _original_facts(work: FileWork, paper: Document) -> OriginalFacts:
    own = set(paper.pages)
    return OriginalFacts(
        key=keys.original(work.file.sha256),
        sha256=work.file.sha256,
        size=work.file.size,
        format=work.file.format,
        received_at=work.before.received.isoformat(timespec="milliseconds"),
        pages=tuple(page for page in work.listed.pages if page.number in own),
        findings=work.file_findings,
    )


def _rendition_facts(run: BatchRun, written: Written) -> RenditionFacts | None:
    rendition = written.rendition
    if rendition is None:
        return None
    return RenditionFacts(
        key=keys.pdfa(rendition.sha256),
        sha256=rendition.sha256,
        size=rendition.size,
        pages=rendition.pages,
        flavour=run.workspace.rules.rendition.flavour,
        verdict=written.report.verdict,
        failed_rules=written.report.rules,
        corrected=rendition.corrected,
    )


def _events(run: BatchRun, written: Written) -> tuple[Event, ...]:
    paper, workspace = written.paper, run.workspace

    def event(kind: EventType, outcome: str, tool: str = TOOL) -> Event:
        return new_event(kind, paper.id, outcome, batch=run.plan.name, agent=workspace.operator, tool=tool)

    return (
        event(EventType.OCR, "done", run.tools["ocr"]),
        event(EventType.METADATA_EXTRACTION, paper.kind or "unknown"),
        event(EventType.CREATION, "written" if written.rendition else "failed"),
        event(EventType.VALIDATION, str(written.report.verdict), "verapdf"),
    )
