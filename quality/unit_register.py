"""Administrative units over time: who a name or a code meant on a day, who holds its papers now. Pure.

A unit is (code, the day it began): codes and names are both used again (DOMAIN.md §4.2). Lists of several days that
carry a code on, under whatever name, tell of one unit; only the mergers' list and absence from the next list end one.
May import schemas; lists arrive as arguments.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Final, NamedTuple

from schemas.documents import Level
from schemas.rules import Merger, Unit
from schemas.text import fold, fold_tone_place, nfc

UnitKey = tuple[str, date | None]
_PREFIXES: Final = ("UBND ", "Ủy ban nhân dân ")
_RANKS: Final = ("đặc khu", "phường", "thị trấn", "thị xã", "thành phố", "huyện", "quận", "tỉnh", "xã")


class Successor(NamedTuple):
    """The unit that took over, wholly or in part, from a day on."""

    code: str
    valid_from: date
    whole: bool


@dataclass(frozen=True)
class UnitIdentity:
    """One unit from its first to its last day, under all its names.

    Attributes:
        valid_from: first day; None where the lists do not reach back to it.
        valid_to: last day; None while it stands.
        names: its rows of the dated lists, oldest first.
        province: code of the province it lay in before 1/7/2025: `56` Khánh Hòa, `58` Ninh Thuận.
        unverified: the day of its end or of a new name is that of a list marked M-lo.
    """

    code: str
    level: Level
    valid_from: date | None
    valid_to: date | None
    names: tuple[Unit, ...]
    province: str = ""
    successors: tuple[Successor, ...] = field(default=(), compare=False)
    unverified: bool = False

    @property
    def key(self) -> UnitKey:
        """What tells it from every other unit."""
        return self.code, self.valid_from

    def stood_on(self, day: date) -> bool:
        """True if it existed on the day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )

    def row_on(self, day: date) -> Unit:
        """Its row of the lists on a day; the nearest where it did not stand then."""
        begun = [row for row in self.names if row.effective_from is None or row.effective_from <= day]
        return begun[-1] if begun else self.names[0]


