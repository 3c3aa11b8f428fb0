"""The IT department's board: one static page for a wall screen and a telephone, without script or outside resource.

Charts are drawn here as SVG. The same board gives the same bytes. May import schemas.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from quality.pace import FIRST_YEAR
from quality.pages import template, write_page
from schemas.batches import BatchState
from schemas.board import Board, LevelPanel, QueueLine, UnitLine
from schemas.masking import mask
from schemas.numerals import day_text, moment_text, number_text, share_text
from schemas.quotas import RateBounds
from schemas.wording import say

MOST_UNITS: Final = 6  # on the first screen; the whole list stands below
MOST_BATCHES: Final = 6
GIGA: Final = 1e9
_LEFT, _RIGHT, _TOP, _FLOOR = 46.0, 588.0, 30.0, 222.0
_ORDER: Final = {
    BatchState.RUNNING: 0,
    BatchState.CLOSING: 0,
    BatchState.FAILED: 1,
    BatchState.STOPPED: 1,
    BatchState.PAUSED: 2,
    BatchState.PLANNED: 3,
    BatchState.FINISHED: 3,
    BatchState.CANCELLED: 4,
}
_SHOWN_STATE: Final = {
    BatchState.RUNNING: "running",
    BatchState.CLOSING: "closing",
    BatchState.FAILED: "failed",
    BatchState.STOPPED: "stopped",
    BatchState.PAUSED: "paused",
}


class Mark(NamedTuple):
    """A dot of a line, with its words."""

    x: float
    y: float
    label: str


@dataclass(frozen=True)
class Chart:
    """One level's lines in the units of its drawing (viewBox 0 0 600 245). Empty strings draw nothing."""

    years: list[Mark]
    grid: list[Mark]
    required: str
    actual: str
    band: str
    catch_up: str
    catch_up_before: str
    dots: list[Mark]
    last: Mark | None
    end: Mark | None


@dataclass(frozen=True)
class _Voice:
    lang: str

    def say(self, key: str, **params: object) -> str:
        return say("board_page", key, self.lang, **params)

    def number(self, value: float, decimals: int = 0) -> str:
        return number_text(value, self.lang, decimals)

    def share(self, value: float, decimals: int = 1) -> str:
        # As `quota` and the alerts round it; no decimals where they say nothing.
        written = share_text(value, self.lang, decimals).removesuffix(" %")
        whole = f"{',' if self.lang == 'vi' else '.'}{'0' * decimals}"
        return f"{written.removesuffix(whole) if decimals else written}\N{NO-BREAK SPACE}%"

    def rate(self, bounds: RateBounds) -> str:
        low, high = self.share(bounds.low), self.share(bounds.high)
        return low if low == high else f"{low} – {high}"

    def day(self, day: date) -> str:
        return day_text(day, self.lang)

    def moment(self, at: str | None) -> str:
        if at is None:
            return "—"
        try:
            return moment_text(datetime.fromisoformat(at), self.lang)
        except ValueError:
            return at  # a cron line


def write_board(board: Board, out: Path, lang: str = "vi") -> Path:
    """Write the board to `out`, whole or not at all, readable by its owner alone."""
    return write_page(board_page(board, lang), out)


def board_page(board: Board, lang: str = "vi") -> str:
    """The board as HTML."""
    voice = _Voice(lang)
    slowest = sorted((unit for panel in board.panels for unit in panel.units), key=_slowest_first)
    queue = sorted(board.queue, key=lambda line: (_ORDER[line.state], line.since or "", line.batch))
    unresolved = next((note for note in board.quota.notes if note.code == "unit_unresolved"), None)
    return template("board.html").render(
        board=board,
        lang=lang,
        t=voice.say,
        n=voice.number,
        share=voice.share,
        rate=voice.rate,
        day=voice.day,
        moment=voice.moment,
        panels=[
            (panel, chart(panel, board.as_of, board.district_end, voice), _tone(panel.row))
            for panel in board.panels
        ],
        slowest=slowest[:MOST_UNITS],
        slowest_more=max(0, len(slowest) - MOST_UNITS),
        groups=_groups(board),
        tone=_tone,
        queue=queue[:MOST_BATCHES],
        queue_all=queue if len(queue) > MOST_BATCHES else [],
        queue_more=max(0, len(queue) - MOST_BATCHES),
        state=_state,
        mask=mask,
        unresolved=int(unresolved.params["papers"]) if unresolved else 0,
        inventory_year={
            (note.level, note.unit): note.params["year"]
            for note in board.quota.notes
            if note.code == "inventory_older"
        },
        end_next=board.district_end + timedelta(days=1) if board.district_end else None,
        giga=GIGA,
    )


