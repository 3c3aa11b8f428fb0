"""Alerts for the IT department by the dated rules; sent once per channel until they change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from configs.loader import load_alert_rules
from configs.settings import Settings
from schemas.alerts import Alert, AlertRule
from schemas.batches import BatchState
from schemas.board import Board, QueueLine
from schemas.clock import VIETNAM
from schemas.errors import DeliveryError
from schemas.masking import mask
from schemas.numerals import day_text, moment_text, number_text, share_text
from schemas.quotas import QuotaRow
from schemas.wording import text
from storage.catalogue import alerts
from storage.catalogue.database import Database
from workspace.channels import channels
from workspace.locks import wait_for


class Delivery(NamedTuple):
    """Delivery result of one channel: number of alerts sent, or the reason for failure."""

    channel: str
    alerts: int
    failure: str | None


def alerts_of(board: Board, now: datetime, lang: str) -> list[Alert]:
    """All alert conditions that hold under the rules of the day."""
    at = now.astimezone(VIETNAM)
    found: list[Alert] = []
    for rule in load_alert_rules():
        if rule.holds_on(at.date()):
            for subject, state, key, words in _CONDITIONS[rule.rule](board, rule, at, lang):
                message = mask(text(f"alerts.{key}", lang, **words))
                found.append(Alert(rule.rule, subject, state[:300], message, rule.channels))
    return found


_Found = Iterator[tuple[str, str, str, dict[str, object]]]


def _behind(board: Board, rule: AlertRule, at: datetime, lang: str) -> _Found:
    for row in _of_today(board):
        # Against the target whose day has come: on 10 January nobody is behind the year that has just begun.
        due = row.target_due
        if row.rate is None or due is None or due - row.rate.low <= rule.threshold:
            continue
        gap = due - row.rate.low
        part = row.sector or row.result_type
        names = [text(f"level.{row.level}", lang), row.unit, part]
        words: dict[str, object] = {
            "place": ", ".join(name for name in names if name),
            "rate": share_text(row.rate.low, lang, 1),
            "points": number_text(gap * 100, lang, 1),
            "target": share_text(due, lang, 0),
            "year": row.target_due_year,
            "day": day_text(board.as_of, lang),
        }
        # Sent again when the year or the gap (in steps of five points) changes, not with every paper.
        subject = " ".join(filter(None, (f"{row.level} {row.unit or ''}", part)))
        yield subject, f"{row.target_due_year} {int(gap * 20)}", "behind_pace", words


def _of_today(board: Board) -> Iterator[QuotaRow]:
    """Rows of levels and units that exist on the board's day; abolished units raise no alerts."""
    ended = board.district_end is not None and board.as_of > board.district_end
    gone = {
        (line.row.level, line.row.unit)
        for panel in board.panels
        for line in panel.units
        if ended and line.era == "before"
    }
    for row in board.quota.rows:
        if (
            row.ended_on is None
            and not (ended and row.level == "huyen")
            and (row.level, row.unit) not in gone
        ):
            yield row


def _stuck(board: Board, rule: AlertRule, at: datetime, lang: str) -> _Found:
    for line in board.queue:
        if line.state is not BatchState.RUNNING or line.last_sign is None:
            continue
        if at - datetime.fromisoformat(line.last_sign) > timedelta(hours=rule.threshold):
            words: dict[str, object] = {"batch": line.batch, "since": _moment(line.last_sign, lang)}
            yield line.batch, line.last_sign, "batch_stuck", words


def _stopped(board: Board, rule: AlertRule, at: datetime, lang: str) -> _Found:
    for line in board.queue:
        if line.state in {BatchState.STOPPED, BatchState.FAILED}:
            words = _left(line, lang) | {
                "state": text(f"state.{line.state}", lang),
                "at": _moment(line.last_sign or line.since or at.isoformat(), lang),
            }
            yield line.batch, f"{line.state} {line.since}", "batch_stopped", words


def _not_closed(board: Board, rule: AlertRule, at: datetime, lang: str) -> _Found:
    for line in board.queue:
        if line.closing_failed_at is not None:
            words: dict[str, object] = {"batch": line.batch, "at": _moment(line.closing_failed_at, lang)}
            yield line.batch, f"closing {line.since}", "batch_not_closed", words


