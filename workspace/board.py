"""Gathers what the board shows from the catalogue and the dated rules, and writes the page."""

from __future__ import annotations

import shutil
import socket
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from configs.loader import load_limits, load_units
from configs.settings import Settings
from quality import board_page, forecast, pace
from quality.quota_terms import Placing
from schemas.batches import BatchState, FileCounts, ScheduleState
from schemas.board import Board, Forecast, LevelPanel, QueueLine, UnitLine
from schemas.documents import Level
from schemas.quotas import QuotaReport, QuotaRow
from schemas.rules import Target
from storage.catalogue import batches, schedules
from storage.catalogue import pace as work
from storage.catalogue.database import Database
from workspace.figuring import READING, Ledger, figures_of, ledger_of, terms_of

NAME = "board.html"
_LEVELS: tuple[Level, ...] = ("tinh", "huyen", "xa")
_DISK_WINDOW = 30
_PACE_DAYS = 53 * 7
_AT_REST = {BatchState.FINISHED, BatchState.CANCELLED}


def board_of(database: Database, settings: Settings, day: date) -> Board:
    """Board data of a day; deterministic for a given catalogue and day."""
    end = pace.district_end(load_units())
    ledger = ledger_of(database)
    reports = board_quota(ledger, day, day)
    lines = queue(database)
    coded = _as_now(work.coded_by_day(database, day - timedelta(days=_PACE_DAYS)), day)
    return Board(
        as_of=day,
        known_to=work.last_moment(database),
        district_end=end,
        quota=reports[-1],
        panels=tuple(
            panel for level in _LEVELS if (panel := _panel(level, reports, end, coded, ledger.targets))
        ),
        queue=tuple(line for line in lines if line.state not in _AT_REST or line.files_left),
        finished=sum(line.state is BatchState.FINISHED and not line.files_left for line in lines),
        disk=pace.disk(work.disk_samples(database, _host()), load_limits().free_disk_bytes, _DISK_WINDOW),
        machine_read=work.machine_read(database),
        fixity=work.last_fixity(database),
    )


def _as_now(coded: Sequence[work.Coded], day: date) -> list[work.Coded]:
    """The same with the units that hold the results today: a merged commune's are its successor's."""
    placing = Placing(terms_of(day), day)
    named = {
        (one.level, one.unit): placing.holder(placing.place(one.level, one.unit, None)).unit for one in coded
    }
    return [one._replace(unit=named[one.level, one.unit]) for one in coded]


def write_board(database: Database, settings: Settings, day: date, today: date) -> tuple[Board, Path]:
    """Write the board of a day atomically. Returns the board and its path."""
    note_disk(database, settings, today)
    board = board_of(database, settings, day)
    out = settings.reports / NAME
    board_page.write_board(board, out, settings.lang)
    return board, out


def note_disk(database: Database, settings: Settings, day: date) -> None:
    """Record today's free disk space, from which the fill rate is estimated."""
    usage = shutil.disk_usage(settings.home)
    work.note_disk(database, _host(), work.DiskSample(day, usage.free, usage.total))


def queue(database: Database) -> list[QueueLine]:
    """Every batch with its speed, oldest first."""
    runs = work.latest_runs(database)
    lines = []
    for row in reversed(batches.batches(database)):
        files, pages = batches.counts(database, row.name)
        lines.append(pace.queue_line(row.name, row.state, files, pages.in_, runs.get(row.name)))
    known = {line.batch for line in lines}
    return lines + [
        _scheduled(schedule) for schedule in schedules.every(database) if _awaited(schedule, known)
    ]


def _awaited(schedule: schedules.Schedule, known: set[str]) -> bool:
    over = {ScheduleState.DONE, ScheduleState.CANCELLED}
    return schedule.batch not in known and schedule.state not in over


def _scheduled(schedule: schedules.Schedule) -> QueueLine:
    """A scheduled batch that has not been opened yet, so its files are unknown."""
    failed = schedule.state is ScheduleState.FAILED
    state = BatchState.FAILED if failed else BatchState.PLANNED
    line = pace.queue_line(schedule.batch, state, FileCounts(), 0, None)
    return line.model_copy(update={"planned": schedule.at or schedule.cron or schedule.updated_at})


def _host() -> str:
    return socket.gethostname()[:255]


def board_quota(ledger: Ledger, day: date, today: date) -> list[QuotaReport]:
    """Quota reports of every day that the board plots, as `sohoa quota --as-of` computes them."""
    days = pace.days_of(day, pace.district_end(load_units()))
    return [figures_of(ledger, each, today).report for each in days]


def _forecast(row: QuotaRow, coded: Sequence[work.Coded], day: date) -> Forecast | None:
    own = [
        one
        for one in coded
        if one.level == row.level and one.day <= day and (row.unit is None or one.unit == row.unit)
    ]
    by_day: Counter[date] = Counter()
    for one in own:
        by_day[one.day] += one.results
    results = sum(by_day.values())
    pages = sum(one.pages for one in own) / results if results else None
    return forecast.forecast(row, forecast.pace_of(by_day, day), day, pages)


def _panel(
    level: Level,
    reports: list[QuotaReport],
    end: date | None,
    coded: Sequence[work.Coded],
    targets: Sequence[Target],
) -> LevelPanel | None:
    latest = reports[-1]
    row = pace.total(latest, level)
    if row is None:
        return None
    points = tuple(found for report in reports if (found := pace.point(report, level)))
    before = next((point.digitised for point in points if point.day == end), 0)
    units = load_units()
    return LevelPanel(
        level=level,
        row=row,
        points=points,
        required=tuple(pace.required_line(targets, level, READING, latest.as_of.year)),
        catch_up=pace.catch_up(row, latest.as_of),
        forecast=_forecast(row, coded, latest.as_of),
        units=tuple(
            UnitLine(
                row=unit_row,
                era=pace.era_of_row(unit_row, units, end),
                forecast=_forecast(unit_row, coded, latest.as_of),
            )
            for unit_row in latest.rows
            if (unit_row.level, unit_row.sector, unit_row.result_type) == (level, None, None)
            and unit_row.unit is not None
        ),
        before_end=before,
        since_end=row.digitised - before,
    )
