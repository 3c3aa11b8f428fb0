"""Inputs and results of quota computations. Arithmetic lives in `quality/quotas.py`."""

from __future__ import annotations

from datetime import date
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict
from pydantic import Field as ModelField

from schemas.documents import Level, ValidityState

Basis = Literal["counted", "register", "estimated"]
Ending = Literal["revoked", "superseded", "cancelled"]
Series = Literal["kh5283", "merged"]
DeliveryStep = Literal["signed", "delivered"]


class InventoryRow(BaseModel):
    """Number of results in force that a unit holds, of one kind, at the end of a year, with its source.

    `effective_on`: the first day that the row is true for, where the paper behind it names one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Level
    unit: str
    kind: str
    year: int
    count: int = ModelField(ge=0)
    basis: Basis
    source: str = ""
    effective_on: date | None = None


class ElsewhereRow(BaseModel):
    """Results digitised before Sohoa: per paper (owner, KQ and number given, count 1) or as counts with evidence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Level
    unit: str
    kind: str
    digitised_on: date
    count: int = ModelField(default=1, ge=0)
    owner: str | None = None
    result_type: str | None = None
    number: str | None = None
    evidence: str = ""
    valid_until: date | None = None


class HandoverRow(BaseModel):
    """Stock of a kind that moved from one unit to another on a day, by minutes; units as named on the day before.

    `kind` `*` moves an inventory of all kinds together.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    from_level: Level
    from_unit: str
    to_level: Level
    to_unit: str
    kind: str
    count: int = ModelField(ge=0)
    day: date
    minutes: str


class TargetRow(BaseModel):
    """A share that a plan asks for by a day: of a level, or a milestone of one unit, sector or result type.

    Attributes:
        level: whose target it is.
        unit: of one unit; None for its whole level.
        sector: of the kinds of one sector (`G15-TP07`) or of a result code's group (`G15`); None for all.
        result_type: of the kind with this result code alone; None for all.
        due: the day by which the share is asked for.
        share: fraction of 1.
        effective_on: the day from which figures reckon with it; None from the beginning.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Level
    unit: str | None = None
    sector: str | None = None
    result_type: str | None = None
    due: date
    share: float = ModelField(gt=0, le=1)
    effective_on: date | None = None


class RevocationRow(BaseModel):
    """A result that an authority revoked, replaced or cancelled, as a table names it.

    Attributes:
        level: level of the unit that holds the paper.
        unit: that unit.
        number: number and notation of the paper.
        kind: kind of the paper; None if only its result type is given.
        result_type: its KQ code; None if only its kind is given.
        owner: its owner's identifier, where given.
        effective_on: first day on which it is no longer in force.
        ending: what was done to it.
        document: number of the decision that did so, with its date and who signed it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Level
    unit: str
    number: str
    kind: str | None = None
    result_type: str | None = None
    owner: str | None = None
    effective_on: date
    ending: Ending = "revoked"
    document: str = ""
    document_date: date | None = None
    signer: str = ""


class DeliveryRow(BaseModel):
    """That a paper was signed digitally, or received by its owner's national store.

    Attributes:
        paper: id of the document, or a code that was issued to it.
        step: what was done.
        done_on: the day.
        receipt: serial number of the signer's certificate, or the store's number of receipt.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    paper: str
    step: DeliveryStep
    done_on: date
    receipt: str


class PaperRow(BaseModel):
    """One stored document as the quota sees it.

    Attributes:
        digitised_on: the day on which its first code was issued, whatever became of that code.
        code_voided: no code of it is in force now.
        code_until: the day on which its last code was voided, if none took its place: until then it counts.
        validity: as judged without a person's "expired".
        expired_from: the first day on which it is expired by a person's word.
        revoked_on: the first day on which it is no longer in force by a decision on it that was imported.
        stored_on: the day it was first kept, coded or not.
        validity_basis: the rule that its state of validity rests on.
        returned: periods in which it was given back, as its lot was rejected; the last day, on which a later lot
            accepted it, is no part of one.
        signed_on: the first day on which it was signed digitally, where that was handed in.
        delivered_on: the first day on which its owner's national store had it, where that was handed in.
        papers: how many papers this row stands for.
    """

    model_config = ConfigDict(frozen=True)

    document_id: str
    level: Level | None
    unit: str | None
    kind: str | None
    result_type: str | None
    role: str
    route: str
    code: str | None
    code_voided: bool = False
    code_until: date | None = None
    owner: str | None = None
    number: str | None = None
    issue_date: date | None
    digitised_on: date | None
    stored: bool
    intact: bool = True
    validity: ValidityState
    valid_until: date | None = None
    validity_source: str | None = None
    expired_from: date | None = None
    revoked_on: date | None = None
    superseded_on: date | None = None
    linked_to: str | None = None
    batch: str | None = None
    file: str | None = None
    stored_on: date | None = None
    validity_basis: str | None = None
    accepted_by: str | None = None
    papers: int = 1
    returned: tuple[tuple[date, date | None], ...] = ()
    signed_on: date | None = None
    delivered_on: date | None = None

    def is_returned(self, day: date) -> bool:
        """True if on that day the paper was given back by a rejected lot."""
        return any(first <= day and (end is None or day < end) for first, end in self.returned)


