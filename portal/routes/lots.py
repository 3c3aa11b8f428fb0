"""`/lots`: acceptance by lots: their state, what was found, the minutes. A contractor sees lots of its batches alone."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from engines.text_pdf import write_pdf
from portal.rights import Right
from portal.sealed import made
from portal.visits import Visit, absent, page
from quality.lot_minutes import OUTCOME_HEADS, minutes, outcome_cells
from quality.sampling import results, sample_size, state_of, unjudged
from schemas.lots import LotState
from schemas.wording import say
from storage.catalogue import lots


def routes() -> list[BaseRoute]:
    """Lots."""
    return [
        page("/lots", _list, Right.LOOK),
        page("/lots/{number}", _one, Right.LOOK),
        page("/lots/{number}/minutes", _minutes, Right.LOOK),
    ]


def seen_by(visit: Visit) -> list[LotState]:
    """Lots whose papers the person sees all of, the last one first."""
    scope = visit.scope
    if scope.units is not None:
        return []
    held = lots.every(visit.house.database)
    mine = [
        each
        for each in held
        if scope.batches is None or (each.lot.batches and scope.batches.issuperset(each.lot.batches))
    ]
    return mine[::-1]


def _list(visit: Visit) -> Response:
    return visit.page("lots.html", rows=[_line(each) for each in seen_by(visit)])


def _line(state: LotState) -> dict[str, Any]:
    return {
        "lot": state.lot,
        "state": state_of(state),
        "sample": sample_size(state),
        "waiting": unjudged(state.papers, state.judged),
        "minutes": state.decision is not None and state.lot.plan != "audit",
    }


def _asked(visit: Visit) -> LotState:
    given = visit.part("number")
    number = int(given) if given.isdecimal() and len(given) < 10 else 0
    found = next((each for each in seen_by(visit) if each.lot.id == number), None)
    return found or absent()


def _one(visit: Visit) -> Response:
    state, lang = _asked(visit), visit.house.lang
    counted = state.decision.results if state.decision else results(state.lot, state.papers, state.judged)
    return visit.page(
        "lot.html",
        **_line(state),
        decision=state.decision,
        inspectors=sorted({each.operator for each in state.judged}),
        heads=[say("lot_minutes", f"head_{key}", lang) for key in OUTCOME_HEADS],
        outcomes=outcome_cells(counted, state, lang),
    )


def _minutes(visit: Visit) -> Response:
    state, lang = _asked(visit), visit.house.lang
    if state.decision is None or state.lot.plan == "audit":
        absent()
    number, office = state.lot.id, visit.house.settings.office.name or ""
    blocks = minutes(state, state.decision, office, lang)
    title = say("lot_minutes", "file_title", lang, number=number)
    footer = say("lot_minutes", "footer", lang, number=number, digest=state.lot.digest[:16])
    return made(
        visit,
        ".pdf",
        "application/pdf",
        f"bien-ban-lo-{number}.pdf",
        lambda out: write_pdf(blocks, out, title=title, footer=footer),
    )
