"""Lots for acceptance: tables of sampling plans, lots as drawn, what an inspector found, and what was decided.

The object of inspection is the paper: a paper with one or more defects of a class is one nonconforming paper of that class.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from schemas.rules import DatedRow

PlanName = Literal["iso2859", "office30", "audit"]
ClassName = Literal["critical", "minor", "owner", "audit"]
Verdict = Literal["accepted", "rejected"]
LevelName = Literal["I", "II", "III"]

# What is judged besides the values: the picture, whose paper it is, and anything else (a missing value, a missing page).
LEGIBILITY: Final = "legibility"
OWNER: Final = "owner"
OTHER: Final = "other"
EVERY_OTHER: Final = "*"


class LetterRow(DatedRow):
    """Code letters of lots from `first` to `last` papers (None: any more), by inspection level."""

    first: int = Field(ge=1)
    last: int | None = None
    level_1: str
    level_2: str
    level_3: str


class PlanRow(DatedRow):
    """Single sampling, normal inspection: of `n` papers at most `accept` may be nonconforming; or use the next plan."""

    letter: str
    n: int = Field(ge=1)
    aql: float
    accept: int | Literal["down", "up"]


class ClassRow(DatedRow):
    """A class of defects of a plan: its targets (`*`: all that no other class names), and what is allowed.

    Attributes:
        plan: the plan.
        name: the class.
        targets: fields, or `legibility`, `owner`, `other`.
        aql: acceptance quality limit in percent nonconforming, for plans by table.
        accept: acceptance number, for plans without one in a table.
        share: share of the lot that is inspected; None: as the tables say, or as the largest other class.
    """

    plan: PlanName
    name: ClassName
    targets: tuple[str, ...]
    aql: float | None = None
    accept: int | None = Field(default=None, ge=0)
    share: float | None = Field(default=None, gt=0, le=1)


class Acceptance(NamedTuple):
    """The tables in force on a day."""

    letters: tuple[LetterRow, ...]
    plans: tuple[PlanRow, ...]
    classes: tuple[ClassRow, ...]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ClassPlan(_Frozen):
    """What a lot allows in one class: of the first `n` papers drawn at most `accept` nonconforming."""

    name: ClassName
    n: int
    accept: int
    aql: float | None = None
    letter: str | None = None


class Item(_Frozen):
    """One thing to judge on a drawn paper: a value as it was stored then, or the picture, the owner, anything else."""

    target: str
    group: ClassName
    value: str = ""
    page: int | None = None
    confidence: float | None = None


class DrawnPaper(_Frozen):
    """A paper of the sample. `place` is its place in the order drawn, from 1; `box` and `folder` as it was scanned."""

    document_id: str
    place: int
    batch: str
    file: str
    box: str = ""
    folder: str = ""
    items: tuple[Item, ...]


class Lot(_Frozen):
    """A lot as drawn.

    Attributes:
        id: its number.
        plan: kind of plan.
        level: inspection level of the tables; None for other plans.
        seed: of the draw; `quality.sampling.drawn` gives the same order again.
        digest: SHA-256 of the sorted list that was drawn from.
        batches: whose papers it holds; of an audit of the whole home none.
        contractor: who did the work, as named at the draw.
        size: papers of the lot; of an audit, values.
        classes: what it allows.
        pages: pages of its papers.
        sizes: number of those pages by A4 equivalents ("1": A4 and smaller, "2": A3 … "16": A0), DOMAIN.md §2.5.
        operator: who drew it.
        at: when.
    """

    id: int = 0
    plan: PlanName
    level: LevelName | None = None
    seed: int
    digest: str
    batches: tuple[str, ...] = ()
    contractor: str = ""
    size: int
    classes: tuple[ClassPlan, ...]
    pages: int = 0
    sizes: dict[str, int] = {}
    operator: str = ""
    at: str = ""

    @property
    def a4(self) -> int:
        """A4 equivalents of its pages."""
        return sum(int(equivalents) * count for equivalents, count in self.sizes.items())


class Judged(_Frozen):
    """What an inspector found of one item. `right_value` is what the paper says, where the stored value is wrong."""

    document_id: str
    target: str
    right: bool
    right_value: str = ""
    note: str = ""
    operator: str = ""
    at: str = ""


class ClassResult(_Frozen):
    """Outcome of one class: papers inspected and nonconforming, the 95 % interval of their share, whether that passes."""

    name: ClassName
    n: int
    inspected: int
    wrong: int
    accept: int
    low: float
    high: float
    passes: bool


class LotDecision(_Frozen):
    """Accepted or rejected, with the counts it rests on; `by_hand`: rejected by a person, whatever the counts."""

    verdict: Verdict
    results: tuple[ClassResult, ...]
    by_hand: bool = False
    note: str = ""
    operator: str = ""
    at: str = ""


class LotState(NamedTuple):
    """A lot with its sample, the findings in force, and the decision, if there is one."""

    lot: Lot
    papers: tuple[DrawnPaper, ...]
    judged: tuple[Judged, ...]
    decision: LotDecision | None
