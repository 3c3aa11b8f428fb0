"""Pages to scan again, in shelf order: by box, file and separator sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from extractors.decided import still_open
from extractors.sheets import SheetMark, read_payload
from pipeline.inbox import natural_key
from schemas.batches import BatchSheet, FileStatus
from schemas.documents import Route
from schemas.errors import StoreError
from schemas.findings import Finding, Severity
from schemas.review import in_force, sheet_said
from schemas.routing import about_picture, lost_page
from schemas.sidecars import PageFacts
from storage.catalogue import batches, decisions, documents
from storage.catalogue.batches import FileRow
from storage.catalogue.documents import DocumentRow
from storage.sidecars import read_sidecar
from workspace.opening import Workspace

_NOT_FIXED_BY_RESCAN = frozenset({"secret_document", "file_absent", "file_vanished", "duplicate_file"})


class Rescan(NamedTuple):
    """One page to scan again, or a whole file.

    Attributes:
        box, file: from the separator sheet before it or the batch sheet; empty if neither has it.
        separator: ordinal of the separator sheet before it, None if there is none.
        after: which page after that sheet it is, counted in scanned pages; from the start of the file without a sheet.
        scan: name of the scanned file.
        page: its page, None for a whole file.
        document_id: the paper, None for a file that was set aside.
        reason: why.
    """

    box: str
    file: str
    separator: int | None
    after: int | None
    scan: str
    page: int | None
    document_id: str | None
    reason: Finding


def rescans(workspace: Workspace, batch: str, *, every: bool = False) -> list[Rescan]:
    """Pages of a batch to scan again, sorted by box, file, separator sheet and place.

    Args:
        workspace: the opened home.
        batch: its name.
        every: also pages whose picture is doubtful but usable.

    Raises:
        UsageError: there is no such batch.
    """
    sheet = batches.batch(workspace.database, batch).sheet
    files = batches.files(workspace.database, batch)
    rows = documents.of_batch(workspace.database, batch)
    by_document = decisions.of_documents(workspace.database, [row.document.id for row in rows])
    found = [rescan for row in files.values() for rescan in _whole_file(row, sheet)]
    for row in rows:
        if row.document.route not in {Route.RESCAN, Route.PARTIAL} and not every:
            continue
        notes = files[row.file].findings if row.file in files else ()
        own = [*row.document.findings, *(note for note in notes if note.page in row.document.pages)]
        said = in_force(by_document.get(row.document.id, ()))
        pages = _reasons(still_open(own, said), every)
        facts = workspace.ledger.facts(row.document.sha256)
        place = sheet_said(_place(workspace, row, sheet, facts), said) or BatchSheet()
        for page, reason in pages.items():
            mark, after = _before(facts, page)
            box = mark.box if mark and mark.box else place.box or ""
            file = mark.file if mark and mark.file else place.file or ""
            ordinal = mark.ordinal if mark else None
            found.append(Rescan(box, file, ordinal, after, row.file, page, row.document.id, reason))
    position = {name: at for at, name in enumerate(files)}
    return sorted(found, key=lambda rescan: _order(rescan, position))


def _reasons(notes: Sequence[Finding], every: bool) -> dict[int, Finding]:
    """Pages to scan again with their first reason."""
    severities = {Severity.ERROR, Severity.WARNING} if every else {Severity.ERROR}
    found: dict[int, Finding] = {}
    for note in notes:
        if note.page and note.severity in severities and (about_picture(note) or lost_page(note)):
            found.setdefault(note.page, note)
    return dict(sorted(found.items()))


def _whole_file(row: FileRow, sheet: BatchSheet | None) -> list[Rescan]:
    """A file that was set aside and that a new scan may fix."""
    errors = [note for note in row.findings if note.severity is Severity.ERROR] or list(row.findings)
    if row.status is not FileStatus.SET_ASIDE or not errors or errors[-1].rule in _NOT_FIXED_BY_RESCAN:
        return []
    box, file = (sheet.box or "", sheet.file or "") if sheet else ("", "")
    return [Rescan(box, file, None, None, row.name, None, None, errors[-1])]


def _place(
    workspace: Workspace, row: DocumentRow, sheet: BatchSheet | None, facts: Mapping[int, PageFacts]
) -> BatchSheet:
    """Box and file of a paper; from its sidecar if no readings are kept that would show a separator."""
    if not facts:
        try:
            sheet = read_sidecar(workspace.store, row.sidecar_key).sheet or sheet
        except StoreError:
            return sheet or BatchSheet()
    return sheet or BatchSheet()


def _before(facts: Mapping[int, PageFacts], page: int) -> tuple[SheetMark | None, int]:
    """The separator sheet before a page, and the number of the page after it."""
    for number in range(page - 1, 0, -1):
        payloads = facts[number].qr if number in facts else ()
        mark = next((mark for payload in payloads if (mark := read_payload(payload)) is not None), None)
        if mark is not None:
            return mark, page - number
    return None, page


def _order(rescan: Rescan, position: Mapping[str, int]) -> tuple[Any, ...]:
    separator = (rescan.separator is None, rescan.separator or 0)
    return (_natural(rescan.box), _natural(rescan.file), separator, position[rescan.scan], rescan.page or 0)


def _natural(name: str) -> tuple[Any, ...]:
    """Natural sort key: box 2 before box 10, empty names last."""
    return (name == "", natural_key(name))
