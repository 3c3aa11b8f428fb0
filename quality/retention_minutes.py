"""Minutes of a review of retention: papers due, or those that one paper decided. Blocks of a document, and rows. Pure.

Identifiers are masked: the minutes go to people who need not know whose papers these are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from engines.text_pdf import Block, Columns, Grid, Line
from schemas.masking import mask, mask_code
from schemas.numerals import day_text, number_text
from schemas.retention import RetentionDecision, ReviewedPaper
from schemas.wording import say

COLUMNS: Final = ("place", "file", "number", "term", "start", "over_on", "outcome")
_SHARES: Final = (0.2, 0.2, 0.14, 0.1, 0.1, 0.12, 0.14)
_TO_SIGN: Final = 160.0  # points: room for the signatures on the page of the conclusion


def heads(lang: str, columns: Sequence[str] = COLUMNS) -> tuple[str, ...]:
    """Headings of the columns."""
    return tuple(say("retention", f"head_{column}", lang) for column in columns)


def rows(
    papers: Sequence[ReviewedPaper],
    lang: str,
    decided: Mapping[str, RetentionDecision],
    columns: Sequence[str] = COLUMNS,
) -> list[tuple[str, ...]]:
    """One row a paper; the opinion is empty for the council to fill in until something is decided."""
    return [tuple(_cell(paper, column, lang, decided) for column in columns) for paper in papers]


def minutes(
    papers: Sequence[ReviewedPaper],
    decided: Mapping[str, RetentionDecision],
    *,
    day: date,
    document: str,
    unknown: int,
    office: str,
    lang: str,
) -> list[Block]:
    """The minutes as blocks.

    Args:
        papers: on the list.
        decided: what was decided of them.
        day: the day asked for.
        document: number of the paper that decided; empty: papers due, of which nothing is decided yet.
        unknown: papers whose term is not known.
        office: whose minutes they are; empty: a dotted line to fill in.
        lang: `vi` or `en`.
    """

    def tell(key: str, **params: object) -> str:
        return say("retention_minutes", key, lang, **params)

    count = number_text(len(papers), lang)
    told = (
        tell("count_decided", count=count)
        if document
        else tell("count", count=count, unknown=number_text(unknown, lang))
    )
    signers = ("archivist", "council", "leader")
    return [
        Columns(
            (
                (Line(office or "." * 30, 11, "bold", "center", 0),),
                (
                    Line(tell("republic"), 11, "bold", "center", 0),
                    Line(tell("motto"), 11.5, "bold", "center", 0),
                ),
            )
        ),
        Line(tell("title"), 14, "bold", "center", 22),
        Line(tell("day", day=day_text(day, lang)), 12, "plain", "center", 2),
        *([Line(tell("by_document", document=mask(document)), 12, "plain", "center", 2)] if document else []),
        Line(told, before=12),
        Grid(heads(lang), tuple(rows(papers, lang, decided)), _SHARES, frozenset({4}), 9),
        Line(tell("rule"), 9.5, before=8),
        Line(tell("kept"), 9.5, keep=_TO_SIGN),
        Columns(
            tuple(
                (
                    Line(tell(f"sign_{who}"), 11.5, "bold", "center", 0),
                    Line(tell("sign"), 9.5, "plain", "center", 0),
                )
                for who in signers
            ),
            before=26,
        ),
    ]


def _cell(paper: ReviewedPaper, column: str, lang: str, decided: Mapping[str, RetentionDecision]) -> str:
    if column == "outcome":
        return _outcome(decided.get(paper.document), lang)
    if column == "code":
        return mask_code(paper.code) if paper.code else ""
    if column == "state":
        state = say("retention", f"state_{paper.state}", lang)
        return f"{state}: {say('retention', f'why_{paper.why}', lang)}" if paper.why else state
    if column == "held":
        return say("retention", "yes", lang) if paper.held else ""
    if column == "over_on":
        return day_text(paper.over_on, lang) if paper.over_on else ""
    if column == "start":
        return str(paper.start or "")
    if column == "file":
        return mask(f"{paper.batch}: {paper.file}")
    return mask(str(getattr(paper, column) or ""))


def _outcome(decision: RetentionDecision | None, lang: str) -> str:
    if decision is None:
        return ""
    if decision.keep_until is not None:
        day = day_text(decision.keep_until, lang)
        return say("retention_minutes", "keep_until", lang, day=day)
    return say("retention_minutes", "handed_to", lang, to=mask(decision.handed_to))
