"""One-stop desks on a day, and the shares of them that run the digitisation process (KH 5283 III.3-5, VII.2). Pure.

A share is never made up: a level without rows has none, a desk whose row does not say widens the bounds, and units of
which nothing was handed in are counted beside.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, get_args

from quality.unit_register import UnitRegister
from schemas.documents import Level
from schemas.facts import Fact
from schemas.indicators import (
    Bounds,
    CertificateSeen,
    CertificateState,
    DeskEntry,
    DeskIndicator,
    DeskReport,
    DeskRow,
    DeskSeen,
    IndicatorRules,
    IndicatorTarget,
    Standing,
)
from schemas.text import fold

NOT_IN_PLAN: Final = "58"  # former Ninh Thuận (DOMAIN.md §4.4)
_Key = tuple[str, str, str]


def in_plan(register: UnitRegister, level: Level, unit: str, day: date) -> bool:
    """True if KH 5283 speaks of a unit; former Ninh Thuận came later. Agencies are in no list of units: they are."""
    made = register.at(level, unit, day)
    return made is None or level == "tinh" or made.province != NOT_IN_PLAN


@dataclass(frozen=True)
class _Asked:
    register: UnitRegister
    rules: IndicatorRules
    day: date


def desk_report(
    held: Sequence[Fact[DeskRow]],
    day: date,
    known_at: str | None,
    *,
    register: UnitRegister,
    rules: IndicatorRules,
) -> DeskReport:
    """Desks on a day with their certificates, and the indicators.

    Args:
        held: rows that nothing superseded and nobody withdrew, as known at a moment.
        day: the day.
        known_at: that moment; None: now.
        register: units of every period.
        rules: targets, and how long before its end a certificate is told of.
    """
    asked = _Asked(register, rules, day)
    rows: dict[tuple[DeskEntry, _Key], list[Fact[DeskRow]]] = defaultdict(list)
    for fact in sorted(held, key=lambda fact: (fact.row.effective_on, fact.id)):
        rows[fact.row.entry, _key(fact.row)].append(fact)
    stated = {key: facts for (entry, key), facts in rows.items() if entry == "desk"}
    certificates = {key: _certificates(rows["certificate", key], asked) for key in stated}
    desks = [
        _seen(begun[-1], rows["exemption", key], certificates[key], asked)
        for key, facts in sorted(stated.items())
        if (begun := [fact for fact in facts if fact.row.effective_on <= day])
    ]
    standing = [desk for desk in desks if desk.standing != "ended"]
    return DeskReport(
        as_of=day,
        known_at=known_at,
        warned_days=rules.warned_days(day),
        desks=tuple(desks),
        certificates=tuple(
            each for desk in standing for each in certificates[desk.level, desk.unit, fold(desk.desk)]
        ),
        indicators=tuple(_indicator(level, desks, asked) for level in get_args(Level)),
        later=len(stated) - len(desks),
        orphans=tuple(
            sorted(
                fact.id
                for (entry, key), facts in rows.items()
                if entry != "desk" and key not in stated
                for fact in facts
            )
        ),
    )


def _key(row: DeskRow) -> _Key:
    return row.level, row.unit, fold(row.desk)


def _certificates(facts: Sequence[Fact[DeskRow]], asked: _Asked) -> list[CertificateSeen]:
    """Certificates that had begun by the day, those that ended too."""
    warned = asked.rules.warned_days(asked.day)
    found = []
    for fact in facts:
        row = fact.row
        if row.until is None or row.effective_on > asked.day:
            continue
        days = (row.until - asked.day).days
        state: CertificateState = "valid"
        if days < 0:
            state = "expired"
        elif warned is not None and days <= warned:
            state = "ends_soon"
        found.append(
            CertificateSeen(
                id=fact.id,
                level=row.level,
                unit=row.unit,
                desk=row.desk,
                certificate=row.certificate,
                until=row.until,
                days=days,
                state=state,
            )
        )
    return found


def _seen(
    fact: Fact[DeskRow],
    exemptions: Sequence[Fact[DeskRow]],
    certificates: Sequence[CertificateSeen],
    asked: _Asked,
) -> DeskSeen:
    row, day = fact.row, asked.day
    exempt = next((each.row for each in reversed(exemptions) if each.row.holds_on(day)), None)
    running = row.running
    if running and row.running_since is not None and row.running_since > day:
        running = False
    return DeskSeen(
        id=fact.id,
        level=row.level,
        unit=row.unit,
        desk=row.desk,
        standing=_standing(row, exempt, asked),
        running=running,
        running_since=row.running_since,
        scanners=row.scanners,
        exemption=exempt.reason if exempt else None,
        certificates=len(certificates),
        certificates_valid=sum(each.state != "expired" for each in certificates),
    )


def _standing(row: DeskRow, exempt: DeskRow | None, asked: _Asked) -> Standing:
    made = asked.register.at(row.level, row.unit, row.effective_on)
    if not row.holds_on(asked.day) or (made is not None and not made.stood_on(asked.day)):
        return "ended"
    # III.3 is about specialised agencies: the province's own desk is none of them.
    own = row.level == "tinh" and made is not None
    if own or not in_plan(asked.register, row.level, row.unit, row.effective_on):
        return "outside"
    target = asked.rules.target("desks", row.level, asked.day.year, asked.day)
    return "exempt" if exempt is not None and target is not None and target.exempt else "counted"


def _indicator(level: Level, desks: Sequence[DeskSeen], asked: _Asked) -> DeskIndicator:
    """Desks that run over desks that are not exempt; None where there is nothing to divide by."""
    there = [desk for desk in desks if desk.level == level and desk.standing in {"counted", "exempt"}]
    counted = [desk for desk in there if desk.standing == "counted"]
    running = sum(desk.running is True for desk in counted)
    unknown = sum(desk.running is None for desk in counted)
    target, due = _targets(level, asked)
    rate = None
    if counted:
        rate = Bounds(low=running / len(counted), high=(running + unknown) / len(counted))
    return DeskIndicator(
        level=level,
        ref=target.ref if target else None,
        desks=len(there),
        exempt=len(there) - len(counted),
        exempt_without_effect=sum(desk.exemption is not None for desk in counted),
        running=running,
        not_running=len(counted) - running - unknown,
        unknown=unknown,
        denominator=len(counted),
        rate=rate,
        reason=None if counted else _reason(level, there, asked),
        target=target.share if target else None,
        target_period=target.period if target else None,
        target_due=due.share if due else None,
        source=target.source if target else None,
        units_without_rows=_units_without(level, there, asked),
        scanners=sum(desk.scanners or 0 for desk in there),
        without_scanner=sum(desk.scanners == 0 for desk in there),
        scanners_unknown=sum(desk.scanners is None for desk in there),
        without_valid_certificate=sum(desk.certificates > 0 == desk.certificates_valid for desk in there),
        certificates_unknown=sum(desk.certificates == 0 for desk in there),
    )


def _targets(level: Level, asked: _Asked) -> tuple[IndicatorTarget | None, IndicatorTarget | None]:
    """The target of the day's year and that of the last year over; none of a level that has ended."""
    day = asked.day
    if _ended(level, asked):
        return None, None
    over = (day.month, day.day) == (12, 31)
    of_year, due = (
        asked.rules.target("desks", level, year, day) for year in (day.year, day.year - (not over))
    )
    return of_year, due


def _reason(
    level: Level, there: Sequence[DeskSeen], asked: _Asked
) -> Literal["no_rows", "all_exempt", "level_ended"]:
    if there:
        return "all_exempt"
    return "level_ended" if _ended(level, asked) else "no_rows"


def _ended(level: Level, asked: _Asked) -> bool:
    """True if no unit of a level stands on the day, as of districts since 1/7/2025."""
    return not any(
        made.level == level and made.stood_on(asked.day) for made in asked.register.identities.values()
    )


def _units_without(level: Level, there: Sequence[DeskSeen], asked: _Asked) -> int | None:
    return units_without(asked.register, level, [desk.unit for desk in there], asked.day)


def units_without(register: UnitRegister, level: Level, units: Iterable[str], day: date) -> int | None:
    """Units of a level that the plan speaks of and that are not among these; agencies are in no list, so None."""
    if level == "tinh":
        return None
    asked = {
        made.key
        for made in register.identities.values()
        if made.level == level and made.stood_on(day) and made.province != NOT_IN_PLAN
    }
    known = {made.key for unit in units if (made := register.at(level, unit, day)) is not None}
    return len(asked - known)
