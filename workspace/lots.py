"""Takes an inspector's findings about a lot, and decides it; whoever worked on the papers may do neither."""

from __future__ import annotations

from collections.abc import Sequence

from quality.sampling import results, unjudged
from schemas.errors import UsageError
from schemas.events import EventType
from schemas.lots import Judged, LotDecision, LotState
from schemas.text import fold
from schemas.version import TOOL
from storage.catalogue import batches, lots
from storage.catalogue.events import new_event_id
from storage.catalogue.provenance import new_event
from workspace.opening import Workspace


def enter(
    workspace: Workspace, state: LotState, judged: Sequence[Judged], *, file: str, sha256: str
) -> tuple[int, int]:
    """Enter findings in the name of the operator. Returns how many were new, and how many items still wait.

    Raises:
        UsageError: the operator worked on the papers, or the lot is decided.
    """
    number = state.lot.id
    refuse_doer(workspace, state)
    signed = [each.model_copy(update={"operator": workspace.operator}) for each in judged]
    event = new_event(
        EventType.LOT,
        f"lot {number}",
        "inspected",
        batch=None,
        agent=workspace.operator,
        tool=TOOL,
        detail={"lot": number, "file": file, "sha256": sha256, "items": len(signed)},
    )
    new = lots.enter(
        workspace.database, number, signed, file=file, sha256=sha256, run=new_event_id(), event=event
    )
    workspace.send()
    after = lots.one(workspace.database, number)
    return new, unjudged(after.papers, after.judged)


def decide(workspace: Workspace, number: int, *, reject: bool, note: str) -> LotDecision:
    """Decide a lot by its counts; a person may reject it in spite of them, never accept.

    Raises:
        UsageError: it is an audit, or decided; items were not judged; the operator worked on the papers; or a person
            rejects it and gives no reason.
    """
    state = lots.one(workspace.database, number)
    if state.lot.plan == "audit":
        raise UsageError("an audit is not decided", remedy="lot_is_audit", number=number)
    if state.decision is not None:
        raise UsageError(f"lot {number} is decided", remedy="lot_decided", number=number)
    refuse_doer(workspace, state)
    if reject and not note.strip():
        raise UsageError("rejected without a reason", remedy="lot_reason_missing")
    if not reject and (waiting := unjudged(state.papers, state.judged)):
        raise UsageError(f"{waiting} not judged", remedy="lot_unjudged", number=number, count=waiting)
    counted = results(state.lot, state.papers, state.judged)
    passes = all(each.passes for each in counted)
    decision = LotDecision(
        verdict="accepted" if passes and not reject else "rejected",
        results=counted,
        by_hand=reject,
        note=note.strip(),
        operator=workspace.operator,
    )
    event = new_event(
        EventType.LOT,
        f"lot {number}",
        decision.verdict,
        batch=None,
        agent=workspace.operator,
        tool=TOOL,
        detail={
            "lot": number,
            "note": decision.note,
            **{each.name: f"{each.wrong}/{each.inspected}" for each in counted},
        },
    )
    lots.decide(workspace.database, number, decision, new_event_id(), event)
    workspace.send()
    return lots.one(workspace.database, number).decision or decision


def refuse_doer(workspace: Workspace, state: LotState) -> None:
    """Refuse an operator who worked on the papers of a lot, or is its contractor; names are compared without accents.

    Raises:
        UsageError: so it is; names everybody who worked on them.
    """
    names = [
        *lots.doers(workspace.database, state.lot.id),
        state.lot.contractor,
        *_scanning(workspace, state),
    ]
    known = sorted({name for name in names if name})
    if fold(workspace.operator) in {fold(name) for name in known}:
        raise UsageError(
            f"{workspace.operator} worked on lot {state.lot.id}",
            remedy="lot_own_work",
            operator=workspace.operator,
            names=", ".join(known),
        )


def _scanning(workspace: Workspace, state: LotState) -> list[str]:
    """Who scanned, as batch sheets name them."""
    sheets = [
        batches.batch(workspace.database, name).sheet
        for name in {*state.lot.batches, *(paper.batch for paper in state.papers)}
    ]
    return [sheet.operator for sheet in sheets if sheet is not None and sheet.operator]
