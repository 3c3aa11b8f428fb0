"""Single files for `sohoa read` and `sohoa pdfa`: nothing is kept, neither catalogue nor orchestrator is opened."""

from __future__ import annotations

import os
import signal
import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, TypeVar

from configs.loader import (
    load_image_rules,
    load_limits,
    load_reading_profile,
)
from engines import sweep, verapdf
from engines.pool import WorkPool
from extractors.image_quality import with_image_findings
from extractors.intake import stage
from flows import delivery, renditions
from flows.readings import list_pages, page_finding, read_pages
from flows.renditions import WriteJob
from schemas.batches import StagedFile
from schemas.clock import today
from schemas.documents import Document, Verdict, document_id
from schemas.errors import SetupError, SourceError
from schemas.findings import Finding, Severity, finding
from schemas.reading import PageList, PageReading, PageState
from schemas.renditions import RenditionIdentity
from schemas.rules import ImageRule, Limits, ReadingProfile, RenditionProfile, Rulebook
from schemas.text import show_bytes

T = TypeVar("T")
_AHEAD = 16  # files begun for each worker beyond the one whose answer is due


class ReadResult(NamedTuple):
    """What became of one file given to `read`."""

    file: str
    sha256: str | None
    status: str
    findings: tuple[Finding, ...]
    pages: tuple[PageReading, ...]
    papers: tuple[Document, ...]


class RenditionResult(NamedTuple):
    """What became of one file given to `pdfa`."""

    file: str
    output: str | None
    status: str
    verdict: Verdict
    pages: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Desk:
    """Workers and rules for single files."""

    limits: Limits
    reading: ReadingProfile
    image: tuple[ImageRule, ...]
    pool: WorkPool
    folder: Path
    workers: int


@contextmanager
def open_desk(workers: int) -> Iterator[Desk]:
    """Start workers in a private temporary folder; what a killed desk left is swept first.

    Raises:
        SetupError: no temporary folder can be made, or Tesseract is missing.
    """
    from engines import tesseract  # noqa: PLC0415 - only what reads needs the engine

    profile = load_reading_profile()
    tesseract.identity(profile.engine, profile.languages)
    root = sweep.tmp_root() / f"sohoa-runs-{os.getuid()}"
    limits = load_limits()
    with ExitStack() as stack:
        stack.enter_context(_stoppable())
        stack.callback(_leave, root)
        run = _begin(root)
        stack.callback(run.close)
        pool = stack.enter_context(WorkPool(workers, limits, run.id, run.tmp))
        yield Desk(limits, profile, load_image_rules(), pool, run.dir, workers)


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let a plain `kill`, or a terminal that closes, end the work as Ctrl-C does: nothing is left behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {each: signal.signal(each, _stop) for each in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _stop(*_: object) -> None:
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)  # once is enough, and tidying up is not to be cut short
    raise KeyboardInterrupt


def _begin(root: Path) -> sweep.Run:
    """Sweep, then begin a run; another command that just ended may have removed the folder in between."""
    for attempt in range(5):
        try:
            sweep.sweep(root, sweep.tmp_root())
            return sweep.open_run(root, sweep.tmp_root())
        except FileNotFoundError:
            if attempt == 4:
                raise
        except OSError as error:
            raise SetupError(f"no temporary folder: {error}", remedy="tmp_unwritable", path=root) from error
    raise AssertionError("unreachable")


def _leave(root: Path) -> None:
    """Leave the temporary folder as it was found, unless another command is at work in it."""
    with suppress(OSError):
        if not sweep.live_runs(root):
            (root / ".lock").unlink()
        root.rmdir()


def in_order(desk: Desk, files: Sequence[bytes], work: Callable[[bytes], T]) -> Iterator[T]:
    """Work on several files at once, answers in the order given.

    Only so far ahead of the answer that is due: answers of ten thousand files would not fit into memory. Whoever stops
    before the end stops what is under way as well; the desk is then closed.
    """
    threads = ThreadPoolExecutor(max_workers=2 * desk.workers)
    waiting: deque[Future[T]] = deque()
    try:
        for file in files:
            waiting.append(threads.submit(work, file))
            if len(waiting) > _AHEAD * desk.workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BaseException:
        # Else a Ctrl-C would wait for the last page of every file that was begun.
        desk.pool.close()
        raise
    finally:
        for future in waiting:
            future.cancel()
        threads.shutdown()


def read_file(desk: Desk, book: Rulebook, path: bytes, on_page: Callable[[], None]) -> ReadResult:
    """Read and understand one file."""
    name = show_bytes(path)
    staged: StagedFile | None = None
    try:
        staged = stage(path, name=name, staging=desk.folder, limits=desk.limits, inbox=None)
        listed, readings = _pages(desk, staged, on_page)
    except SourceError as error:
        sha256 = staged.sha256 if staged else None
        known = staged.findings if staged else ()
        return ReadResult(name, sha256, "set_aside", (*known, page_finding(error, error.page)), (), ())
    finally:
        if staged:
            Path(staged.path).unlink(missing_ok=True)
    return understood(name, staged, listed, readings, book)


