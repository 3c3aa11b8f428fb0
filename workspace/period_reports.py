"""Makes quarter and year reports from frozen figures, issues them for good, corrects them by another, has them approved.

A report that was issued stands until another takes its place and says why; both stay in the store. A draft is not issued.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from configs.loader import load_report_rules
from engines.text_docx import docx_of
from engines.text_pdf import write_pdf
from quality.period_report import footer, notes, pages, period_words, titles
from quality.period_rows import annex
from quality.period_workbook import workbook
from schemas.errors import UsageError
from schemas.events import Event, EventType
from schemas.frozen import FrozenSet
from schemas.period_reports import Correction, OfficeSpec, Period, PeriodKind, PeriodReport, ReportContent
from schemas.quotas import QuotaReport, Series
from schemas.text import fold
from schemas.version import TOOL
from schemas.wording import say
from storage import outbox
from storage.catalogue import events, period_reports
from storage.catalogue.database import Database
from storage.catalogue.provenance import new_event
from storage.objects import ObjectStore, keys, sha256_of
from workspace import freezing
from workspace.figuring import READING, SERIES, figures_of, ledger_of, unit_register

VERSION: Final = 1  # of the fingerprint: what of a report it covers
_FEWEST_LETTERS: Final = 4
_OTHER_PROVINCE: Final = "58"
_MIME: Final = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


class Asked(NamedTuple):
    """What a person asks for. `corrects` is the beginning of an id; `series` None: as frozen, else KH 5283's."""

    period: Period
    series: Series | None
    frozen: str | None
    corrects: str | None
    reason: str
    difficulties: tuple[str, ...]
    office: OfficeSpec
    operator: str
    lang: str


class Made(NamedTuple):
    """A report's files by their endings, and what it is called; `issued` is None for a draft."""

    issued: PeriodReport | None
    name: str
    files: dict[str, bytes]


def period_of(kind: PeriodKind, year: int, quarter: int) -> Period:
    """A period with its first and closing day, by the rule in force on its last day."""
    month = 3 * quarter if kind == "quarter" else 12
    months = 3 if kind == "quarter" else 12
    closing = date(year, month, _closing_day(kind, date(year, month, 28)))
    before = date(year - (month == months), (month - months) or 12, 1)
    first = before.replace(day=_closing_day(kind, before.replace(day=28))) + timedelta(days=1)
    return Period(kind, year, quarter, first, closing)


def _closing_day(kind: PeriodKind, day: date) -> int:
    rows = [row for row in load_report_rules().closing if row.period == kind]
    return next((row.day for row in reversed(rows) if row.holds_on(day)), rows[0].day)


def issue(database: Database, store: ObjectStore, asked: Asked, today: date) -> Made:
    """Issue a report: freeze its figures unless a set is named, keep its files, enter it in the house chain.

    Raises:
        UsageError: its closing day is not over; the set is of another day or series; a report of the period stands and is
            not corrected; the one to correct was replaced already.
    """
    period = asked.period
    if period.closing >= today:
        closing = period.closing.strftime("%d/%m/%Y")
        raise UsageError(
            "the closing day is not over", remedy="period_open", closing=closing, period=period.name
        )
    chosen = freezing.set_named(database, asked.frozen) if asked.frozen else None
    if chosen is not None and chosen.as_of != period.closing:
        raise UsageError(
            "a set of another day",
            remedy="period_other_day",
            id=chosen.id[:12],
            day=chosen.as_of.isoformat(),
            closing=period.closing.isoformat(),
        )
    if chosen is not None and asked.series not in {None, chosen.series}:
        raise UsageError(
            "a set of another series",
            remedy="period_other_series",
            id=chosen.id[:12],
            series=chosen.series,
        )
    series = chosen.series if chosen else asked.series or SERIES
    old = _corrected(database, asked, series)
    frozen = chosen or _frozen_now(database, store, asked, today)
    report = freezing.manifest_of(store, frozen).report
    content = ReportContent(
        period,
        asked.office,
        frozen.id,
        "",
        asked.difficulties,
        without_inventory(report),
        Correction(old.id, old.at, asked.reason) if old else None,
    )
    content = content._replace(id=_fingerprint(content, asked.lang))
    files = _files(report, content, asked.lang)
    digests = {suffix: sha256_of(data) for suffix, data in files.items()}
    for suffix, data in files.items():
        key = keys.period_report(digests[suffix], suffix)
        store.put_if_absent(key, data, sha256=digests[suffix], content_type=_MIME[suffix])
    detail: dict[str, str | int | float | None] = {
        "id": content.id,
        "version": VERSION,
        "period": period.name,
        "as_of": period.closing.isoformat(),
        "series": report.series,
        "lang": asked.lang,
        "frozen": frozen.id,
        **digests,
        "corrects": old.id if old else None,
        "reason": asked.reason,
    }
    events.record(database, events.new_event_id(), [_event("issued", asked.operator, detail)])
    outbox.send_all(database, store)
    return Made(named(database, content.id), file_name(period.name, content.id), files)


