"""Papers in columns, brought together where a day cannot tell them apart: few are judged where millions stand. Pure.

Days are compared as `quality.quotas` compares them: with the reporting day, with the days on which a name came to mean
another unit and with the cut-off; of days that ended a paper the year counts. Two papers of one group have one reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import compute

from quality.quota_terms import Terms
from schemas.quotas import ElsewhereRow, PaperGroup, PaperRow
from schemas.text import bare_number

_Numbers = npt.NDArray[np.int64]
_EPOCH: Final = date(1970, 1, 1)
# Above the places of no day, a later one and the day itself.
_YEARS: Final = 3
_ROOM: Final = 1 << 31
_FIELDS: Final = tuple(name for name in PaperRow.model_fields if name != "papers")


class PaperGroups:
    """Groups of papers as of a day, found while their columns pass by; numbered as they are met.

    Attributes:
        counts: how many papers each group has.
        named: papers, counting nothing, with one of the numbers asked for.
    """

    def __init__(self, day: date, terms: Terms, elsewhere: Iterable[ElsewhereRow]) -> None:
        """Find groups as of a day, under the units and the cut-off of a figure's terms.

        What may be one of the results digitised elsewhere is kept as `named`: it is told by its number, which no group has.
        """
        self._numbers = {bare_number(row.number) for row in elsewhere if row.number}
        self.named: list[PaperRow] = []
        turns = {*(terms.register.turns if terms.register else ()), day + timedelta(days=1)}
        if terms.cut_off is not None:
            turns.add(terms.cut_off + timedelta(days=1))
        self._day = day
        self._turns = np.array(sorted(_since(turn) for turn in turns), np.int64)
        # By number of a turn a day that means the same units; 0: none, 1: before the first turn.
        self._turned = (None, date.min, *sorted(turns))
        self._known: dict[str, dict[Any, int]] = {}
        self._alike: list[PaperRow] = []
        self._met: list[tuple[str | None, str | None, PaperRow]] = []
        self.counts: _Numbers = np.zeros(0, np.int64)

    def enter(self, table: pa.Table) -> _Numbers:
        """Take in some papers. Returns the number of each one's group."""
        alike = self._text(table, "kind")
        for name in ("role", "route", "validity"):
            alike = self._fold(name, alike, self._text(table, name))
        alike = self._fold("flags", alike, self._flags(table))
        alike = self._fold("days", alike, self._sides(table))
        turn = self._turn(table)
        alike = self._fold("issue_date", alike, turn)
        for name in ("valid_until", "superseded_on"):
            alike = self._fold(name, alike, self._year(table, name))
        unit = self._fold("unit", self._text(table, "level"), self._text(table, "unit"))
        number = self._fold("group", unit, alike)
        self._keep(table, alike, turn, number)
        if self._numbers:
            held = enumerate(table["number"].to_pylist())
            chosen = [at for at, told in held if told and bare_number(told) in self._numbers]
            self.named += papers_of(table.take(pa.array(chosen, pa.int64())), papers=0)
        return number

    def groups(self, first: int = 0) -> Iterator[PaperGroup]:
        """Every group met so far, or those from a number on."""
        for (level, unit, paper), papers in zip(self._met[first:], self.counts[first:].tolist(), strict=True):
            yield PaperGroup(level, unit, paper, papers)

    def _keep(self, table: pa.Table, alike: _Numbers, turn: _Numbers, number: _Numbers) -> None:
        """Count; of each group that is new keep its unit, and the first paper, which all share that differ in no more."""
        if len(fresh := _firsts(alike, len(self._alike))):
            for paper, at in zip(papers_of(table.take(fresh)), turn[fresh].tolist(), strict=True):
                said = {"level": None, "unit": None, "issue_date": self._turned[at]}
                self._alike.append(paper.model_copy(update=said))
        if len(fresh := _firsts(number, len(self._met))):
            of_units = table.select(("level", "unit")).take(fresh)
            named = zip(*(of_units[name].to_pylist() for name in ("level", "unit")), strict=True)
            shared = alike[fresh].tolist()
            self._met += [
                (level, unit, self._alike[at]) for (level, unit), at in zip(named, shared, strict=True)
            ]
        counted = np.bincount(number, minlength=len(self._met))
        counted[: len(self.counts)] += self.counts
        self.counts = counted

    def _fold(self, name: str, one: _Numbers, other: _Numbers) -> _Numbers:
        """One number for each pair of numbers; the same in all that is ever entered."""
        pairs = pa.array(one * _ROOM + other).dictionary_encode()
        known = self._known.setdefault(name, {})
        numbers = [known.setdefault(pair, len(known)) for pair in pairs.dictionary.to_pylist()]
        found: _Numbers = np.array(numbers, np.int64)[_plain(pairs.indices)]
        return found

    def _text(self, table: pa.Table, name: str) -> _Numbers:
        column = table[name].combine_chunks()
        encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        known = self._known.setdefault(name, {None: 0})
        numbers = [known.setdefault(value, len(known)) for value in encoded.dictionary.to_pylist()]
        indices = encoded.indices.fill_null(len(numbers))
        found: _Numbers = np.array([*numbers, 0], np.int64)[_plain(indices)]
        return found

    def _flags(self, table: pa.Table) -> _Numbers:
        day = self._day
        back = np.zeros(len(table), bool)
        given = table["returned"].combine_chunks()
        for at in np.flatnonzero(_plain(given.value_lengths().fill_null(0))):
            back[at] = PaperRow.is_returned(papers_of(table.slice(at, 1))[0], day)
        flags = [
            _plain(table["code"].is_null()),
            *(_plain(table[name].fill_null(False)) for name in ("code_voided", "stored", "intact")),
            _plain(compute.equal(table["validity_source"], "operator").fill_null(False)),
            _plain(table["linked_to"].is_null()),
            *(
                _side(table, name, day) == 2
                for name in ("expired_from", "revoked_on", "signed_on", "delivered_on")
            ),
            back,
        ]
        found: _Numbers = np.zeros(len(table), np.int64)
        for flag in flags:
            found = found * 2 + flag
        return found

    def _sides(self, table: pa.Table) -> _Numbers:
        found: _Numbers = np.zeros(len(table), np.int64)
        for name in ("digitised_on", "stored_on", "code_until"):
            found = found * 3 + _side(table, name, self._day)
        return found

    def _turn(self, table: pa.Table) -> _Numbers:
        days, empty = _days(table, "issue_date")
        return np.where(empty, 0, np.searchsorted(self._turns, days, side="right") + 1).astype(np.int64)

    def _year(self, table: pa.Table, name: str) -> _Numbers:
        days, empty = _days(table, name)
        on = _since(self._day)
        year = days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970 + _YEARS
        return np.select([empty, days > on, days == on], [0, 1, 2], year).astype(np.int64)


