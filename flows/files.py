"""One file's way: staged, listed, read, understood, rendered, stored, and only then written into the catalogue.

Nothing here stops a batch: what one file does wrong ends as its findings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from datetime import date
from pathlib import Path
from typing import NamedTuple

import structlog

from extractors.bundle import stage_paper
from extractors.image_quality import with_image_findings
from extractors.intake import stage
from extractors.split import mark_separators
from extractors.understanding import understand
from flows import readings as reading_stage
from flows.documents import Made, make_documents
from flows.plan import BatchPlan, PlannedFile
from schemas.batches import FileStatus, StagedFile
from schemas.documents import Document, Route
from schemas.errors import SohoaError, SourceError
from schemas.events import Event, EventType
from schemas.findings import Finding, Severity, finding
from schemas.reading import PageList, PageReading, PageState
from storage.catalogue import batches, decisions, documents
from storage.catalogue.batches import FileRow, OriginalRow
from workspace.healing import heal_twin
from workspace.opening import TOOL, Workspace

log = structlog.get_logger(__name__)


class FileOutcome(NamedTuple):
    """How one file ended."""

    name: str
    status: FileStatus
    pages: int
    documents: int
    codes: int


class Bench(NamedTuple):
    """What work on a file needs besides the file: the home, the plan, where progress is told."""

    workspace: Workspace
    plan: BatchPlan
    on_page: Callable[[], None]
    as_of: date


def work_on(bench: Bench, planned: PlannedFile) -> FileOutcome:
    """Work on one file to its end. Never raises for what the file is; only for what our own workspace lacks.

    Raises:
        CatalogueError, StoreError: records cannot be kept; the run must not go on as if they were.
    """
    staged: StagedFile | None = None
    try:
        staged = _staged(bench, planned)
        with bench.workspace.alone.over(staged.sha256):
            return _known_or_new(bench, planned, staged)
    except SourceError as error:
        if staged is None and error.rule == "file_absent" and planned.known.attempts == 0:
            error.rule = "file_vanished"
        return _set_aside(bench, planned, staged, *_reasons(error))
    except (SohoaError, CancelledError):
        raise
    except Exception as error:
        # The border of one file's work: what nobody foresaw is this file's finding, and the batch goes on.
        log.exception("file failed", file=planned.entry.name)
        detail = f"{type(error).__name__}: {error}"[:200]
        return _set_aside(bench, planned, staged, finding("work_failed", detail=detail))
    finally:
        for path in staged.paths if staged else ():
            Path(path).unlink(missing_ok=True)


def _staged(bench: Bench, planned: PlannedFile) -> StagedFile:
    workspace, entry = bench.workspace, planned.entry
    limits, root = workspace.rules.limits, bench.plan.inbox.root
    if entry.members is not None:
        return stage_paper(
            entry.members, name=entry.name, staging=workspace.staging, limits=limits, inbox=root
        )
    return stage(entry.path, name=entry.name, staging=workspace.staging, limits=limits, inbox=root)


def _reasons(error: SourceError) -> tuple[Finding, ...]:
    """Why a file is set aside; of a paper in several files also which of them it was."""
    reason = reading_stage.page_finding(error, error.page)
    member = error.params.get("member")
    return (reason,) if member is None else (finding("paper_file_unusable", member=member), reason)


def _known_or_new(bench: Bench, planned: PlannedFile, staged: StagedFile) -> FileOutcome:
    twin = batches.finished_twin(bench.workspace.database, staged.sha256, bench.plan.name, planned.entry.name)
    ours = planned.known.sha256 == staged.sha256 and planned.known.duplicate_of is None
    if twin is not None and not ours:
        heal_twin(bench.workspace, staged, bench.plan.name)
        return _link(bench, planned, staged, twin)
    return _digitise(bench, planned, staged)


def _digitise(bench: Bench, planned: PlannedFile, staged: StagedFile) -> FileOutcome:
    workspace = bench.workspace
    original = batches.receive_original(workspace.database, staged.sha256, staged.size, staged.format)
    pages = original.page_list or reading_stage.list_pages(workspace.pool, staged, workspace.rules)
    if original.page_list is None:
        batches.keep_page_list(workspace.database, staged.sha256, pages)
    entry = reading_stage.LedgerEntry(
        workspace.ledger,
        staged.sha256,
        bench.plan.digests.reading,
        batch=bench.plan.name,
        run=workspace.run.id,
    )
    read = reading_stage.read_pages(workspace.pool, staged, pages, workspace.rules, entry, bench.on_page)
    read = with_image_findings(read, workspace.rules.image, bench.as_of)
    if not any(reading.state is not PageState.FAILED for reading in read):
        return _nothing_readable(bench, planned, staged, pages, read)
    fixed = [row.document.pages for row in documents.of_original(workspace.database, staged.sha256)]
    if staged.members and not fixed:
        # Whoever made the folder said that it is one paper.
        fixed = [tuple(page.number for page in pages.pages)]
    read = mark_separators(read, workspace.rules.book)
    understood = understand(
        staged.sha256,
        read,
        workspace.rules.book,
        bench.plan.sheet,
        bench.as_of,
        splits=fixed or None,
        decided=decisions.of_original(workspace.database, staged.sha256),
    )
    if any(each.rule == "secret_document" for paper in understood for each in paper.findings):
        workspace.ledger.wipe(staged.sha256)
        return _set_aside(bench, planned, staged, finding("secret_document"))
    made = make_documents(workspace, bench.plan, staged, original, pages, read, understood)
    return _commit(bench, planned, staged, pages, read, understood, made)


def _commit(
    bench: Bench,
    planned: PlannedFile,
    staged: StagedFile,
    pages: PageList,
    read: Sequence[PageReading],
    understood: Sequence[Document],
    made: Made,
) -> FileOutcome:
    workspace, plan = bench.workspace, bench.plan
    failed = any(reading.state is PageState.FAILED for reading in read)
    # A page can be read and yet be too damaged to be carried into the PDF/A.
    failed = failed or any(version.document.route is Route.PARTIAL for version in made.versions)
    status = FileStatus.PARTIAL if failed else FileStatus.READ
    notes = (*staged.findings, *pages.findings, *_page_notes(read, understood))
    row = FileRow(
        name=planned.entry.name,
        position=planned.position,
        sha256=staged.sha256,
        status=status,
        findings=notes,
        pages=len(pages.pages),
        accounted=accounted(pages, read, understood),
        duplicate_of=None,
        attempts=planned.known.attempts + 1,
        done_with=plan.done_mark,
    )
    arrived = _event(
        bench, EventType.INGESTION, staged.sha256, str(status), file=planned.entry.name, size=staged.size
    )
    issued = documents.commit(
        workspace.database,
        plan.name,
        workspace.run.id,
        workspace.operator,
        made.versions,
        row,
        lambda document_id, code: _event(bench, EventType.CODE_ISSUED, document_id, "issued", code=code),
        events=[arrived],
    )
    workspace.send()
    return FileOutcome(row.name, status, row.pages, len(issued), sum(1 for each in issued if each.new_code))


def accounted(pages: PageList, read: Sequence[PageReading], understood: Sequence[Document]) -> int:
    """Pages that are somewhere: in a document (blank and failed ones too), or said to be a separator or set aside."""
    held = {number for paper in understood for number in paper.pages}
    told = {
        reading.number
        for reading in read
        if reading.state is not PageState.READ
        or any(each.rule == "page_separator" for each in reading.findings)
    }
    return len({page.number for page in pages.pages} & (held | told))


def _page_notes(read: Sequence[PageReading], understood: Sequence[Document]) -> tuple[Finding, ...]:
    """Findings of pages that no document carries along."""
    carried = {each for paper in understood for each in map(_mark, paper.findings)}
    return tuple(each for reading in read for each in reading.findings if _mark(each) not in carried)


def _mark(each: Finding) -> tuple[str, int | None]:
    return each.rule, each.page


def _nothing_readable(
    bench: Bench, planned: PlannedFile, staged: StagedFile, pages: PageList, read: Sequence[PageReading]
) -> FileOutcome:
    notes = [each for reading in read for each in reading.findings if each.severity is Severity.ERROR]
    return _set_aside(bench, planned, staged, *pages.findings, *notes, pages=len(pages.pages))


def _set_aside(
    bench: Bench, planned: PlannedFile, staged: StagedFile | None, *notes: Finding, pages: int = 0
) -> FileOutcome:
    log.info("file set aside", file=planned.entry.name, rules=[each.rule for each in notes])
    row = FileRow(
        name=planned.entry.name,
        position=planned.position,
        sha256=staged.sha256 if staged else None,
        status=FileStatus.SET_ASIDE,
        findings=(*(staged.findings if staged else ()), *notes),
        pages=pages,
        accounted=pages,
        duplicate_of=None,
        attempts=planned.known.attempts + 1,
        done_with=bench.plan.done_mark,
    )
    told = _event(
        bench,
        EventType.SET_ASIDE,
        staged.sha256 if staged else planned.entry.name[:255],
        "set aside",
        file=planned.entry.name,
        rules=",".join(each.rule for each in notes),
    )
    _write(bench, row, [told])
    return FileOutcome(row.name, row.status, pages, 0, 0)


def _link(bench: Bench, planned: PlannedFile, staged: StagedFile, twin: str) -> FileOutcome:
    """The same bytes again: linked, pages accounted, no document, no code."""
    original: OriginalRow = batches.receive_original(
        bench.workspace.database, staged.sha256, staged.size, staged.format
    )
    pages = len(original.page_list.pages) if original.page_list else 0
    row = FileRow(
        name=planned.entry.name,
        position=planned.position,
        sha256=staged.sha256,
        status=FileStatus.READ,
        findings=(*staged.findings, finding("duplicate_file", of=twin)),
        pages=pages,
        accounted=pages,
        duplicate_of=twin,
        attempts=planned.known.attempts + 1,
        done_with=bench.plan.done_mark,
    )
    for _ in range(pages):
        bench.on_page()
    _write(bench, row, [_event(bench, EventType.LINKED, staged.sha256, "linked", to=twin, file=row.name)])
    return FileOutcome(row.name, row.status, pages, 0, 0)


def _write(bench: Bench, row: FileRow, events: Sequence[Event]) -> None:
    workspace = bench.workspace
    documents.commit(
        workspace.database,
        bench.plan.name,
        workspace.run.id,
        workspace.operator,
        (),
        row,
        lambda document_id, code: _event(bench, EventType.CODE_ISSUED, document_id, "issued", code=code),
        events=events,
    )
    workspace.send()


def _event(bench: Bench, kind: EventType, subject: str, outcome: str, **detail: str | int) -> Event:
    return Event(
        id=documents.new_event_id(),
        type=kind,
        at=batches.now(),
        subject=subject,
        batch=bench.plan.name,
        agent=bench.workspace.operator,
        tool=TOOL,
        outcome=outcome,
        detail=dict(detail),
    )
