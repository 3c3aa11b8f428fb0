"""`sohoa schedule BATCH_DIR|list|remove`, `sohoa serve`, `sohoa batch pause|resume|cancel|priority`."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.app import AsJson, Home, Lang, Operator, app, batch_app, settings_of
from cli.batch import Batch, database_of, named_batch
from cli.shapes import print_json
from configs.messages import text
from schemas.errors import UsageError

_PRIORITIES = {"high": 1, "normal": 2, "low": 3, "cao": 1, "thường": 2, "thấp": 3, "1": 1, "2": 2, "3": 3}
_FORMS = ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%d/%m/%Y %H:%M")


@app.command("schedule")
def schedule(
    what: Annotated[
        str, typer.Argument(metavar="BATCH_DIR|list|remove", help="Thư mục lô; hoặc list, remove.")
    ],
    batch: Annotated[
        str | None, typer.Argument(metavar="[BATCH]", help="Lô cần bỏ lịch (với remove).")
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", help="Chạy một lần lúc «2026-11-24 22:00» hoặc «22:00».")
    ] = None,
    cron: Annotated[
        str | None, typer.Option("--cron", help="Chạy đều, ví dụ «0 22 * * *» (giờ Việt Nam).")
    ] = None,
    priority: Annotated[str, typer.Option("--priority", help="high | normal | low")] = "normal",
    as_json: AsJson = False,
    home: Home = None,
    lang: Lang = None,
    operator: Operator = None,
) -> int:
    """Hẹn giờ chạy một lô; xem lịch; bỏ lịch. Cần «sohoa serve» đang chạy để đến giờ thì chạy."""
    settings = settings_of(home, lang, operator)
    if what == "list" and not (at or cron or batch):
        return _list(settings, as_json)
    if what == "remove" and batch and not (at or cron):
        return _remove(settings, named_batch(batch), as_json)
    if batch is not None or bool(at) == bool(cron):
        raise UsageError("one of --at and --cron", remedy="schedule_when")
    return _put(settings, Path(what), at, cron, priority, as_json)


def _put(settings: Any, folder: Path, at: str | None, cron: str | None, priority: str, as_json: bool) -> int:
    from flows.inbox import open_inbox  # noqa: PLC0415
    from storage.catalogue import schedules  # noqa: PLC0415
    from workspace.opening import operator_name  # noqa: PLC0415

    inbox = open_inbox(folder)
    urgent = _priority(priority)
    moment = _moment(at) if at else None
    if cron:
        _check_cron(cron)
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
        row = schedules.find(database, inbox.name)
    if as_json:
        print_json(_shape(row))
    else:
        sys.stdout.write(text("schedule.put", settings.lang, batch=inbox.name, when=_when(row)) + "\n")
        if not _serving(settings.home):
            sys.stdout.write(text("schedule.not_serving", settings.lang) + "\n")
    return 0


def _moment(given: str) -> datetime:
    """The moment that `--at` names, in Việt Nam's time.

    Raises:
        UsageError: it cannot be read, or lies in the past.
    """
    from flows.nights.running import now_in_vietnam  # noqa: PLC0415

    now = now_in_vietnam()
    moment = None
    for form in _FORMS:
        try:
            moment = datetime.strptime(given.strip(), form).replace(tzinfo=now.tzinfo)
        except ValueError:
            continue
        break
    if moment is None:
        try:
            clock = datetime.strptime(given.strip(), "%H:%M").time()
        except ValueError as error:
            raise UsageError(f"--at {given}", remedy="schedule_at", value=given) from error
        from datetime import timedelta  # noqa: PLC0415

        moment = datetime.combine(now.date(), clock, now.tzinfo)
        moment = moment if moment > now else moment + timedelta(days=1)
    if moment <= now:
        raise UsageError(f"--at {given} is past", remedy="schedule_past", value=given)
    return moment


def _check_cron(cron: str) -> None:
    from cronsim import CronSim, CronSimError  # noqa: PLC0415

    from flows.nights.running import now_in_vietnam  # noqa: PLC0415

    try:
        next(CronSim(cron, now_in_vietnam()))
    except (CronSimError, StopIteration) as error:
        raise UsageError(f"--cron {cron}", remedy="schedule_cron", value=cron) from error


def _priority(given: str) -> int:
    try:
        return _PRIORITIES[given.strip().lower()]
    except KeyError as error:
        raise UsageError(f"priority {given}", remedy="schedule_priority", value=given) from error


def _shape(row: Any) -> dict[str, Any]:
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


def _when(row: Any) -> str:
    return row.cron or (f"{datetime.fromisoformat(row.at):%H:%M %d/%m/%Y}" if row.at else "–")


def _list(settings: Any, as_json: bool) -> int:
    from storage.catalogue import schedules  # noqa: PLC0415

    with database_of(settings) as database:
        rows = schedules.every(database)
    if as_json:
        print_json([_shape(row) for row in rows])
        return 0
    if not rows:
        sys.stdout.write(text("schedule.none", settings.lang) + "\n")
        return 0
    from cli.tables import print_table  # noqa: PLC0415

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


def _remove(settings: Any, batch: str, as_json: bool) -> int:
    from storage.catalogue import schedules  # noqa: PLC0415

    with database_of(settings) as database:
        schedules.remove(database, batch)
    if as_json:
        print_json({"batch": batch, "removed": True})
    else:
        sys.stdout.write(text("schedule.removed", settings.lang, batch=batch) + "\n")
    return 0


def _serving(home: Path) -> bool:
    from workspace.locks import lock_is_held  # noqa: PLC0415

    return lock_is_held(home / "locks" / "serve")


@app.command("serve")
def serve(
    host: Annotated[str, typer.Option("--host", help="Địa chỉ máy chủ Prefect.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Cổng máy chủ Prefect.")] = 4200,
    home: Home = None,
    lang: Lang = None,
    operator: Operator = None,
) -> int:
    """Trực: máy chủ Prefect và tiến trình chạy lô theo lịch. Dừng bằng Ctrl-C hoặc SIGTERM."""
    settings = settings_of(home, lang, operator)
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    from flows.nights.serving import Serve  # noqa: PLC0415

    def say(key: str, **params: object) -> None:
        sys.stderr.write(text(f"serve.{key}", settings.lang, **params) + "\n")
        sys.stderr.flush()

    say("starting")
    Serve(settings, host, port, say).run()
    say("stopped")
    return 0


def _wish(
    batch: str, change: str, home: Path | None, lang: str | None, operator: str | None, as_json: bool
) -> int:
    settings = settings_of(home, lang, operator)
    from flows.nights.wishes import cancel, pause, resume  # noqa: PLC0415
    from workspace.opening import operator_name  # noqa: PLC0415

    name = named_batch(batch)
    with database_of(settings) as database:
        if change == "cancel":
            row = cancel(database, name, operator_name(settings))
        else:
            row = {"pause": pause, "resume": resume}[change](database, name)
    if as_json:
        print_json(_shape(row))
    else:
        key = f"schedule.{change}" if row.wish is None else f"schedule.{change}_asked"
        sys.stdout.write(text(key, settings.lang, batch=name) + "\n")
    return 0


@batch_app.command("pause")
def pause_(
    batch: Batch, as_json: AsJson = False, home: Home = None, lang: Lang = None, operator: Operator = None
) -> int:
    """Tạm dừng một lô trong lịch; tệp đang đọc được đọc xong."""
    return _wish(batch, "pause", home, lang, operator, as_json)


@batch_app.command("resume")
def resume_(
    batch: Batch, as_json: AsJson = False, home: Home = None, lang: Lang = None, operator: Operator = None
) -> int:
    """Cho một lô chạy tiếp ngay khi tới lượt."""
    return _wish(batch, "resume", home, lang, operator, as_json)


@batch_app.command("cancel")
def cancel_(
    batch: Batch, as_json: AsJson = False, home: Home = None, lang: Lang = None, operator: Operator = None
) -> int:
    """Thôi không chạy một lô trong lịch; phần đã làm vẫn giữ."""
    return _wish(batch, "cancel", home, lang, operator, as_json)


@batch_app.command("priority")
def priority_(
    batch: Batch,
    level: Annotated[str, typer.Argument(metavar="high|normal|low", help="Mức ưu tiên.")],
    as_json: AsJson = False,
    home: Home = None,
    lang: Lang = None,
    operator: Operator = None,
) -> int:
    """Đổi mức ưu tiên của một lô trong lịch."""
    settings = settings_of(home, lang, operator)
    from storage.catalogue import schedules  # noqa: PLC0415

    urgent, name = _priority(level), named_batch(batch)
    with database_of(settings) as database:
        if not schedules.change(database, name, priority=urgent):
            raise UsageError(f"{name} is not scheduled", remedy="not_scheduled", batch=name)
        row = schedules.find(database, name)
    if as_json:
        print_json(_shape(row))
    else:
        shown = text(f"schedule.priority_{urgent}", settings.lang)
        sys.stdout.write(text("schedule.priority", settings.lang, batch=name, priority=shown) + "\n")
    return 0
