"""Lots as people and programs see them: how one was drawn, what was found, what was decided; identifiers are masked."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any

from cli.shapes import shown
from cli.tables import print_table
from quality.lot_minutes import OUTCOME_HEADS, outcome_cells
from quality.lot_sheet import item_name
from quality.sampling import results, sample_size, state_of, unjudged
from schemas.lots import LotState
from schemas.masking import mask, mask_value
from schemas.numerals import moment_text, number_text
from schemas.wording import say, text
from workspace.lot_drawing import Drawn


def lot_json(state: LotState) -> dict[str, Any]:
    """One lot for programs; identifiers are masked."""
    items = {(paper.document_id, item.target): item for paper in state.papers for item in paper.items}
    counted = state.decision.results if state.decision else results(state.lot, state.papers, state.judged)
    return {
        **state.lot.model_dump(mode="json"),
        "a4_equivalents": state.lot.a4,
        "state": state_of(state),
        "sample": sample_size(state),
        "waiting": unjudged(state.papers, state.judged),
        "papers": [
            {"document_id": paper.document_id, "place": paper.place, "batch": paper.batch, "file": paper.file}
            for paper in state.papers
        ],
        "results": [each.model_dump(mode="json") for each in counted],
        "errors": [
            {
                "document_id": each.document_id,
                "target": each.target,
                "value": mask_value(each.target, items[each.document_id, each.target].value),
                "right_value": mask_value(each.target, each.right_value),
                "note": mask(each.note),
                "operator": each.operator,
                "at": each.at,
            }
            for each in state.judged
            if not each.right
        ],
        "inspectors": sorted({each.operator for each in state.judged}),
        "decision": state.decision and state.decision.model_dump(mode="json", exclude={"results"}),
    }


def print_drawn(done: Drawn, lang: str) -> None:
    """What was drawn, and what to do next."""
    state = LotState(done.lot, done.papers, (), None)
    key = "drawn_audit" if done.lot.plan == "audit" else "drawn"
    told = {"number": done.lot.id, "sample": number_text(sample_size(state), lang), "seed": done.lot.seed}
    lines = [text(f"lots.{key}", lang, **told, size=number_text(done.lot.size, lang))]
    if done.left_out:
        lines.append(text("lots.left_out", lang, count=number_text(done.left_out, lang)))
    lines.append(text("lots.next", lang, number=done.lot.id))
    sys.stdout.write("\n".join(lines) + "\n")


def print_lot(state: LotState, lang: str) -> None:
    """One lot with its counts, errors and verdict."""
    lot = state.lot
    told = {
        "number": lot.id,
        "plan": say("lot_plan", lot.plan, lang),
        "size": number_text(lot.size, lang),
        "sample": number_text(sample_size(state), lang),
        "who": lot.operator,
        "moment": moment_text(datetime.fromisoformat(lot.at), lang),
        "seed": lot.seed,
        "digest": lot.digest,
    }
    sys.stdout.write(text("lots.about", lang, **told) + "\n")
    counted = state.decision.results if state.decision else results(lot, state.papers, state.judged)
    heads = [say("lot_minutes", f"head_{key}", lang) for key in OUTCOME_HEADS]
    print_table(heads, outcome_cells(counted, state, lang), numbers=range(1, 9))
    _print_errors(state, lang)
    decision = state.decision
    if decision is None:
        waiting = number_text(unjudged(state.papers, state.judged), lang)
        sys.stdout.write(text(f"lots.is_{state_of(state)}", lang, waiting=waiting, number=lot.id) + "\n")
        return
    said = {"who": decision.operator, "moment": moment_text(datetime.fromisoformat(decision.at), lang)}
    sys.stdout.write(text(f"lots.is_{decision.verdict}", lang, **said) + "\n")
    if decision.note:
        sys.stdout.write(text("lots.note", lang, note=mask(decision.note)) + "\n")


def _print_errors(state: LotState, lang: str) -> None:
    papers = {paper.document_id: paper for paper in state.papers}
    for each in (judged for judged in state.judged if not judged.right):
        told = {
            "file": shown(papers[each.document_id].file),
            "item": item_name(each.target, lang),
            "right_value": mask_value(each.target, each.right_value) or "–",
            "note": mask(each.note) or "–",
        }
        sys.stdout.write(text("lots.error", lang, id=each.document_id, **told) + "\n")
