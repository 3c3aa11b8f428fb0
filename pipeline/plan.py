"""Plans a run: lists and hashes the inbox and looks up the status of every file. Imports no orchestrator.

A file whose bytes and digests are those its work was completed under is done. A set-aside file stays so, unless its
finding is transient (tried once more) or someone asked (`batch retry`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from extractors.batch_sheet import read_batch_sheet
from extractors.bundle import fingerprint_paper
from extractors.intake import Fingerprint, fingerprint
from pipeline.inbox import Inbox, InboxFile, open_inbox
from schemas.batches import BatchSheet, FileStatus, path_key
from schemas.digests import Digests
from schemas.errors import SourceError
from schemas.findings import Finding, finding
from schemas.rules import Limits
from storage.catalogue import batches, fixity, registers
from storage.catalogue.batches import FileRow
from workspace.opening import Workspace

MAX_ATTEMPTS = 2


@dataclass(frozen=True)
class PlannedFile:
    """One file to work on. `known` is its row as the catalogue has it."""

    entry: InboxFile
    position: int
    known: FileRow


@dataclass(frozen=True)
class BatchPlan:
    """A batch and what is left to do in it."""

    inbox: Inbox
    sheet: BatchSheet | None
    findings: tuple[Finding, ...]
    digests: Digests
    todo: tuple[PlannedFile, ...]
    damaged: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """Name of the batch, NFC."""
        return self.inbox.name

    @property
    def done_mark(self) -> str:
        """What a file's row carries when its work was completed under these digests."""
        return f"{self.digests.reading}-{self.digests.understanding}-{self.digests.rendition}"


def make_plan(workspace: Workspace, folder: Path) -> BatchPlan:
    """List, hash and look up.

    Raises:
        UsageError: the folder cannot be listed.
        BatchNameTaken: its name is bound to another folder.
    """
    inbox = open_inbox(folder, workspace.settings.inbox_marker)
    sheet, notes = _sheet(inbox, workspace.rules.limits)
    notes = (*notes, *_register(workspace, inbox))
    digests = workspace.rules.digests(workspace.settings, sheet)
    batches.bind(workspace.database, inbox.name, str(inbox.root), sheet=sheet, findings=notes)
    batches.enter_files(workspace.database, inbox.name, [entry.name for entry in inbox.files])
    known = batches.files(workspace.database, inbox.name)
    plan = BatchPlan(inbox, sheet, notes, digests, (), frozenset(fixity.damaged(workspace.database)))
    lost = fixity.damaged_originals(workspace.database) if plan.damaged else frozenset()
    entries = [*inbox.files, *_vanished(inbox, known)]
    todo = tuple(
        PlannedFile(entry, position, known[entry.name])
        for position, entry in enumerate(entries)
        if _has_work(workspace, plan, entry, known[entry.name], lost)
    )
    return replace(plan, todo=todo)


def _vanished(inbox: Inbox, known: dict[str, FileRow]) -> list[InboxFile]:
    """Files that were registered, never started, and are gone; their absence is reported as a finding."""
    here = {entry.name for entry in inbox.files}
    waiting = [
        row.name for row in known.values() if row.status is FileStatus.NOT_STARTED and row.name not in here
    ]
    return [InboxFile(os.fsencode(inbox.root / name), name) for name in waiting]


def _sheet(inbox: Inbox, limits: Limits) -> tuple[BatchSheet | None, tuple[Finding, ...]]:
    if inbox.sheet is None:
        return None, (finding("batch_sheet_absent"),)
    try:
        sheet = read_batch_sheet(inbox.sheet, limits, inbox.root)
        return sheet, _absent(inbox, sheet)
    except SourceError as error:
        if error.rule == "batch_sheet_row_unusable":
            return None, (finding("batch_sheet_row_unusable", file=inbox.sheet.name, **error.params),)
        note = finding(
            "batch_sheet_unusable", file=inbox.sheet.name, reason=str(error.params.get("reason", error))
        )
        return None, (note,)


def _absent(inbox: Inbox, sheet: BatchSheet) -> tuple[Finding, ...]:
    """Findings for rows of the sheet that speak of no file of the batch."""
    name = inbox.sheet.name if inbox.sheet else ""
    here = {path_key(entry.name) for entry in inbox.files}
    here |= {"/".join(key.split("/")[:depth]) for key in here for depth in range(1, key.count("/") + 1)}
    return tuple(
        finding("batch_sheet_file_absent", file=name, row=number, value=row.file)
        for number, row in enumerate(sheet.papers, start=1)
        if path_key(row.file) not in here
    )


def _register(workspace: Workspace, inbox: Inbox) -> tuple[Finding, ...]:
    """A finding for a register that lies in the folder and was not imported; its columns need a person's eyes."""
    if inbox.register is None:
        return ()
    try:
        mark = fingerprint(os.fsencode(inbox.register), limits=workspace.rules.limits, inbox=inbox.root)
    except SourceError:
        mark = None
    if mark is not None and mark.sha256 in registers.digests(workspace.database, inbox.name):
        return ()
    return (finding("register_not_imported", file=inbox.register.name, path=str(inbox.register)),)


def hash_entry(limits: Limits, inbox: Inbox, entry: InboxFile) -> Fingerprint:
    """SHA-256 of a file's bytes as they are now.

    Raises:
        SourceError: it cannot be read.
    """
    if entry.members is None:
        return fingerprint(entry.path, limits=limits, inbox=inbox.root)
    return fingerprint_paper(entry.members, limits=limits, inbox=inbox.root)


def _has_work(
    workspace: Workspace, plan: BatchPlan, entry: InboxFile, row: FileRow, lost: frozenset[str]
) -> bool:
    if row.status is FileStatus.NOT_STARTED or row.done_with is None:
        return True
    transient = any(note.transient for note in row.findings)
    if transient and row.attempts < MAX_ATTEMPTS:
        return True
    try:
        mark = hash_entry(workspace.rules.limits, plan.inbox, entry)
    except SourceError as error:
        # A file that cannot be hashed has no new bytes to process; retry only if the reason has changed.
        return all(note.rule != error.rule for note in row.findings)
    if mark.sha256 != row.sha256 or mark.sha256 in lost:
        return True
    return row.status is not FileStatus.SET_ASIDE and row.done_with != plan.done_mark
