"""Blind second keying: which values another person keys too, and how the two answers stand. Pure.

What is drawn hangs on the seed of the row, the paper and the field alone: nobody chooses, and whoever asks again is told
the same. Answers are decisions: the first about the field itself, the second about `second:<field>`, and where they
differ a third person's about `settle:<field>`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from schemas.clock import VIETNAM
from schemas.documents import Document
from schemas.review import (
    CONFIRMED,
    KEYED_BLIND,
    KEYINGS_DIFFER,
    Action,
    Decision,
    confirmed,
    keyed_second,
    settling,
)
from schemas.rules import KeyingRow


class Keyed(StrEnum):
    """How a value that was drawn stands."""

    WAITING = "waiting"
    SAME = "same"
    DIFFERS = "differs"
    SETTLED = "settled"


class Round(NamedTuple):
    """The answers about one drawn value: the first, the blind second, and the one that settled a difference."""

    document_id: str
    field: str
    first: Decision
    second: Decision | None = None
    settled: Decision | None = None

    @property
    def state(self) -> Keyed:
        """How it stands."""
        if self.second is None:
            return Keyed.WAITING
        if _alike(self.first, self.second):
            return Keyed.SAME
        return Keyed.DIFFERS if self.settled is None else Keyed.SETTLED


class Tally(NamedTuple):
    """Values keyed by two people, and how many of them the two keyed otherwise (settled since or not)."""

    n: int
    same: int
    differs: int
    waiting: int


def is_drawn(
    rows: Iterable[KeyingRow], document_id: str, field: str, values: Collection[str], day: date
) -> bool:
    """True if a value first answered on a day is keyed again. `values` is what it is: `written`, `typed`, or both."""
    return any(
        row.field == field
        and row.values in values
        and row.holds_on(day)
        and _place(row.seed, document_id, field) < row.share
        for row in rows
    )


def _place(seed: str, document_id: str, field: str) -> float:
    """A number of [0, 1) that hangs on these alone."""
    digest = hashlib.blake2b(f"{document_id}:{field}".encode(), digest_size=8, key=seed.encode()[:64])
    return int.from_bytes(digest.digest()) / 2**64


def day_of(first: Decision) -> date:
    """The day in Việt Nam on which an answer was given; it chooses the row."""
    return datetime.fromisoformat(first.at).astimezone(VIETNAM).date()


def standing(decided: Mapping[str, Decision], field: str) -> Keyed | None:
    """How a value stands if it is drawn, by the decisions in force; None if nobody gave it one."""
    first, second, last = (decided.get(name) for name in (field, keyed_second(field), settling(field)))
    if first is None:
        return None
    if last is not None and _alike(first, last) and last.at >= first.at:
        return Keyed.SETTLED
    # What was keyed beside an answer that was replaced since says nothing of the new one.
    if second is None or second.at < first.at:
        return Keyed.WAITING if first.action is Action.SET else None
    return Keyed.SAME if _alike(first, second) else Keyed.DIFFERS


def keyed_by(decided: Mapping[str, Decision], field: str) -> frozenset[str]:
    """Who has keyed a value that waits, and is not asked about it again."""
    first, second = decided.get(field), decided.get(keyed_second(field))
    names = {first.operator} if first is not None else set()
    if standing(decided, field) is Keyed.DIFFERS and second is not None:
        names.add(second.operator)
    return frozenset(names)


def keying_of(paper: Document, target: str) -> str | None:
    """The rule by which another person keys a value without being shown one; None where nobody does."""
    named = {note.rule for note in paper.findings if note.params.get("field") == target}
    return next((rule for rule in (KEYINGS_DIFFER, KEYED_BLIND) if rule in named), None)


def blind_fields(paper: Document) -> frozenset[str]:
    """Fields whose value is hidden from whoever reviews the paper, until a second person has keyed one of them."""
    found = {field for field in CONFIRMED if keying_of(paper, field) == KEYED_BLIND}
    return frozenset(found | ({"notation"} if "number" in found else set()))


def rounds_of(document_id: str, history: Sequence[Decision], waiting: Collection[str]) -> list[Round]:
    """Every drawn value of a paper, oldest first, from all its decisions; `waiting` are fields asked blind now."""
    found: list[Round] = []
    open_now: dict[str, Round] = {}
    settled = {
        (each.at, confirmed(each.target))
        for each in history
        if each.target == settling(confirmed(each.target))
    }
    for each in history:
        field = confirmed(each.target)
        if field not in CONFIRMED:
            continue
        held = open_now.get(field)
        if each.target == field:
            if (each.at, field) in settled:
                continue  # the value that a third person chose: the decision that settles says so
            if held is not None and held.second is not None:
                found.append(held)
            open_now[field] = Round(document_id, field, each)
        elif held is not None and each.target == keyed_second(field):
            open_now[field] = held._replace(second=each)
        elif held is not None and each.target == settling(field):
            open_now[field] = held._replace(settled=each)
    found += [each for field, each in open_now.items() if each.second is not None or field in waiting]
    return found


def tally(rounds: Iterable[Round]) -> Tally:
    """What the rounds come to."""
    states = [each.state for each in rounds]
    same, waiting = states.count(Keyed.SAME), states.count(Keyed.WAITING)
    return Tally(len(states) - waiting, same, len(states) - waiting - same, waiting)


def _alike(one: Decision, other: Decision) -> bool:
    return (one.action, one.value) == (other.action, other.value)
