"""State of one file and the step sequence that every command runs.

`digitize`, `read` and `pdfa` differ in their `Task` (which steps, how it ends) and in what is known of an original from
before (`Known`); everything between is the same. What a file does wrong ends as its findings.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeVar

import structlog

from engines.pool import WorkPool
from extractors.bundle import Member
from extractors.decided import Decided
from schemas.batches import BatchSheet, StagedFile
from schemas.documents import Document
from schemas.errors import SohoaError, SourceError
from schemas.findings import RULES, Finding, finding
from schemas.reading import PageList, PageReading
from schemas.renditions import Rendition, VerdictReport
from schemas.rules import ImageRule, Limits, ReadingProfile, RenditionProfile, Rulebook

if TYPE_CHECKING:
    from engines.verapdf import VeraPdf

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
log = structlog.get_logger(__name__)
SECRET: Final = frozenset({"secret_document", "secret_mark_possible"})
"""Findings of a file of which nothing may be kept but name, SHA-256 and the finding."""


class Ledger(Protocol):
    """Readings of one original that are kept from run to run."""

    def known(self) -> dict[int, PageReading]:
        """Readings kept so far, by page."""

    def starting(self, page: int) -> Callable[[], None]:
        """What enters the start of a whole-page reading."""

    def keep(self, reading: PageReading) -> None:
        """Keep a finished reading."""


class Known(NamedTuple):
    """What is known of an original from before this run; commands that keep nothing know only when it came.

    Attributes:
        received: when the original first came.
        pages: its pages, if they were listed before.
        ledger: its kept readings; None if nothing is kept.
        splits: page lists of its papers, fixed when it was first split.
        decided: what persons decided of its papers, by document id.
        current: papers that are stored already under the same rules, by document id.
        keep_pages: keeps its pages once they are listed.
        released: a named person let it in although it bears a mark of secrecy.
        complete: the staged file with other originals that stand for pages of it, copied into a folder.
    """

    received: datetime
    pages: PageList | None = None
    ledger: Ledger | None = None
    splits: tuple[tuple[int, ...], ...] = ()
    decided: Mapping[str, Decided] = MappingProxyType({})
    current: frozenset[str] = frozenset()
    keep_pages: Callable[[PageList], None] = lambda _: None
    released: bool = False
    complete: Callable[[PageList, Path], StagedFile] | None = None


@dataclass(frozen=True)
class RunContext:
    """Context shared by all files of a run: rules, workers, records.

    Attributes:
        recall: looks up what is known of an original.
        inbox: folder that links must not leave; None allows no judgement of links.
        rulebook, rendition: None if a command does not analyse papers, or writes no PDF/A.
        verapdf: None if PDF/A files are not checked.
        says_unchecked: an unchecked PDF/A has the finding `pdfa_not_checked`.
    """

    limits: Limits
    reading: ReadingProfile
    image: tuple[ImageRule, ...]
    pool: WorkPool
    staging: Path
    as_of: date
    recall: Callable[[StagedFile], Known]
    on_page: Callable[[], None]
    inbox: Path | None = None
    rulebook: Rulebook | None = None
    sheet: BatchSheet | None = None
    rendition: RenditionProfile | None = None
    verapdf: VeraPdf | None = None
    says_unchecked: bool = True
    agency: str | None = None


class Source(NamedTuple):
    """A file to work on. `members` are the files of a paper in several files; None for a file."""

    path: bytes
    name: str
    members: tuple[Member, ...] | None = None


class Written(NamedTuple):
    """A paper with its PDF/A in `path`; `error` says why there is none. `paper` is routed with what was found here."""

    paper: Document
    path: Path
    rendition: Rendition | None
    report: VerdictReport
    findings: tuple[Finding, ...] = ()
    error: SourceError | None = None


@dataclass(frozen=True)
class FileWork:
    """State of one file; every step returns a copy with its own results added.

    Attributes:
        folder: private folder of this file, for everything that the steps write.
        papers: papers as understood.
        written: papers that had to be rendered.
    """

    context: RunContext
    source: Source
    folder: Path
    staged: StagedFile | None = None
    known: Known | None = None
    pages: PageList | None = None
    readings: tuple[PageReading, ...] = ()
    papers: tuple[Document, ...] = ()
    written: tuple[Written, ...] = ()

    @property
    def file(self) -> StagedFile:
        """The staged file; only steps after `stage` ask for it."""
        assert self.staged is not None
        return self.staged

    @property
    def before(self) -> Known:
        """What is known of the original; only steps after `stage` ask for it."""
        assert self.known is not None
        return self.known

    @property
    def listed(self) -> PageList:
        """The page list; only steps after `pages` ask for it."""
        assert self.pages is not None
        return self.pages

    @property
    def file_findings(self) -> tuple[Finding, ...]:
        """What was found about the file as a whole."""
        staged = self.staged.findings if self.staged else ()
        return (*staged, *(self.pages.findings if self.pages else ()))

    def having(self, **parts: Any) -> FileWork:
        """The same with parts added."""
        return replace(self, **parts)


Step = Callable[[FileWork], FileWork]


class FileRefused(Exception):
    """The file is set aside, for these reasons."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__(", ".join(note.rule for note in findings))
        self.findings = findings


