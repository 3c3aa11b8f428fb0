"""Decide whether a paper is in force on a day, by a dated rule (DOMAIN.md §3.4); unknown if no rule applies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from extractors.dates import add_months
from schemas.documents import Field, Validity, ValidityState
from schemas.rules import Rulebook, ValidityRule

_UNKNOWN = Validity()
# In force for as long as nothing outside the paper ended them; the register of revocations and later versions decide.
_WITHOUT_TERM = frozenset({"PERMANENT", "UNTIL_REVOKED", "UNTIL_SUPERSEDED"})


def decide(kind: str | None, fields: Mapping[str, Field], rules: Rulebook, as_of: date) -> Validity:
    """Validity of a paper.

    Args:
        kind: id of its kind, or None.
        fields: its fields; `expiry_date` (printed) wins over any term of law.
        rules: holds the dated rules; the one in force on the day of issue decides, without that day the one of `as_of`.
        as_of: the day to decide for.
    """
    issued, printed = _day(fields, "issue_date"), _day(fields, "expiry_date")
    rule = rule_for(kind, rules, issued or as_of)
    if printed is not None:
        return _until(printed, as_of, rule.id if rule else "printed_expiry", "printed")
    if rule is None or "expiry_date" in fields:
        # An expiry date is printed but could not be read, so the state is unknown.
        return Validity(basis=rule.id if rule else None) if rule else _UNKNOWN
    if rule.rule in _WITHOUT_TERM:
        if issued is not None and issued > as_of:
            return Validity(basis=rule.id)
        return Validity(state=ValidityState.IN_FORCE, basis=rule.id, source="statute")
    if rule.rule == "TERM_FROM_ISSUE" and issued is not None and rule.term_months:
        return _until(add_months(issued, rule.term_months), as_of, rule.id, "statute")
    return Validity(basis=rule.id)


def rule_for(kind: str | None, rules: Rulebook, day: date) -> ValidityRule | None:
    """The rule of a kind in force on a day, or None."""
    return next((rule for rule in rules.validity if rule.kind == kind and rule.holds_on(day)), None)


def _day(fields: Mapping[str, Field], name: str) -> date | None:
    field = fields.get(name)
    return date.fromisoformat(field.value) if field and field.value else None


def _until(last: date, as_of: date, basis: str, source: str) -> Validity:
    state = ValidityState.IN_FORCE if as_of <= last else ValidityState.EXPIRED
    return Validity(state=state, basis=basis, source=source, until=last.isoformat())
