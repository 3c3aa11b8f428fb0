"""Minutes (biên bản) of accepting the work of a contractor or a postal operator, as blocks of a PDF. Pure.

Volume is told in papers, pages and A4 equivalents (DOMAIN.md §2.5); errors by class with a 95 % interval. Identifiers are
masked: the minutes go to people who need not know whose papers these are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from engines.text_pdf import Block, Columns, Grid, Line
from quality.lot_sheet import item_name
from schemas.lots import ClassResult, DrawnPaper, Judged, LotDecision, LotState
from schemas.masking import mask, mask_value
from schemas.numerals import moment_text, number_text, share_text
from schemas.wording import say

_SIZES: Final = {"1": "A4", "2": "A3", "4": "A2", "8": "A1", "16": "A0"}
_MOST_SHOWN: Final = 200
_TO_SIGN: Final = 210.0  # points: the conclusion stands on one page with the signatures


def minutes(state: LotState, decision: LotDecision, office: str, lang: str) -> list[Block]:
    """The minutes of a decided lot.

    Args:
        state: the lot with its sample and findings.
        decision: what was decided.
        office: whose minutes they are; empty: a dotted line to fill in.
        lang: `vi` or `en`.
    """

    def tell(key: str, **params: object) -> str:
        return say("lot_minutes", key, lang, **params)

    lot = state.lot
    inspectors = ", ".join(sorted({each.operator for each in state.judged})) or "–"
    dots = "." * 60
    blocks: list[Block] = [
        Columns(
            (
                (Line(office or "." * 30, 11, "bold", "center", 0),),
                (
                    Line(tell("republic"), 11, "bold", "center", 0),
                    Line(tell("motto"), 11.5, "bold", "center", 0),
                ),
            )
        ),
        Line(tell("title"), 15, "bold", "center", 22),
        Line(tell("number", number=lot.id), 12, "plain", "center", 2),
        Line(tell("basis"), before=12),
        Line(tell("contractor", name=lot.contractor or dots)),
        Line(tell("batches", batches=", ".join(lot.batches) or "–")),
        Line(tell("drawn", who=lot.operator, moment=_moment(lot.at, lang))),
        Line(tell("inspected", who=inspectors)),
        Line(tell("volume"), 12, "bold", before=10),
        _volume(state, lang),
        Line(tell("sampling"), 12, "bold", before=12),
        Line(_plan(state, lang)),
        Line(tell("draw_again", seed=lot.seed, digest=lot.digest), 9.5),
        _outcomes(state, decision.results, lang),
        Line(tell("interval"), 9.5, before=3),
        Line(tell("found"), 12, "bold", before=12),
        *_defects(state, lang),
        Line(tell("conclusion"), 12, "bold", before=12, keep=_TO_SIGN),
        Line(tell(f"verdict_{decision.verdict}", papers=number_text(lot.size, lang)), 12, "bold"),
        *([Line(tell("by_hand"))] if decision.by_hand else []),
        *([Line(tell("note", note=mask(decision.note)))] if decision.note else []),
        Line(tell("decided", who=decision.operator, moment=_moment(decision.at, lang))),
        Columns(
            tuple(
                (
                    Line(tell(f"sign_{who}"), 11.5, "bold", "center", 0),
                    Line(tell("sign"), 9.5, "plain", "center", 0),
                )
                for who in ("contractor", "inspector", "leader")
            ),
            before=26,
        ),
    ]
    return blocks


def _moment(at: str, lang: str) -> str:
    return moment_text(datetime.fromisoformat(at), lang) if at else "–"


def _plan(state: LotState, lang: str) -> str:
    lot = state.lot
    told = {"level": lot.level, "size": number_text(lot.size, lang), "sample": len(state.papers)}
    return say("lot_minutes", f"plan_{lot.plan}", lang, **told)


def _volume(state: LotState, lang: str) -> Grid:
    lot = state.lot
    rows = [
        (_SIZES.get(size, size), number_text(count, lang), size, number_text(int(size) * count, lang))
        for size, count in lot.sizes.items()
    ]
    total = (
        say("lot_minutes", "total", lang, papers=number_text(lot.size, lang)),
        number_text(lot.pages, lang),
        "",
        number_text(lot.a4, lang),
    )
    heads = tuple(say("lot_minutes", f"head_{key}", lang) for key in ("size", "pages", "factor", "a4"))
    return Grid(heads, (*rows, total), (0.4, 0.2, 0.2, 0.2), frozenset({1, 2, 3}))


def outcome_cells(results: Sequence[ClassResult], state: LotState, lang: str) -> list[tuple[str, ...]]:
    """One row a class: AQL, letter, n, Ac, Re, papers with an error, their share, its interval, and whether that passes."""
    plans = {plan.name: plan for plan in state.lot.classes}
    rows: list[tuple[str, ...]] = []
    for each in results:
        plan = plans[each.name]
        # An audit estimates; it accepts and rejects nothing.
        allowed = ("–", "–") if each.name == "audit" else (str(each.accept), str(each.accept + 1))
        share = share_text(each.wrong / each.inspected, lang) if each.inspected else "–"
        aql = number_text(plan.aql, lang, 2 if plan.aql < 1 else 1) if plan.aql is not None else "–"
        rows.append(
            (
                say("lot_class", each.name, lang),
                aql,
                plan.letter or "–",
                f"{each.inspected}/{each.n}",
                *allowed,
                str(each.wrong),
                share,
                f"{share_text(each.low, lang)} – {share_text(each.high, lang)}",
                "–" if each.name == "audit" else say("lot_minutes", _outcome(each), lang),
            )
        )
    return rows


def _outcome(each: ClassResult) -> str:
    if each.passes or each.wrong > each.accept:
        return "passes" if each.passes else "fails"
    return "open"  # not all of the sample is judged


OUTCOME_HEADS: Final = ("class", "aql", "letter", "n", "ac", "re", "wrong", "share", "interval", "verdict")


def _outcomes(state: LotState, results: Sequence[ClassResult], lang: str) -> Grid:
    heads = tuple(say("lot_minutes", f"head_{key}", lang) for key in OUTCOME_HEADS)
    shares = (0.19, 0.07, 0.07, 0.09, 0.06, 0.06, 0.08, 0.1, 0.17, 0.11)
    return Grid(heads, tuple(outcome_cells(results, state, lang)), shares, frozenset(range(1, 9)), 9)


def _defects(state: LotState, lang: str) -> list[Block]:
    papers = {paper.document_id: paper for paper in state.papers}
    wrong = sorted(
        (each for each in state.judged if not each.right), key=lambda each: papers[each.document_id].place
    )
    if not wrong:
        return [Line(say("lot_minutes", "none_found", lang))]
    heads = tuple(say("lot_minutes", f"head_{key}", lang) for key in ("place", "file", "item", "said", "is"))
    rows = tuple(_defect(papers[each.document_id], each, lang) for each in wrong[:_MOST_SHOWN])
    grid = Grid(heads, rows, (0.07, 0.26, 0.2, 0.22, 0.25), frozenset({0}), 9)
    if len(wrong) <= _MOST_SHOWN:
        return [grid]
    more = say("lot_minutes", "more_found", lang, count=len(wrong) - _MOST_SHOWN)
    return [grid, Line(more, 9.5)]


def _defect(paper: DrawnPaper, judged: Judged, lang: str) -> tuple[str, ...]:
    value = next(item.value for item in paper.items if item.target == judged.target)
    told = "; ".join(part for part in (judged.right_value, judged.note) if part)
    place = " / ".join(part for part in (paper.box, paper.folder, paper.file) if part)
    return (
        str(paper.place),
        mask(f"{paper.batch}: {place}"),
        item_name(judged.target, lang),
        mask_value(judged.target, value),
        mask_value(judged.target, told) or "–",
    )
