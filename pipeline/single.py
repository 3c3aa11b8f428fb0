"""Single files for `sohoa read` and `sohoa pdfa`: nothing is kept, neither catalogue nor orchestrator is opened."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, TypeVar

from configs.loader import (
    load_image_rules,
    load_limits,
    load_reading_profile,
)
from engines import sweep
from engines.pool import WorkPool
from engines.verapdf import VeraPdf
from pipeline import delivery, steps
from pipeline.work import SECRET, FileRefused, FileWork, Known, RunContext, Source, Step, take_through
from schemas.clock import today
from schemas.documents import Document, Verdict
from schemas.errors import SetupError
from schemas.findings import Finding, Severity, joined, new_among
from schemas.reading import PageReading, PageState
from schemas.rules import RenditionProfile, Rulebook
from schemas.text import show_bytes

T = TypeVar("T")
_AHEAD = 16  # files queued per worker ahead of the next result


class ReadResult(NamedTuple):
    """Result of `read` for one file."""

    file: str
    sha256: str | None
    status: str
    findings: tuple[Finding, ...]
    pages: tuple[PageReading, ...]
    papers: tuple[Document, ...]


class RenditionResult(NamedTuple):
    """Result of `pdfa` for one file."""

    file: str
    output: str | None
    status: str
    verdict: Verdict
    pages: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Readers:
    """Workers for single files and their context."""

    context: RunContext
    workers: int

    @property
    def pool(self) -> WorkPool:
        """The workers."""
        return self.context.pool


@contextmanager
def open_readers(workers: int, engine: str | None = None) -> Iterator[Readers]:
    """Start workers in a private temporary folder; leftovers of killed processes are removed first.

    Args:
        workers: their number.
        engine: reads first instead of the reading profile's own.

    Raises:
        SetupError: no temporary folder can be made, or Tesseract is missing.
    """
    from engines import ocr  # noqa: PLC0415 - only what reads needs the engine

    profile = load_reading_profile(engine=engine)
    ocr.identity(profile)
    root = sweep.tmp_root() / f"sohoa-runs-{os.getuid()}"
    limits = load_limits()
    with ExitStack() as stack:
        stack.enter_context(_stoppable())
        stack.callback(_leave, root)
        run = _begin(root)
        stack.callback(run.close)
        pool = stack.enter_context(WorkPool(workers, limits, run.id, run.tmp))
        context = RunContext(
            limits=limits,
            reading=profile,
            image=load_image_rules(),
            pool=pool,
            staging=run.dir,
            as_of=today(),
            recall=lambda _: Known(_now()),
            on_page=lambda: None,
        )
        yield Readers(context, workers)


@contextmanager
def _stoppable() -> Iterator[None]:
    """Treat SIGTERM and SIGHUP like Ctrl-C, so that temporary files are removed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {signum: signal.signal(signum, _stop) for signum in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


def _stop(*_: object) -> None:
    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)  # ignore further signals so that cleanup can finish
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
    """Clean up the temporary folder unless another command is using it."""
    with suppress(OSError):
        if not sweep.live_runs(root):
            (root / ".lock").unlink()
        root.rmdir()


def in_order(readers: Readers, files: Sequence[bytes], work: Callable[[bytes], T]) -> Iterator[T]:
    """Process several files at once; results come in the order given.

    Read-ahead is limited, because results of ten thousand files would not fit into memory. Closing the iterator early
    also stops files in progress and closes the readers.
    """
    threads = ThreadPoolExecutor(max_workers=2 * readers.workers)
    waiting: deque[Future[T]] = deque()
    try:
        for file in files:
            waiting.append(threads.submit(work, file))
            if len(waiting) > _AHEAD * readers.workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BaseException:
        # Otherwise Ctrl-C would wait for the last page of every started file.
        readers.pool.close()
        raise
    finally:
        for future in waiting:
            future.cancel()
        threads.shutdown()


