"""Decisions of persons about a paper: kept for ever, and overriding anything a machine reads.

A later decision about the same target replaces an earlier one; neither is ever deleted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from pydantic import BaseModel, ConfigDict

from schemas.batches import BatchSheet
from schemas.documents import ValidityState

KIND: Final = "kind"
RESULT_TYPE: Final = "result_type"
UNIT: Final = "unit"
VALIDITY: Final = "validity"
CLOSING: Final = "closing"
# Whether a paper is the one that holds a code with the same owner, result code and number: its document id, or `OTHER`.
SAME_AS: Final = "same_as"
OTHER: Final = "other"
# Whether answers of somebody who may not accept wait for somebody who may (the page of review).
ACCEPTANCE: Final = "acceptance"
AWAITED: Final = "awaited"
GIVEN: Final = "given"
# Targets of a paper that are not fields.
BOX: Final = "box"
FONDS: Final = "fonds"
OF_PLACE: Final = (BOX, FONDS)
OF_PAPER: Final = (KIND, RESULT_TYPE, UNIT, VALIDITY, CLOSING, SAME_AS, ACCEPTANCE, *OF_PLACE)
NOT_CODABLE: Final = "not_codable"
REOPENED: Final = "open"
# Typed values of these become part of a permanent code and need a confirmation.
CONFIRMED: Final = ("owner_id", "number")
_CONFIRM: Final = "confirm:"
_SECOND: Final = "second:"
_SETTLE: Final = "settle:"
# Findings of a value that is asked of a person who has not keyed it: blind, or with two answers that differ.
KEYED_BLIND: Final = "field_second_keying"
KEYINGS_DIFFER: Final = "field_keyings_differ"
KEYED_AGAIN: Final = ("field_unconfirmed", KEYED_BLIND, KEYINGS_DIFFER)
_REGISTER: Final = "register:"
_ORDER: Final = "order:"
_PICTURE: Final = re.compile(r"picture:(?P<rule>[a-z_]+):(?P<page>\d+)")


class Action(StrEnum):
    """Kinds of decision: set the value; mark it as not on the paper; accept the image."""

    SET = "set"
    ABSENT = "absent"
    ACCEPT = "accept"


class Decision(BaseModel):
    """One decision.

    Attributes:
        target: a field's name, one of `OF_PAPER`, `picture:<rule>:<page>`, `confirm:<field>`, `second:<field>` for what
            another person keyed blind and `settle:<field>` for what a third one chose (`schemas.second_keying`), or
            `register:<field>` for what the row of a register says that the paper was matched with, or `order:<field>`
            for its neighbours in the series (`Between`).
        action: the kind of decision.
        value: the value as fields keep it (dates ISO, kinds by id); None unless `action` is `set`.
        old: what the machine, or an earlier person, had before.
        operator: who decided.
        at: when, ISO 8601 with offset.
        note: what the person wrote beside it.
        confidence: how surely the register's row is of this paper; None for what a person decided.
    """

    model_config = ConfigDict(frozen=True)

    target: str
    action: Action = Action.SET
    value: str | None = None
    old: str | None = None
    operator: str = ""
    at: str = ""
    note: str = ""
    confidence: float | None = None


def picture(rule: str, page: int) -> str:
    """Target of a finding about a page's picture."""
    return f"picture:{rule}:{page}"


def picture_of(target: str) -> tuple[str, int] | None:
    """Rule and page of a target about a picture; None for any other."""
    match = _PICTURE.fullmatch(target)
    return (match["rule"], int(match["page"])) if match else None


def confirming(target: str) -> str:
    """Target of the confirmation of a typed value."""
    return f"{_CONFIRM}{target}"


def keyed_second(target: str) -> str:
    """Target of what a second person keyed without seeing the first answer."""
    return f"{_SECOND}{target}"


def settling(target: str) -> str:
    """Target of what a third person chose where two blind answers differ."""
    return f"{_SETTLE}{target}"


def is_confirming(target: str) -> bool:
    """True if a target is the confirmation of another: typed again, keyed blind, or settled."""
    return target.startswith((_CONFIRM, _SECOND, _SETTLE))


def confirmed(target: str) -> str:
    """The target that a confirmation is about; any other target itself."""
    return target.partition(":")[2] if is_confirming(target) else target


def by_register(target: str) -> str:
    """Target of what a register says about a field; a person's decision about the field itself stands above it."""
    return f"{_REGISTER}{target}"


def register_field(target: str) -> str | None:
    """The field that a target of a register is about; None for any other target."""
    return target.removeprefix(_REGISTER) if target.startswith(_REGISTER) else None


class Between(NamedTuple):
    """Numbers of a series that a paper's number lies between, both left out."""

    after: int
    before: int

    def __str__(self) -> str:
        return f"{self.after}<{self.before}"


def by_order(target: str) -> str:
    """Target of what the order within a series says about a field."""
    return f"{_ORDER}{target}"


def order_field(target: str) -> str | None:
    """The field that a target of a series is about; None for any other target."""
    return target.removeprefix(_ORDER) if target.startswith(_ORDER) else None


def field_told(target: str) -> str | None:
    """The field that a target of a register or of a series is about; None for what a person decides."""
    return register_field(target) or order_field(target)


def between_of(value: str | None) -> Between | None:
    """The numbers that a decision about a series names, or None."""
    after, _, before = (value or "").partition("<")
    return Between(int(after), int(before)) if after.isdigit() and before.isdigit() else None


def is_confirmed(decided: Mapping[str, Decision], target: str, *, by_other: bool) -> bool:
    """True if the typed value of a target was confirmed; `by_other`: by another person."""
    first, second = decided.get(target), decided.get(confirming(target))
    if first is None or second is None or first.value != second.value:
        return False
    return not by_other or first.operator != second.operator


def is_closed(decided: Mapping[str, Decision]) -> bool:
    """True if a person closed the paper as one that gets no code."""
    held = decided.get(CLOSING)
    return held is not None and held.value == NOT_CODABLE


def awaits_acceptance(decided: Mapping[str, Decision]) -> bool:
    """True if somebody who may not accept answered last, and nobody who may has accepted since."""
    held = decided.get(ACCEPTANCE)
    return held is not None and held.value == AWAITED


def sheet_said(sheet: BatchSheet | None, decided: Mapping[str, Decision]) -> BatchSheet | None:
    """The batch sheet as it holds for a paper: where it lies, if a person said so, stands above the sheet's own word."""
    said = {
        name: held.value
        for name in OF_PLACE
        if (held := decided.get(name)) is not None and held.action is Action.SET
    }
    return (sheet or BatchSheet()).model_copy(update=said) if said else sheet


def expired_from(day: date) -> str:
    """Value of a decision on validity: the paper is expired from a day on, and was in force until then."""
    return f"{ValidityState.EXPIRED}:{day.isoformat()}"


def expired_of(value: str | None) -> tuple[bool, date | None]:
    """Whether a decision on validity says "expired", and from which day on, if it names one."""
    state, _, day = (value or "").partition(":")
    return state == ValidityState.EXPIRED, date.fromisoformat(day) if day else None


def in_force(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """The last decision about every target, given decisions in chronological order."""
    return {decision.target: decision for decision in decisions}
