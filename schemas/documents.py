"""A paper as understood: kind, fields, validity, route, rendition.

Terms are fixed in docs/glossary.md. A field that is not on the paper is absent from `fields`; one that is there but
could not be read has `value` None with `raw` and `box`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from schemas.findings import Finding
from schemas.reading import Box

Source = Literal["ocr", "text_layer", "qr", "register", "operator", "derived"]
Level = Literal["tinh", "huyen", "xa"]


class Route(StrEnum):
    """Route of a document. Precedence: partial > rescan > review > accepted."""

    ACCEPTED = "accepted"
    REVIEW = "review"
    RESCAN = "rescan"
    PARTIAL = "partial"


class Role(StrEnum):
    """Role of a paper within its dossier (KH 5283 section III)."""

    RESULT = "result"
    PROCESSING_RESULT = "processing_result"
    COMPONENT = "component"


class Verdict(StrEnum):
    """veraPDF's verdict on the rendition; never inferred."""

    VALID = "valid"
    INVALID = "invalid"
    NOT_CHECKED = "not_checked"


class ValidityState(StrEnum):
    """Còn hiệu lực, hết hiệu lực, chưa xác định."""

    IN_FORCE = "in_force"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class Field(BaseModel):
    """One value with its source and confidence."""

    model_config = ConfigDict(frozen=True)

    value: str | None
    raw: str | None = None
    confidence: float | None = None
    source: Source = "ocr"
    page: int | None = None
    box: Box | None = None


class Choice(BaseModel):
    """A chosen code with its confidence; `candidates` are the codes that were possible."""

    model_config = ConfigDict(frozen=True)

    value: str | None
    confidence: float | None = None
    candidates: tuple[str, ...] = ()


class Validity(BaseModel):
    """Validity of a paper, and the rule that decided it.

    Attributes:
        state: in force, expired or unknown.
        basis: id of the dated rule that decided (`configs/validity.csv`), or None.
        source: printed | statute | register | operator, or None.
        until: last day in force, ISO, where one is known.
    """

    model_config = ConfigDict(frozen=True)

    state: ValidityState = ValidityState.UNKNOWN
    basis: str | None = None
    source: str | None = None
    until: str | None = None


class Document(BaseModel):
    """One paper as the machine understands it, before it is stored.

    `id` is fixed by the original's digest and the page list; `unit` and `level` come from agency and issue date, else
    from the batch sheet, else stay None (a visible finding).
    """

    model_config = ConfigDict(frozen=True)

    id: str
    sha256: str
    pages: tuple[int, ...]
    kind: str | None = None
    kind_confidence: float | None = None
    result_type: Choice | None = None
    procedure: Choice | None = None
    role: Role = Role.RESULT
    dossier: str | None = None
    component: str | None = None
    fields: dict[str, Field] = {}
    validity: Validity = Validity()
    level: Level | None = None
    unit: str | None = None
    route: Route = Route.REVIEW
    findings: tuple[Finding, ...] = ()

    def value(self, name: str) -> str | None:
        """The value of a field, None where absent or unread."""
        field = self.fields.get(name)
        return field.value if field else None


def document_id(sha256: str, pages: Sequence[int]) -> str:
    """Identity of a document: hash of (original's SHA-256, page list), 32 hex digits."""
    payload = f"{sha256}:{','.join(str(page) for page in pages)}"
    return hashlib.sha256(payload.encode("ascii")).hexdigest()[:32]
