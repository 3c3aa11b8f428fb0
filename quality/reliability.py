"""The reliability curve as a picture: how often values of a confidence were right, a panel for each field.

An SVG without script or outside resource; the same values give the same bytes. Words are in `[calibration]` of the
table of words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from quality.calibration import Bin, bins, calibrate, upper_bound
from quality.pages import template, write_page
from schemas.calibration import ENOUGH, CalibrationRow, Checked, Grade
from schemas.numerals import number_text, share_text
from schemas.wording import has, say

_SIDE: Final = 220.0  # of a panel's square
_COLUMNS: Final = 3
_WIDTH, _HEIGHT = 310.0, 348.0  # of a panel with its labels
_LEFT, _TOP = 62.0, 100.0
_MOST_RADIUS: Final = 7.0
_LOWEST: Final = 0.9  # an axis begins here or lower


@dataclass(frozen=True)
class Point:
    """One bin in the units of the drawing: centre, radius, the ends of its interval."""

    x: float
    y: float
    radius: float
    top: float
    bottom: float


@dataclass(frozen=True)
class Panel:
    """One field: where its square stands, words, points, ticks, and where its threshold is (None: always asked)."""

    x: float
    y: float
    title: str
    told: tuple[str, ...]
    points: tuple[Point, ...]
    ticks: tuple[tuple[float, str], ...]
    threshold: float | None


def write_curve(checked: Sequence[Checked], out: Path, lang: str, title: str) -> Path:
    """Write the picture, whole or not at all, readable by its owner alone."""
    return write_page(curve(checked, lang, title), out)


def curve(checked: Sequence[Checked], lang: str, title: str) -> str:
    """The picture as SVG."""
    rows = [row for row in calibrate(checked) if row.grade is Grade.ALL]
    panels = []
    for place, row in enumerate(rows):
        line, column = divmod(place, _COLUMNS)
        own = bins([value for value in checked if value.field == row.field])
        panels.append(_panel(row, own, column * _WIDTH + _LEFT, line * _HEIGHT + _TOP, lang))
    lines = max(1, math.ceil(len(rows) / _COLUMNS))
    return template("reliability.svg").render(
        panels=panels,
        side=_SIDE,
        width=_WIDTH * _COLUMNS,
        height=_HEIGHT * lines + 70,
        title=title,
        intro=say("calibration", "curve_intro", lang),
        confidence=say("calibration", "axis_confidence", lang),
        share=say("calibration", "axis_share", lang),
    )


def field_word(field: str, lang: str) -> str:
    """What a threshold's field is called."""
    key = f"field_{field}"
    return say("calibration", key, lang) if has("calibration", key) else field


def row_words(row: CalibrationRow, lang: str) -> dict[str, str]:
    """The figures of a row as people write them."""

    def number(value: float | None) -> str:
        return "–" if value is None else number_text(value, lang, 3)

    # With one decimal a threshold that lets one paper in a thousand ask would look as if it let none.
    return {
        "n": number_text(row.n, lang),
        "right": number_text(row.right, lang),
        "ece": number(row.ece),
        "auroc": number(row.auroc),
        "threshold": say("calibration", "always", lang) if row.threshold is None else number(row.threshold),
        "accepted": share_text(row.accepted, lang, 1),
        "wrong": number_text(row.wrong, lang),
        "bound": "–" if row.bound is None else share_text(row.bound, lang),
    }


def as_json(checked: Sequence[Checked]) -> dict[str, Any]:
    """The bins that the picture shows, by field."""
    fields = dict.fromkeys(row.field for row in calibrate(checked))
    return {
        field: [
            {"n": each.n, "right": each.right, "confidence": round(each.confidence, 4)}
            for each in bins([value for value in checked if value.field == field])
        ]
        for field in fields
    }


def _panel(row: CalibrationRow, of: Sequence[Bin], x: float, y: float, lang: str) -> Panel:
    mark = _LOWEST if row.threshold is None else row.threshold
    lowest = min([_LOWEST, mark, *(min(each.confidence, _interval(each)[0]) for each in of)])
    low = max(0.0, math.floor(lowest * 10) / 10)
    scale = _SIDE / (1 - low)
    most = max(each.n for each in of)
    points = []
    for each in of:
        least, highest = _interval(each)
        points.append(
            Point(
                x=(each.confidence - low) * scale,
                y=_SIDE - (each.share - low) * scale,
                radius=max(2.5, _MOST_RADIUS * math.sqrt(each.n / most)),
                top=_SIDE - (highest - low) * scale,
                bottom=_SIDE - (least - low) * scale,
            )
        )
    steps = round((1 - low) * 10)
    every = 1 if steps <= 5 else 2
    ticks = tuple(
        ((1 - low - at / 10) * scale, share_text(1 - at / 10, lang, 0)) for at in range(0, steps + 1, every)
    )
    words = row_words(row, lang)
    few = "_few" if row.n < ENOUGH else ""
    told = (
        say("calibration", f"panel_counts{few}", lang, **words),
        say("calibration", "panel_quality", lang, **words),
        say("calibration", "panel_threshold" if row.threshold is not None else "panel_always", lang, **words),
    )
    at = None if row.threshold is None else (row.threshold - low) * scale
    return Panel(x, y, field_word(row.field, lang), told, tuple(points), ticks, at)


def _interval(of: Bin) -> tuple[float, float]:
    """Interval of the share that is right, each end one-sided 95 %."""
    return 1 - upper_bound(of.n - of.right, of.n), upper_bound(of.right, of.n)
