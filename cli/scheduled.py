"""`sohoa schedule BATCH_DIR|list|remove`, `sohoa serve`, `sohoa batch pause|resume|cancel|priority`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.catalogue import database_of
from cli.options import AsJson, Batch, command, named_batch, named_path
from cli.shapes import print_json
from cli.tables import print_table
from cli.wording import words
from configs.settings import Settings
from flows.nights import wishes
from flows.nights.asked import check_cron, is_serving, moment_of, priority_of
from pipeline.inbox import open_inbox
from schemas.errors import UsageError
from schemas.wording import text
from storage.catalogue import schedules
from storage.catalogue.database import Database
from storage.catalogue.schedules import Schedule
from workspace.opening import operator_name


@command
def schedule(
    settings: Settings,
    what: Annotated[
        str, typer.Argument(metavar="BATCH_DIR|list|remove", help=words("command.schedule_what"))
    ],
    batch: Annotated[
        str | None, typer.Argument(metavar="[BATCH]", help=words("command.schedule_batch"))
    ] = None,
    at: Annotated[str | None, typer.Option("--at", help=words("command.schedule_at"))] = None,
    cron: Annotated[str | None, typer.Option("--cron", help=words("command.schedule_cron"))] = None,
    priority: Annotated[str, typer.Option("--priority", help=words("command.schedule_priority"))] = "normal",
    as_json: AsJson = False,
) -> int:
    """Schedule a batch; list or remove schedules. Runs start while “sohoa serve” is running."""
    if what == "list" and not (at or cron or batch):
        return _list(settings, as_json)
    if what == "remove" and batch and not (at or cron):
        return _remove(settings, named_batch(batch), as_json)
    if batch is not None or bool(at) == bool(cron):
        raise UsageError("one of --at and --cron", remedy="schedule_when")
    return _put(settings, named_path(what), at, cron, priority, as_json)


def _put(
    settings: Settings, folder: Path, at: str | None, cron: str | None, priority: str, as_json: bool
) -> int:

    inbox = open_inbox(folder)
    urgent = priority_of(priority)
    moment = moment_of(at) if at else None
    if cron:
        check_cron(cron)
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with database_of(settings) as database:
        when = moment.isoformat(timespec="seconds") if moment else None
        schedules.put(
            database,
            inbox.name,
            str(inbox.root),
            operator_name(settings),
            at=when,
            cron=cron,
            priority=urgent,
        )
        row = schedules.scheduled(database, inbox.name)
    if as_json:
        print_json(_shape(row))
    else:
        sys.stdout.write(text("schedule.put", settings.lang, batch=inbox.name, when=_when(row)) + "\n")
        if not is_serving(settings.home):
            sys.stdout.write(text("schedule.not_serving", settings.lang) + "\n")
    return 0


def _shape(row: Schedule) -> dict[str, Any]:
    return {
        "batch": row.batch,
        "path": row.path,
        "at": row.at,
        "cron": row.cron,
        "priority": row.priority,
        "state": str(row.state),
        "wish": str(row.wish) if row.wish else None,
        "expected_end": row.expected_end,
        "note": row.note,
        "operator": row.operator,
    }


def _when(row: Schedule) -> str:
    return row.cron or (f"{datetime.fromisoformat(row.at):%H:%M %d/%m/%Y}" if row.at else "–")


def _list(settings: Settings, as_json: bool) -> int:

    with database_of(settings) as database:
        rows = schedules.every(database)
    if as_json:
        print_json([_shape(row) for row in rows])
        return 0
    if not rows:
        sys.stdout.write(text("schedule.none", settings.lang) + "\n")
        return 0

    heads = [
        text(f"schedule.head_{key}", settings.lang)
        for key in ("batch", "when", "priority", "state", "end", "note")
    ]
    lines = []
    for row in rows:
        end = f"{datetime.fromisoformat(row.expected_end):%H:%M %d/%m}" if row.expected_end else "–"
        state = text(f"schedule.state_{row.state}", settings.lang)
        urgent = text(f"schedule.priority_{row.priority}", settings.lang)
        lines.append([row.batch, _when(row), urgent, state, end, row.note])
    print_table(heads, lines, numbers=set())
    return 0


def _remove(settings: Settings, batch: str, as_json: bool) -> int:

    with database_of(settings) as database:
        schedules.remove(database, batch)
    if as_json:
        print_json({"batch": batch, "removed": True})
    else:
        sys.stdout.write(text("schedule.removed", settings.lang, batch=batch) + "\n")
    return 0


def _request(
    settings: Settings,
    batch: str,
    change: str,
    request: Callable[[Database, str], Schedule],
    as_json: bool,
) -> int:
    """Ask something of a scheduled batch and print the answer, whose sentence is `schedule.<change>`."""
    name = named_batch(batch)
    with database_of(settings) as database:
        row = request(database, name)
    if as_json:
        print_json(_shape(row))
    else:
        key = f"schedule.{change}" if row.wish is None else f"schedule.{change}_asked"
        sys.stdout.write(text(key, settings.lang, batch=name) + "\n")
    return 0


@command
def pause(settings: Settings, batch: Batch, as_json: AsJson = False) -> int:
    """Pause a scheduled batch; files being read are finished."""
    return _request(settings, batch, "pause", wishes.pause, as_json)


@command
def resume(settings: Settings, batch: Batch, as_json: AsJson = False) -> int:
    """Let a batch go on at its next turn."""
    return _request(settings, batch, "resume", wishes.resume, as_json)


@command
def cancel(settings: Settings, batch: Batch, as_json: AsJson = False) -> int:
    """Cancel a scheduled batch; finished work is kept."""
    who = operator_name(settings)
    return _request(
        settings, batch, "cancel", lambda database, name: wishes.cancel(database, name, who), as_json
    )


@command
def priority(
    settings: Settings,
    batch: Batch,
    level: Annotated[str, typer.Argument(metavar="high|normal|low", help=words("batch.priority_level"))],
    as_json: AsJson = False,
) -> int:
    """Change the priority of a scheduled batch."""
    urgent, name = priority_of(level), named_batch(batch)
    with database_of(settings) as database:
        schedules.change(database, name, priority=urgent)
        row = schedules.scheduled(database, name)
    if as_json:
        print_json(_shape(row))
    else:
        shown = text(f"schedule.priority_{urgent}", settings.lang)
        sys.stdout.write(text("schedule.priority", settings.lang, batch=name, priority=shown) + "\n")
    return 0
