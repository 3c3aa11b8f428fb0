"""Closing a batch: events exported, tables written, expectations checked, the report laid where people look.

What is told of it afterwards (board, alerts) never harms the batch: a failure there is logged and made good next time.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import structlog

from schemas.clock import VIETNAM, today
from schemas.errors import SohoaError
from storage.catalogue.events import anchor
from storage.objects.keys import batch_key
from storage.outbox import send_all
from storage.tables import write_batch_tables
from workspace.opening import Workspace


class Closed(NamedTuple):
    """Where a closed batch's reports lie."""

    report: Path
    data_docs: Path | None
    tables: dict[str, str]


def report_folder(home: Path, batch: str) -> Path:
    """Folder of a batch's reports."""
    return home / "reports" / batch_key(batch)


def close_batch(workspace: Workspace, name: str) -> Closed:
    """Write everything that is derived from a batch; running it again rewrites the same."""
    folder = report_folder(workspace.settings.home, name)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    tables = write_batch_tables(workspace.database, workspace.store, name)
    from workspace.reporting import write_reports  # noqa: PLC0415 - great-expectations: seconds of import

    report, data_docs = write_reports(workspace, name, folder)
    anchor(workspace.database, name)
    send_all(workspace.database, workspace.store)
    return Closed(report, data_docs, tables)


def tell_department(workspace: Workspace) -> None:
    """Rewrite the board and send what is to be told, now that a run has ended."""
    from workspace.alerting import check  # noqa: PLC0415
    from workspace.board import write_board  # noqa: PLC0415 - a page and its template: only where a run has ended

    try:
        board, _ = write_board(workspace.database, workspace.settings, today(), today())
        for each in check(workspace.database, workspace.settings, board, datetime.now(VIETNAM)):
            if each.failure:
                structlog.get_logger().warning("alerts_waiting", channel=each.channel, error=each.failure)
    except (SohoaError, OSError) as error:
        structlog.get_logger().warning("department_not_told", error=str(error))
