"""Notes beneath a quota, merged: units with the same note are listed together. Pure; may import schemas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from schemas.quotas import QuotaNote

# Notes whose numbers are specific to a unit and cannot be summed.
_ALONE: Final = frozenset({"more_than_inventory"})
_SUMMED: Final = "papers"


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
