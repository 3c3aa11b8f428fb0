"""A frozen set of figures: what its manifest says. The rows lie in Parquet files named by their digests."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

from schemas.quotas import DeliveryStep, HandoverRow, QuotaReport, Series

FrozenName = Literal[
    "papers",
    "inventory",
    "elsewhere",
    "revocations",
    "targets",
    "units",
    "mergers",
    "rows",
    "notes",
    "deliveries",
]
Change = Literal[
    "digitised",
    "expired",
    "revoked",
    "superseded",
    "voided",
    "validity",
    "unit_moved",
    "other",
    "inventory",
    "elsewhere",
    "target",
]


class FrozenFile(BaseModel):
    """One file of a set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: FrozenName
    key: str
    sha256: str
    rows: int


class FrozenTerms(BaseModel):
    """What the figures followed besides their rows, as `quality.quota_terms.Terms` has it.

    `steps`: None in a set made before papers could be told to be signed; its rows have noughts there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    series: Series
    cut_off: date | None
    base_year: int | None
    sector_kinds: tuple[str, ...]
    until_revoked: tuple[str, ...]
    revocations_asked: bool
    kind_codes: dict[str, tuple[str, ...]]
    kind_sectors: dict[str, tuple[str, ...]]
    handovers: tuple[HandoverRow, ...]
    kinds_without_code: tuple[str, ...]
    left_out: dict[str, str]
    steps: tuple[DeliveryStep, ...] | None = None


class Manifest(BaseModel):
    """All that a set is made of; its digest is the set's id.

    Attributes:
        version: of Sohoa, which computed it.
        rules: SHA-256 of the dated rules and lists by file name.
        report: the answer of `sohoa quota`, as frozen.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    as_of: date
    known_at: str
    reading: str
    series: Series
    note: str
    operator: str
    made_at: str
    version: str
    rules: dict[str, str]
    terms: FrozenTerms
    files: tuple[FrozenFile, ...]
    report: QuotaReport


class FrozenSet(BaseModel):
    """A set as the list shows it."""

    model_config = ConfigDict(frozen=True)

    id: str
    as_of: date
    known_at: str
    reading: str
    series: str
    note: str
    operator: str
    made_at: str
    papers: int


class Changed(BaseModel):
    """What became of one paper, or by how much a count changed, between two sets.

    `papers` is signed: what came into the figure counts up, what left it down; for `inventory` and `elsewhere` the
    difference of the counts, for `target` of the shares in hundredths of a per cent.
    """

    model_config = ConfigDict(frozen=True)

    change: Change
    level: str
    unit: str | None
    kind: str | None
    papers: int
    document_id: str | None = None
    code: str | None = None
