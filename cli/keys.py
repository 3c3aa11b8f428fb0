"""`sohoa keys add|list|revoke`: keys of the systems that ask the look-up API."""

from __future__ import annotations

import hashlib
import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, cast, get_args

import typer

from cli.catalogue import database_of
from cli.options import AsJson, command
from cli.shapes import print_json
from cli.tables import print_table
from cli.wording import words
from configs.loader import load_rulebook
from configs.settings import Settings
from extractors.units import resolve
from schemas.api_keys import MOST_A_MINUTE, RATE, ApiKey, Scope
from schemas.batches import BatchSheet
from schemas.clock import today
from schemas.errors import UsageError
from schemas.text import squeeze
from schemas.wording import say, text
from storage import outbox
from storage.catalogue import api_keys
from storage.catalogue.database import Database
from storage.catalogue.events import now
from storage.objects import open_store
from workspace.figuring import unit_register
from workspace.opening import operator_name
from workspace.unit_scope import unit_of_code

_LONGEST = 200
System = Annotated[str, typer.Argument(metavar="SYSTEM", help=words("keys.system"))]
SystemOrKey = Annotated[str, typer.Argument(metavar="SYSTEM|ID", help=words("keys.system_or_id"))]
Scopes = Annotated[
    list[str] | None, typer.Option("--scope", metavar="lookup|reuse", help=words("keys.scope"))
]
Units = Annotated[list[str] | None, typer.Option("--unit", metavar="CODE", help=words("keys.unit"))]
Rate = Annotated[int, typer.Option("--rate", metavar="N", min=1, max=MOST_A_MINUTE, help=words("keys.rate"))]


@command
def add(
    settings: Settings,
    system: System,
    scope: Scopes = None,
    unit: Units = None,
    rate: Rate = RATE,
    as_json: AsJson = False,
) -> int:
    """Issue a key; its secret is printed this once and kept only as a hash."""
    name = squeeze(system)
    if not name or len(name) > _LONGEST:
        raise UsageError("no name of a system", remedy="api_system_name", most=_LONGEST)
    secret = secrets.token_urlsafe(32)
    key = ApiKey(
        id=secrets.token_hex(6),
        system=name,
        secret_sha256=hashlib.sha256(secret.encode("ascii")).hexdigest(),
        scopes=_scopes(scope or []),
        units=tuple(dict.fromkeys(_unit(named, settings) for named in unit or [])),
        rate=rate,
        created_at=now(),
        created_by=operator_name(settings),
    )
    with _recorded(settings) as database:
        api_keys.add(database, key)
    printed = f"sohoa_{key.id}_{secret}"
    if as_json:
        print_json({**_shape(key), "key": printed})
    else:
        sys.stdout.write(text("keys.added", settings.lang, key=printed, id=key.id, system=name) + "\n")
    return 0


@command
def list_(settings: Settings, as_json: AsJson = False) -> int:
    """Every key that was ever issued, without its secret."""
    with database_of(settings) as database:
        keys = api_keys.all_of(database)
    if as_json:
        print_json([_shape(key) for key in keys])
        return 0
    lang = settings.lang
    if not keys:
        sys.stdout.write(text("keys.none", lang) + "\n")
        return 0
    names = ("id", "system", "scopes", "units", "rate", "created_at", "created_by", "state")
    print_table([say("key_column", name, lang) for name in names], [_cells(key, lang) for key in keys])
    return 0


@command
def revoke(settings: Settings, which: SystemOrKey, as_json: AsJson = False) -> int:
    """Revoke one key, or every key of a system, from now on; links given out under it end too."""
    name = squeeze(which)
    with _recorded(settings) as database:
        ids = [key.id for key in api_keys.of_system(database, name)] or [name]
        gone = [api_keys.revoke(database, each, operator_name(settings)) for each in ids]
    if as_json:
        print_json([_shape(key) for key in gone])
        return 0
    for key in gone:
        sys.stdout.write(text("keys.revoked", settings.lang, id=key.id, system=key.system) + "\n")
    return 0


@contextmanager
def _recorded(settings: Settings) -> Iterator[Database]:
    """The catalogue, in sync with its store; the events of a change are stored at the end."""
    store = open_store(settings.store, settings.home)
    with database_of(settings) as database:
        outbox.require_current(database, store)
        yield database
        outbox.send_all(database, store)


def _scopes(given: Sequence[str]) -> tuple[Scope, ...]:
    known = get_args(Scope)
    for scope in given:
        if scope not in known:
            raise UsageError(f"no scope {scope}", remedy="api_scope_unknown", value=scope)
    if not given:
        raise UsageError("a key without scope opens nothing", remedy="api_scope_missing")
    return tuple(cast("Scope", scope) for scope in known if scope in given)


def _unit(named: str, settings: Settings) -> str:
    """The code of a unit, given by code or name; an agency by its name, as papers bear it."""
    register, day = unit_register(), today()
    made = register.find(named, None, day) or unit_of_code(register, named.strip(), day)
    if made is not None:
        return made.code
    book = load_rulebook(
        lists_dir=settings.lists, own_thresholds=settings.calibration, engine=settings.engine
    )
    placed = resolve(named, day, BatchSheet(owning_unit=named), book)
    if placed.unit is None or placed.level is None:
        raise UsageError(f"no unit {named}", remedy="api_unit_unknown", value=named)
    return placed.unit


def _shape(key: ApiKey) -> dict[str, object]:
    return {**key.model_dump(mode="json", exclude={"secret_sha256"}), "state": key.state}


def _cells(key: ApiKey, lang: str) -> list[str]:
    units = ", ".join(key.units) or text("keys.all_units", lang)
    state = text(f"keys.state_{key.state}", lang)
    return [
        *(key.id, key.system, ", ".join(key.scopes), units),
        *(str(key.rate), key.created_at, key.created_by, state),
    ]