class UnitRegister:
    """All units of the home province, of every period."""

    def __init__(self, units: Sequence[Unit], mergers: Sequence[Merger]) -> None:
        """Join the dated lists into units.

        Args:
            units: rows of every list.
            mergers: which unit went into which, wholly or in part.
        """
        self._mergers = mergers
        self._districts = {row.code: row.parent or "" for row in units if row.level == "huyen"}
        self._communes = {
            row.code: self._districts[row.parent] for row in units if row.parent in self._districts
        }
        self._doubtful = {row.effective_from for row in units if row.mark == "M-lo" and row.effective_from}
        self.identities: dict[UnitKey, UnitIdentity] = {}
        by_code: dict[str, list[Unit]] = defaultdict(list)
        for row in sorted(units, key=lambda row: (row.code, row.effective_from or date.min)):
            by_code[row.code].append(row)
        for rows in by_code.values():
            for run in self._runs(rows):
                made = self._identity(run)
                self.identities[made.key] = made
        self._remembered: dict[tuple[str, str, date | None], UnitIdentity | None] = {}

    def _runs(self, rows: Sequence[Unit]) -> list[list[Unit]]:
        """Rows of one code, parted where the mergers' list gave the code to another unit."""
        begun = {(row.new_code, row.effective_from) for row in self._mergers}
        runs: list[list[Unit]] = []
        for row in rows:
            if runs and (row.code, row.effective_from) not in begun:
                runs[-1].append(row)
            else:
                runs.append([row])
        return runs

    def _identity(self, run: list[Unit]) -> UnitIdentity:
        first, last = run[0], run[-1]
        end = last.effective_to
        after = tuple(
            sorted(
                {
                    Successor(row.new_code, row.effective_from, row.part == "full")
                    for row in self._mergers
                    if row.old_code == last.code
                    and end is not None
                    and row.effective_from is not None
                    and row.effective_from == end + timedelta(days=1)
                }
            )
        )
        renamed = {row.effective_from for before, row in pairwise(run) if before.name != row.name}
        if end is not None:
            renamed.add(end + timedelta(days=1))
        return UnitIdentity(
            first.code,
            first.level,
            first.effective_from,
            end,
            tuple(run),
            self._province(first),
            after,
            bool(renamed & self._doubtful),
        )

    def _province(self, row: Unit) -> str:
        """The former province: by the district it lay in; for a unit formed in 2025, by those it was formed from."""
        if row.level == "tinh":
            return row.code
        if row.level == "huyen":
            return row.parent or ""
        if row.parent in self._districts:
            return self._districts[row.parent]
        before = {
            self._communes.get(made.old_code, "") for made in self._mergers if made.new_code == row.code
        }
        return before.pop() if len(before) == 1 else ""

    def at(self, level: str, label: str, day: date | None) -> UnitIdentity | None:
        """The unit that a stored label (`Xã Diên An`, `Xã Ninh Phước, Thị xã Ninh Hòa`) means on a day.

        Without a day, or where none of that name stood then, only a name that one unit ever bore is resolved.
        """
        asked = (level, label, day)
        if asked not in self._remembered:
            self._remembered[asked] = self._at(level, label, day)
        return self._remembered[asked]

    def _at(self, level: str, label: str, day: date | None) -> UnitIdentity | None:
        name, _, parent = (part.strip() for part in _bare(label).partition(","))
        named = self._by_name.get((level, fold_tone_place(name)), ())
        within = [made for made in named if not parent or self._lay_in(made, parent, None)]
        then = [made for made in within if day is not None and _bore(made, name, day)]
        chosen = then or within
        return chosen[0] if len(chosen) == 1 else None

    @cached_property
    def turns(self) -> tuple[date, ...]:
        """Days from which a name may mean another unit than on the day before."""
        found: set[date | None] = set()
        for made in self.identities.values():
            found |= {made.valid_from, *(row.effective_from for row in made.names)}
            found.add(made.valid_to + timedelta(days=1) if made.valid_to else None)
        return tuple(sorted(day for day in found if day is not None))

    def find(self, words: str, level: Level | None, day: date) -> UnitIdentity | None:
        """The one unit that stood on the day and that a person means by a code or a name; None if not exactly one.

        A name may be written without rank or accents, and be followed by the unit above (`Xã Ninh Phước, Thị xã Ninh
        Hòa`) where two of that name stood.
        """
        name, _, parent = (part.strip() for part in _bare(words).partition(","))
        standing = [
            made
            for made in self.identities.values()
            if made.stood_on(day) and (level is None or made.level == level)
        ]
        if parent:
            standing = [made for made in standing if self._lay_in(made, parent, day)]
        for same in _LIKENESS:
            found = [made for made in standing if same(made, name, day)]
            if found:
                return found[0] if len(found) == 1 else None
        return None

    def _lay_in(self, made: UnitIdentity, parent: str, day: date | None) -> bool:
        rows = made.names if day is None else (made.row_on(day),)
        names = {
            fold(row.name)
            for above in self.identities.values()
            if above.code in {each.parent for each in rows}
            for row in above.names
        }
        return fold(parent) in names | {without_rank(name) for name in names}

    @cached_property
    def _by_name(self) -> dict[tuple[str, str], tuple[UnitIdentity, ...]]:
        named: dict[tuple[str, str], dict[UnitKey, UnitIdentity]] = defaultdict(dict)
        for made in self.identities.values():
            for row in made.names:
                named[made.level, fold_tone_place(row.name)][made.key] = made
        return {key: tuple(made.values()) for key, made in named.items()}

    def holder(self, made: UnitIdentity, day: date) -> UnitIdentity:
        """The unit that holds a unit's stock and papers on a day: itself, or the one it was wholly merged into."""
        if made.valid_to is None or day <= made.valid_to:
            return made
        if len(made.successors) == 1 and made.successors[0].whole:
            after = self.identities.get(made.successors[0][:2])
            return self.holder(after, day) if after else made
        return made

    def label(self, made: UnitIdentity, day: date) -> str:
        """Name in tables on a day; with the unit above where another of that name stood, or stands after its end."""
        if made.level == "tinh":
            name = made.row_on(day).name
            return f"UBND {name[0].lower()}{name[1:]}"
        row = made.row_on(day)
        ended = made.valid_to is not None and made.valid_to < day
        others = [
            each
            for each in self._by_name[made.level, fold_tone_place(row.name)]
            if each.key != made.key and (ended or (each.stood_on(day) and each.row_on(day).name == row.name))
        ]
        return f"{row.name}, {self._parent(row, made, day)}" if others else row.name

    def _parent(self, row: Unit, made: UnitIdentity, day: date) -> str:
        then = min(day, made.valid_to or day)
        above = [each for (code, _), each in self.identities.items() if code == row.parent]
        stood = [each for each in above if each.stood_on(then)] or above
        return stood[-1].row_on(then).name if stood else (row.parent or "")


def _bare(words: str) -> str:
    text = nfc(" ".join(words.split()))
    for prefix in _PREFIXES:
        if text.startswith(prefix):
            rest = text.removeprefix(prefix)
            return f"{rest[:1].upper()}{rest[1:]}"
    return text


def without_rank(name: str) -> str:
    """A name without `xã`, `phường` and so on, folded."""
    folded = fold(name)
    return next(
        (folded[len(fold(rank)) + 1 :] for rank in _RANKS if folded.startswith(f"{fold(rank)} ")), folded
    )


def _bore(made: UnitIdentity, name: str, day: date) -> bool:
    """True if the unit stood on the day under that name."""
    return made.stood_on(day) and fold_tone_place(made.row_on(day).name) == fold_tone_place(name)


def _coded(made: UnitIdentity, name: str, day: date) -> bool:
    return made.code == name


def _bore_roughly(made: UnitIdentity, name: str, day: date) -> bool:
    return fold(made.row_on(day).name) == fold(name)


def _bore_bare(made: UnitIdentity, name: str, day: date) -> bool:
    return without_rank(made.row_on(day).name) == fold(name)


_LIKENESS: Final = (_coded, _bore, _bore_roughly, _bore_bare)  # the first that finds a unit decides
