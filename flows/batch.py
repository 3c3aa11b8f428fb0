"""The main job as a plain function: takes a plan, returns an outcome; progress and dispatch are injected.

`run_batch` knows nothing of an orchestrator: `dispatch` runs chunks of files at once, by threads here, by tasks of a
Prefect flow, or by other machines. On one machine every chunk feeds its one page pool.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import structlog

from pipeline.keeping import FileOutcome, open_run, work_on
from pipeline.plan import BatchPlan, PlannedFile
from review.deciding import apply_order
from review.registering import match_before_closing
from schemas.batches import BatchState, FileStatus
from schemas.errors import CatalogueError, SohoaError
from schemas.events import Event, EventType
from schemas.findings import Finding, finding
from schemas.version import TOOL
from storage.catalogue import batches, runs
from storage.catalogue import events as event_log
from storage.catalogue.provenance import new_event
from workspace.closing import Closed, close_batch, update_board_and_alerts
from workspace.opening import Workspace

Chunk = tuple[PlannedFile, ...]
Halt = Callable[[], BatchState | None]
_CHUNK_FILES = 16
_LOST_TRIES, _LOST_PAUSE = 3, 1.0
_log = structlog.get_logger(__name__)


def never() -> BatchState | None:
    """Default halt check: never stop early."""
    return None


class Progress(Protocol):
    """Progress callbacks of a run. Called from several threads."""

    def begin(self, name: str, files: int) -> None:
        """The run starts on so many files."""

    def page(self) -> None:
        """A page is done."""

    def file(self, outcome: FileOutcome) -> None:
        """A file is done."""

    def step(self, key: str) -> None:
        """The batch as a whole goes on to a step (`closing` …)."""


class Silent:
    """A `Progress` that does nothing."""

    def begin(self, name: str, files: int) -> None:
        """Nothing."""

    def page(self) -> None:
        """Nothing."""

    def file(self, outcome: FileOutcome) -> None:
        """Nothing."""

    def step(self, key: str) -> None:
        """Nothing."""


@dataclass(frozen=True)
class BatchOutcome:
    """How a run ended. `worked` counts files of this run; `closed` says where the reports lie."""

    state: BatchState
    worked: int
    closed: Closed | None


class _StopRule:
    """A batch that is mostly bad stops itself, once enough files have ended to judge."""

    def __init__(self, workspace: Workspace, plan: BatchPlan) -> None:
        self._limits = workspace.rules.limits
        self._lock = threading.Lock()
        waiting = {planned.entry.name for planned in plan.todo}
        rows = batches.files(workspace.database, plan.name).values()
        ended = [row for row in rows if row.name not in waiting]
        self.ended = len(ended)
        self.aside = sum(row.status is FileStatus.SET_ASIDE for row in ended)
        self.stopped = threading.Event()

    def note(self, outcome: FileOutcome) -> None:
        with self._lock:
            self.ended += 1
            self.aside += outcome.status is FileStatus.SET_ASIDE
            enough = self.ended >= self._limits.stop_after_files
            if enough and self.aside > self._limits.stop_share * self.ended:
                self.stopped.set()


class FilesOfRun:
    """The files of one run: worked on until all are done, too many were set aside, or the run is halted.

    A dispatch either has chunks worked on here (`work_here`), or has others work on them and notes how each file ended.
    """

    def __init__(
        self, workspace: Workspace, plan: BatchPlan, progress: Progress, halt: Halt, as_of: date
    ) -> None:
        self.workspace, self.plan, self.progress, self.as_of = workspace, plan, progress, as_of
        self.rule = _StopRule(workspace, plan)
        self._halt = halt
        self._halted: BatchState | None = None
        self._ended: set[str] = set()  # a chunk retried after an outage skips the files it had finished
        self.run = open_run(workspace, plan, progress.page, as_of)

    @property
    def ending(self) -> BatchState:
        """The end state that the batch has come to."""
        if self._halted is not None:
            return self._halted
        return BatchState.STOPPED if self.rule.stopped.is_set() else BatchState.FINISHED

    def work_here(self, chunk: Chunk) -> None:
        """Work on a chunk, in this process."""
        for planned in chunk:
            if planned.entry.name in self._ended:
                continue
            if not self.go_on():
                return
            self.note(work_on(self.run, planned))

    def note(self, outcome: FileOutcome) -> None:
        """A file has ended."""
        self._ended.add(outcome.name)
        self.rule.note(outcome)
        self.progress.file(outcome)

    def go_on(self) -> bool:
        """False once no further file may be begun."""
        if self.rule.stopped.is_set() or self._halted is not None:
            return False
        ending = self._halt()
        if ending is not None:
            self._halted = ending
        return ending is None


Dispatch = Callable[[FilesOfRun], None]


def run_batch(
    workspace: Workspace,
    plan: BatchPlan,
    *,
    dispatch: Dispatch,
    progress: Progress,
    as_of: date,
    halt: Halt = never,
) -> BatchOutcome:
    """Execute a plan, then close the batch: tables, expectations, report, events.

    Args:
        workspace: the opened home.
        plan: from `make_plan`; the caller holds the batch.
        dispatch: runs the chunks, several at once.
        progress: callbacks.
        as_of: the day on which validity is judged.
        halt: called before every file; `paused` or `cancelled` ends the run there, files in progress are finished.

    Raises:
        CatalogueError, StoreError: records cannot be kept.
    """
    database, name = workspace.database, plan.name
    runs.start_run(database, workspace.run.id, name, workspace.operator, plan.digests)
    batches.set_state(database, name, BatchState.RUNNING, findings=plan.findings)
    started = _event(workspace, plan, EventType.BATCH_STARTED, "started")
    event_log.record(database, workspace.run.id, [started])
    progress.begin(name, len(plan.todo))
    files = FilesOfRun(workspace, plan, progress, halt, as_of)
    try:
        try:
            if plan.todo:
                dispatch(files)
        except Exception:
            # A failed batch is closed too. The same failure may prevent that; the next run then tries again.
            try:
                _close(workspace, plan, BatchState.FAILED, files.rule, progress, as_of)
            except (SohoaError, OSError) as error:
                _log.warning("closing_failed", batch=name, error=str(error))
            raise
        closed = _close(workspace, plan, files.ending, files.rule, progress, as_of)
    finally:
        runs.abandon_run(database, workspace.run.id)
        update_board_and_alerts(workspace)
    return BatchOutcome(closed.state, len(plan.todo), closed)


def _close(
    workspace: Workspace,
    plan: BatchPlan,
    ending: BatchState,
    rule: _StopRule,
    progress: Progress,
    as_of: date,
) -> Closed:
    notes: tuple[Finding, ...] = plan.findings
    if ending is BatchState.STOPPED:
        notes = (*notes, finding("batch_stopped", aside=rule.aside, ended=rule.ended))
    notes = (*notes, *_against_paper(workspace, plan))
    ended = _event(workspace, plan, EventType.BATCH_ENDED, str(ending))
    progress.step("closing")
    if ending is BatchState.FINISHED:
        match_before_closing(workspace, plan.name, as_of)
        apply_order(workspace, plan.name, as_of)
    return close_batch(workspace, plan.name, ending, findings=notes, events=[ended])


def _against_paper(workspace: Workspace, plan: BatchPlan) -> tuple[Finding, ...]:
    """Sheets handed over against pages scanned, separators left out.

    A sheet has one page or two, so only an impossible count is a finding.
    """
    expected = plan.sheet.expected_sheets if plan.sheet else None
    if expected is None:
        return ()
    rows = batches.files(workspace.database, plan.name).values()
    separators = sum(note.rule == "page_separator" for row in rows for note in row.findings)
    found = sum(row.pages for row in rows) - separators
    if any(row.status is FileStatus.NOT_STARTED for row in rows) or expected <= found <= 2 * expected:
        return ()
    return (finding("sheets_differ", expected=expected, found=found),)


def chunks(todo: Sequence[PlannedFile], workers: int) -> list[Chunk]:
    """Files in chunks small enough that the last ones end together, large enough that tasks stay few."""
    size = max(1, min(_CHUNK_FILES, len(todo) // (workers * 4) or 1))
    return [tuple(todo[start : start + size]) for start in range(0, len(todo), size)]


def by_threads(files: FilesOfRun) -> None:
    """Runs chunks in threads of this process. More threads than workers: while one stores, others read."""
    workspace = files.workspace

    def work(chunk: Chunk) -> None:
        """A connection that was lost on the way is made again; files that had ended are not worked on twice."""
        for _ in range(_LOST_TRIES):
            try:
                return files.work_here(chunk)
            except CatalogueError as error:
                if error.remedy != "catalogue_lost" or workspace.patience <= 0:
                    raise
                _log.warning("catalogue_lost", batch=files.plan.name, detail=str(error))
                time.sleep(_LOST_PAUSE)
        return files.work_here(chunk)

    with ThreadPoolExecutor(max_workers=threads_for(workspace), thread_name_prefix="files") as pool:
        parts = chunks(files.plan.todo, workspace.settings.workers)
        futures = [pool.submit(work, part) for part in parts]
        try:
            for future in futures:
                future.result()
        except BaseException:
            for future in futures:
                future.cancel()
            workspace.pool.close()
            raise


def threads_for(workspace: Workspace) -> int:
    """How many files are worked on at once."""
    return 2 * workspace.settings.workers


def _event(workspace: Workspace, plan: BatchPlan, kind: EventType, outcome: str) -> Event:
    return new_event(
        kind,
        plan.name[:255],
        outcome,
        batch=plan.name,
        agent=workspace.operator,
        tool=TOOL,
        detail={"files": len(plan.todo)},
    )
