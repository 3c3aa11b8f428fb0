"""Closes a batch: writes tables, checks expectations, publishes the report and stores events.

A batch is `closing` until all of it stands and has its end state only then. A closing that was killed or refused is tried
again by every run. Board and alerts come after it and never hold it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import structlog

from schemas.batches import BatchState
from schemas.clock import VIETNAM, today
from schemas.errors import BatchHeld, SohoaError
from schemas.events import Event
from schemas.findings import Finding
from storage.catalogue import batches, closings
from storage.catalogue.events import anchor
from storage.objects.keys import batch_key
from storage.outbox import send_all
from storage.self_description import describe
from storage.tables import write_batch_tables
from workspace.opening import Workspace

_log = structlog.get_logger(__name__)


class Closed(NamedTuple):
    """Where a closed batch's reports lie, and its end state."""

    report: Path
    data_docs: Path | None
    tables: dict[str, str]
    state: BatchState


def report_folder(home: Path, batch: str) -> Path:
    """Folder of a batch's reports."""
    return home / "reports" / batch_key(batch)


def close_batch(
    workspace: Workspace,
    name: str,
    ending: BatchState | None = None,
    *,
    findings: Sequence[Finding] | None = None,
    events: Sequence[Event] = (),
) -> Closed:
    """Write everything that is derived from a batch, then give the batch its end state.

    The caller holds the batch. Closing a batch again rewrites the same.

    Args:
        workspace: the opened home.
        name: the batch.
        ending: the end state; None keeps the state that the batch has, or that its last closing leads to.
        findings: the batch's own findings, if they change.
        events: recorded together with the beginning of the closing.

    Raises:
        CatalogueError, StoreError: something could not be written; the batch stays `closing`.
    """
    closings.begin_closing(
        workspace.database,
        name,
        ending or _ending(workspace, name),
        run=workspace.run.id,
        findings=findings,
        events=events,
    )
    workspace.send()  # tables and report show codes, whose events must be stored before
    folder = report_folder(workspace.settings.home, name)
    workspace.settings.reports.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.mkdir(exist_ok=True, mode=0o700)
    describe(workspace.store)
    tables = write_batch_tables(workspace.database, workspace.store, name)
    from workspace.reporting import write_reports  # noqa: PLC0415 - great-expectations: seconds of import

    report, data_docs = write_reports(workspace, name, folder)
    send_all(workspace.database, workspace.store)
    state = closings.end_closing(workspace.database, name, workspace.run.id)
    # The end state is recorded in the batch chain, and the head of that chain in the house chain.
    anchor(workspace.database, name)
    send_all(workspace.database, workspace.store)
    return Closed(report, data_docs, tables, state)


def begin(workspace: Workspace, name: str) -> None:
    """Mark a batch whose papers changed as one to be closed; what is derived from it is written by its closing.

    The caller holds the batch. Codes are shown from here on: their events are stored.

    Raises:
        CatalogueError, StoreError: it could not be recorded.
    """
    closings.begin_closing(workspace.database, name, _ending(workspace, name), run=workspace.run.id)
    workspace.send()


def _ending(workspace: Workspace, name: str) -> BatchState:
    row = batches.batch(workspace.database, name)
    state = row.ending or row.state
    # The lock holder closes the batch, so a run that is still registered here has died.
    return BatchState.FAILED if state in {BatchState.RUNNING, BatchState.CLOSING} else state


def is_unclosed(workspace: Workspace, name: str) -> bool:
    """True if a batch's tables, events and report may not all be written."""
    return name in closings.unclosed(workspace.database)


def close_others(workspace: Workspace, name: str) -> list[str]:
    """Try again to close batches other than `name` whose closing failed. Returns those that are closed now.

    A failure is logged and does not fail the current run.
    """
    closed = []
    for batch in closings.unclosed(workspace.database):
        if batch == name:
            continue
        try:
            with workspace.hold_one(batch):
                close_batch(workspace, batch)
            closed.append(batch)
        except BatchHeld:
            continue
        except (SohoaError, OSError) as error:
            _log.warning("closing_failed", batch=batch, error=str(error))
    return closed


def update_board_and_alerts(workspace: Workspace) -> None:
    """Rewrite the board and send due alerts after a run."""
    from workspace.alerting import check  # noqa: PLC0415
    from workspace.board import write_board  # noqa: PLC0415 - a page and its template: only where a run has ended

    try:
        board, _ = write_board(workspace.database, workspace.settings, today(), today())
        for delivery in check(workspace.database, workspace.settings, board, datetime.now(VIETNAM)):
            if delivery.failure:
                _log.warning("alerts_waiting", channel=delivery.channel, error=delivery.failure)
    except (SohoaError, OSError) as error:
        _log.warning("board_and_alerts_not_updated", error=str(error))
