"""`/login` and `/logout`. A guess costs the same whether the name is known or not, and is refused after a few."""

from __future__ import annotations

import hashlib
import time
from typing import Final

from starlette.responses import Response
from starlette.routing import BaseRoute

from portal import passwords, second_factor, sessions
from portal.house import House
from portal.visits import Visit, page, see
from schemas.events import EventType
from schemas.people import Account, account_key
from schemas.wording import text
from storage.catalogue import accounts
from storage.catalogue import sessions as kept

WINDOW: Final = 15 * 60  # seconds in which failures are counted
# To one account from anywhere, many: a stranger in one place cannot lock a person out; from one place to it, few.
MOST: Final = kept.Failures(account=50, address=20, both=5)
_UNKNOWN: Final = "unknown"


def routes() -> list[BaseRoute]:
    """Signing in and out."""
    return [
        page("/login", _show, None, public=True),
        page("/login", _sign_in, None, ["POST"], public=True),
        page("/logout", _sign_out, None, ["POST"]),
    ]


def _show(visit: Visit) -> Response:
    return see("/") if visit.signed_in else asking(visit)


def asking(visit: Visit, said: str = "", status: int = 200) -> Response:
    """The page that asks who it is, with what went wrong."""
    # The secret before signing in is made anew only where there is none: two open sign-in pages both work.
    token = sessions.cookie(visit.request, visit.house, sessions.BEFORE) or sessions.new_token()
    visit.token = token
    response = visit.page("login.html", status=status, said=said, oidc=visit.house.settings.portal.oidc)
    sessions.set_cookie(response, visit.house, sessions.BEFORE, token)
    return response


def told(visit: Visit, said: str, status: int, **params: object) -> Response:
    """The page that asks who it is, saying why it asks again."""
    return asking(visit, text(f"portal.{said}", visit.house.lang, **params), status)


def _sign_in(visit: Visit) -> Response:
    if visit.signed_in:
        return see("/")
    house, oidc = visit.house, visit.house.settings.portal.oidc
    name, address, now = visit.form.get("name", "")[:200], address_of(visit), int(time.time())
    tried = hashlib.sha256(account_key(name).encode()).hexdigest()
    if not kept.begin_try(house.database, tried, address, now, WINDOW, MOST):
        response = told(visit, "login_wait", 429)
        response.headers["Retry-After"] = str(WINDOW)
        return response
    account = accounts.named(house.database, name)
    if account is None:
        passwords.matches(None, visit.form.get("password", ""))
    if account is None or not (_is_the_person(house, account, visit) and oidc.password_counts(name)):
        known = account.name if account else _UNKNOWN
        house.record(EventType.SIGN_IN, known, "failed", by=known, address=address)
        return told(visit, "login_failed", 401)
    response = see("/")
    welcome(response, visit, account, tried, now, kept.BY_PASSWORD)
    return response


def _is_the_person(house: House, account: Account, visit: Visit) -> bool:
    secret = accounts.secret_of(house.database, account.key)
    given = visit.form.get("password", "")
    right = passwords.matches(secret.password if account.disabled_at is None else None, given)
    if not right or secret.password is None:
        return False
    if secret.totp is not None:
        step = second_factor.step_of(secret.totp, visit.form.get("code", "")[:20], time.time())
        if step is None or not accounts.use_step(house.database, account.key, step):
            return False
    if passwords.is_dated(secret.password):
        accounts.rehash(house.database, account.key, passwords.hashed(given))
    return True


def welcome(response: Response, visit: Visit, account: Account, tried: str, now: int, way: str) -> None:
    """Begin the session of a person, record it, and hand its secret to the browser with this answer."""
    house, address = visit.house, address_of(visit)
    token = sessions.new_token()  # never one that the browser brought
    kept.start(house.database, sessions.digest_of(token), account.key, tried, now, house.lasting, way)
    house.record(EventType.SIGN_IN, account.name, "signed_in", by=account.name, address=address, way=way)
    sessions.set_cookie(response, house, sessions.SESSION, token)
    sessions.drop_cookie(response, house, sessions.BEFORE)


def _sign_out(visit: Visit) -> Response:
    assert visit.token is not None
    kept.end(visit.house.database, sessions.digest_of(visit.token))
    name = visit.person.name
    visit.house.record(EventType.SIGN_IN, name, "signed_out", by=name, address=address_of(visit))
    response = see("/login")
    sessions.drop_cookie(response, visit.house, sessions.SESSION)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def address_of(visit: Visit) -> str:
    """Where a request comes from."""
    client = visit.request.client
    return client.host if client else "–"
