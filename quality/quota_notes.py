"""Notes beneath a quota: the same in text, where units with one note are listed together, and in JSON. Pure.

May import schemas.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from schemas.numerals import number_text, value_text
from schemas.quotas import QuotaNote, QuotaReport, QuotaRow, RowNote
from schemas.wording import say

# Notes whose numbers are specific to a unit and cannot be summed.
_ALONE: Final = frozenset({"more_than_inventory"})
_SUMMED: Final = "papers"
_YEAR: Final = "year"


class GroupedNote(NamedTuple):
    """One note for several rows: their (level, unit) in order, unit None for a level's own total; papers are summed."""

    code: str
    places: tuple[tuple[str, str | None], ...]
    params: dict[str, str | int | float]


def grouped(notes: Sequence[QuotaNote]) -> list[GroupedNote]:
    """Merge notes with the same text, in order of first occurrence.

    Notes on level totals and on units are not merged: they concern the same papers.
    """
    together: dict[tuple[object, ...], list[QuotaNote]] = {}
    for at, note in enumerate(notes):
        same = tuple(sorted((key, value) for key, value in note.params.items() if key != _SUMMED))
        alone = at if note.code in _ALONE else None
        together.setdefault((note.code, note.unit is None, same, alone), []).append(note)
    return [_one(group) for group in together.values()]


def _one(group: Sequence[QuotaNote]) -> GroupedNote:
    first = group[0]
    params = dict(first.params)
    if _SUMMED in params:
        params[_SUMMED] = sum(int(note.params[_SUMMED]) for note in group)
    return GroupedNote(first.code, tuple((note.level, note.unit) for note in group), params)


def sentence(code: str, params: dict[str, str | int | float], lang: str) -> str:
    """A note in words; numbers and days as people of that language write them."""
    words = {
        name: value_text(value, lang)
        if isinstance(value, str)
        else value
        if name == _YEAR
        else number_text(value, lang)
        for name, value in params.items()
    }
    return say("quota_note", code, lang, **words)


def shape(report: QuotaReport, lang: str) -> dict[str, Any]:
    """The report as JSON prints it: with every reservation that the text makes, by row and for the whole."""
    rows = []
    for row in report.rows:
        own = tuple(_told(note, lang) for note in report.notes if _concerns(note, row))
        # What nobody handed in is left out: a nought would say that there are none.
        unknown = {name for name in ("signed", "delivered") if getattr(row, name) is None}
        rows.append(row.model_copy(update={"notes": own}).model_dump(mode="json", exclude=unknown))
    whole = [_told(note, lang).model_dump() for note in report.notes if not note.level]
    head = report.model_dump(mode="json", exclude={"rows", "notes"})
    if report.cut_off is None:
        del head["cut_off"]
    return head | {"rows": rows, "notes": whole}


def _told(note: QuotaNote, lang: str) -> RowNote:
    return RowNote(rule=note.code, text=sentence(note.code, note.params, lang))


def _concerns(note: QuotaNote, row: QuotaRow) -> bool:
    return (note.level, note.unit, note.sector, note.result_type) == (
        row.level,
        row.unit,
        row.sector,
        row.result_type,
    )
