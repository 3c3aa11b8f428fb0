"""Plans, runs and closes one batch. Called from the command line and by scheduled runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

from configs.settings import Settings
from flows.batch import BatchOutcome, Dispatch, Progress, by_threads, run_batch
from pipeline.inbox import open_inbox
from pipeline.plan import BatchPlan, make_plan
from schemas.batches import BatchState
from schemas.clock import today
from storage.catalogue import batches, views
from storage.outbox import send_all
from workspace.closing import close_batch, close_others, is_unclosed, update_board_and_alerts
from workspace.log_lines import of_run
from workspace.opening import Workspace, open_workspace

_log = structlog.get_logger(__name__)
Halt = Callable[[], BatchState | None]


def digitize_batch(
    settings: Settings, folder: Path, progress: Progress, halt: Halt = lambda: None
) -> tuple[BatchOutcome | None, dict[str, Any]]:
    """Plan, run and close one batch.

    Args:
        settings: of this machine.
        folder: the batch folder.
        progress: notified of every step; `starting` while a temporary Prefect server comes up.
        halt: called between files; a returned state ends the run there.

    Returns:
        The run's outcome (None if nothing was left to do), and the batch as `views.show` gives it.
    """
    name = open_inbox(folder).name
    patience = settings.outage_minutes * 60
    with (
        open_workspace(settings, patience=patience) as workspace,
        of_run(workspace.run_id, name),
        workspace.hold(name),
    ):
        _log.info("run_began", folder=str(folder), orchestrator=settings.orchestrator)
        workspace.require_checker()  # also if no page is left to read
        plan = make_plan(workspace, folder)
        outcome = None
        if plan.todo or not _has_ended(workspace, name):
            outcome = _run(workspace, plan, progress, halt)
        elif is_unclosed(workspace, name):
            outcome = _close_again(workspace, plan, progress)
        if close_others(workspace, name):
            update_board_and_alerts(workspace)
        send_all(workspace.database, workspace.store)
        return outcome, views.show(workspace.database, name)


def _has_ended(workspace: Workspace, name: str) -> bool:
    """True if a run reached its last file, even if the batch was not closed afterwards."""
    row = batches.batch(workspace.database, name)
    return (row.ending or row.state) in {BatchState.FINISHED, BatchState.STOPPED}


def _close_again(workspace: Workspace, plan: BatchPlan, progress: Progress) -> BatchOutcome:
    """Close a batch with no files left whose closing was interrupted or failed."""
    progress.step("closing")
    try:
        closed = close_batch(workspace, plan.name)
    finally:
        update_board_and_alerts(workspace)
    return BatchOutcome(closed.state, 0, closed)


def _run(workspace: Workspace, plan: BatchPlan, progress: Progress, halt: Halt) -> BatchOutcome:
    def work(dispatch: Dispatch, watcher: Progress) -> BatchOutcome:
        return run_batch(workspace, plan, dispatch=dispatch, progress=watcher, as_of=today(), halt=halt)

    if workspace.settings.orchestrator == "plain" or not plan.todo:
        return work(by_threads, progress)
    if workspace.settings.orchestrator == "pool":
        from flows.machines.coordinating import by_machines  # noqa: PLC0415 - Prefect: only when there is work

        return work(by_machines, progress)
    if "PREFECT_API_URL" not in os.environ:
        progress.step("starting")
    from flows.orchestra import run_as_flow  # noqa: PLC0415 - Prefect: only when there is work

    return run_as_flow(workspace, plan, progress, work)
