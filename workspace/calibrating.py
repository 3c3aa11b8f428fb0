"""Puts thresholds derived from a home's own checked values into use there, and records who did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from configs.loader import load_own_thresholds
from engines.private_files import whole_file
from quality.threshold_file import threshold_lines, with_lines
from schemas.calibration import ALWAYS_ASK, ENOUGH, CalibrationRow, Grade
from schemas.clock import VIETNAM
from schemas.errors import UsageError
from schemas.events import EventType
from schemas.version import TOOL
from storage.catalogue.events import record
from storage.catalogue.provenance import new_event
from workspace.opening import Workspace, reads_here

_HEAD: Final = (
    "# Thresholds of this home, derived from its own checked values; they stand above the shipped ones.\n"
    "# Written by `sohoa calibrate --apply`; without this file the shipped ones hold again.\n"
)


class Applied(NamedTuple):
    """Thresholds now in use, those left as they were, and the file that holds the former."""

    thresholds: dict[str, float]
    left: tuple[str, ...]
    path: Path


def apply(workspace: Workspace, rows: Sequence[CalibrationRow], *, force: bool = False) -> Applied:
    """Use the derived thresholds in this home; the next run understands its papers anew under them.

    The event stands before the file: no threshold is in use that nobody answers for.

    Args:
        workspace: the opened home.
        rows: its calibration.
        force: take fields of fewer than `ENOUGH` values, too.

    Raises:
        UsageError: no field has enough values.
    """
    whole = [row for row in rows if row.grade is Grade.ALL]
    taken = [row for row in whole if force or row.n >= ENOUGH]
    if not taken:
        most = max((row.n for row in whole), default=0)
        remedy = "calibrate_few" if whole else "calibrate_none"
        raise UsageError("too few checked values", remedy=remedy, needed=ENOUGH, most=most)
    path = workspace.settings.calibration
    before = path.read_text(encoding="utf-8") if path.is_file() else _HEAD
    load_own_thresholds(
        path, engine=reads_here(workspace.settings)
    )  # a damaged file is named, not written over
    workspace.require_current()
    thresholds = {row.field: ALWAYS_ASK if row.threshold is None else row.threshold for row in taken}
    detail = {"values": sum(row.n for row in taken), **thresholds}
    event = new_event(
        EventType.CALIBRATION,
        "thresholds",
        "applied",
        batch=None,
        agent=workspace.operator,
        tool=TOOL,
        detail=detail,
    )
    record(workspace.database, workspace.run.id, [event])
    workspace.send()
    at = datetime.fromisoformat(event.at).astimezone(VIETNAM).isoformat(timespec="seconds")
    lines = {field: f"{line}; {workspace.operator!r} {at}" for field, line in threshold_lines(taken).items()}
    with whole_file(path) as stream:
        stream.write(with_lines(before, lines).encode())
    load_own_thresholds(path, engine=reads_here(workspace.settings))
    return Applied(thresholds, tuple(row.field for row in whole if row not in taken), path)