def _night(board: Board, rule: AlertRule, at: datetime, lang: str) -> _Found:
    """A batch whose latest run began in the last night that is over, with files left.

    Based on runs in the catalogue, whether scheduled or manual.
    """
    if rule.night_from is None or rule.night_to is None:
        return
    ended = at.replace(hour=rule.night_to, minute=0, second=0, microsecond=0)
    if ended > at:
        ended -= timedelta(days=1)
    began = ended.replace(hour=rule.night_from)
    if began >= ended:
        began -= timedelta(days=1)
    for line in board.queue:
        if line.since and line.files_left and began <= datetime.fromisoformat(line.since) < ended:
            words = _left(line, lang) | {"night": day_text(began.date(), lang), "at": moment_text(at, lang)}
            yield line.batch, began.date().isoformat(), "night_not_finished", words


def _disk(board: Board, rule: AlertRule, at: datetime, lang: str) -> _Found:
    disk = board.disk
    if disk is None:
        return
    words: dict[str, object] = {
        "free": number_text(disk.free / 1e9, lang, 1),
        "kept": number_text(disk.kept_free / 1e9, lang, 1),
        "day": day_text(disk.day, lang),
    }
    if disk.free < disk.kept_free:
        yield "disk", "full", "disk_full", words
    elif disk.days_left is not None and disk.days_left < rule.threshold:
        words |= {
            "days": number_text(disk.days_left, lang),
            "per_day": number_text((disk.per_day or 0) / 1e9, lang, 1),
        }
        yield "disk", f"week {int(disk.days_left // 7)}", "disk_low", words


def _uncounted(board: Board, rule: AlertRule, at: datetime, lang: str) -> _Found:
    for row in _of_today(board):
        papers = row.digitised + row.unknown_validity
        if (
            row.unit is None
            or row.sector
            or row.result_type
            or row.inventory is not None
            or papers < max(rule.threshold, 1)
        ):
            continue
        words: dict[str, object] = {
            "place": f"{text(f'level.{row.level}', lang)}, {row.unit}",
            "papers": number_text(papers, lang),
            "day": day_text(board.as_of, lang),
        }
        yield f"{row.level} {row.unit}", "no inventory", "unit_without_inventory", words


def _damage(board: Board, rule: AlertRule, at: datetime, lang: str) -> _Found:
    fixity = board.fixity
    if fixity is not None and fixity.damaged > rule.threshold:
        day = day_text(datetime.fromisoformat(fixity.at).astimezone(VIETNAM).date(), lang)
        words: dict[str, object] = {"count": number_text(fixity.damaged, lang), "day": day}
        yield "store", str(fixity.damaged), "fixity_damage", words


_CONDITIONS = {
    "behind_pace": _behind,
    "batch_stuck": _stuck,
    "batch_stopped": _stopped,
    "batch_not_closed": _not_closed,
    "night_not_finished": _night,
    "disk_low": _disk,
    "unit_without_inventory": _uncounted,
    "fixity_damage": _damage,
}


def _left(line: QueueLine, lang: str) -> dict[str, object]:
    return {
        "batch": line.batch,
        "left": number_text(line.files_left, lang),
        "files": number_text(line.files, lang),
    }


def _moment(at: str, lang: str) -> str:
    return moment_text(datetime.fromisoformat(at), lang)


def check(database: Database, settings: Settings, board: Board, now: datetime) -> list[Delivery]:
    """Record current alerts and send pending ones. Alerts for a channel that is down stay pending.

    Delivery is at least once: a crash after sending repeats the alert.
    """
    with wait_for(settings.home, "alerts.lock"):  # two checks at once would send an alert twice
        alerts.raise_alerts(database, alerts_of(board, now, settings.lang))
        done = []
        for channel, send in channels(settings.alerts).items():
            rows = [
                row for row in alerts.standing(database) if channel in row.sent and row.sent[channel] is None
            ]
            if not rows:
                continue
            day = day_text(now.astimezone(VIETNAM).date(), settings.lang)
            try:
                subject = text("alerts.subject", settings.lang, count=len(rows), day=day)
                send(subject, [row.message for row in rows])
            except DeliveryError as error:
                done.append(Delivery(channel, 0, str(error)))
                continue
            alerts.mark_sent(database, rows, channel)
            done.append(Delivery(channel, len(rows), None))
        return done


def send_test(settings: Settings) -> list[Delivery]:
    """Send a test message to every configured channel except the log."""
    done = []
    for channel, send in channels(settings.alerts).items():
        if channel == "log":
            continue
        try:
            send(text("alerts.test_subject", settings.lang), [text("alerts.test", settings.lang)])
            done.append(Delivery(channel, 1, None))
        except DeliveryError as error:
            done.append(Delivery(channel, 0, str(error)))
    return done
