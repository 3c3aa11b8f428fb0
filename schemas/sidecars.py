"""The sidecar: the complete record of one document version, a JSON object beside original and rendition.

Together with originals and events the sidecars are the truth; the catalogue and the tables can be rebuilt
from them. A code is issued after the sidecar is written, so it stands in the events; `code` is what the
document held already.
"""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from schemas.batches import BatchSheet
from schemas.digests import Digests
from schemas.documents import Document, Verdict
from schemas.events import Event
from schemas.findings import Finding
from schemas.reading import Format, ImageMeasures, PageReading, PageSource, PageState, Rotation
from schemas.renditions import Correction

SIDECAR_FORMAT: Final = 1


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OriginalFacts(_Part):
    """The original as received: where it lies, what it is, its pages that this document is made of."""

    key: str
    sha256: str
    size: int
    format: Format
    received_at: str
    pages: tuple[PageSource, ...] = ()
    findings: tuple[Finding, ...] = ()


class PageFacts(_Part):
    """Outcome of reading one page; its words are in the rendition's text layer."""

    number: int
    state: PageState
    width: int
    height: int
    dpi: float | None = None
    rotation: Rotation = 0
    confidence: float | None = None
    words: int = 0
    source: Literal["ocr", "text_layer"] = "ocr"
    qr: tuple[str, ...] = ()
    measures: ImageMeasures = ImageMeasures()
    findings: tuple[Finding, ...] = ()

    @property
    def true_dpi(self) -> float | None:
        """The measured resolution; what the file says where none was measured (born digital, earlier versions)."""
        return self.dpi if self.measures.dpi is None else self.measures.dpi

    @classmethod
    def of(cls, reading: PageReading) -> PageFacts:
        """The facts of a reading."""
        return cls(
            number=reading.number,
            state=reading.state,
            width=reading.width,
            height=reading.height,
            dpi=reading.dpi,
            rotation=reading.rotation,
            confidence=reading.confidence,
            words=len(reading.words),
            source=reading.source,
            qr=tuple(payload for payload, _box in reading.qr),
            measures=reading.measures,
            findings=reading.findings,
        )


class RenditionFacts(_Part):
    """The PDF/A: its key, veraPDF's verdict, and the persons' values that stand in its text layer."""

    key: str
    sha256: str
    size: int
    pages: int
    flavour: str
    verdict: Verdict
    failed_rules: tuple[str, ...] = ()
    corrected: tuple[Correction, ...] = ()


class Sidecar(_Part):
    """One version of one document. `sheet` is the batch sheet of then; `tools` are names and versions."""

    format: Literal[1] = SIDECAR_FORMAT
    document: Document
    version: int
    digests: Digests
    batch: str
    file: str
    sheet: BatchSheet | None = None
    original: OriginalFacts
    pages: tuple[PageFacts, ...]
    rendition: RenditionFacts | None = None
    code: str | None = None
    operator: str
    run: str
    written_at: str
    tools: dict[str, str] = {}
    events: tuple[Event, ...] = ()
