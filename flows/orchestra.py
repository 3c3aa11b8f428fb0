"""Prefect's environment, and the entry point of the batch flow. Importing this does not import Prefect.

Nothing is sent anywhere: analytics and telemetry are off before Prefect is imported.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.batch import BatchOutcome, Dispatch, Progress, threads_for
from flows.prefect_away import told_in_a_sentence, wait_for_server
from pipeline.plan import BatchPlan
from workspace.opening import Workspace

QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
    "PREFECT_SERVER_UI_V2_ENABLED": "false",
    # The default of 20 s is too short on a busy machine.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_LOGGING_LEVEL": "INFO",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
}


def prepare_environment(home: Path, run_id: str) -> None:
    """Set Prefect's environment for this process, keeping user settings. Must run before Prefect is imported."""
    # Logs of runs go to Prefect's page; on the terminal they would break the bar and repeat errors as tracebacks.
    ours = {"PREFECT_HOME": str(home / "prefect"), "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL"}
    for name, value in {**ours, **QUIET}.items():
        os.environ.setdefault(name, value)
    # Carried by the temporary server too, so that a later run can sweep one whose owner was killed.
    os.environ["SOHOA_RUN_ID"] = run_id


def run_as_flow(
    workspace: Workspace,
    plan: BatchPlan,
    progress: Progress,
    work: Callable[[Dispatch, Progress], BatchOutcome],
) -> BatchOutcome:
    """Run a batch as one Prefect flow run, on the server that is configured or a temporary one."""
    prepare_environment(workspace.settings.home, workspace.run.id)
    server = os.environ.get("PREFECT_API_URL")
    if server:
        wait_for_server(server, workspace.patience)
    from flows.prefect_run import Run, run_flow  # noqa: PLC0415 - Prefect: only when there is work

    run = Run(workspace, work, progress)
    with told_in_a_sentence(server):
        return run_flow(run, plan.name, str(plan.inbox.root), len(plan.todo), threads_for(workspace))


@contextmanager
def one_server(home: Path, run_id: str) -> Iterator[None]:
    """Use the configured server, or one temporary server for all batches of the block."""
    prepare_environment(home, run_id)
    if "PREFECT_API_URL" in os.environ:
        yield
        return
    from prefect.logging.handlers import APILogHandler  # noqa: PLC0415 - Prefect: only when there is work
    from prefect.server.api.server import SubprocessASGIServer  # noqa: PLC0415
    from prefect.settings import PREFECT_API_URL, temporary_settings  # noqa: PLC0415

    server = SubprocessASGIServer()
    server.start()
    try:
        with temporary_settings({PREFECT_API_URL: server.api_url}):
            yield
    finally:
        # Log lines still on their way would end as errors on the terminal once the server is gone.
        APILogHandler().flush()
        server.stop()
