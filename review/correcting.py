"""Carries a person's corrections into a paper's PDF/A: another file with the same pictures and the corrected words.

The stored file is copied with other words on the pages concerned; nothing is rendered, and the file of the version
before stays. A signed file is never rewritten.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from extractors.bundle import unpack
from extractors.corrections import Corrected
from extractors.decided import Decided
from pipeline import renditions
from pipeline.corrections import any_signed, facts_of, kept_signed, lay_corrections, title_of, without_text
from pipeline.renditions import TextJob
from schemas.batches import BatchSheet, StagedFile
from schemas.documents import Document, Verdict
from schemas.errors import SourceError, StoreError
from schemas.events import Event, EventType
from schemas.findings import Finding, finding
from schemas.reading import Format, PageReading
from schemas.renditions import Correction, Rendition, RenditionIdentity, VerdictReport
from schemas.sidecars import RenditionFacts, Sidecar
from schemas.version import TOOL
from storage.catalogue.documents import DocumentRow
from storage.catalogue.provenance import new_event
from storage.objects import keys
from workspace.healing import keep_object
from workspace.opening import Workspace
from workspace.substitutes import fetched, substitutes_of

log = structlog.get_logger(__name__)
# Findings about the PDF/A's check, made anew with every new file.
CHECKED: Final = frozenset({"pdfa_not_checked", "pdfa_invalid"})
# A store error of the object itself, not of the way to it.
_LOST: Final = frozenset({"object_absent", "object_damaged", "object_differs"})


class Redone(NamedTuple):
    """The PDF/A of a paper's next version.

    Attributes:
        facts: for the sidecar; those of the version before if its file stays.
        verdict: of veraPDF.
        findings: what is to be said of it.
        events: its making and check; none if the file stays.
    """

    facts: RenditionFacts | None
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    events: tuple[Event, ...] = ()


class Correcting(NamedTuple):
    """A paper about to get its next version.

    Attributes:
        row, sidecar: the present version.
        paper: the paper as understood with the decisions in force.
        readings: its pages as the machine read them.
        decided: the decisions in force.
        operator: who decided.
    """

    row: DocumentRow
    sidecar: Sidecar
    paper: Document
    readings: Sequence[PageReading]
    decided: Decided
    operator: str


def corrected_rendition(
    workspace: Workspace, work: Correcting, sheet: BatchSheet | None, as_of: date
) -> Redone:
    """Store a PDF/A with a paper's corrections, if they change its text or its title.

    Raises:
        StoreError: the store cannot be reached, or refuses.
    """
    row, facts = work.row, work.sidecar.rendition
    if facts is None:
        return Redone(None, row.verdict)
    book = workspace.rules.book
    lost = {note.page for note in row.document.findings if note.rule == "page_placeholder" and note.page}
    done = lay_corrections(work.paper, work.readings, work.decided, book, sheet, as_of, lost)
    wanted, unplaced = facts_of(done, work.decided), without_text(done)
    retitled = title_of(book, row.document.kind) != title_of(book, work.paper.kind)
    kept = Redone(facts, row.verdict, tuple(unplaced))
    if wanted == facts.corrected and not retitled:
        return kept
    folder = workspace.staging / uuid.uuid4().hex
    folder.mkdir(mode=0o700)
    try:
        path = folder / "before.pdf"
        workspace.store.get(facts.key, path)
        if _is_signed(workspace, work, path, folder):
            targets = [target for target, _ in done.placed] or ["kind"]
            return kept._replace(findings=(*unplaced, *kept_signed(targets)))
        job = _job(workspace, work, path, done, wanted)
        return _stored(workspace, work, job, unplaced)
    except SourceError as error:
        return _unwritten(kept, error)
    except StoreError as error:
        if error.remedy not in _LOST:
            raise
        return _unwritten(kept, error)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unwritten(kept: Redone, error: SourceError | StoreError) -> Redone:
    detail = str(error.params.get("detail", error))[:200]
    log.warning("correction not written", detail=detail)
    return kept._replace(findings=(*kept.findings, finding("correction_unwritten", detail=detail)))


def _is_signed(workspace: Workspace, work: Correcting, rendition: Path, folder: Path) -> bool:
    """True if the PDF/A or an original of the paper carries a digital signature."""
    original = work.sidecar.original
    pdfa = StagedFile(name="", path=str(rendition), sha256="", size=0, format=Format.PDF)
    if any_signed([pdfa]):
        return True
    if original.format in {Format.PDF, Format.BUNDLE}:
        staged = fetched(workspace, original.sha256, folder)
        members = unpack(Path(staged.path), folder) if staged.format is Format.BUNDLE else (staged,)
        if any_signed(members):
            return True
    return any_signed(fetched(workspace, sha256, folder) for sha256 in substitutes_of(original.pages))


def _job(
    workspace: Workspace, work: Correcting, path: Path, done: Corrected, wanted: tuple[Correction, ...]
) -> TextJob:
    """The copy to write: pages that have a correction now, or had one in the file of the version before."""
    facts, original = work.sidecar.rendition, work.sidecar.original
    assert facts is not None
    pages = {made.page for made in (*wanted, *facts.corrected)}
    return TextJob(
        path=path,
        texts=tuple(
            (work.paper.pages.index(reading.number), reading)
            for reading in done.readings
            if reading.number in pages
        ),
        out=path.with_name("after.pdf"),
        identity=RenditionIdentity(
            document_id=work.paper.id,
            original_sha256=original.sha256,
            title=title_of(workspace.rules.book, work.paper.kind),
            created=datetime.fromisoformat(original.received_at),
            corrections=wanted,
        ),
        profile=workspace.rules.rendition.model_copy(update={"flavour": facts.flavour}),
    )


def _stored(workspace: Workspace, work: Correcting, job: TextJob, unplaced: Sequence[Finding]) -> Redone:
    """Write, check and store the copy. A file that fails a check is not stored.

    Raises:
        SourceError: it could not be written, or fails a check.
    """
    limits, pool = workspace.rules.limits, workspace.pool
    rendition = renditions.replace(pool, limits, job)
    broken = renditions.broken(pool, job, rendition)
    if broken:
        raise SourceError("pdfa_failed", detail=str(broken[0].params.get("detail", "")))
    report = _checked(workspace, job)
    if report.verdict is Verdict.INVALID:
        raise SourceError("pdfa_invalid", detail=", ".join(report.rules[:5]))
    notes = list(unplaced)
    if report.verdict is Verdict.NOT_CHECKED:
        notes.append(finding("pdfa_not_checked", reason=report.reason))
    batch = work.row.batch
    key = keys.pdfa(rendition.sha256)
    keep_object(
        workspace,
        key,
        job.out,
        sha256=rendition.sha256,
        content_type="application/pdf",
        subject=work.paper.id,
        batch=batch,
    )
    return Redone(
        _facts(key, rendition, report), report.verdict, tuple(notes), _events(work, rendition, report)
    )


def _checked(workspace: Workspace, job: TextJob) -> VerdictReport:
    if workspace.checker is None:
        return VerdictReport(verdict=Verdict.NOT_CHECKED, reason="veraPDF")
    return workspace.checker.check([job.out], job.profile.flavour)[str(job.out)]


def _facts(key: str, rendition: Rendition, report: VerdictReport) -> RenditionFacts:
    return RenditionFacts(
        key=key,
        sha256=rendition.sha256,
        size=rendition.size,
        pages=rendition.pages,
        flavour=rendition.flavour,
        verdict=report.verdict,
        failed_rules=report.rules,
        corrected=rendition.corrected,
    )


def _events(work: Correcting, rendition: Rendition, report: VerdictReport) -> tuple[Event, ...]:
    def event(kind: EventType, outcome: str, tool: str, **detail: str) -> Event:
        return new_event(
            kind,
            work.paper.id,
            outcome,
            batch=work.row.batch,
            agent=work.operator,
            tool=tool,
            detail={**detail, "version": work.row.version + 1},
        )

    fields = ", ".join(made.target for made in rendition.corrected)
    return (
        event(EventType.CREATION, "corrected", TOOL, corrected=fields, sha256=rendition.sha256),
        event(EventType.VALIDATION, str(report.verdict), "verapdf"),
    )
