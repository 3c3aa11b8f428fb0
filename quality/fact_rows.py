"""Rows of the tables that units submit: each cell read, or refused with its reason; a row at a time. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeVar

from pydantic import BaseModel

from quality.cell_values import (
    ALL_KINDS_WORDS,
    BadCell,
    a_basis,
    a_code,
    a_count,
    a_day,
    a_level,
    a_near_day,
    a_number,
    a_paper,
    a_past_day,
    a_sector,
    a_share,
    a_step,
    a_text,
    a_year,
    an_ending,
    an_owner,
    folded,
)
from quality.quota_cells import ALL_KINDS
from schemas.clock import today
from schemas.documents import Level
from schemas.facts import Backing
from schemas.indicators import DeskRow, ReuseRow
from schemas.quotas import DeliveryRow, ElsewhereRow, HandoverRow, InventoryRow, RevocationRow, TargetRow
from schemas.text import bare_number, fold

UnitResolver = Callable[[str, Level | None, "date | None"], "tuple[Level, str] | None"]
KindResolver = Callable[[str], "str | None"]


@dataclass(frozen=True)
class Context:
    """What a cell's words are looked up by, the paper behind rows that name none, the day on which the table is read."""

    resolve_unit: UnitResolver
    resolve_kind: KindResolver
    today: date = field(default_factory=today)
    backing: Backing = field(default_factory=Backing)


@dataclass
class Row:
    """One row by header. Getting a bad value records a problem and returns None."""

    values: dict[str, object]
    context: Context
    merged: frozenset[str] = frozenset()
    bad: list[tuple[str, BadCell]] = field(default_factory=list)

    def ask(self, column: str, parse: Callable[[object], _V]) -> _V | None:
        """The value of a cell that must be filled."""
        value = self.values.get(column)
        try:
            if isinstance(value, str) and value.startswith("="):
                raise BadCell("formula_cell")
            if value in {None, ""}:
                raise BadCell("cell_merged" if column in self.merged else "cell_empty")
            return parse(value)
        except BadCell as problem:
            self.bad.append((column, problem))
            return None

    def maybe(self, column: str, parse: Callable[[object], _V]) -> _V | None:
        """The value of a cell that may be empty."""
        empty = self.values.get(column) in {None, ""} and column not in self.merged
        return None if empty else self.ask(column, parse)

    def unit(self, day: date | None, side: str = "", *, ended: bool = False) -> tuple[Level, str] | None:
        """The unit that is meant on a day; None for a unit of any period, as the one that issued a paper is.

        `side` is `from_` or `to_` where a row names two; `ended` takes one that stood earlier, if none did on the day.
        """
        level = self.maybe(f"{side}level", a_level)
        name = self.ask(f"{side}unit", a_text)
        if name is None:
            return None
        found = self.context.resolve_unit(name, level, day)
        if found is None and ended:
            found = self.context.resolve_unit(name, level, None)
        if found is None:
            self.bad.append((f"{side}unit", BadCell("unit_unknown", value=name)))
        return found

    def kind(self, *, whole: bool) -> str | None:
        """The kind that is named; `whole` allows all kinds together."""
        name = self.ask("kind", a_text)
        if name is None:
            return None
        if whole and folded(name) in ALL_KINDS_WORDS:
            return ALL_KINDS
        found = self.context.resolve_kind(name)
        if found is None:
            self.bad.append(("kind", BadCell("kind_unknown", value=name)))
        return found


_V = TypeVar("_V")


def inventory_row(row: Row) -> InventoryRow | None:
    """A count of a year; the unit is named as on its last day."""
    year = row.ask("year", lambda value: a_year(value, row.context.today.year))
    place, kind = row.unit(date(year, 12, 31) if year is not None else None), row.kind(whole=True)
    count, basis = row.ask("count", a_count), row.ask("basis", a_basis)
    source, begins = row.maybe("source", a_text) or "", row.maybe("effective_on", a_day)
    if row.bad or place is None or kind is None or year is None or count is None or basis is None:
        return None
    return InventoryRow(
        level=place[0],
        unit=place[1],
        kind=kind,
        year=year,
        count=count,
        basis=basis,
        source=source,
        effective_on=begins,
    )


def elsewhere_row(row: Row) -> ElsewhereRow | None:
    """One paper that was digitised elsewhere, or a count of them with its evidence."""
    day = row.ask("digitised_on", lambda value: a_past_day(value, row.context.today))
    place, kind = row.unit(day), row.kind(whole=False)
    count = row.maybe("count", a_count)
    owner = row.maybe("owner", an_owner)
    code, number = row.maybe("result_type", a_code), row.maybe("number", a_number)
    evidence, until = row.maybe("evidence", a_text) or "", row.maybe("valid_until", a_day)
    if row.bad:
        return None
    single = number is not None or code is not None or owner is not None
    if single and (number is None or code is None):
        row.bad.append(("number" if number is None else "result_type", BadCell("paper_incomplete")))
    elif single and count not in {None, 1}:
        row.bad.append(("count", BadCell("paper_counted_twice")))
    elif not single and count is None:
        row.bad.append(("count", BadCell("cell_empty")))
    elif not single and until is not None:
        row.bad.append(("valid_until", BadCell("paper_of_a_count")))
    elif not single and not evidence:
        row.bad.append(("evidence", BadCell("evidence_missing")))
    if row.bad or place is None or kind is None or day is None:
        return None
    return ElsewhereRow(
        level=place[0],
        unit=place[1],
        kind=kind,
        digitised_on=day,
        count=1 if count is None else count,
        owner=owner,
        result_type=code,
        number=number,
        evidence=evidence,
        valid_until=until,
    )


