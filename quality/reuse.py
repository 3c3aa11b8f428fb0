"""Shares of dossiers (KH 5283 III.9-11) and group 4 of the index of QĐ 766, from counts that units handed in. Pure.

Every share is a sum over a sum of the rows that have both, never a mean of shares. Nothing here has a part in `quota`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal, get_args

from quality.desks import in_plan, units_without
from quality.unit_register import UnitRegister
from schemas.documents import Level
from schemas.facts import Fact
from schemas.indicators import (
    COUNTS,
    INDEX,
    SHARES,
    IndexFigure,
    IndexId,
    IndexRule,
    IndicatorRules,
    Measure,
    ReuseReport,
    ReuseRow,
    Share,
    TargetedShare,
    UnitReuse,
)

NOT_APPLICABLE: Final = "N/A"
_HUNDREDTH: Final = Decimal("0.01")
_Facts = Sequence[Fact[ReuseRow]]


def reuse_report(
    held: _Facts,
    first: date | None,
    last: date | None,
    known_at: str | None,
    *,
    register: UnitRegister,
    rules: IndicatorRules,
) -> ReuseReport:
    """Sums and shares of the periods that lie between two days.

    Args:
        held: rows that nothing superseded and nobody withdrew, as known at a moment.
        first: the first day; None: any.
        last: the last day; None: any.
        known_at: that moment; None: now.
        register: units of every period.
        rules: targets, and the rules of the index.
    """
    rows = sorted(held, key=lambda fact: (fact.row.level, fact.row.unit, fact.row.period_from, fact.id))
    within = [fact for fact in rows if _within(fact.row, first, last)]
    touched = [fact for fact in rows if _touches(fact.row, first, last)]
    planned = [
        fact for fact in within if in_plan(register, fact.row.level, fact.row.unit, fact.row.period_to)
    ]
    counted, kept = ({fact.id for fact in each} for each in (within, planned))
    days = [day for fact in within for day in (fact.row.period_from, fact.row.period_to)]
    span = (first or min(days), last or max(days)) if days else None
    return ReuseReport(
        first=first,
        last=last,
        known_at=known_at,
        units=tuple(_sums(within, kept)),
        shares=tuple(_targeted(measure, planned, span, rules) for measure in SHARES),
        index=tuple(_figure(name, within, span, rules) for name in INDEX),
        counted=tuple(sorted(counted)),
        cut=tuple(sorted({fact.id for fact in touched} - counted)),
        outside=tuple(sorted(counted - kept)),
        units_without_rows=_silent(planned, span[1], register) if span else {},
    )


def _silent(planned: _Facts, day: date, register: UnitRegister) -> dict[Level, int]:
    """How many units of each level handed nothing in; agencies are in no list."""
    found: dict[Level, int] = {}
    for level in get_args(Level):
        units = [fact.row.unit for fact in planned if fact.row.level == level]
        if count := units_without(register, level, units, day):
            found[level] = count
    return found


def _within(row: ReuseRow, first: date | None, last: date | None) -> bool:
    return (first is None or first <= row.period_from) and (last is None or row.period_to <= last)


def _touches(row: ReuseRow, first: date | None, last: date | None) -> bool:
    return (first is None or first <= row.period_to) and (last is None or row.period_from <= last)


def _sums(within: _Facts, planned: set[int]) -> list[UnitReuse]:
    """Sums of each unit, and of each level, which follow its units."""
    found = []
    levels: dict[Level, list[Fact[ReuseRow]]] = defaultdict(list)
    units: dict[tuple[Level, str], list[Fact[ReuseRow]]] = defaultdict(list)
    for fact in within:
        levels[fact.row.level].append(fact)
        units[fact.row.level, fact.row.unit].append(fact)
    for level, of_level in levels.items():
        found += [_unit(level, unit, facts, planned) for (own, unit), facts in units.items() if own == level]
        found.append(_unit(level, None, of_level, planned))
    return found


def _unit(level: Level, unit: str | None, facts: _Facts, planned: set[int]) -> UnitReuse:
    told = facts if unit is not None else [fact for fact in facts if fact.id in planned]
    return UnitReuse(
        level=level,
        unit=unit,
        rows=tuple(fact.id for fact in told),
        in_plan=unit is None or any(fact.id in planned for fact in facts),
        counts={name: _sum(told, name) for name in COUNTS},
        shares={measure: _share(told, *pair) for measure, pair in SHARES.items()},
    )


def _sum(facts: _Facts, name: str) -> int | None:
    given = [value for fact in facts if (value := getattr(fact.row, name)) is not None]
    return sum(given) if given else None


def _share(facts: _Facts, part: str, whole: str) -> Share:
    """A sum over a sum; a row that has only one of the two is in neither."""
    pairs = [(getattr(fact.row, part), getattr(fact.row, whole)) for fact in facts]
    both = [(value, most) for value, most in pairs if value is not None and most is not None]
    numerator = sum(value for value, _ in both) if both else None
    denominator = sum(most for _, most in both) if both else None
    reason: Literal["no_rows", "zero"] | None = None
    if not denominator:
        reason = "no_rows" if denominator is None else "zero"
    return Share(
        numerator=numerator,
        denominator=denominator,
        rate=numerator / denominator if numerator is not None and denominator else None,
        reason=reason,
        rows=len(both),
        left_out=sum((value is None) != (most is None) for value, most in pairs),
    )


def _targeted(
    measure: Measure, facts: _Facts, span: tuple[date, date] | None, rules: IndicatorRules
) -> TargetedShare:
    """A share beside the target of its year; days of several years have none."""
    target = None
    if span is not None and span[0].year == span[1].year:
        target = rules.target(measure, None, span[1].year, span[1])
    return TargetedShare(
        **_share(facts, *SHARES[measure]).model_dump(),
        measure=measure,
        ref=target.ref if target else None,
        target=target.share if target else None,
        target_period=target.period if target else None,
        source=target.source if target else None,
    )


def _figure(
    name: IndexId, facts: _Facts, span: tuple[date, date] | None, rules: IndicatorRules
) -> IndexFigure:
    share = _share(facts, *INDEX[name])
    rule = rules.index_on(name, span[1]) if span else None
    value = None
    points, why = points_of(share, rule)
    if share.reason == "zero":
        value = NOT_APPLICABLE
    elif share.numerator is not None and share.denominator:
        value = _two_decimals(Decimal(100 * share.numerator) / Decimal(share.denominator))
    return IndexFigure(
        **share.model_dump(),
        id=name,
        value=value,
        points=points,
        maximum=rule.maximum if rule else None,
        threshold=rule.threshold if rule else None,
        points_reason=why,
    )


PointsReason = Literal["no_rows", "zero", "maximum_unset", "rule_unknown"]


def points_of(share: Share, rule: IndexRule | None) -> tuple[str | None, PointsReason | None]:
    """Points by the rule of a threshold, or why there are none. The exact share decides, not the rounded one."""
    if share.numerator is None or not share.denominator:
        return None, share.reason
    if rule is None or rule.maximum is None:
        return None, "maximum_unset"
    if rule.threshold is None:
        return None, "rule_unknown"
    maximum, threshold = Decimal(str(rule.maximum)), Decimal(str(rule.threshold))
    if Decimal(share.numerator) >= threshold * share.denominator:
        return _two_decimals(maximum), None
    return _two_decimals(maximum * share.numerator / (share.denominator * threshold)), None


def _two_decimals(value: Decimal) -> str:
    return str(value.quantize(_HUNDREDTH, ROUND_HALF_UP))