def _tone(row: object) -> str:
    rate, target = getattr(row, "rate", None), getattr(row, "target", None)
    if rate is None or target is None:
        return "quiet"
    return "good" if rate.low >= target else "warn" if rate.high >= target - 0.1 else "bad"


def _state(line: QueueLine) -> str:
    return _SHOWN_STATE.get(line.state, "waiting")


def _slowest_first(unit: UnitLine) -> tuple[bool, float, str, str]:
    """Units with a rate by how far they are behind, then those without; names settle ties."""
    row = unit.row
    gap = (row.target or 0.0) - row.rate.low if row.rate else 0.0
    return (row.rate is None, -gap, row.level, row.unit or "")


def _groups(board: Board) -> list[tuple[LevelPanel, str, list[UnitLine]]]:
    """Every unit by level and time around the end of the district level."""
    groups = []
    for panel in board.panels:
        for era in ("before", "both", "after", None):
            units = [unit for unit in panel.units if unit.era == era]
            if units:
                groups.append((panel, era or "none", units))
    return groups


def chart(panel: LevelPanel, as_of: date, end: date | None, voice: _Voice) -> Chart:
    """A level's required, actual and catch-up lines."""
    first, last = date(FIRST_YEAR, 1, 1), date(as_of.year, 12, 31)

    def x(day: date) -> float:
        return _LEFT + (_RIGHT - _LEFT) * max((day - first).days, 0) / max((last - first).days, 1)

    known = [(point.day, point.rate) for point in panel.points if point.rate is not None]
    low = [(x(day), _y(rate.low)) for day, rate in known]
    high = [(x(day), _y(rate.high)) for day, rate in known]
    dots = [Mark(x(day), _y(rate.low), f"{voice.day(day)}: {voice.rate(rate)}") for day, rate in known]
    ahead = panel.catch_up
    return Chart(
        years=[
            Mark((x(date(year, 1, 1)) + x(date(year, 12, 31))) / 2, 241, str(year))
            for year in range(FIRST_YEAR, as_of.year + 1)
        ],
        grid=[Mark(_LEFT - 6, _y(share), f"{share * 100:.0f}") for share in (0, 0.25, 0.5, 0.75, 1)],
        required=_path([(x(day), _y(share)) for day, share in panel.required]),
        actual=_path(low),
        band=_path([*low, *reversed(high)]) + " Z" if low != high else "",
        catch_up=_path([(x(ahead.start), _y(ahead.rate)), (x(ahead.until), _y(ahead.target))])
        if ahead
        else "",
        catch_up_before=" ".join(
            _path([(x(start), _y(rate)), (x(until), _y(share))])
            for start, rate, until, share in _catch_ups(panel, as_of)
        ),
        dots=dots,
        last=dots[-1] if dots else None,
        end=Mark(x(end), _TOP, voice.day(end + timedelta(days=1))) if end and end < as_of else None,
    )


def _catch_ups(panel: LevelPanel, as_of: date) -> list[tuple[date, float, date, float]]:
    """Requirements of past years, starting from the end of the year before: (start, rate, end, target)."""
    ended = {
        point.day.year: point.rate.low
        for point in panel.points
        if point.rate is not None and (point.day.month, point.day.day) == (12, 31)
    }
    return [
        (date(day.year - 1, 12, 31), ended[day.year - 1], day, share)
        for day, share in panel.required
        if day < as_of and day.year - 1 in ended and ended[day.year - 1] < share
    ]


def _y(share: float) -> float:
    return _FLOOR - (_FLOOR - _TOP) * min(max(share, 0.0), 1.0)


def _path(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{'L' if number else 'M'}{x:.1f} {y:.1f}" for number, (x, y) in enumerate(points))
