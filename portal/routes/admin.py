"""`/admin`: who may sign in: accounts made, narrowed, given a password, disabled. A password is shown once, here."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from portal import passwords
from portal.people import batches_of, password_for_once, units_of
from portal.rights import Right
from portal.visits import Visit, absent, page, see
from schemas.errors import UsageError
from schemas.people import Account, Role, account_key, account_name
from storage.catalogue import accounts


def routes() -> list[BaseRoute]:
    """Accounts."""
    return [
        page("/admin", _list, Right.ADMINISTER),
        page("/admin/add", _add, Right.ADMINISTER, ["POST"]),
        page("/admin/password", _password, Right.ADMINISTER, ["POST"]),
        page("/admin/scope", _scope, Right.ADMINISTER, ["POST"]),
        page("/admin/disable", _disable, Right.ADMINISTER, ["POST"]),
    ]


def _list(visit: Visit) -> Response:
    return _shown(visit)


def _shown(visit: Visit, made: Account | None = None, password: str = "") -> Response:
    held = accounts.every(visit.house.database)
    secrets = {each.key: accounts.secret_of(visit.house.database, each.key) for each in held}
    return visit.page(
        "admin.html",
        accounts=held,
        secrets=secrets,
        me=visit.person.key,
        made=made,
        password=password,
        roles=list(Role),
    )


def _add(visit: Visit) -> Response:
    name, form = account_name(visit.form.get("name", "")), visit.form
    role, units, batches = _role(form.get("role", "")), units_of(_lines(visit, "units")), _batches(visit)
    password = password_for_once()
    kept = passwords.hashed_for_once(passwords.check_new(name, password))
    made = accounts.add(
        visit.house.database,
        name,
        role,
        units=units,
        batches=batches,
        password=kept,
        by=visit.person.name,
    )
    visit.house.send()
    return _shown(visit, made, password)


def _password(visit: Visit) -> Response:
    held = _other(visit)
    password = password_for_once()
    kept = passwords.hashed_for_once(passwords.check_new(held.name, password))
    accounts.set_password(visit.house.database, held.name, kept, visit.person.name)
    visit.house.send()
    return _shown(visit, held, password)


def _scope(visit: Visit) -> Response:
    held = _other(visit)
    role, units, batches = (
        _role(visit.form.get("role", "")),
        units_of(_lines(visit, "units")),
        _batches(visit),
    )
    accounts.rescope(visit.house.database, held.name, role, units, batches, visit.person.name)
    visit.house.send()
    return see("/admin")


def _disable(visit: Visit) -> Response:
    held = _other(visit)
    accounts.disable(visit.house.database, held.name, visit.person.name)
    visit.house.send()
    return see("/admin")


def _other(visit: Visit) -> Account:
    """The account that the form names, which is not one's own: nobody widens or locks out themselves.

    Raises:
        UsageError: it is.
    """
    name = visit.form.get("name", "")
    held = accounts.named(visit.house.database, name)
    if held is None:
        absent()
    if account_key(name) == visit.person.key:
        raise UsageError("oneself", remedy="account_own")
    return held


def _role(given: str) -> Role:
    try:
        return Role(given)
    except ValueError as error:
        raise UsageError("no role", remedy="account_role") from error


def _batches(visit: Visit) -> tuple[str, ...]:
    return batches_of(_lines(visit, "batches"))


def _lines(visit: Visit, name: str) -> list[str]:
    """What stands one a line, or between semicolons: names of agencies have commas."""
    given = visit.form.get(name, "").replace(";", "\n").splitlines()
    return [each.strip() for each in given if each.strip()]
