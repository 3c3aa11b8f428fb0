"""The flow that a process worker runs, its work pool and its deployment. Importing this imports Prefect."""

from __future__ import annotations

import contextlib
from typing import Any
from uuid import UUID

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.types.entrypoint import EntrypointType
from prefect.workers.process import ProcessWorker

from flows.machines import DEPLOYMENT, POOL

FLOW = "work-on-batch"


@task(name="digitize-chunk", task_run_name="{label}", cache_policy=NO_CACHE, persist_result=False)
def digitize_chunk(label: str, work: Any) -> None:
    """One chunk, shown in Prefect's page as one task run."""
    del label
    work()


@flow(name=FLOW, persist_result=False, validate_parameters=False)
def work_on_batch(batch: str, run: str) -> str:
    """Work on chunks of a run, in the home that this worker's environment names, until none is left."""
    from configs.settings import Settings  # noqa: PLC0415 - in the process of the flow run
    from flows.machines.hauling import haul  # noqa: PLC0415

    return haul(Settings.load(), batch, run, lambda label, work: digitize_chunk(label, work))


async def deploy(client: PrefectClient) -> UUID:
    """Create the work pool and the deployment where they are missing. Every worker brings its own checkout and home."""
    try:
        await client.read_work_pool(POOL)
    except ObjectNotFound:
        template = ProcessWorker.get_default_base_job_template()
        with contextlib.suppress(ObjectAlreadyExists):  # another machine was quicker
            await client.create_work_pool(
                WorkPoolCreate(name=POOL, type="process", base_job_template=template)
            )
    deployment = await work_on_batch.ato_deployment(
        name=DEPLOYMENT, work_pool_name=POOL, entrypoint_type=EntrypointType.MODULE_PATH
    )
    made = await deployment.aapply()
    return UUID(str(made))
