"""A quarter's or year's report: the passage on tasks given by the Prime Minister (KH 5283 VII.7), with its annex. Pure.

One source for the PDF and the workbook. It bears no form number, because none was found (DOMAIN.md §5.1): number and
date of the paper are left for the office to write.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from engines.text_pdf import Bar, Bars, Block, Columns, Grid, Line, Turn
from quality.period_rows import COLUMNS, SHARES, WORDS, AnnexRow, annex, heads, points, province, totals
from quality.quota_notes import grouped, sentence
from schemas.numerals import day_text, moment_text, number_text, share_text
from schemas.period_reports import Period, ReportContent
from schemas.quotas import QuotaReport, QuotaRow
from schemas.wording import say, text

_INDENT: Final = 28.3  # points: 1 cm, NĐ 30/2020 Phụ lục I
_TO_SIGN: Final = 190.0
_MOST_PLACES: Final = 6
_ROMAN: Final = ("", "I", "II", "III", "IV")
_SHARES: Final = {
    **{"number": 0.033, "unit": 0.112, "level": 0.052, "sector": 0.042, "result_type": 0.042},
    **{"in_force": 0.054, "basis": 0.078, "counted": 0.05, "rate": 0.053, "target": 0.053},
    **{"difference": 0.05, "unknown": 0.046, "excess": 0.043, "uncovered": 0.043, "flow": 0.043},
    **{"uncoded": 0.043, "sector_db": 0.043, "note": 0.13},
}


def period_words(period: Period, lang: str) -> str:
    """`quý III năm 2026`, `năm 2026`."""
    return say("period", period.kind, lang, quarter=_ROMAN[period.quarter], year=period.year)


def footer(content: ReportContent, lang: str) -> str:
    """Below every page: the frozen set by its whole hash, and the report's own fingerprint."""
    if content.frozen is None:
        return say("period", "footer_draft", lang)
    return say("period", "footer", lang, frozen=content.frozen, id=content.id[:16])


def titles(content: ReportContent, lang: str) -> list[str]:
    """Lines above the annex."""
    period = content.period
    days = {"first": day_text(period.first, lang), "closing": day_text(period.closing, lang)}
    lines = [say("period", "annex_title", lang, period=period_words(period, lang).upper())]
    if content.frozen is None:
        lines.append(say("period", "draft", lang))
    lines.append(say("period", "annex_days", lang, **days))
    return lines


def pages(report: QuotaReport, content: ReportContent, lang: str) -> list[Block]:
    """The report as blocks of a PDF."""
    return [
        *_head(content, lang),
        *_results(report, content, lang),
        *_without_inventory(content, lang),
        *_difficulties(content, lang),
        _section("reservations", lang),
        *(Line(f"- {line}", 11.5, indent=_INDENT) for line in reservations(report, lang)),
        *_signature(content, lang),
        Turn(landscape=True),
        *(
            Line(line, 12 if at == 0 else 10, "bold" if at == 0 else "plain", "center")
            for at, line in enumerate(titles(content, lang))
        ),
        _table(annex(report, lang), lang),
        Line(say("period", "how_to_read", lang), 8.5, before=6),
    ]


def notes(report: QuotaReport, content: ReportContent, lang: str) -> list[str]:
    """Lines of the workbook's second sheet: what the PDF says in words."""
    lines = [say("period", "how_to_read", lang), *_correction(content, lang)]
    lines += [f"{name}: {', '.join(units)}" for name, units in _missing(content, lang)]
    lines += [*content.difficulties, *reservations(report, lang), footer(content, lang)]
    return lines


def reservations(report: QuotaReport, lang: str) -> list[str]:
    """Every reservation of the frozen answer; units with the same one together."""
    lines = []
    for note in grouped(report.notes):
        said = sentence(note.code, note.params, lang)
        places = [unit or text(f"level.{level}", lang) for level, unit in note.places if level]
        named = ", ".join(places[:_MOST_PLACES])
        if len(places) > _MOST_PLACES:
            more = number_text(len(places) - _MOST_PLACES, lang)
            named += " " + text("quota.more_places", lang, count=more)
        lines.append(f"{named}: {said}." if places else f"{said[:1].upper()}{said[1:]}.")
    lines.append(text(f"quota.series_{report.series}", lang))
    lines.append(text("quota.reading", lang, reading=report.reading))
    return lines


def _head(content: ReportContent, lang: str) -> list[Block]:
    office, period = content.office, content.period
    own = (
        *((Line(office.parent, 11.5, "plain", "center", 0),) if office.parent else ()),
        Line(office.name, 11.5, "bold", "center", 0),
    )
    return [
        Columns(
            (
                (*own, Line(say("period", "number", lang), 11.5, "plain", "center", 6)),
                (
                    Line(say("lot_minutes", "republic", lang), 11, "bold", "center", 0),
                    Line(say("lot_minutes", "motto", lang), 11.5, "bold", "center", 0),
                    Line(say("period", "place", lang, place=office.place), 11.5, "plain", "center", 6),
                ),
            )
        ),
        Line(say("period", "title", lang), 15, "bold", "center", 22),
        Line(say("period", "subject", lang, period=period_words(period, lang)), 13, "bold", "center", 2),
        Line(say("period", "part_of", lang), 11, "plain", "center", 2),
        *(Line(line, 11.5, "bold", before=10) for line in _correction(content, lang)),
    ]


def _correction(content: ReportContent, lang: str) -> list[str]:
    old = content.corrects
    if old is None:
        return []
    at = moment_text(datetime.fromisoformat(old.at), lang)
    return [say("period", "corrects", lang, id=old.id[:16], at=at, reason=old.reason)]


