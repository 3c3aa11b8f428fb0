"""Page edits by a person: split or join documents, turn a page, replace its image."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from extractors.intake import stage as stage_file
from pipeline.keeping import open_run
from pipeline.readings import list_pages
from review.page_work import Order, Pages, carry_out, page_list, require_editable
from review.rereading import plan_of
from review.voiding import void_code
from schemas.errors import UsageError
from schemas.reading import PageList, PageSource, Rotation
from storage.catalogue import documents, succession
from storage.catalogue.documents import Committed, DocumentRow
from workspace.opening import Workspace


def split(
    workspace: Workspace,
    row: DocumentRow,
    starts: Sequence[int],
    *,
    heir: int | None,
    reason: str,
    as_of: date,
    void: bool = False,
    second_operator: str | None = None,
) -> list[Committed]:
    """Split a document before the given pages, which are numbered as in its file.

    Args:
        workspace: the opened home.
        row: the document.
        starts: first pages of the parts after the first one.
        heir: index of the part that keeps the code; None if none does.
        reason: why.
        as_of: today.
        void: void the code if no part keeps it. It is voided last, when nothing that was asked can be wrong any more.
        second_operator: second person who agreed to void it, if the settings require two.

    Raises:
        UsageError: a page does not begin a later part of this document, or it is not given which part keeps the code.
        CodeError: the code cannot be voided.
        BatchHeld: a run is at work on the batch.
    """
    groups = _parts(row.document.pages, starts)
    if heir is not None and not 0 <= heir < len(groups):
        raise UsageError(f"no part {heir + 1}", remedy="pages_no_part", part=heir + 1, parts=len(groups))
    require_editable([row], reason)
    keeps = heir is not None
    if row.code is not None and keeps == void:
        raise UsageError("a part keeps the code, or it is voided", remedy="pages_code_open", code=row.code)
    if row.code is not None and void:
        void_code(workspace, row.code, reason=reason, second_operator=second_operator)
        row = succession.document_row(workspace.database, row.document.id) or row
    order = Order("split", (row,), groups, heir, reason, detail={"at": _page_numbers(sorted(set(starts)))})
    return carry_out(workspace, row, order, as_of)


def _parts(pages: Pages, starts: Sequence[int]) -> tuple[Pages, ...]:
    """Page lists of the parts of a document that is split before the given pages.

    Raises:
        UsageError: a page does not begin a later part.
    """
    wrong = next((page for page in starts if page not in pages[1:]), None)
    if wrong is not None or not starts:
        raise UsageError(
            f"cannot split {pages} at {wrong}",
            remedy="pages_split_at",
            page=wrong or "–",
            pages=_page_numbers(pages),
        )
    cuts = sorted({0, *(pages.index(page) for page in starts)})
    return tuple(pages[start:end] for start, end in zip(cuts, (*cuts[1:], len(pages)), strict=True))


def join(workspace: Workspace, rows: Sequence[DocumentRow], *, reason: str, as_of: date) -> list[Committed]:
    """Join consecutive documents of one original.

    Raises:
        UsageError: they are of several originals, are not consecutive, or several have a code.
        BatchHeld: a run is at work on the batch.
    """
    if len({row.document.id for row in rows}) < 2:
        raise UsageError("one document", remedy="pages_join_one")
    if len({row.document.sha256 for row in rows}) > 1:
        raise UsageError("several originals", remedy="pages_join_originals")
    ordered = sorted(rows, key=lambda row: row.document.pages)
    current = documents.of_original(workspace.database, ordered[0].document.sha256)
    places = [[other.document.id for other in current].index(row.document.id) for row in ordered]
    if places != list(range(places[0], places[0] + len(places))):
        raise UsageError("not adjacent", remedy="pages_join_apart")
    codes = [row.code for row in ordered if row.code]
    if len(codes) > 1:
        raise UsageError("several codes", remedy="pages_join_codes", codes=", ".join(codes))
    group = tuple(page for row in ordered for page in row.document.pages)
    return carry_out(workspace, ordered[0], Order("joined", tuple(ordered), (group,), 0, reason), as_of)


def turn(
    workspace: Workspace, row: DocumentRow, page: int, by: Rotation, *, reason: str, as_of: date
) -> list[Committed]:
    """Turn a page of a document clockwise, in its PDF/A and for reading.

    Raises:
        UsageError: the document has no such page.
        BatchHeld: a run is at work on the batch.
    """
    listed = page_list(workspace, row)
    source = _page(row, listed, page)
    edited = source.model_copy(update={"turned": (source.turned + by) % 360})
    order = Order(
        *("turned", (), (row.document.pages,), None, reason, listed.with_page(edited), source.substitute),
        detail={"page": page, "by": by},
    )
    return carry_out(workspace, row, order, as_of)


def replace_page(
    workspace: Workspace, row: DocumentRow, page: int, file: Path, *, reason: str, as_of: date
) -> list[Committed]:
    """Replace a page of a document by the image in a file, which is stored as an additional original.

    Raises:
        UsageError: the document has no such page.
        SourceError: the file cannot be used, or holds more than one page.
        BatchHeld: a run is at work on the batch.
    """
    listed = page_list(workspace, row)
    _page(row, listed, page)
    folder = workspace.staging
    staged = stage_file(
        bytes(file.absolute()), name=file.name, staging=folder, limits=workspace.rules.limits, inbox=None
    )
    plan = plan_of(workspace, row)
    found = list_pages(open_run(workspace, plan, lambda: None, as_of).context, staged)
    if len(found.pages) != 1:
        raise UsageError(f"{len(found.pages)} pages", remedy="pages_one_image", count=len(found.pages))
    members = [source.member or 0 for source in listed.pages]
    known = {source.substitute: source.member for source in listed.pages if source.substitute}
    member = known.get(staged.sha256) or max(members) + 1
    place = {"number": page, "member": member, "member_page": 1, "substitute": staged.sha256}
    order = Order(
        *("replaced", (), (row.document.pages,), None, reason),
        listed.with_page(found.pages[0].model_copy(update=place)),
        staged.sha256,
        staged,
        {"page": page, "sha256": staged.sha256, "file": file.name},
    )
    try:
        return carry_out(workspace, row, order, as_of)
    finally:
        Path(staged.path).unlink(missing_ok=True)


def _page(row: DocumentRow, listed: PageList, page: int) -> PageSource:
    own = row.document.pages
    source = next((source for source in listed.pages if source.number == page and page in own), None)
    if source is None:
        raise UsageError(f"no page {page}", remedy="pages_no_page", page=page, pages=_page_numbers(own))
    return source


def _page_numbers(pages: Sequence[int]) -> str:
    return ", ".join(map(str, pages))
