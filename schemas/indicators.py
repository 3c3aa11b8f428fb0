"""The plan's other indicators (KH 5283 III.3-5, III.9-11, VII.2; QĐ 766 group 4): rows handed in, rules, and figures.

None of them is part of the rate of `quota`: that one is about results in force, these are about desks and dossiers.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict
from pydantic import Field as ModelField

from schemas.confirmed_reuse import ConfirmedReport
from schemas.documents import Level
from schemas.kinds import Row
from schemas.rules import DatedRow

DeskEntry = Literal["desk", "exemption", "certificate"]
Standing = Literal["counted", "exempt", "ended", "outside"]
CertificateState = Literal["valid", "ends_soon", "expired"]
Measure = Literal["desks", "reused", "online", "internal", "solved"]
IndexId = Literal["4.1", "4.2", "4.3", "4.4"]


class DeskRow(BaseModel):
    """One dated row about a one-stop desk (Bộ phận Một cửa).

    Attributes:
        entry: what the row states: the desk itself, that it is exempt, or one of its signing certificates.
        effective_on: the first day on which that is true.
        until: the last one, where there is one; a certificate always has one.
        running: whether the desk runs the digitisation process; None: not known.
        running_since: since when, if it does.
        scanners: how many it has; None: not known.
        certificate: number or name of the certificate.
        reason: why it is exempt.
        document: the paper behind the row, with its date and signer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Level
    unit: str
    desk: str
    entry: DeskEntry
    effective_on: date
    until: date | None = None
    running: bool | None = None
    running_since: date | None = None
    scanners: int | None = ModelField(default=None, ge=0)
    certificate: str = ""
    reason: str = ""
    document: str = ""
    document_date: date | None = None
    signer: str = ""

    def holds_on(self, day: date) -> bool:
        """True if it is true on a day."""
        return self.effective_on <= day and (self.until is None or day <= self.until)