def _section(key: str, lang: str, keep: float = 40.0) -> Line:
    return Line(say("period", key, lang), 12.5, "bold", before=12, keep=keep)


def _results(report: QuotaReport, content: ReportContent, lang: str) -> Iterator[Block]:
    period = content.period
    days = {"first": day_text(period.first, lang), "closing": day_text(period.closing, lang)}
    yield _section("results", lang)
    yield Line(say("period", "opening", lang, period=period_words(period, lang), **days), indent=_INDENT)
    whole = province(report)
    yield Line(_told(whole, "whole", lang), indent=_INDENT)
    shown = totals(report)
    for row in shown:
        yield Line(f"- {_told(row, 'of_level', lang)}", indent=_INDENT)
    keys = (
        "unknown_validity",
        "excess",
        "uncovered",
        "flow",
        "uncoded",
        "sector_db",
        "signed",
        "delivered",
        "elsewhere",
    )
    beside = [
        say("period", f"beside_{key}", lang, count=number_text(getattr(whole, key), lang))
        for key in keys
        if getattr(whole, key)
    ]
    if beside:
        yield Line(say("period", "beside", lang, parts="; ".join(beside)), indent=_INDENT)
    bars = tuple(_bar(row, text(f"level.{row.level}", lang), lang) for row in shown if row.rate is not None)
    if bars:
        yield Line(say("period", "chart", lang), 11, "bold", "center", 10, keep=30.0 + 24.0 * len(bars))
        yield Bars((*bars, _bar(whole, say("period", "province", lang), lang)))
        yield Line(say("period", "chart_key", lang), 9.5, "plain", "center", 2)


def _bar(row: QuotaRow, name: str, lang: str) -> Bar:
    share = row.rate.low if row.rate else 0.0
    return Bar(name, share, row.target, _rate(row, lang))


def _rate(row: QuotaRow, lang: str) -> str:
    if row.rate is None:
        return "–"
    low, high = share_text(row.rate.low, lang), share_text(row.rate.high, lang)
    return low if low == high else f"{low} – {high}"


def _told(row: QuotaRow, key: str, lang: str) -> str:
    """One level, or the province, in a sentence."""
    who = {"level": text(f"level.{row.level}", lang)}
    if row.ended_on is not None:
        ended = {"day": day_text(row.ended_on, lang), "digitised": number_text(row.digitised, lang)}
        return say("period", f"{key}_ended", lang, **ended, **who)
    if row.rate is None or row.numerator is None or row.denominator is None:
        uncounted = number_text(row.digitised, lang)
        return say("period", f"{key}_uncounted", lang, digitised=uncounted, **who)
    said = say(
        "period",
        key,
        lang,
        in_force=number_text(row.denominator, lang),
        counted=number_text(row.numerator.low, lang),
        rate=_rate(row, lang),
        **who,
    )
    gap = points(row)
    if gap is None or row.target is None:
        return f"{said}."
    way = "above" if gap > 0 else "below" if gap < 0 else "equal"
    target = share_text(row.target, lang)
    return f"{said}, {say('period', way, lang, target=target, points=number_text(abs(gap), lang, 2))}."


def _missing(content: ReportContent, lang: str) -> list[tuple[str, tuple[str, ...]]]:
    return [
        (say("period", "missing", lang, level=text(f"level.{level}", lang), count=len(units)), units)
        for level, units in content.without_inventory
        if units
    ]


def _without_inventory(content: ReportContent, lang: str) -> Iterator[Block]:
    yield _section("no_inventory", lang)
    missing = _missing(content, lang)
    if not missing:
        yield Line(say("period", "all_sent", lang), indent=_INDENT)
    for name, units in missing:
        yield Line(f"{name}: {', '.join(units)}.", 11.5, indent=_INDENT)


def _difficulties(content: ReportContent, lang: str) -> Iterator[Block]:
    yield _section("difficulties", lang)
    for paragraph in content.difficulties or ("." * 150, "." * 150):
        yield Line(paragraph, indent=_INDENT if content.difficulties else 0.0)


def _signature(content: ReportContent, lang: str) -> Iterator[Block]:
    office = content.office
    recipients = [part.strip() for part in office.recipients.split(";") if part.strip()]
    capacity = [part.strip() for part in office.capacity.split(" / ") if part.strip()]
    yield Line("", 4, keep=_TO_SIGN)
    yield Columns(
        (
            (
                Line(say("period", "recipients", lang), 11, "bold", before=0),
                *(Line(f"- {each};", 10.5, before=0) for each in recipients),
            ),
            (
                *(Line(each, 12, "bold", "center", 0) for each in capacity),
                Line(say("lot_minutes", "sign", lang), 10, "plain", "center", 0),
                Line(" ", 12, before=60),
            ),
        ),
        before=16,
    )


def _table(rows: list[AnnexRow], lang: str) -> Grid:
    strong = frozenset(at for at, row in enumerate(rows) if row.is_total)
    right = frozenset(at for at, key in enumerate(COLUMNS) if key not in WORDS or key == "number")
    cells = tuple(tuple(_cell(row, key, lang) for key in COLUMNS) for row in rows)
    return Grid(heads(lang), cells, tuple(_SHARES[key] for key in COLUMNS), right, 7, strong=strong)


def _cell(row: AnnexRow, key: str, lang: str) -> str:
    value = getattr(row, key)
    if value is None:
        return "–"
    if key in WORDS:
        return str(value)
    if key in SHARES:
        return share_text(value, lang)
    if key == "difference":
        return f"{'−' if value < 0 else '+' if value > 0 else ''}{number_text(abs(value), lang, 2)}"
    return number_text(value, lang)
