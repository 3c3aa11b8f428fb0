"""`/account`: a person's own password. A guess at the one in use counts as a guess at the sign-in."""

from __future__ import annotations

import hashlib
import time

from starlette.responses import Response
from starlette.routing import BaseRoute

from portal import passwords
from portal.routes.sign_in import MOST, WINDOW, address_of
from portal.visits import Visit, page, see
from schemas.errors import UsageError
from schemas.wording import text
from storage.catalogue import accounts
from storage.catalogue import sessions as kept


def routes() -> list[BaseRoute]:
    """One's own account."""
    return [page("/account", _show, None), page("/account", _change, None, ["POST"])]


def _show(visit: Visit) -> Response:
    if not visit.house.settings.portal.oidc.password_counts(visit.person.name):
        return _elsewhere(visit, 200)
    return _asking(visit)


def _elsewhere(visit: Visit, status: int) -> Response:
    title, words = (text(f"portal.{key}", visit.house.lang) for key in ("account_title", "account_elsewhere"))
    return visit.page("said.html", status=status, title=title, words=words, to="/", back="nav_home")


def _asking(visit: Visit, said: str = "", status: int = 200) -> Response:
    secret = accounts.secret_of(visit.house.database, visit.person.key)
    return visit.page(
        "account.html",
        status=status,
        said=said,
        first=passwords.is_for_once(secret.password),
        second_factor=secret.totp is not None,
        least=passwords.SHORTEST,
    )


def _change(visit: Visit) -> Response:
    house, person, form = visit.house, visit.person, visit.form
    if not house.settings.portal.oidc.password_counts(person.name):
        return _elsewhere(visit, 403)
    tried = hashlib.sha256(person.key.encode()).hexdigest()
    if not kept.begin_try(house.database, tried, address_of(visit), int(time.time()), WINDOW, MOST):
        return _asking(visit, text("portal.login_wait", house.lang), 429)
    secret = accounts.secret_of(house.database, person.key)
    if not passwords.matches(secret.password, form.get("password", "")):
        return _asking(visit, text("portal.account_wrong", house.lang), 422)
    fresh = form.get("fresh", "")
    try:
        sound = passwords.check_new(person.name, fresh)
    except UsageError as error:
        return _asking(visit, text(f"error.{error.remedy}", house.lang, **error.params), 422)
    if fresh != form.get("again", ""):
        return _asking(visit, text("error.password_differs", house.lang), 422)
    if passwords.matches(secret.password, fresh):
        return _asking(visit, text("portal.account_same", house.lang), 422)
    accounts.set_password(house.database, person.name, passwords.hashed(sound), person.name)
    house.send()
    return see("/login")  # every session of the account has ended