def revocation_row(row: Row) -> RevocationRow | None:
    """One paper that is no longer in force, and the decision that says so."""
    place, number, day = row.unit(None), row.ask("number", a_number), row.ask("effective_on", a_day)
    code, owner = row.maybe("result_type", a_code), row.maybe("owner", an_owner)
    named = row.values.get("kind") not in {None, ""} or code is None
    kind = row.kind(whole=False) if named else None
    ending = row.maybe("ending", an_ending) or "revoked"
    document, signer = row.ask("document", a_text), row.maybe("signer", a_text) or ""
    dated = row.ask("document_date", lambda value: a_past_day(value, row.context.today))
    if row.bad or place is None or number is None or day is None or document is None:
        return None
    return RevocationRow(
        level=place[0],
        unit=place[1],
        number=number,
        kind=kind,
        result_type=code,
        owner=owner,
        effective_on=day,
        ending=ending,
        document=document,
        document_date=dated,
        signer=signer,
    )


def target_row(row: Row) -> TargetRow | None:
    """A share asked of a level, or of one unit, by a day; the paper that says so is needed."""
    due, share = row.ask("due", lambda value: a_near_day(value, row.context.today)), row.ask("share", a_share)
    level, unit = row.maybe("level", a_level), None
    if row.values.get("unit") not in {None, ""}:
        place = row.unit(due)
        level, unit = place or (level, None)
    elif level is None:
        row.bad.append(("level", BadCell("level_or_unit")))
    sector, code = row.maybe("sector", a_sector), row.maybe("result_type", a_code)
    begins = row.maybe("effective_on", a_day)
    if row.bad or level is None or due is None or share is None:
        return None
    return TargetRow(
        level=level, unit=unit, sector=sector, result_type=code, due=due, share=share, effective_on=begins
    )


def delivery_row(row: Row) -> DeliveryRow | None:
    """That one paper was signed digitally, or received by its owner's national store."""
    paper, step = row.ask("paper", a_paper), row.ask("step", a_step)
    day = row.ask("done_on", lambda value: a_past_day(value, row.context.today))
    receipt = row.ask("receipt", a_number)
    if paper is None or step is None or day is None or receipt is None:
        return None
    return DeliveryRow(paper=paper, step=step, done_on=day, receipt=receipt)


def handover_row(row: Row) -> HandoverRow | None:
    """Stock of one kind that went from one unit to another on a day."""
    day = row.ask("day", lambda value: a_past_day(value, row.context.today))
    # Who gives may have ended long before; who receives stands on the day.
    giver = row.unit(day - timedelta(days=1) if day is not None else None, "from_", ended=True)
    receiver, kind = row.unit(day, "to_"), row.kind(whole=True)
    count, minutes = row.ask("count", a_count), row.ask("minutes", a_text)
    if giver is not None and giver == receiver:
        row.bad.append(("to_unit", BadCell("handover_to_itself")))
    if row.bad or day is None or giver is None or receiver is None or kind is None:
        return None
    return HandoverRow(
        from_level=giver[0],
        from_unit=giver[1],
        to_level=receiver[0],
        to_unit=receiver[1],
        kind=kind,
        count=count or 0,
        day=day,
        minutes=minutes or "",
    )


def identity(row: BaseModel) -> object:
    """Keys that must be unique within a table; of two rows with one key a later import could not tell which it corrects."""
    if isinstance(row, InventoryRow):
        return (row.level, row.unit, row.kind, row.year)
    if isinstance(row, ElsewhereRow) and row.number is not None:
        return (row.owner or row.unit, row.result_type, row.number)
    if isinstance(row, ElsewhereRow):
        return (row.level, row.unit, row.kind, row.digitised_on)
    if isinstance(row, RevocationRow):
        return (row.level, row.unit, row.kind, row.result_type, row.owner, row.number)
    if isinstance(row, HandoverRow):
        return (row.from_level, row.from_unit, row.to_level, row.to_unit, row.kind, row.day)
    if isinstance(row, DeliveryRow):
        return (row.paper, row.step)
    if isinstance(row, DeskRow):
        which = bare_number(row.certificate) if row.entry == "certificate" else row.effective_on
        return (row.entry, row.level, row.unit, fold(row.desk), which)
    if isinstance(row, ReuseRow):
        return (row.level, row.unit, row.period_from, row.period_to)
    return row


def twice(row: BaseModel, first: int) -> BadCell:
    """That a row says what an earlier one of the table said already."""
    counted = isinstance(row, ElsewhereRow) and row.number is None
    return BadCell("count_twice" if counted else "row_twice", first=first)
