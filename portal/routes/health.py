"""`/health` for whoever watches over the machine, `/metrics` for Prometheus. Neither tells of a paper or a person."""

from __future__ import annotations

import hmac
import ipaddress
import os
import time
import urllib.request
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute

from portal.house import House
from portal.visits import Visit, page
from schemas.errors import SohoaError
from storage.catalogue import seen_papers, sessions
from storage.catalogue.chains import unsent
from storage.objects import open_store

_TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
_PATIENCE: Final = 2  # seconds


def routes() -> list[BaseRoute]:
    """Health and metrics."""
    return [
        page("/health", _health, None, public=True, asks_itself=True),
        page("/metrics", _metrics, None, public=True, asks_itself=True),
    ]


def _health(visit: Visit) -> Response:
    told = {
        "catalogue": _catalogue(visit.house),
        "store": _store(visit.house),
        "prefect": _prefect(),
    }
    good = all(state != "down" for state in told.values())
    return JSONResponse({"status": "ok" if good else "down", **told}, 200 if good else 503)


def _catalogue(house: House) -> str:
    try:
        house.database.version()
    except SohoaError:
        return "down"
    return "ok"


def _store(house: House) -> str:
    try:
        open_store(house.settings.store, house.settings.home, create=False)
    except SohoaError as error:
        empty = error.remedy == "store_absent" and house.settings.store.kind == "local"
        return "ok" if empty else "down"
    return "ok"


def _prefect() -> str:
    """`off` where no server is named: the page works without one."""
    address = os.environ.get("PREFECT_API_URL", "")
    if not address.startswith(("http://", "https://")):
        return "off"
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=_PATIENCE) as answer:
            return "ok" if answer.status == 200 else "down"
    except OSError:
        return "down"


def _metrics(visit: Visit) -> Response:
    if not _may_measure(visit.request, visit.house):
        raise HTTPException(403)
    return PlainTextResponse(_measured(visit.house), media_type=_TEXT)


def _may_measure(request: Request, house: House) -> bool:
    """Whoever has the key; without a proxy, also this machine itself."""
    key = os.environ.get("SOHOA_METRICS_KEY", "")
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if key and hmac.compare_digest(key.encode(), given.encode()):
        return True
    client = request.client
    if house.settings.portal.proxy is not None or client is None:
        return False
    try:
        return ipaddress.ip_address(client.host).is_loopback
    except ValueError:
        return False


def _measured(house: House) -> str:
    requests, seconds = house.tally.now()
    with house.database.read() as connection:
        waiting = len(unsent(connection))
    lines = ["# TYPE sohoa_up_seconds gauge", f"sohoa_up_seconds {time.time() - house.started:.0f}"]
    lines.append("# TYPE sohoa_http_requests_total counter")
    lines += [
        f'sohoa_http_requests_total{{route="{route}",method="{method}",status="{status}"}} {count}'
        for (route, method, status), count in sorted(requests.items())
    ]
    lines.append("# TYPE sohoa_http_seconds_total counter")
    lines += [
        f'sohoa_http_seconds_total{{route="{route}"}} {spent:.3f}' for route, spent in sorted(seconds.items())
    ]
    lines.append("# TYPE sohoa_papers gauge")
    papers: dict[str, int] = {}
    for each in seen_papers.count(house.database):
        papers[each.route] = papers.get(each.route, 0) + each.papers
    lines += [f'sohoa_papers{{route="{route}"}} {count}' for route, count in sorted(papers.items())]
    live = sessions.live(house.database, int(time.time()) - house.lasting.idle)
    lines += ["# TYPE sohoa_sessions gauge", f"sohoa_sessions {live}"]
    lines += ["# TYPE sohoa_events_waiting gauge", f"sohoa_events_waiting {waiting}"]
    return "\n".join(lines) + "\n"