def draft(database: Database, asked: Asked, today: date) -> Made:
    """A draft: figures as they stand now, as of the closing day or today; nothing is frozen, kept or entered."""
    day = min(asked.period.closing, today)
    series = asked.series or SERIES
    report = figures_of(ledger_of(database), day, today, reading=READING, series=series).report
    period = asked.period._replace(closing=day)
    missing = without_inventory(report)
    content = ReportContent(period, asked.office, None, "", asked.difficulties, missing)
    return Made(None, file_name(period.name, None), _files(report, content, asked.lang))


def approve(database: Database, store: ObjectStore, name: str, capacity: str, operator: str) -> PeriodReport:
    """Enter that a leader approved a report.

    Raises:
        UsageError: no capacity; the person issued it; it was approved or replaced already.
    """
    report = named(database, name)
    short = report.id[:12]
    if not capacity.strip():
        raise UsageError("no capacity", remedy="report_capacity", id=short)
    if fold(report.by) == fold(operator):
        raise UsageError("approved by who issued it", remedy="report_same_person", id=short, by=report.by)
    if report.replaced_by is not None:
        raise UsageError("replaced", remedy="report_replaced", id=short, other=report.replaced_by[:12])
    if report.approved_at is not None:
        raise UsageError("approved already", remedy="report_approved", id=short, by=report.by)
    detail: dict[str, str | int | float | None] = {"report": report.id, "capacity": capacity.strip()}
    events.record(database, events.new_event_id(), [_event("approved", operator, detail)])
    outbox.send_all(database, store)
    return named(database, report.id)


def named(database: Database, name: str) -> PeriodReport:
    """The report whose id begins with these letters.

    Raises:
        UsageError: none does, or several do.
    """
    given = name.strip().lower()
    found = [each for each in period_reports.issued(database) if each.id.startswith(given)]
    if len(found) != 1 or len(given) < _FEWEST_LETTERS:
        raise UsageError(f"no report {name}", remedy="period_report_absent", value=name)
    return found[0]


def kept_files(store: ObjectStore, report: PeriodReport) -> Made:
    """The files of a report that was issued, from the store.

    Raises:
        StoreError: one is lost or damaged.
    """
    digests = report.files
    files = {suffix: store.read(keys.period_report(each, suffix)) for suffix, each in digests.items()}
    return Made(report, file_name(report.period, report.id), files)


def records_give_it(database: Database, store: ObjectStore, report: PeriodReport) -> bool:
    """Whether its frozen set is unaltered and still gives its figures, worked out again from the set's rows."""
    return not freezing.verified(store, freezing.set_named(database, report.frozen))


