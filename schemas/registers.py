"""A clerk's register of papers, its rows, and how they stand against the scans of a batch. Pure."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from schemas.reports import RowProblem

# Columns that a register can have; `note` is kept and compared with nothing.
COLUMNS: Final = (
    "number",
    "issue_date",
    "document_type",
    "subject",
    "agency",
    "owner_name",
    "owner_id",
    "note",
)
# Columns by which a paper can be told from others; a register needs at least one.
IDENTIFYING: Final = ("number", "owner_id", "owner_name")


class RegisterRow(BaseModel):
    """One row. `values` by column, normalised: dates ISO, identifiers as digits; empty cells are absent."""

    model_config = ConfigDict(frozen=True)

    sheet: str | None
    row: int
    values: dict[str, str]


class Register(BaseModel):
    """One version of a batch's register, as it was imported; never changed. The highest version is in force.

    Attributes:
        version: counts from 1 in each batch.
        sha256: of the file's bytes.
        file: its name.
        columns: header or letter of the file's column, by column of `COLUMNS`; by sheet ("" in CSV).
        encoding: `unicode`, `tcvn3` or `vni`.
        problems: rows that were left out, and why.
    """

    model_config = ConfigDict(frozen=True)

    batch: str
    version: int
    sha256: str
    file: str
    operator: str
    at: str
    columns: dict[str, dict[str, str]]
    encoding: str
    rows: tuple[RegisterRow, ...]
    problems: tuple[RowProblem, ...] = ()


class Pair(BaseModel):
    """A paper and a row that may be the same, with the evidence for it.

    Attributes:
        document_id: the paper.
        position: index of the row in `Register.rows`.
        confidence: probability that they are the same, 0-1.
        agree, differ: columns whose values agree or differ; what one side lacks is in neither.
    """

    model_config = ConfigDict(frozen=True)

    document_id: str
    position: int
    confidence: float
    agree: tuple[str, ...] = ()
    differ: tuple[str, ...] = ()


class Matched(BaseModel):
    """Outcome of matching a batch with a version of its register.

    Attributes:
        version: of the register.
        pairs: taken; every paper and every row is in one at most.
        ambiguous: candidates that are too close to each other or too weak to be taken.
    """

    model_config = ConfigDict(frozen=True)

    version: int
    pairs: tuple[Pair, ...] = ()
    ambiguous: tuple[Pair, ...] = ()


Standing = Literal["confirms", "fills", "contradicts"]
