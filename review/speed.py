"""How fast review goes, and what is corrected, counted from the answers that were recorded. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from schemas.review import ACCEPTANCE, CLOSING, Action, field_told, is_confirming
from storage.catalogue.answers_given import AnswerGiven

# What a person did by hand, one value after another; registers, series and whole batches are answered at one stroke.
_BY_HAND: Final = frozenset({"page", "carpet", "hand", "workbook"})
_NOT_VALUES: Final = frozenset({ACCEPTANCE, CLOSING})
_HOUR: Final = 3_600_000  # milliseconds
GROUPS: Final[Mapping[str, Callable[[AnswerGiven], str | None]]] = {
    "person": lambda each: each.operator,
    "scanner": lambda each: each.scanner,
    "contractor": lambda each: each.contractor,
    "unit": lambda each: each.unit,
}


class Row(NamedTuple):
    """One person, scanner, contractor or unit.

    Attributes:
        name: None where it is not known.
        papers: papers with an answer.
        answers: answers about values.
        corrected: of those, how many say something else than what was there.
        measured: answers whose time was measured, and the papers they are about.
        hours: measured time.
    """

    name: str | None
    papers: int
    answers: int
    corrected: int
    measured: int
    papers_measured: int
    hours: float

    @property
    def per_hour(self) -> float | None:
        """Papers in an hour at the keyboard; None where nothing was measured."""
        return self.papers_measured / self.hours if self.hours > 0 else None

    @property
    def share_corrected(self) -> float | None:
        """Share of answers that corrected something; None without answers."""
        return self.corrected / self.answers if self.answers else None


class FieldRow(NamedTuple):
    """One field: how many answers, the median of those that were measured, and how many corrected something."""

    target: str
    answers: int
    corrected: int
    measured: int
    median_ms: int | None


class Speed(NamedTuple):
    """All of it: the whole, by field, and by person, scanner, contractor and unit."""

    whole: Row
    fields: tuple[FieldRow, ...]
    groups: Mapping[str, tuple[Row, ...]]


def is_counted(answer: AnswerGiven) -> bool:
    """True if a person answered about a value by hand; a second typing of a value is work, and is counted."""
    return answer.how in _BY_HAND and answer.target not in _NOT_VALUES and field_told(answer.target) is None


def speed_of(answers: Iterable[AnswerGiven]) -> Speed:
    """What the answers tell."""
    counted = [each for each in answers if is_counted(each)]
    groups = {name: _rows(counted, of) for name, of in GROUPS.items()}
    return Speed(_row(None, counted), _fields(counted), groups)


def _corrects(answer: AnswerGiven) -> bool:
    if answer.action == Action.ACCEPT or is_confirming(answer.target):
        return False
    return answer.new != answer.old


def _rows(answers: Sequence[AnswerGiven], of: Callable[[AnswerGiven], str | None]) -> tuple[Row, ...]:
    parts: dict[str | None, list[AnswerGiven]] = {}
    for each in answers:
        parts.setdefault(of(each), []).append(each)
    rows = [_row(name, part) for name, part in parts.items()]
    return tuple(sorted(rows, key=lambda row: (row.name is None, -row.answers, row.name or "")))


def _row(name: str | None, answers: Sequence[AnswerGiven]) -> Row:
    measured = [each for each in answers if each.ms is not None]
    return Row(
        name,
        len({each.document_id for each in answers}),
        len(answers),
        sum(_corrects(each) for each in answers),
        len(measured),
        len({each.document_id for each in measured}),
        sum(each.ms or 0 for each in measured) / _HOUR,
    )


def _fields(answers: Sequence[AnswerGiven]) -> tuple[FieldRow, ...]:
    parts: dict[str, list[AnswerGiven]] = {}
    for each in answers:
        parts.setdefault(
            each.target.partition(":")[2] if is_confirming(each.target) else each.target, []
        ).append(each)
    rows = []
    for target, part in parts.items():
        taken = [each.ms for each in part if each.ms is not None]
        median = round(statistics.median(taken)) if taken else None
        rows.append(FieldRow(target, len(part), sum(map(_corrects, part)), len(taken), median))
    return tuple(sorted(rows, key=lambda row: (-row.answers, row.target)))


def speed_json(speed: Speed) -> dict[str, object]:
    """The shape of `sohoa review speed --json`; keys may be added but not changed."""

    def shape(row: Row) -> dict[str, object]:
        return {**row._asdict(), "papers_per_hour": row.per_hour, "share_corrected": row.share_corrected}

    return {
        "whole": {name: value for name, value in shape(speed.whole).items() if name != "name"},
        "fields": [row._asdict() for row in speed.fields],
        **{f"by_{name}": [shape(row) for row in rows] for name, rows in speed.groups.items()},
    }
