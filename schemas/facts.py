"""Facts with two times: when they are true, and when they became known. Figures rest on them besides the stored papers.

A fact is a row that somebody handed in. Rows are never changed: a later row of the same key supersedes the earlier one
from the moment it became known, and a row that was wrong is withdrawn by another row that says why.
"""

from __future__ import annotations

from datetime import date
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

FactName = Literal[
    "inventory", "elsewhere", "revocation", "handover", "desk", "reuse", "target", "confirmed", "delivery"
]
Row = TypeVar("Row", bound=BaseModel)


class Backing(BaseModel):
    """The paper that stands behind a fact: its number, date and signer, and the day from which the fact is true."""

    model_config = ConfigDict(frozen=True)

    document: str = ""
    document_date: date | None = None
    signer: str = ""
    effective_on: date | None = None


class Origin(BaseModel):
    """Who handed a fact in, out of which file, and the paper behind it.

    Attributes:
        document: number and notation of that paper.
        document_date: its date.
        signer: who signed it.
        file: name of the imported file.
        sha256: digest of that file's bytes.
        operator: who imported it.
        known_at: when it became known, as the catalogue keeps moments.
        event: id of the event of the import.
    """

    model_config = ConfigDict(frozen=True)

    document: str = ""
    document_date: date | None = None
    signer: str = ""
    file: str = ""
    sha256: str = ""
    operator: str = ""
    known_at: str = ""
    event: str = ""


class Fact(BaseModel, Generic[Row]):
    """One recorded row.

    Attributes:
        id: its number, by which it is withdrawn.
        row: what it says.
        origin: where it is from.
        withdrawn: why the row of this key was withdrawn; None for a row that states something.
        superseded_at: when a later row of the same key became known; None for the last one.
    """

    model_config = ConfigDict(frozen=True)

    id: int
    row: Row
    origin: Origin
    withdrawn: str | None = None
    superseded_at: str | None = None


class Entered(BaseModel):
    """Outcome of an import: rows that are new, rows that supersede an earlier one, rows that were known already."""

    model_config = ConfigDict(frozen=True)

    new: int = 0
    superseding: int = 0
    known: int = 0
