"""Accounts in the catalogue: each change an event of the house chain, with the row as it then stands.

Password hashes and second factors lie in a table of their own, which no chain ever holds: `sohoa backup` carries them,
`sohoa rebuild` does not, and a person then needs a new password.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, delete, insert, select, update

from schemas.errors import UsageError
from schemas.events import Event, EventType
from schemas.people import Account, Role, account_key, account_name
from schemas.version import TOOL
from storage.catalogue import chains
from storage.catalogue import schema as t
from storage.catalogue.database import Database
from storage.catalogue.events import now, record_events
from storage.catalogue.provenance import new_event

_RUN: Final = "people"


class Secret(NamedTuple):
    """How an account shows that it is the person: hash of the password, key of the second factor, its last step used."""

    password: str | None
    totp: str | None
    totp_step: int


def add(
    database: Database,
    name: str,
    role: Role,
    *,
    units: Sequence[str] = (),
    batches: Sequence[str] = (),
    password: str | None,
    by: str,
) -> Account:
    """Make an account; `password` is a hash.

    Raises:
        UsageError: there is one of that name, disabled ones too: names are not used again.
    """
    name = account_name(name)
    made = Account(
        name=name, role=role, units=tuple(units), batches=tuple(batches), created_at=now(), created_by=by
    )
    with database.write() as connection:
        if _row(connection, made.key) is not None:
            raise UsageError(f"{name} is there already", remedy="account_taken", name=name)
        values = made.model_dump(mode="json")
        connection.execute(insert(t.account).values(key=made.key, **values))
        connection.execute(
            insert(t.account_secret).values(account=made.key, password=password, totp=None, totp_step=0)
        )
        _told(connection, made, "added", by)
    return made


def rescope(
    database: Database, name: str, role: Role, units: Sequence[str], batches: Sequence[str], by: str
) -> Account:
    """Set what an account may do and see.

    Raises:
        UsageError: there is none of that name.
    """
    with database.write() as connection:
        held = _standing(connection, name)
        changed = held.model_copy(update={"role": role, "units": tuple(units), "batches": tuple(batches)})
        return _changed(connection, changed, "rescoped", by)


def disable(database: Database, name: str, by: str) -> Account:
    """Let an account sign in no more; its sessions end.

    Raises:
        UsageError: there is none of that name, or it is disabled.
    """
    with database.write() as connection:
        held = _standing(connection, name)
        if held.disabled_at is not None:
            raise UsageError(f"{held.name} is disabled", remedy="account_disabled", name=held.name)
        gone = held.model_copy(update={"disabled_at": now(), "disabled_by": by})
        _end_sessions(connection, held.key)
        return _changed(connection, gone, "disabled", by)


def set_password(database: Database, name: str, password: str, by: str) -> Account:
    """Set the hash of a new password; every session of the account ends, and a disabled account may sign in again.

    Raises:
        UsageError: there is none of that name.
    """
    with database.write() as connection:
        held = _standing(connection, name)
        _set_secret(connection, held.key, password=password)
        _end_sessions(connection, held.key)
        again = held.model_copy(update={"disabled_at": None, "disabled_by": None})
        return _changed(connection, again, "password", by)


def set_totp(database: Database, name: str, totp: str | None, by: str) -> Account:
    """Set or remove the second factor; every session of the account ends.

    Raises:
        UsageError: there is none of that name.
    """
    with database.write() as connection:
        held = _standing(connection, name)
        _set_secret(connection, held.key, totp=totp, totp_step=0)
        _end_sessions(connection, held.key)
        return _changed(connection, held, "second_factor" if totp else "no_second_factor", by)


def rehash(database: Database, key: str, password: str) -> None:
    """Keep the same password under stronger settings; nothing of it changes for the person, so it is no event."""
    with database.write() as connection:
        _set_secret(connection, key, password=password)


def use_step(database: Database, key: str, step: int) -> bool:
    """Take a time step of the second factor; False if it, or a later one, was used already."""
    column = t.account_secret.c
    query = update(t.account_secret).where(column.account == key, column.totp_step < step)
    with database.write() as connection:
        return connection.execute(query.values(totp_step=step)).rowcount == 1


def every(database: Database) -> list[Account]:
    """Every account, by name."""
    with database.read() as connection:
        rows = connection.execute(select(t.account).order_by(t.account.c.key)).all()
    return [account_of(row) for row in rows]


def named(database: Database, name: str) -> Account | None:
    """The account of that name, in capitals or not; None if there is none."""
    with database.read() as connection:
        row = _row(connection, account_key(name))
    return account_of(row) if row is not None else None


def secret_of(database: Database, key: str) -> Secret:
    """The secrets of an account; none after a rebuild, until a password is set."""
    with database.read() as connection:
        row = connection.execute(select(t.account_secret).where(t.account_secret.c.account == key)).first()
    return Secret(row.password, row.totp, row.totp_step) if row is not None else Secret(None, None, 0)


def account_of(row: Row[Any]) -> Account:
    """A row of the table as an account."""
    return Account.model_validate({name: getattr(row, name) for name in Account.model_fields})


def _row(connection: Connection, key: str) -> Row[Any] | None:
    return connection.execute(select(t.account).where(t.account.c.key == key)).first()


def _standing(connection: Connection, name: str) -> Account:
    row = _row(connection, account_key(name))
    if row is None:
        raise UsageError(f"no account {name}", remedy="account_absent", name=name)
    return account_of(row)


def _set_secret(connection: Connection, key: str, **values: object) -> None:
    done = connection.execute(
        update(t.account_secret).where(t.account_secret.c.account == key).values(values)
    )
    if done.rowcount == 0:  # after a rebuild
        empty = {"password": None, "totp": None, "totp_step": 0}
        connection.execute(insert(t.account_secret).values(account=key, **{**empty, **values}))


def _end_sessions(connection: Connection, key: str) -> None:
    connection.execute(delete(t.session).where(t.session.c.account == key))


def _changed(connection: Connection, account: Account, outcome: str, by: str) -> Account:
    values = account.model_dump(mode="json")
    connection.execute(update(t.account).where(t.account.c.key == account.key).values(values))
    _told(connection, account, outcome, by)
    return account


def _told(connection: Connection, account: Account, outcome: str, by: str) -> None:
    """Enter the row as it stands now and the event that made it so."""
    chains.note(connection, chains.HOUSE, t.account, t.account.c.key == account.key)
    scope = {"units": ", ".join(account.units), "batches": ", ".join(account.batches)}
    event: Event = new_event(
        EventType.ACCOUNT,
        account.name,
        outcome,
        batch=None,
        agent=by,
        tool=TOOL,
        detail={"role": str(account.role), **scope},
    )
    record_events(connection, _RUN, [event])
