"""`sohoa alerts check|list|test`: what the IT department must know, sent once until it changes."""

from __future__ import annotations

import sys
from datetime import datetime

from cli.catalogue import database_of
from cli.options import AsJson, command
from cli.shapes import print_json
from configs.settings import Settings
from schemas.clock import VIETNAM, today
from schemas.errors import SetupError
from schemas.numerals import moment_text
from schemas.wording import text
from storage.catalogue import alerts
from storage.catalogue.database import Database
from workspace.alerting import Delivery, alerts_of, check, send_test
from workspace.board import board_of, write_board
from workspace.opening import close_killed


@command
def check_alerts(settings: Settings, as_json: AsJson = False) -> int:
    """Check every condition, send new and waiting alerts, rewrite the board."""
    with database_of(settings) as database:
        close_killed(database, settings)
        board, _ = write_board(database, settings, today(), today())
        done = check(database, settings, board, datetime.now(VIETNAM))
        _show(database, settings, as_json)
    return _report_deliveries(done, settings.lang)


@command
def list_alerts(settings: Settings, as_json: AsJson = False) -> int:
    """Open alerts, and the channels still to be sent by."""
    with database_of(settings) as database:
        _show(database, settings, as_json)
    return 0


@command
def test_channels(settings: Settings) -> int:
    """Send a test message by every channel that is set up."""
    done = send_test(settings)
    if not done:
        raise SetupError(text("alerts.unset", settings.lang), remedy="verbatim")
    return _report_deliveries(done, settings.lang)


def _report_deliveries(done: list[Delivery], lang: str) -> int:
    for delivery in done:
        channel = text(f"alerts.channel_{delivery.channel}", lang)
        key = "alerts.failed" if delivery.failure else "alerts.sent"
        sys.stderr.write(
            text(key, lang, channel=channel, count=delivery.alerts, detail=delivery.failure) + "\n"
        )
    return 1 if any(delivery.failure for delivery in done) else 0


def _show(database: Database, settings: Settings, as_json: bool) -> None:
    lang = settings.lang
    messages = _messages(database, settings)
    rows = [
        row._replace(message=messages.get((row.rule, row.subject), row.message))
        for row in alerts.standing(database)
    ]
    if as_json:
        keys = ("rule", "subject", "message", "raised_at", "sent")
        print_json([{key: getattr(row, key) for key in keys} for row in rows])
        return
    if not rows:
        sys.stdout.write(text("alerts.none", lang) + "\n")
    for row in rows:
        notes = [text("alerts.open", lang, day=moment_text(datetime.fromisoformat(row.raised_at), lang))]
        waiting = [text(f"alerts.channel_{name}", lang) for name, at in row.sent.items() if at is None]
        if waiting:
            notes.append(text("alerts.waiting", lang, channels=", ".join(waiting)))
        sys.stdout.write(f"• {row.message} ({'; '.join(notes)})\n")


def _messages(database: Database, settings: Settings) -> dict[tuple[str, str], str]:
    """What holds now, in the language asked for: an alert keeps the words in which it was sent."""
    found = alerts_of(board_of(database, settings, today()), datetime.now(VIETNAM), settings.lang)
    return {(alert.rule, alert.subject): alert.message for alert in found}
