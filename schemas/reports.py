"""Quality reports of a batch: expectations evaluated on it, and the data of a report page.

Plain data, so that a report can be written, kept and compared without the catalogue at hand.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from schemas.batches import BatchState, FileCounts, FileStatus, PageCounts
from schemas.documents import Route, ValidityState, Verdict
from schemas.findings import Finding, Severity
from schemas.review import Decision

Outcome = Literal["met", "failed", "idle", "broken"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("met", "failed", "idle", "broken")


class ExpectationResult(BaseModel):
    """The result of one expectation for a batch.

    Attributes:
        key: stable name; its title for people stands in `[expectation]` of the table of words.
        severity: how much a failure weighs.
        success: True held, False failed; meaningless when `broken`.
        broken: the check itself failed and says nothing about the data; `detail` gives the reason.
        checked: documents that the expectation applies to.
        unexpected: how many of them failed.
        documents: their ids, sorted.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    severity: Severity
    success: bool
    broken: bool = False
    detail: str = ""
    checked: int = 0
    unexpected: int = 0
    documents: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The one word for this result; an expectation that concerned no document is neither met nor failed."""
        if self.broken:
            return "broken"
        if not self.success:
            return "failed"
        return "met" if self.checked else "idle"


class ExpectationReport(BaseModel):
    """All expectations of a batch, in their fixed order. It reports; it never changes a route."""

    model_config = ConfigDict(frozen=True)

    batch: str
    documents: int
    results: tuple[ExpectationResult, ...]

    @property
    def tally(self) -> dict[Outcome, int]:
        """Number of expectations by outcome; every page that shows these numbers uses this."""
        counts = Counter(result.outcome for result in self.results)
        return {outcome: counts[outcome] for outcome in OUTCOMES}

    @property
    def failed(self) -> tuple[ExpectationResult, ...]:
        """Expectations that the data did not meet."""
        return tuple(result for result in self.results if not result.success and not result.broken)

    @property
    def broken(self) -> tuple[ExpectationResult, ...]:
        """Expectations that could not be evaluated."""
        return tuple(result for result in self.results if result.broken)


class ReportedPaper(BaseModel):
    """One document as a batch report shows it; `linked_to` names the document whose duplicate it is.

    `owner` and the owner's part of `code` are shown masked. `structure` is the outcome of our own checks of the PDF/A.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    file: str
    pages: tuple[int, ...]
    kind: str | None = None
    number: str | None = None
    owner: str | None = None
    route: Route
    verdict: Verdict = Verdict.NOT_CHECKED
    structure: Literal["passed", "failed"] = "passed"
    validity: ValidityState = ValidityState.UNKNOWN
    code: str | None = None
    linked_to: str | None = None
    findings: tuple[Finding, ...] = ()


class ReportedFile(BaseModel):
    """One file that was set aside or not started."""

    model_config = ConfigDict(frozen=True)

    name: str
    status: FileStatus
    sha256: str | None = None
    findings: tuple[Finding, ...] = ()


class ReportedDecision(BaseModel):
    """One decision of a person about a paper of the batch; values as fields keep them, shown masked."""

    model_config = ConfigDict(frozen=True)

    document: str
    file: str
    said: Decision


class ReportedDuplicate(BaseModel):
    """A file whose bytes came before: `of` is `batch/file`."""

    model_config = ConfigDict(frozen=True)

    file: str
    of: str
    pages: int


class Example(NamedTuple):
    """A small picture of where a finding was made: a JPEG, the file and page it shows."""

    rule: str
    file: str
    page: int
    jpeg: bytes


class PageFates(BaseModel):
    """Outcomes of the pages of the files that opened; when none is lost, `in_` is the sum of the others.

    Every page is counted once: a blank page that is kept in a document counts as `blank`, a page of a file
    whose bytes came before as `duplicates`.
    """

    model_config = ConfigDict(frozen=True)

    in_: int = 0
    documents: int = 0
    blank: int = 0
    separators: int = 0
    set_aside: int = 0
    duplicates: int = 0

    @property
    def accounted(self) -> int:
        """Pages whose outcome is known."""
        return self.documents + self.blank + self.separators + self.set_aside + self.duplicates


class BatchReportData(BaseModel):
    """All that one batch report shows.

    Attributes:
        batch: name of the batch.
        state: how it ended, or that it runs still.
        operator: who ran it, according to the events.
        started, ended: moments with offset, None if not known.
        made_at: when the report was made; handed in, so that the same data give the same page.
        files, pages, fates: the counts; `pages` as the catalogue counts, `fates` as the pages fell.
        page_confidence: reading confidence of every page read, 0–1.
        checked: values that persons checked in this home, None where they were not counted; below `ENOUGH` of them
            the page says that the machine's confidence is not calibrated on site.
        papers: every document of the batch.
        files_aside: files set aside or not started.
        findings: findings of the batch itself and of its files and pages; those of documents are in `papers`.
        expectations: what the batch was held against, None where that was not done.
        decisions: what people decided about papers of the batch, oldest first.
        duplicates: files whose bytes came before.
        short: files with unaccounted pages, with the counts of pages in and accounted.
        kind_titles: Vietnamese titles by kind.
        field_titles: what fields and other targets of decisions are called.
        places: where things lie: (a key of `[place]` of the table of words or a label, path or key).
        code_form: what the form of the codes follows, if it is provisional.
    """

    model_config = ConfigDict(frozen=True)

    batch: str
    state: BatchState
    operator: str = ""
    started: datetime | None = None
    ended: datetime | None = None
    made_at: datetime
    files: FileCounts
    pages: PageCounts
    fates: PageFates = PageFates()
    page_confidence: tuple[float, ...] = ()
    checked: int | None = None
    papers: tuple[ReportedPaper, ...] = ()
    files_aside: tuple[ReportedFile, ...] = ()
    findings: tuple[Finding, ...] = ()
    expectations: ExpectationReport | None = None
    decisions: tuple[ReportedDecision, ...] = ()
    duplicates: tuple[ReportedDuplicate, ...] = ()
    short: tuple[tuple[str, int, int], ...] = ()
    kind_titles: dict[str, str] = {}
    field_titles: dict[str, str] = {}
    places: tuple[tuple[str, str], ...] = ()
    code_form: str | None = None


class IssuedReport(BaseModel):
    """A report of a batch as it was issued.

    Attributes:
        batch: the batch.
        sha256: of its file.
        fingerprint: of the figures and lists in it, made by `version` of the way they are made.
        lang: its language.
        at, by: when and by whose run it was issued.
        state: the batch's state in it.
    """

    model_config = ConfigDict(frozen=True)

    batch: str
    sha256: str
    fingerprint: str
    version: int
    lang: str
    at: str
    by: str
    state: str = ""


class RowProblem(BaseModel):
    """Why a handed-in table cannot be taken: where, and by which rule of `[problem]` of the table of words.

    `row` is the row as a spreadsheet numbers it; None if the whole file or sheet is meant. `column` is the
    header as it stands in the file.
    """

    model_config = ConfigDict(frozen=True)

    file: str
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    code: str
    params: dict[str, str | int | float] = {}
