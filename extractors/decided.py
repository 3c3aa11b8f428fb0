"""Apply a person's decisions to the machine's result. Pure; a decision overrides anything that was read.

`decided` is always the last decision by target (`schemas.review.in_force`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from extractors.classify import Classified
from extractors.numbers import parse_number
from extractors.units import Placed, resolve
from schemas.batches import BatchSheet
from schemas.documents import Choice, Field, Validity, ValidityState
from schemas.findings import Finding, finding
from schemas.review import (
    CONFIRMED,
    KEYED_BLIND,
    KEYINGS_DIFFER,
    KIND,
    OF_PAPER,
    RESULT_TYPE,
    UNIT,
    VALIDITY,
    Action,
    Decision,
    expired_of,
    field_told,
    is_confirmed,
    is_confirming,
    picture,
    picture_of,
)
from schemas.rules import Rulebook
from schemas.second_keying import Keyed, day_of, is_drawn, standing

Decided = Mapping[str, Decision]
_AGAINST: Final = ("name_contradicts", "order_contradicts")


def value_of(decided: Decided, target: str) -> str | None:
    """The value that a person gave to a target, or None."""
    held = decided.get(target)
    return held.value if held is not None and held.action is Action.SET else None


def kind_of(found: Classified, decided: Decided, rules: Rulebook) -> Classified:
    """The kind a person named; the title that was found is kept if it is of that kind."""
    kind = rules.kind(value_of(decided, KIND))
    if kind is None:
        return found
    title = found.title if found.title is not None and found.title.kind.id == kind.id else None
    return Classified(kind, 1.0, title)


def fields_with(fields: Mapping[str, Field], decided: Decided) -> dict[str, Field]:
    """Fields with a person's values in place; raw text, page and box stay those of the reading."""
    done = dict(fields)
    for target, held in decided.items():
        if target in OF_PAPER or picture_of(target) or is_confirming(target) or held.action is Action.ACCEPT:
            continue
        if field_told(target) is not None:
            continue  # `extractors.registered` and `extractors.evidence`, before a person's values
        if held.action is Action.ABSENT:
            done.pop(target, None)
            continue
        place = {"value": held.value, "confidence": 1.0, "source": "operator"}
        known = done.get(target)
        done[target] = known.model_copy(update=place) if known else Field.model_validate(place)
    return with_notation(done, value_of(decided, "number"), stated="notation" in decided)


def unconfirmed(
    fields: Mapping[str, Field], decided: Decided, rules: Rulebook, own: str, written: Collection[str] = ()
) -> list[Finding]:
    """Findings for values of a code that are to be said again: by another person blind, or as `confirm_typed` asks.

    Args:
        fields: as read; a typed value that equals the reading needs no confirmation.
        decided: the decisions of persons.
        rules: what is drawn for a second keying; whether a confirmation is required, and by whom.
        own: id of the paper.
        written: fields that stand in a pen's hand.
    """
    found = []
    for name in CONFIRMED:
        read, typed, state = fields.get(name), value_of(decided, name), standing(decided, name)
        as_read = typed is None or (read is not None and read.value == typed)
        if state is Keyed.DIFFERS:
            rule: str | None = KEYINGS_DIFFER
        elif state is not Keyed.WAITING:
            continue  # nobody gave it a value, or two people who did not see each other's did
        else:
            what = {kind for kind, is_it in (("typed", not as_read), ("written", name in written)) if is_it}
            drawn = is_drawn(rules.second_keying, own, name, what, day_of(decided[name]))
            rule = KEYED_BLIND if drawn else _said_once(decided, name, rules, as_read=as_read)
        if rule is not None:
            found.append(finding(rule, page=read.page if read else None, field=name))
    return found


def _said_once(decided: Decided, name: str, rules: Rulebook, *, as_read: bool) -> str | None:
    """The rule of a typed value that must be said a second time, as `confirm_typed` asks; None where it need not."""
    if as_read or rules.confirm_typed == "off":
        return None
    by_other = rules.confirm_typed == "other_operator"
    return None if is_confirmed(decided, name, by_other=by_other) else "field_unconfirmed"


def with_notation(fields: dict[str, Field], number: str | None, *, stated: bool = False) -> dict[str, Field]:
    """Derive the notation from a number that was not read; `stated`: a person stated the notation itself."""
    if number is None or stated:
        return fields
    parsed = parse_number(number)
    if parsed is None or parsed.notation is None:
        fields.pop("notation", None)
    else:
        derived = {"value": parsed.notation, "confidence": 1.0, "source": "derived"}
        known = fields.get("notation")
        fields["notation"] = known.model_copy(update=derived) if known else Field.model_validate(derived)
    return fields


def result_type_of(
    codes: Choice | None, notes: list[Finding], decided: Decided
) -> tuple[Choice | None, list[Finding]]:
    """The result code a person chose among those the kind may carry; questions about it are answered."""
    code = value_of(decided, RESULT_TYPE)
    if code is None:
        return codes, notes
    candidates = codes.candidates if codes else ()
    left = [note for note in notes if note.rule not in {"result_code_ambiguous", "no_result_code"}]
    return Choice(value=code, confidence=1.0, candidates=candidates or (code,)), left


def place_of(
    placed: Placed, fields: Mapping[str, Field], decided: Decided, sheet: BatchSheet | None, rules: Rulebook
) -> Placed:
    """The unit that a person named, in the form used by reports."""
    named = value_of(decided, UNIT)
    if named is None:
        return placed
    issued = fields.get("issue_date")
    day = date.fromisoformat(issued.value) if issued and issued.value else None
    level = sheet.level if sheet else None
    found = resolve(None, day, BatchSheet(owning_unit=named, level=placed.level or level), rules)
    return found._replace(source="operator") if found.unit else placed


def validity_of(judged: Validity, decided: Decided) -> Validity:
    """The validity, overridden by a person's decision."""
    state = value_of(decided, VALIDITY)
    if state is None:
        return judged
    over, day = expired_of(state)
    if over and day is not None:
        last = (day - timedelta(days=1)).isoformat()
        told = {"state": ValidityState.EXPIRED, "source": "operator", "until": last}
        return judged.model_copy(update=told)
    said = judged.model_copy(update={"state": ValidityState(state), "source": "operator"})
    if said.state is ValidityState.IN_FORCE and said.until and said.until < decided[VALIDITY].at[:10]:
        # Who says that a paper is in force on a day after its printed end knows of what lengthened it.
        return said.model_copy(update={"until": None})
    return said


def still_open(findings: Sequence[Finding], decided: Decided) -> list[Finding]:
    """Findings that no decision answers; a person who confirms a value has seen the finding about it."""

    def answered(note: Finding) -> bool:
        names = {note.params.get("field"), note.params.get("other")} - {None}
        if note.rule in {"field_malformed", "date_in_future", "field_conflict", "field_written", *_AGAINST}:
            return bool(names) and all(value_of(decided, str(name)) is not None for name in names)
        held = decided.get(picture(note.rule, note.page)) if note.page else None
        return held is not None and held.action is Action.ACCEPT

    return [found for found in findings if not answered(found)]
