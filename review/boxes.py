"""Where the papers of a batch lie: box and fonds, said once for all of them, and kept as an answer for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from review.answers import read_answer
from review.deciding import Applied, Requested, apply
from schemas.review import Action
from storage.catalogue import batches, decisions, documents
from storage.catalogue.documents import DocumentRow
from storage.sidecars import read_sidecar
from workspace.opening import Workspace

_LOOKED_AT: Final = 3


def set_places(
    workspace: Workspace, batch: str, said: Mapping[str, str], *, as_of: date, note: str = ""
) -> list[Applied]:
    """Write box or fonds for the papers of a batch; a box that a separator sheet names stays.

    Args:
        workspace: the opened home.
        batch: its name.
        said: by target, `box` and `fonds`.
        as_of: today.
        note: why.

    Raises:
        UsageError: there is no such batch.
        WrongAnswer: a value cannot be.
        BatchHeld: a run is at work on the batch.
    """
    name = batches.batch(workspace.database, batch).name
    with workspace.hold(name):
        rows = documents.of_batch(workspace.database, name)
        requested = requested_places(workspace, name, rows, said, as_of, note)
        return apply(
            workspace, name, requested, as_of=as_of, operator=workspace.operator, how="hand, whole batch"
        )


def requested_places(
    workspace: Workspace,
    batch: str,
    rows: Sequence[DocumentRow],
    said: Mapping[str, str],
    as_of: date,
    note: str = "",
) -> list[Requested]:
    """A decision per paper and target, but for a box that is the paper's own.

    Raises:
        WrongAnswer: a value cannot be.
    """
    if not rows:
        return []
    book = workspace.rules.book
    values = {
        target: read_answer(value, target, rows[0].document, book, as_of) for target, value in said.items()
    }
    sheet = batches.batch(workspace.database, batch).sheet
    held = decisions.of_documents(workspace.database, [row.document.id for row in rows])
    requested = []
    for row in rows:
        answered = {each.target for each in held.get(row.document.id, ())}
        own = read_sidecar(workspace.store, row.sidecar_key).sheet
        for target, value in values.items():
            stated = getattr(own, target) if own is not None else None
            of_batch = getattr(sheet, target) if sheet is not None else None
            if target not in answered and stated not in {None, of_batch}:
                continue  # named by the separator sheet before the paper
            requested.append(Requested(row.document.id, target, Action.SET, value, note))
    return requested


def is_said(workspace: Workspace, batch: str, target: str, papers: Sequence[str]) -> bool:
    """True if the batch sheet says where the batch lies, or a person does for all of these papers of it.

    A paper that another person had in hand when it was said, or that came later, is asked about again. Of many such only
    the first few are looked at: where separator sheets name the boxes, they name them for all.
    """
    sheet = batches.batch(workspace.database, batch).sheet
    if sheet is not None and getattr(sheet, target) is not None:
        return True
    if not decisions.any_of_batch(workspace.database, batch, target):
        return False
    held = decisions.of_documents(workspace.database, papers)
    lacking = [own for own in papers if all(each.target != target for each in held.get(own, ()))]
    rows = documents.of_ids(workspace.database, lacking[:_LOOKED_AT])
    sheets = [read_sidecar(workspace.store, row.sidecar_key).sheet for row in rows.values()]
    return all(own is not None and getattr(own, target) is not None for own in sheets)