def without_inventory(report: QuotaReport) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Units that stood on the day and sent no inventory, by level: those of the lists, and others that hold papers."""
    register = unit_register()
    day = report.as_of
    sent = {(row.level, row.unit) for row in report.rows if row.unit and row.inventory is not None}
    missing: dict[str, dict[str, None]] = defaultdict(dict)
    for made in register.identities.values():
        name = register.label(made, day)
        apart = report.series == "kh5283" and made.province == _OTHER_PROVINCE
        if made.level != "tinh" and made.stood_on(day) and not apart and (made.level, name) not in sent:
            missing[made.level][name] = None
    for row in report.rows:
        if row.unit and row.inventory is None and row.ended_on is None and row.level != "unresolved":
            missing[row.level][row.unit] = None
    return tuple((level, tuple(missing[level])) for level in ("tinh", "huyen", "xa"))


def _corrected(database: Database, asked: Asked, series: str) -> PeriodReport | None:
    """The report that is to be replaced; None where none stands.

    Raises:
        UsageError: one stands and is not corrected; the one named is of another period, replaced, or no reason is given.
    """
    standing = [
        each
        for each in period_reports.issued(database)
        if (each.period, each.series) == (asked.period.name, series) and each.replaced_by is None
    ]
    if asked.corrects is None:
        if standing:
            raise UsageError(
                "a report of this period stands",
                remedy="report_stands",
                id=standing[-1].id[:12],
                period=asked.period.name,
            )
        return None
    old = named(database, asked.corrects)
    if not asked.reason:
        raise UsageError("no reason", remedy="report_reason", id=old.id[:12])
    if old.replaced_by is not None:
        raise UsageError(
            "replaced already", remedy="report_replaced", id=old.id[:12], other=old.replaced_by[:12]
        )
    if old not in standing:
        raise UsageError(
            "of another period",
            remedy="report_other_period",
            id=old.id[:12],
            period=old.period,
            series=old.series,
        )
    return old


def _frozen_now(database: Database, store: ObjectStore, asked: Asked, today: date) -> FrozenSet:
    note = period_words(asked.period, asked.lang)
    order = freezing.Asked(asked.period.closing, None, READING, asked.series or SERIES, note, asked.operator)
    return freezing.set_named(database, freezing.freeze(database, store, order, today)[0])


def _fingerprint(content: ReportContent, lang: str) -> str:
    """SHA-256 of all that a report says: its figures by the frozen set's id, the rest in full."""
    said = [
        VERSION,
        lang,
        content.period.name,
        content.frozen,
        content.office.model_dump(),
        content.difficulties,
        content.without_inventory,
        content.corrects,
    ]
    body = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(body.encode()).hexdigest()


def _files(report: QuotaReport, content: ReportContent, lang: str) -> dict[str, bytes]:
    below = footer(content, lang)
    title = say("period", "subject", lang, period=period_words(content.period, lang))
    stamp = "" if content.frozen else say("period", "stamp", lang)
    table = workbook(annex(report, lang), titles(content, lang), notes(report, content, lang), below, lang)
    with tempfile.TemporaryDirectory(prefix="sohoa-report-") as room:
        path = Path(room) / "report.pdf"
        write_pdf(pages(report, content, lang), path, title=title, footer=below, stamp=stamp)
        text = docx_of(pages(report, content, lang), title=title, footer=below, stamp=stamp)
        return {"pdf": path.read_bytes(), "xlsx": table, "docx": text}


def file_name(period: str, name: str | None) -> str:
    """A file's name without its suffix; a draft has no id."""
    year, _, quarter = period.partition("/")
    told = f"quy-{quarter}-{year}" if quarter else f"nam-{year}"
    return f"bao-cao-{told}-{name[:8] if name else 'ban-nhap'}"


def _event(outcome: str, operator: str, detail: dict[str, str | int | float | None]) -> Event:
    return new_event(
        EventType.PERIOD_REPORT,
        period_reports.SUBJECT,
        outcome,
        batch=None,
        agent=operator,
        tool=TOOL,
        detail=detail,
    )
