"""Draws lots for acceptance, and audits of accepted values: at random, with a recorded seed, from a recorded list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from configs.acceptance import load_acceptance
from quality.sampling import class_of, class_plans, drawn, list_digest
from schemas.calibration import machine_values
from schemas.clock import today
from schemas.documents import Document, Route
from schemas.errors import StoreError, UsageError
from schemas.events import EventType
from schemas.lots import (
    LEGIBILITY,
    OTHER,
    OWNER,
    Acceptance,
    ClassPlan,
    DrawnPaper,
    Item,
    LevelName,
    Lot,
    PlanName,
)
from schemas.review import KIND, RESULT_TYPE
from schemas.sidecars import PageFacts
from schemas.text import fold
from schemas.version import TOOL
from storage.catalogue import batches, documents, lots, runs
from storage.catalogue.documents import DocumentRow
from storage.catalogue.events import new_event_id
from storage.catalogue.provenance import new_event
from storage.sidecars import read_sidecar
from workspace.opening import Workspace

# What a person judges beside the values; the owner's name stands for the owner, whose paper it is to be.
_BESIDE: Final = (LEGIBILITY, OWNER, OTHER)


class Choice(NamedTuple):
    """How a lot is to be drawn; `named`: the seed was chosen by a person."""

    plan: PlanName
    level: LevelName
    seed: int
    contractor: str = ""
    named: bool = False


class Drawn(NamedTuple):
    """A lot with its sample, and the papers that were left out because an earlier lot had them accepted."""

    lot: Lot
    papers: tuple[DrawnPaper, ...]
    left_out: int = 0


def draw_lot(workspace: Workspace, names: Sequence[str], choice: Choice) -> Drawn:
    """Draw a lot of the accepted papers of some batches.

    Papers that an earlier lot had accepted are left out; those of a rejected one are drawn again.

    Raises:
        UsageError: there is no such batch, or no paper to draw, or one waits in another lot; or a seed was named by whoever
            did the work, who could have tried which sample pleases.
    """
    rows = _accepted(workspace, names)
    if choice.named:
        _refuse_own_seed(workspace, names, choice)
    known = lots.accepted_documents(workspace.database)
    fresh = {row.document.id: row for row in rows if row.document.id not in known}
    if not fresh:
        raise UsageError("no paper to draw", remedy="lot_empty", batches=", ".join(names))
    tables = load_acceptance(today())
    classes = class_plans(len(fresh), choice.plan, choice.level, tables)
    order = drawn(fresh, choice.seed)[: max(plan.n for plan in classes)]
    papers = [
        _paper(
            workspace, fresh[name], place, _items(fresh[name].document, place, choice.plan, classes, tables)
        )
        for place, name in enumerate(order, start=1)
    ]
    sizes = _sizes(workspace, fresh.values())
    lot = Lot(
        plan=choice.plan,
        level=choice.level if choice.plan == "iso2859" else None,
        seed=choice.seed,
        digest=list_digest(fresh),
        batches=tuple(sorted(names)),
        contractor=choice.contractor,
        size=len(fresh),
        classes=classes,
        pages=sum(sizes.values()),
        sizes=sizes,
        operator=workspace.operator,
    )
    return Drawn(_entered(workspace, lot, papers, fresh), tuple(papers), len(rows) - len(fresh))


def draw_audit(workspace: Workspace, names: Sequence[str], number: int, seed: int) -> Drawn:
    """Draw an audit sample of values that were accepted without a person, of some batches or of the whole home.

    The object is one value of one paper. If a share p of all values is wrong, n drawn at random are all right with
    probability (1 - p)^n. So n without an error prove, with 95 % certainty, p <= 1 - 0.05^(1/n): 0.5 % for 598.
    A smaller home is audited whole.

    Raises:
        UsageError: there is no such batch, or no such value.
    """
    chosen = names or [row.name for row in batches.batches(workspace.database)]
    rows = {row.document.id: row for row in _accepted(workspace, chosen)}
    items: dict[str, tuple[str, Item]] = {}
    for row in rows.values():
        for target, read in machine_values(
            row.document, workspace.rules.book.kind(row.document.kind)
        ).items():
            item = Item(
                target=target, group="audit", value=read.value, page=read.page, confidence=read.confidence
            )
            items[f"{row.document.id}:{target}"] = (row.document.id, item)
    if not items:
        raise UsageError("no value to draw", remedy="audit_empty")
    order = drawn(items, seed)[:number]
    by_paper: dict[str, list[Item]] = {}
    for key in order:
        document_id, item = items[key]
        by_paper.setdefault(document_id, []).append(item)
    papers = [
        _paper(workspace, rows[name], place, own)
        for place, (name, own) in enumerate(by_paper.items(), start=1)
    ]
    lot = Lot(
        plan="audit",
        seed=seed,
        digest=list_digest(items),
        batches=tuple(sorted(names)),
        size=len(items),
        classes=(ClassPlan(name="audit", n=len(order), accept=0),),
        operator=workspace.operator,
    )
    return Drawn(_entered(workspace, lot, papers, ()), tuple(papers))


def _refuse_own_seed(workspace: Workspace, names: Sequence[str], choice: Choice) -> None:
    sheets = [batches.batch(workspace.database, name).sheet for name in names]
    doers = runs.operators(workspace.database, names) | {sheet.operator or "" for sheet in sheets if sheet}
    if fold(workspace.operator) in {fold(name) for name in {*doers, choice.contractor} if name}:
        raise UsageError("a seed of one's own", remedy="lot_own_seed", operator=workspace.operator)


def _accepted(workspace: Workspace, names: Sequence[str]) -> list[DocumentRow]:
    """Accepted, stored papers of batches; second scans of one are left out."""
    found: list[DocumentRow] = []
    for name in names:
        batches.batch(workspace.database, name)  # refuses an unknown name
        found += documents.of_batch(workspace.database, name)
    return [
        row
        for row in found
        if row.document.route is Route.ACCEPTED and row.linked_to is None and row.pdfa_key is not None
    ]


def _items(
    document: Document, place: int, plan: PlanName, classes: Sequence[ClassPlan], tables: Acceptance
) -> list[Item]:
    """What is judged on a drawn paper: the values of each class whose sample it belongs to, and what stands beside them."""
    values: dict[str, tuple[str, int | None]] = {KIND: (document.kind or "", None)}
    if document.result_type is not None and document.result_type.value:
        values[RESULT_TYPE] = (document.result_type.value, None)
    values |= {
        name: (field.value, field.page) for name, field in document.fields.items() if field.value is not None
    }
    values |= dict.fromkeys(_BESIDE, ("", None))
    values[OWNER] = (document.value("owner_name") or document.value("owner_id") or "", None)
    reach = {each.name: each.n for each in classes}
    found = []
    for target, (value, page) in values.items():
        row = class_of(target, plan, tables.classes)
        if row is not None and place <= reach[row.name]:
            found.append(Item(target=target, group=row.name, value=value, page=page))
    return found


def _paper(workspace: Workspace, row: DocumentRow, place: int, items: Sequence[Item]) -> DrawnPaper:
    try:
        sheet = read_sidecar(workspace.store, row.sidecar_key).sheet
    except StoreError:  # where it was scanned is a help to find it, not what it is judged by
        sheet = None
    return DrawnPaper(
        document_id=row.document.id,
        place=place,
        batch=row.batch,
        file=row.file,
        box=(sheet and sheet.box) or "",
        folder=(sheet and sheet.file) or "",
        items=tuple(items),
    )


def _sizes(workspace: Workspace, rows: Iterable[DocumentRow]) -> dict[str, int]:
    """Pages by A4 equivalents. What the ledger no longer holds, after a rebuild, is in the sidecars."""
    counts: Counter[int] = Counter()
    facts: dict[str, dict[int, PageFacts]] = {}
    for row in rows:
        sha256 = row.document.sha256
        if sha256 not in facts:
            facts = {sha256: workspace.ledger.facts(sha256)}
        known = facts[sha256]
        if any(number not in known for number in row.document.pages):
            known = {page.number: page for page in read_sidecar(workspace.store, row.sidecar_key).pages}
        counts.update(known[number].measures.a4_equivalents for number in row.document.pages)
    return {str(size): counts[size] for size in sorted(counts)}


def _entered(workspace: Workspace, lot: Lot, papers: Sequence[DrawnPaper], members: Iterable[str]) -> Lot:
    event = new_event(
        EventType.LOT,
        "lot",
        "drawn",
        batch=None,
        agent=lot.operator,
        tool=TOOL,
        detail={
            "plan": lot.plan,
            "level": lot.level,
            "seed": lot.seed,
            "digest": lot.digest,
            "lot_size": lot.size,
            "sample": len(papers),
            "batches": ", ".join(lot.batches),
            "contractor": lot.contractor,
        },
    )
    entered = lots.add(workspace.database, lot, papers, members, new_event_id(), event)
    workspace.send()
    return entered
