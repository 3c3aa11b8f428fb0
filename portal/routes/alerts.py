"""`/alerts`: what the IT department must know, as it stands."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from portal.rights import Right
from portal.visits import Visit, page
from storage.catalogue import alerts


def routes() -> list[BaseRoute]:
    """Alerts."""
    return [page("/alerts", _show, Right.WATCH)]


def _show(visit: Visit) -> Response:
    return visit.page("alerts.html", rows=alerts.standing(visit.house.database))
