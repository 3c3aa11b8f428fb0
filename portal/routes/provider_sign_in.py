"""`/login/provider` and back: signing in by the province's own sign-in. Only accounts made here come in."""

from __future__ import annotations

import hashlib
import time
from typing import Final

import structlog
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from portal import sessions
from portal.provider import Refused
from portal.routes.sign_in import WINDOW, address_of, told, welcome
from portal.visits import Visit, absent, page, see
from schemas.events import EventType
from storage.catalogue import accounts
from storage.catalogue import sessions as kept

_BACK: Final = "/login/provider/back"
_STATUS: Final = {"unreachable": 503, "denied": 403, "state": 400, "token": 403}
# A guess is made at the provider, which counts it; here only floods from one address are slowed down.
_MOST: Final = kept.Failures(account=20, address=20, both=20)
_UNKNOWN: Final = "unknown"
_log = structlog.get_logger("portal")


def routes() -> list[BaseRoute]:
    """There and back."""
    return [page("/login/provider", _go, None, public=True), page(_BACK, _back, None, public=True)]


def _go(visit: Visit) -> Response:
    house = visit.house
    if not house.provider.is_there:
        absent()
    if visit.signed_in:
        return see("/")
    secret = sessions.new_token()
    try:
        target = house.provider.begin(secret, _here(visit))
    except Refused as refused:
        return _refused(visit, refused)
    response = RedirectResponse(target, 303)
    sessions.set_cookie(response, house, sessions.AWAY, secret)
    return response


def _back(visit: Visit) -> Response:
    house, address, now = visit.house, address_of(visit), int(time.time())
    if not house.provider.is_there:
        absent()
    tried = hashlib.sha256(f"provider {address}".encode()).hexdigest()
    if not kept.begin_try(house.database, tried, address, now, WINDOW, _MOST):
        return told(visit, "login_wait", 429)
    secret = sessions.cookie(visit.request, house, sessions.AWAY)
    try:
        name = house.provider.end(secret, dict(visit.request.query_params), _here(visit))
    except Refused as refused:
        return _refused(visit, refused)
    account = accounts.named(house.database, name)
    if account is None or account.disabled_at is not None:
        known = account.name if account else _UNKNOWN
        house.record(EventType.SIGN_IN, known, "failed", by=known, address=address, way=kept.BY_PROVIDER)
        return _without(visit, told(visit, "provider_account", 403, name=name[:64]))
    # A page of ours that goes on by itself: the session's secret is not sent along on a way that began elsewhere.
    response = visit.page("provider_back.html")
    welcome(response, visit, account, tried, now, kept.BY_PROVIDER)
    return _without(visit, response)


def _refused(visit: Visit, refused: Refused) -> Response:
    _log.warning("provider_refused", reason=refused.reason, detail=refused.detail)
    return _without(visit, told(visit, f"provider_{refused.reason}", _STATUS[refused.reason]))


def _without(visit: Visit, response: Response) -> Response:
    sessions.drop_cookie(response, visit.house, sessions.AWAY)
    return response


def _here(visit: Visit) -> str:
    """Where the provider sends the browser back to; it takes no address but the one that it was told of."""
    return f"{str(visit.request.base_url).rstrip('/')}{_BACK}"
