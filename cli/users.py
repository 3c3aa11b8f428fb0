"""`sohoa users add|list|disable|password|scope|totp`: who may sign in to the web page, and what they see."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.catalogue import database_of
from cli.options import AsJson, command, named_path
from cli.shapes import print_json
from cli.tables import print_table
from cli.wording import words
from configs.settings import Settings
from portal import passwords, second_factor
from portal.people import batches_of, units_of
from schemas.errors import UsageError
from schemas.people import Account, Role, account_name
from schemas.wording import text
from storage import outbox
from storage.catalogue import accounts
from storage.catalogue.database import Database
from storage.objects import open_store
from workspace.opening import operator_name

_MOST_BYTES = 4096
Name = Annotated[str, typer.Argument(metavar="NAME", help=words("users.name"))]
RoleName = Annotated[Role, typer.Option("--role", help=words("users.role"))]
Units = Annotated[list[str] | None, typer.Option("--unit", metavar="CODE", help=words("users.unit"))]
Batches = Annotated[list[str] | None, typer.Option("--batch", metavar="BATCH", help=words("users.batch"))]
PasswordFile = Annotated[
    Path | None,
    typer.Option("--password-file", parser=named_path, metavar="FILE", help=words("users.password_file")),
]


@command
def add(
    settings: Settings,
    name: Name,
    role: RoleName,
    unit: Units = None,
    batch: Batches = None,
    password_file: PasswordFile = None,
    no_password: Annotated[bool, typer.Option("--no-password", help=words("users.without_password"))] = False,
    as_json: AsJson = False,
) -> int:
    """Make an account; the password is asked for, or read from a file."""
    if no_password and password_file is not None:
        raise UsageError("a file of no password", remedy="password_or_none")
    name, units = account_name(name), units_of(unit or ())
    with database_of(settings) as database:
        if accounts.named(database, name) is not None:
            raise UsageError(f"{name} is there already", remedy="account_taken", name=name)
        given = None if no_password else _new_password(settings, name, password_file)
        made = accounts.add(
            database,
            name,
            role,
            units=units,
            batches=batches_of(batch or ()),
            password=passwords.hashed(given) if given is not None else None,
            by=operator_name(settings),
        )
        _send(database, settings)
    return _done(settings, made, "added", as_json)


@command
def list_(settings: Settings, as_json: AsJson = False) -> int:
    """Every account: role, scope, since when, whether it may sign in."""
    with database_of(settings) as database:
        held = accounts.every(database)
        seconds = {each.name: accounts.secret_of(database, each.key) for each in held}
    if as_json:
        print_json([_shape(each, seconds[each.name]) for each in held])
        return 0
    lang = settings.lang
    rows = [
        [
            each.name,
            text(f"role.{each.role}", lang),
            ", ".join(each.units) or text("users.every", lang),
            ", ".join(each.batches) or text("users.every", lang),
            text("users.disabled" if each.disabled_at else "users.open", lang)
            if seconds[each.name].password
            else text("users.no_password", lang),
        ]
        for each in held
    ]
    print_table(
        [text(f"users.head_{key}", lang) for key in ("name", "role", "units", "batches", "state")], rows
    )
    return 0


@command
def disable(settings: Settings, name: Name, as_json: AsJson = False) -> int:
    """Let an account sign in no more; whoever is signed in with it is signed out."""
    with database_of(settings) as database:
        gone = accounts.disable(database, name, operator_name(settings))
        _send(database, settings)
    return _done(settings, gone, "disabled_now", as_json)


@command
def password(
    settings: Settings, name: Name, password_file: PasswordFile = None, as_json: AsJson = False
) -> int:
    """Set a new password; whoever is signed in with the account is signed out."""
    with database_of(settings) as database:
        held = _known(database, name)
        fresh = passwords.hashed(_new_password(settings, held.name, password_file))
        held = accounts.set_password(database, held.name, fresh, operator_name(settings))
        _send(database, settings)
    return _done(settings, held, "password_set", as_json)


@command
def scope(
    settings: Settings,
    name: Name,
    role: RoleName,
    unit: Units = None,
    batch: Batches = None,
    as_json: AsJson = False,
) -> int:
    """Set role and scope of an account; a scope that is not given is the whole archive."""
    units = units_of(unit or ())
    with database_of(settings) as database:
        held = accounts.rescope(database, name, role, units, batches_of(batch or ()), operator_name(settings))
        _send(database, settings)
    return _done(settings, held, "rescoped", as_json)


@command
def totp(
    settings: Settings,
    name: Name,
    off: Annotated[bool, typer.Option("--off", help=words("users.totp_off"))] = False,
    as_json: AsJson = False,
) -> int:
    """Give an account a second factor, whose key is printed once; or take it away."""
    with database_of(settings) as database:
        held = _known(database, name)
        key = None if off else second_factor.new_key()
        accounts.set_totp(database, held.name, key, operator_name(settings))
        _send(database, settings)
    address = second_factor.address_of(key, held.name) if key else None
    if as_json:
        print_json({"name": held.name, "key": key, "address": address})
        return 0
    said = "users.totp_gone" if key is None else "users.totp_set"
    sys.stdout.write(text(said, settings.lang, name=held.name, key=key, address=address) + "\n")
    return 0


def _known(database: Database, name: str) -> Account:
    held = accounts.named(database, name)
    if held is None:
        raise UsageError(f"no account {name}", remedy="account_absent", name=name)
    return held


def _new_password(settings: Settings, name: str, file: Path | None) -> str:
    """A new password from the terminal, twice; or the first line of a file, `-` for standard input.

    Raises:
        UsageError: there is no terminal, the two differ, the file cannot be used, or the password is weak.
    """
    if file is not None:
        return passwords.check_new(name, _first_line(file))
    if not sys.stdin.isatty():
        raise UsageError("no terminal to ask on", remedy="password_no_terminal")
    given = getpass.getpass(text("users.ask", settings.lang, name=name))
    sound = passwords.check_new(name, given)
    if getpass.getpass(text("users.ask_again", settings.lang)) != given:
        raise UsageError("the two differ", remedy="password_differs")
    return sound


def _first_line(file: Path) -> str:
    if str(file) == "-":
        data = sys.stdin.buffer.read(_MOST_BYTES)
    elif not file.is_file():
        raise UsageError(f"no file {file}", remedy="file_not_found", path=file)
    else:
        with open(file, "rb") as stream:
            data = stream.read(_MOST_BYTES)
    try:
        return data.decode("utf-8-sig").partition("\n")[0].removesuffix("\r")
    except UnicodeDecodeError as error:
        raise UsageError("not UTF-8", remedy="password_not_utf8") from error


def _send(database: Database, settings: Settings) -> None:
    outbox.send(database, open_store(settings.store, settings.home))


def _shape(account: Account, secret: accounts.Secret) -> dict[str, Any]:
    plain: dict[str, Any] = account.model_dump(mode="json")
    return {**plain, "password": secret.password is not None, "second_factor": secret.totp is not None}


def _done(settings: Settings, account: Account, said: str, as_json: bool) -> int:
    if as_json:
        print_json(account.model_dump(mode="json"))
    else:
        sys.stdout.write(text(f"users.{said}", settings.lang, name=account.name) + "\n")
    return 0
