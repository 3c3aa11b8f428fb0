"""Syncs Prefect with our schedules: one work pool with three queues, one deployment per scheduled batch.

The catalogue is authoritative. Extra deployments are deleted and missing ones created; a flow run that Prefect lost, or
reports as running although its batch is not locked, is closed and restarted.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from prefect import flow
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId, FlowFilter, FlowFilterName
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound
from prefect.schedules import Cron, RRule
from prefect.schedules import Schedule as PrefectSchedule
from prefect.states import Crashed
from prefect.types.entrypoint import EntrypointType
from prefect.workers.process import ProcessWorker

from schemas.clock import VIETNAM
from storage.catalogue.schedules import Schedule
from storage.objects.keys import batch_key

POOL = "sohoa"
FLOW = "scheduled-batch"
QUEUES = {1: "gap", 2: "thuong", 3: "sau"}
_ZONE = "Asia/Ho_Chi_Minh"


@flow(name=FLOW, flow_run_name="{batch}", persist_result=False, validate_parameters=False)
def scheduled_batch(batch: str) -> str:
    """Run one batch of the home that the environment names, by its schedule."""
    from configs.settings import Settings  # noqa: PLC0415 - in the process of the flow run
    from flows.nights.running import run_scheduled  # noqa: PLC0415
    from workspace import log_lines  # noqa: PLC0415

    settings = Settings.load()
    log_lines.configure(settings.log_level, settings.log_format)
    state = run_scheduled(settings, batch)
    return str(state or "not scheduled")


async def prepare_pool(client: PrefectClient) -> None:
    """Create the work pool and its queues if they are missing. One batch runs at a time."""
    try:
        await client.read_work_pool(POOL)
    except ObjectNotFound:
        template = ProcessWorker.get_default_base_job_template()
        pool = WorkPoolCreate(name=POOL, type="process", base_job_template=template, concurrency_limit=1)
        await client.create_work_pool(pool)
    known = {queue.name for queue in await client.read_work_queues(work_pool_name=POOL)}
    for priority, name in QUEUES.items():
        if name not in known:
            await client.create_work_queue(name, priority=priority, work_pool_name=POOL)


class Deployments:
    """Keeps Prefect's deployments in sync with the schedules."""

    def __init__(self, working_dir: str, environment: dict[str, str]) -> None:
        self._job = {"working_dir": working_dir, "env": environment}
        self._made: dict[str, str] = {}

    async def follow(self, client: PrefectClient, rows: list[Schedule], live: set[str]) -> None:
        """Create, update and delete deployments. `live` names the batches whose schedule can still fire."""
        scheduled = {batch_key(row.batch): row for row in rows}
        for known in await client.read_deployments(flow_filter=_OUR_FLOW):
            if known.name not in scheduled:
                await client.delete_deployment(known.id)
                self._made.pop(known.name, None)
        for key, row in scheduled.items():
            fires = row.batch in live
            mark = f"{row.at}|{row.cron}|{row.priority}|{fires}"
            if self._made.get(key) != mark:
                await self._apply(key, row, fires)
                self._made[key] = mark

    async def _apply(self, key: str, row: Schedule, fires: bool) -> None:
        deployment = await scheduled_batch.ato_deployment(
            name=key,
            schedules=_when(row) if fires else [],
            parameters={"batch": row.batch},
            description=row.path,
            work_pool_name=POOL,
            work_queue_name=QUEUES[row.priority],
            job_variables=self._job,
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        await deployment.aapply()


def _when(row: Schedule) -> list[PrefectSchedule]:
    if row.cron:
        return [Cron(row.cron, timezone=_ZONE)]
    if row.at is None:
        return []
    at = datetime.fromisoformat(row.at).astimezone(VIETNAM)
    return [RRule(f"DTSTART:{at:%Y%m%dT%H%M%S}\nRRULE:FREQ=DAILY;COUNT=1", timezone=_ZONE)]


_OUR_FLOW = FlowFilter(name=FlowFilterName(any_=[FLOW]))


async def runs_of(client: PrefectClient, batch: str) -> tuple[Any, list[FlowRun]]:
    """The deployment of a batch and its due, unfinished flow runs (None if there is no deployment)."""
    try:
        deployment = await client.read_deployment_by_name(f"{FLOW}/{batch_key(batch)}")
    except ObjectNotFound:
        return None, []
    where = DeploymentFilter(id=DeploymentFilterId(any_=[deployment.id]))
    soon = datetime.now(VIETNAM) + timedelta(seconds=15)
    open_runs = [
        run
        for run in await client.read_flow_runs(deployment_filter=where, limit=200)
        if run.state is not None
        and not run.state.is_final()
        and (not run.state.is_scheduled() or (run.next_scheduled_start_time or soon) <= soon)
    ]
    return deployment, open_runs


async def start_again(client: PrefectClient, batch: str) -> bool:
    """Start a flow run of an idle batch, closing flow runs that Prefect still reports as running.

    Returns True if one was started; False if one is already waiting for the worker.
    """
    deployment, known = await runs_of(client, batch)
    if deployment is None:
        return False
    for run in known:
        if run.state is not None and run.state.is_running():
            await client.set_flow_run_state(run.id, Crashed(message="nobody holds its batch"), force=True)
    if any(run.state is not None and not run.state.is_running() for run in known):
        return False
    await client.create_flow_run_from_deployment(deployment.id)
    return True
