"""`/admin`: who may sign in; an account is disabled here, and made by `sohoa users`."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from portal.rights import Right
from portal.visits import Visit, absent, page, see
from schemas.errors import UsageError
from schemas.people import account_key
from storage.catalogue import accounts


def routes() -> list[BaseRoute]:
    """Accounts."""
    return [
        page("/admin", _list, Right.ADMINISTER),
        page("/admin/disable", _disable, Right.ADMINISTER, ["POST"]),
    ]


def _list(visit: Visit) -> Response:
    held = accounts.every(visit.house.database)
    secrets = {each.key: accounts.secret_of(visit.house.database, each.key) for each in held}
    return visit.page("admin.html", accounts=held, secrets=secrets, me=visit.person.key)


def _disable(visit: Visit) -> Response:
    name = visit.form.get("name", "")
    if accounts.named(visit.house.database, name) is None:
        absent()
    if account_key(name) == visit.person.key:
        raise UsageError("oneself", remedy="account_own")
    accounts.disable(visit.house.database, name, visit.person.name)
    visit.house.send()
    return see("/admin")