def understood(
    name: str, staged: StagedFile, listed: PageList, readings: tuple[PageReading, ...], book: Rulebook
) -> ReadResult:
    """What the readings of a file mean."""
    from extractors.split import mark_separators  # noqa: PLC0415
    from extractors.understanding import understand  # noqa: PLC0415 - `pdfa` need not understand

    notes = (*staged.findings, *listed.findings)
    if all(reading.state is PageState.FAILED for reading in readings):
        failures = tuple(each for reading in readings for each in reading.findings)
        return ReadResult(name, staged.sha256, "set_aside", (*notes, *failures), readings, ())
    readings = mark_separators(readings, book)
    papers = understand(staged.sha256, readings, book, None, today())
    if any(each.rule == "secret_document" for paper in papers for each in paper.findings):
        return ReadResult(name, staged.sha256, "set_aside", (finding("secret_document"),), (), ())
    carried = {(each.rule, each.page) for paper in papers for each in paper.findings}
    loose = tuple(
        each for reading in readings for each in reading.findings if (each.rule, each.page) not in carried
    )
    spoken = tuple(each for paper in papers for each in paper.findings)
    failed = any(reading.state is PageState.FAILED for reading in readings)
    status = "partial" if failed else "read"
    return ReadResult(name, staged.sha256, status, (*notes, *loose, *spoken), readings, papers)


def _pages(
    desk: Desk, staged: StagedFile, on_page: Callable[[], None]
) -> tuple[PageList, tuple[PageReading, ...]]:
    listed = list_pages(desk.pool, staged, desk)
    readings = read_pages(desk.pool, staged, listed, desk, None, on_page)
    return listed, with_image_findings(readings, desk.image, today())


def make_pdfa(
    desk: Desk,
    profile: RenditionProfile,
    judge: verapdf.VeraPdf | None,
    path: bytes,
    out: Path,
    on_page: Callable[[], None],
) -> RenditionResult:
    """One file to a searchable PDF/A, whole or not at all."""
    name = show_bytes(path)
    staged: StagedFile | None = None
    built = desk.folder / f"{uuid.uuid4().hex}.pdf"
    try:
        staged = stage(path, name=name, staging=desk.folder, limits=desk.limits, inbox=None)
        delivery.need_room(out, staged.size)
        listed, readings = _pages(desk, staged, on_page)
        told = tuple(
            each for reading in readings if reading.state is PageState.FAILED for each in reading.findings
        )
        try:
            written = _write(desk, profile, staged, listed, readings, built)
            delivery.deliver(built, out)
        except SourceError as error:
            if not told:
                raise
            notes = (*staged.findings, *listed.findings, *_unsaid(told, (page_finding(error, error.page),)))
            return RenditionResult(name, None, "set_aside", Verdict.NOT_CHECKED, 0, notes)
    except SourceError as error:
        known = staged.findings if staged else ()
        return RenditionResult(
            name, None, "set_aside", Verdict.NOT_CHECKED, 0, (*known, page_finding(error, error.page))
        )
    finally:
        built.unlink(missing_ok=True)
        if staged:
            Path(staged.path).unlink(missing_ok=True)
    notes = (*staged.findings, *listed.findings, *_unsaid(told, written))
    verdict = Verdict.NOT_CHECKED
    if judge is not None:
        report = judge.check([out], profile.flavour)[str(out)]
        verdict = report.verdict
        if verdict is Verdict.INVALID:
            notes = (*notes, finding("pdfa_invalid", rules=", ".join(report.rules[:5])))
        elif verdict is Verdict.NOT_CHECKED:
            notes = (*notes, finding("pdfa_not_checked", reason=report.reason))
    partial = any(each.page and each.severity is Severity.ERROR for each in (*told, *written))
    status = "partial" if partial else "done"
    return RenditionResult(name, show_bytes(os.fsencode(out)), status, verdict, len(listed.pages), notes)


def _unsaid(told: Sequence[Finding], more: Sequence[Finding]) -> tuple[Finding, ...]:
    """What was told of a file's pages, and of what comes after it all that is new."""
    known = {(each.rule, each.page) for each in told}
    return (*told, *(each for each in more if (each.rule, each.page) not in known))


def _write(
    desk: Desk,
    profile: RenditionProfile,
    staged: StagedFile,
    listed: PageList,
    readings: Sequence[PageReading],
    out: Path,
) -> tuple[Finding, ...]:
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    created = datetime.fromtimestamp(int(epoch), UTC) if epoch.isdecimal() else datetime.now(UTC)
    numbers = [page.number for page in listed.pages]
    identity = RenditionIdentity(
        document_id=document_id(staged.sha256, numbers),
        original_sha256=staged.sha256,
        title=Path(staged.name).stem,
        created=created,
    )
    job = WriteJob(staged.path, staged.format, listed.pages, tuple(readings), out, identity, profile)
    return renditions.outcome(
        desk.pool, desk.limits, job, renditions.submit(desk.pool, desk.limits, job)
    ).findings
