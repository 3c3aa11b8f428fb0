"""Rows of the tables about one-stop desks and about dossiers: columns, and each row read or refused. Pure."""

from __future__ import annotations

from datetime import date
from typing import Final

from quality.cell_values import (
    BadCell,
    a_count,
    a_desk_entry,
    a_near_day,
    a_past_day,
    a_text,
    a_yes_or_no,
)
from quality.fact_rows import Row
from schemas.indicators import COUNTS, PAIRS, DeskEntry, DeskRow, Periods, ReuseRow
from schemas.wording import say

DESK_COLUMNS: Final = (
    "level",
    "unit",
    "desk",
    "entry",
    "effective_on",
    "until",
    "running",
    "running_since",
    "scanners",
    "certificate",
    "reason",
    "document",
    "document_date",
    "signer",
)
REUSE_COLUMNS: Final = ("level", "unit", "period_from", "period_to", *COUNTS, "evidence")
# What a row of another entry must not fill in: it would be lost.
_OF_ENTRY: Final[dict[DeskEntry, tuple[str, ...]]] = {
    "desk": ("running", "running_since", "scanners"),
    "exemption": ("reason",),
    "certificate": ("certificate",),
}


def desk_row(row: Row) -> DeskRow | None:
    """A desk, an exemption of it, or one of its certificates, true from a day on."""
    latest = row.context.today
    entry = row.ask("entry", a_desk_entry)
    begins = row.ask("effective_on", lambda value: a_near_day(value, latest))
    place, desk = row.unit(begins), row.ask("desk", a_text)
    needs_end = row.ask if entry == "certificate" else row.maybe
    until = needs_end("until", lambda value: a_near_day(value, latest))
    if begins is not None and until is not None and until < begins:
        row.bad.append(("until", BadCell("span_backwards")))
    _refuse_strangers(row, entry)
    running, since, scanners = _process(row) if entry == "desk" else (None, None, None)
    reason = row.ask("reason", a_text) if entry == "exemption" else ""
    certificate = row.ask("certificate", a_text) if entry == "certificate" else ""
    document, dated, signer = _paper_behind(row, signed=entry == "exemption")
    if row.bad or entry is None or place is None or desk is None or begins is None:
        return None
    return DeskRow(
        level=place[0],
        unit=place[1],
        desk=desk,
        entry=entry,
        effective_on=begins,
        until=until,
        running=running,
        running_since=since,
        scanners=scanners,
        certificate=certificate or "",
        reason=reason or "",
        document=document,
        document_date=dated,
        signer=signer,
    )


def _refuse_strangers(row: Row, entry: DeskEntry | None) -> None:
    for other, columns in _OF_ENTRY.items():
        for column in columns:
            if entry is not None and other != entry and row.values.get(column) not in {None, ""}:
                row.bad.append((column, BadCell("cell_of_other_entry", entry=say("desk_entry", other))))


def _process(row: Row) -> tuple[bool | None, date | None, int | None]:
    """Whether a desk runs the process, since when, and its scanners; an empty cell is not known."""
    running = row.maybe("running", a_yes_or_no)
    ask = row.ask if running else row.maybe
    since = ask("running_since", lambda value: a_past_day(value, row.context.today))
    if not running and since is not None:
        row.bad.append(("running_since", BadCell("since_without_running")))
    return running, since, row.maybe("scanners", a_count)


def _paper_behind(row: Row, *, signed: bool) -> tuple[str, date | None, str]:
    """Number, date and signer of the paper behind a row: its own, else those given for the whole table."""
    document = row.maybe("document", a_text)
    dated = row.maybe("document_date", lambda value: a_past_day(value, row.context.today))
    signer = row.maybe("signer", a_text)
    backing = row.context.backing
    if document is None and backing.document:
        document = backing.document
        dated, signer = dated or backing.document_date, signer or backing.signer
    asked = {"document": document, **({"document_date": dated, "signer": signer} if signed else {})}
    told = {column for column, _ in row.bad}
    row.bad += [
        (column, BadCell("paper_behind_missing"))
        for column, value in asked.items()
        if not value and column not in told
    ]
    return document or "", dated, signer or ""


def reuse_row(row: Row) -> ReuseRow | None:
    """A unit's dossiers of a period that is over; no part is larger than its whole."""
    latest = row.context.today
    first = row.ask("period_from", lambda value: a_near_day(a_past_day(value, latest), latest))
    last = row.ask("period_to", lambda value: a_near_day(a_past_day(value, latest), latest))
    if first is not None and last is not None and last < first:
        row.bad.append(("period_to", BadCell("span_backwards")))
    place = row.unit(last)
    counts = {name: row.maybe(name, a_count) for name in COUNTS}
    for part, whole in PAIRS:
        most, value = counts[whole], counts[part]
        if most is not None and value is not None and value > most:
            row.bad.append(
                (part, BadCell("part_above_whole", value=value, most=most, name=say("column", whole)))
            )
    if not row.bad and all(value is None for value in counts.values()):
        row.bad.append(("", BadCell("counts_missing")))
    evidence = row.ask("evidence", a_text)
    if row.bad or place is None or first is None or last is None:
        return None
    return ReuseRow(
        level=place[0],
        unit=place[1],
        period_from=first,
        period_to=last,
        evidence=evidence or "",
        **counts,
    )


def overlap(row: ReuseRow, number: int, above: Periods, held: Periods) -> BadCell | None:
    """That a row tells of days of which another one tells for the same unit: above it, or imported earlier.

    A row that is good is taken in among those above.
    """
    if met := above.meeting(row):
        return BadCell("period_overlaps_row", first=met.number)
    if met := held.meeting(row):
        days = (day.strftime("%d/%m/%Y") for day in (met.row.period_from, met.row.period_to))
        return BadCell("period_overlaps_held", number=met.number, period="–".join(days))
    above.add(number, row)
    return None
