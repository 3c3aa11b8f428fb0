"""Gathers the data of a batch's report, validates it with great-expectations and writes the pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from configs.loader import load_code_forms
from quality import batch_report, datadocs, document_table, expectations
from quality.report_audit import fingerprint
from quality.report_voice import Voice
from schemas.batches import FileStatus
from schemas.clock import VIETNAM, today
from schemas.documents import Document, Route
from schemas.expectations import in_force
from schemas.findings import Finding, joined
from schemas.reports import (
    BatchReportData,
    ExpectationReport,
    PageFates,
    ReportedDecision,
    ReportedDuplicate,
    ReportedFile,
    ReportedPaper,
)
from schemas.review import field_told
from schemas.routing import reasons_to_wait
from schemas.rules import Rulebook
from schemas.sidecars import PageFacts
from schemas.wording import render, section
from storage.catalogue import batches, decisions, documents, runs
from storage.catalogue.batches import FileRow
from storage.catalogue.documents import DocumentRow
from workspace import issuing
from workspace.checked_values import checked_in
from workspace.opening import Workspace
from workspace.report_pictures import examples

Facts = dict[str, dict[int, PageFacts]]


def write_reports(workspace: Workspace, batch: str, folder: Path) -> tuple[Path, Path]:
    """Write the quality report and the Data Docs of a batch. Returns the pages to open first."""
    rows, files, facts = _records(workspace, batch)
    validated = _validated(workspace, batch, rows, files, facts)
    lang, data_docs = workspace.settings.lang, folder / "data-docs.html"
    data = _data(workspace, batch, rows, files, facts, validated.report, data_docs)
    voice = Voice(lang, lambda finding: render(finding, lang))
    datadocs.write_data_docs(validated, data.papers, data_docs, voice)
    report, printed = folder / "report.html", fingerprint(data)
    if not issuing.put_back(workspace, batch, printed, report):
        pictures = examples(workspace, rows, files, folder / "pictures")
        batch_report.write_batch_report(data, report, voice.render, lang, pictures)
        issuing.issue(workspace, batch, printed, report, str(data.state))
    return report, data_docs


def fingerprint_now(workspace: Workspace, batch: str) -> str:
    """The fingerprint that a report of a batch would have if it were made now."""
    rows, files, facts = _records(workspace, batch)
    validated = _validated(workspace, batch, rows, files, facts)
    return fingerprint(_data(workspace, batch, rows, files, facts, validated.report, Path()))


def _records(workspace: Workspace, batch: str) -> tuple[list[DocumentRow], list[FileRow], Facts]:
    files = list(batches.files(workspace.database, batch).values())
    facts: Facts = {row.sha256: workspace.ledger.facts(row.sha256) for row in files if row.sha256}
    return documents.of_batch(workspace.database, batch), files, facts


def _validated(
    workspace: Workspace, batch: str, rows: Sequence[DocumentRow], files: Sequence[FileRow], facts: Facts
) -> expectations.Validated:
    book = workspace.rules.book
    confidence = {}
    for row in rows:
        known = [_confidence(facts, row.document, number) for number in row.document.pages]
        sure = [value for value in known if value is not None]
        if sure:
            confidence[row.document.id] = sum(sure) / len(sure)
    yardstick = document_table.Yardstick(
        kinds={kind.id: kind for kind in book.kinds},
        thresholds=book.thresholds,
        page_counts={row.sha256: row.pages for row in files if row.sha256},
        page_confidence=confidence,
    )
    table = document_table.tidy(rows, yardstick)
    suite = in_force(workspace.rules.expectations, _day(workspace, batch))
    return expectations.validate(batch, table, suite, workspace.settings.lang)


def _day(workspace: Workspace, batch: str) -> date:
    """The day whose expectations apply to a batch: that of its last run, even if the report is written later."""
    run = runs.last_run(workspace.database, batch)
    return datetime.fromisoformat(run[0]).astimezone(VIETNAM).date() if run else today()


def _confidence(facts: Facts, document: Document, number: int) -> float | None:
    page = facts.get(document.sha256, {}).get(number)
    return page.confidence if page else None


def _data(
    workspace: Workspace,
    batch: str,
    rows: Sequence[DocumentRow],
    files: Sequence[FileRow],
    facts: Facts,
    validated: ExpectationReport,
    data_docs: Path,
) -> BatchReportData:
    counted, pages = batches.counts(workspace.database, batch)
    run, made_at = runs.last_run(workspace.database, batch), datetime.now(VIETNAM)
    row = batches.batch(workspace.database, batch)
    notes: list[Finding] = [*row.findings]
    for file in files:
        notes += [finding.model_copy(update={"file": file.name}) for finding in file.findings]
    places = [("store", workspace.settings.store_place), ("data_docs", str(data_docs))]
    form = load_code_forms().on(made_at.date())
    return BatchReportData(
        batch=batch,
        state=row.ending or row.state,
        operator=run[2] if run else workspace.operator,
        made_at=made_at,
        started=datetime.fromisoformat(run[0]).astimezone(VIETNAM) if run else None,
        # The report is written before the run is marked as ended.
        ended=(datetime.fromisoformat(run[1]).astimezone(VIETNAM) if run[1] else made_at) if run else None,
        files=counted,
        pages=pages.model_copy(update={"ocr_passes": workspace.ledger.passes(batch)}),
        fates=_fates(rows, files, facts),
        page_confidence=tuple(
            page.confidence
            for pages_of_file in facts.values()
            for page in pages_of_file.values()
            if page.confidence is not None
        ),
        checked=len(
            checked_in(
                workspace.database, workspace.rules.book, workspace.rules.image, as_of=today(), graded=False
            ).values
        ),
        papers=tuple(_paper(document_row, workspace.rules.book) for document_row in rows),
        files_aside=tuple(
            ReportedFile(name=file.name, status=file.status, sha256=file.sha256, findings=file.findings)
            for file in files
            if file.status in {FileStatus.SET_ASIDE, FileStatus.NOT_STARTED}
        ),
        findings=tuple(notes),
        expectations=validated,
        decisions=_decisions(workspace, rows),
        duplicates=tuple(
            ReportedDuplicate(file=file.name, of=file.duplicate_of, pages=file.pages)
            for file in files
            if file.duplicate_of
        ),
        short=tuple((file.name, file.pages, file.accounted) for file in files if file.accounted < file.pages),
        kind_titles={kind.id: kind.title for kind in workspace.rules.book.kinds},
        code_form=form.source if form.provisional else None,
        field_titles=section("field", workspace.settings.lang),
        places=tuple(places),
    )


def _decisions(workspace: Workspace, rows: Sequence[DocumentRow]) -> tuple[ReportedDecision, ...]:
    by_document = decisions.of_documents(workspace.database, [row.document.id for row in rows])
    reported = [
        ReportedDecision(document=row.document.id, file=row.file, said=decision)
        for row in rows
        for decision in by_document.get(row.document.id, ())
        if field_told(decision.target) is None
    ]
    return tuple(sorted(reported, key=lambda entry: entry.said.at))


def _fates(rows: Sequence[DocumentRow], files: Sequence[FileRow], facts: Facts) -> PageFates:
    blank = held = 0
    for row in rows:
        for number in row.document.pages:
            page = facts.get(row.document.sha256, {}).get(number)
            if page is not None and page.state == "blank":
                blank += 1
            else:
                held += 1
    return PageFates(
        in_=sum(file.pages for file in files),
        documents=held,
        blank=blank,
        separators=sum(1 for file in files for finding in file.findings if finding.rule == "page_separator"),
        set_aside=sum(file.accounted for file in files if file.status is FileStatus.SET_ASIDE),
        duplicates=sum(file.accounted for file in files if file.duplicate_of),
    )


def _paper(row: DocumentRow, book: Rulebook) -> ReportedPaper:
    paper = row.document
    waits = row.linked_to is None and paper.route is not Route.ACCEPTED
    return ReportedPaper(
        id=paper.id,
        file=row.file,
        pages=paper.pages,
        kind=paper.kind,
        number=paper.value("number"),
        owner=paper.value("owner_id") or paper.value("owner_name"),
        route=paper.route,
        verdict=row.verdict,
        # What fails our own checks is never stored.
        structure="passed" if row.pdfa_key else "failed",
        validity=paper.validity.state,
        code=row.code,
        linked_to=row.linked_to,
        findings=joined(paper.findings, reasons_to_wait(paper, book)) if waits else paper.findings,
    )
