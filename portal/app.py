"""The application: its pages, the layer around them, what it does when it starts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from portal import api, passwords
from portal.answering import Answering, on_error, on_refusal
from portal.house import House
from portal.routes import (
    account,
    admin,
    alerts,
    batch_units,
    batches,
    carpets,
    figures,
    frozen,
    health,
    home,
    inventory,
    lots,
    page_images,
    papers,
    provider_sign_in,
    reports,
    review,
    review_pages,
    search,
    sign_in,
    speed,
    traces,
    uploads,
    work,
)
from schemas.errors import SohoaError
from storage.catalogue import lookup_records

MODULES: Final[Sequence[ModuleType]] = (
    *(
        sign_in,
        provider_sign_in,
        home,
        uploads,
        work,
        batches,
        batch_units,
        papers,
        page_images,
        review,
        review_pages,
        carpets,
        traces,
        search,
        figures,
        inventory,
        frozen,
    ),
    *(lots, reports, speed, alerts, admin, account, health),
)


def build(house: House, modules: Sequence[ModuleType] = MODULES) -> Starlette:
    """The application over an opened home."""
    routes: list[BaseRoute] = [Route("/static/{name}", _static, name="/static")]
    for module in modules:
        routes += module.routes()
    routes += api.routes(house.workspace)

    @asynccontextmanager
    async def starting(_: Starlette) -> AsyncIterator[None]:
        await run_in_threadpool(passwords.prepare)
        house.closer.start()
        house.queue.warm()
        yield
        await run_in_threadpool(house.closer.stop)
        await run_in_threadpool(_end_hours, house)

    app = Starlette(
        routes=routes,
        middleware=[Middleware(Answering, house=house)],
        exception_handlers={HTTPException: on_refusal, SohoaError: on_error},
        lifespan=starting,
    )
    app.router.redirect_slashes = False
    app.state.house = house
    return app


def _end_hours(house: House) -> None:
    """Write the event of the look-ups of this hour, which would wait for the first one of another."""
    if lookup_records.end_hours(house.database, all_of_them=True):
        house.workspace.send()


async def _static(request: Request) -> Response:
    house: House = request.app.state.house
    found = house.assets.get(request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    kept = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(found.data, media_type=found.media_type, headers=kept)
