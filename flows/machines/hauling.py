"""What a worker does: takes chunks of a run, one after another, until none is left. Imports no orchestrator."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import structlog

from configs.settings import Settings
from extractors.bundle import Member
from flows.batch import threads_for
from flows.machines.requirements import require_pool
from flows.machines.waiting import patiently
from pipeline.inbox import Inbox, InboxFile
from pipeline.keeping import BatchRun, open_run, work_on
from pipeline.page_ranges import read_range
from pipeline.plan import BatchPlan, PlannedFile
from schemas.errors import ClaimLost, SetupError, SohoaError
from schemas.machines import ChunkState, HandedFile
from storage.catalogue import batches, fixity, runs, work_chunks
from storage.catalogue.claims import Holder
from storage.catalogue.database import Fence
from storage.catalogue.runs import OpenRun
from storage.catalogue.work_chunks import ChunkRow
from workspace import log_lines
from workspace.claiming import kept
from workspace.locks import home_id
from workspace.opening import Workspace, open_workspace

_log = structlog.get_logger(__name__)
Shown = Callable[[str, Callable[[], None]], None]
_LINGER_SECONDS = 10.0  # for chunks that wait for others, or that a dead worker left
_POLL_SECONDS = 0.5


def haul(settings: Settings, batch: str, run: str, show: Shown = lambda _, work: work()) -> str:
    """Work on chunks of a run until none is left.

    Args:
        settings: of this machine.
        batch: name of the batch.
        run: id of the run that handed the chunks out.
        show: runs the work on a chunk under a label.

    Returns:
        What was done, for Prefect's page.

    Raises:
        SetupError: this machine works under other rules than the run, or shares no catalogue and store.
        CatalogueError, StoreError: records cannot be kept; the chunk in hand goes to others.
    """
    require_pool(settings)
    log_lines.configure(settings.log_level, settings.log_format)
    with (
        log_lines.of_run(run, batch),
        open_workspace(settings, patience=settings.outage_minutes * 60) as workspace,
    ):
        order = runs.open_run(workspace.database, run)
        if order is None:
            return "the run has ended"
        workspace.run_id, workspace.operator = run, order.operator
        hauler = _Hauler(workspace, batch, order)
        idle_since = time.monotonic()
        done = 0
        while time.monotonic() - idle_since < _LINGER_SECONDS:
            taken = hauler.next()
            if taken is None:
                if not hauler.more_may_come():
                    break
                time.sleep(_POLL_SECONDS)
                continue
            chunk, fence = taken
            _log.info("chunk_taken", chunk=chunk.number, files=len(chunk.work.files))
            show(f"{batch} · {chunk.number}", lambda: hauler.work(chunk, fence))  # noqa: B023 - run at once
            done += 1
            idle_since = time.monotonic()
    return f"{done} chunks on {socket.gethostname()}"


class _Hauler:
    """One worker process at work for one run."""

    def __init__(self, workspace: Workspace, batch: str, order: OpenRun) -> None:
        row = batches.batch(workspace.database, batch)
        digests = workspace.rules.digests(workspace.settings, row.sheet)
        if digests != order.digests:
            error = _other_rules(order, digests.model_dump(), batch)
            work_chunks.remark(workspace.database, workspace.run_id, str(error))
            raise error
        workspace.require_checker()
        self._workspace, self._sheet, self._digests = workspace, row.sheet, digests
        self._batch = batch
        self._spec = workspace.settings.machines
        run, home = workspace.run_id, home_id(workspace.settings.home)
        # Haulers of one home are not one process: each holds its own chunks.
        self._holder = Holder(run, f"{home[:20]}-{workspace.run.id[:11]}", order.operator, *_here())
        self._lost: set[int] = set()

    def next(self) -> tuple[ChunkRow, Fence] | None:
        """Claim the next chunk, if there is one that may be begun."""
        database, run = self._workspace.database, self._workspace.run_id
        return patiently(
            lambda: work_chunks.take_next(database, run, self._holder, self._spec.lease_seconds, self._lost),
            self._workspace.patience,
        )

    def more_may_come(self) -> bool:
        """True while a chunk waits for others, or is in the hands of a worker that may die."""
        database, run = self._workspace.database, self._workspace.run_id
        known = patiently(lambda: work_chunks.states(database, run), self._workspace.patience)
        return any(state in {ChunkState.WAITING, ChunkState.RUNNING} for state in known.values())

    def work(self, chunk: ChunkRow, fence: Fence) -> None:
        """Work on a claimed chunk to its end."""
        workspace = self._workspace
        folder = workspace.staging / f"chunk-{chunk.number}"
        folder.mkdir(mode=0o700)
        try:
            with kept(workspace.database, fence, self._spec.lease_seconds):
                patiently(lambda: self._work(chunk, folder), workspace.patience)
                work_chunks.end(workspace.database, chunk.run, chunk.number, ChunkState.DONE)
        except ClaimLost:
            # Another took it over while this machine slept or could not reach the catalogue. What was read is kept.
            self._lost.add(chunk.number)
            _log.warning("chunk_lost", batch=self._batch, chunk=chunk.number)
        except SohoaError as error:
            self._lost.add(chunk.number)
            _put_back(workspace, chunk, error)
            raise
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _work(self, chunk: ChunkRow, folder: Path) -> None:
        run = self._run(chunk, folder)
        names = [file.name for file in chunk.work.files]
        known = batches.files(self._workspace.database, self._batch, names)
        todo = [file for file in chunk.work.files if known[file.name].attempts <= file.attempts]
        planned = [PlannedFile(self._entry(file, folder), file.position, known[file.name]) for file in todo]
        with ThreadPoolExecutor(threads_for(self._workspace), thread_name_prefix="files") as pool:
            list(pool.map(lambda each: self._one(run, chunk, each), planned))

    def _one(self, run: BatchRun, chunk: ChunkRow, planned: PlannedFile) -> None:
        if self._stopped(chunk):
            return
        if chunk.work.pages is not None:
            read_range(run, planned, chunk.work.pages)
        else:
            work_on(run, planned)

    def _stopped(self, chunk: ChunkRow) -> bool:
        state = work_chunks.state_of(self._workspace.database, chunk.run, chunk.number)
        return state is ChunkState.STOPPED

    def _run(self, chunk: ChunkRow, folder: Path) -> BatchRun:
        damaged = frozenset(fixity.damaged(self._workspace.database))
        inbox = Inbox(self._batch, folder, (), None, ())
        plan = BatchPlan(inbox, self._sheet, (), self._digests, (), damaged)
        return open_run(self._workspace, plan, lambda: None, chunk.work.as_of)

    def _entry(self, file: HandedFile, folder: Path) -> InboxFile:
        """A file's bytes, fetched from the intake; each is checked against its digest as it comes."""
        place = folder / f"{file.position:06d}"
        place.mkdir(mode=0o700, exist_ok=True)
        members = []
        for number, part in enumerate(file.parts):
            path = place / f"{number:06d}"
            if not path.exists():
                self._workspace.store.get(part.key, path)
            members.append(Member(os.fsencode(path), part.name))
        if file.paper:
            return InboxFile(os.fsencode(place), file.name, tuple(members))
        return InboxFile(members[0].path, file.name)


def _put_back(workspace: Workspace, chunk: ChunkRow, error: SohoaError) -> None:
    """Let others try, without waiting for the claim to run out."""
    try:
        note = f"{socket.gethostname()}: {error}"[:300]
        work_chunks.end(workspace.database, chunk.run, chunk.number, ChunkState.WAITING, note)
    except SohoaError as again:
        _log.warning("chunk_not_put_back", chunk=chunk.number, error=str(again))


def _here() -> tuple[str, int]:
    return socket.gethostname()[:255], os.getpid()


def _other_rules(order: OpenRun, own: dict[str, str], batch: str) -> SetupError:
    parts: Sequence[str] = [name for name, value in order.digests if own[name] != value]
    host = socket.gethostname()
    return SetupError(
        f"{host} works under other rules than the run: {', '.join(parts)}",
        remedy="worker_rules_differ",
        batch=batch,
        parts=", ".join(parts),
        host=host,
    )
