"""`sohoa report quarter|year|list|approve`: reports of a period from frozen figures, issued, corrected and approved."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from cli.catalogue import database_of
from cli.options import AsJson, command, named_path
from cli.quota import series_of
from cli.shapes import print_json, shown
from cli.tables import print_table
from cli.wording import words
from configs.settings import Settings
from engines.private_files import whole_file
from schemas.clock import today
from schemas.errors import UsageError
from schemas.masking import mask
from schemas.numerals import day_text, moment_text
from schemas.period_reports import Period, PeriodReport
from schemas.wording import text
from storage import outbox
from storage.catalogue import period_reports as catalogue
from storage.catalogue.database import Database
from storage.objects import ObjectStore, open_store
from workspace import period_reports
from workspace.opening import operator_name

_FIRST_YEAR: Final = 2021  # KH 5283
_LAST_YEAR: Final = 2099
_QUARTER: Final = re.compile(r"(\d{4})\s*[/-]\s*[Qq]?([1-4])")
_YEAR: Final = re.compile(r"\d{4}")
_MOST_TEXT: Final = 20_000  # bytes of difficulties and proposals: some pages
_SHORT: Final = 12

Out = Annotated[
    Path | None, typer.Argument(parser=named_path, metavar="[OUT_DIR]", help=words("report.out_dir"))
]
Frozen = Annotated[str | None, typer.Option("--frozen", metavar="ID", help=words("report.frozen"))]
SeriesName = Annotated[
    str | None, typer.Option("--series", metavar="kh5283|merged", help=words("command.quota_series"))
]
Difficulties = Annotated[
    Path | None,
    typer.Option("--difficulties", parser=named_path, metavar="FILE.txt", help=words("report.difficulties")),
]
Corrects = Annotated[str | None, typer.Option("--corrects", metavar="ID", help=words("report.corrects"))]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help=words("report.reason"))]
Draft = Annotated[bool, typer.Option("--draft", help=words("report.draft"))]


class _Options:
    """What both commands take."""

    def __init__(
        self, series: str | None, frozen: str | None, corrects: str | None, reason: str, draft: bool
    ) -> None:
        if draft and (frozen or corrects):
            raise UsageError("a draft is not frozen", remedy="draft_alone")
        if reason.strip() and not corrects:
            raise UsageError("a reason for nothing", remedy="report_reason_alone")
        self.series = series_of(series) if series else None
        self.frozen, self.corrects, self.draft = frozen, corrects, draft
        self.reason = shown(mask(reason.strip()))


@command
def quarter(
    settings: Settings,
    name: Annotated[str, typer.Argument(metavar="YEAR/Q", help=words("report.quarter_name"))],
    out: Out = None,
    frozen: Frozen = None,
    series: SeriesName = None,
    difficulties: Difficulties = None,
    corrects: Corrects = None,
    reason: Reason = "",
    draft: Draft = False,
    as_json: AsJson = False,
) -> int:
    """The report of a quarter, as PDF, XLSX and DOCX."""
    match = _QUARTER.fullmatch(name.strip())
    if match is None or not _FIRST_YEAR <= int(match[1]) <= _LAST_YEAR:
        raise UsageError(f"no quarter {name}", remedy="quarter_malformed", value=name)
    period = period_reports.period_of("quarter", int(match[1]), int(match[2]))
    options = _Options(series, frozen, corrects, reason, draft)
    return _made(settings, period, out, difficulties, options, as_json=as_json)


@command
def year(
    settings: Settings,
    name: Annotated[str, typer.Argument(metavar="YEAR", help=words("report.year_name"))],
    out: Out = None,
    frozen: Frozen = None,
    series: SeriesName = None,
    difficulties: Difficulties = None,
    corrects: Corrects = None,
    reason: Reason = "",
    draft: Draft = False,
    as_json: AsJson = False,
) -> int:
    """The report of a year, as PDF, XLSX and DOCX."""
    if not _YEAR.fullmatch(name.strip()) or not _FIRST_YEAR <= int(name) <= _LAST_YEAR:
        raise UsageError(f"no year {name}", remedy="year_malformed", value=name)
    period = period_reports.period_of("year", int(name), 0)
    options = _Options(series, frozen, corrects, reason, draft)
    return _made(settings, period, out, difficulties, options, as_json=as_json)


def _made(
    settings: Settings,
    period: Period,
    out: Path | None,
    difficulties: Path | None,
    options: _Options,
    *,
    as_json: bool,
) -> int:
    folder = out or settings.reports / "periods"
    asked = period_reports.Asked(
        period,
        options.series,
        options.frozen,
        options.corrects,
        options.reason,
        _own_words(difficulties),
        settings.office,
        operator_name(settings),
        settings.lang,
    )
    _refuse_no_folder(folder)
    with _kept(settings) as (database, store):
        if options.draft:
            made = period_reports.draft(database, asked, today())
        else:
            outbox.require_current(database, store)
            made = period_reports.issue(database, store, asked, today())
    paths = _write(made, folder)
    shape = made.issued.model_dump(mode="json") if made.issued else None
    if as_json:
        print_json({"draft": made.issued is None, "report": shape, "files": paths})
        return 0
    lines = [text("period_report.written", settings.lang, path=path) for path in paths.values()]
    if made.issued:
        lines.insert(0, text("period_report.issued", settings.lang, **_told(made.issued, settings.lang)))
    else:
        lines.insert(0, text("period_report.draft", settings.lang))
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0


def _own_words(path: Path | None) -> tuple[str, ...]:
    """Paragraphs of the office's own text.

    Raises:
        UsageError: there is no such file, it is empty, too long or not UTF-8.
    """
    if path is None:
        return ()
    if not path.is_file():
        raise UsageError(f"no file {path}", remedy="file_not_found", path=path)
    if path.stat().st_size > _MOST_TEXT:
        raise UsageError(f"{path} is too long", remedy="difficulties_too_long", path=path, most=_MOST_TEXT)
    try:
        told = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8", remedy="difficulties_not_utf8", path=path) from error
    paragraphs = tuple(shown(mask(line.strip())) for line in told.splitlines() if line.strip())
    if not paragraphs:
        raise UsageError(f"{path} is empty", remedy="difficulties_empty", path=path)
    return paragraphs


def _refuse_no_folder(folder: Path) -> None:
    """Find out before anything is frozen or issued that nothing can be written there."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is no folder", remedy="report_no_folder", path=folder)
    folder.mkdir(parents=True, exist_ok=True)


