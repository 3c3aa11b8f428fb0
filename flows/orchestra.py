"""The Prefect side: flow `digitize-batch`, a thin shell over `run_batch`. Beside `flows/nights` alone it imports Prefect.

Flow run = batch, task = a chunk of files. Prefect shows and schedules; our own records are the truth. Nothing is sent
anywhere: analytics and telemetry are off before Prefect is imported.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from flows.batch import BatchOutcome, Chunk, Dispatch, threads_for
from workspace.opening import Workspace

QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
    "PREFECT_SERVER_UI_V2_ENABLED": "false",
    # The default of 20 s is missed on a machine whose cores are busy.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
}

# What a flow run works on cannot pass through Prefect's own parameters, which are JSON kept in its database.
_prepared: dict[str, tuple[Workspace, Callable[[Dispatch], BatchOutcome]]] = {}


def prepare_environment(home: Path, run_id: str) -> None:
    """Prefect's settings for this process; what the user set stays. Must run before Prefect is imported."""
    for name, value in {"PREFECT_HOME": str(home / "prefect"), **QUIET}.items():
        os.environ.setdefault(name, value)
    # Carried by the temporary server too, so that a later run can sweep one whose owner was killed.
    os.environ["SOHOA_RUN_ID"] = run_id


def run_as_flow(workspace: Workspace, batch: str, work: Callable[[Dispatch], BatchOutcome]) -> BatchOutcome:
    """Run a batch as one Prefect flow run, on the server that is configured or a temporary one."""
    prepare_environment(workspace.settings.home, workspace.run.id)
    from prefect import flow, task  # noqa: PLC0415 - 0.8 s of import and a server: only when there is work
    from prefect.cache_policies import NO_CACHE  # noqa: PLC0415
    from prefect.futures import wait  # noqa: PLC0415
    from prefect.task_runners import ThreadPoolTaskRunner  # noqa: PLC0415

    token = uuid.uuid4().hex
    _prepared[token] = (workspace, work)

    @flow(
        name="digitize-batch",
        flow_run_name="{batch}",
        task_runner=ThreadPoolTaskRunner(max_workers=threads_for(workspace)),  # type: ignore[arg-type]
        persist_result=False,
        log_prints=False,
        validate_parameters=False,
    )
    def digitize_batch(batch: str, token: str) -> str:
        pieces: dict[int, tuple[Chunk, Callable[[Chunk], None]]] = {}

        @task(
            name="digitize-files",
            task_run_name="{names}",
            cache_policy=NO_CACHE,
            persist_result=False,
            retries=0,
        )
        def digitize_files(part: int, names: str) -> None:
            del names
            chunk, piece = pieces[part]
            piece(chunk)

        def dispatch(parts: Sequence[Chunk], piece: Callable[[Chunk], None]) -> None:
            futures: list[Any] = []
            for number, chunk in enumerate(parts):
                pieces[number] = (chunk, piece)
                futures.append(digitize_files.submit(number, _label(chunk)))
            wait(futures)
            for future in futures:
                future.result()

        work = _prepared[token][1]
        del batch
        outcomes[token] = work(dispatch)
        return str(outcomes[token].state)

    outcomes: dict[str, BatchOutcome] = {}
    try:
        digitize_batch(batch, token)
        return outcomes[token]
    finally:
        del _prepared[token]


def _label(chunk: Chunk) -> str:
    first = chunk[0].entry.name
    return first if len(chunk) == 1 else f"{first} … (+{len(chunk) - 1})"
