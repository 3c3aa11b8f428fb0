"""Acceptance by lots: which plan, which papers, and what the findings decide. Pure; same inputs, same answer.

TCVN 7790-1 (ISO 2859-1), single sampling, normal inspection. May import schemas; the tables arrive as arguments.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from quality.calibration import upper_bound
from schemas.lots import (
    EVERY_OTHER,
    Acceptance,
    ClassPlan,
    ClassResult,
    ClassRow,
    DrawnPaper,
    Judged,
    LetterRow,
    LevelName,
    Lot,
    LotState,
    PlanName,
    PlanRow,
)

_TAIL: Final = 0.025  # on either side of a two-sided 95 % interval
_ONE_TAIL: Final = 0.05


def list_digest(ids: Iterable[str]) -> str:
    """SHA-256 of the sorted list that is drawn from, one a line."""
    return hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()


def drawn(ids: Iterable[str], seed: int) -> list[str]:
    """The list in the order drawn: by the SHA-256 of `seed:id`, so that anybody can draw it again in any language."""
    return sorted(ids, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())


def letter_of(size: int, level: LevelName, letters: Sequence[LetterRow]) -> str:
    """Code letter of a lot. A single paper, smaller than any lot of the table, has the letter of the smallest lots."""
    fitting = [row for row in letters if row.last is None or size <= row.last]
    row = min(fitting, key=lambda candidate: candidate.first)
    return {"I": row.level_1, "II": row.level_2, "III": row.level_3}[level]


def plan_of(letter: str, aql: float, plans: Sequence[PlanRow]) -> PlanRow:
    """The plan of a letter and AQL, arrows followed: down to the next letter's plan, up to that of the letter before."""
    column = sorted((row for row in plans if row.aql == aql), key=lambda row: row.n)
    at = next(place for place, row in enumerate(column) if row.letter == letter)
    while isinstance(column[at].accept, str):
        at += 1 if column[at].accept == "down" else -1
    return column[at]


def class_plans(size: int, plan: PlanName, level: LevelName, tables: Acceptance) -> tuple[ClassPlan, ...]:
    """What a lot of `size` papers allows in each class of a plan.

    A sample as large as the lot, or larger, is the whole lot. A class with neither AQL nor share has the largest sample.
    """
    rows = [row for row in tables.classes if row.plan == plan]
    made: dict[str, ClassPlan] = {}
    for row in rows:
        if row.aql is not None:
            found = plan_of(letter_of(size, level, tables.letters), row.aql, tables.plans)
            made[row.name] = ClassPlan(
                name=row.name,
                n=min(found.n, size),
                accept=int(found.accept),
                aql=row.aql,
                letter=found.letter,
            )
        elif row.share is not None:
            made[row.name] = ClassPlan(
                name=row.name, n=math.ceil(round(row.share * size, 6)), accept=row.accept or 0
            )
    largest = max((each.n for each in made.values()), default=size)
    return tuple(
        made.get(row.name) or ClassPlan(name=row.name, n=largest, accept=row.accept or 0) for row in rows
    )


def class_of(target: str, plan: PlanName, classes: Sequence[ClassRow]) -> ClassRow | None:
    """The class that a target belongs to: the one that names it, else the one of all others."""
    rows = [row for row in classes if row.plan == plan]
    named = next((row for row in rows if target in row.targets), None)
    return named or next((row for row in rows if EVERY_OTHER in row.targets), None)


def interval(wrong: int, n: int) -> tuple[float, float]:
    """The 95 % Clopper–Pearson interval of a share.

    None, or all, wrong: the one-sided bound, 1 - 0.05^(1/n) for none, which is about 3/n (the rule of three).
    """
    if not n:
        return 0.0, 1.0
    tail = _ONE_TAIL if wrong in {0, n} else _TAIL
    low = 0.0 if wrong == 0 else 1 - upper_bound(n - wrong, n, 1 - tail)
    high = 1.0 if wrong == n else upper_bound(wrong, n, 1 - tail)
    return low, high


def results(lot: Lot, papers: Sequence[DrawnPaper], judged: Sequence[Judged]) -> tuple[ClassResult, ...]:
    """Outcome of each class: nonconforming papers among those of its sample whose every item was judged."""
    found = {(each.document_id, each.target): each.right for each in judged}
    return tuple(_result(plan, papers, found) for plan in lot.classes)


def _result(
    plan: ClassPlan, papers: Sequence[DrawnPaper], found: Mapping[tuple[str, str], bool]
) -> ClassResult:
    inspected = wrong = 0
    for paper in papers:
        said = [
            found.get((paper.document_id, item.target)) for item in paper.items if item.group == plan.name
        ]
        if plan.name == "audit":  # of an audit every value is an object by itself
            inspected += sum(each is not None for each in said)
            wrong += sum(each is False for each in said)
        elif said and None not in said:
            inspected += 1
            wrong += False in said
    low, high = interval(wrong, inspected)
    passes = inspected >= plan.n and wrong <= plan.accept
    return ClassResult(
        name=plan.name,
        n=plan.n,
        inspected=inspected,
        wrong=wrong,
        accept=plan.accept,
        low=low,
        high=high,
        passes=passes,
    )


def unjudged(papers: Sequence[DrawnPaper], judged: Collection[Judged]) -> int:
    """Number of items that nobody judged yet."""
    done = {(each.document_id, each.target) for each in judged}
    return sum((paper.document_id, item.target) not in done for paper in papers for item in paper.items)


def sample_size(state: LotState) -> int:
    """Papers drawn; of an audit, values."""
    if state.lot.plan == "audit":
        return sum(len(paper.items) for paper in state.papers)
    return len(state.papers)


def state_of(state: LotState) -> str:
    """Its verdict, or what it waits for: a key of `[lot_state]`."""
    if state.decision is not None:
        return state.decision.verdict
    if unjudged(state.papers, state.judged):
        return "inspecting"
    return "audited" if state.lot.plan == "audit" else "undecided"
