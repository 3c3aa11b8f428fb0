"""Carries out a page edit that a person ordered; what can be ordered is in `review.page_edits`.

The stored original goes through the same steps as in a batch, with the splits or the page list given by the person.
Readings of unchanged pages are taken from the ledger. Originals are never rewritten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import NamedTuple

from pipeline.keeping import STEPS, BatchRun, ledger_entry, loose_findings, open_run, stored_version
from pipeline.work import SECRET, FileWork, Known, Source, Step, take_through
from review.rereading import plan_of, stage_stored
from schemas.batches import FileStatus, StagedFile
from schemas.documents import Route, document_id
from schemas.errors import CatalogueError, UsageError
from schemas.events import Event, EventType
from schemas.findings import Finding
from schemas.reading import PageList, PageState
from schemas.review import Decision, in_force, picture_of
from schemas.version import TOOL
from storage.catalogue import batches, decisions, documents, originals, releases, succession
from storage.catalogue.batches import FileRow
from storage.catalogue.documents import Committed, DocumentRow
from storage.catalogue.provenance import new_event
from storage.catalogue.succession import Succession
from storage.ledger import digest_of_page
from workspace.closing import close_batch
from workspace.healing import keep_original
from workspace.holding import extend
from workspace.opening import Workspace
from workspace.substitutes import edits_of, with_substitutes

Pages = tuple[int, ...]


class Order(NamedTuple):
    """A page edit requested by a person.

    Attributes:
        action: `split`, `joined`, `turned` or `replaced`; the outcome of the events.
        replaced: documents that are replaced; empty if the same document gets a new version.
        groups: page lists of the documents to write.
        heir: index in `groups` of the document that keeps the code; None if there is no code to keep.
        pages: the original's page list with the edits, None if it stays.
        reason: why.
        substitute: original that replaces the edited page.
        image: that original if it is new; stored only after its checks have passed.
        detail: additional details for the events.
    """

    action: str
    replaced: tuple[DocumentRow, ...]
    groups: tuple[Pages, ...]
    heir: int | None
    reason: str
    pages: PageList | None = None
    substitute: str | None = None
    image: StagedFile | None = None
    detail: Mapping[str, str | int] = {}


def carry_out(workspace: Workspace, row: DocumentRow, order: Order, as_of: date) -> list[Committed]:
    """Execute the order, and close the batch again.

    Raises:
        UsageError: no reason, or a document was replaced before.
        BatchHeld: a run is at work on the batch.
    """
    require_editable((row, *order.replaced), order.reason)
    with workspace.hold(row.batch):
        _require_unchanged(workspace, row, order)
        work = _PageWork(open_run(workspace, plan_of(workspace, row), lambda: None, as_of), row, order)
        context = replace(work.run.context, recall=work.recall)
        source = Source(row.file.encode("utf-8", "surrogateescape"), row.file)
        done = take_through(context, source, work.stage, work, workspace.document_locks.hold)
        workspace.send()
        close_batch(workspace, row.batch)
    return done


def require_editable(rows: Sequence[DocumentRow], reason: str) -> None:
    """Check what every page edit needs.

    Raises:
        UsageError: no reason, or a document was replaced before.
    """
    if not reason.strip():
        raise UsageError("no reason", remedy="pages_reason")
    for row in rows:
        if row.replaced_by:
            raise UsageError("replaced", remedy="document_replaced", by=", ".join(row.replaced_by))


def _require_unchanged(workspace: Workspace, row: DocumentRow, order: Order) -> None:
    """Check, once the batch is locked, that the documents and pages of the order are unchanged.

    Raises:
        CatalogueError: a document or the page list was changed meanwhile.
    """
    for paper in order.replaced or (row,):
        known = succession.document_row(workspace.database, paper.document.id)
        if known is None or (known.version, known.replaced_by) != (paper.version, paper.replaced_by):
            raise CatalogueError("changed meanwhile", remedy="version_taken", id=paper.document.id)
    if order.pages is not None:
        other = page_list(workspace, row)
        edited = order.detail.get("page")
        pairs = zip(other.pages, order.pages.pages, strict=True)
        if any(before != after and before.number != edited for before, after in pairs):
            raise CatalogueError("changed meanwhile", remedy="version_taken", id=row.document.id)


@dataclass(frozen=True)
class _PageWork:
    """The task of one page edit."""

    run: BatchRun
    row: DocumentRow
    order: Order
    steps: Sequence[Step] = field(default=STEPS)

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the documents that are written."""
        return tuple(document_id(self.row.document.sha256, group) for group in self.order.groups)

    def stage(self, work: FileWork) -> FileWork:
        """Copy the original out of the store."""
        return stage_stored(self.run.workspace, self.row, work)

    def recall(self, staged: StagedFile) -> Known:
        """Known state of the original, with the requested splits and page list."""
        workspace, plan, sha256 = self.run.workspace, self.run.plan, staged.sha256
        original = originals.receive(workspace.database, sha256, staged.size, staged.format)
        pages = self.order.pages or original.page_list
        gone = {row.document.id for row in self.order.replaced} | {self.row.document.id}
        current = documents.of_original(workspace.database, sha256)
        rest = [row for row in current if row.document.id not in gone]
        splits = sorted([*self.order.groups, *(row.document.pages for row in rest)])
        decided = {**decisions.of_original(workspace.database, sha256)}
        decided |= {name: in_force(made) for name, made in self._inherited().items()}
        return Known(
            received=datetime.fromisoformat(original.received_at),
            pages=pages,
            ledger=ledger_entry(workspace, plan, sha256, pages),
            splits=tuple(splits),
            decided=decided,
            current=frozenset(row.document.id for row in rest),
            # What was let in is this original; an image that comes in its place is judged by itself.
            released=self.order.image is None and releases.is_released(workspace.database, sha256),
            keep_pages=lambda listed: originals.keep_page_list(workspace.database, sha256, listed),
            complete=lambda listed, folder: with_substitutes(
                workspace, staged, listed, folder, self.order.image
            ),
        )

    def _inherited(self) -> dict[str, list[Decision]]:
        """Decisions inherited from replaced documents: all go to the heir, those about pictures follow their page."""
        by_document = decisions.of_documents(
            self.run.workspace.database, [row.document.id for row in self.order.replaced]
        )
        found: dict[str, list[Decision]] = {}
        for decision in (
            made for row in self.order.replaced for made in by_document.get(row.document.id, ())
        ):
            picture = picture_of(decision.target)
            for at, (name, group) in enumerate(zip(self.ids, self.order.groups, strict=True)):
                if (picture[1] in group) if picture else at == (self.order.heir or 0):
                    found.setdefault(name, []).append(decision)
        return found

    def already_done(self, work: FileWork) -> list[Committed] | None:
        """Always None: a requested edit is never skipped."""

    def finish(self, work: FileWork) -> list[Committed]:
        """Store what was written, then change the catalogue."""
        run, order = self.run, self.order
        database = run.workspace.database
        if order.image is not None:
            image = order.image
            originals.receive(database, image.sha256, image.size, image.format)
            keep_original(run.workspace, image, self.row.batch, known=False)
        written_ids = set(self.ids)
        versions = [
            stored_version(run, work, written, succession.version_of(database, written.paper.id) + 1)
            for written in work.written
            if written.paper.id in written_ids
        ]
        change = Succession(
            sha256=self.row.document.sha256,
            replaced=tuple(row.document.id for row in order.replaced),
            heir=None if order.heir is None else self.ids[order.heir],
            pages=order.pages,
            edits=edits_of(order.pages.pages if order.pages else ()),
            substitutes=(order.substitute,) if order.substitute else (),
            decisions=self._inherited(),
            events=self._events(),
            file=self._file(work),
        )
        done = succession.commit(
            database,
            run.plan.name,
            self.row.file,
            run.workspace.run.id,
            run.workspace.operator,
            versions,
            change,
            lambda name, code: run.event(EventType.CODE_ISSUED, name, "issued", code=code),
        )
        extend(run.workspace, self.ids)
        return done

    def _file(self, work: FileWork) -> FileRow:
        """The file's row with the current findings of its pages."""
        row = batches.files(self.run.workspace.database, self.row.batch)[self.row.file]
        kept = [note for note in row.findings if note.page is None]
        failed = any(reading.state is PageState.FAILED for reading in work.readings)
        failed = failed or any(paper.paper.route is Route.PARTIAL for paper in work.written)
        return row._replace(
            findings=(*kept, *loose_findings(work)), status=FileStatus.PARTIAL if failed else FileStatus.READ
        )

    def set_aside(self, work: FileWork, findings: Sequence[Finding]) -> list[Committed]:
        """Refuse: nothing is changed.

        Raises:
            UsageError: always.
        """
        if self.order.pages is not None and any(note.rule in SECRET for note in findings):
            self._forget(self.order.pages)
        rules = ", ".join(note.rule for note in findings)
        raise UsageError(rules, remedy="pages_unusable", file=self.row.file, rules=rules)

    def _forget(self, pages: PageList) -> None:
        """Delete the readings of edited pages: one of them bears a mark of secrecy, or may bear one."""
        digest = self.run.plan.digests.reading
        for page, edit in edits_of(pages.pages).items():
            self.run.workspace.ledger.forget(self.row.document.sha256, [page], digest_of_page(digest, edit))

    def _events(self) -> tuple[Event, ...]:
        """An event for every document that takes part, replaced ones first."""
        order, workspace = self.order, self.run.workspace
        detail: dict[str, str | int | float | None] = {"reason": order.reason.strip(), **order.detail}
        if order.replaced:
            detail["replaces"] = " ".join(row.document.id for row in order.replaced)
            detail["replaced_by"] = " ".join(self.ids)
        subjects = dict.fromkeys((*(row.document.id for row in order.replaced), *self.ids))
        return tuple(
            new_event(
                EventType.PAGE_WORK,
                subject,
                order.action,
                batch=self.row.batch,
                agent=workspace.operator,
                tool=TOOL,
                detail=detail,
            )
            for subject in subjects
        )


def page_list(workspace: Workspace, row: DocumentRow) -> PageList:
    """The page list of a document's original.

    Raises:
        UsageError: its pages were never listed.
    """
    original = originals.find(workspace.database, row.document.sha256)
    if original is None or original.page_list is None:
        raise UsageError("pages unknown", remedy="pages_unusable", file=row.file, rules="–")
    return original.page_list