class Task(Protocol[R_co]):
    """What a command does with a file beyond the common steps."""

    @property
    def steps(self) -> Sequence[Step]:
        """Steps after `stage`, in order."""

    def already_done(self, work: FileWork) -> R_co | None:
        """The outcome, if nothing is left to do for a staged file."""

    def finish(self, work: FileWork) -> R_co:
        """The outcome of a file that went through every step."""

    def set_aside(self, work: FileWork, findings: Sequence[Finding]) -> R_co:
        """The outcome of a file that cannot be used."""


Hold = Callable[[str], AbstractContextManager[None]]


def no_hold(_: str) -> AbstractContextManager[None]:
    """Nobody else works on the same bytes, or it does not matter."""
    return nullcontext()


def take_through(context: RunContext, source: Source, stage: Step, task: Task[R], hold: Hold = no_hold) -> R:
    """Take a file through the steps of a task. Never raises for a bad file, only if storage fails.

    Args:
        context: of the run.
        source: the file.
        stage: the first step.
        task: what the command does with it.
        hold: holds the file's bytes, by SHA-256, while the steps are at work.

    Raises:
        CatalogueError, StoreError: records cannot be kept; the run must not go on as if they were.
    """
    work = FileWork(context, source, context.staging / uuid.uuid4().hex)
    work.folder.mkdir(mode=0o700)
    try:
        work = stage(work)
        with hold(work.file.sha256):
            done = task.already_done(work)
            if done is not None:
                return done
            work = work.having(known=context.recall(work.file))
            for step in task.steps:
                work = step(work)
            return task.finish(work)
    except FileRefused as refused:
        return task.set_aside(work, refused.findings)
    except SourceError as error:
        return task.set_aside(work, reasons(error))
    except (SohoaError, CancelledError):
        raise
    except Exception as error:
        # Boundary of one file: an unexpected error becomes a finding of this file, and the batch goes on.
        log.exception("file failed", file=source.name)
        detail = f"{type(error).__name__}: {error}"[:200]
        return task.set_aside(work, (finding("work_failed", detail=detail),))
    finally:
        shutil.rmtree(work.folder, ignore_errors=True)


def reasons(error: SourceError) -> tuple[Finding, ...]:
    """Findings for a file that is set aside; for a paper in several files they also name the file."""
    reason = page_finding(error, error.page)
    member = error.params.get("member")
    return (reason,) if member is None else (finding("paper_file_unusable", member=member), reason)


def page_finding(error: SourceError, page: int | None) -> Finding:
    """The finding an error becomes; an error of an unknown rule is failed work."""
    rule = error.rule if error.rule in RULES else "work_failed"
    params: dict[str, Any] = {
        key: value for key, value in error.params.items() if isinstance(value, (str, int, float, bool))
    }
    params.pop("trace", None)
    return finding(rule, page=page, **params)
