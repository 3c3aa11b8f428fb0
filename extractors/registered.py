"""What the row of a clerk's register says about a paper, applied to what was read on it. Pure.

A row that says the same is a second evidence; it fills what could not be read; where it contradicts a sure reading,
the reading stays and a finding asks a person, whose own values stand above both (`extractors.decided`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from extractors.decided import Decided, with_notation
from schemas.documents import Field
from schemas.findings import Finding, finding
from schemas.kinds import Kind
from schemas.masking import mask_value
from schemas.registers import Standing
from schemas.review import Action, register_field
from schemas.routing import mandatory, needed
from schemas.rules import Rulebook
from schemas.text import fold, fold_tone_place, number_key, strip_accents

# Fields that a row fills or contradicts; subject and agency are written in too many ways to contradict a paper.
STATED: Final = ("number", "issue_date", "owner_id", "owner_name")
_MOST: Final = 0.99


class Registered(NamedTuple):
    """Fields with the register's values, the findings of contradictions, and how each value stands."""

    fields: dict[str, Field]
    findings: tuple[Finding, ...]
    standing: dict[str, Standing]


def with_register(
    fields: Mapping[str, Field],
    decided: Decided,
    written: Sequence[str],
    kind: Kind | None,
    rules: Rulebook,
) -> Registered:
    """Apply the register's values.

    Args:
        fields: as read.
        decided: decisions in force; those of persons are left to `extractors.decided`.
        written: fields whose ink is written by hand, which are never sure by themselves.
        kind: of the paper; a field that papers of this kind need not have is not added.
        rules: thresholds.
    """
    done = dict(fields)
    notes: list[Finding] = []
    standing: dict[str, Standing] = {}
    for target, held in decided.items():
        name = register_field(target)
        if name is None or held.action is not Action.SET or held.value is None:
            continue
        read, sure = done.get(name), held.confidence or 0.0
        if read is None and name not in _wanted(kind):
            continue
        if read is not None and read.value is not None:
            if agrees(name, read.value, held.value):
                done[name] = _confirmed(read, sure)
                standing[name] = "confirms"
                continue
            if name not in written and _is_sure(read, name, rules):
                notes.append(_contradiction(name, read, held.value))
                standing[name] = "contradicts"
                continue
        if name == "number" and is_bare(held.value):
            continue  # half of a number fills nothing
        place = {"value": held.value, "confidence": min(_MOST, sure), "source": "register"}
        done[name] = read.model_copy(update=place) if read else Field.model_validate(place)
        standing[name] = "fills"
        if name == "number":
            done = with_notation(done, held.value, stated="notation" in decided)
    return Registered(done, tuple(notes), standing)


def agrees(name: str, read: str, stated: str) -> bool:
    """True if two values of a field are the same, whatever their spelling."""
    if name == "number":
        left, right = number_key(read), number_key(stated)
        return left == right or (is_bare(stated) and left.split("/")[0].split("-")[0] == right)
    if name == "owner_name":
        same = fold_tone_place(read) == fold_tone_place(stated)
        return same or (strip_accents(stated) == stated and fold(read) == fold(stated))
    return read == stated


def is_bare(number: str) -> bool:
    """True if a number is digits alone, without year or notation."""
    return number.strip().isdecimal()


def _wanted(kind: Kind | None) -> tuple[str, ...]:
    owner = ("owner_id", "owner_name") if kind is not None and kind.has_owner else ()
    return (*mandatory(kind), *owner)


def _is_sure(read: Field, name: str, rules: Rulebook) -> bool:
    least = rules.thresholds.owner if name.startswith("owner_") else needed(name, rules.thresholds)
    return (read.confidence if read.confidence is not None else 1.0) >= least


def _confirmed(read: Field, sure: float) -> Field:
    """The field as read; two that agree are wrong together only if each is wrong."""
    own = read.confidence if read.confidence is not None else 1.0
    return read.model_copy(update={"confidence": max(own, min(_MOST, 1 - (1 - own) * (1 - sure)))})


def _contradiction(name: str, read: Field, stated: str) -> Finding:
    return finding(
        "register_contradicts",
        page=read.page,
        field=name,
        value=mask_value(name, read.value or ""),
        stated=mask_value(name, stated),
    )
