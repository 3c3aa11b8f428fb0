"""One short quality report a batch: a static page that opens offline, prints on A4 and fits a telephone.

No script, no outside resource; style and charts are inside the page. Owners' numbers are masked. The same
data give the same bytes. Sentences of findings come through `render`, which the caller hands in; the page's
own words are in the table of words under `[report]`. May import schemas.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from quality.pages import template, write_page
from quality.report_audit import corrections, duplicates, fingerprint, named_expectations, pictures_by_rule
from quality.report_voice import Render, Voice
from schemas.calibration import ENOUGH
from schemas.documents import Route
from schemas.findings import Finding, Severity
from schemas.masking import mask, mask_code
from schemas.reports import OUTCOMES, BatchReportData, Example, ReportedFile, ReportedPaper
from schemas.wording import say

MOST_ROWS: Final = 60  # of a list; the page stays short, the review workbook has them all
MOST_SENTENCES: Final = 4  # of one rule
_BINS: Final = 10
_LOW: Final = 0.6  # where the histogram's bars change their colour
_ORDER: Final = (Severity.ERROR, Severity.WARNING, Severity.INFO)
_ROUTES: Final = (Route.ACCEPTED, Route.REVIEW, Route.RESCAN, Route.PARTIAL)
_URGENCY: Final = (Route.PARTIAL, Route.RESCAN, Route.REVIEW)


@dataclass(frozen=True)
class Part:
    """One part of a whole in a chart: label, count, share of 1, tone (a CSS class)."""

    label: str
    count: int
    share: float
    tone: str


@dataclass(frozen=True)
class Bar:
    """One bar of the histogram in the units of its drawing."""

    x: float
    y: float
    width: float
    height: float
    count: int
    label: str


@dataclass(frozen=True)
class RuleGroup:
    """Findings of one rule: total, sentences with counts, number of sentences omitted."""

    rule: str
    severity: str
    count: int
    sentences: list[tuple[str, int]]
    unsaid: int
    remedy: str | None


@dataclass(frozen=True)
class Attention:
    """An item that needs attention: file, pages, what it is, why."""

    file: str
    pages: str
    kind: str
    number: str
    route: str
    reasons: list[str]


def write_batch_report(
    data: BatchReportData, out: Path, render: Render, lang: str = "vi", examples: Sequence[Example] = ()
) -> Path:
    """Write the report of a batch to `out`, whole or not at all, readable by its owner alone."""
    page = report_page(data, render, lang, examples)
    return write_page(page, out)


def report_page(
    data: BatchReportData, render: Render, lang: str = "vi", examples: Sequence[Example] = ()
) -> str:
    """The report as HTML; `examples` are pictures of where findings were made."""
    voice = Voice(lang, render)
    waiting = _attention(data, voice)
    return template("batch_report.html").render(
        data=data,
        lang=lang,
        t=voice.say,
        n=voice.number,
        percent=voice.percent,
        moment=voice.moment,
        took=_took(data, voice),
        lost=lost_pages(data),
        waiting=waiting[:MOST_ROWS],
        waiting_more=max(0, len(waiting) - MOST_ROWS),
        waiting_total=len(waiting),
        aside=[_aside(file, voice) for file in data.files_aside[:MOST_ROWS]],
        aside_more=max(0, len(data.files_aside) - MOST_ROWS),
        pages=_page_parts(data, voice),
        files=_file_parts(data, voice),
        routes=_parts(
            [(voice.say(f"route_{route}"), _routes(data)[route], f"route-{route}") for route in _ROUTES]
        ),
        kinds=_kind_parts(data, voice),
        verdicts=_counted((str(paper.verdict) for paper in _own(data)), "verdict", voice),
        structures=_counted((paper.structure for paper in _own(data)), "structure", voice),
        validities=_counted((str(paper.validity) for paper in _own(data)), "validity", voice),
        histogram=histogram(data.page_confidence),
        median=median(data.page_confidence) if data.page_confidence else 0.0,
        low=sum(value < _LOW for value in data.page_confidence),
        uncalibrated=data.checked is not None and data.checked < ENOUGH,
        enough=ENOUGH,
        groups=rule_groups(data, voice),
        pictures=pictures_by_rule(examples),
        corrections=corrections(data, voice),
        copies=duplicates(data, voice),
        expectations=named_expectations(data.expectations, data.papers, voice),
        tally=data.expectations.tally if data.expectations else None,
        outcomes=OUTCOMES,
        fingerprint=fingerprint(data),
        places=[(say("place", what, lang), where) for what, where in data.places],
        mask=mask,
        code=mask_code,
    )


def lost_pages(data: BatchReportData) -> int:
    """Unaccounted pages by either of the two counts; must be 0."""
    return max(data.pages.in_ - data.pages.accounted, data.fates.in_ - data.fates.accounted)


def histogram(values: Sequence[float], width: float = 640, height: float = 150) -> list[Bar]:
    """Ten bars over 0–1; the last holds 1 itself. Empty without values."""
    if not values:
        return []
    counts = Counter(min(_BINS - 1, max(0, int(value * _BINS))) for value in values)
    step, most = width / _BINS, max(counts.values())
    return [
        Bar(
            x=step * bin_ + 2,
            y=height - height * counts[bin_] / most,
            width=step - 4,
            height=height * counts[bin_] / most,
            count=counts[bin_],
            label=f"{bin_ * 10}–{bin_ * 10 + 10}",
        )
        for bin_ in range(_BINS)
    ]


def rule_groups(data: BatchReportData, voice: Voice) -> list[RuleGroup]:
    """Findings by rule, the heaviest and most frequent first."""
    grouped: dict[tuple[str, Severity], list[Finding]] = defaultdict(list)
    for finding in _all_findings(data):
        grouped[finding.rule, finding.severity].append(finding)
    ordered = sorted(grouped.items(), key=lambda item: (_ORDER.index(item[0][1]), -len(item[1]), item[0][0]))
    return [_group(rule, severity, findings, voice) for (rule, severity), findings in ordered]


def _group(rule: str, severity: Severity, findings: Sequence[Finding], voice: Voice) -> RuleGroup:
    sentences = [voice.sentence(finding) for finding in findings]
    common = Counter(message for message, _ in sentences).most_common()
    remedy = next((remedy for _, remedy in sentences if remedy), None)
    return RuleGroup(
        rule,
        str(severity),
        len(findings),
        common[:MOST_SENTENCES],
        max(0, len(common) - MOST_SENTENCES),
        remedy,
    )


def _all_findings(data: BatchReportData) -> Iterable[Finding]:
    yield from data.findings
    for paper in data.papers:
        yield from paper.findings


def _own(data: BatchReportData) -> list[ReportedPaper]:
    """Documents that are not duplicates of another."""
    return [paper for paper in data.papers if paper.linked_to is None]


def _routes(data: BatchReportData) -> Counter[Route]:
    return Counter(paper.route for paper in _own(data))


def _attention(data: BatchReportData, voice: Voice) -> list[Attention]:
    wanting = [paper for paper in _own(data) if paper.route in _URGENCY]
    wanting.sort(key=lambda paper: (_URGENCY.index(paper.route), paper.file, paper.pages))
    return [
        Attention(
            file=mask(paper.file),
            pages=voice.pages(paper.pages),
            kind=data.kind_titles.get(paper.kind or "", paper.kind or voice.say("kind_unknown")),
            number=mask(paper.number or "—"),
            route=str(paper.route),
            reasons=_reasons(paper.findings, voice) or [voice.say("no_reason")],
        )
        for paper in wanting
    ]


def _reasons(findings: Sequence[Finding], voice: Voice) -> list[str]:
    weighty = [finding for finding in findings if finding.severity != Severity.INFO]
    weighty.sort(key=lambda finding: _ORDER.index(finding.severity))
    return list(dict.fromkeys(voice.sentence(finding)[0] for finding in weighty))


def _aside(file: ReportedFile, voice: Voice) -> tuple[str, str, list[str], list[str]]:
    sentences = [voice.sentence(finding) for finding in file.findings]
    remedies = list(dict.fromkeys(remedy for _, remedy in sentences if remedy))
    return (mask(file.name), str(file.status), list(dict.fromkeys(text for text, _ in sentences)), remedies)


def _parts(rows: Iterable[tuple[str, int, str]]) -> list[Part]:
    kept = list(rows)
    total = sum(count for _, count, _ in kept) or 1
    return [Part(label, count, count / total, tone) for label, count, tone in kept]


def _page_parts(data: BatchReportData, voice: Voice) -> list[Part]:
    fates = data.fates
    rows = [
        ("pages_documents", fates.documents, "good"),
        ("pages_blank", fates.blank, "quiet"),
        ("pages_separators", fates.separators, "quiet-2"),
        ("pages_duplicates", fates.duplicates, "info"),
        ("pages_set_aside", fates.set_aside, "warn"),
        ("pages_lost", lost_pages(data), "bad"),
    ]
    return _parts(
        (voice.say(key), count, tone) for key, count, tone in rows if count or key == "pages_documents"
    )


def _file_parts(data: BatchReportData, voice: Voice) -> list[Part]:
    files = data.files
    rows = [
        ("files_read", files.read, "good"),
        ("files_set_aside", files.set_aside, "warn"),
        ("files_not_started", files.not_started, "quiet"),
    ]
    return _parts((voice.say(key), count, tone) for key, count, tone in rows)


def _kind_parts(data: BatchReportData, voice: Voice) -> list[Part]:
    counts = Counter(paper.kind for paper in _own(data))
    rows = sorted(counts.items(), key=lambda item: (-item[1], item[0] or ""))
    unknown = voice.say("kind_unknown")
    return _parts(
        (data.kind_titles.get(kind, kind) if kind else unknown, count, "kind" if kind else "quiet")
        for kind, count in rows
    )


def _counted(values: Iterable[str], family: str, voice: Voice) -> list[Part]:
    counts = Counter(values)
    rows = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return _parts((voice.say(f"{family}_{value}"), count, f"{family}-{value}") for value, count in rows)


def _took(data: BatchReportData, voice: Voice) -> str:
    if data.started is None or data.ended is None:
        return "—"
    seconds = max(0, round((data.ended - data.started).total_seconds()))
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    key = "took_hours" if hours else "took" if minutes else "took_seconds"
    return voice.say(key, hours=hours, minutes=minutes, seconds=seconds)
