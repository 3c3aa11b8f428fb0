"""The trace of one paper: all its data and its complete history, as plain data.

`Trace` is what `sohoa trace --json` prints (`tests/contract/trace.schema.json`); it may grow, not change. Moments are ISO
8601 with offset, as they were written. `masked` says whether numbers of persons and enterprises are hidden in it.
"""

from __future__ import annotations

from datetime import date
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from schemas.batches import BatchSheet, FileStatus
from schemas.digests import Digests
from schemas.documents import Choice, Field, Level, Role, Route, Validity, Verdict
from schemas.events import Event
from schemas.findings import Severity
from schemas.reading import Box, DpiKnown, PageState, Rotation
from schemas.renditions import Correction
from schemas.review import Decision

Fixity = Literal["intact", "differs", "absent", "unreachable"]
FoundBy = Literal["document", "code", "original", "pdfa"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class TracedFinding(_Part):
    """A finding with its messages, as in all command-line output."""

    rule: str
    severity: Severity
    page: int | None
    message: str
    remedy: str | None
    transient: bool


class TracedObject(_Part):
    """One stored object, its bytes read and hashed for this trace.

    Attributes:
        key: where it lies in the store.
        sha256: its digest when stored.
        size: bytes, None if it could not be read.
        fixity: whether its bytes are still those of the digest.
    """

    key: str
    sha256: str
    size: int | None
    fixity: Fixity


class TracedOriginal(_Part):
    """The bytes as they came: what they are, when they were first received; `stored` None if nothing was kept of them."""

    sha256: str
    size: int | None
    format: str | None
    received_at: str | None
    pages: int | None
    stored: TracedObject | None


class Arrival(_Part):
    """One arrival of these bytes: batch, file and outcome."""

    batch: str
    file: str
    status: FileStatus
    duplicate_of: str | None
    pages: int
    accounted: int
    attempts: int
    findings: tuple[TracedFinding, ...] = ()


class TracedReading(_Part):
    """One kept reading of one page; `passes` counts whole-page readings started for it, retries and killed ones too."""

    page: int
    at: str
    digest: str
    state: PageState
    width: int
    height: int
    dpi: float | None
    dpi_known: DpiKnown | None = None
    rotation: Rotation
    confidence: float | None
    words: int
    source: Literal["ocr", "text_layer"]
    passes: int


class Change(_Part):
    """A difference between a version and the one before it; `target` as in `schemas.review.Decision`, or `route`."""

    target: str
    before: str | None
    after: str | None


class TracedVersion(_Part):
    """One version of the paper: under which rules, by whom, with what outcome, what changed.

    `operator`, `tools` and `run` stand in its sidecar; they are None and empty if the sidecar cannot be read, which
    `sidecar_fixity` reports.
    """

    version: int
    at: str
    digests: Digests
    route: Route
    verdict: Verdict
    pdfa: str | None
    sidecar: str
    sidecar_fixity: Fixity
    operator: str | None = None
    run: str | None = None
    tools: dict[str, str] = {}
    changes: tuple[Change, ...] = ()


class TracedCode(_Part):
    """A code the paper has or had; `state` is `issued` or `void`."""

    code: str
    state: Literal["issued", "void"]
    issued_at: str
    issued_by: str
    voided_at: str | None
    voided_by: str | None
    void_reason: str | None
    successor: str | None


class TracedRendition(_Part):
    """The PDF/A of the present version; `structure` is the outcome of our own checks, `verdict` veraPDF's.

    `corrected` has the persons' values that stand in its text layer.
    """

    stored: TracedObject | None
    flavour: str | None
    pages: int | None
    structure: Literal["passed", "failed"]
    verdict: Verdict
    failed_rules: tuple[str, ...] = ()
    corrected: tuple[Correction, ...] = ()


class Figure(_Part):
    """A figure that the paper was held against: counted or not, and why (`[quota_reason]` of the table of words).

    `live` is the figure of today, which may still move; a figure that was kept has `snapshot`, its name.
    """

    as_of: date
    live: bool
    counted: bool
    reason: str
    message: str
    snapshot: str | None = None


class TracedPaper(_Part):
    """One paper.

    `linked_to` is the paper whose duplicate it is, `linked_from` those that are this one's; `replaces` and `replaced_by`
    name documents that replaced one another by a split or a join.
    """

    id: str
    batch: str
    file: str
    pages: tuple[int, ...]
    version: int
    created_at: str
    kind: str | None
    kind_title: str | None
    kind_confidence: float | None
    role: Role
    result_type: Choice | None
    procedure: Choice | None
    dossier: str | None
    level: Level | None
    unit: str | None
    validity: Validity
    route: Route
    code: str | None
    codes: tuple[TracedCode, ...]
    linked_to: str | None
    linked_from: tuple[str, ...]
    replaces: tuple[str, ...] = ()
    replaced_by: tuple[str, ...] = ()
    sheet: BatchSheet | None
    fields: dict[str, Field]
    findings: tuple[TracedFinding, ...]
    decisions: tuple[Decision, ...]
    readings: tuple[TracedReading, ...]
    versions: tuple[TracedVersion, ...]
    rendition: TracedRendition
    figures: tuple[Figure, ...]


class TracedEvent(Event):
    """An event, with the run that wrote it."""

    run: str


class Provenance(_Part):
    """Comparison of the events shown with those stored in the chains, read back for this trace.

    Attributes:
        agree: events that are identical in the store.
        differ: events that differ in the store, are missing there, or exist only there.
        unread: events whose chain object is lost or damaged.
        waiting: events not yet stored.
    """

    agree: int
    differ: int
    unread: int
    waiting: int

    @property
    def state(self) -> str:
        """Key of the message to show: `agree`, `waiting` or `differ`."""
        if self.differ or self.unread:
            return "differ"
        return "waiting" if self.waiting else "agree"


class Trace(_Part):
    """The answer to one question.

    Attributes:
        wanted: what was asked for, masked like the rest.
        found_by: the kind of identifier.
        made_at: when the trace was made.
        operator: who asked.
        masked: whether identifiers are hidden.
        original: the bytes that the papers were made from.
        arrivals: all arrivals of these bytes, oldest first.
        papers: the papers made from them, or the requested one.
        events: everything that happened to papers and original, and the runs it happened in, in order.
        provenance: how these events compare with the stored ones.
    """

    wanted: str
    found_by: FoundBy
    made_at: str
    operator: str
    masked: bool
    original: TracedOriginal
    arrivals: tuple[Arrival, ...]
    papers: tuple[TracedPaper, ...]
    events: tuple[TracedEvent, ...]
    provenance: Provenance


class PagePicture(NamedTuple):
    """One page as a JPEG; `marks` are the places of its fields, by name, in the picture's pixels."""

    jpeg: bytes
    width: int
    height: int
    marks: dict[str, Box]
