"""Builds the trace of one paper from the catalogue, its sidecars and the store.

Writes only temporary copies; stored bytes are read and hashed again, so that a trace shows the current state.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from configs.loader import load_kinds
from quality.quotas import COUNTED, counting_reason
from quality.trace_page import write_trace_page
from schemas.clock import VIETNAM
from schemas.documents import Document
from schemas.errors import StoreError, UsageError
from schemas.findings import Finding
from schemas.masking import mask, mask_value
from schemas.sidecars import Sidecar
from schemas.traces import (
    Arrival,
    Change,
    Figure,
    Fixity,
    Trace,
    TracedCode,
    TracedEvent,
    TracedFinding,
    TracedObject,
    TracedOriginal,
    TracedPaper,
    TracedReading,
    TracedRendition,
    TracedVersion,
)
from schemas.wording import render, say, text
from storage import sidecars
from storage.catalogue import documents
from storage.catalogue import history as past
from storage.catalogue.history import History, PaperHistory, StoredVersion
from storage.objects import keys, sha256_of
from workspace.blind_traces import without_blind
from workspace.counting import counted_on, left_out_kinds, superseding_kinds, with_revocations
from workspace.opening import Workspace
from workspace.provenance import provenance_of
from workspace.trace_pictures import pictures_of

_LOST: Final = {"object_absent": "absent", "object_differs": "differs", "object_damaged": "differs"}


def trace_of(
    workspace: Workspace, identifier: str, *, as_of: date, clear: bool = False
) -> tuple[Trace, History]:
    """The trace of a paper, and the history it was built from.

    Args:
        workspace: the opened home.
        identifier: a document id, a code, or the SHA-256 of an original or a PDF/A.
        as_of: today, for the live figure.
        clear: show identifiers.

    Raises:
        UsageError: nothing with that id, code or digest is known.
        CatalogueError: the catalogue cannot be read.
    """
    identifier = identifier.strip()
    found = past.history(workspace.database, identifier) or past.history(
        workspace.database, identifier.lower()
    )
    if found is None:
        raise UsageError(f"nothing known of {identifier}", remedy="trace_absent", value=mask(identifier))
    trace = Trace(
        wanted=identifier,
        found_by=found.found_by,  # type: ignore[arg-type]  # the closed list of `history`
        made_at=datetime.now(VIETNAM).isoformat(timespec="seconds"),
        operator=workspace.operator,
        masked=not clear,
        original=_original(workspace, found),
        arrivals=tuple(
            Arrival(
                batch=batch,
                file=row.name,
                status=row.status,
                duplicate_of=row.duplicate_of,
                pages=row.pages,
                accounted=row.accounted,
                attempts=row.attempts,
                findings=_findings(workspace, row.findings),
            )
            for batch, row in found.arrivals
        ),
        papers=tuple(_Paper(workspace, found, paper, as_of).traced() for paper in found.papers),
        events=tuple(TracedEvent(run=run, **event.model_dump()) for run, event in found.events),
        provenance=provenance_of(workspace, found),
    )
    if clear:
        return trace, found
    papers = {each.row.document.id: each.row.document for each in found.papers}
    return masked(without_blind(trace, papers)), found


def write_page(workspace: Workspace, trace: Trace, found: History, out: Path) -> Path:
    """Write the trace as a page with pictures; identifiers are hidden in them if they are hidden in the trace."""
    lang = workspace.settings.lang
    pictures, pages = pictures_of(workspace, found, hide=trace.masked)
    titles = {f"kind.{kind.id}": kind.title for kind in workspace.rules.book.kinds}
    return write_trace_page(trace, pictures, out, lambda key: titles.get(key) or text(key, lang), lang, pages)


def masked(trace: Trace) -> Trace:
    """The same trace with the numbers of persons and enterprises hidden."""
    return Trace.model_validate(_hide(trace.model_dump(mode="json"), ""))


def _hide(part: Any, target: str) -> Any:
    """Mask identifiers in plain data; `target` is the field that the value belongs to."""
    if isinstance(part, str):
        return mask_value(target, part)
    if isinstance(part, list):
        return [_hide(item, target) for item in part]
    if not isinstance(part, dict):
        return part
    named = part.get("target")
    hidden = {}
    for key, value in part.items():
        if key == "fields":
            hidden[key] = {name: _hide(field, name) for name, field in value.items()}
        elif isinstance(named, str) and key in {"value", "old", "new", "before", "after"}:
            hidden[key] = _hide(value, named)
        else:
            hidden[key] = _hide(value, target if key in {"value", "raw"} else "")
    return hidden


def _findings(workspace: Workspace, findings: Iterable[Finding]) -> tuple[TracedFinding, ...]:
    traced = []
    for finding in findings:
        message, remedy = render(finding, workspace.settings.lang)
        traced.append(
            TracedFinding(
                rule=finding.rule,
                severity=finding.severity,
                page=finding.page,
                message=message,
                remedy=remedy,
                transient=finding.transient,
            )
        )
    return tuple(traced)


def _original(workspace: Workspace, found: History) -> TracedOriginal:
    row = found.original
    if row is None:
        return TracedOriginal(
            sha256=found.sha256, size=None, format=None, received_at=None, pages=None, stored=None
        )
    kept = bool(documents.of_original(workspace.database, found.sha256))
    return TracedOriginal(
        sha256=row.sha256,
        size=row.size,
        format=row.format,
        received_at=row.received_at,
        pages=len(row.page_list.pages) if row.page_list else None,
        stored=held_object(workspace, keys.original(row.sha256), row.sha256) if kept else None,
    )


def held_object(workspace: Workspace, key: str, sha256: str) -> TracedObject:
    """Download an object and check its hash."""
    target = workspace.staging / f"fixity-{sha256[:16]}"
    size: int | None = None
    fixity: Fixity = "intact"
    try:
        workspace.store.get(key, target)
        size = target.stat().st_size
        if sha256_of(target) != sha256:
            fixity = "differs"
    except StoreError as error:
        fixity = _LOST.get(error.remedy or "", "unreachable")  # type: ignore[assignment]  # a closed list
    finally:
        target.unlink(missing_ok=True)
    return TracedObject(key=key, sha256=sha256, size=size, fixity=fixity)


class _Paper:
    """Builds the trace of one paper; reads its sidecars once."""

    def __init__(self, workspace: Workspace, found: History, history: PaperHistory, as_of: date) -> None:
        self._workspace, self._found, self._history, self._as_of = workspace, found, history, as_of
        self._sidecars = {version.version: self._sidecar(version) for version in history.versions}

    def _sidecar(self, version: StoredVersion) -> tuple[Sidecar | None, Fixity]:
        try:
            data = self._workspace.store.read(version.sidecar_key)
            sidecar = sidecars.load(data, key=version.sidecar_key)
        except StoreError as error:
            lost = "differs" if error.remedy == "sidecar_unusable" else _LOST.get(error.remedy or "")
            return None, lost or "unreachable"  # type: ignore[return-value]  # a closed list
        held = (sidecar.document.id, sidecar.version, sidecar.digests)
        agrees = held == (version.document.id, version.version, version.digests)
        agrees = agrees and version.sidecar_sha256 in {None, sha256_of(data)}
        return sidecar, "intact" if agrees else "differs"

    def _newest(self) -> Sidecar | None:
        known = [sidecar for sidecar, _ in self._sidecars.values() if sidecar]
        return known[-1] if known else None

    def traced(self) -> TracedPaper:
        """The paper as the trace shows it."""
        row, history, newest = self._history.row, self._history, self._newest()
        paper = row.document
        kind = self._workspace.rules.book.kind(paper.kind)
        return TracedPaper(
            id=paper.id,
            batch=row.batch,
            file=row.file,
            pages=paper.pages,
            version=row.version,
            created_at=row.created_at,
            kind=paper.kind,
            kind_title=kind.title if kind else None,
            kind_confidence=paper.kind_confidence,
            role=paper.role,
            result_type=paper.result_type,
            procedure=paper.procedure,
            dossier=paper.dossier,
            level=paper.level,
            unit=paper.unit,
            validity=paper.validity,
            route=paper.route,
            code=row.code_shown,
            codes=tuple(_code(code) for code in history.codes),
            linked_to=row.linked_to,
            linked_from=history.linked_from,
            replaces=history.row.replaces,
            replaced_by=history.row.replaced_by,
            sheet=newest.sheet if newest else history.sheet,
            fields=paper.fields,
            findings=_findings(self._workspace, paper.findings),
            decisions=history.decisions,
            readings=self._readings(newest),
            versions=self._versions(),
            rendition=self._rendition(newest),
            figures=(self._live_figure(),),
        )

    def _readings(self, newest: Sidecar | None) -> tuple[TracedReading, ...]:
        """Readings of the paper's pages from the ledger, or from the sidecar for pages without one."""
        pages = set(self._history.row.document.pages)
        kept = [
            (reading.facts, reading.digest, reading.at)
            for reading in self._found.readings
            if reading.page in pages
        ]
        known = {facts.number for facts, _, _ in kept}
        if newest:
            origin = (newest.digests.reading, newest.written_at)
            kept += [(facts, *origin) for facts in newest.pages if facts.number not in known]
        return tuple(
            TracedReading(
                page=facts.number,
                at=at,
                digest=digest,
                state=facts.state,
                width=facts.width,
                height=facts.height,
                dpi=facts.true_dpi,
                dpi_known=facts.measures.dpi_known,
                rotation=facts.rotation,
                confidence=facts.confidence,
                words=facts.words,
                source=facts.source,
                passes=self._found.passes.get((facts.number, digest), 0),
            )
            for facts, digest, at in sorted(kept, key=lambda item: (item[0].number, item[2]))
        )

    def _versions(self) -> tuple[TracedVersion, ...]:
        versions, before = [], None
        for version in self._history.versions:
            sidecar, fixity = self._sidecars[version.version]
            versions.append(
                TracedVersion(
                    version=version.version,
                    at=version.created_at,
                    digests=version.digests,
                    route=version.document.route,
                    verdict=version.verdict,
                    pdfa=version.pdfa_sha256,
                    sidecar=version.sidecar_key,
                    sidecar_fixity=fixity,
                    operator=sidecar.operator if sidecar else None,
                    run=sidecar.run if sidecar else None,
                    tools=sidecar.tools if sidecar else {},
                    changes=_changes(before, version.document) if before else (),
                )
            )
            before = version.document
        return tuple(versions)

    def _rendition(self, newest: Sidecar | None) -> TracedRendition:
        row = self._history.row
        facts = newest.rendition if newest else None
        stored = None
        if row.pdfa_key and row.pdfa_sha256:
            stored = held_object(self._workspace, row.pdfa_key, row.pdfa_sha256)
        return TracedRendition(
            stored=stored,
            flavour=facts.flavour if facts else None,
            pages=facts.pages if facts else None,
            # A file that fails our own checks is never stored.
            structure="passed" if row.pdfa_key else "failed",
            verdict=row.verdict,
            failed_rules=facts.failed_rules if facts else (),
            corrected=facts.corrected if facts else (),
        )

    def _live_figure(self) -> Figure:
        paper, day = self._history.row.document, self._as_of
        kind = paper.kind if paper.kind in superseding_kinds(day) else None
        database = self._workspace.database
        fetched = list(documents.papers(database, ids=[paper.id], kind=kind))
        rows = counted_on(with_revocations(database, fetched), day)
        # Replaced documents are not counted in any figure.
        own = next((row for row in rows if row.document_id == paper.id), None)
        uncoded = [entry.id for entry in load_kinds() if not entry.result_codes]
        reason = "replaced" if own is None else counting_reason(own, day, uncoded, left_out=left_out_kinds())
        message = say("quota_reason", reason, self._workspace.settings.lang)
        return Figure(as_of=day, live=True, counted=reason == COUNTED, reason=reason, message=message)


def _code(row: documents.CodeRow) -> TracedCode:
    return TracedCode(
        code=row.printed,
        state="issued" if row.state == "issued" else "void",
        issued_at=row.issued_at,
        issued_by=row.issued_by,
        voided_at=row.voided_at,
        voided_by=row.voided_by,
        void_reason=row.void_reason,
        successor=row.successor,
    )


def _changes(before: Document, after: Document) -> tuple[Change, ...]:
    """Differences between two versions: fields first, then properties of the whole paper."""
    old, new = _compared_values(before), _compared_values(after)
    targets: Sequence[str] = list(dict.fromkeys([*old, *new]))
    return tuple(
        Change(target=target, before=old.get(target), after=new.get(target))
        for target in targets
        if old.get(target) != new.get(target)
    )


def _compared_values(paper: Document) -> dict[str, str | None]:
    return {
        **{name: field.value for name, field in paper.fields.items()},
        "kind": paper.kind,
        "result_type": paper.result_type.value if paper.result_type else None,
        "unit": paper.unit,
        "validity": str(paper.validity.state),
        "route": str(paper.route),
    }