def _write(made: period_reports.Made, folder: Path) -> dict[str, str]:
    """Write its files beside each other, their owner's alone.

    Raises:
        UsageError: one is there already and says something else.
    """
    paths = {suffix: folder / f"{made.name}.{suffix}" for suffix in made.files}
    for suffix, path in paths.items():
        if path.exists() and path.read_bytes() != made.files[suffix]:
            raise UsageError(f"{path} is there already", remedy="review_workbook_there", path=path)
    for suffix, path in paths.items():
        with whole_file(path) as stream:
            stream.write(made.files[suffix])
    return {suffix: str(path) for suffix, path in paths.items()}


@command
def list_(
    settings: Settings,
    out: Annotated[
        Path | None,
        typer.Option("--out", parser=named_path, metavar="OUT_DIR", help=words("report.list_out")),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Every quarter's and year's report that was issued, with its approval and the one that took its place."""
    with _kept(settings) as (database, store):
        held = catalogue.issued(database)
        if out is not None:
            _refuse_no_folder(out)
            for report in held:
                _write(period_reports.kept_files(store, report), out)
    if as_json:
        print_json({"reports": [each.model_dump(mode="json") for each in held]})
        return 0
    keys = ("id", "period", "as_of", "series", "at", "by", "frozen", "state", "approved")
    rows = [list(_told(each, settings.lang).values()) for each in held]
    print_table([text(f"period_report.head_{key}", settings.lang) for key in keys], rows)
    return 0


@command
def approve(
    settings: Settings,
    name: Annotated[str, typer.Argument(metavar="ID", help=words("report.id"))],
    capacity: Annotated[str, typer.Option("--as", metavar="TEXT", help=words("report.capacity"))],
    as_json: AsJson = False,
) -> int:
    """Enter that a leader, who is not the one who issued it, approves a report."""
    with _kept(settings) as (database, store):
        outbox.require_current(database, store)
        report = period_reports.approve(database, store, name, capacity, operator_name(settings))
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        sys.stdout.write(text("period_report.approved", settings.lang, **_told(report, settings.lang)) + "\n")
    return 0


def verdict(
    settings: Settings, path: Path, report: PeriodReport, later: PeriodReport | None, *, same: bool
) -> tuple[dict[str, Any], list[str]]:
    """What `sohoa report verify` says of a file that is a quarter's or year's report, as JSON and as lines."""
    shape = {
        "file": str(path),
        "state": "issued",
        "issued": report.model_dump(mode="json"),
        "records": "same" if same else "changed",
        "later": later.model_dump(mode="json") if later else None,
    }
    lang = settings.lang
    lines = [
        text("issued_report.issued", lang),
        text("period_report.issued", lang, **_told(report, lang)),
        text(f"period_report.records_{shape['records']}", lang),
    ]
    if report.approved_at:
        lines.append(text("period_report.approved", lang, **_told(report, lang)))
    if later is not None:
        told = text("period_report.issued", lang, **_told(later, lang))
        lines.append(text("period_report.later", lang, issue=told, reason=later.reason))
    return shape, lines


def _told(report: PeriodReport, lang: str) -> dict[str, str]:
    """A report in words, as the table has it."""
    approved = "–"
    if report.approved_at:
        at = moment_text(datetime.fromisoformat(report.approved_at), lang)
        approved = f"{report.approved_by} ({report.approved_as}), {at}"
    other = (report.replaced_by or "")[:_SHORT]
    state = "replaced" if report.replaced_by else "stands"
    return {
        "id": report.id[:_SHORT],
        "period": report.period,
        "as_of": day_text(report.as_of, lang),
        "series": report.series,
        "at": moment_text(datetime.fromisoformat(report.at), lang),
        "by": report.by,
        "frozen": report.frozen[:_SHORT],
        "state": text(f"period_report.{state}", lang, other=other),
        "approved": approved,
    }


@contextmanager
def _kept(settings: Settings) -> Iterator[tuple[Database, ObjectStore]]:
    with database_of(settings) as database:
        yield database, open_store(settings.store, settings.home)
