"""Keeps flow runs in front of the workers, so that whoever comes free takes a part of the work. Imports Prefect."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar
from uuid import UUID

import structlog

from configs.settings import Settings
from flows.orchestra import prepare_environment

T = TypeVar("T")
_log = structlog.get_logger(__name__)
_ENDING_SECONDS = 5.0
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0


class Crew:
    """The flow runs of one run of a batch: a few always wait in the pool while there is work to be taken.

    A worker that takes one works on chunk after chunk until none is left. A server that is away is waited for: what the
    workers do meanwhile is safe.
    """

    def __init__(self, settings: Settings, batch: str, run: str) -> None:
        prepare_environment(settings.home, run)
        self._ahead = settings.machines.ahead
        self._parameters = {"batch": batch, "run": run}
        self._made: list[UUID] = []
        self._deployment: UUID | None = None
        self._away = False
        self._pause, self._next = _FIRST_PAUSE, 0.0

    def keep(self, waiting: int, *, moving: bool) -> None:
        """Have as many flow runs wait as are wanted ahead, but no more than chunks wait.

        Where nothing moves, flow runs that ended at once are replaced ever more slowly.
        """
        if moving:
            self._pause = _FIRST_PAUSE
        if waiting and time.monotonic() >= self._next:
            self._ask(lambda: self._keep(min(waiting, self._ahead)))

    def dismiss(self) -> None:
        """End the flow runs that nobody took, and those whose worker died."""
        if self._made:
            self._ask(self._dismiss)

    def _ask(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        from httpx import HTTPError  # noqa: PLC0415 - comes with Prefect
        from prefect.exceptions import PrefectException  # noqa: PLC0415 - a second to import

        try:
            asyncio.run(work())
        except (HTTPError, PrefectException, OSError, RuntimeError) as error:
            if not self._away:
                _log.warning("prefect_away", detail=f"{type(error).__name__}: {error}"[:300])
            self._away, self._deployment = True, None
            return
        if self._away:
            self._away = False
            _log.warning("prefect_back")

    async def _keep(self, wanted: int) -> None:
        from prefect.client.orchestration import get_client  # noqa: PLC0415

        from flows.machines.pool_flow import deploy  # noqa: PLC0415

        async with get_client() as client:
            if self._deployment is None:
                self._deployment = await deploy(client)
            known = await _of(client, self._made)
            idle = [run for run in known if run.state is None or _waits(run)]
            for _ in range(wanted - len(idle)):
                made = await client.create_flow_run_from_deployment(
                    self._deployment,
                    parameters=self._parameters,
                    name=f"{self._parameters['batch']} · {len(self._made) + 1}",
                )
                self._made.append(made.id)
                self._next = time.monotonic() + self._pause
                self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    async def _dismiss(self) -> None:
        from prefect.client.orchestration import get_client  # noqa: PLC0415
        from prefect.states import Cancelled, Crashed  # noqa: PLC0415

        deadline = time.monotonic() + _ENDING_SECONDS
        async with get_client() as client:
            while True:
                open_runs = [run for run in await _of(client, self._made) if not _ended(run)]
                for run in open_runs:
                    if _waits(run):
                        nothing: Any = Cancelled(message="no work is left")
                        await client.set_flow_run_state(run.id, nothing, force=True)
                at_work = [run for run in open_runs if not _waits(run)]
                if not at_work:
                    return
                if time.monotonic() > deadline:
                    break
                await asyncio.sleep(0.5)
            for run in at_work:
                dead: Any = Crashed(message="its worker went away; others did its work")
                await client.set_flow_run_state(run.id, dead, force=True)


async def _of(client: Any, ids: list[UUID]) -> list[Any]:
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId  # noqa: PLC0415

    if not ids:
        return []
    some = FlowRunFilter(id=FlowRunFilterId(any_=ids[-150:]))
    found: list[Any] = await client.read_flow_runs(flow_run_filter=some, limit=200)
    return found


def _waits(run: Any) -> bool:
    return run.state is not None and run.state.is_scheduled()


def _ended(run: Any) -> bool:
    return run.state is not None and run.state.is_final()
