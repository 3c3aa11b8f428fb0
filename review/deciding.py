"""Applies decisions: papers are analysed again from kept readings and get a new version, a sidecar and, if due, a code.

A corrected value also goes into the text layer of the PDF/A (`review.correcting`). Nothing is rendered, and no page read
again unless its words are lost. All decisions of one call are written in one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from extractors.decided import still_open
from extractors.image_quality import with_image_findings
from extractors.sheets import sheet_of
from extractors.understanding import understand
from review.correcting import CHECKED, Correcting, Redone, corrected_rendition
from review.keying import targets_of
from review.ordering import ORDER, said_by_series
from review.questions import current_value
from review.rereading import read_again
from review.versions import next_version
from schemas.batches import BatchSheet
from schemas.documents import Document
from schemas.errors import UsageError
from schemas.events import Event, EventType
from schemas.findings import joined
from schemas.reading import PageReading, PageState, failed_page
from schemas.review import KEYED_AGAIN, Action, Decision, confirmed, field_told, in_force, sheet_said
from schemas.routing import route
from schemas.sidecars import Sidecar
from schemas.version import TOOL
from storage.catalogue import batches, decisions, documents, lookups
from storage.catalogue.decisions import Decided
from storage.catalogue.documents import Committed, DocumentRow
from storage.catalogue.provenance import new_event
from storage.sidecars import read_sidecar
from workspace.closing import begin, close_batch, is_unclosed
from workspace.holding import extend
from workspace.opening import Workspace

# Findings made by the analysis, and those that the catalogue adds on commit; both are recreated.
_DRAWN_ANEW: Final = frozenset(
    {
        *("kind_unknown", "no_result_code", "result_code_ambiguous", "result_code_unlisted"),
        *("field_missing", "field_unread", "field_uncertain", "field_malformed", "field_conflict"),
        *("register_contradicts", "name_confirms", "name_contradicts", "order_confirms", "order_contradicts"),
        *("field_written", *KEYED_AGAIN, "closed_not_codable", "acceptance_awaited"),
        *("date_in_future", "unit_unresolved", "validity_unknown", "page_broken"),
        *("correction_unplaced", "correction_signed", "correction_unwritten"),
        *(
            "code_part_differs",
            "code_voided",
            "twin_code_voided",
            "sidecar_lost",
            "identity_duplicate",
            "possible_duplicate",
            "running_number_exhausted",
        ),
    }
)


class Requested(NamedTuple):
    """A requested decision about one paper; value and target as in `schemas.review.Decision`.

    `took` is how many milliseconds the person needed, `shown` the digest of what was asked (`Question.shown`); None
    where nobody measured. Both are in the event alone.
    """

    document_id: str
    target: str
    action: Action = Action.SET
    value: str | None = None
    note: str = ""
    confidence: float | None = None
    took: int | None = None
    shown: str | None = None


class Applied(NamedTuple):
    """Result for one paper: the row before, the version after, and the new decisions."""

    before: DocumentRow
    after: Committed
    decisions: tuple[Decision, ...]


def decide(
    workspace: Workspace,
    batch: str,
    requested: Sequence[Requested],
    *,
    as_of: date,
    operator: str | None = None,
    how: str,
) -> list[Applied]:
    """Apply decisions to papers of one batch in one transaction, and close the batch again.

    Decisions that repeat earlier ones are skipped; if none are left, nothing is written.

    Args:
        workspace: the opened home.
        batch: the batch that every paper belongs to.
        requested: requested decisions; of two about one target the later one applies.
        as_of: day on which validity is judged.
        operator: who decided, if not the current operator.
        how: source of the decisions (`workbook`, `hand`), recorded in the events.

    Raises:
        BatchHeld: a run is at work on the batch.
        UsageError: a paper is not of this batch, or its readings are no longer kept.
    """
    with workspace.hold(batch):
        return apply(
            workspace, batch, requested, as_of=as_of, operator=operator or workspace.operator, how=how
        )


def apply(
    workspace: Workspace, batch: str, requested: Sequence[Requested], *, as_of: date, operator: str, how: str
) -> list[Applied]:
    """Like `decide`, for a caller that holds the batch."""
    applied = apply_open(workspace, batch, requested, as_of=as_of, operator=operator, how=how)
    if applied:
        apply_order(workspace, batch, as_of)
    if applied or is_unclosed(workspace, batch):
        close_batch(workspace, batch)
    return applied


def decide_open(
    workspace: Workspace, batch: str, requested: Sequence[Requested], *, as_of: date, how: str
) -> list[Applied]:
    """Like `decide`, at once: the batch is left `closing`, and whoever asked closes it later (`close_decided`)."""
    with workspace.hold(batch):
        applied = apply_open(workspace, batch, requested, as_of=as_of, operator=workspace.operator, how=how)
        if applied:
            begin(workspace, batch)
    return applied


def close_decided(workspace: Workspace, batch: str, as_of: date) -> None:
    """Close a batch that `decide_open` left; its doubtful numbers are weighed against their series first.

    Raises:
        BatchHeld: a run is at work on the batch.
    """
    with workspace.hold(batch):
        apply_order(workspace, batch, as_of)
        close_batch(workspace, batch)


def apply_order(workspace: Workspace, batch: str, as_of: date) -> list[Applied]:
    """Weigh the doubtful numbers of a batch against their series, for a caller that holds and closes the batch."""
    papers = [row.document for row in documents.of_batch(workspace.database, batch) if row.linked_to is None]
    held = decisions.of_documents(workspace.database, [paper.id for paper in papers])
    requested = [
        Requested(said.document_id, ORDER, Action.ABSENT)
        if said.gap is None
        else Requested(said.document_id, ORDER, Action.SET, str(said.gap.between), said.gap.note)
        for said in said_by_series(papers, held, workspace.rules.book)
    ]
    return apply_open(workspace, batch, requested, as_of=as_of, operator=workspace.operator, how="series")


def apply_open(
    workspace: Workspace, batch: str, requested: Sequence[Requested], *, as_of: date, operator: str, how: str
) -> list[Applied]:
    """Like `apply`, for a caller that closes the batch itself."""
    known = lookups.of_ids(workspace.database, sorted({entry.document_id for entry in requested}))
    rows = {own: row for own, row in known.items() if row.batch == batch}
    stranger = next((entry.document_id for entry in requested if entry.document_id not in rows), None)
    if stranger is not None:
        raise UsageError(f"no document {stranger} in {batch}", remedy="document_absent", value=stranger)
    held = decisions.of_documents(workspace.database, sorted({entry.document_id for entry in requested}))
    fresh = _fresh(rows, requested, held, operator)
    if not fresh:
        return []
    sheet = batches.batch(workspace.database, batch).sheet
    papers = lookups.papers_in_files(workspace.database, batch, [row.file for row in rows.values()])
    asked = {(entry.document_id, entry.target): entry for entry in requested}
    frame = _Frame(sheet, workspace.rules.digests(workspace.settings, sheet).understanding, as_of, how, asked)
    decided = []
    kept: tuple[tuple[str, str], dict[int, PageReading]] = (("", ""), {})
    # Group papers by original, so that its readings are loaded only once and not kept in memory.
    for document_id in sorted(fresh, key=lambda id_: rows[id_].document.sha256):
        row, new = rows[document_id], fresh[document_id]
        key = (row.document.sha256, row.digests.reading)
        if kept[0] != key:
            kept = (key, workspace.ledger.readings(*key))
        standing = in_force([*held.get(document_id, ()), *new])
        decided.append(_next(workspace, row, new, standing, frame, kept[1], alone=papers[row.file] == 1))
    done = decisions.commit(
        workspace.database,
        workspace.run.id,
        operator,
        decided,
        lambda where, document_id, code: _event(
            operator, where, EventType.CODE_ISSUED, document_id, "issued", code=code
        ),
    )
    extend(workspace, [change.version.document.id for change in decided])
    applied = [
        Applied(rows[change.version.document.id], after, tuple(decision for decision, _ in change.decisions))
        for change, after in zip(decided, done, strict=True)
    ]
    return sorted(applied, key=lambda result: (result.before.file, result.before.document.pages))


def _fresh(
    rows: Mapping[str, DocumentRow],
    requested: Sequence[Requested],
    held: Mapping[str, Sequence[Decision]],
    operator: str,
) -> dict[str, list[Decision]]:
    """Decisions that change something, by document.

    Raises:
        UsageError: the operator keyed a value that waits for a third person.
    """
    last = {(entry.document_id, entry.target): entry for entry in requested}
    at = batches.now()
    found: dict[str, list[Decision]] = {}
    for entry in last.values():
        paper, known = rows[entry.document_id].document, in_force(held.get(entry.document_id, ()))
        targets = targets_of(paper, entry.target, (entry.action, entry.value), known, operator)
        for target in targets:
            decision = Decision(
                target=target,
                action=entry.action,
                value=entry.value,
                old=current_value(paper, field_told(entry.target) or entry.target),
                operator=operator,
                at=at,
                note=entry.note,
                confidence=entry.confidence,
            )
            found.setdefault(entry.document_id, []).append(decision)
    return found


class _Frame(NamedTuple):
    """What all papers of one call share."""

    sheet: BatchSheet | None
    understanding: str
    as_of: date
    how: str
    asked: Mapping[tuple[str, str], Requested] = {}

    def of(self, document_id: str, decision: Decision) -> Requested | None:
        """What was requested, and led to a decision."""
        target = decision.target
        return self.asked.get((document_id, target)) or self.asked.get((document_id, confirmed(target)))


def _next(
    workspace: Workspace,
    row: DocumentRow,
    new: Sequence[Decision],
    standing: Mapping[str, Decision],
    frame: _Frame,
    kept: Mapping[int, PageReading],
    *,
    alone: bool,
) -> Decided:
    """Build a paper's next version and store its sidecar.

    `standing` are all decisions in force, new ones included; `alone`: no other paper is in its file.
    """
    document_id = row.document.id
    work, sheet = _anew(workspace, row, standing, frame, kept, alone=alone, operator=new[0].operator)
    redone = corrected_rendition(workspace, work, sheet, frame.as_of)
    paper = _with_rest(workspace, work, redone)
    events = tuple(
        _decision_event(row, decision, frame.how, frame.of(document_id, decision)) for decision in new
    )
    made = next_version(
        workspace,
        row,
        work.sidecar,
        paper,
        digests=row.digests.model_copy(update={"understanding": frame.understanding}),
        operator=work.operator,
        redone=redone,
        sheet=sheet_said(_placed(row, sheet, work.sidecar, kept), standing),
        code=row.code,
        events=(*events, *redone.events),
    )
    return Decided(row.batch, made, tuple(zip(new, events, strict=True)))


def _placed(
    row: DocumentRow, sheet: BatchSheet | None, sidecar: Sidecar, kept: Mapping[int, PageReading]
) -> BatchSheet | None:
    """The sheet with box and file of the separator before the paper; as it was kept, where no words are any more."""
    if not kept:
        return sidecar.sheet or sheet
    return sheet_of(sheet, tuple(kept.values()), row.document.pages[0])


def _anew(
    workspace: Workspace,
    row: DocumentRow,
    standing: Mapping[str, Decision],
    frame: _Frame,
    kept: Mapping[int, PageReading],
    *,
    alone: bool,
    operator: str,
) -> tuple[Correcting, BatchSheet | None]:
    """A paper understood anew with these decisions laid over its words, and the part of the sheet about its file."""
    sidecar = read_sidecar(workspace.store, row.sidecar_key)
    readings = _readings(workspace, row, sidecar, frame.as_of, kept)
    sheet = frame.sheet.of_file(row.file) if frame.sheet else None
    (paper,) = understand(
        row.document.sha256,
        readings,
        workspace.rules.book,
        sheet,
        frame.as_of,
        splits=[row.document.pages],
        decided={row.document.id: standing},
        name=row.file if alone else None,
    )
    return Correcting(row, sidecar, paper, readings, standing, operator), sheet


def foresee(workspace: Workspace, row: DocumentRow, requested: Sequence[Requested], as_of: date) -> Document:
    """A paper as these decisions of its operator would make it; nothing is written, and its PDF/A stays as it is.

    Raises:
        UsageError: its readings are no longer kept.
    """
    own, key = row.document.id, (row.document.sha256, row.digests.reading)
    held = decisions.of_documents(workspace.database, [own])
    new = _fresh({own: row}, requested, held, workspace.operator).get(own, ())
    standing = in_force([*held.get(own, ()), *new])
    frame = _Frame(batches.batch(workspace.database, row.batch).sheet, "", as_of, "")
    kept = workspace.ledger.readings(*key)
    alone = len(documents.of_original(workspace.database, row.document.sha256)) == 1
    work, _ = _anew(workspace, row, standing, frame, kept, alone=alone, operator=workspace.operator)
    return _with_rest(workspace, work, Redone(None, row.verdict))


def _readings(
    workspace: Workspace, row: DocumentRow, sidecar: Sidecar, as_of: date, kept: Mapping[int, PageReading]
) -> list[PageReading]:
    """Page readings of the paper's current version; pages whose words are lost are read again from the store.

    Raises:
        UsageError: the reading of a page is no longer kept, and it cannot be read again.
    """
    sources = {source.number: source for source in sidecar.original.pages}
    if _lacking(sidecar, kept):
        key = (row.document.sha256, row.digests.reading)
        if _lacking(sidecar, workspace.ledger.readings(*key)):
            read_again(workspace, row, as_of)
        kept = workspace.ledger.readings(*key)
    measured = with_image_findings(
        [kept[number] for number in row.document.pages if number in kept], workspace.rules.image, as_of
    )
    known = {reading.number: reading for reading in measured}
    for facts in sidecar.pages:
        if facts.number in known:
            continue
        if facts.state is not PageState.FAILED:
            raise UsageError(
                f"words of page {facts.number} are kept no longer",
                remedy="readings_gone",
                batch=row.batch,
                file=row.file,
                page=facts.number,
            )
        failed = failed_page(sources[facts.number])
        known[facts.number] = failed.model_copy(update={"findings": facts.findings})
    return [known[number] for number in row.document.pages]


def _lacking(sidecar: Sidecar, kept: Mapping[int, PageReading]) -> bool:
    """Whether a page that was read has no reading here."""
    return any(facts.number not in kept for facts in sidecar.pages if facts.state is not PageState.FAILED)


def _with_rest(workspace: Workspace, work: Correcting, redone: Redone) -> Document:
    """Add findings made after analysis (rendition, batch) to the paper, and route it."""
    before = work.row.document
    # A new PDF/A has its own findings about its check.
    anew = _DRAWN_ANEW | CHECKED if redone.events else _DRAWN_ANEW
    rest = [finding for finding in before.findings if finding.rule not in anew]
    findings = joined(work.paper.findings, [*rest, *redone.findings])
    paper = work.paper.model_copy(
        update={"findings": findings, "dossier": work.paper.dossier or before.dossier}
    )
    notes = still_open([finding for reading in work.readings for finding in reading.findings], work.decided)
    decided = route(paper, workspace.rules.book, notes, redone.verdict)
    return paper.model_copy(update={"route": decided})


def _decision_event(row: DocumentRow, decision: Decision, how: str, asked: Requested | None) -> Event:
    measured = {"ms": asked.took, "shown": asked.shown} if asked else {}
    return _event(
        decision.operator,
        row.batch,
        EventType.DECISION,
        row.document.id,
        "decided",
        target=decision.target,
        action=str(decision.action),
        old=decision.old,
        new=decision.value,
        note=decision.note,
        how=how,
        version=row.version + 1,
        **{name: value for name, value in measured.items() if value is not None},
    )


def _event(
    agent: str, batch: str, kind: EventType, subject: str, outcome: str, **detail: str | int | None
) -> Event:
    return new_event(kind, subject, outcome, batch=batch, agent=agent, tool=TOOL, detail=detail)
