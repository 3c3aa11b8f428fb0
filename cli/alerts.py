"""`sohoa alerts check|list|test`: what the IT department must know, sent once until it changes."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any

from cli.app import AsJson, Home, Lang, Operator, alerts_app, settings_of
from cli.batch import database_of
from cli.shapes import print_json
from configs.messages import text
from schemas.clock import VIETNAM, today
from schemas.errors import SetupError


@alerts_app.command("check")
def alerts_check(
    as_json: AsJson = False, home: Home = None, lang: Lang = None, operator: Operator = None
) -> int:
    """Xem lại mọi điều kiện, gửi cảnh báo mới và cảnh báo còn chờ; ghi lại bảng theo dõi."""
    settings = settings_of(home, lang, operator)
    from workspace.alerting import check  # noqa: PLC0415
    from workspace.board import write_board  # noqa: PLC0415
    from workspace.opening import close_killed  # noqa: PLC0415

    with database_of(settings) as database:
        close_killed(database, settings)
        board, _ = write_board(database, settings, today(), today())
        done = check(database, settings, board, datetime.now(VIETNAM))
        _show(database, settings.lang, as_json)
    return _told(done, settings.lang)


@alerts_app.command("list")
def alerts_list(
    as_json: AsJson = False, home: Home = None, lang: Lang = None, operator: Operator = None
) -> int:
    """Cảnh báo đang mở, và kênh nào còn chờ gửi."""
    settings = settings_of(home, lang, operator)
    with database_of(settings) as database:
        _show(database, settings.lang, as_json)
    return 0


@alerts_app.command("test")
def alerts_test(home: Home = None, lang: Lang = None, operator: Operator = None) -> int:
    """Gửi tin thử qua mọi kênh đã cài."""
    settings = settings_of(home, lang, operator)
    from workspace.alerting import send_test  # noqa: PLC0415

    done = send_test(settings)
    if not done:
        raise SetupError(text("alerts.unset", settings.lang), remedy="verbatim")
    return _told(done, settings.lang)


def _told(done: list[Any], lang: str) -> int:
    for each in done:
        channel = text(f"alerts.channel_{each.channel}", lang)
        key = "alerts.failed" if each.failure else "alerts.sent"
        sys.stderr.write(text(key, lang, channel=channel, count=each.alerts, detail=each.failure) + "\n")
    return 1 if any(each.failure for each in done) else 0


def _show(database: Any, lang: str, as_json: bool) -> None:
    from storage.catalogue import alerts  # noqa: PLC0415

    rows = alerts.standing(database)
    if as_json:
        keys = ("rule", "subject", "message", "raised_at", "sent")
        print_json([{key: getattr(row, key) for key in keys} for row in rows])
        return
    if not rows:
        sys.stdout.write(text("alerts.none", lang) + "\n")
    for row in rows:
        day = datetime.fromisoformat(row.raised_at).astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M")
        notes = [text("alerts.open", lang, day=day)]
        waiting = [text(f"alerts.channel_{name}", lang) for name, at in row.sent.items() if at is None]
        if waiting:
            notes.append(text("alerts.waiting", lang, channels=", ".join(waiting)))
        sys.stdout.write(f"• {row.message} ({'; '.join(notes)})\n")