class PaperGroup(NamedTuple):
    """Papers that the quota cannot tell apart on a day.

    Attributes:
        level, unit: who issued them.
        paper: one of them, without level and unit; shared by all groups that differ in nothing else.
        papers: how many they are.
    """

    level: str | None
    unit: str | None
    paper: PaperRow
    papers: int


class CountBounds(BaseModel):
    """A count between two bounds: none of the unknown in force, all of them in force."""

    model_config = ConfigDict(frozen=True)

    low: int
    high: int


class RowNote(BaseModel):
    """A reservation in words: the rule it comes from and its sentence."""

    model_config = ConfigDict(frozen=True)

    rule: str
    text: str


class RateBounds(BaseModel):
    """A rate between two bounds, fractions of 1: none of the unknown in force, all of them in force."""

    model_config = ConfigDict(frozen=True)

    low: float
    high: float


class QuotaRow(BaseModel):
    """One line of `sohoa quota`, as in `contract/quota.schema.json`; a level's own total has `unit` None.

    Every figure can be recomputed: `digitised` = `covered` + `uncovered` + `flow`; `rate` = `numerator` ÷ `denominator`;
    `numerator.low` = `covered` - `excess`; `denominator` = `inventory` - `ended_since`, summed over cells that are capped
    one by one.

    Attributes:
        signed: of `digitised` those signed digitally; None where nothing of the kind was handed in.
        delivered: of `digitised` those received by the owner's national store; likewise.
        sector: of a row that a target names; None for all sectors.
        result_type: likewise.
        ended_on: last day of a unit or level that is no more; it has no target.
        target: share due at the end of the year of the day.
        target_due: share whose day has come: of a year that is over, or of a milestone. Alerts compare with it.
        next_target: share of the next target whose day is yet to come, and that day. Forecasts reckon with it.
    """

    model_config = ConfigDict(frozen=True)

    level: Literal["tinh", "huyen", "xa", "unresolved"]
    unit: str | None
    unit_code: str | None = None
    valid_from: date | None = None
    ended_on: date | None = None
    sector: str | None = None
    result_type: str | None = None
    digitised: int
    covered: int = 0
    covered_unknown: int = 0
    uncovered: int = 0
    excess: int = 0
    flow: int = 0
    uncoded: int = 0
    sector_db: int = 0
    signed: int | None = None
    delivered: int | None = None
    not_intact: int = 0
    unknown_validity: int
    elsewhere: int
    inventory: int | None
    ended_since: int = 0
    numerator: CountBounds | None = None
    denominator: int | None = None
    basis: Basis | None
    rate: RateBounds | None
    rate_with_elsewhere: RateBounds | None
    rate_without_uncodable: RateBounds | None = None
    target: float | None
    target_due: float | None = None
    target_due_year: int | None = None
    next_target: float | None = None
    next_target_day: date | None = None
    notes: tuple[RowNote, ...] = ()


class QuotaNote(BaseModel):
    """Something a reader of a row must know: a cap, a missing inventory, a target carried forward.

    `code` is a key of `[quota_note]` of the table of words; `unit` is None for a level's own total; `level` is empty
    for what concerns the whole report.
    """

    model_config = ConfigDict(frozen=True)

    code: str
    level: str
    unit: str | None = None
    sector: str | None = None
    result_type: str | None = None
    params: dict[str, str | int | float] = {}


class Explanation(BaseModel):
    """Why one paper is included in or excluded from a figure.

    `digitised` of a row is its papers with `counted`, `unknown_validity` its papers with that flag; never both.
    `reason` is a key of `[quota_reason]` of the table of words.
    """

    model_config = ConfigDict(frozen=True)

    document_id: str
    level: str
    unit: str | None
    kind: str | None
    code: str | None
    counted: bool
    unknown_validity: bool
    reason: str
    unit_code: str | None = None
    covered: bool = False
    flow: bool = False
    batch: str | None = None
    file: str | None = None
    issue_date: date | None = None
    digitised_on: date | None = None
    valid_until: date | None = None
    validity_basis: str | None = None
    accepted_by: str | None = None
    signed_on: date | None = None
    delivered_on: date | None = None


class QuotaReport(BaseModel):
    """A whole quota answer. `live` says that the figures may still move (as_of is today).

    `known_at`: the moment as known at which it was asked, RFC 3339; None: as known now.
    """

    model_config = ConfigDict(frozen=True)

    as_of: date
    known_at: str | None = None
    live: bool
    reading: str
    series: Series = "kh5283"
    cut_off: date | None = None
    rows: tuple[QuotaRow, ...]
    notes: tuple[QuotaNote, ...] = ()
