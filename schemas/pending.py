"""Papers and kinds that wait for a result code ("chờ mã"), for the office that asks the ministry (III.6, VII.1)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

# Why a paper has no code: its kind has none in the national list; several candidates fit; a person concluded that none
# can be given.
PendingReason = Literal["no_national_code", "several_candidates", "not_codable"]


class PendingPaper(BaseModel):
    """A stored result without a code of its own; `number` is masked where it holds an identifier."""

    model_config = ConfigDict(frozen=True)

    document_id: str
    batch: str
    file: str
    kind: str | None
    level: str | None
    unit: str | None
    number: str | None
    issue_date: str | None
    agency: str | None
    reason: PendingReason
    candidates: tuple[str, ...] = ()


class PendingKind(BaseModel):
    """Papers of one kind and unit that wait for one reason; a kind without papers has no unit and the count 0."""

    model_config = ConfigDict(frozen=True)

    kind: str | None
    title: str | None
    level: str | None
    unit: str | None
    reason: PendingReason
    candidates: tuple[str, ...] = ()
    papers: int
    source: str = ""
