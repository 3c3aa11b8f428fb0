"""Audit part of a batch's report: decisions by people, duplicates, failing papers by name, the fingerprint.

Pure; may import schemas.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from quality.report_voice import Voice
from schemas.masking import mask, mask_value
from schemas.reports import (
    BatchReportData,
    Example,
    ExpectationReport,
    Outcome,
    ReportedDecision,
    ReportedPaper,
)
from schemas.review import Action
from schemas.wording import say

MOST_DECISIONS: Final = 40
MOST_NAMED: Final = 6  # papers of one failed expectation
# Fields that may differ between reports of the same state.
_NOT_FIGURES: Final = {
    "made_at",
    "started",
    "ended",
    "operator",
    "places",
    "kind_titles",
    "field_titles",
    "code_form",
}


@dataclass(frozen=True)
class ShownDecision:
    """One row of what people decided."""

    at: str
    who: str
    paper: str
    target: str
    before: str
    after: str
    note: str


@dataclass(frozen=True)
class Corrections:
    """Decisions by people: counts, operators, and the first rows."""

    total: int
    papers: int
    changed: int
    confirmed: int
    who: list[tuple[str, int]]
    rows: list[ShownDecision]
    more: int


@dataclass(frozen=True)
class Copy:
    """One duplicate: the file, whether its bytes or its paper is a copy, and of what."""

    file: str
    how: str
    of: str


@dataclass(frozen=True)
class ShownExpectation:
    """One expectation with the papers that fail it, by name."""

    title: str
    outcome: Outcome
    severity: str
    checked: int
    failing: int
    papers: list[str]
    more: int
    detail: str


# Raised whenever the same records would give another fingerprint.
FINGERPRINT_VERSION: Final = 1


def fingerprint(data: BatchReportData) -> str:
    """SHA-256 over all figures and lists of a report; depends only on the reported state."""
    plain = data.model_dump(mode="json", exclude=_NOT_FIGURES)
    return hashlib.sha256(json.dumps(plain, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def pictures_by_rule(examples: Sequence[Example]) -> dict[str, list[tuple[str, str, int]]]:
    """Examples as data addresses, by rule: (address, file, page)."""
    found: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
    for example in examples:
        address = "data:image/jpeg;base64," + b64encode(example.jpeg).decode("ascii")
        found[example.rule].append((address, mask(example.file), example.page))
    return dict(found)


def corrections(data: BatchReportData, voice: Voice) -> Corrections:
    """Decisions by people, counted and listed."""
    changed = sum(_changes(reported) for reported in data.decisions)
    who = Counter(reported.said.operator for reported in data.decisions)
    return Corrections(
        total=len(data.decisions),
        papers=len({reported.document for reported in data.decisions}),
        changed=changed,
        confirmed=len(data.decisions) - changed,
        who=sorted(who.items(), key=lambda item: (-item[1], item[0])),
        rows=[_decision(reported, data, voice) for reported in data.decisions[:MOST_DECISIONS]],
        more=max(0, len(data.decisions) - MOST_DECISIONS),
    )


def _changes(reported: ReportedDecision) -> bool:
    """True if a decision differs from what the machine read."""
    decision = reported.said
    return decision.action is Action.ABSENT or (
        decision.action is Action.SET and decision.value != decision.old
    )


def _decision(reported: ReportedDecision, data: BatchReportData, voice: Voice) -> ShownDecision:
    decision = reported.said

    def shown(value: str | None) -> str:
        if not value:
            return "—"
        # Kinds are kept by their ids.
        return voice.value(mask_value(decision.target, data.kind_titles.get(value, value)))

    set_to = decision.action is Action.SET
    return ShownDecision(
        at=voice.moment(datetime.fromisoformat(decision.at)) if decision.at else "—",
        who=decision.operator,
        paper=mask(reported.file),
        target=data.field_titles.get(decision.target, decision.target),
        before=shown(decision.old),
        after=shown(decision.value) if set_to else voice.say(f"action_{decision.action}"),
        note=mask(decision.note) or "—",
    )


def duplicates(data: BatchReportData, voice: Voice) -> list[Copy]:
    """Files whose bytes came before, then papers that are another's second copy."""
    files = [
        Copy(mask(duplicate.file), voice.say("duplicate_file"), mask(duplicate.of))
        for duplicate in data.duplicates
    ]
    known = {paper.id: paper for paper in data.papers}
    papers = []
    for paper in data.papers:
        if paper.linked_to is not None:
            first = known.get(paper.linked_to)
            of = name_of(first, voice) if first else paper.linked_to
            papers.append(Copy(name_of(paper, voice), voice.say("duplicate_paper"), of))
    return [*files, *papers]


def name_of(paper: ReportedPaper, voice: Voice) -> str:
    """A paper as people find it: file, pages, number, and the start of its id."""
    pages = f" ({voice.say('pages_column').lower()} {voice.pages(paper.pages)})" if paper.pages else ""
    number = f" – {mask(paper.number)}" if paper.number else ""
    return f"{mask(paper.file)}{pages}{number} [{paper.id[:8]}]"


def named_expectations(
    report: ExpectationReport | None, papers: Sequence[ReportedPaper], voice: Voice, most: int = MOST_NAMED
) -> list[ShownExpectation]:
    """Every expectation in its order, with the names of the first `most` papers that fail it."""
    known = {paper.id: paper for paper in papers}
    rows = []
    for result in report.results if report else ():
        failing = sorted(name_of(known[id_], voice) if id_ in known else id_ for id_ in result.documents)
        rows.append(
            ShownExpectation(
                title=say("expectation", result.key, voice.lang),
                outcome=result.outcome,
                severity=str(result.severity),
                checked=result.checked,
                failing=result.unexpected,
                papers=failing[:most],
                more=max(0, len(failing) - most),
                detail=result.detail,
            )
        )
    return rows
