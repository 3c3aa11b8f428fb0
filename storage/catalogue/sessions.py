"""Sessions of signed-in people, and failed sign-ins to slow guessing down. Neither is truth: a rebuild has none."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import delete, func, insert, or_, select, update

from schemas.people import Account
from storage.catalogue import schema as t
from storage.catalogue.accounts import account_of
from storage.catalogue.database import Database

BY_PASSWORD: Final = "password"
BY_PROVIDER: Final = "provider"
_SEEN_EVERY: Final = 60  # seconds; a page a second is not a write a second


class Lasting(NamedTuple):
    """How long sessions last, in seconds: unused, and at all."""

    idle: int
    most: int


class Failures(NamedTuple):
    """Failed sign-ins since a moment: to an account, from an address, to it from there."""

    account: int
    address: int
    both: int


def start(
    database: Database,
    digest: str,
    account: str,
    tried: str,
    at: int,
    lasting: Lasting,
    way: str = BY_PASSWORD,
) -> None:
    """Begin a session; those that have ended are removed, and failures noted under `tried` are forgotten."""
    column = t.session.c
    ended = or_(column.started < at - lasting.most, column.seen < at - lasting.idle)
    with database.write() as connection:
        connection.execute(delete(t.session).where(ended))
        connection.execute(
            insert(t.session).values(digest=digest, account=account, started=at, seen=at, way=way)
        )
        connection.execute(delete(t.sign_in_failure).where(t.sign_in_failure.c.account == tried[:64]))


def person_of(database: Database, digest: str, at: int, lasting: Lasting, *, touch: bool) -> Account | None:
    """Whose session it is; None if there is none, it has ended, or the account was disabled.

    Args:
        database: the catalogue.
        digest: of what the browser sent.
        at: now, in seconds.
        lasting: how long sessions last.
        touch: the person did something, as opposed to a page that asks by itself.
    """
    query = select(t.account, t.session.c.started, t.session.c.seen).join(
        t.session, t.session.c.account == t.account.c.key
    )
    with database.read() as connection:
        row = connection.execute(query.where(t.session.c.digest == digest)).first()
    if row is None or row.disabled_at is not None:
        return None
    if at - row.started > lasting.most or at - row.seen > lasting.idle:
        end(database, digest)
        return None
    if touch and at - row.seen >= min(_SEEN_EVERY, lasting.idle // 2):
        with database.write() as connection:
            connection.execute(update(t.session).where(t.session.c.digest == digest).values(seen=at))
    return account_of(row)


def way_of(database: Database, digest: str) -> str | None:
    """How the person of a session came in; None if there is no such session."""
    query = select(t.session.c.way).where(t.session.c.digest == digest)
    with database.read() as connection:
        return connection.execute(query).scalar_one_or_none()


def end(database: Database, digest: str) -> None:
    """End a session."""
    with database.write() as connection:
        connection.execute(delete(t.session).where(t.session.c.digest == digest))


def live(database: Database, since: int) -> int:
    """Number of sessions used since a moment."""
    query = select(func.count()).select_from(t.session).where(t.session.c.seen >= since)
    with database.read() as connection:
        return connection.execute(query).scalar_one()


def begin_try(database: Database, account: str, address: str, at: int, window: int, most: Failures) -> bool:
    """Let a sign-in be tried and count it as failed until it succeeds; False if there were too many.

    Counting and noting are one transaction: guesses sent side by side do not slip through.

    Args:
        database: the catalogue.
        account: what the name that was typed is known by.
        address: where it came from.
        at: now, in seconds.
        window: seconds for which a failure counts; older ones are removed.
        most: failures from which on nothing is tried.
    """
    table, column = t.sign_in_failure, t.sign_in_failure.c
    account, address = account[:64], address[:64]
    counting = select(func.count()).select_from(table)
    with database.write() as connection:
        connection.execute(delete(table).where(column.at < at - window))
        held = Failures(
            connection.execute(counting.where(column.account == account)).scalar_one(),
            connection.execute(counting.where(column.address == address)).scalar_one(),
            connection.execute(
                counting.where(column.account == account, column.address == address)
            ).scalar_one(),
        )
        if any(count >= limit for count, limit in zip(held, most, strict=True)):
            return False
        connection.execute(insert(table).values(account=account, address=address, at=at))
        return True
