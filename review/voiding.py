"""Voids wrongly issued codes; the papers that depend on them return to review.

The holder and its duplicates get a new version, sidecar stored, routed to review; no page is read again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from review.versions import next_version
from schemas.documents import Route
from schemas.errors import CodeError, StoreError
from schemas.events import Event, EventType
from schemas.findings import finding
from schemas.version import TOOL
from storage.catalogue import voiding
from storage.catalogue.documents import Committed, DocumentRow, NewVersion
from storage.catalogue.provenance import new_event
from storage.sidecars import read_sidecar
from workspace.closing import close_batch
from workspace.opening import Workspace


class Voided(NamedTuple):
    """Result of voiding: the former holder, and the duplicates that now wait for review."""

    code: str
    document_id: str
    again: tuple[str, ...]
    left: tuple[str, ...]


def void_code(
    workspace: Workspace,
    printed: str,
    *,
    reason: str,
    successor: str | None = None,
    second_operator: str | None = None,
) -> Voided:
    """Void a code.

    Args:
        workspace: the opened home.
        printed: the code.
        reason: why it was wrong; recorded permanently in the event.
        successor: the code that takes its place.
        second_operator: second person who agreed, if the settings require two.

    Raises:
        CodeError: no such code in force, no reason, an unknown successor, or one person where two are needed.
        BatchHeld: a run is at work on a batch that the code concerns.
    """
    if not reason.strip():
        raise CodeError("a code is voided only with a reason", remedy="void_reason_missing")
    second = (second_operator or "").strip()
    if workspace.settings.void_needs_two and not second:
        raise CodeError("voiding needs a second operator", remedy="void_second_missing")
    if second and second == workspace.operator:
        raise CodeError("the second operator is the first", remedy="void_second_same", name=second)
    row = voiding.code_row(workspace.database, printed)
    if row is None or row.state != voiding.ISSUED:
        raise CodeError(f"no code {printed} in force", remedy="code_absent", value=printed)
    rows = voiding.affected(workspace.database, row.document_id)
    names = sorted({document_row.batch for document_row in rows})
    with workspace.hold(*names):
        again, left = _next_versions(workspace, printed, rows)
        done: Sequence[Committed] = voiding.void(
            workspace.database,
            printed,
            reason=reason,
            operator=workspace.operator,
            second_operator=second or None,
            successor=successor,
            run=workspace.run.id,
            again=again,
            code_event=lambda batch, document_id, code: _code_event(workspace, batch, document_id, code),
        )
        workspace.send()
        for name in names:
            close_batch(workspace, name)
    others = tuple(committed.document.id for committed in done if committed.document.id != row.document_id)
    return Voided(printed, row.document_id, others, left)


def _next_versions(
    workspace: Workspace, printed: str, rows: Sequence[DocumentRow]
) -> tuple[list[tuple[str, NewVersion]], tuple[str, ...]]:
    """Build the next version of the papers and store their sidecars; also ids whose sidecar cannot be read."""
    made, left = [], []
    for place, row in enumerate(rows):
        try:
            sidecar = read_sidecar(workspace.store, row.sidecar_key)
        except StoreError:
            left.append(row.document.id)
            continue
        document = row.document
        if place:
            note = finding("twin_code_voided", code=printed, document=rows[0].document.id)
            kept = tuple(earlier for earlier in document.findings if earlier.rule != "identity_duplicate")
            route = Route.REVIEW if document.route is Route.ACCEPTED else document.route
            document = document.model_copy(update={"findings": (*kept, note), "route": route})
        # The catalogue will not issue the same code to the holder again and sends it to review.
        new = next_version(
            workspace,
            row,
            sidecar,
            document,
            digests=row.digests,
            operator=workspace.operator,
            code=None,
            events=(),
        )
        made.append((row.batch, new))
    return made, tuple(left)


def _code_event(workspace: Workspace, batch: str, document_id: str, code: str) -> Event:
    return new_event(
        EventType.CODE_ISSUED,
        document_id,
        "issued",
        batch=batch,
        agent=workspace.operator,
        tool=TOOL,
        detail={"code": code},
    )
