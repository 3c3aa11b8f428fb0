"""What each role may do, and which papers an account sees: data, and the functions that answer from it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from quality.unit_register import UnitIdentity, UnitRegister
from schemas.people import Account, Role


class Right(StrEnum):
    """One thing that a person may do."""

    LOOK = "look"  # batches, papers, search
    FIGURES = "figures"  # rates of the units one sees
    CORRECT = "correct"  # say what stands on a paper
    ACCEPT = "accept"  # say that a paper is right; its code follows
    CODE = "code"  # decide about a code: void it, choose between several
    SCHEDULE = "schedule"
    UPLOAD = "upload"
    DECLARE = "declare"  # hand in the inventory of the units one sees
    ISSUE = "issue"  # freeze figures; issue and approve reports
    CLEAR = "clear"  # identifiers unmasked, each look recorded
    WATCH = "watch"  # alerts of the whole house
    MEASURE = "measure"  # how fast each person reviews, and what is corrected
    ADMINISTER = "administer"


_R: Final = Right
RIGHTS: Final[Mapping[Role, frozenset[Right]]] = {
    Role.ARCHIVIST: frozenset(
        {
            *(_R.LOOK, _R.FIGURES, _R.CORRECT, _R.ACCEPT, _R.SCHEDULE),
            *(_R.UPLOAD, _R.DECLARE, _R.CLEAR, _R.WATCH),
        }
    ),
    Role.REVIEWER: frozenset({_R.LOOK, _R.CORRECT, _R.ACCEPT, _R.CLEAR}),
    Role.APPROVER: frozenset(
        {*(_R.LOOK, _R.FIGURES, _R.ACCEPT, _R.CODE, _R.ISSUE, _R.CLEAR, _R.WATCH), _R.MEASURE}
    ),
    Role.IT: frozenset({_R.LOOK, _R.FIGURES, _R.SCHEDULE, _R.UPLOAD, _R.WATCH, _R.ADMINISTER, _R.MEASURE}),
    Role.AUDITOR: frozenset({_R.LOOK, _R.FIGURES, _R.CLEAR, _R.WATCH, _R.MEASURE}),
}
# What concerns the whole house is not for who sees a part of it.
_WHOLE_HOUSE: Final = frozenset({Right.WATCH, Right.ADMINISTER, Right.ISSUE, Right.SCHEDULE, Right.MEASURE})
# An account bound to batches is a contractor's or a postal operator's: it never decides, whatever its role.
_NOT_BY_CONTRACTORS: Final = frozenset({Right.ACCEPT, Right.CODE, Right.FIGURES, Right.DECLARE})


def rights_of(account: Account) -> frozenset[Right]:
    """Everything that an account may do, within its scope."""
    if account.disabled_at is not None:
        return frozenset()
    held = RIGHTS[account.role]
    if account.scoped:
        held -= _WHOLE_HOUSE
    if account.batches:
        held -= _NOT_BY_CONTRACTORS
    return held


def may(account: Account, right: Right) -> bool:
    """True if an account may do that, within its scope."""
    return right in rights_of(account)


class Scope(NamedTuple):
    """The part of the archive that an account sees; None stands for all of it."""

    units: frozenset[str] | None = None
    batches: frozenset[str] | None = None

    @property
    def whole(self) -> bool:
        """True if nothing is out of it."""
        return self.units is None and self.batches is None

    def has(self, unit: str | None, batch: str) -> bool:
        """True if a paper of that unit, in that batch, is in it. A paper of no known unit is in no unit's scope."""
        return (self.units is None or unit in self.units) and (self.batches is None or batch in self.batches)

    def has_all(self, papers: Iterable[tuple[str | None, str]]) -> bool:
        """True if every one of these (unit, batch) is in it."""
        return self.whole or all(self.has(unit, batch) for unit, batch in papers)


def scope_of(account: Account, register: UnitRegister, day: date) -> Scope:
    """The scope of an account on a day: its units under every name, with those whose papers they hold now."""
    units = labels(account.units, register, day) if account.units else None
    return Scope(units, frozenset(account.batches) if account.batches else None)


def labels(codes: Collection[str], register: UnitRegister, day: date) -> frozenset[str]:
    """Names that papers of these units bear. A name that a unit of others bore too is theirs only with its district."""
    inside = {
        key
        for key, made in register.identities.items()
        if made.code in codes or register.holder(made, day).code in codes
    }
    found: set[str] = set()
    outside: set[str] = set()
    for key, made in register.identities.items():
        (found if key in inside else outside).update(_labels(made, register, day))
    coded = {made.code for made in register.identities.values()}
    return frozenset(found - outside) | frozenset(name for name in codes if name not in coded)


def _labels(made: UnitIdentity, register: UnitRegister, day: date) -> set[str]:
    days = [day, *(row.effective_from for row in made.names if row.effective_from), made.valid_to or day]
    return {row.name for row in made.names if made.level != "tinh"} | {
        register.label(made, each) for each in days
    }
