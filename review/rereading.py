"""Reads pages of a stored original again whose words the ledger no longer holds, as after a rebuild."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from extractors.bundle import unpack
from pipeline import steps
from pipeline.inbox import Inbox
from pipeline.keeping import open_run
from pipeline.plan import BatchPlan
from pipeline.work import FileWork, Source, Step, take_through
from schemas.errors import UsageError
from schemas.findings import Finding
from schemas.reading import Format
from storage.catalogue import batches
from storage.catalogue.documents import DocumentRow
from workspace.opening import Workspace
from workspace.substitutes import fetched


def read_again(workspace: Workspace, row: DocumentRow, as_of: date) -> None:
    """Read the missing pages of a document's original, as they were read; their words are kept in the ledger.

    Nothing is done under other reading rules than those of the document: the next run reads its file anyhow.

    Raises:
        StoreError: the original is gone or damaged.
        UsageError: its pages cannot be used.
    """
    plan = plan_of(workspace, row)
    if plan.digests.reading != row.digests.reading:
        return
    context = open_run(workspace, plan, lambda: None, as_of).context
    source = Source(row.file.encode("utf-8", "surrogateescape"), row.file)
    take_through(
        context,
        source,
        lambda work: stage_stored(workspace, row, work),
        _Rereading(row.file),
        workspace.document_locks.hold,
    )


@dataclass(frozen=True)
class _Rereading:
    """The task of filling the ledger."""

    file: str
    steps: Sequence[Step] = field(default=(steps.pages, steps.read))

    def already_done(self, work: FileWork) -> None:
        """Always None: only missing pages are read."""

    def finish(self, work: FileWork) -> None:
        """Nothing: the readings are kept."""

    def set_aside(self, work: FileWork, findings: Sequence[Finding]) -> None:
        """Refuse: nothing is changed.

        Raises:
            UsageError: always.
        """
        rules = ", ".join(note.rule for note in findings)
        raise UsageError(rules, remedy="pages_unusable", file=self.file, rules=rules)


def stage_stored(workspace: Workspace, row: DocumentRow, work: FileWork) -> FileWork:
    """Copy a document's original out of the store."""
    staged = fetched(workspace, row.document.sha256, work.folder).model_copy(update={"name": row.file})
    if staged.format is Format.BUNDLE:
        members = unpack(Path(staged.path), work.folder)
        staged = staged.model_copy(update={"members": members})
    return work.having(staged=staged)


def plan_of(workspace: Workspace, row: DocumentRow) -> BatchPlan:
    """The plan of a run that works on no file of the batch but the document's own."""
    batch = batches.batch(workspace.database, row.batch)
    inbox = Inbox(row.batch, Path(batch.path), (), None, ())
    return BatchPlan(inbox, batch.sheet, (), workspace.rules.digests(workspace.settings, batch.sheet), ())
