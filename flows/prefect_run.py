"""The Prefect flow and task: a flow run is a batch, a task run a chunk of its files. Parameters are plain data.

What they work on (an opened home, worker processes) cannot be a parameter. It is handed over in `RUN`, a context variable
that Prefect copies into the threads of its tasks. Our own records are the truth; Prefect shows, retries and schedules.
Import this lazily: it takes a second and needs a server.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_link_artifact, create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.exceptions import MissingContextError
from prefect.futures import wait
from prefect.task_runners import ThreadPoolTaskRunner

from flows.batch import BatchOutcome, Chunk, Dispatch, FilesOfRun, Progress, chunks
from pipeline.keeping import FileOutcome
from schemas.errors import CatalogueError, StoreError
from schemas.wording import text
from storage.catalogue import batches
from storage.objects.keys import batch_key
from workspace.opening import Workspace

_RETRY_SECONDS: Final = [10, 60]
_PASSING: Final = {"store_unreachable", "catalogue_unusable", "catalogue_lost"}


@dataclass
class Run:
    """One running batch: the home, run options, and its chunks by first file."""

    workspace: Workspace
    work: Callable[[Dispatch, Progress], BatchOutcome]
    progress: Progress
    chunks: dict[str, tuple[Chunk, Callable[[Chunk], None]]] = field(default_factory=dict)
    outcome: BatchOutcome | None = None


RUN: ContextVar[Run] = ContextVar("RUN")


def _passes(_task: Any, _run: Any, state: Any) -> bool:
    """True if the failure is an outage, so that a retry may succeed."""
    try:
        state.result()
    except (StoreError, CatalogueError) as error:
        return error.remedy in _PASSING
    except Exception:
        return False
    return False


@task(
    name="digitize-files",
    task_run_name="{label}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=len(_RETRY_SECONDS),
    retry_delay_seconds=_RETRY_SECONDS,  # type: ignore[arg-type]
    retry_condition_fn=_passes,
)
def digitize_files(files: list[str], label: str) -> int:
    """Process a chunk of files one after another. Files that an earlier attempt finished are skipped."""
    del label
    chunk, work = RUN.get().chunks[files[0]]
    work(chunk)
    return len(chunk)


@flow(name="digitize-batch", flow_run_name="{batch}", persist_result=False, validate_parameters=False)
def digitize_batch_flow(batch: str, folder: str, files: int) -> str:
    """Run the batch that `RUN` holds; page accounting and the path of its report are stored as artifacts."""
    del folder, files
    run = RUN.get()

    def dispatch(of_run: FilesOfRun) -> None:
        futures = []
        for chunk in chunks(of_run.plan.todo, run.workspace.settings.workers):
            names = [planned.entry.name for planned in chunk]
            run.chunks[names[0]] = (chunk, of_run.work_here)
            futures.append(digitize_files.submit(names, _label(names)))
        wait(futures)
        for future in futures:
            future.result()

    run.outcome = run.work(dispatch, Logged(run.progress, run.workspace.settings.lang))
    _leave_artifacts(run, batch)
    return str(run.outcome.state)


def run_flow(run: Run, batch: str, folder: str, files: int, threads: int) -> BatchOutcome:
    """Run a batch as one flow run, on the server that is configured or a temporary one."""
    token = RUN.set(run)
    try:
        digitize_batch_flow.with_options(task_runner=ThreadPoolTaskRunner(max_workers=threads))(  # type: ignore[arg-type]
            batch, folder, files
        )
    finally:
        RUN.reset(token)
    assert run.outcome is not None
    return run.outcome


class Logged:
    """A `Progress` that also logs one line per file to the task run."""

    def __init__(self, progress: Progress, lang: str) -> None:
        self._progress, self._lang = progress, lang

    def begin(self, name: str, files: int) -> None:
        """The run starts on so many files."""
        self._progress.begin(name, files)

    def page(self) -> None:
        """A page is done."""
        self._progress.page()

    def file(self, outcome: FileOutcome) -> None:
        """A file is done."""
        self._progress.file(outcome)
        status = text(f"status.{outcome.status}", self._lang)
        counts = {"pages": outcome.pages, "papers": outcome.documents, "codes": outcome.codes}
        line = text("orchestra.file", self._lang, file=outcome.name, status=status, **counts)
        try:
            get_run_logger().info(line)
        except MissingContextError:  # a file processed outside a task
            logging.getLogger(__name__).info(line)

    def step(self, key: str) -> None:
        """The batch as a whole goes on to a step."""
        self._progress.step(key)


def _leave_artifacts(run: Run, batch: str) -> None:
    workspace, lang = run.workspace, run.workspace.settings.lang
    files, pages = batches.counts(workspace.database, batch)
    rows = {
        "files_in": files.in_,
        "files_read": files.read,
        "files_aside": files.set_aside,
        "files_left": files.not_started,
        "pages_in": pages.in_,
        "pages_accounted": pages.accounted,
        "passes": workspace.ledger.passes(batch),
    }
    lines = [f"| {text(f'orchestra.{name}', lang)} | {count} |" for name, count in rows.items()]
    key = batch_key(batch)
    create_markdown_artifact(
        markdown="\n".join(["| | |", "|---|---:|", *lines]),
        key=f"pages-{key}",
        description=text("orchestra.accounting", lang, batch=batch),
    )
    if run.outcome is not None and run.outcome.closed is not None:
        places = {"report": run.outcome.closed.report, "board": workspace.settings.reports / "board.html"}
        for name, path in places.items():
            create_link_artifact(
                link=path.absolute().as_uri(),
                link_text=str(path),
                key=f"{name}-{key}",
                description=text(f"orchestra.{name}", lang, batch=batch),
            )


def _label(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} … (+{len(names) - 1})"


__all__ = ["RUN", "Run", "digitize_batch_flow", "digitize_files", "run_flow"]
