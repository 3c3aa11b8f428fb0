"""Data Docs of a batch: one offline page that explains in plain words what was checked and what failed.

great-expectations' own page needs ten files from content networks, a remote logo and scripts, and shows Python; this one
is made from the same validation, and its numbers and names are those of the batch's report. A content-security policy
holds the browser to it. May import schemas.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from quality.expectations import Validated
from quality.pages import template, write_page
from quality.report_audit import ShownExpectation, named_expectations
from quality.report_voice import Voice
from schemas.expectations import Expectation
from schemas.masking import mask
from schemas.numerals import day_text
from schemas.reports import OUTCOMES, Outcome, ReportedPaper
from schemas.wording import say

MOST_LISTED: Final = 200  # documents of one failed expectation
# Items that need action come first.
_ORDER: Final[tuple[Outcome, ...]] = ("failed", "broken", "met", "idle")


@dataclass(frozen=True)
class Explained:
    """One expectation on the page: result, how it is checked, and since when it is in force."""

    shown: ShownExpectation
    rule: str
    since: str | None


def write_data_docs(validated: Validated, papers: Sequence[ReportedPaper], out: Path, voice: Voice) -> Path:
    """Write the page of a validation to `out`, whole or not at all, readable by its owner alone.

    `papers` are the documents of the batch, for their names.
    """
    page = data_docs_page(validated, papers, voice)
    return write_page(page, out)


def data_docs_page(validated: Validated, papers: Sequence[ReportedPaper], voice: Voice) -> str:
    """The page as HTML."""
    report = validated.report
    shown = named_expectations(report, papers, voice, MOST_LISTED)
    explained = [
        _explained(expectation, row, voice) for expectation, row in zip(validated.suite, shown, strict=True)
    ]
    groups = [(outcome, [row for row in explained if row.shown.outcome == outcome]) for outcome in _ORDER]
    return template("data_docs.html").render(
        lang=voice.lang,
        batch=mask(report.batch),
        documents=report.documents,
        total=len(report.results),
        tally=report.tally,
        outcomes=OUTCOMES,
        groups=[(outcome, rows) for outcome, rows in groups if rows],
        version=validated.version,
        t=voice.say,
        d=lambda key, **params: say("data_docs", key, voice.lang, **params),
        n=voice.number,
    )


def _explained(expectation: Expectation, shown: ShownExpectation, voice: Voice) -> Explained:
    params = {
        name: day_text(value, voice.lang) if isinstance(value, date) else value
        for name, value in expectation.arguments.items()
    }
    since = expectation.effective_from
    return Explained(
        shown=shown,
        rule=say("expectation_rule", expectation.key, voice.lang, **params),
        since=day_text(since, voice.lang) if since else None,
    )
