"""Figures as every command shows them: the catalogue's rows under the dated rules, in one place.

Loads the rules; the arithmetic is `quality.quotas`.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from configs.loader import (
    load_figure_rules,
    load_kinds,
    load_mergers,
    load_rulebook,
    load_targets,
    load_units,
    load_validity,
)
from quality.quota_terms import Terms
from quality.quotas import Worked, worked_out
from quality.unit_register import UnitRegister
from schemas.errors import UsageError
from schemas.facts import Fact
from schemas.quotas import (
    DeliveryStep,
    ElsewhereRow,
    HandoverRow,
    InventoryRow,
    PaperGroup,
    PaperRow,
    RevocationRow,
    Series,
    TargetRow,
)
from schemas.rules import Target
from storage.catalogue import deliveries, facts, figures
from storage.catalogue.database import Database
from workspace.counting import counted_on, grouped_on, left_out_kinds, stored_papers

READING: Final = "A"
SERIES: Final[Series] = "kh5283"


@functools.cache
def unit_register() -> UnitRegister:
    """Units of every period by the shipped lists."""
    return UnitRegister(load_units(), load_mergers())


class Ledger(NamedTuple):
    """All that figures are made of, as known at one moment; what was imported is fetched once for several days.

    Attributes:
        database: the catalogue, which counts the papers.
        inventory: its whole history, from which a day takes the rows that were true then.
        elsewhere: results digitised elsewhere.
        revocations: imported decisions that ended papers.
        handovers: stock that minutes moved from one unit to another.
        targets: the plan's own, and those that were handed in.
        known_at: the moment, RFC 3339; None: now.
        steps: what papers were told to have gone through at all.
    """

    database: Database
    inventory: Sequence[Fact[InventoryRow]]
    elsewhere: Sequence[ElsewhereRow]
    revocations: Sequence[RevocationRow]
    handovers: Sequence[HandoverRow]
    targets: Sequence[Target]
    known_at: str | None
    steps: frozenset[DeliveryStep] = frozenset()


def ledger_of(database: Database, known_at: str | None = None) -> Ledger:
    """Everything a catalogue holds that figures are made of, as known at a moment (None: now)."""
    return Ledger(
        database,
        facts.history(database, facts.INVENTORY, known_at),
        figures.elsewhere(database, known_at),
        [fact.row for fact in figures.revocations(database, known_at)],
        figures.handovers(database, known_at),
        targets_of(facts.history(database, facts.TARGETS, known_at)),
        known_at,
        deliveries.steps_told(database, known_at),
    )


def targets_of(history: Sequence[Fact[TargetRow]]) -> tuple[Target, ...]:
    """The plan's targets, and those of a history that stand, which hold in every reading."""
    decided = [
        Target(
            **fact.row.model_dump(exclude={"effective_on"}),
            period=fact.row.due.year,
            reading=reading.id,
            decided=True,
            effective_from=fact.row.effective_on,
            source=fact.origin.document,
            mark="V",
        )
        for fact in figures.standing(history)
        for reading in load_figure_rules().reading
    ]
    return (*load_targets(), *decided)


def terms_of(
    day: date,
    reading: str = READING,
    series: Series = SERIES,
    *,
    revocations_asked: bool = False,
    handovers: Sequence[HandoverRow] = (),
    targets: Sequence[Target] = (),
    steps: Collection[DeliveryStep] | None = None,
) -> Terms:
    """The terms of a figure as of a day.

    Raises:
        UsageError: there is no such reading.
    """
    rules = load_figure_rules()
    readings = {row.id: row for row in rules.reading}
    if reading not in readings:
        known = ", ".join(sorted(readings))
        raise UsageError(f"no reading {reading}", remedy="reading_unknown", value=reading, known=known)
    kinds = load_kinds()
    return Terms(
        register=unit_register(),
        series=series,
        cut_off=rules.cut_off_on(day),
        base_year=readings[reading].base_year,
        sector_kinds=frozenset(kind.id for kind in kinds if kind.covered_by_sector_db),
        until_revoked=frozenset(
            rule.kind for rule in load_validity() if rule.rule == "UNTIL_REVOKED" and rule.holds_on(day)
        ),
        handovers=tuple(handovers),
        steps=steps,
        revocations_asked=revocations_asked,
        kind_codes={kind.id: frozenset(kind.result_codes) for kind in kinds},
        kind_sectors=_sectors(day) if any(row.sector for row in targets) else {},
    )


def _sectors(day: date) -> dict[str, frozenset[str]]:
    """Sectors by kind: fields of the procedures that end in its result codes, and the codes' own groups (`G15`)."""
    book = load_rulebook(as_of=day)
    found: dict[str, frozenset[str]] = {}
    for kind in book.kinds:
        types = [book.result_types[code] for code in kind.result_codes if code in book.result_types]
        ends_in = {code for row in types for code in row.procedures}
        fields = {book.procedures[code].field for code in ends_in if code in book.procedures}
        found[kind.id] = frozenset(fields | {code.split(".")[1] for code in kind.result_codes})
    return found


def figures_of(
    ledger: Ledger,
    day: date,
    today: date,
    *,
    reading: str = READING,
    series: Series = SERIES,
    explain: bool = False,
) -> Worked:
    """The quota as of a day (`quality.quotas.worked_out`).

    Papers are counted in the database; only to explain them they are fetched one by one. Both ways give the same report.

    Raises:
        UsageError: there is no such reading.
    """
    terms = terms_for(ledger, day, reading, series)
    groups, papers = (iter(()), _each(ledger, day)) if explain else _grouped(ledger, day, terms.cut_off)
    return figures_from(ledger, day, today, reading, terms, groups, papers, explain=explain)


def terms_for(ledger: Ledger, day: date, reading: str, series: Series) -> Terms:
    """The terms of a figure that is made of a ledger (`terms_of`)."""
    return terms_of(
        day,
        reading,
        series,
        revocations_asked=bool(ledger.revocations),
        handovers=ledger.handovers,
        targets=ledger.targets,
        steps=ledger.steps,
    )


def figures_from(
    ledger: Ledger,
    day: date,
    today: date,
    reading: str,
    terms: Terms,
    groups: Iterable[PaperGroup],
    papers: Iterable[PaperRow],
    *,
    explain: bool = False,
) -> Worked:
    """The quota as of a day of papers already fetched, and of all else that a ledger holds."""
    worked = worked_out(
        papers,
        [fact.row for fact in figures.true_on(ledger.inventory, day)],
        ledger.elsewhere,
        ledger.targets,
        day,
        today,
        reading,
        kinds_without_code=[kind.id for kind in load_kinds() if not kind.result_codes],
        left_out=left_out_kinds(),
        terms=terms,
        explain=explain,
        groups=groups,
    )
    return worked._replace(report=worked.report.model_copy(update={"known_at": ledger.known_at}))


def _each(ledger: Ledger, day: date) -> list[PaperRow]:
    return counted_on(stored_papers(ledger.database, ledger.known_at), day)


def _grouped(ledger: Ledger, day: date, cut_off: date | None) -> tuple[Iterator[PaperGroup], list[PaperRow]]:
    turns = [*unit_register().turns, *([cut_off + timedelta(days=1)] if cut_off else [])]
    return grouped_on(ledger.database, day, ledger.known_at, turns, ledger.revocations, ledger.elsewhere)