class ReuseRow(BaseModel):
    """Dossiers that a unit itself received or solved in a period, by reception date; None: not handed in.

    Attributes:
        received: dossiers received.
        reused: of these, distinct dossiers with at least one component that was confirmed re-used; looking a paper up
            is no re-use.
        online: of the received, those received online.
        internal: dossiers circulated internally.
        internal_electronic: of these, by electronic means.
        solved: dossiers solved.
        solved_digitised: of these, digitised, stored and re-usable.
        paper_results: solved dossiers of procedures that must return a paper result (4.1).
        electronic_results: of these, with a link to the file of the result (4.1).
        dossiers: all dossiers that 4.2 is asked of.
        dossiers_digitised: of these, with files of the components, and of the result where one must be returned (4.2).
        from_store: of the received, those with a component from the person's or organisation's store, or whose result
            was sent there (4.4).
        evidence: the paper that states the counts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Level
    unit: str
    period_from: date
    period_to: date
    received: int | None = None
    reused: int | None = None
    online: int | None = None
    internal: int | None = None
    internal_electronic: int | None = None
    solved: int | None = None
    solved_digitised: int | None = None
    paper_results: int | None = None
    electronic_results: int | None = None
    dossiers: int | None = None
    dossiers_digitised: int | None = None
    from_store: int | None = None
    evidence: str = ""

    def meets(self, other: ReuseRow) -> bool:
        """True if both tell of one unit and share a day, without being about the same period."""
        same = (self.level, self.unit) == (other.level, other.unit)
        whole = (self.period_from, self.period_to) == (other.period_from, other.period_to)
        return (
            same and not whole and self.period_from <= other.period_to and other.period_from <= self.period_to
        )


# Numerator and denominator of each share, as columns of `ReuseRow`.
SHARES: Final[dict[Measure, tuple[str, str]]] = {
    "reused": ("reused", "received"),
    "online": ("online", "received"),
    "internal": ("internal_electronic", "internal"),
    "solved": ("solved_digitised", "solved"),
}
INDEX: Final[dict[IndexId, tuple[str, str]]] = {
    "4.1": ("electronic_results", "paper_results"),
    "4.2": ("dossiers_digitised", "dossiers"),
    "4.3": ("reused", "received"),
    "4.4": ("from_store", "received"),
}
PAIRS: Final = tuple(dict.fromkeys((*SHARES.values(), *INDEX.values())))
COUNTS: Final = tuple(dict.fromkeys(name for pair in PAIRS for name in reversed(pair)))


class IndicatorTarget(DatedRow):
    """The least share that the plan asks for by the end of a year; it holds for later years until another one does.

    Attributes:
        ref: where the plan says so.
        level: None: the province as a whole.
        exempt: exemptions leave the denominator.
    """

    measure: Measure
    ref: str
    level: Level | None = None
    period: int
    share: float = ModelField(ge=0, le=1)
    exempt: bool = False


class CertificateWarning(DatedRow):
    """How many days before its end a certificate is told of."""

    days: int = ModelField(ge=0)


class IndexRule(DatedRow):
    """Points of one figure of QĐ 766's group 4: all of them from `threshold` on, below it in proportion.

    Either is None where no paper that was read says it; then no points are given.
    """

    id: IndexId
    maximum: float | None = ModelField(default=None, gt=0)
    threshold: float | None = ModelField(default=None, gt=0, le=1)


class IndicatorRules(Row):
    """What these indicators follow (`indicators.toml`, `indicator_targets.csv`)."""

    certificate: tuple[CertificateWarning, ...]
    index: tuple[IndexRule, ...]
    targets: tuple[IndicatorTarget, ...] = ()

    def warned_days(self, day: date) -> int | None:
        """How many days ahead the end of a certificate is told, by the rule of a day; None: no rule, only ends are."""
        return next((row.days for row in self.certificate if row.holds_on(day)), None)

    def index_on(self, name: IndexId, day: date) -> IndexRule | None:
        """The rule of a figure on a day."""
        return next((row for row in self.index if row.id == name and row.holds_on(day)), None)

    def target(self, measure: Measure, level: Level | None, year: int, day: date) -> IndicatorTarget | None:
        """The target that is due at the end of a year, by the rules in force on a day."""
        held = [
            row
            for row in self.targets
            if (row.measure, row.level) == (measure, level) and row.period <= year and row.holds_on(day)
        ]
        return max(held, key=lambda row: row.period, default=None)


class Bounds(BaseModel):
    """A rate, as a fraction of 1: if what is not known is false, and if it is true."""

    model_config = ConfigDict(frozen=True)

    low: float
    high: float


class CertificateSeen(BaseModel):
    """A certificate of a desk on a day; `days` until its last day, negative after it."""

    model_config = ConfigDict(frozen=True)

    id: int
    level: Level
    unit: str
    desk: str
    certificate: str
    until: date
    days: int
    state: CertificateState


class DeskSeen(BaseModel):
    """A desk on a day. `standing`: counted, exempt, ended (itself or its unit), or none that the plan speaks of."""

    model_config = ConfigDict(frozen=True)

    id: int
    level: Level
    unit: str
    desk: str
    standing: Standing
    running: bool | None
    running_since: date | None
    scanners: int | None
    exemption: str | None
    certificates: int
    certificates_valid: int


class DeskIndicator(BaseModel):
    """Desks that run the process over desks that are not exempt, of one level, against the target of the year.

    Attributes:
        ref: where the plan asks for it.
        desks: desks that stand and that the plan speaks of.
        exempt: of these, left out by an exemption.
        exempt_without_effect: of these, exempt by a row, though the plan knows no exemption here.
        running, not_running, unknown: of the rest.
        reason: why there is no rate.
        target_due: the target of the last year that is over.
        units_without_rows: units of the level of which nothing was handed in; None where no list of them is known.
        scanners: of the desks where their number is known.
    """

    model_config = ConfigDict(frozen=True)

    level: Level
    ref: str | None
    desks: int
    exempt: int
    exempt_without_effect: int
    running: int
    not_running: int
    unknown: int
    denominator: int
    rate: Bounds | None
    reason: Literal["no_rows", "all_exempt", "level_ended"] | None
    target: float | None
    target_period: int | None
    target_due: float | None
    source: str | None
    units_without_rows: int | None
    scanners: int
    without_scanner: int
    scanners_unknown: int
    without_valid_certificate: int
    certificates_unknown: int


class DeskReport(BaseModel):
    """Desks on a day, their certificates, and the indicators of the three levels.

    `later`: desks of which only rows of later days are known; `orphans`: rows of exemptions or certificates without a
    desk.
    """

    model_config = ConfigDict(frozen=True)

    as_of: date
    known_at: str | None
    warned_days: int | None
    desks: tuple[DeskSeen, ...]
    certificates: tuple[CertificateSeen, ...]
    indicators: tuple[DeskIndicator, ...]
    later: int
    orphans: tuple[int, ...]


class Share(BaseModel):
    """A sum over a sum; only rows that have both are in it.

    Attributes:
        rate: a fraction of 1; None with its reason: nothing was handed in, or the denominator is 0.
        rows: rows in it.
        left_out: rows that have only one of the two.
    """

    model_config = ConfigDict(frozen=True)

    numerator: int | None
    denominator: int | None
    rate: float | None
    reason: Literal["no_rows", "zero"] | None
    rows: int
    left_out: int


class TargetedShare(Share):
    """A share of III.9-11 against its target."""

    measure: Measure
    ref: str | None
    target: float | None
    target_period: int | None
    source: str | None


class IndexFigure(Share):
    """A figure of group 4 of QĐ 766.

    Attributes:
        id: its number.
        value: percent with two decimals, half up, as text; `N/A` where the denominator is 0; None: nothing handed in.
        points: by the rule of a threshold, with two decimals; None with `points_reason`.
    """

    id: IndexId
    value: str | None
    points: str | None
    maximum: float | None
    threshold: float | None
    points_reason: Literal["no_rows", "zero", "maximum_unset", "rule_unknown"] | None


class UnitReuse(BaseModel):
    """Sums of a unit (`unit` None: of a level) over the periods asked for."""

    model_config = ConfigDict(frozen=True)

    level: Level
    unit: str | None
    rows: tuple[int, ...]
    in_plan: bool
    counts: dict[str, int | None]
    shares: dict[Measure, Share]


class ReuseReport(BaseModel):
    """Re-use and the shares of III.11 in a span of days, and group 4 of QĐ 766 from the same counts.

    Attributes:
        first, last: the days asked for; None: open.
        counted: numbers of the rows that lie within them.
        cut: numbers of rows that lie partly within them: never split, so left out.
        outside: numbers of rows within them of units that the plan does not speak of; only in the index.
        units_without_rows: communes and districts, as they stood on the last day, that have no row within them.
        confirmed: re-use that desks confirmed through the look-up API; in no share and no index.
    """

    model_config = ConfigDict(frozen=True)

    first: date | None
    last: date | None
    known_at: str | None
    units: tuple[UnitReuse, ...]
    shares: tuple[TargetedShare, ...]
    index: tuple[IndexFigure, ...]
    counted: tuple[int, ...]
    cut: tuple[int, ...]
    outside: tuple[int, ...]
    units_without_rows: dict[Level, int]
    confirmed: ConfirmedReport = ConfirmedReport()


class Meeting(NamedTuple):
    """A period that shares days with another of its unit; `number` of its row."""

    number: int
    row: ReuseRow


class Periods:
    """Periods of every unit, by number of row, to find those that overlap."""

    def __init__(self, rows: Iterable[tuple[int, ReuseRow]] = ()) -> None:
        self._of_unit: dict[tuple[str, str], list[Meeting]] = {}
        for number, row in rows:
            self.add(number, row)

    def add(self, number: int, row: ReuseRow) -> None:
        """Take a row in."""
        self._of_unit.setdefault((row.level, row.unit), []).append(Meeting(number, row))

    def meeting(self, row: ReuseRow) -> Meeting | None:
        """The first one that a row overlaps without being about the same period."""
        return next(
            (held for held in self._of_unit.get((row.level, row.unit), ()) if row.meets(held.row)), None
        )
