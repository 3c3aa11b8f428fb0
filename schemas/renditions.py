"""The archival rendition of a document: its identity, the written file, and veraPDF's verdict."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, field_validator

from schemas.documents import Verdict
from schemas.findings import Finding


class Correction(BaseModel):
    """A person's value in the text layer: field and page, who decided, and when (ISO 8601 with offset)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: str
    page: int
    operator: str
    at: str


class RenditionIdentity(BaseModel):
    """Contents of the XMP of a PDF/A. The code of the result is not among it: codes may come later than the file.

    Attributes:
        document_id: identity of the document.
        original_sha256: of the original file as received.
        title: Vietnamese name of the kind of paper.
        created: when the paper was received for conversion; fixed, so that a second run writes the same bytes.
        agency: who converted it (NĐ 137/2024 Điều 4), None if not configured.
        corrections: persons' values in the text layer; their fields and times are told, their names are not.
    """

    model_config = ConfigDict(frozen=True)

    document_id: str
    original_sha256: str
    title: str
    created: datetime
    agency: str | None = None
    corrections: tuple[Correction, ...] = ()

    @field_validator("created")
    @classmethod
    def _with_zone(cls, value: datetime) -> datetime:
        """Whole seconds with a zone (UTC where none was given): what XMP and the info dictionary can both say."""
        whole = value.replace(microsecond=0)
        return whole if whole.tzinfo else whole.replace(tzinfo=UTC)


class Rendition(BaseModel):
    """A written PDF/A: pages, size, digest and what was noticed on the way.

    `flavour` is what the file claims; only veraPDF's verdict confirms it. `streams` has, per page, the
    SHA-256 of the image stream that was taken over byte for byte, None if the image was encoded anew.
    `corrected` has the persons' values that stand in its text layer.
    """

    model_config = ConfigDict(frozen=True)

    pages: int
    size: int
    sha256: str
    findings: tuple[Finding, ...] = ()
    flavour: str = "2b"
    streams: tuple[str | None, ...] = ()
    corrected: tuple[Correction, ...] = ()


class VerdictReport(BaseModel):
    """veraPDF's verdict on one file; `rules` are clause-test pairs that failed; `reason` why it was not checked."""

    model_config = ConfigDict(frozen=True)

    verdict: Verdict
    rules: tuple[str, ...] = ()
    reason: str = ""
