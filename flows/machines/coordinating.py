"""A run whose chunks other machines work on: hands them out, watches, takes over what a dead worker left.

The catalogue is the truth: a file has ended when its row says so, a chunk is worked on while its claim runs. Prefect
brings the work to whoever is free; what it loses or shows wrongly changes nothing here.
"""

from __future__ import annotations

import time
from collections import Counter

import structlog

from flows.batch import FilesOfRun
from flows.machines.crew import Crew
from flows.machines.handing import Handed, hand_over
from flows.machines.requirements import require_pool
from flows.machines.waiting import patiently
from pipeline.keeping import FileOutcome
from schemas.errors import SetupError
from schemas.machines import ChunkState, HandedFile
from storage.catalogue import batches, work_chunks
from storage.objects import keys

_log = structlog.get_logger(__name__)
_POLL_SECONDS = 1.0
_OPEN = {ChunkState.WAITING, ChunkState.RUNNING}
_SAY_AFTER_SECONDS = 15.0


def by_machines(files: FilesOfRun) -> None:
    """Have the machines of the pool work on the files of a run.

    Raises:
        SetupError: catalogue or store cannot be shared, no Prefect server is named, no worker took anything for too
            long, or chunks were given out too often.
        CatalogueError, StoreError: records cannot be kept.
    """
    workspace = files.workspace
    require_pool(workspace.settings)
    files.progress.step("handing")
    handed = hand_over(files)
    if handed.here:
        files.work_here(tuple(handed.here))
    if not handed.chunks:
        return
    work_chunks.enter(workspace.database, workspace.run_id, files.plan.name, handed.chunks)
    crew = Crew(workspace.settings, files.plan.name, workspace.run_id)
    watch = _Watch(files, handed, crew)
    try:
        watch.until_done()
    finally:
        crew.dismiss()
        work_chunks.end_all(workspace.database, workspace.run_id)
    _clear_intake(files)


class _Watch:
    """Watches a run's chunks until none is open."""

    def __init__(self, files: FilesOfRun, handed: Handed, crew: Crew) -> None:
        self._files, self._crew = files, crew
        self._open: dict[str, HandedFile] = dict(handed.files)
        self._needed = Counter(part.key for file in self._open.values() for part in file.parts)
        self._moved = time.monotonic()
        self._said = False
        self._remarks: set[str] = set()
        self._trusted_from = 0.0

    def until_done(self) -> None:
        """Wait, note what ended, put back what died, keep work in front of the workers."""
        patience = self._files.workspace.patience
        while patiently(self._round, patience, self._outage):
            time.sleep(_POLL_SECONDS)
        left = [name for name in self._open if self._files.go_on()]
        if left:
            last = "; ".join(sorted(self._remarks)) or "–"
            raise SetupError(
                f"{len(left)} files left", remedy="chunks_left", files=len(left), first=left[0], last=last
            )

    def _round(self) -> bool:
        """One look. False once no chunk is open."""
        workspace = self._files.workspace
        database, run = workspace.database, workspace.run_id
        self._note_ended()
        workspace.send_soon()
        if not self._files.go_on():
            work_chunks.stop(database, run)
        # After an outage of the catalogue every claim has run out: their holders get the time to renew them.
        if time.monotonic() >= self._trusted_from:
            for number in work_chunks.put_back_dead(database, run, workspace.settings.machines.attempts):
                _log.warning("chunk_taken_back", batch=self._files.plan.name, chunk=number)
        known = list(work_chunks.states(database, run).values())
        if not any(state in _OPEN for state in known):
            self._note_ended()
            return False
        running = ChunkState.RUNNING in known
        if running:
            self._moved = time.monotonic()
        self._crew.keep(known.count(ChunkState.WAITING), moving=running)
        self._say_remarks()
        self._watch_for_workers()
        return True

    def _say_remarks(self) -> None:
        workspace = self._files.workspace
        for remark in work_chunks.remarks(workspace.database, workspace.run_id) - self._remarks:
            self._remarks.add(remark)
            _log.warning("worker_says", batch=self._files.plan.name, remark=remark)

    def _note_ended(self) -> None:
        database, name = self._files.workspace.database, self._files.plan.name
        known = {file.name: file.attempts for file in self._open.values()}
        for row in batches.ended_files(database, name, known) if known else ():
            for _ in range(row.pages):
                self._files.progress.page()
            self._files.note(FileOutcome(row.name, row.status, row.pages, row.documents, row.codes))
            self._drop(self._open.pop(row.name))
            self._moved = time.monotonic()

    def _drop(self, ended: HandedFile) -> None:
        """Remove a file's bytes from the intake, unless another file of the batch is the same and still waits."""
        for part in ended.parts:
            self._needed[part.key] -= 1
            if not self._needed[part.key]:
                self._files.workspace.store.remove(part.key)

    def _outage(self) -> None:
        self._trusted_from = time.monotonic() + self._files.workspace.settings.machines.lease_seconds

    def _watch_for_workers(self) -> None:
        idle = time.monotonic() - self._moved
        minutes = self._files.workspace.settings.machines.worker_minutes
        if idle > minutes * 60:
            raise SetupError("no worker takes the work", remedy="no_worker", minutes=minutes)
        if idle > _SAY_AFTER_SECONDS and not self._said:
            self._said = True
            _log.warning("no_worker_yet", batch=self._files.plan.name, remedy="sohoa worker")


def _clear_intake(files: FilesOfRun) -> None:
    """Remove what lies in the batch's intake: this run has ended, and nobody holds the batch but it."""
    store = files.workspace.store
    for info in list(store.list(keys.intake_of(files.plan.name))):
        store.remove(info.key)