def papers_of(table: pa.Table, **values: Any) -> list[PaperRow]:
    """Rows of a table as papers; built without checks: the columns hold nothing else."""
    return [
        PaperRow.model_construct(**{**row, "returned": _periods(row["returned"]), "papers": 1, **values})
        for row in table.select(_FIELDS).to_pylist()
    ]


def _firsts(number: _Numbers, known: int) -> _Numbers:
    """Where each number that is not known yet comes first."""
    first: _Numbers = np.zeros(max(int(number.max(initial=-1)) + 1, known), np.int64)
    first[number[::-1]] = np.arange(len(number))[::-1]
    return first[known:]


def _periods(held: Iterable[Sequence[date]] | None) -> tuple[tuple[date, ...], ...]:
    return tuple(tuple(period) for period in held or ())


def _side(table: pa.Table, name: str, day: date) -> _Numbers:
    """0: never, 1: later than the day, 2: by then."""
    days, empty = _days(table, name)
    return np.where(empty, 0, np.where(days > _since(day), 1, 2)).astype(np.int64)


def _days(table: pa.Table, name: str) -> tuple[_Numbers, npt.NDArray[np.bool_]]:
    """Days as numbers since 1970, and which are absent."""
    column = table[name].combine_chunks()
    return _plain(column.cast(pa.int32()).fill_null(0)).astype(np.int64), _plain(column.is_null())


def _since(day: date) -> int:
    return (day - _EPOCH).days


def _plain(column: Any) -> npt.NDArray[Any]:
    held: npt.NDArray[Any] = (
        column.to_numpy(zero_copy_only=False) if isinstance(column, pa.Array) else column.to_numpy()
    )
    return held