def read_file(readers: Readers, book: Rulebook, path: bytes, on_page: Callable[[], None]) -> ReadResult:
    """Read and understand one file."""
    context = replace(readers.context, on_page=on_page, rulebook=book)
    return take_through(context, _source(path), steps.stage, _Show())


def make_pdfa(
    readers: Readers,
    profile: RenditionProfile,
    checker: VeraPdf | None,
    path: bytes,
    out: Path,
    on_page: Callable[[], None],
) -> RenditionResult:
    """One file to a searchable PDF/A, whole or not at all."""
    context = replace(
        readers.context, on_page=on_page, rendition=profile, verapdf=checker, says_unchecked=False
    )
    return take_through(context, _source(path), steps.stage, _Deliver(out))


def _source(path: bytes) -> Source:
    return Source(path, show_bytes(path))


class _Show:
    """The task of `read`: analyse a file and store nothing."""

    steps = (steps.pages, steps.read, steps.understand, steps.settle)

    def already_done(self, work: FileWork) -> ReadResult | None:
        """Nothing is."""
        return None

    def finish(self, work: FileWork) -> ReadResult:
        """All that was read and understood."""
        on_pages = (note for reading in work.readings for note in reading.findings)
        of_papers = [note for paper in work.papers for note in paper.findings]
        notes = (*work.file_findings, *new_among(on_pages, of_papers), *of_papers)
        failed = any(reading.state is PageState.FAILED for reading in work.readings)
        status = "partial" if failed else "read"
        return ReadResult(work.source.name, work.file.sha256, status, notes, work.readings, work.papers)

    def set_aside(self, work: FileWork, findings: Sequence[Finding]) -> ReadResult:
        """Why not; of a secret paper nothing else."""
        sha256 = work.staged.sha256 if work.staged else None
        if any(note.rule in SECRET for note in findings):
            return ReadResult(work.source.name, sha256, "set_aside", tuple(findings), (), ())
        notes = (*(work.staged.findings if work.staged else ()), *findings)
        return ReadResult(work.source.name, sha256, "set_aside", notes, work.readings, ())


class _Deliver:
    """The task of `pdfa`: convert the whole file to one PDF/A at the requested path."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self.steps: Sequence[Step] = (
            self._require_space,
            steps.pages,
            steps.read,
            steps.settle_as_one,
            steps.render,
        )

    def already_done(self, work: FileWork) -> RenditionResult | None:
        """Always None: an existing output is replaced."""
        return None

    def finish(self, work: FileWork) -> RenditionResult:
        """Deliver the file.

        Raises:
            SourceError: it could not be written, or not be delivered.
        """
        (written,) = work.written
        if written.error is not None:
            raise written.error
        if written.rendition is None:
            raise FileRefused(*written.findings)
        delivery.deliver(written.path, self._out)
        lost = _of_lost_pages(work)
        notes = (*work.file_findings, *joined(lost, written.findings))
        partial = any(note.page and note.severity is Severity.ERROR for note in (*lost, *written.findings))
        out, verdict = show_bytes(os.fsencode(self._out)), written.report.verdict
        pages = len(work.listed.pages)
        return RenditionResult(work.source.name, out, "partial" if partial else "done", verdict, pages, notes)

    def set_aside(self, work: FileWork, findings: Sequence[Finding]) -> RenditionResult:
        """Why not, with the pages that could not be read."""
        notes = (*work.file_findings, *joined(_of_lost_pages(work), findings))
        return RenditionResult(work.source.name, None, "set_aside", Verdict.NOT_CHECKED, 0, notes)

    def _require_space(self, work: FileWork) -> FileWork:
        delivery.need_room(self._out, work.file.size)
        return work


def _of_lost_pages(work: FileWork) -> tuple[Finding, ...]:
    failed = (reading for reading in work.readings if reading.state is PageState.FAILED)
    return tuple(note for reading in failed for note in reading.findings)


def _now() -> datetime:
    """This moment, or the one that a reproducible build asks for."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(epoch), UTC) if epoch.isdecimal() else datetime.now(UTC)
